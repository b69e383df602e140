"""Code-signing certificates and the signatures made with their keys. May import cryptography."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_rules_signing.py::"
Sign = Callable[[bytes, str], bytes]
"""Data and hash name (SHA256, SHA1) to a signature: DER for ECDSA, PKCS #1 v1.5 for RSA."""


@dataclass(frozen=True, slots=True)
class SigningMaterial:
    """A certificate imported with its key: the certificate, and the way to sign with its key."""

    arn: str
    certificate: x509.Certificate
    sign: Sign = field(repr=False)

    @property
    def encryption(self) -> str:
        """ECDSA or RSA, by the certificate's public key; another kind's class name."""
        key = self.certificate.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            return "ECDSA"
        return "RSA" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__


def signer_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Sign:
    """The signing function of a private key."""

    def sign(data: bytes, hash_name: str) -> bytes:
        algorithm: hashes.HashAlgorithm = hashes.SHA1() if hash_name == "SHA1" else hashes.SHA256()  # noqa: S303
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(algorithm))
        return key.sign(data, padding.PKCS1v15(), algorithm)

    return sign


@rule(
    "SIGNING-EKU",
    source="facts, OTA 2.6: Invalid EKU in Certificate. Valid EKU values are CodeSigning or ANY.",
    level=Level.PEER,
    held_by=(TESTS + "test_a_certificate_without_code_signing_is_refused",),
)
def certificate_is_for_code_signing(certificate: x509.Certificate) -> None:
    """A signing profile's certificate has the extended key usage codeSigning, or any."""
    try:
        usages = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        usages = set()
    if not usages & {ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}:
        raise RuleViolation(
            "ValidationException", "Invalid EKU in Certificate. Valid EKU values are CodeSigning or ANY."
        )
