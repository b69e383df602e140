"""Certificates for the tests of registration: one key each, made once, since signing is cheap and key making is not."""

from __future__ import annotations

import datetime
import functools
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOT_BEFORE = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(days=1)
NOT_AFTER = NOT_BEFORE + datetime.timedelta(days=365)


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
    key: Any = field(repr=False)

    @property
    def pem(self) -> str:
        """PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        """DER bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def certificate_id(self) -> str:
        """SHA-256 of the DER."""
        return hashlib.sha256(self.der).hexdigest()

    def write(self, folder: Path, stem: str) -> tuple[str, str]:
        """Paths of the certificate and its key as PEM."""
        certificate_path, key_path = folder / f"{stem}.crt", folder / f"{stem}.key"
        certificate_path.write_text(self.pem)
        key_path.touch(mode=0o600)
        key_path.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return str(certificate_path), str(key_path)


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
