"""S3 objects as the OTA services see them: a port that the embedded cloud answers, and one in memory for tests."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class S3Object:
    """One object version without its data."""

    bucket: str
    key: str
    version: str | None
    etag: str
    size_bytes: int


class S3Objects(Protocol):
    """Buckets and objects, without rights: those are judged by rules before."""

    def head(self, bucket: str, key: str, version: str | None = None) -> S3Object | None:
        """The object, the latest version unless one is named; None if it does not exist."""

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The whole data of an object that exists."""

    def put(self, bucket: str, key: str, data: bytes) -> S3Object:
        """Write an object, as a new version where the bucket is versioned."""

    def versioning(self, bucket: str) -> str | None:
        """Enabled, Suspended, empty text if never turned on; None if there is no such bucket."""


@dataclass(slots=True)
class MemoryObjects:
    """S3 in memory; ``buckets`` maps a bucket's name to its versioning status."""

    buckets: dict[str, str] = field(default_factory=dict)
    _objects: dict[tuple[str, str], list[tuple[S3Object, bytes]]] = field(default_factory=dict)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def head(self, bucket: str, key: str, version: str | None = None) -> S3Object | None:
        """The object, the latest version unless one is named."""
        found = self._find(bucket, key, version)
        return found[0] if found else None

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The data; KeyError without such an object."""
        found = self._find(bucket, key, version)
        if found is None:
            raise KeyError(f"{bucket}/{key}")
        return found[1]

    def put(self, bucket: str, key: str, data: bytes) -> S3Object:
        """Write an object."""
        versioned = self.buckets[bucket] == "Enabled"
        etag = hashlib.sha256(data).hexdigest()[:32]
        entry = S3Object(bucket, key, f"v{next(self._serial)}" if versioned else None, etag, len(data))
        earlier = self._objects.get((bucket, key), []) if versioned else []
        self._objects[(bucket, key)] = [*earlier, (entry, data)]
        return entry

    def remove(self, bucket: str, key: str) -> None:
        """Take an object away with all its versions."""
        self._objects.pop((bucket, key), None)

    def versioning(self, bucket: str) -> str | None:
        """The bucket's versioning status."""
        return self.buckets.get(bucket)

    def _find(self, bucket: str, key: str, version: str | None) -> tuple[S3Object, bytes] | None:
        entries = self._objects.get((bucket, key), [])
        fitting = [entry for entry in entries if version is None or entry[0].version == version]
        return fitting[-1] if fitting else None
