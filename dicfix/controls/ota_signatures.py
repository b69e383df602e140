"""Custom signatures of OTA files: their spelling, their form, and whether they verify. Pure; no files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from dicfix.certificates import Certificate, read_certificate
from dicfix.controls.ota_subjects import file_name
from dicfix.controls.registry import Look
from dicfix.errors import MaterialError
from dicfix.findings import Finding
from dicfix.guide.values import KEY_KIND
from dicfix.ota_records import Image, OtaFile
from dicfix.records import known

_END = "-----END CERTIFICATE-----"


def judge_custom_signature(look: Look, file: OtaFile, images: tuple[Image, ...]) -> Iterator[Finding]:
    """The findings of one file with a custom signature; it is verified where chain and image are at hand."""
    signing, name = file.signing, file_name(file)
    spelt = f"{signing.signature_algorithm} with {signing.hash_algorithm}"
    yield look.judge(name, spelt == "ECDSA with SHA256", expected="ECDSA with SHA256", observed=spelt)
    if not signing.certificate_name:
        yield look.absent(name, "the certificate's path name on the device", "none")
    signature = _der(signing.signature, name)
    if not signing.certificate_chain:
        yield look.absent(name, "a certificate chain", "none")
        return
    certificate = _first(signing.certificate_chain, name)
    kind = certificate.public_key_kind
    yield look.judge(
        f"the signer of {name}", kind == KEY_KIND, expected=f"a certificate of an {KEY_KIND} key", observed=kind
    )
    for image in images:
        good = _verifies(certificate, signature, known(image.sha256))
        yield look.judge(
            f"the signature of {image.name}",
            good,
            expected=f"made over the image with the key of {certificate.subject}",
            observed="it is" if good else "it does not verify",
        )


def _der(text: str, name: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
        utils.decode_dss_signature(raw)
    except (binascii.Error, ValueError):
        raise MaterialError(
            f"the signature of {name} is no base64 text of a DER signature",
            expected="openssl dgst -sha256 -sign <key> <image> | openssl base64 -A, given once",
        ) from None
    return raw


def _first(chain: str, name: str) -> Certificate:
    head, end, _ = chain.partition(_END)
    return read_certificate(head + end, f"the first certificate of the chain of {name}")


def _verifies(certificate: Certificate, signature: bytes, sha256: str) -> bool:
    key = certificate.parsed.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, bytes.fromhex(sha256), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True
