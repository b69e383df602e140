"""The server's root: AmazonRootCA1, told by its published SHA-256 fingerprint and by nothing else.

Imports `certifi`, dicfix.errors and dicfix.certificates only. Nothing is ever downloaded.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dicfix.certificates import Certificate, read_certificate, read_certificate_der
from dicfix.errors import MaterialError

AMAZON_ROOT_CA_1 = "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e"
"""SHA-256 of the DER of AmazonRootCA1. Source: linked-pages (AWS-8.1), amazontrust.com/repository."""

AMAZON_ROOTS: dict[str, str] = {
    AMAZON_ROOT_CA_1: "AmazonRootCA1",
    "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4": "AmazonRootCA2",
    "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4": "AmazonRootCA3",
    "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092": "AmazonRootCA4",
    "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5": "SFSRootCAG2 (Starfield Services Root)",
}
"""Amazon's roots by SHA-256 fingerprint. Source: amazontrust.com/repository; facts, control DIC-SRV-01."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def amazon_root_ca_1(bundle: Path | None = None) -> Certificate:
    """AmazonRootCA1 out of a CA bundle (certifi's by default); a bundle without it is a MaterialError.

    Source: AWS-8.1. The certificate is found by fingerprint: its name alone proves nothing.
    """
    return _certifi_root() if bundle is None else _root_in(bundle)


@cache
def _certifi_root() -> Certificate:
    return _root_in(_certifi_bundle())


def _root_in(path: Path) -> Certificate:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MaterialError(f"The CA bundle {path.name} cannot be read: {error.strerror}") from None
    for der in _ders(data):
        if hashlib.sha256(der).hexdigest() == AMAZON_ROOT_CA_1:
            pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
            return read_certificate(pem, "AmazonRootCA1")
    raise MaterialError(
        f"The CA bundle {path.name} does not hold AmazonRootCA1",
        expected=f"a certificate with the SHA-256 fingerprint {AMAZON_ROOT_CA_1}",
        remedy="update the package certifi, or put AmazonRootCA1.pem into the certificate directory yourself",
    )


def identify_root(pem: bytes | str, what: str = "the server certificate") -> str | None:
    """The name of the Amazon root that the PEM text holds, or None when it is none of them."""
    # By fingerprint, unparsed: the Starfield root has the serial number 0, which `cryptography` warns of.
    return AMAZON_ROOTS.get(hashlib.sha256(read_certificate_der(pem, what)).hexdigest())


def amazon_roots_in(data: bytes) -> tuple[str, ...]:
    """The names of Amazon's roots among the certificates of a PEM text, in its order."""
    ids = (hashlib.sha256(der).hexdigest() for der in _ders(data))
    return tuple(AMAZON_ROOTS[each] for each in ids if each in AMAZON_ROOTS)


def require_amazon_root_ca_1(pem: bytes | str, what: str = "AmazonRootCA1.pem") -> Certificate:
    """The certificate, if it is AmazonRootCA1; else a MaterialError that names what it is. Source: AWS-8.1."""
    name = identify_root(pem, what)
    if name == AMAZON_ROOTS[AMAZON_ROOT_CA_1]:
        return read_certificate(pem, what)
    name = name or f"a certificate of {read_certificate(pem, what).subject}"
    raise MaterialError(
        f"{what} holds {name}, not AmazonRootCA1",
        expected=f"the certificate with the SHA-256 fingerprint {AMAZON_ROOT_CA_1}",
        remedy="copy https://www.amazontrust.com/repository/AmazonRootCA1.pem again (step 8 of the guide)",
    )


def _certifi_bundle() -> Path:
    import certifi

    return Path(certifi.where())


def _ders(data: bytes) -> Iterator[bytes]:
    for match in _CERTIFICATE.finditer(data):
        try:
            yield base64.b64decode(b"".join(match[1].split()), validate=True)
        except binascii.Error:
            continue
