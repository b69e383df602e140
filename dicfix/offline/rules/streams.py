"""AWS IoT streams: the iot operations on them in the shapes of the service model, and reading their blocks.

The clock is injected; objects and rights come from ports. Not thread-safe: callers hold one lock.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dicfix.offline.rules import Level, RuleViolation, rule
from dicfix.offline.rules.paging import TOKEN_DEFAULT, page
from dicfix.offline.rules.s3_objects import S3Objects
from dicfix.offline.rules.service_model import check_request
from dicfix.offline.rules.stream_requests import (
    TESTS,
    BlockRequest,
    StreamRefused,
    blocks_to_send,
    etag_is_unchanged,
    file_is_known,
    role_may_read,
    version_is_latest,
)

FIRST_VERSION = 1
FILE_BYTES_AT_MOST = 24 * 1024 * 1024
_CACHED_FILES = 8
Answer = dict[str, Any]
MayRead = Callable[[str, str, str], bool]
"""May this role (ARN) read that bucket's key?"""


@dataclass(frozen=True, slots=True)
class StreamFile:
    """A file of a stream: where it lies and what the object's ETag was."""

    file_id: int
    bucket: str
    key: str
    version: str | None
    etag: str

    def answer(self) -> Answer:
        """``StreamFile`` of the service model."""
        location = {"bucket": self.bucket, "key": self.key}
        return {
            "fileId": self.file_id,
            "s3Location": location | ({"version": self.version} if self.version else {}),
        }


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream; times are seconds since the epoch."""

    stream_id: str
    arn: str
    serial: int
    version: int
    files: Mapping[int, StreamFile]
    role_arn: str
    description: str | None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a file as it is delivered."""

    file_id: int
    block_id: int
    payload: bytes


@rule(
    "STREAMS-ID-ONCE",
    source="the service model of iot, CreateStream: ResourceAlreadyExistsException",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_second_stream_of_the_same_id_is_refused",),
)
def id_is_free(stream_id: str, existing_arn: str | None) -> None:
    """A stream ID is used once."""
    if existing_arn is not None:
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            f"Stream {stream_id} already exists",
            resourceId=stream_id,
            resourceArn=existing_arn,
        )


@rule(
    "STREAMS-FILE-IDS-DIFFER",
    source="the service model of iot, StreamFile fileId; that a repeated one is refused is assumed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_two_files_of_one_id_are_refused",),
)
def file_ids_differ(file_ids: list[int]) -> None:
    """The files of a stream have different file IDs."""
    if len(set(file_ids)) != len(file_ids):
        raise RuleViolation("InvalidRequestException", "Two files of the stream have the same fileId")


@rule(
    "STREAMS-OBJECT-EXISTS",
    source="the service model of iot, CreateStream declares ResourceNotFoundException",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_a_stream_of_an_object_that_is_not_there_is_refused",),
)
def object_exists(place: str, *, found: bool) -> None:
    """The object of a stream's file exists when the stream is made."""
    if not found:
        raise RuleViolation("ResourceNotFoundException", f"S3 object {place} does not exist")


@rule(
    "STREAMS-FILE-24-MB",
    source="developer guide, mqtt-based-file-delivery: the 24 MB stream file size limit",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_stream_file_has_at_most_24_mb",),
)
def file_is_small_enough(size_bytes: int) -> None:
    """A stream's file has at most 24 MB."""
    if size_bytes > FILE_BYTES_AT_MOST:
        raise RuleViolation("LimitExceededException", f"The file has {size_bytes} bytes; 24 MB are the limit")


class Streams:
    """All streams of one account and Region; ``home`` is ``aws:iot:<region>:<account>``."""

    def __init__(
        self,
        home: str,
        clock: Callable[[], float],
        objects: S3Objects,
        may_read: MayRead = lambda _role, _bucket, _key: True,
    ) -> None:
        self.home = home
        self.clock = clock
        self.objects = objects
        self.may_read = may_read
        self.streams: dict[str, Stream] = {}
        self._serial = itertools.count(1)
        self._data: OrderedDict[tuple[str, str, str | None, str], bytes] = OrderedDict()

    def create(self, request: Mapping[str, Any]) -> Answer:
        """CreateStream."""
        check_request("iot", "CreateStream", request)
        stream_id = request["streamId"]
        known = self.streams.get(stream_id)
        id_is_free(stream_id, known.arn if known else None)
        now = self.clock()
        stream = Stream(
            stream_id,
            f"arn:{self.home}:stream/{stream_id}",
            next(self._serial),
            FIRST_VERSION,
            self._files(request["files"]),
            request["roleArn"],
            request.get("description"),
            now,
            now,
        )
        self.streams[stream_id] = stream
        return _summary(stream)

    def update(self, request: Mapping[str, Any]) -> Answer:
        """UpdateStream; the version grows by one."""
        check_request("iot", "UpdateStream", request)
        stream = self.stream(request["streamId"])
        self.streams[stream.stream_id] = changed = replace(
            stream,
            version=stream.version + 1,
            files=self._files(request["files"]) if request.get("files") else stream.files,
            role_arn=request.get("roleArn") or stream.role_arn,
            description=request.get("description", stream.description),
            updated_at=self.clock(),
        )
        return _summary(changed)

    def describe(self, request: Mapping[str, Any]) -> Answer:
        """DescribeStream."""
        stream = self.stream(request["streamId"])
        return {
            "streamInfo": {
                **_summary(stream),
                "files": [file.answer() for file in stream.files.values()],
                "createdAt": stream.created_at,
                "lastUpdatedAt": stream.updated_at,
                "roleArn": stream.role_arn,
            }
        }

    def listed(self, request: Mapping[str, Any]) -> Answer:
        """ListStreams, the newest first unless ascendingOrder."""
        check_request("iot", "ListStreams", request)
        chosen, token = page(
            list(self.streams.values()),
            lambda stream: stream.serial,
            operation="ListStreams",
            marker=request.get("nextToken"),
            size=request.get("maxResults") or TOKEN_DEFAULT,
            ascending=bool(request.get("ascendingOrder")),
        )
        return {"streams": [_summary(stream) for stream in chosen]} | ({"nextToken": token} if token else {})

    def delete(self, request: Mapping[str, Any]) -> Answer:
        """DeleteStream."""
        del self.streams[self.stream(request["streamId"]).stream_id]
        return {}

    def stream(self, stream_id: str) -> Stream:
        """The stream; ResourceNotFoundException without one."""
        stream = self.streams.get(stream_id)
        if stream is None:
            raise RuleViolation("ResourceNotFoundException", f"Stream {stream_id} does not exist")
        return stream

    def for_device(self, stream_id: str) -> Stream:
        """The stream as a device asks for it; ResourceNotFound without one."""
        stream = self.streams.get(stream_id)
        if stream is None:
            raise StreamRefused("ResourceNotFound", f"Stream {stream_id} does not exist")
        return stream

    def sizes(self, stream: Stream) -> dict[int, int]:
        """The size of each file in bytes, by file ID."""
        return {file.file_id: len(self._contents(stream, file)) for file in stream.files.values()}

    def blocks(self, stream: Stream, request: BlockRequest) -> list[Block]:
        """The blocks that answer a request; StreamRefused with the service's code if there are none to give."""
        version_is_latest(request.version, stream.version)
        file = stream.files.get(request.file_id)
        file_is_known(request.file_id, known=file is not None)
        if file is None:
            return []
        data, size = self._contents(stream, file), request.block_bytes
        return [
            Block(file.file_id, block, data[block * size : (block + 1) * size])
            for block in blocks_to_send(request, len(data))
        ]

    def _contents(self, stream: Stream, file: StreamFile) -> bytes:
        role_may_read(stream.role_arn, allowed=self.may_read(stream.role_arn, file.bucket, file.key))
        place = (file.bucket, file.key, file.version, file.etag)
        if file.version is None or place not in self._data:
            head = self.objects.head(file.bucket, file.key, file.version)
            if head is None:
                raise StreamRefused("ResourceNotFound", "The stream's file does not exist any more")
            etag_is_unchanged(file.etag, head.etag)
        if place not in self._data:
            self._data[place] = self.objects.read(file.bucket, file.key, file.version)
            if len(self._data) > _CACHED_FILES:
                self._data.popitem(last=False)
        return self._data[place]

    def _files(self, asked: list[Mapping[str, Any]]) -> Mapping[int, StreamFile]:
        file_ids = [entry.get("fileId", 0) for entry in asked]
        file_ids_differ(file_ids)
        return {file_id: self._file(file_id, entry) for file_id, entry in zip(file_ids, asked, strict=True)}

    def _file(self, file_id: int, entry: Mapping[str, Any]) -> StreamFile:
        location = entry.get("s3Location") or {}
        bucket, key, version = location.get("bucket", ""), location.get("key", ""), location.get("version")
        head = self.objects.head(bucket, key, version)
        object_exists(f"{bucket}/{key}", found=head is not None)
        file_is_small_enough(head.size_bytes if head else 0)
        return StreamFile(file_id, bucket, key, version, head.etag if head else "")


def _summary(stream: Stream) -> Answer:
    answer = {"streamId": stream.stream_id, "streamArn": stream.arn, "streamVersion": stream.version}
    return answer | ({"description": stream.description} if stream.description is not None else {})
