"""Code-signing material for the tests of OTA: certificates with their keys, as ACM would hold them."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from ota_world import ACCOUNT, REGION

from dicfix.offline.rules.signing_material import SigningMaterial, signer_of

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def certificate_of(
    key: Key, *, usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CODE_SIGNING
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer@example.com")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=365))
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(key, hashes.SHA256())


@functools.cache
def ecdsa_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def materials() -> dict[str, SigningMaterial]:
    """By the last word of their ARN: ecdsa, rsa, no-usage, server."""

    def material(name: str, key: Key, usage: x509.ObjectIdentifier | None) -> SigningMaterial:
        return SigningMaterial(acm_arn(name), certificate_of(key, usage=usage), signer_of(key))

    return {
        "ecdsa": material("ecdsa", ecdsa_key(), ExtendedKeyUsageOID.CODE_SIGNING),
        "rsa": material("rsa", rsa_key(), ExtendedKeyUsageOID.CODE_SIGNING),
        "any": material("any", ecdsa_key(), ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
        "no-usage": material("no-usage", ecdsa_key(), None),
        "server": material("server", ecdsa_key(), ExtendedKeyUsageOID.SERVER_AUTH),
    }


def acm_arn(name: str) -> str:
    return f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/{name}"


def find_material(arn: str) -> SigningMaterial | None:
    return materials().get(arn.rpartition("/")[2])
