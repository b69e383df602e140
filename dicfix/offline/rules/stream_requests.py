"""AWS IoT's MQTT-based file delivery: which GetStream requests are valid and which blocks they give.

Source: developer guide, mqtt-based-file-delivery-in-devices. Pure functions of decoded requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_rules_streams.py::"
GUIDE = "developer guide, mqtt-based-file-delivery-in-devices"
BLOCK_BYTES = (256, 131072)
OFFSET_AT_MOST = 98304
COUNT_AT_MOST = 98304
BITMAP_BYTES_BELOW = 12288
REQUEST_BYTES = 131072
"""Payload that one GetStream request gives at most."""
TOKEN_BYTES = 64
FILE_IDS = range(256)


class StreamRefused(RuleViolation):
    """A stream request was refused; ``code`` is one of the service's error codes."""


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """A valid GetStream request; ``bitmap`` None means the blocks from ``offset`` on."""

    file_id: int
    block_bytes: int
    offset: int
    count: int
    bitmap: bytes | None
    token: str | None
    version: int | None


def block_request(asked: Mapping[str, Any]) -> BlockRequest:
    """The request in ``asked`` (decoded, ``b`` as bytes); StreamRefused for the first thing wrong."""
    token = token_of(asked)
    version, file_id, block_bytes, offset, count = (whole(asked, key) for key in ("s", "f", "l", "o", "n"))
    if file_id is None or block_bytes is None:
        raise StreamRefused("InvalidRequest", "f (file ID) and l (block size) are required")
    if file_id not in FILE_IDS:
        raise StreamRefused("InvalidRequest", f"f is {file_id}; a file ID is 0 to 255")
    block_size_in_bounds(block_bytes)
    offset_in_bounds(offset or 0)
    count_in_bounds(count)
    bitmap = asked.get("b")
    if bitmap is not None:
        bitmap_in_bounds(bitmap)
    return BlockRequest(file_id, block_bytes, offset or 0, count_or_default(count, block_bytes), bitmap, token, version)


def token_of(asked: Mapping[str, Any]) -> str | None:
    """The client token."""
    token = asked.get("c")
    token_in_bounds(token)
    return token


def whole(asked: Mapping[str, Any], key: str) -> int | None:
    """A member that must be a whole number; None when it is not there."""
    value = asked.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise StreamRefused("InvalidRequest", f"{key} must be a whole number")
    return value


@rule(
    "STREAMS-TOKEN-64",
    source=GUIDE + ": a client token longer than 64 bytes causes InvalidRequest",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_token_of_65_bytes_is_refused_and_not_given_back",),
)
def token_in_bounds(token: Any) -> None:
    """A client token has at most 64 bytes."""
    if token is not None and (not isinstance(token, str) or len(token.encode()) > TOKEN_BYTES):
        raise StreamRefused("InvalidRequest", f"The client token must be a text of at most {TOKEN_BYTES} bytes")


@rule(
    "STREAMS-BLOCK-SIZE",
    source=GUIDE + ": 256 to 131,072, else BlockSizeOutOfBounds",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_block_has_256_to_131072_bytes",),
)
def block_size_in_bounds(block_bytes: int) -> None:
    """A block has 256 to 131,072 bytes."""
    if not BLOCK_BYTES[0] <= block_bytes <= BLOCK_BYTES[1]:
        raise StreamRefused("BlockSizeOutOfBounds", "The block size is out of bounds")


@rule(
    "STREAMS-OFFSET",
    source=GUIDE + ": 0 to 98,304, else OffsetOutOfBounds",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_offset_is_at_most_98304",),
)
def offset_in_bounds(offset: int) -> None:
    """A block offset is 0 to 98,304."""
    if not 0 <= offset <= OFFSET_AT_MOST:
        raise StreamRefused("OffsetOutOfBounds", "The offset is out of bounds")


@rule(
    "STREAMS-COUNT",
    source=GUIDE + ": 0 to 98,304, else BlockCountLimitExceeded",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_count_is_at_most_98304",),
)
def count_in_bounds(count: int | None) -> None:
    """A number of blocks is 0 to 98,304."""
    if count is not None and not 0 <= count <= COUNT_AT_MOST:
        raise StreamRefused("BlockCountLimitExceeded", "The number of requested blocks is out of bounds")


@rule(
    "STREAMS-BITMAP",
    source=GUIDE + ": the bitmap must be less than 12,288 bytes, else BlockBitmapLimitExceeded",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_bitmap_has_less_than_12288_bytes",),
)
def bitmap_in_bounds(bitmap: Any) -> None:
    """A bitmap is a byte string of less than 12,288 bytes."""
    if not isinstance(bitmap, bytes):
        raise StreamRefused("InvalidRequest", "b must be a byte string (CBOR) or a hexadecimal text (JSON)")
    if len(bitmap) >= BITMAP_BYTES_BELOW:
        raise StreamRefused("BlockBitmapLimitExceeded", "The size of the bitmap is out of bounds")


@rule(
    "STREAMS-DEFAULT-COUNT",
    source=GUIDE + ": if not defined, it defaults to 131072/DataBlockSize",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_without_a_count_128_kib_are_given",),
    without=lambda count, _block_bytes: 1 if count is None else count,
)
def count_or_default(count: int | None, block_bytes: int) -> int:
    """Without a count, a request asks for 131,072 divided by the block size."""
    return REQUEST_BYTES // block_bytes if count is None else count


@rule(
    "STREAMS-BITMAP-ORDER",
    source=GUIDE + ", Build a bitmap: bit 0 is the lowest of the first byte, and stands for the block at the offset",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_the_guides_bitmap_asks_for_blocks_20_21_24_and_43",),
    without=lambda offset, bitmap: iter(
        offset + k for k in range(len(bitmap) * 8) if bitmap[k >> 3] >> (7 - (k & 7)) & 1
    ),
)
def blocks_in_bitmap(offset: int, bitmap: bytes) -> Iterator[int]:
    """Bit k of the bitmap, lowest bit of a byte first, asks for the block at offset + k."""
    for index, byte in enumerate(bitmap):
        while byte:
            lowest = byte & -byte
            yield offset + index * 8 + lowest.bit_length() - 1
            byte ^= lowest


@rule(
    "STREAMS-COUNT-CAPS-BITMAP",
    source=GUIDE + ": with a bitmap, n limits the number of blocks that are returned",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_count_caps_the_blocks_of_a_bitmap",),
    without=lambda _number, _count: False,
)
def count_is_reached(number: int, count: int) -> bool:
    """A request gives no more blocks than its count, with a bitmap or without."""
    return number >= count


@rule(
    "STREAMS-128-KIB-A-REQUEST",
    source=GUIDE + ": blocks beyond 128 KB in total are not sent, and that is no error",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_one_request_gives_128_kib_at_most",),
    without=lambda _sent_bytes, _block: False,
)
def request_is_full(sent_bytes: int, next_bytes: int) -> bool:
    """One request gives at most 131,072 bytes of payload."""
    return sent_bytes + next_bytes > REQUEST_BYTES


def blocks_to_send(request: BlockRequest, size_bytes: int) -> list[int]:
    """The ids of the blocks that answer a request on a file; those beyond its end are left out.

    StreamRefused ResourceNotFound when blocks were asked for and none of them exists (assumed for a mixture).
    """
    total = -(-size_bytes // request.block_bytes)
    wanted: Iterator[int] = (
        iter(range(request.offset, request.offset + request.count))
        if request.bitmap is None
        else blocks_in_bitmap(request.offset, request.bitmap)
    )
    chosen: list[int] = []
    sent_bytes, asked_for_any = 0, False
    for block in wanted:
        if count_is_reached(len(chosen), request.count):
            break
        asked_for_any = True
        if block >= total:
            break
        next_bytes = min(request.block_bytes, size_bytes - block * request.block_bytes)
        if request_is_full(sent_bytes, next_bytes):
            break
        chosen.append(block)
        sent_bytes += next_bytes
    if asked_for_any and not chosen:
        raise StreamRefused("ResourceNotFound", "None of the requested blocks exists")
    return chosen


@rule(
    "STREAMS-VERSION",
    source=GUIDE + ": a version other than the latest causes VersionMismatch",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_request_for_another_stream_version_is_refused",),
)
def version_is_latest(version: int | None, latest: int) -> None:
    """A request that names a stream version names the latest one."""
    if version is not None and version != latest:
        raise StreamRefused("VersionMismatch", f"The stream version is {latest}, {version} was asked for")


@rule(
    "STREAMS-FILE-KNOWN",
    source=GUIDE + ": a file ID that does not exist causes ResourceNotFound",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_unknown_file_is_refused",),
)
def file_is_known(file_id: int, *, known: bool) -> None:
    """A request asks for a file of the stream."""
    if not known:
        raise StreamRefused("ResourceNotFound", f"The stream has no file {file_id}")


@rule(
    "STREAMS-ETAG",
    source=GUIDE + ", ETagMismatch: the ETag in the stream is not that of the latest object version",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_object_changed_behind_a_stream_without_a_version_is_refused",),
)
def etag_is_unchanged(remembered: str, latest: str) -> None:
    """A file without an object version is delivered only while its object is unchanged."""
    if remembered != latest:
        raise StreamRefused("ETagMismatch", "The object was changed after the stream was made")


@rule(
    "STREAMS-ROLE-READS",
    source=GUIDE + ", Unauthorized: not authorized to access the data files in S3",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_role_without_the_right_to_read_is_refused",),
)
def role_may_read(role_arn: str, *, allowed: bool) -> None:
    """A stream's role may read its files."""
    if not allowed:
        raise StreamRefused("Unauthorized", f"{role_arn} is not authorized to read the stream's file from Amazon S3")
