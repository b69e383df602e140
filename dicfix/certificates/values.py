"""Certificates, keys and signing requests as values.

Each wraps what `cryptography` parsed and answers in the words of the guide. A key never shows in a repr or a message.
Imports `cryptography` and the names of this package only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from dicfix.certificates.names import common_name, name_text, same_name

AnyPrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

REMEMBERED = 131072
"""How many certificates, and signatures on them, are read once: several controls judge each one of a fleet."""

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_SIGNATURES = {
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
}


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key; ``pem`` is SEC1 for an EC key and PKCS#8 for an RSA key, as OpenSSL 3.0 writes them."""

    secret: AnyPrivateKey = field(repr=False, compare=False)
    pem: str = field(repr=False)

    @classmethod
    def of(cls, secret: AnyPrivateKey) -> PrivateKey:
        """The value for a key of `cryptography`."""
        is_ec = isinstance(secret, ec.EllipticCurvePrivateKey)
        form = PrivateFormat.TraditionalOpenSSL if is_ec else PrivateFormat.PKCS8
        return cls(secret, secret.private_bytes(Encoding.PEM, form, NoEncryption()).decode())

    @property
    def kind(self) -> str:
        """For example ``EC P-256`` or ``RSA 2048``."""
        return _kind(self.secret.public_key())

    @property
    def public_der(self) -> bytes:
        """The public half as SubjectPublicKeyInfo."""
        return _public_der(self.secret.public_key())

    def __repr__(self) -> str:
        return f"PrivateKey({self.kind}, hidden)"


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A certificate signing request (CSR)."""

    der: bytes = field(repr=False)
    parsed: x509.CertificateSigningRequest = field(repr=False, compare=False)

    @classmethod
    def of(cls, parsed: x509.CertificateSigningRequest) -> SigningRequest:
        """The value for a request of `cryptography`."""
        return cls(parsed.public_bytes(Encoding.DER), parsed)

    @property
    def pem(self) -> str:
        """The PEM block as OpenSSL writes it."""
        return self.parsed.public_bytes(Encoding.PEM).decode()

    @property
    def subject(self) -> str:
        """The subject in RFC 4514's notation."""
        return name_text(self.parsed.subject)

    @property
    def common_name(self) -> str:
        """The subject's Common Name, or an empty text."""
        return common_name(self.parsed.subject)

    @property
    def public_key_kind(self) -> str:
        """For example ``EC P-256`` or ``RSA 2048``."""
        return _kind_or_unknown(self.parsed)

    def public_key_matches(self, key: PrivateKey) -> bool:
        """Whether the request was made from this key."""
        return _matches(self.parsed, key)


@lru_cache(maxsize=REMEMBERED)
def _signed_by(certificate: Certificate, ca: Certificate) -> bool:
    try:
        certificate.parsed.verify_directly_issued_by(ca.parsed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=REMEMBERED)
def _certificate_kind(certificate: Certificate) -> str:
    return _kind_or_unknown(certificate.parsed)


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate of any version; equal when its DER is equal."""

    der: bytes = field(repr=False)
    parsed: x509.Certificate = field(repr=False, compare=False)

    @classmethod
    def of(cls, parsed: x509.Certificate) -> Certificate:
        """The value for a certificate of `cryptography`."""
        return cls(parsed.public_bytes(Encoding.DER), parsed)

    @property
    def pem(self) -> str:
        """The PEM block as OpenSSL writes it: lines of 64 characters, each ended by a newline."""
        return self.parsed.public_bytes(Encoding.PEM).decode()

    @property
    def certificate_id(self) -> str:
        """AWS IoT's id of it: the SHA-256 of the DER in lower-case hex, as openssl -fingerprint -sha256 shows."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def subject(self) -> str:
        """The subject in RFC 4514's notation."""
        return name_text(self.parsed.subject)

    @property
    def issuer(self) -> str:
        """The issuer in RFC 4514's notation."""
        return name_text(self.parsed.issuer)

    @property
    def common_name(self) -> str:
        """The subject's Common Name, or an empty text."""
        return common_name(self.parsed.subject)

    @property
    def serial(self) -> int:
        """The serial number."""
        return self.parsed.serial_number

    @property
    def version(self) -> int:
        """1 or 3, as people count (the DER holds one less)."""
        return self.parsed.version.value + 1

    @property
    def not_before(self) -> datetime:
        """Start of the validity, in UTC."""
        return self.parsed.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """End of the validity, in UTC."""
        return self.parsed.not_valid_after_utc

    @property
    def validity_days(self) -> int:
        """Whole days between not_before and not_after: what was given to ``openssl -days``."""
        return (self.not_after - self.not_before).days

    @property
    def is_ca(self) -> bool:
        """Whether basicConstraints says CA:TRUE; a version 1 certificate says nothing and is none."""
        try:
            return self.parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
            return False

    @property
    def public_key_kind(self) -> str:
        """For example ``EC P-256`` or ``RSA 2048``."""
        return _certificate_kind(self)

    @property
    def signature_algorithm(self) -> str:
        """OpenSSL's name of it, or the dotted OID when it is a rare one."""
        oid = self.parsed.signature_algorithm_oid.dotted_string
        return _SIGNATURES.get(oid, oid)

    def is_valid_at(self, now: datetime) -> bool:
        """Whether ``now`` (aware) lies within the validity, both ends included."""
        return self.not_before <= now <= self.not_after

    def is_self_signed(self) -> bool:
        """Whether its own key made its signature; equal subject and issuer alone do not make it so."""
        return self.signed_by(self)

    def looks_self_signed(self) -> bool:
        """Whether OpenSSL takes subject and issuer for one name (verify error 18 when another key signed it)."""
        return same_name(self.parsed.subject, self.parsed.issuer)

    def signed_by(self, ca: Certificate) -> bool:
        """Whether ``ca`` is the issuer by name and its key made the signature."""
        return _signed_by(self, ca)

    def public_key_matches(self, key: PrivateKey) -> bool:
        """Whether the certificate holds the public half of this key."""
        return _matches(self.parsed, key)

    def __repr__(self) -> str:
        return f"Certificate({self.subject!r}, {self.certificate_id[:12]})"


@dataclass(frozen=True, slots=True)
class CaMaterial:
    """A CA certificate with its key."""

    key: PrivateKey
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class ClientMaterial:
    """A client's key, its signing request and the certificate that the CA made of it."""

    key: PrivateKey
    request: SigningRequest
    certificate: Certificate


_Holder: TypeAlias = x509.Certificate | x509.CertificateSigningRequest


def _public_der(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=256)
def _matches(holder: _Holder, key: PrivateKey) -> bool:
    try:
        public = holder.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return False
    return isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) and _public_der(public) == key.public_der


def _kind_or_unknown(holder: _Holder) -> str:
    try:
        return _kind(holder.public_key())
    except (UnsupportedAlgorithm, ValueError):
        return "unknown"


def _kind(public: object) -> str:
    if isinstance(public, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(public.curve.name, public.curve.name)}"
    if isinstance(public, rsa.RSAPublicKey):
        return f"RSA {public.key_size}"
    return type(public).__name__.removesuffix("PublicKey")
