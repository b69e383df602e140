"""moto's buckets as AWS makes them since 2023: public access blocked, encrypted with SSE-S3, ACLs off.

Named ``models`` because moto finds ``urls`` beside it by that name. Source: Amazon S3 user guide, "Blocking public
access", "Setting default server-side encryption behavior" and "Controlling ownership of objects".
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import PublicAccessBlock, S3Backend, s3_backends

__all__ = ["EmbeddedS3Backend", "s3_backends"]


def default_encryption() -> dict[str, Any]:
    """SSE-S3, as moto keeps a bucket's encryption."""
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}}


class EmbeddedS3Backend(S3Backend):
    """moto's backend with AWS's defaults."""

    def create_bucket(self, *arguments: Any, **members: Any) -> Any:
        bucket = super().create_bucket(*arguments, **members)
        bucket.public_access_block = PublicAccessBlock(True, True, True, True)
        bucket.encryption = default_encryption()
        return bucket

    def delete_bucket_encryption(self, bucket_name: str) -> None:
        self.get_bucket(bucket_name).encryption = default_encryption()
