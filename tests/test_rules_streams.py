"""Streams: their operations, and which blocks a GetStream request gives."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ota_world import HOME, ROLE, START_S, World

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.stream_requests import StreamRefused, block_request

IMAGE = bytes(range(256)) * 48  # 48 blocks of 256 bytes


def asked(world: World, stream_id: str = "S1", **members: Any) -> list[int]:
    request = block_request({"f": 0, "l": 256} | members)
    return [block.block_id for block in world.streams.blocks(world.streams.for_device(stream_id), request)]


def refused(world: World, **members: Any) -> StreamRefused:
    with pytest.raises(StreamRefused) as caught:
        asked(world, **members)
    return caught.value


def with_image(data: bytes = IMAGE) -> World:
    world = World()
    world.stream_of(data)
    return world


def test_the_guides_bitmap_asks_for_blocks_20_21_24_and_43() -> None:
    assert asked(with_image(), o=20, n=32, b=bytes.fromhex("130080")) == [20, 21, 24, 43]


def test_a_count_caps_the_blocks_of_a_bitmap() -> None:
    world = with_image()
    assert asked(world, o=0, n=2, b=b"MQ==") == [0, 2]
    assert asked(world, o=5, n=1, b=b"MQ==") == [5]
    assert asked(world, o=5, n=2, b=b"MQ==") == [5, 7]


def test_a_count_without_a_bitmap_gives_consecutive_blocks_from_the_offset() -> None:
    world = with_image()
    assert asked(world, o=3, n=4) == [3, 4, 5, 6]
    assert asked(world, o=46, n=4) == [46, 47]
    assert asked(world, n=0) == []


def test_without_a_count_128_kib_are_given() -> None:
    world = with_image(bytes(200_000))
    assert len(asked(world, l=1024)) == 128
    assert len(asked(world, l=100_000)) == 1


def test_one_request_gives_128_kib_at_most() -> None:
    world = with_image(bytes(200_000))
    assert asked(world, l=32768, n=5) == [0, 1, 2, 3]
    assert asked(world, l=32768, n=5, b=b"\x7e") == [1, 2, 3, 4]


def test_the_last_block_is_shorter_and_counts_as_what_it_has() -> None:
    world = with_image(bytes(131072 + 100))
    request = block_request({"f": 0, "l": 131072, "o": 1, "n": 1})
    (block,) = world.streams.blocks(world.streams.for_device("S1"), request)
    assert (block.block_id, len(block.payload)) == (1, 100)


@pytest.mark.parametrize("size", [0, 255, 131073])
def test_a_block_has_256_to_131072_bytes(size: int) -> None:
    assert refused(with_image(), l=size).code == "BlockSizeOutOfBounds"


@pytest.mark.parametrize("offset", [-1, 98305])
def test_an_offset_is_at_most_98304(offset: int) -> None:
    assert refused(with_image(), o=offset, n=1).code == "OffsetOutOfBounds"


@pytest.mark.parametrize("count", [-1, 98305])
def test_a_count_is_at_most_98304(count: int) -> None:
    assert refused(with_image(), n=count).code == "BlockCountLimitExceeded"


def test_a_bitmap_has_less_than_12288_bytes() -> None:
    world = with_image()
    assert refused(world, b=b"\x01" * 12288).code == "BlockBitmapLimitExceeded"
    assert asked(world, b=b"\x01" + b"\0" * 12286) == [0]
    assert refused(world, b="text").code == "InvalidRequest"


def test_a_token_of_65_bytes_is_refused_and_not_given_back() -> None:
    world = with_image()
    assert refused(world, c="x" * 65).code == "InvalidRequest"
    (reply,) = world.publish_stream("get/cbor", cbor2.dumps({"c": "x" * 65, "f": 0, "l": 256, "n": 1}))
    assert cbor2.loads(reply.payload).keys() == {"o", "m"}
    assert asked(world, c="x" * 64, n=1) == [0]


@pytest.mark.parametrize("members", [{"f": None}, {"l": None}, {"f": 256}, {"f": "0"}, {"n": True}, {"c": 3}])
def test_what_is_missing_or_of_another_type_is_an_invalid_request(members: dict[str, Any]) -> None:
    assert refused(with_image(), **members).code == "InvalidRequest"


def test_a_request_for_another_stream_version_is_refused() -> None:
    world = with_image()
    assert asked(world, s=1, n=1) == [0]
    assert refused(world, s=2).code == "VersionMismatch"


def test_an_unknown_file_is_refused() -> None:
    assert refused(with_image(), f=1).code == "ResourceNotFound"


def test_blocks_that_do_not_exist_at_all_are_not_found() -> None:
    assert refused(with_image(), o=48, n=1).code == "ResourceNotFound"
    assert refused(with_image(), o=40, b=b"\0\1").code == "ResourceNotFound"


def test_an_object_changed_behind_a_stream_without_a_version_is_refused() -> None:
    world = World()
    placed = world.objects.put("afr-ota-images", "a", IMAGE)
    files = [{"fileId": 0, "s3Location": {"bucket": placed.bucket, "key": placed.key}}]
    world.streams.create({"streamId": "S1", "files": files, "roleArn": ROLE})
    assert asked(world, n=1) == [0]
    world.objects.put("afr-ota-images", "a", IMAGE[::-1])
    assert refused(world, n=1).code == "ETagMismatch"


def test_an_object_that_is_gone_is_not_found() -> None:
    world = with_image()
    world.objects.remove("afr-ota-images", "S1.bin")
    assert refused(world, n=1).code == "ResourceNotFound"


def test_a_role_without_the_right_to_read_is_refused() -> None:
    world = with_image()
    world.streams.may_read = lambda role, bucket, key: role != ROLE or key != "S1.bin"
    assert refused(world, n=1).code == "Unauthorized"


def violation(call: Any, request: dict[str, Any]) -> RuleViolation:
    with pytest.raises(RuleViolation) as caught:
        call(request)
    return caught.value


def test_a_second_stream_of_the_same_id_is_refused() -> None:
    world = with_image()
    request = {"streamId": "S1", "files": [{"fileId": 0, "s3Location": {"bucket": "b", "key": "k"}}], "roleArn": ROLE}
    assert violation(world.streams.create, request).code == "ResourceAlreadyExistsException"


def test_two_files_of_one_id_are_refused() -> None:
    world = with_image()
    location = {"bucket": "afr-ota-images", "key": "S1.bin"}
    files = [{"fileId": 1, "s3Location": location}, {"fileId": 1, "s3Location": location}]
    request = {"streamId": "S2", "files": files, "roleArn": ROLE}
    assert violation(world.streams.create, request).code == "InvalidRequestException"


def test_a_stream_of_an_object_that_is_not_there_is_refused() -> None:
    files = [{"fileId": 1, "s3Location": {"bucket": "afr-ota-images", "key": "none"}}]
    request = {"streamId": "S2", "files": files, "roleArn": ROLE}
    assert violation(World().streams.create, request).code == "ResourceNotFoundException"


def test_a_stream_file_has_at_most_24_mb() -> None:
    world = World()
    with pytest.raises(RuleViolation) as caught:
        world.stream_of(bytes(24 * 1024 * 1024 + 1))
    assert caught.value.code == "LimitExceededException"


def test_a_stream_of_51_files_or_a_bad_id_is_refused_by_the_service_model() -> None:
    world = World()
    location = {"bucket": "afr-ota-images", "key": "k"}
    files = [{"fileId": n, "s3Location": location} for n in range(51)]
    assert violation(world.streams.create, {"streamId": "S", "files": files, "roleArn": ROLE}).code == (
        "InvalidRequestException"
    )
    request = {"streamId": "a b", "files": files[:1], "roleArn": ROLE}
    assert violation(world.streams.create, request).code == "InvalidRequestException"


def test_a_stream_is_described_updated_listed_and_deleted() -> None:
    world = with_image()
    world.stream_of(b"x" * 300, "S2", description="two")
    info = world.streams.describe({"streamId": "S1"})["streamInfo"]
    assert info == {
        "streamId": "S1",
        "streamArn": f"arn:{HOME}:stream/S1",
        "streamVersion": 1,
        "files": [{"fileId": 0, "s3Location": {"bucket": "afr-ota-images", "key": "S1.bin", "version": "v1"}}],
        "createdAt": START_S,
        "lastUpdatedAt": START_S,
        "roleArn": ROLE,
    }
    assert world.streams.update({"streamId": "S1", "description": "one"})["streamVersion"] == 2
    assert [row["streamId"] for row in world.streams.listed({})["streams"]] == ["S2", "S1"]
    assert [row["streamId"] for row in world.streams.listed({"ascendingOrder": True, "maxResults": 1})["streams"]] == [
        "S1"
    ]
    world.streams.delete({"streamId": "S1"})
    assert violation(world.streams.describe, {"streamId": "S1"}).code == "ResourceNotFoundException"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_sequence_of_requests_over_all_blocks_gives_the_file(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40_000))
    image = bytes((n * 31 + n // 251) & 0xFF for n in range(size))
    world = with_image(image)
    block_bytes = data.draw(st.integers(256, 5000))
    total = -(-size // block_bytes)
    missing = set(range(total))
    received: dict[int, bytes] = {}
    while missing:
        offset = data.draw(st.integers(0, min(missing)))
        window = data.draw(st.integers(min(missing) - offset + 1, total + 16))
        bitmap = bytearray(-(-window // 8))
        for block in missing:
            if offset <= block < offset + window:
                bitmap[(block - offset) >> 3] |= 1 << ((block - offset) & 7)
        count = data.draw(st.integers(1, 64))
        request = block_request({"f": 0, "l": block_bytes, "o": offset, "n": count, "b": bytes(bitmap)})
        blocks = world.streams.blocks(world.streams.for_device("S1"), request)
        assert len(blocks) <= count
        assert sum(len(block.payload) for block in blocks) <= 131072
        assert [block.block_id for block in blocks] == sorted(missing)[: len(blocks)]
        received |= {block.block_id: block.payload for block in blocks}
        missing -= {block.block_id for block in blocks}
    assert b"".join(received[block] for block in range(total)) == image


@given(
    st.fixed_dictionaries(
        {"f": st.integers(-2, 300), "l": st.integers(0, 140_000)},
        optional={"o": st.integers(-2, 99_000), "n": st.integers(-2, 99_000), "b": st.binary(max_size=64)},
    )
)
@settings(max_examples=150, deadline=None)
def test_any_request_gives_blocks_that_exist_or_a_code(members: dict[str, Any]) -> None:
    world = with_image(bytes(30_000))
    blocks, code = [], ""
    try:
        blocks = world.streams.blocks(world.streams.for_device("S1"), block_request(members))
    except StreamRefused as error:
        code = error.code
    assert code in {
        "",
        "InvalidRequest",
        "BlockSizeOutOfBounds",
        "OffsetOutOfBounds",
        "BlockCountLimitExceeded",
        "ResourceNotFound",
    }
    assert all(block.payload for block in blocks)
    assert sum(len(block.payload) for block in blocks) <= 131072
