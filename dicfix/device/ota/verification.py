"""Is a downloaded image what was signed, and which version is it? May import cryptography and ``images``."""

from __future__ import annotations

import base64
import binascii

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from dicfix.device.ota.settings import Version
from dicfix.errors import MaterialError
from dicfix.images import ImageKind, gbl, kind_of, rps


def signature_is_right(image: bytes, signature: str | None, certificate: x509.Certificate) -> bool:
    """Whether ``signature`` (base64 of DER) is one of SHA-256 over the image by the certificate's key."""
    if signature is None:
        return False
    try:
        raw = base64.b64decode(signature, validate=True)
        key = certificate.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(raw, image, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, image, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def version_of(image: bytes, running: Version) -> Version | None:
    """The version that the bootloader would start from an image; None when it would not start it at all.

    An encrypted image hides its version. A device has the key to it, and it is taken for the one after ``running``.
    """
    try:
        if kind_of(image) is ImageKind.RPS:
            return Version.from_number(rps.read(image).version)
        found = gbl.read(image)
    except MaterialError:
        return None
    if found.app is None:
        return Version.from_number(running.number + 1) if found.flags & gbl.ENCRYPTED else None
    return Version.from_number(found.app.version)
