"""OTA updates and streams through the AWS API, in-process and over HTTP."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from cloud_account import ONE_TRY, Account, code_of
from dataplane_registry import eventually
from ota_account import BUCKET, MANAGED, PREFIX, PROFILE, ROLE, OtaAccount, statement
from ota_update_world import CERTIFICATE_PATH, IMAGE

from dicfix.offline.faults import FaultKind

pytest_plugins = ["cloud_fixtures"]


@pytest.fixture
def ota(empty_account: Account) -> Iterator[OtaAccount]:
    account = OtaAccount(empty_account).prepare()
    yield account
    account.close()


def test_an_update_is_pending_first_and_complete_by_and_by(ota: OtaAccount) -> None:
    answer = ota.iot.create_ota_update(
        otaUpdateId="OTA_1", targets=[ota.thing()], files=[ota.sign_new()], roleArn=ota.role_arn, description="d"
    )
    assert answer["otaUpdateStatus"] == "CREATE_PENDING"
    assert answer["otaUpdateArn"] == "arn:aws:iot:eu-west-1:123456789012:otaupdate/OTA_1"
    info = eventually(lambda: ota.ended("OTA_1"))
    assert (info["otaUpdateStatus"], info["description"]) == ("CREATE_COMPLETE", "d")
    assert (info["protocols"], info["targetSelection"]) == (["MQTT"], "SNAPSHOT")
    assert info["awsIotJobId"] == "AFR_OTA-OTA_1"
    assert info["awsIotJobArn"].endswith(":job/AFR_OTA-OTA_1")
    (file,) = info["otaUpdateFiles"]
    signer_job = ota.client("signer").describe_signing_job(jobId=file["codeSigning"]["awsSignerJobId"])
    assert (signer_job["status"], signer_job["profileName"]) == ("Succeeded", PROFILE)


@pytest.mark.parametrize("way", ["sign_new", "signed_before", "signed_by_hand"])
def test_the_document_is_the_same_whatever_way_it_was_signed(ota: OtaAccount, way: str) -> None:
    info = ota.run("OTA_1", [ota.thing()], getattr(ota, way)())
    assert info["otaUpdateStatus"] == "CREATE_COMPLETE", info
    document = ota.document("OTA_1")
    (file,) = document["files"]
    assert document["protocols"] == ["MQTT"]
    assert document["streamname"].startswith("AFR_OTA-")
    assert (file["filepath"], file["filesize"], file["fileid"]) == ("file.txt", len(IMAGE), 0)
    assert file["certfile"] == CERTIFICATE_PATH
    assert base64.b64decode(file["sig-sha256-ecdsa"])[0] == 0x30
    assert (file["update_data_url"], file["auth_scheme"]) == (None, None)


def test_the_signed_object_is_the_older_version_and_the_raw_image_the_newer(ota: OtaAccount) -> None:
    ota.run("OTA_1", [ota.thing()])
    s3 = ota.client("s3")
    versions = s3.list_object_versions(Bucket=BUCKET, Prefix=PREFIX)["Versions"]
    newer, older = sorted(versions, key=lambda one: not one["IsLatest"])
    stream = ota.iot.describe_stream(streamId=ota.document("OTA_1")["streamname"])["streamInfo"]
    assert stream["files"] == [
        {"fileId": 0, "s3Location": {"bucket": BUCKET, "key": newer["Key"], "version": newer["VersionId"]}}
    ]
    raw = s3.get_object(Bucket=BUCKET, Key=newer["Key"], VersionId=newer["VersionId"])["Body"].read()
    signed = json.loads(s3.get_object(Bucket=BUCKET, Key=older["Key"], VersionId=older["VersionId"])["Body"].read())
    assert (raw, signed["rawPayloadSize"], signed["signatureAlgorithm"]) == (IMAGE, len(IMAGE), "SHA256withECDSA")


def test_an_unsigned_file_has_an_empty_signature(ota: OtaAccount) -> None:
    ota.run("OTA_1", [ota.thing()], {"fileName": "f", "fileLocation": ota.location()})
    (file,) = ota.document("OTA_1")["files"]
    assert file["sig--"] is None
    assert "certfile" not in file


def test_an_update_goes_to_several_things_and_groups(ota: OtaAccount) -> None:
    things = [ota.thing(name) for name in ("SQA_DIC_C2", "SQA_DIC_C3", "DIC_2")]
    ota.thing("DIC_3")
    ota.run("OTA_1", [*things, ota.group("g", "DIC_3", "DIC_2")])
    rows = ota.iot.list_job_executions_for_job(jobId="AFR_OTA-OTA_1")["executionSummaries"]
    names = {row["thingArn"].rpartition("/")[2] for row in rows}
    assert names == {"SQA_DIC_C2", "SQA_DIC_C3", "DIC_2", "DIC_3"}


def forbid(name: str) -> Callable[[OtaAccount], Any]:
    """Take an inline policy of the role away."""
    return lambda ota: ota.client("iam").delete_role_policy(RoleName=ROLE, PolicyName=name)


def trust_other(ota: OtaAccount) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
    ota.client("iam").update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))


def suspend(ota: OtaAccount) -> None:
    ota.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


BROKEN: dict[str, tuple[Callable[[OtaAccount], Any], str]] = {
    "the role may not read the bucket": (forbid("bucket"), "S3 object fw.gbl not accessible"),
    "the role may not be passed on": (forbid("pass"), "is not authorized to perform: iam:PassRole"),
    "the role lacks the managed policy": (
        lambda ota: ota.client("iam").detach_role_policy(RoleName=ROLE, PolicyArn=MANAGED),
        "is not authorized to perform: signer:StartSigningJob",
    ),
    "the role trusts another service": (trust_other, "is not authorized to perform: sts:AssumeRole"),
    "the role is not there": (
        lambda ota: setattr(ota, "role_arn", "arn:aws:iam::123456789012:role/none"),
        "is not authorized to perform: sts:AssumeRole",
    ),
    "the bucket has no versioning": (suspend, "does not have versioning enabled"),
    "the object is not there": (lambda ota: setattr(ota, "version", "none"), "S3 object fw.gbl not accessible"),
    "the profile was canceled": (
        lambda ota: ota.client("signer").cancel_signing_profile(profileName=PROFILE),
        f"Signing profile {PROFILE} is Canceled",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_update_fails_for_the_reason_that_it_has(ota: OtaAccount, case: str) -> None:
    break_it, reason = BROKEN[case]
    break_it(ota)
    assert reason in ota.failure("OTA_1", [ota.thing()])


def test_a_right_given_back_makes_the_next_update_succeed(ota: OtaAccount) -> None:
    forbid("bucket")(ota)
    assert "not accessible" in ota.failure("OTA_1", [ota.thing()])
    ota.allow(ROLE, "again", ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/*")
    assert ota.run("OTA_2", [ota.thing()])["otaUpdateStatus"] == "CREATE_COMPLETE"


def test_the_managed_policy_alone_reaches_a_bucket_named_afr_ota(ota: OtaAccount) -> None:
    forbid("bucket")(ota)
    ota.make_bucket("afr-ota-images")
    version = ota.client("s3").put_object(Bucket="afr-ota-images", Key="fw.gbl", Body=IMAGE)["VersionId"]
    file = ota.signed_by_hand()
    file["fileLocation"] = {"s3Location": {"bucket": "afr-ota-images", "key": "fw.gbl", "version": version}}
    assert ota.run("OTA_1", [ota.thing()], file)["otaUpdateStatus"] == "CREATE_COMPLETE"


REFUSED: dict[str, tuple[str, int, Callable[[OtaAccount], Any]]] = {
    "an id with a blank": ("InvalidRequestException", 400, lambda ota: ota.create("a b", [ota.thing()])),
    "a second update of the same id": (
        "ResourceAlreadyExistsException",
        409,
        lambda ota: [ota.create("OTA_1", [ota.thing()]), ota.create("OTA_1", [ota.thing()])],
    ),
    "a file without a location": (
        "InvalidRequestException",
        400,
        lambda ota: ota.create("OTA_1", [ota.thing()], {"fileName": "f"}),
    ),
    "reading an update that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.iot.get_ota_update(otaUpdateId="none"),
    ),
    "deleting an update that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.iot.delete_ota_update(otaUpdateId="none"),
    ),
    "deleting an update whose job runs": (
        "InvalidRequestException",
        400,
        lambda ota: [ota.run("OTA_1", [ota.thing()]), ota.iot.delete_ota_update(otaUpdateId="OTA_1")],
    ),
    "a stream of an object that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: stream(ota, key="none"),
    ),
    "a second stream of the same id": (
        "ResourceAlreadyExistsException",
        409,
        lambda ota: [stream(ota), stream(ota)],
    ),
    "describing a stream that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.iot.describe_stream(streamId="none"),
    ),
}


def stream(ota: OtaAccount, stream_id: str = "S1", key: str = "fw.gbl") -> dict[str, Any]:
    files = [{"fileId": 3, "s3Location": {"bucket": BUCKET, "key": key}}]
    answer: dict[str, Any] = ota.iot.create_stream(streamId=stream_id, files=files, roleArn=ota.role_arn)
    return answer


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_request_about_updates_and_streams_is_refused_with_awss_code(ota: OtaAccount, case: str) -> None:
    code, status, call = REFUSED[case]
    assert code_of(lambda: call(ota)) == (code, status)


def test_an_unknown_target_makes_the_update_fail(ota: OtaAccount) -> None:
    assert "does not exist" in ota.failure("OTA_1", ["arn:aws:iot:eu-west-1:123456789012:thing/none"])


def test_a_caller_without_pass_role_creates_no_update(ota: OtaAccount) -> None:
    iam = ota.client("iam")
    iam.create_user(UserName="operator")
    iam.put_user_policy(UserName="operator", PolicyName="iot", PolicyDocument=statement(["iot:*"], "*"))
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    operator = boto3.client("iot", config=ONE_TRY, **(ota.cloud.client_kwargs() | credentials))
    wanted = {"targets": [ota.thing()], "files": [ota.signed_by_hand()], "roleArn": ota.role_arn}
    refused = code_of(lambda: operator.create_ota_update(otaUpdateId="OTA_1", **wanted))
    assert refused == ("UnauthorizedException", 401)
    document = statement(["iam:PassRole"], ota.role_arn)
    iam.put_user_policy(UserName="operator", PolicyName="pass", PolicyDocument=document)
    assert operator.create_ota_update(otaUpdateId="OTA_1", **wanted)["otaUpdateStatus"] == "CREATE_PENDING"


def test_updates_are_listed_newest_first_by_pages_and_by_status(ota: OtaAccount) -> None:
    target = [ota.thing()]
    for number in range(3):
        ota.run(f"OTA_{number}", target, ota.signed_by_hand())
    ota.failure("OTA_3", ["arn:aws:iot:eu-west-1:123456789012:thing/none"], ota.signed_by_hand())
    pages = ota.iot.get_paginator("list_ota_updates").paginate(PaginationConfig={"PageSize": 3})
    assert [[row["otaUpdateId"] for row in page["otaUpdates"]] for page in pages] == [
        ["OTA_3", "OTA_2", "OTA_1"],
        ["OTA_0"],
    ]
    failed = ota.iot.list_ota_updates(otaUpdateStatus="CREATE_FAILED")["otaUpdates"]
    assert [row["otaUpdateId"] for row in failed] == ["OTA_3"]


def test_a_deleted_update_takes_its_job_and_stream_along_if_asked_to(ota: OtaAccount) -> None:
    ota.run("OTA_1", [ota.thing()])
    name = ota.document("OTA_1")["streamname"]
    ota.iot.delete_ota_update(otaUpdateId="OTA_1", deleteStream=True, forceDeleteAWSJob=True)
    gone = ("ResourceNotFoundException", 404)
    assert eventually(lambda: code_of(lambda: ota.iot.get_ota_update(otaUpdateId="OTA_1")) == gone)
    assert code_of(lambda: ota.iot.describe_stream(streamId=name)) == gone
    assert code_of(lambda: ota.iot.describe_job(jobId="AFR_OTA-OTA_1")) == gone


def test_deleting_one_update_of_many_is_as_quick_as_deleting_the_only_one(ota: OtaAccount) -> None:
    def seconds(update_id: str) -> float:
        began = time.process_time()
        ota.iot.delete_ota_update(otaUpdateId=update_id, deleteStream=True, forceDeleteAWSJob=True)
        ota.cloud.ota.settle()
        return time.process_time() - began

    target = [ota.thing()]
    ota.run("first", target, ota.signed_by_hand())
    alone = seconds("first")
    updates = ota.cloud.ota.updates
    wanted = {"targets": target, "roleArn": ota.role_arn, "files": [ota.signed_by_hand()], "protocols": ["MQTT"]}
    for number in range(150):
        updates.create({"otaUpdateId": f"OTA_{number}", **wanted})
    ota.cloud.ota.settle()
    assert seconds("OTA_75") < 5 * max(alone, 0.02)
    assert len(updates.updates) == 149


def test_a_stream_is_described_updated_listed_and_deleted(ota: OtaAccount) -> None:
    created = stream(ota)
    assert created["streamArn"] == "arn:aws:iot:eu-west-1:123456789012:stream/S1"
    stream(ota, "S2")
    ota.iot.update_stream(streamId="S1", description="second")
    found = ota.iot.describe_stream(streamId="S1")["streamInfo"]
    assert (found["streamVersion"], found["description"], found["roleArn"]) == (
        created["streamVersion"] + 1,
        "second",
        ota.role_arn,
    )
    pages = ota.iot.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1})
    assert [[row["streamId"] for row in page["streams"]] for page in pages] == [["S2"], ["S1"]]
    ota.iot.delete_stream(streamId="S1")
    assert [row["streamId"] for row in ota.iot.list_streams()["streams"]] == ["S2"]


def test_faults_strike_the_operations_on_updates(ota: OtaAccount) -> None:
    with ota.cloud.faults.inject("iot:CreateOTAUpdate", FaultKind.ACCESS_DENIED):
        assert code_of(lambda: ota.create("OTA_1", [ota.thing()])) == ("AccessDeniedException", 403)
    assert ota.create("OTA_1", [ota.thing()]) == "CREATE_PENDING"
