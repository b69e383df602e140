"""OTA updates: the way to CREATE_COMPLETE for each way to sign, every reason for CREATE_FAILED, and deletion."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from ota_update_world import (
    BUCKET,
    BUCKET_RIGHTS,
    CERTIFICATE_PATH,
    IMAGE,
    MANAGED,
    PASS_ROLE,
    PROFILE,
    TRUST,
    UUID,
    OtaWorld,
)
from ota_world import ACCOUNT, HOME, ROLE, START_S
from signing_world import acm_arn, ecdsa_key

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.iam_rights import RoleRights
from dicfix.offline.rules.stream_requests import block_request

FIRST_STREAM = f"AFR_OTA-{UUID}1"


def refused(world: OtaWorld, request: dict[str, Any], **members: Any) -> RuleViolation:
    with pytest.raises(RuleViolation) as caught:
        world.updates.create(request, **members)
    return caught.value


def error_of(info: dict[str, Any]) -> dict[str, str]:
    assert info["otaUpdateStatus"] == "CREATE_FAILED"
    assert "awsIotJobId" not in info
    error: dict[str, str] = info["errorInfo"]
    return error


def streamed(world: OtaWorld, stream_id: str = FIRST_STREAM) -> bytes:
    stream = world.streams.for_device(stream_id)
    request = block_request({"f": 0, "l": 131072, "n": 1})
    return b"".join(block.payload for block in world.streams.blocks(stream, request))


def test_an_update_is_pending_then_in_progress_then_complete() -> None:
    world = OtaWorld()
    answer = world.updates.create(world.request())
    assert answer == {
        "otaUpdateId": "OTA_1",
        "otaUpdateArn": f"arn:{HOME}:otaupdate/OTA_1",
        "otaUpdateStatus": "CREATE_PENDING",
    }
    seen = [world.info()["otaUpdateStatus"]]
    while world.updates.run_due():
        seen.append(world.info()["otaUpdateStatus"])
    assert seen == ["CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    info = world.info()
    assert (info["awsIotJobId"], info["awsIotJobArn"]) == ("AFR_OTA-OTA_1", f"arn:{HOME}:job/AFR_OTA-OTA_1")
    assert (info["creationDate"], info["protocols"], info["targetSelection"]) == (START_S, ["MQTT"], "SNAPSHOT")


def test_a_file_signed_by_hand_gives_the_documented_job_document() -> None:
    world = OtaWorld()
    file = world.signed_by_hand() | {"fileType": 0}
    world.run(file)
    text = file["codeSigning"]["customCodeSigning"]["signature"]["inlineDocument"].decode()
    assert world.job_document() == {
        "afr_ota": {
            "protocols": ["MQTT"],
            "streamname": FIRST_STREAM,
            "files": [
                {
                    "filepath": "file.txt",
                    "filesize": len(IMAGE),
                    "fileid": 0,
                    "certfile": CERTIFICATE_PATH,
                    "fileType": 0,
                    "update_data_url": None,
                    "auth_scheme": None,
                    "sig-sha256-ecdsa": text,
                }
            ],
        }
    }
    assert streamed(world) == IMAGE
    assert world.streams.stream(FIRST_STREAM).files[0].version == world.source.version
    assert len(FIRST_STREAM) == 44


def test_a_file_signed_by_a_profile_is_signed_really_and_copied_over_the_signed_object() -> None:
    world = OtaWorld()
    world.add_profile()
    info = world.run(world.signed_by_profile())
    assert info["otaUpdateStatus"] == "CREATE_COMPLETE"
    signing = info["otaUpdateFiles"][0]["codeSigning"]
    job_id = signing["awsSignerJobId"]
    assert signing["customCodeSigning"] == {}
    (file,) = world.job_document()["afr_ota"]["files"]
    assert (file["certfile"], file["filesize"]) == (CERTIFICATE_PATH, len(IMAGE))
    ecdsa_key().public_key().verify(base64.b64decode(file["sig-sha256-ecdsa"]), IMAGE, ec.ECDSA(hashes.SHA256()))
    placed = world.streams.stream(FIRST_STREAM).files[0]
    assert placed.key == f"SignedImages/{job_id}"
    assert streamed(world) == IMAGE
    signed = world.signing.job(job_id)
    assert b'"signature"' in world.objects.read(BUCKET, placed.key, signed.signed_version)


def test_an_update_made_again_under_its_name_is_signed_anew() -> None:
    world = OtaWorld()
    world.add_profile()
    first = world.run(world.signed_by_profile())["otaUpdateFiles"][0]["codeSigning"]["awsSignerJobId"]
    world.updates.delete({"otaUpdateId": "OTA_1", "deleteStream": True, "forceDeleteAWSJob": True})
    world.updates.settle()
    world.objects.remove(BUCKET, f"SignedImages/{first}")
    again = world.run(world.signed_by_profile())
    assert again["otaUpdateStatus"] == "CREATE_COMPLETE"
    assert again["otaUpdateFiles"][0]["codeSigning"]["awsSignerJobId"] != first


def test_a_previous_signing_job_is_used_as_often_as_wanted() -> None:
    world = OtaWorld()
    world.add_profile()
    file = world.signed_before()
    for number, update_id in enumerate(("OTA_1", "OTA_2"), 1):
        assert world.run(file, update_id)["otaUpdateStatus"] == "CREATE_COMPLETE"
        assert "sig-sha256-ecdsa" in world.job_document(update_id)["afr_ota"]["files"][0]
        assert streamed(world, f"AFR_OTA-{UUID}{number}") == IMAGE


def test_a_detached_signature_gives_the_same_image() -> None:
    world = OtaWorld()
    world.add_profile(platformId="AWSIoTDeviceManagement-SHA256-ECDSA")
    assert world.run(world.signed_by_profile())["otaUpdateStatus"] == "CREATE_COMPLETE"
    assert streamed(world) == IMAGE


def test_a_profile_can_be_made_by_the_update_itself() -> None:
    world = OtaWorld()
    parameter = {
        "certificateArn": acm_arn("ecdsa"),
        "platform": "AmazonFreeRTOS-Default",
        "certificatePathOnDevice": "/other.crt",
    }
    world.run(world.signed_by_profile(signingProfileParameter=parameter))
    assert world.job_document()["afr_ota"]["files"][0]["certfile"] == "/other.crt"
    assert world.signing.get_profile({"profileName": PROFILE})["status"] == "Active"


def test_an_unsigned_file_has_an_empty_signature_key_and_no_certificate() -> None:
    world = OtaWorld()
    world.run({"fileLocation": world.location()})
    (file,) = world.job_document()["afr_ota"]["files"]
    assert file == {
        "filepath": None,
        "filesize": len(IMAGE),
        "fileid": 0,
        "update_data_url": None,
        "auth_scheme": None,
        "sig--": None,
    }


def test_the_hash_algorithm_is_taken_as_it_is_spelt() -> None:
    world = OtaWorld()
    world.run(world.signed_by_hand(hashAlgorithm="SHA-256"))
    (file,) = world.job_document()["afr_ota"]["files"]
    assert "sig-sha-256-ecdsa" in file
    assert "sig-sha256-ecdsa" not in file


def test_an_rsa_profile_with_sha1_gives_its_own_signature_key() -> None:
    world = OtaWorld()
    world.add_profile(certificate="rsa", platformId="AmazonFreeRTOS-TI-CC3220SF")
    world.run(world.signed_by_profile())
    assert "sig-sha1-rsa" in world.job_document()["afr_ota"]["files"][0]


def test_a_users_own_stream_is_used() -> None:
    world = OtaWorld()
    world.stream_of(IMAGE, "MY_STREAM")
    file = {"fileName": "f", "fileLocation": {"stream": {"streamId": "MY_STREAM", "fileId": 0}}}
    world.run(file)
    body = world.job_document()["afr_ota"]
    assert (body["streamname"], body["files"][0]["filesize"]) == ("MY_STREAM", len(IMAGE))
    assert list(world.streams.streams) == ["MY_STREAM"]


def test_a_stream_that_does_not_exist_fails_the_update() -> None:
    world = OtaWorld()
    file = {"fileName": "f", "fileLocation": {"stream": {"streamId": "NONE", "fileId": 0}}}
    assert "ResourceNotFoundException" in error_of(world.run(file))["message"]


def test_over_http_the_document_has_a_url_and_no_stream() -> None:
    world = OtaWorld()
    world.run(protocols=["HTTP"])
    body = world.job_document()["afr_ota"]
    assert "streamname" not in body
    assert body["files"][0]["auth_scheme"] == "aws.s3.presigned"
    assert body["files"][0]["update_data_url"].startswith(f"https://{BUCKET}.s3.amazonaws.com/fw.gbl")


def test_the_job_reaches_the_targets_with_the_updates_settings() -> None:
    world = OtaWorld(groups={"G": ["T2", "T3"]})
    world.run(
        targets=[world.thing_arn("T1"), world.group_arn("G")],
        targetSelection="CONTINUOUS",
        description="winter",
        awsJobTimeoutConfig={"inProgressTimeoutInMinutes": 30},
        awsJobAbortConfig={
            "abortCriteriaList": [
                {
                    "failureType": "FAILED",
                    "action": "CANCEL",
                    "thresholdPercentage": 50.0,
                    "minNumberOfExecutedThings": 2,
                }
            ]
        },
    )
    job = world.jobs.describe({"jobId": "AFR_OTA-OTA_1"})["job"]
    assert (job["targetSelection"], job["description"]) == ("CONTINUOUS", "winter")
    assert job["timeoutConfig"] == {"inProgressTimeoutInMinutes": 30}
    assert len(job["abortConfig"]["criteriaList"]) == 1
    assert [e.thing_name for e in world.book.of_job("AFR_OTA-OTA_1")] == ["T1", "T2", "T3"]


def test_a_second_update_of_the_same_id_is_refused() -> None:
    world = OtaWorld()
    world.run()
    error = refused(world, world.request())
    assert (error.code, error.extra["resourceId"]) == ("ResourceAlreadyExistsException", "OTA_1")


def test_a_name_with_a_blank_or_without_files_is_refused_by_the_service_model() -> None:
    world = OtaWorld()
    assert refused(world, world.request(update_id="OTA demo")).code == "InvalidRequestException"
    assert refused(world, world.request(files=[])).code == "InvalidRequestException"
    assert refused(world, world.request(protocols=["FTP"])).code == "InvalidRequestException"


def test_a_target_that_is_a_certificate_is_refused() -> None:
    world = OtaWorld()
    request = world.request(targets=[f"arn:{HOME}:cert/{'a' * 64}"])
    assert refused(world, request).code == "InvalidRequestException"


def test_a_caller_who_may_not_pass_the_role_is_refused() -> None:
    world = OtaWorld()
    assert refused(world, world.request(), caller_may_pass_role=False).code == "UnauthorizedException"


@pytest.mark.parametrize("seconds", [59, 3601])
def test_presigned_urls_last_60_to_3600_seconds(seconds: int) -> None:
    world = OtaWorld()
    request = world.request(awsJobPresignedUrlConfig={"expiresInSec": seconds})
    assert refused(world, request).code == "InvalidRequestException"


def test_two_ways_to_sign_one_file_are_refused() -> None:
    world = OtaWorld()
    file = world.signed_by_hand()
    file["codeSigning"]["awsSignerJobId"] = "x"
    assert refused(world, world.request(file)).code == "InvalidRequestException"


def test_a_file_without_a_location_is_refused() -> None:
    world = OtaWorld()
    file = {**world.signed_by_hand(), "fileLocation": {}}
    assert refused(world, world.request(file)).code == "InvalidRequestException"


def with_role(world: OtaWorld, *policies: dict[str, Any], trust: dict[str, Any] = TRUST) -> OtaWorld:
    world.roles[ROLE] = RoleRights(ROLE, trust, policies)
    return world


def test_a_role_that_does_not_trust_iot_fails_the_update() -> None:
    other = {**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}  # type: ignore[dict-item]
    world = with_role(OtaWorld(), MANAGED, PASS_ROLE, BUCKET_RIGHTS, trust={"Statement": [other]})
    error = error_of(world.run())
    assert error["code"] == "AccessDeniedException"
    assert "sts:AssumeRole" in error["message"]


def test_a_trust_for_another_account_fails_the_update() -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "210987654321"}}
    other = {**TRUST["Statement"][0], "Condition": condition}  # type: ignore[dict-item]
    world = with_role(OtaWorld(), MANAGED, PASS_ROLE, BUCKET_RIGHTS, trust={"Statement": [other]})
    assert "sts:AssumeRole" in error_of(world.run())["message"]


def test_a_role_that_does_not_exist_fails_the_update() -> None:
    world = OtaWorld()
    info = world.run(roleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
    assert "role/none" in error_of(info)["message"]


def test_a_role_without_pass_role_fails_the_update() -> None:
    world = with_role(OtaWorld(), MANAGED, BUCKET_RIGHTS)
    error = error_of(world.run())
    assert error["code"] == "AWSIotException"
    assert error["message"].startswith(
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/ota_demo/ota-update is not authorized to perform: "
        f"iam:PassRole on resource: {ROLE} (Service: AWSIot; Status Code: 403"
    )


@pytest.mark.parametrize("action", ["iot:CreateStream", "iot:CreateJob", "signer:StartSigningJob"])
def test_a_role_without_a_right_of_iot_or_signer_fails_the_update(action: str) -> None:
    denied = {"Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    world = with_role(OtaWorld(), MANAGED, PASS_ROLE, BUCKET_RIGHTS, denied)
    world.add_profile()
    assert f"perform: {action}" in error_of(world.run(world.signed_by_profile()))["message"]


@pytest.mark.parametrize("way", ["signed_by_profile", "signed_by_hand"])
def test_a_role_without_rights_on_the_bucket_fails_the_update(way: str) -> None:
    world = with_role(OtaWorld(), MANAGED, PASS_ROLE)
    world.add_profile()
    error = error_of(world.run(getattr(world, way)()))
    assert error["code"] == "AccessDeniedException"
    assert error["message"].startswith("S3 object fw.gbl not accessible. Please check your permissions")


def test_a_bucket_named_afr_ota_needs_no_rights_of_its_own() -> None:
    world = with_role(OtaWorld(), MANAGED, PASS_ROLE)
    placed = world.objects.put("afr-ota-images", "fw.gbl", IMAGE)
    file = world.signed_by_hand()
    file["fileLocation"] = world.location(bucket="afr-ota-images", version=placed.version)
    assert world.run(file)["otaUpdateStatus"] == "CREATE_COMPLETE"


def test_a_role_that_may_not_write_fails_an_update_that_signs_and_not_one_signed_by_hand() -> None:
    denied = {"Statement": [{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}]}
    world = with_role(OtaWorld(), MANAGED, PASS_ROLE, BUCKET_RIGHTS, denied)
    world.add_profile()
    assert error_of(world.run(world.signed_by_profile()))["code"] == "AccessDeniedException"
    assert world.run(update_id="OTA_2")["otaUpdateStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize("status", ["", "Suspended"])
@pytest.mark.parametrize("way", ["signed_by_profile", "signed_by_hand"])
def test_a_bucket_without_versioning_fails_the_update(status: str, way: str) -> None:
    world = OtaWorld()
    world.add_profile()
    world.objects.buckets[BUCKET] = status
    error = error_of(world.run(getattr(world, way)()))
    assert error["message"] == f"S3 bucket {BUCKET} does not have versioning enabled"


@pytest.mark.parametrize("place", [{"key": "none"}, {"version": "v99"}, {"bucket": "no-bucket"}])
def test_an_object_that_is_not_there_fails_the_update(place: dict[str, str]) -> None:
    world = OtaWorld()
    file = world.signed_by_hand() | {"fileLocation": world.location(**place)}
    assert "not accessible" in error_of(world.run(file))["message"]


def test_an_image_larger_than_16_mb_fails_the_update() -> None:
    world = OtaWorld(image=bytes(16 * 1024 * 1024 + 1))
    assert error_of(world.run())["code"] == "LimitExceededException"


def test_a_missing_or_canceled_profile_fails_the_update() -> None:
    world = OtaWorld()
    error = error_of(world.run(world.signed_by_profile()))
    assert error["code"] == "ResourceNotFoundException"
    assert "Service: AWSSigner" in error["message"]
    world.add_profile()
    world.signing.cancel_profile({"profileName": PROFILE})
    assert error_of(world.run(world.signed_by_profile(), "OTA_2"))["code"] == "ValidationException"


def test_a_previous_signing_job_that_failed_fails_the_update() -> None:
    world = OtaWorld()
    world.add_profile()
    file = world.signed_before()
    world.signing.run_due()
    job_id = file["codeSigning"]["awsSignerJobId"]
    world.signing.jobs[job_id] = replace(world.signing.job(job_id), status="Failed", reason="too large")
    assert "too large" in error_of(world.run(file))["message"]


def test_an_unknown_signing_job_fails_the_update() -> None:
    world = OtaWorld()
    file = {"fileName": "f", "codeSigning": {"awsSignerJobId": "none"}}
    assert error_of(world.run(file))["code"] == "ResourceNotFoundException"


def test_a_raw_der_signature_fails_the_update() -> None:
    world = OtaWorld()
    raw = base64.b64decode(world.signed_by_hand()["codeSigning"]["customCodeSigning"]["signature"]["inlineDocument"])
    assert error_of(world.run(world.signed_by_hand(raw)))["code"] == "InvalidRequestException"


def test_a_signature_encoded_twice_is_put_into_the_document_as_it_is() -> None:
    world = OtaWorld()
    once = world.signed_by_hand()["codeSigning"]["customCodeSigning"]["signature"]["inlineDocument"]
    twice = base64.b64encode(once)
    world.run(world.signed_by_hand(twice))
    assert world.job_document()["afr_ota"]["files"][0]["sig-sha256-ecdsa"] == twice.decode()


def test_an_unknown_target_fails_the_update() -> None:
    world = OtaWorld()
    error = error_of(world.run(targets=[world.thing_arn("T9")]))
    assert error["code"] == "AWSIotException"
    assert "ResourceNotFoundException" in error["message"]


def test_an_id_of_57_characters_fails_because_the_jobs_id_is_too_long() -> None:
    world = OtaWorld()
    assert world.run(update_id="x" * 56)["otaUpdateStatus"] == "CREATE_COMPLETE"
    assert "jobId" in error_of(world.run(update_id="x" * 57))["message"]


def test_an_id_whose_job_is_left_over_fails() -> None:
    world = OtaWorld()
    world.run()
    world.device.update("T1", "AFR_OTA-OTA_1", status="SUCCEEDED")
    world.updates.delete({"otaUpdateId": "OTA_1"})
    world.updates.settle()
    assert "ResourceAlreadyExistsException" in error_of(world.run())["message"]


def test_a_failed_update_can_be_read_and_leaves_no_job() -> None:
    world = with_role(OtaWorld(), MANAGED, PASS_ROLE)
    info = world.run()
    assert info["lastModifiedDate"] == START_S
    assert world.book.jobs == {}
    assert world.streams.streams == {}


def test_updates_are_listed_newest_first_and_by_status() -> None:
    world = OtaWorld()
    world.run(update_id="A")
    world.run(update_id="B", targets=[world.thing_arn("T9")])
    rows = world.updates.listed({})["otaUpdates"]
    assert [row["otaUpdateId"] for row in rows] == ["B", "A"]
    assert rows[1]["otaUpdateArn"] == f"arn:{HOME}:otaupdate/A"
    assert [row["otaUpdateId"] for row in world.updates.listed({"otaUpdateStatus": "CREATE_FAILED"})["otaUpdates"]] == [
        "B"
    ]
    first = world.updates.listed({"maxResults": 1})
    rest = world.updates.listed({"maxResults": 1, "nextToken": first["nextToken"]})
    assert [row["otaUpdateId"] for row in rest["otaUpdates"]] == ["A"]


def test_an_update_whose_job_runs_is_deleted_only_by_force() -> None:
    world = OtaWorld()
    world.run()
    with pytest.raises(RuleViolation) as caught:
        world.updates.delete({"otaUpdateId": "OTA_1"})
    assert "IN_PROGRESS" in caught.value.message
    world.updates.delete({"otaUpdateId": "OTA_1", "forceDeleteAWSJob": True})
    assert world.info()["otaUpdateStatus"] == "DELETE_IN_PROGRESS"
    world.updates.settle()
    assert (world.updates.updates, world.book.jobs) == ({}, {})
    assert list(world.streams.streams) == [FIRST_STREAM]


def test_the_stream_is_deleted_on_request_and_only_if_the_update_made_it() -> None:
    world = OtaWorld()
    world.stream_of(IMAGE, "MINE")
    world.run(update_id="A")
    world.run({"fileLocation": {"stream": {"streamId": "MINE", "fileId": 0}}}, update_id="B")
    for update_id in ("A", "B"):
        request = {"otaUpdateId": update_id, "deleteStream": True, "forceDeleteAWSJob": True}
        world.updates.delete(request)
    world.updates.settle()
    assert list(world.streams.streams) == ["MINE"]


def test_an_update_that_does_not_exist_is_not_found() -> None:
    world = OtaWorld()
    for call in (world.updates.get, world.updates.delete):
        with pytest.raises(RuleViolation) as caught:
            call({"otaUpdateId": "none"})
        assert caught.value.code == "ResourceNotFoundException"
