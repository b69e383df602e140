"""GBL files: what is made is well formed for others too, and every defect is found."""

from __future__ import annotations

import struct
import zlib

import pygbl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicfix.errors import MaterialError
from dicfix.images import AGENT_IMAGE_BYTES, ImageKind, gbl, inspect

IMAGE = gbl.make(b"\x5a" * 1000, version=0x00090003, product_id=bytes(range(16)))


def refused(data: bytes) -> str:
    with pytest.raises(MaterialError) as caught:
        gbl.read(data)
    return str(caught.value)


def oracle_accepts(data: bytes) -> bool:
    try:
        pygbl.GBL3Image.deserialize(data)
    except pygbl.GBLError:
        return False
    return True


def test_a_made_image_is_read_by_us_and_by_an_independent_parser() -> None:
    image = gbl.read(IMAGE)
    assert image.app == gbl.Application(0x20, 0x00090003, 0, bytes(range(16)))
    assert image.program() == b"\x5a" * 1000
    other, rest = pygbl.GBL3Image.deserialize(IMAGE)
    program = other.get_first_tag(pygbl.GBL3EraseProg)
    assert (program.address, program.data, rest) == (0x08006000, b"\x5a" * 1000, b"\xff" * image.pad_bytes)
    info = other.get_first_tag(pygbl.GBL3ApplicationInfo)
    assert (info.version, info.product_id) == (0x00090003, bytes(range(16)))


def test_an_image_made_by_the_independent_builder_is_read() -> None:
    other = pygbl.GBL3Image(
        tags=[
            pygbl.GBL3Header(version=0x00000003, type=pygbl.GBL3Type.NONE),
            pygbl.GBL3ApplicationInfo(
                type=pygbl.GBL3ApplicationType.MCU, version=7, capabilities=0, product_id=bytes(16)
            ),
            pygbl.GBL3Metadata(metadata=b"notes"),
            pygbl.GBL3Prog(address=0x4000, data=b"code" * 9),
        ]
    ).regenerate_crc()
    image = gbl.read(other.serialize())
    assert image.app is not None
    assert (image.app.version, image.program(), image.hidden) == (7, b"code" * 9, False)


def test_a_signed_image_of_the_independent_builder_is_read() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    other = pygbl.GBL3Image.from_bytes(IMAGE).sign(ec.generate_private_key(ec.SECP256R1()))
    image = gbl.read(other.serialize())
    assert image.flags == gbl.SIGNED
    assert [tag.tag_id for tag in image.tags][-2:] == [gbl.SIGNATURE, gbl.END]


def test_an_encrypted_image_of_the_independent_builder_hides_its_contents() -> None:
    image = gbl.read(pygbl.GBL3Image.from_bytes(IMAGE).encrypt(bytes(16)).serialize())
    assert image.hidden
    assert image.app is None


@settings(max_examples=60, deadline=None)
@given(
    program=st.binary(max_size=3000),
    version=st.integers(0, 0xFFFFFFFF),
    metadata=st.binary(max_size=100),
    pad=st.booleans(),
)
def test_whatever_is_made_is_read_again_by_both(program: bytes, version: int, metadata: bytes, pad: bool) -> None:
    data = gbl.make(program, version=version, metadata=metadata, pad=pad)
    image = gbl.read(data)
    assert (image.program(), image.app and image.app.version) == (program, version)
    assert len(data) % 4 == 0 or not pad
    assert pygbl.GBL3Image.from_bytes(data).get_metadata() == (metadata or None)


@settings(max_examples=150, deadline=None)
@given(bit=st.integers(0, len(IMAGE.rstrip(b"\xff")) * 8 - 1))
def test_any_flipped_bit_is_found_by_both(bit: int) -> None:
    broken = bytearray(IMAGE)
    broken[bit >> 3] ^= 1 << (bit & 7)
    assert not oracle_accepts(bytes(broken))
    assert refused(bytes(broken))


@settings(max_examples=60, deadline=None)
@given(length=st.integers(0, len(IMAGE.rstrip(b"\xff")) - 1))
def test_any_truncation_is_found(length: int) -> None:
    assert refused(IMAGE[:length])
    assert not oracle_accepts(IMAGE[:length])


def test_a_wrong_crc_is_named_with_the_right_one() -> None:
    body = bytearray(IMAGE)
    body[200] ^= 1
    text = refused(bytes(body))
    end = bytes(body).rindex(struct.pack("<II", gbl.END, 4)) + 8
    assert f"{zlib.crc32(bytes(body[:end])):08x}" in text


def test_another_format_version_is_refused() -> None:
    body = gbl.tag_bytes(gbl.HEADER, struct.pack("<II", 0x02000000, 0))
    assert "format version" in refused(gbl.closed(body))


@pytest.mark.parametrize("tag_id", [gbl.HEADER, gbl.APPLICATION])
def test_a_tag_that_occurs_once_is_refused_when_it_comes_twice(tag_id: int) -> None:
    header = gbl.tag_bytes(gbl.HEADER, struct.pack("<II", gbl.VERSION_3, 0))
    application = gbl.tag_bytes(gbl.APPLICATION, bytes(28))
    again = header if tag_id == gbl.HEADER else application
    assert "second" in refused(gbl.closed(header + application + again))


def test_a_tag_of_a_wrong_length_is_refused() -> None:
    header = gbl.tag_bytes(gbl.HEADER, struct.pack("<II", gbl.VERSION_3, 0))
    assert "27 bytes" in refused(gbl.closed(header + gbl.tag_bytes(gbl.APPLICATION, bytes(27))))


def test_three_bytes_of_padding_pass_and_four_are_refused() -> None:
    bare = gbl.make(b"abcd", version=1, pad=False)
    assert gbl.read(bare + b"\xff" * 3).pad_bytes == 3
    assert "behind its END tag" in refused(bare + b"\xff" * 4)


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x03\xa6\x17\xeb" + bytes(20)])
def test_what_is_no_image_is_refused_with_its_first_bytes(data: bytes) -> None:
    with pytest.raises(MaterialError) as caught:
        inspect(data, name="fw.gbl")
    assert "fw.gbl begins with" in str(caught.value)


def test_an_image_may_have_as_many_bytes_as_the_agents_bitmap_tracks() -> None:
    overhead = len(gbl.make(b"", version=1))
    fitting = gbl.make(bytes(AGENT_IMAGE_BYTES - overhead), version=1)
    assert len(fitting) == 1_048_576
    report = inspect(fitting)
    assert (report.kind, report.version, report.size_bytes) == (ImageKind.GBL, 1, 1_048_576)
    larger = gbl.make(bytes(AGENT_IMAGE_BYTES - overhead + 4), version=1)
    with pytest.raises(MaterialError, match="1,048,580 bytes"):
        inspect(larger)
    assert inspect(larger, limit_bytes=None).size_bytes == 1_048_580
