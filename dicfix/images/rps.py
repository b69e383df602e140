"""RPS files of SiWx917: the 64-byte header and its CRC.

Source: Silicon Labs sl_wifi_firmware_header_t and the SDK's RPS tool, as recorded in facts, OTA 4.2. Pure standard
library and ``errors``. No file of a vendor was at hand to confirm the CRC, so a mismatch is a note, not a refusal.
"""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass

from dicfix.errors import MaterialError

MAGIC = 0x900D900D
HEADER_BYTES = 64
M4_IMAGE = 1 << 0
ENCRYPTED = 1 << 1
INTEGRITY_CODE = 1 << 2
SIGNED = 1 << 3
COMBINED = 1 << 7
CRC_OFFSET = 20
CRC_POLYNOMIAL_REFLECTED = 0xA7557A9B
SOC_NOTE = "an RPS image is for the SiWx917 build; the guide's OTA part speaks of .gbl (EFR32)"


@dataclass(frozen=True, slots=True)
class RpsHeader:
    """The header's fields; ``image_bytes`` is what follows the header."""

    control_flags: int
    sha_type: int
    image_bytes: int
    version: int
    flash_location: int
    crc: int

    @property
    def encrypted(self) -> bool:
        """Whether the image behind the header is encrypted."""
        return bool(self.control_flags & ENCRYPTED)


def starts_like_rps(data: bytes) -> bool:
    """Whether the magic stands where an RPS header has it."""
    return len(data) >= 8 and struct.unpack_from("<I", data, 4)[0] == MAGIC


def read(data: bytes, name: str = "the image") -> RpsHeader:
    """The header; MaterialError when magic, size or hash type is wrong."""
    if len(data) < HEADER_BYTES or not starts_like_rps(data):
        raise _broken(name, f"has no RPS header in its {len(data)} bytes", "a 64-byte header with magic 900D900D")
    flags, sha_type, _magic, image_bytes, version, flash, crc = struct.unpack_from("<HHIIIII", data)
    if sha_type > 3:
        raise _broken(name, f"has hash type {sha_type}", "0 to 3")
    if image_bytes != len(data) - HEADER_BYTES:
        raise _broken(
            name, f"has {len(data) - HEADER_BYTES} bytes behind its header", f"{image_bytes}, as its header says"
        )
    return RpsHeader(flags, sha_type, image_bytes, version, flash, crc)


def notes(data: bytes, header: RpsHeader) -> tuple[str, ...]:
    """What a reader should know of a well-formed RPS image."""
    computed = crc_of(data)
    if computed == header.crc:
        return (SOC_NOTE,)
    return (SOC_NOTE, f"the header's CRC is {header.crc:08x}, computed over the file it is {computed:08x}")


def crc_of(data: bytes) -> int:
    """The CRC over the whole file with its CRC field as zero (polynomial D95EAAE5 reflected, start 0, no final xor)."""
    table = _table()
    crc = 0
    for byte in data[:CRC_OFFSET] + bytes(4) + data[CRC_OFFSET + 4 :]:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


@functools.cache
def _table() -> tuple[int, ...]:
    return tuple(functools.reduce(_crc_step, range(8), byte) for byte in range(256))


def _crc_step(crc: int, _bit: int) -> int:
    return (crc >> 1) ^ CRC_POLYNOMIAL_REFLECTED if crc & 1 else crc >> 1


def make(image: bytes, *, version: int, control_flags: int = M4_IMAGE, flash_location: int = 0x08212000) -> bytes:
    """A header with a right size and CRC in front of ``image``; for tests and offline runs."""
    head = struct.pack("<HHIIIII", control_flags, 0, MAGIC, len(image), version, flash_location, 0)
    whole = head.ljust(HEADER_BYTES - 4, b"\0") + struct.pack("<I", MAGIC) + image
    return whole[:CRC_OFFSET] + struct.pack("<I", crc_of(whole)) + whole[CRC_OFFSET + 4 :]


def _broken(name: str, observed: str, expected: str) -> MaterialError:
    return MaterialError(f"{name} {observed}", expected=expected, remedy="take the .rps file from the build again")
