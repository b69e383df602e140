"""Certificates that AWS IoT itself issues: CreateKeysAndCertificate and CreateCertificateFromCsr.

moto signs a CSR's certificate with another key than the CSR's, so no device could use it. May import cryptography.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from dicfix.offline.rules import RuleViolation

END = datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The end of the certificates that AWS IoT issues. Source: certificates shown in public reports."""
SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AWS IoT Certificate")])
ISSUER = x509.Name(
    [
        x509.NameAttribute(
            NameOID.ORGANIZATIONAL_UNIT_NAME,
            "Amazon Web Services O=Amazon.com Inc. L=Seattle ST=Washington C=US",
        )
    ]
)


@functools.cache
def _issuer_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def issue(subject: x509.Name, key: CertificatePublicKeyTypes, now: datetime) -> x509.Certificate:
    """A certificate of the service for this subject and public key."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ISSUER)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=2))
        .not_valid_after(END)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(_issuer_key(), hashes.SHA256())
    )


def issue_with_keys(now: datetime) -> tuple[x509.Certificate, dict[str, str]]:
    """A certificate with a new RSA 2048 key pair, in PEM as CreateKeysAndCertificate hands it out."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return issue(SUBJECT, key.public_key(), now), {"PublicKey": public.decode(), "PrivateKey": private.decode()}


def issue_for_request(pem: str, now: datetime) -> x509.Certificate:
    """A certificate for a CSR whose own signature is good."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
    except ValueError as error:
        raise RuleViolation("InvalidRequestException", "The CSR is not valid") from error
    if not request.is_signature_valid:
        raise RuleViolation("InvalidRequestException", "The CSR's signature is not valid")
    return issue(request.subject, request.public_key(), now)
