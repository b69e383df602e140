"""OTA images as files: their formats, whether they fit the published OTA agent, and identities inside them.

May import cryptography and ``errors``; knows nothing of AWS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dicfix.errors import MaterialError
from dicfix.images import gbl, rps
from dicfix.images.identity import IdentityScan, scan

AGENT_BITMAP_BYTES = 128
AGENT_BLOCK_BYTES = 1024
AGENT_IMAGE_BYTES = AGENT_BITMAP_BYTES * 8 * AGENT_BLOCK_BYTES
"""The largest image that the published firmware's OTA agent can track: 1,048,576 bytes. Source: facts, OTA 0.4."""


class ImageKind(Enum):
    """The format of an image, told from its first bytes."""

    GBL = "gbl"
    RPS = "rps"


@dataclass(frozen=True, slots=True)
class ImageReport:
    """A well-formed image: ``version`` is the application's (None if the format hides it), ``notes`` are warnings."""

    name: str
    kind: ImageKind
    size_bytes: int
    version: int | None
    identity: IdentityScan
    notes: tuple[str, ...]


def kind_of(data: bytes, name: str = "the image") -> ImageKind:
    """The format that the first bytes announce; MaterialError when it is neither GBL nor RPS."""
    if data[:4] == gbl.MAGIC:
        return ImageKind.GBL
    if rps.starts_like_rps(data):
        return ImageKind.RPS
    raise MaterialError(
        f"{name} begins with {data[:8].hex(' ') or 'nothing'}",
        expected="a GBL image (EB 17 A6 03) for EFR32, or an RPS image (magic 900D900D) for SiWx917",
        remedy="give the .gbl or .rps file that the build made",
    )


def inspect(
    data: bytes,
    *,
    name: str = "the image",
    client_ids: tuple[str, ...] = (),
    limit_bytes: int | None = AGENT_IMAGE_BYTES,
) -> ImageReport:
    """Check an image before its upload; MaterialError for the first thing wrong with its form or size.

    ``client_ids`` are looked for inside it; ``limit_bytes`` None leaves the size open.
    """
    kind = kind_of(data, name)
    version: int | None = None
    notes: tuple[str, ...] = ()
    if kind is ImageKind.GBL:
        image = gbl.read(data, name)
        version = image.app.version if image.app else None
    else:
        header = rps.read(data, name)
        version = header.version
        notes = rps.notes(data, header)
    _fits(len(data), limit_bytes, name)
    return ImageReport(name, kind, len(data), version, scan(data, client_ids), notes)


def _fits(size_bytes: int, limit_bytes: int | None, name: str) -> None:
    if limit_bytes is not None and size_bytes > limit_bytes:
        raise MaterialError(
            f"{name} has {size_bytes:,} bytes",
            expected=f"at most {limit_bytes:,} bytes; beyond that the published OTA agent overruns its block bitmap",
            remedy="make a smaller image (compressed, or without debug output)",
        )
