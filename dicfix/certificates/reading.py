"""PEM files as values, with one sentence for each kind of wrong input.

What `openssl` reads is read: CRLF line ends, text before the block, an EC PARAMETERS block before a key.
Imports `cryptography`, dicfix.errors and the values of this package only.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from dicfix.certificates.values import REMEMBERED, Certificate, PrivateKey, SigningRequest
from dicfix.errors import MaterialError

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n?")
_CERTIFICATE = ("CERTIFICATE", "X509 CERTIFICATE")
_REQUEST = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
_KEY = ("EC PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "DSA PRIVATE KEY")
_WORDS = {
    **dict.fromkeys(_CERTIFICATE, "a certificate"),
    **dict.fromkeys(_REQUEST, "a certificate signing request"),
    **dict.fromkeys(_KEY, "a private key"),
    "OPENSSH PRIVATE KEY": "an OpenSSH private key",
    "PUBLIC KEY": "a public key",
    "TRUSTED CERTIFICATE": "a certificate in OpenSSL's own TRUSTED form",
}
_SEQUENCE = 0x30
_KEYS_REMEMBERED = 64
"""How many keys and requests are parsed once: OpenSSL proves an RSA key's primes anew each time, for 30 ms and more."""


@dataclass(frozen=True, slots=True)
class _Block:
    label: str
    body: bytes

    @property
    def words(self) -> str:
        return _WORDS.get(self.label, f"a block of kind {self.label!r}")


def read_certificate(data: bytes | str, what: str = "the certificate") -> Certificate:
    """The one certificate of a PEM text; ``what`` names the text in a MaterialError."""
    found = _read_before.get(data)
    if found is None:
        found = _parsed_certificate(data, what)
        if len(_read_before) >= REMEMBERED:
            _read_before.clear()
        _read_before[data] = found
    return found


_read_before: dict[bytes | str, Certificate] = {}


def _parsed_certificate(data: bytes | str, what: str) -> Certificate:
    der = read_certificate_der(data, what)
    try:
        return Certificate.of(x509.load_der_x509_certificate(der))
    except ValueError:
        raise MaterialError(f"{what} is PEM, but what it holds is no X.509 certificate") from None


def read_certificate_der(data: bytes | str, what: str = "the certificate") -> bytes:
    """The DER in the one certificate block of a PEM text, not parsed: enough to tell it by its fingerprint."""
    return _der(_only(data, what, _CERTIFICATE, "one certificate in PEM form"), what)


def read_request(data: bytes | str, what: str = "the signing request") -> SigningRequest:
    """The one signing request of a PEM text, its own signature checked."""
    block = _only(data, what, _REQUEST, "one certificate signing request in PEM form")
    try:
        request = _request_of(_der(block, what))
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        raise MaterialError(f"{what} is PEM, but what it holds is no certificate signing request") from None
    if request is None:
        raise MaterialError(f"{what} was altered: its signature was not made by the key it holds")
    return request


@lru_cache(maxsize=_KEYS_REMEMBERED)
def _request_of(der: bytes) -> SigningRequest | None:
    """The request, None when its own signature is not of its key."""
    parsed = x509.load_der_x509_csr(der)
    return SigningRequest.of(parsed) if parsed.is_signature_valid else None


def read_private_key(data: bytes | str, what: str = "the key") -> PrivateKey:
    """The one private key, EC or RSA and not encrypted, of a PEM text."""
    block = _only(data, what, _KEY, "one private key in PEM form")
    if block.label == "ENCRYPTED PRIVATE KEY" or b"ENCRYPTED" in block.body:
        raise MaterialError(
            f"{what} is encrypted with a passphrase",
            expected="a key without passphrase, as the guide's commands make it",
            remedy="write it without one: openssl pkey -in <this file> -out <new file>",
        )
    try:
        key = _key_of(_der(block, what))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's message may quote what it read: it is not passed on.
        raise MaterialError(f"{what} is PEM, but what it holds is no private key that can be used") from None
    if isinstance(key, str):
        raise MaterialError(f"{what} is a key of another kind ({key})", expected="an EC (prime256v1) or RSA key")
    return key


@lru_cache(maxsize=_KEYS_REMEMBERED)
def _key_of(der: bytes) -> PrivateKey | str:
    """The key, or what kind of key it is when it is neither EC nor RSA."""
    secret = load_der_private_key(der, password=None)
    if isinstance(secret, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return PrivateKey.of(secret)
    return type(secret).__name__


def _only(data: bytes | str, what: str, labels: tuple[str, ...], expected: str) -> _Block:
    blocks = [block for block in _blocks(_bytes(data), what, expected) if block.label != "EC PARAMETERS"]
    wanted = [block for block in blocks if block.label in labels]
    others = [block for block in blocks if block.label not in labels]
    if not wanted:
        held = others[0].words if others else "only EC parameters"
        raise MaterialError(f"{what} holds {held}", expected=expected, remedy="give the file of that name")
    if len(wanted) > 1:
        raise MaterialError(f"{what} holds {len(wanted)} blocks: {wanted[0].words} more than once", expected=expected)
    if others:
        raise MaterialError(f"{what} holds {wanted[0].words} and {others[0].words}", expected=expected)
    return wanted[0]


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _blocks(data: bytes, what: str, expected: str) -> list[_Block]:
    if not data.strip():
        raise MaterialError(f"{what} is empty", expected=expected)
    blocks, position = [], 0
    while begin := _BEGIN.search(data, position):
        end_line = b"-----END " + begin[1] + b"-----"
        end = data.find(end_line, begin.end())
        if end < 0:
            raise MaterialError(f"{what} is cut off: it has no line {end_line.decode()}", expected=expected)
        blocks.append(_Block(begin[1].decode(), data[begin.end() : end]))
        position = end + len(end_line)
    if not blocks:
        raise _not_pem(data, what, expected)
    if data[position:].strip():
        raise MaterialError(f"{what} has more text after its last END line", expected=f"{expected} and nothing after")
    return blocks


def _not_pem(data: bytes, what: str, expected: str) -> MaterialError:
    if data[0] == _SEQUENCE and len(data) > 2 and data[1] & 0x80:
        return MaterialError(
            f"{what} is DER (binary), not PEM",
            expected=expected,
            remedy="convert it: openssl x509 (or req, pkey) -inform DER -in <this file> -out <new file>",
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return MaterialError(f"{what} is UTF-16 text", expected=expected, remedy="save it as plain ASCII text")
    return MaterialError(f"{what} is not PEM: it has no line that starts with -----BEGIN", expected=expected)


def _der(block: _Block, what: str) -> bytes:
    try:
        der = base64.b64decode(b"".join(block.body.split()), validate=True)
    except binascii.Error:
        raise MaterialError(f"{what} is damaged: the text between BEGIN and END is not base64") from None
    if not der:
        raise MaterialError(f"{what} is damaged: there is nothing between BEGIN and END")
    return der
