"""Gecko Bootloader (GBL) files, format version 3: reading with all checks, and making a small one.

Source: Silicon Labs UG266/UG489 and the bootloader parser's format header. Pure standard library and ``errors``.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from dicfix.errors import MaterialError

MAGIC = bytes.fromhex("eb17a603")
VERSION_3 = 0x03000000
ENCRYPTED = 0x001
SIGNED = 0x100
CRC_OF_VALID = 0x2144DF1C
"""CRC32 over a whole tag region whose END tag is right."""
PAD_BYTES_AT_MOST = 3

HEADER = 0x03A617EB
APPLICATION = 0xF40A0AF4
BOOTLOADER = 0xF50909F5
SE_UPGRADE = 0x5EA617EB
METADATA = 0xF60808F6
PROGRAM = 0xFE0101FE
ERASE_PROGRAM = 0xFD0303FD
PROGRAM_LZ4 = 0xFD0505FD
PROGRAM_LZMA = 0xFD0707FD
VERSION_DEPENDENCY = 0x76A617EB
ENCRYPTION_INIT = 0xFA0606FA
ENCRYPTED_DATA = 0xF90707F9
ENCRYPTION_HEADER = 0xFB0505FB
SIGNATURE = 0xF70A0AF7
CERTIFICATE = 0xF30B0BF3
DELTA = 0xF80A0AF8
DELTA_LZ4 = 0xF80B0BF8
DELTA_LZMA = 0xF80C0CF8
END = 0xFC0404FC

ONCE = {
    HEADER: "header",
    APPLICATION: "application",
    BOOTLOADER: "bootloader",
    SE_UPGRADE: "Secure Element upgrade",
    ENCRYPTION_INIT: "encryption init",
    SIGNATURE: "signature",
    CERTIFICATE: "certificate",
    END: "end",
}
LENGTHS = {HEADER: 8, APPLICATION: 28, SIGNATURE: 64, END: 4}
PROGRAMS = frozenset({PROGRAM, ERASE_PROGRAM})
HIDDEN = frozenset(
    {PROGRAM_LZ4, PROGRAM_LZMA, ENCRYPTED_DATA, ENCRYPTION_HEADER, ENCRYPTION_INIT, DELTA, DELTA_LZ4, DELTA_LZMA}
)
"""Tags whose contents are compressed, encrypted or a difference, so that nothing can be looked up in them."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: its id, where its id stands in the file, and its payload."""

    tag_id: int
    offset: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Application:
    """The application tag: ``version`` is a u32, ``product_id`` 16 bytes."""

    type: int
    version: int
    capabilities: int
    product_id: bytes


@dataclass(frozen=True, slots=True)
class GblImage:
    """A GBL file that passed every check; ``pad_bytes`` stand behind its END tag."""

    tags: tuple[Tag, ...]
    flags: int
    pad_bytes: int

    @property
    def app(self) -> Application | None:
        """The application tag, if there is one in the clear."""
        for tag in self.tags:
            if tag.tag_id == APPLICATION:
                return Application(*struct.unpack("<III16s", tag.payload))
        return None

    @property
    def hidden(self) -> bool:
        """Whether any content is compressed, encrypted or a difference."""
        return bool(self.flags & ENCRYPTED) or any(tag.tag_id in HIDDEN for tag in self.tags)

    def program(self) -> bytes:
        """The data of the plain program tags, joined in file order."""
        return b"".join(tag.payload[4:] for tag in self.tags if tag.tag_id in PROGRAMS)


def read(data: bytes, name: str = "the image") -> GblImage:
    """The image; MaterialError naming the first thing that is wrong (tags, lengths, CRC, padding)."""
    tags, end = _tags(data, name)
    flags = _header_flags(tags[0], name)
    _once_only(tags, name)
    if zlib.crc32(data[:end]) != CRC_OF_VALID:
        found = struct.unpack("<I", tags[-1].payload)[0]
        raise _broken(
            name, f"has CRC32 {found:08x} in its END tag", f"{zlib.crc32(data[: end - 4]):08x}, computed over the file"
        )
    pad_bytes = len(data) - end
    if pad_bytes > PAD_BYTES_AT_MOST:
        raise _broken(name, f"has {pad_bytes} bytes behind its END tag", "at most 3 bytes of padding")
    return GblImage(tags, flags, pad_bytes)


def _tags(data: bytes, name: str) -> tuple[tuple[Tag, ...], int]:
    if data[:4] != MAGIC:
        raise _broken(name, f"begins with {data[:4].hex(' ') or 'nothing'}", "the GBL header tag EB 17 A6 03")
    tags: list[Tag] = []
    offset = 0
    while not tags or tags[-1].tag_id != END:
        if offset + 8 > len(data):
            raise _broken(name, f"ends after {len(data)} bytes without an END tag", "a complete file")
        tag_id, length = struct.unpack_from("<II", data, offset)
        if offset + 8 + length > len(data):
            raise _broken(
                name,
                f"has a tag {tag_id:#010x} at byte {offset} that says {length} bytes, beyond the end of the file",
                "a complete file",
            )
        if LENGTHS.get(tag_id, length) != length:
            raise _broken(
                name, f"has a tag {tag_id:#010x} of {length} bytes at byte {offset}", f"{LENGTHS[tag_id]} bytes"
            )
        tags.append(Tag(tag_id, offset, data[offset + 8 : offset + 8 + length]))
        offset += 8 + length
    return tuple(tags), offset


def _header_flags(header: Tag, name: str) -> int:
    version, flags = struct.unpack("<II", header.payload)
    if version != VERSION_3:
        raise _broken(name, f"has GBL format version {version:#010x}", f"{VERSION_3:#010x} (version 3)")
    return int(flags)


def _once_only(tags: tuple[Tag, ...], name: str) -> None:
    seen: set[int] = set()
    for tag in tags:
        if tag.tag_id in ONCE and tag.tag_id in seen:
            raise _broken(name, f"has a second {ONCE[tag.tag_id]} tag at byte {tag.offset}", "one such tag")
        seen.add(tag.tag_id)


def _broken(name: str, observed: str, expected: str) -> MaterialError:
    return MaterialError(
        f"{name} {observed}", expected=expected, remedy="take the .gbl file from the build again, unchanged"
    )


def make(
    program: bytes,
    *,
    version: int,
    product_id: bytes = bytes(16),
    application_type: int = 0x20,
    capabilities: int = 0,
    address: int = 0x08006000,
    metadata: bytes = b"",
    pad: bool = True,
) -> bytes:
    """A well-formed, unsigned GBL file: header, application, erase-and-program, optional metadata, END, 0xFF padding.

    ``version`` is the application's u32; for the OTA agent it is major<<24 | minor<<16 | build.
    """
    body = (
        tag_bytes(HEADER, struct.pack("<II", VERSION_3, 0))
        + tag_bytes(APPLICATION, struct.pack("<III16s", application_type, version, capabilities, product_id))
        + (tag_bytes(METADATA, metadata) if metadata else b"")
        + tag_bytes(ERASE_PROGRAM, struct.pack("<I", address) + program)
    )
    return closed(body, pad=pad)


def tag_bytes(tag_id: int, payload: bytes) -> bytes:
    """One tag as it stands in a file."""
    return struct.pack("<II", tag_id, len(payload)) + payload


def closed(body: bytes, *, pad: bool = True) -> bytes:
    """``body`` (all tags but END) with its END tag and padding to a multiple of 4 bytes."""
    head = body + struct.pack("<II", END, 4)
    whole = head + struct.pack("<I", zlib.crc32(head))
    return whole + b"\xff" * (-len(whole) % 4 if pad else 0)
