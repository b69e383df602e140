"""The default quotas of AWS IoT Core that are known by their code. Plain data.

Source: facts, controls 4.1 (a stored dump of Service Quotas; the values of the two V2 operations are assumed).
"""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_QUOTAS: Mapping[str, tuple[str, float]] = {
    "L-57AAC135": ("ListThings API TPS", 10.0),
    "L-FC3EF4D9": ("ListThingPrincipals API TPS", 10.0),
    "L-C481616A": ("ListPrincipalThings API TPS", 10.0),
    "L-0EF0F5EE": ("DescribeThing API TPS", 350.0),
    "L-FC864907": ("DescribeCertificate API TPS", 10.0),
    "L-5A0AFD83": ("ListCertificatesByCA API TPS", 10.0),
    "L-00ACEBE9": ("ListThingPrincipalsV2 API TPS", 10.0),
    "L-ED45A70B": ("ListPrincipalThingsV2 API TPS", 10.0),
}
"""Name and value (calls per second) by quota code."""
