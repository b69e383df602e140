"""Does an OTA image carry an identity? One image for several devices would make clones of it (DIC-FIT-13).

Looks for a private key or a device certificate as PEM, and for client IDs. May import cryptography. Never gives key
material away: a find has a kind, a place and, for certificates, the subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from dicfix.errors import MaterialError
from dicfix.images import gbl, rps

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(?:\r?\n|\\n)([A-Za-z0-9+/=:,\-\\ \r\n]{40,8192}?)-----END \1-----")
"""A PEM block with a body. The bare BEGIN and END texts stand in every TLS library and mean nothing."""
_WORD = rb"[A-Za-z0-9_\-]"


@dataclass(frozen=True, slots=True)
class Identity:
    """One find: ``kind`` is private key, device certificate or client ID; ``detail`` a subject or the client ID."""

    kind: str
    offset: int
    detail: str


@dataclass(frozen=True, slots=True)
class IdentityScan:
    """What was found, and why the rest ``cannot be seen`` (empty when everything could be)."""

    found: tuple[Identity, ...]
    unseen: str = ""


def scan(data: bytes, client_ids: tuple[str, ...] = ()) -> IdentityScan:
    """Look for identities in an image of any format; compressed or encrypted contents cannot be seen."""
    found = tuple(_found_in(data, client_ids))
    program, unseen = _program(data)
    if program and not found:
        found = tuple(_found_in(program, client_ids))
    return IdentityScan(found, unseen)


def _program(data: bytes) -> tuple[bytes, str]:
    """The joined program of a GBL of several program tags, and why contents are hidden."""
    if data[:4] == gbl.MAGIC:
        try:
            image = gbl.read(data)
        except MaterialError:
            return b"", ""
        return (
            image.program(),
            "compressed or encrypted GBL tags: their contents cannot be seen" if image.hidden else "",
        )
    if rps.starts_like_rps(data) and int.from_bytes(data[:2], "little") & rps.ENCRYPTED:
        return b"", "an encrypted RPS image: its contents cannot be seen"
    return b"", ""


def _found_in(data: bytes, client_ids: tuple[str, ...]) -> Iterator[Identity]:
    for match in _PEM.finditer(data):
        identity = _judge_pem(match)
        if identity is not None:
            yield identity
    for client_id in client_ids:
        word = re.search(rb"(?<!%b)%b(?!%b)" % (_WORD, re.escape(client_id.encode()), _WORD), data)
        if word is not None:
            yield Identity("client ID", word.start(), client_id)


def _judge_pem(match: re.Match[bytes]) -> Identity | None:
    label = match[1].decode()
    if label.endswith("PRIVATE KEY"):
        return Identity("private key", match.start(), label)
    if label != "CERTIFICATE":
        return None
    try:
        certificate = x509.load_pem_x509_certificate(match[0].replace(b"\\n", b"\n"))
    except ValueError:
        return Identity("device certificate", match.start(), "not readable")
    if _is_ca(certificate):
        return None
    return Identity("device certificate", match.start(), certificate.subject.rfc4514_string())


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
