"""Certificates in AWS Certificate Manager: the check on import, and what ACM tells of them. May import cryptography."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_aws_api_ota_prerequisites.py::"
LISTED_BY_DEFAULT = ("RSA_1024", "RSA_2048")
_USAGES = {
    "digital_signature": "DIGITAL_SIGNATURE",
    "content_commitment": "NON_REPUDIATION",
    "key_encipherment": "KEY_ENCIPHERMENT",
    "data_encipherment": "DATA_ENCIPHERMENT",
    "key_agreement": "KEY_AGREEMENT",
    "key_cert_sign": "CERTIFICATE_SIGNING",
    "crl_sign": "CRL_SIGNING",
}
_EXTENDED = {
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS_WEB_SERVER_AUTHENTICATION",
    ExtendedKeyUsageOID.CLIENT_AUTH: "TLS_WEB_CLIENT_AUTHENTICATION",
    ExtendedKeyUsageOID.CODE_SIGNING: "CODE_SIGNING",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "EMAIL_PROTECTION",
    ExtendedKeyUsageOID.TIME_STAMPING: "TIME_STAMPING",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP_SIGNING",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "ANY",
}
_CURVES = {"secp256r1": "EC_prime256v1", "secp384r1": "EC_secp384r1", "secp521r1": "EC_secp521r1"}


@rule(
    "ACM-KEY-MATCHES",
    source="ACM user guide, import-certificate-prerequisites: the private key must match the certificate's public key; "
    "the message is assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_certificate_with_another_key_is_not_imported",),
)
def key_matches(key_spki: bytes, certified_spki: bytes) -> None:
    """A certificate is imported only with its own private key."""
    if key_spki != certified_spki:
        raise RuleViolation("ValidationException", "The private key does not match the certificate.")


@rule(
    "ACM-LISTS-RSA-BY-DEFAULT",
    source="AWS API ListCertificates: default filtering returns only RSA_1024 and RSA_2048 certificates",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_certificates_of_elliptic_curves_are_listed_only_on_request",),
    without=lambda key_types: key_types or (*LISTED_BY_DEFAULT, *_CURVES.values()),
)
def key_types_listed(key_types: list[str]) -> tuple[str, ...]:
    """Without key types in the request, only RSA certificates of 1024 and 2048 bits are listed."""
    return tuple(key_types) or LISTED_BY_DEFAULT


def is_listed(row: Mapping[str, Any], includes: Mapping[str, Any]) -> bool:
    """Whether a certificate's summary fits the request's filters. Source: AWS API ListCertificates, Filters."""
    return (
        row["KeyAlgorithm"] in key_types_listed(includes.get("keyTypes") or [])
        and _any_of(includes.get("keyUsage"), row["KeyUsages"])
        and _any_of(includes.get("extendedKeyUsage"), row["ExtendedKeyUsages"])
    )


def _any_of(wanted: list[str] | None, found: list[str]) -> bool:
    return not wanted or "ANY" in wanted or bool(set(wanted) & set(found))


def details(certificate: x509.Certificate) -> dict[str, Any]:
    """The members of ``CertificateDetail`` that are read from the certificate itself."""
    serial = f"{certificate.serial_number:x}"
    serial = serial.zfill(len(serial) + len(serial) % 2)
    return {
        "KeyAlgorithm": _key_algorithm(certificate),
        "SignatureAlgorithm": _signature_algorithm(certificate),
        "Serial": ":".join(serial[at : at + 2] for at in range(0, len(serial), 2)),
        "Subject": certificate.subject.rfc4514_string(),
        "KeyUsages": [{"Name": name} for name in _key_usages(certificate)],
        "ExtendedKeyUsages": [
            {"Name": _EXTENDED.get(oid, "CUSTOM"), "OID": oid.dotted_string} for oid in _extended(certificate)
        ],
        "NotBefore": certificate.not_valid_before_utc,
        "NotAfter": certificate.not_valid_after_utc,
    }


def _key_algorithm(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name, f"EC_{key.curve.name}")
    return f"RSA_{key.key_size}" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__


def _signature_algorithm(certificate: x509.Certificate) -> str:
    hashed = certificate.signature_hash_algorithm
    # ACM names the algorithm of the signature over the certificate, not that of the key in it.
    kind = "ECDSA" if "ecdsa" in certificate.signature_algorithm_oid._name.lower() else "RSA"
    return f"{hashed.name.upper() if hashed else 'NONE'}WITH{kind}"


def _key_usages(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return []
    return [name for attribute, name in _USAGES.items() if getattr(found, attribute)]


def _extended(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return []
