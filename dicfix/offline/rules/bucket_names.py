"""Names of S3 buckets. Pure standard library."""

from __future__ import annotations

import re

from dicfix.offline.rules import Level, RuleViolation, rule

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


@rule(
    "BUCKET-NAME",
    source="Amazon S3 user guide, General purpose bucket naming rules: 3 to 63 lower-case letters, digits, dots and "
    "hyphens; the guide's own ota_demo is therefore impossible (facts, moto 1.1)",
    level=Level.DOCUMENTED,
    held_by=("tests/test_rules_names.py::test_a_bucket_name_with_an_underscore_is_refused",),
)
def bucket_name(name: str) -> None:
    """A bucket name has 3 to 63 lower-case letters, digits, dots and hyphens."""
    if not _NAME.fullmatch(name) or ".." in name or _ADDRESS.fullmatch(name):
        raise RuleViolation("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
