"""The guide's file names, and which device has which. Imports dicfix.errors only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dicfix.errors import UsageError

CA_KEY = "CA.key"
CA_CERTIFICATE = "CA.crt"
CA_SERIAL = "CA.srl"
SERVER_ROOT = "AmazonRootCA1.pem"
DEVICE = "device"
EXPLORER = "explorer"

_STEM = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
_TAKEN = frozenset({"ca", "verification_cert"})


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """The file names of one set; ``stem`` is what they share."""

    stem: str
    key: str
    request: str
    certificate: str


VERIFICATION = ClientFiles(
    "verification_cert", "verification_cert.key", "verification_cert_csr.csr", "verification_cert.pem"
)
"""Source: SSL-V1 to SSL-V3."""


def client_files(stem: str) -> ClientFiles:
    """The file names for ``device``, ``explorer`` or a thing. Source: SSL-3, SSL-4.1, SSL-4.2, SSL-5."""
    if not _STEM.fullmatch(stem):
        raise UsageError(f"{stem!r} is no thing name", expected="1 to 128 letters, digits, ':', '_' or '-'")
    if stem.lower() in _TAKEN:
        raise UsageError(f"{stem!r} cannot name a client: the guide's own files have that name")
    return ClientFiles(stem, f"{stem}.key", f"{stem}.csr", f"{stem}.crt")


def stems(devices: Sequence[str], explorer: str | None = None) -> dict[str, str]:
    """The stem of each thing's files: ``device`` for the first, ``explorer`` for the Explorer, else its own name.

    Two things for one set of files (also where a file system takes ``Plug`` and ``plug`` for one) are a UsageError.
    """
    given = [(thing, DEVICE if index == 0 else thing) for index, thing in enumerate(devices)]
    if explorer is not None:
        given.append((explorer, EXPLORER))
    found: dict[str, str] = {}
    for thing, stem in given:
        client_files(thing)
        if thing in found:
            raise UsageError(f"The thing name {thing!r} is given twice", expected="unique names: each is a client ID")
        if stem.lower() in (each.lower() for each in found.values()):
            raise UsageError(f"The files {stem}.* would belong to two things, one of them {thing!r}")
        found[thing] = stem
    return found
