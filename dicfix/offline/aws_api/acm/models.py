"""moto's certificates with AWS's check on import: the private key is that of the certificate.

Named ``models`` because moto finds ``urls`` beside it by that name.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from moto.acm.models import AWSCertificateManagerBackend, acm_backends

from dicfix.offline.rules.imported_certificates import key_matches

__all__ = ["EmbeddedACMBackend", "acm_backends"]


class EmbeddedACMBackend(AWSCertificateManagerBackend):
    """moto's backend, importing only pairs that belong together."""

    def import_certificate(self, certificate: bytes, private_key: bytes, *more: Any, **members: Any) -> str:
        try:
            public = load_pem_private_key(private_key, None).public_key()
            certified = x509.load_pem_x509_certificate(certificate).public_key()
        except (ValueError, TypeError):
            pass  # moto refuses what cannot be read
        else:
            key_matches(_spki(public), _spki(certified))
        return str(super().import_certificate(certificate, private_key, *more, **members))


def _spki(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
