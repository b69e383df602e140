"""X.509 version 1, which `cryptography` reads but does not write.

A version 3 certificate without extensions differs from version 1 in one DER element, ``[0] { INTEGER 2 }`` at the head
of TBSCertificate (RFC 5280 section 4.1): it is taken out and the rest signed anew.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from dicfix.certificates.values import AnyPrivateKey

_VERSION_3 = bytes.fromhex("a003020102")
_SEQUENCE, _BIT_STRING = 0x30, 0x03


def as_version_1(certificate: x509.Certificate, key: AnyPrivateKey) -> x509.Certificate:
    """The same certificate in version 1, signed with SHA-256 by ``key``; it must have no extensions."""
    if len(certificate.extensions):
        raise ValueError("a version 1 certificate has no extensions")
    tbs_v3 = certificate.tbs_certificate_bytes
    body = _content(tbs_v3)
    if not body.startswith(_VERSION_3):
        raise ValueError("this is no version 3 certificate")
    algorithm_and_signature = _content(certificate.public_bytes(Encoding.DER))[len(tbs_v3) :]
    algorithm = algorithm_and_signature[: 2 + algorithm_and_signature[1]]  # under 128 octets: a one-octet length
    tbs = _element(_SEQUENCE, body[len(_VERSION_3) :])
    signature = _element(_BIT_STRING, b"\x00" + _sign(tbs, key))
    return x509.load_der_x509_certificate(_element(_SEQUENCE, tbs + algorithm + signature))


def _sign(data: bytes, key: AnyPrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def _content(der: bytes) -> bytes:
    length_octets = der[1] & 0x7F if der[1] & 0x80 else 0
    return der[2 + length_octets :]


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content
