"""The bucket of OTA images in S3: its reads, what PRE-1 asks of it, the upload of step 11, and its removal.

May import ``ota_records``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dicfix.aws.answers import tried, unless_absent
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused
from dicfix.ota_records import PUBLIC_ACCESS_BLOCKS, Bucket

_NO_BUCKET = ("NoSuchBucket", "404")
_NO_VERSION = "null"
"""What S3 calls the version of an object that was written without versioning."""
_US_EAST_1 = "us-east-1"
_DELETED_AT_ONCE = 1000
"""How many object versions DeleteObjects takes. Source: S3 API, DeleteObjects."""


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of an object; ``version`` is empty in a bucket that keeps none."""

    bucket: str
    key: str
    version: str


def read_bucket(session: AwsSession, name: str) -> Bucket | None:
    """The bucket of this name, or None. Source: PRE-1; S3 GetBucketLocation and the bucket's other Get operations."""
    region = unless_absent(lambda: _region(session, name), _NO_BUCKET)
    if region is None:
        return None
    return Bucket(
        name,
        region,
        tried("s3:GetBucketVersioning", lambda: _versioning(session, name)),
        tried("s3:GetPublicAccessBlock", lambda: _public_access_block(session, name)),
    )


def _region(session: AwsSession, name: str) -> str:
    location = session.call("s3", "GetBucketLocation", Bucket=name).get("LocationConstraint")
    return {"": _US_EAST_1, "EU": "eu-west-1"}.get(location or "", str(location))


def _versioning(session: AwsSession, name: str) -> str:
    return str(session.call("s3", "GetBucketVersioning", Bucket=name).get("Status", ""))


def _public_access_block(session: AwsSession, name: str) -> dict[str, bool]:
    answer = unless_absent(
        lambda: session.call("s3", "GetPublicAccessBlock", Bucket=name), ("NoSuchPublicAccessBlockConfiguration",)
    )
    return dict(answer["PublicAccessBlockConfiguration"]) if answer else {}


def create_bucket(session: AwsSession, name: str) -> None:
    """Create a bucket in the session's Region. Source: PRE-1; S3 CreateBucket."""
    place: dict[str, Any] = {}
    if session.region != _US_EAST_1:
        place["CreateBucketConfiguration"] = {"LocationConstraint": session.region}
    session.call("s3", "CreateBucket", Bucket=name, **place)


def set_versioning(session: AwsSession, name: str, status: str) -> None:
    """Set a bucket's versioning to Enabled or Suspended. Source: PRE-1; S3 PutBucketVersioning."""
    session.call("s3", "PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": status})


def block_public_access(session: AwsSession, name: str) -> None:
    """Block every kind of public access. Source: PRE-1; S3 PutPublicAccessBlock."""
    session.call(
        "s3",
        "PutPublicAccessBlock",
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(PUBLIC_ACCESS_BLOCKS, True),
    )


def upload(session: AwsSession, bucket: str, key: str, data: bytes) -> ObjectVersion:
    """Write an object and give the version that it became. Source: OTA-11; S3 PutObject."""
    answer = session.call("s3", "PutObject", Bucket=bucket, Key=key, Body=data)
    return ObjectVersion(bucket, key, str(answer.get("VersionId", "")))


def size_of(session: AwsSession, place: ObjectVersion) -> int | None:
    """The size in bytes of that version of the object, None where there is none. Source: S3 ListObjectVersions.

    The listing is asked and not the object, so that nobody needs the right to read images.
    """
    rows = unless_absent(lambda: list(_listed(session, place.bucket, place.key)), _NO_BUCKET) or []
    wanted = place.version or _NO_VERSION
    found = (row for row in rows if row["Key"] == place.key and row.get("VersionId", _NO_VERSION) == wanted)
    return next((int(row["Size"]) for row in found if "Size" in row), None)


def object_versions(session: AwsSession, bucket: str, prefix: str) -> Iterator[ObjectVersion]:
    """Every version and delete marker of the keys that begin with ``prefix``. Source: S3 ListObjectVersions."""
    for row in _listed(session, bucket, prefix):
        yield ObjectVersion(bucket, row["Key"], row.get("VersionId", ""))


def _listed(session: AwsSession, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    marker: dict[str, str] = {}
    while True:
        answer = session.call("s3", "ListObjectVersions", Bucket=bucket, Prefix=prefix, **marker)
        yield from (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ()))
        if not answer.get("IsTruncated"):
            return
        marker = {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer.get("NextVersionIdMarker", "")}


def delete_objects(session: AwsSession, bucket: str, prefix: str) -> None:
    """Delete every version of the keys that begin with ``prefix``. Source: S3 DeleteObjects."""
    found = list(object_versions(session, bucket, prefix))
    for start in range(0, len(found), _DELETED_AT_ONCE):
        rows = [
            {"Key": one.key} | ({"VersionId": one.version} if one.version else {})
            for one in found[start : start + _DELETED_AT_ONCE]
        ]
        answer = session.call("s3", "DeleteObjects", Bucket=bucket, Delete={"Objects": rows, "Quiet": True})
        for error in answer.get("Errors", ()):
            raise AwsRefused("s3:DeleteObjects", error.get("Code", "Unknown"), error.get("Message", ""))


def delete_bucket(session: AwsSession, name: str) -> None:
    """Delete a bucket, which S3 allows only when it is empty."""
    session.call("s3", "DeleteBucket", Bucket=name)
