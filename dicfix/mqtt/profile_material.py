"""What is wrong with the three files of an MQTT Explorer profile: server certificate, client certificate, client key.

Reads PEM through ``dicfix.certificates``; no key material leaves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dicfix.certificates import Certificate, PrivateKey, read_certificate, read_private_key
from dicfix.errors import MaterialError
from dicfix.mqtt.problem import Problem
from dicfix.trust import AMAZON_ROOT_CA_1, AMAZON_ROOTS

_ROOT_REMEDY = "choose AmazonRootCA1.pem as server certificate (step 8 of the guide)"
_CERTIFICATE_REMEDY = "choose the Explorer's own certificate (explorer.crt) as client certificate"
_KEY_REMEDY = "choose the Explorer's own key (explorer.key) as client key"


def problems_of_server_certificate(pem: str, expected_root: str | None) -> Iterator[Problem]:
    """Missing, unreadable, a leaf, or not the expected root (AmazonRootCA1 unless a PEM is given). Source: EXP-6."""
    field, expected = "server_certificate", "the expected root" if expected_root else "AmazonRootCA1"
    if not pem:
        yield Problem(field, "the server certificate (CA) is missing", expected, _ROOT_REMEDY)
        return
    try:
        given = read_certificate(pem, "the server certificate")
    except MaterialError as error:
        yield Problem(field, error.observed, expected, _ROOT_REMEDY)
        return
    wanted = read_certificate(expected_root, "the expected root").certificate_id if expected_root else AMAZON_ROOT_CA_1
    if given.certificate_id == wanted:
        return
    if not given.is_ca:
        observed = f"the server certificate is a leaf ({given.subject}), no root"
    else:
        name = AMAZON_ROOTS.get(given.certificate_id, given.subject)
        observed = f"the server certificate is {name}, not {expected}"
    yield Problem(field, observed, expected, _ROOT_REMEDY)


def problems_of_client_material(certificate_pem: str, key_pem: str, at: datetime | None) -> Iterator[Problem]:
    """Missing, unreadable, out of date at ``at``, or certificate and key of different sets. Source: EXP-6, SSL-5."""
    certificate, key = _certificate(certificate_pem), _key(key_pem)
    if isinstance(certificate, Problem):
        yield certificate
    else:
        yield from _problems_of_leaf(certificate, at)
    if isinstance(key, Problem):
        yield key
    elif isinstance(certificate, Certificate) and not certificate.public_key_matches(key):
        yield Problem(
            "client_key",
            f"the client key does not belong to the client certificate ({certificate.subject})",
            "certificate and key of one set",
            _KEY_REMEDY,
        )


def _certificate(pem: str) -> Certificate | Problem:
    expected = "the Explorer's certificate in PEM form"
    if not pem:
        return Problem("client_certificate", "the client certificate is missing", expected, _CERTIFICATE_REMEDY)
    try:
        return read_certificate(pem, "the client certificate")
    except MaterialError as error:
        return Problem("client_certificate", error.observed, expected, _CERTIFICATE_REMEDY)


def _problems_of_leaf(certificate: Certificate, at: datetime | None) -> Iterator[Problem]:
    if certificate.is_ca:
        yield Problem(
            "client_certificate",
            f"the client certificate is a CA certificate ({certificate.subject})",
            "the Explorer's own certificate, signed by the CA",
            _CERTIFICATE_REMEDY,
        )
    if at is not None and not certificate.not_before <= at <= certificate.not_after:
        state = "has expired" if at > certificate.not_after else "is not valid yet"
        yield Problem(
            "client_certificate",
            f"the client certificate ({certificate.subject}) {state}",
            f"a certificate valid on {at:%Y-%m-%d}",
            "issue a new client certificate and register it",
        )


def _key(pem: str) -> PrivateKey | Problem:
    expected = "the key of the client certificate in PEM form"
    if not pem:
        return Problem("client_key", "the client key is missing", expected, _KEY_REMEDY)
    try:
        return read_private_key(pem, "the client key")
    except MaterialError as error:
        return Problem("client_key", error.observed, expected, error.remedy or _KEY_REMEDY)
