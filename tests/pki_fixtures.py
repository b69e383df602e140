"""Certificates for the tests of registration: one key each, made once, since signing is cheap and key making is not."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOT_BEFORE = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
NOT_AFTER = datetime.datetime(2036, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


@functools.cache
def ec_key(number: int = 0) -> Any:
    """One of a few P-256 keys, by number."""
    del number
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key(bits: int) -> Any:
    """An RSA key of this size."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True)
class Minted:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        """PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        """DER bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


def mint(name: str, issuer: Minted | None = None, *, ca: bool = False, key: Any = None) -> Minted:
    """A certificate for ``name``, signed by ``issuer`` or by itself; ``ca`` adds basicConstraints CA:TRUE."""
    key = key or ec_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
    )
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Minted(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def mint_ca(name: str = "Test CA", key: Any = None, issuer: Minted | None = None) -> Minted:
    """A CA certificate."""
    return mint(name, issuer, ca=True, key=key)
