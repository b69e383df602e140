"""How the bucket of OTA images is kept (encryption, policy, lifecycle), and who else may sign with its profile.

Reads only. May import ``account_records``. Source: S3 GetBucketEncryption and the like, Signer ListProfilePermissions.
"""

from __future__ import annotations

from typing import Any

from dicfix.account_records import BucketProtection, SigningPermission
from dicfix.aws.answers import tried, unless_absent
from dicfix.aws.session import AwsSession

_NO_BUCKET = ("NoSuchBucket", "404")
_NO_ENCRYPTION = ("ServerSideEncryptionConfigurationNotFoundError",)
_NO_POLICY = ("NoSuchBucketPolicy",)
_NO_LIFECYCLE = ("NoSuchLifecycleConfiguration",)
_NO_PROFILE = ("ResourceNotFoundException",)


def read_bucket_protection(session: AwsSession, name: str) -> BucketProtection | None:
    """Encryption, policy and lifecycle of a bucket, or None without such a bucket."""
    if unless_absent(lambda: session.call("s3", "GetBucketLocation", Bucket=name), _NO_BUCKET) is None:
        return None
    return BucketProtection(
        name,
        tried("s3:GetBucketEncryption", lambda: _encryption(session, name)),
        tried("s3:GetBucketPolicy", lambda: _policy(session, name)),
        tried("s3:GetBucketLifecycleConfiguration", lambda: _noncurrent_days(session, name)),
    )


def _encryption(session: AwsSession, name: str) -> str:
    answer = unless_absent(lambda: session.call("s3", "GetBucketEncryption", Bucket=name), _NO_ENCRYPTION)
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else ()
    chosen = (one["ApplyServerSideEncryptionByDefault"] for one in rules if "ApplyServerSideEncryptionByDefault" in one)
    return next((str(one["SSEAlgorithm"]) for one in chosen), "")


def _policy(session: AwsSession, name: str) -> str:
    answer = unless_absent(lambda: session.call("s3", "GetBucketPolicy", Bucket=name), _NO_POLICY)
    return str(answer["Policy"]) if answer else ""


def _noncurrent_days(session: AwsSession, name: str) -> tuple[int, ...]:
    answer = unless_absent(lambda: session.call("s3", "GetBucketLifecycleConfiguration", Bucket=name), _NO_LIFECYCLE)
    rules = [one for one in answer["Rules"] if one["Status"] == "Enabled"] if answer else []
    expiring = [one["NoncurrentVersionExpiration"] for one in rules if "NoncurrentVersionExpiration" in one]
    return tuple(int(one["NoncurrentDays"]) for one in expiring if "NoncurrentDays" in one)


def read_signing_permissions(session: AwsSession, profile: str) -> tuple[SigningPermission, ...]:
    """Who else may use a signing profile, and for what; empty without such a profile."""
    found: list[SigningPermission] = []
    more: dict[str, str] = {}
    while True:
        answer: dict[str, Any] | None = unless_absent(
            lambda given=dict(more): session.call("signer", "ListProfilePermissions", profileName=profile, **given),  # type: ignore[misc]
            _NO_PROFILE,
        )
        rows = answer.get("permissions", ()) if answer else ()
        found += [SigningPermission(str(row.get("principal", "")), str(row.get("action", ""))) for row in rows]
        if not answer or not answer.get("nextToken"):
            return tuple(found)
        more = {"nextToken": answer["nextToken"]}
