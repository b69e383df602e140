"""RPS headers of SiWx917 images."""

from __future__ import annotations

import struct

import pytest

from dicfix.errors import MaterialError
from dicfix.images import ImageKind, inspect, rps

IMAGE = rps.make(bytes(range(256)) * 5, version=0x00090003)


def refused(data: bytes) -> str:
    with pytest.raises(MaterialError) as caught:
        rps.read(data)
    return str(caught.value)


def reflected_crc(data: bytes) -> int:
    """The same CRC bit by bit, from the polynomial as published (D95EAAE5)."""
    reflected = int(f"{0xD95EAAE5:032b}"[::-1], 2)
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (reflected if crc & 1 else 0)
    return crc


def test_a_made_image_is_read_and_noted_as_one_for_the_917() -> None:
    header = rps.read(IMAGE)
    assert (header.version, header.image_bytes, header.encrypted) == (0x00090003, 1280, False)
    report = inspect(IMAGE)
    assert (report.kind, report.version, report.notes) == (ImageKind.RPS, 0x00090003, (rps.SOC_NOTE,))


def test_the_crc_is_that_of_the_published_polynomial_with_its_field_as_zero() -> None:
    blank = IMAGE[:20] + bytes(4) + IMAGE[24:]
    assert rps.crc_of(IMAGE) == reflected_crc(blank) == struct.unpack_from("<I", IMAGE, 20)[0]


def test_a_wrong_crc_is_a_note_and_no_refusal() -> None:
    changed = bytearray(IMAGE)
    changed[-1] ^= 1
    assert "CRC" in inspect(bytes(changed)).notes[1]


def test_a_size_that_does_not_match_is_refused() -> None:
    assert "1279 bytes behind its header" in refused(IMAGE[:-1])
    assert "1281 bytes behind its header" in refused(IMAGE + b"x")


def test_a_header_without_the_magic_or_cut_short_is_refused() -> None:
    assert "no RPS header" in refused(IMAGE[:63])
    assert "no RPS header" in refused(bytes(64))


def test_an_unknown_hash_type_is_refused() -> None:
    assert "hash type 4" in refused(IMAGE[:2] + b"\x04\x00" + IMAGE[4:])


def test_an_encrypted_image_cannot_be_looked_into() -> None:
    report = inspect(rps.make(b"x" * 100, version=1, control_flags=rps.M4_IMAGE | rps.ENCRYPTED))
    assert "cannot be seen" in report.identity.unseen
