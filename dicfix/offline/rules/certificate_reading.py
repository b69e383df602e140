"""Reading certificates as AWS IoT reads them: PEM text in, certificate and its ID out.

May import cryptography; knows nothing of moto, files or sockets.
"""

from __future__ import annotations

import hashlib
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_rules_certificate_admission.py::"
MIN_RSA_BITS = 2048
CURVES = ("secp256r1", "secp384r1", "secp521r1")
_BLOCK = re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")


def certificate_id(certificate: x509.Certificate) -> str:
    """The ID that AWS IoT gives a certificate: lower-case hex SHA-256 of its DER. Source: facts, moto 1.1."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _unreadable(member: str, why: str) -> RuleViolation:
    return RuleViolation("CertificateValidationException", f"{member} is not valid: {why}")


def read_certificate(pem: str, member: str) -> x509.Certificate:
    """The certificate in ``pem``; text around it and any line ends are accepted, ``member`` names it in the error."""
    one_certificate(pem, member)
    try:
        return x509.load_pem_x509_certificate(pem.strip().encode())
    except ValueError as error:
        raise _unreadable(member, "it is not a certificate in PEM format") from error


@rule(
    "CERTIFICATE-ONE-PEM-BLOCK",
    source="AWS API RegisterCACertificate and RegisterCertificate: 'the certificate data, in PEM format'",
    level=Level.ASSUMED,
    held_by=(f"{TESTS}test_two_certificates_in_one_text_are_refused",),
)
def one_certificate(pem: str, member: str) -> None:
    """A certificate member holds exactly one PEM certificate."""
    found = len(_BLOCK.findall(pem))
    if found != 1:
        raise _unreadable(member, f"expected one PEM certificate, found {found}")


@rule(
    "CERTIFICATE-SUPPORTED-KEY",
    source="AWS IoT developer guide, X.509 client certificates: RSA of at least 2048 bits, ECC P-256, P-384, P-521",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_rsa_key_of_1024_bits_is_refused",),
)
def supported_key(certificate: x509.Certificate, member: str) -> None:
    """A registered certificate has an RSA key of at least 2048 bits or an ECC key on P-256, P-384 or P-521."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise _unreadable(member, f"its RSA key has {key.key_size} bits, {MIN_RSA_BITS} are required")
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in CURVES:
            raise _unreadable(member, f"its curve {key.curve.name} is not supported")
    elif not isinstance(key, dsa.DSAPublicKey):
        raise _unreadable(member, "its key algorithm is not supported")


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer``'s name is the certificate's issuer and its key made the signature.

    Extensions play no part: the certificates of the guide's OpenSSL commands are version 1.
    """
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether basicConstraints says CA:TRUE."""
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def common_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The common names of the subject, usually one."""
    return tuple(str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
