"""The rules' view of S3, answered from moto's buckets. May import moto's S3 and the rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from moto.s3.models import s3_backends

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.s3_objects import S3Object

PARTITION = "aws"
_UNVERSIONED = "null"
_PATH_STYLE = re.compile(r"s3[.-].*amazonaws\.com|s3\.amazonaws\.com")
_VIRTUAL = re.compile(r"(?P<bucket>.+)\.s3[.-].*amazonaws\.com")


class MotoObjects:
    """The buckets of one account; every call looks the state up anew, since a reset replaces it."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    @property
    def _backend(self) -> Any:
        backends: Any = s3_backends
        return backends[self._account_id][PARTITION]

    def head(self, bucket: str, key: str, version: str | None = None) -> S3Object | None:
        """The object, the latest version unless one is named; None if it does not exist."""
        found = self._find(bucket, key, version)
        return None if found is None else _described(bucket, found)

    def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The whole data of an object; KeyError without such an object."""
        found = self._find(bucket, key, version)
        if found is None:
            raise KeyError(f"{bucket}/{key}")
        return bytes(found.value)

    def put(self, bucket: str, key: str, data: bytes) -> S3Object:
        """Write an object, as a new version where the bucket is versioned."""
        return _described(bucket, self._backend.put_object(bucket, key, data))

    def versioning(self, bucket: str) -> str | None:
        """Enabled, Suspended, empty text if never turned on; None if there is no such bucket."""
        found = self._backend.buckets.get(bucket)
        return None if found is None else str(found.versioning_status or "")

    def _find(self, bucket: str, key: str, version: str | None) -> Any:
        if bucket not in self._backend.buckets:
            return None
        return self._backend.get_object(bucket, key, version_id=version)


def _described(bucket: str, found: Any) -> S3Object:
    version = None if found.version_id == _UNVERSIONED else str(found.version_id)
    return S3Object(bucket, str(found.name), version, str(found.etag).strip('"'), int(found.size))


def fetch_from(objects: MotoObjects) -> Callable[[str], str]:
    """Reads a job's documentSource: the URL of an S3 object, in either style. Source: AWS API CreateJob."""

    def fetch(url: str) -> str:
        parts = urlsplit(url)
        path = unquote(parts.path).lstrip("/")
        virtual = _VIRTUAL.fullmatch(parts.netloc)
        bucket, _, key = path.partition("/") if _PATH_STYLE.fullmatch(parts.netloc) else ("", "", "")
        if virtual:
            bucket, key = virtual["bucket"], path
        if objects.head(bucket, key) is None:
            raise RuleViolation("InvalidRequestException", f"The document source {url} cannot be read")
        return objects.read(bucket, key).decode("utf-8", "replace")

    return fetch
