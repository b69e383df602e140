"""What S3 does and moto does not: names, defaults of new buckets, versions."""

from __future__ import annotations

import pytest
from cloud_account import Account, code_of
from ota_account import OtaAccount

pytest_plugins = ["cloud_fixtures"]
NAME = "ota-demo-bucket"
EVERYTHING_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@pytest.fixture
def ota(empty_account: Account) -> OtaAccount:
    return OtaAccount(empty_account)


def test_the_guides_bucket_name_is_refused(ota: OtaAccount) -> None:
    assert code_of(lambda: ota.make_bucket("ota_demo")) == ("InvalidBucketName", 400)


def test_a_new_bucket_blocks_all_public_access(ota: OtaAccount) -> None:
    ota.make_bucket(NAME, versioning="")
    s3 = ota.client("s3")
    assert s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"] == EVERYTHING_BLOCKED
    s3.delete_public_access_block(Bucket=NAME)
    assert code_of(lambda: s3.get_public_access_block(Bucket=NAME)) == ("NoSuchPublicAccessBlockConfiguration", 404)


def test_a_new_bucket_encrypts_with_keys_of_s3_also_after_its_own_setting_was_deleted(ota: OtaAccount) -> None:
    ota.make_bucket(NAME, versioning="")
    s3 = ota.client("s3")
    for _ in range(2):
        (rule,) = s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        s3.delete_bucket_encryption(Bucket=NAME)
    assert s3.put_object(Bucket=NAME, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_versioning_is_unset_until_it_is_set(ota: OtaAccount) -> None:
    ota.make_bucket(NAME, versioning="")
    s3 = ota.client("s3")
    assert "Status" not in s3.get_bucket_versioning(Bucket=NAME)
    assert "VersionId" not in s3.put_object(Bucket=NAME, Key="k", Body=b"1")
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    newer = s3.put_object(Bucket=NAME, Key="k", Body=b"22")["VersionId"]
    rows = s3.list_object_versions(Bucket=NAME)["Versions"]
    assert {(row["VersionId"], row["IsLatest"], row["Size"]) for row in rows} == {(newer, True, 2), ("null", False, 1)}


def test_a_bucket_tells_its_region(ota: OtaAccount) -> None:
    ota.make_bucket(NAME, versioning="")
    assert ota.client("s3").get_bucket_location(Bucket=NAME)["LocationConstraint"] == "eu-west-1"
    missing = code_of(lambda: ota.client("s3").get_bucket_location(Bucket="none-of-mine"))
    assert missing == ("NoSuchBucket", 404)
