"""AWS IoT OTA updates: what makes CreateOTAUpdate refuse, what makes an update fail, what deletion does.

Pure functions. A refusal is ``RuleViolation``; a failure is ``OtaFailure``, which becomes errorInfo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicfix.offline.rules import Level, RuleViolation, rule
from dicfix.offline.rules.iam_rights import RoleRights, may, trusts

TESTS = "tests/test_rules_ota_updates.py::"
FLOW = "FreeRTOS developer guide, ota-cli-workflow and ota-create-failure"
JOB_PREFIX = "AFR_OTA-"
STREAM_PREFIX = "AFR_OTA-"
SERVICE = "iot.amazonaws.com"
FILE_MB_AT_MOST = 16
PRESIGNED_SECONDS = (60, 3600)

CREATE_PENDING = "CREATE_PENDING"
CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
CREATE_COMPLETE = "CREATE_COMPLETE"
CREATE_FAILED = "CREATE_FAILED"
DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
DELETE_FAILED = "DELETE_FAILED"

DELETE_REFUSED_CODE = "InvalidRequestException"
"""How DeleteOTAUpdate says that the job still runs. Which error it is, is not documented (assumed)."""


class OtaFailure(Exception):
    """Why an update became CREATE_FAILED: ``code`` and ``message`` of its errorInfo."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


def failure(service: str, violation: RuleViolation) -> OtaFailure:
    """What another service's refusal becomes. Source: messages quoted in FreeRTOS's guide and in its issue 2."""
    short = violation.code.removesuffix("Exception")
    status = {"AccessDenied": 403, "ResourceNotFound": 404, "ResourceAlreadyExists": 409}.get(short, 400)
    text = f"{violation.message} (Service: {service}; Status Code: {status}; Error Code: {violation.code})"
    return OtaFailure("AWSIotException" if service == "AWSIot" else violation.code, text)


@rule(
    "OTA-ID-ONCE",
    source="the service model of iot, CreateOTAUpdate: ResourceAlreadyExistsException",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_second_update_of_the_same_id_is_refused",),
)
def id_is_free(update_id: str, existing_arn: str | None) -> None:
    """An OTA update ID is used once."""
    if existing_arn is not None:
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            f"OTA update {update_id} already exists",
            resourceId=update_id,
            resourceArn=existing_arn,
        )


@rule(
    "OTA-CALLER-PASSES-ROLE",
    source="FreeRTOS developer guide, create-ota-user-policy: the caller needs iam:PassRole; the code is assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_caller_who_may_not_pass_the_role_is_refused",),
)
def caller_passes_role(role_arn: str, *, allowed: bool) -> None:
    """The caller may pass the OTA service role."""
    if not allowed:
        raise RuleViolation(
            "UnauthorizedException", f"The caller is not authorized to perform: iam:PassRole on resource: {role_arn}"
        )


@rule(
    "OTA-PRESIGNED-SECONDS",
    source="the service model of iot, PresignedUrlConfig expiresInSec: 60 to 3600",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_presigned_urls_last_60_to_3600_seconds",),
)
def presigned_in_range(seconds: int | None) -> None:
    """A presigned URL of an update is valid for 60 to 3600 seconds."""
    if seconds is not None and not PRESIGNED_SECONDS[0] <= seconds <= PRESIGNED_SECONDS[1]:
        raise RuleViolation("InvalidRequestException", f"expiresInSec is {seconds}; it must be 60 to 3600")


@rule(
    "OTA-ONE-WAY-TO-SIGN",
    source="FreeRTOS developer guide, ota-cli-workflow: codeSigning is one of three; the refusal is assumed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_two_ways_to_sign_one_file_are_refused",),
)
def one_way_to_sign(code_signing: Mapping[str, Any]) -> None:
    """A file is signed in one way: a new signing job, a previous one, or a custom signature."""
    ways = [
        name for name in ("awsSignerJobId", "startSigningJobParameter", "customCodeSigning") if code_signing.get(name)
    ]
    if len(ways) > 1:
        raise RuleViolation("InvalidRequestException", f"A file is signed in one way, not by {' and '.join(ways)}")


@rule(
    "OTA-FILE-LOCATION",
    source=FLOW + ": a file has a location unless it comes from a previous signing job; the refusal is assumed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_a_file_without_a_location_is_refused",),
)
def location_is_given(file: Mapping[str, Any]) -> None:
    """A file names its S3 location or stream, unless a previous signing job gives it."""
    location = file.get("fileLocation") or {}
    if not (
        location.get("s3Location") or location.get("stream") or (file.get("codeSigning") or {}).get("awsSignerJobId")
    ):
        raise RuleViolation("InvalidRequestException", "A file needs an s3Location or a stream")


@rule(
    "OTA-ROLE-TRUSTS-IOT",
    source="FreeRTOS developer guide, create-service-role: the role trusts iot.amazonaws.com; the message is assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_role_that_does_not_trust_iot_fails_the_update",),
)
def role_is_assumable(role_arn: str, role: RoleRights | None, context: Mapping[str, str]) -> None:
    """AWS IoT may assume the role: it exists and its trust policy allows it."""
    if role is None or not trusts(role, SERVICE, context):
        raise OtaFailure(
            "AccessDeniedException", f"{SERVICE} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
        )


@rule(
    "OTA-ROLE-RIGHTS",
    source="FreeRTOS developer guide, create-service-role; the message is that of aws-freertos-docs issue 2",
    level=Level.DOCUMENTED,
    held_by=(
        TESTS + "test_a_role_without_pass_role_fails_the_update",
        TESTS + "test_a_role_without_a_right_of_iot_or_signer_fails_the_update",
    ),
)
def role_may(role: RoleRights, account_id: str, service: str, action: str, resource: str) -> None:
    """The role's policies allow what the update does in its name."""
    if not may(role, action, resource, {"iam:PassedToService": SERVICE}):
        who = f"arn:aws:sts::{account_id}:assumed-role/{role.name}/ota-update"
        text = f"User: {who} is not authorized to perform: {action} on resource: {resource}"
        raise failure(service, RuleViolation("AccessDeniedException", text))


@rule(
    "OTA-ROLE-READS-AND-WRITES-BUCKET",
    source=FLOW + "; facts, OTA 3: GetObject, GetObjectVersion and PutObject on the bucket",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_role_without_rights_on_the_bucket_fails_the_update",),
)
def role_may_use_object(role: RoleRights, bucket: str, key: str, actions: tuple[str, ...]) -> None:
    """The role may do with the image's object what the update needs."""
    if not all(may(role, action, f"arn:aws:s3:::{bucket}/{key}") for action in actions):
        text = f"S3 object {key} not accessible. Please check your permissions"
        raise failure("AmazonS3", RuleViolation("AccessDeniedException", text))


@rule(
    "OTA-BUCKET-VERSIONED",
    source="FreeRTOS developer guide, dg-ota-bucket: the bucket has versioning enabled; the message is assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_bucket_without_versioning_fails_the_update",),
)
def bucket_is_versioned(bucket: str, versioning: str | None) -> None:
    """The bucket of an update's image has versioning enabled."""
    if versioning is not None and versioning != "Enabled":
        raise OtaFailure("InvalidRequestException", f"S3 bucket {bucket} does not have versioning enabled")


@rule(
    "OTA-OBJECT-EXISTS",
    source=FLOW + "; the message is that of the guide's example",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_object_that_is_not_there_fails_the_update",),
)
def object_exists(key: str, *, found: bool) -> None:
    """The image's object exists in the version that the update names."""
    if not found:
        text = f"S3 object {key} not accessible. Please check your permissions"
        raise failure("AmazonS3", RuleViolation("AccessDeniedException", text))


@rule(
    "OTA-FILE-16-MB",
    source="general reference, amazon-freertos quotas: 16 MB; the code is assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_image_larger_than_16_mb_fails_the_update",),
)
def file_is_small_enough(size_bytes: int) -> None:
    """An update's file has at most 16 MB."""
    if size_bytes > FILE_MB_AT_MOST * 1024 * 1024:
        raise OtaFailure(
            "LimitExceededException", f"The file has {size_bytes} bytes; {FILE_MB_AT_MOST} MB are the limit"
        )


@rule(
    "OTA-SIGNING-JOB-SUCCEEDED",
    source=FLOW + "; the message is assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_previous_signing_job_that_failed_fails_the_update",),
)
def signing_succeeded(job_id: str, status: str, reason: str) -> None:
    """The signing job of an update's file has succeeded."""
    if status != "Succeeded":
        raise OtaFailure("SigningJobFailed", f"Signing job {job_id} is {status}: {reason or 'no reason given'}")


@rule(
    "OTA-SIGNED-ANEW",
    source="the service model of signer, StartSigningJob clientRequestToken; that every update has one is assumed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_an_update_made_again_under_its_name_is_signed_anew",),
    without=lambda update_id, _serial: update_id,
)
def signing_request_token(update_id: str, serial: int) -> str:
    """Each creation of an update is a signing request of its own, also under the name of one that was deleted."""
    return f"{update_id}-{serial}"


@rule(
    "OTA-CUSTOM-SIGNATURE-IS-TEXT",
    source="facts, OTA 2.4: the inline document is the base64 text of the signature; the code is assumed",
    level=Level.PEER,
    held_by=(TESTS + "test_a_raw_der_signature_fails_the_update",),
    without=lambda blob: blob.decode("latin-1"),
)
def signature_text(blob: bytes) -> str:
    """A custom signature is handed in as text, which goes into the job document as it is."""
    try:
        text = blob.decode("ascii")
    except UnicodeDecodeError as error:
        raise OtaFailure(
            "InvalidRequestException", "signature.inlineDocument is not text; the base64 text of the DER is expected"
        ) from error
    return text


@rule(
    "OTA-DELETE-NEEDS-ENDED-JOB",
    source="AWS API DeleteOTAUpdate, forceDeleteAWSJob: else, if the job is not in a terminal state, an exception",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_update_whose_job_runs_is_deleted_only_by_force",),
)
def may_delete(update_id: str, job_status: str | None, *, force: bool) -> None:
    """An update whose job is not COMPLETED or CANCELED is deleted only with forceDeleteAWSJob."""
    if job_status not in (None, "COMPLETED", "CANCELED") and not force:
        raise RuleViolation(
            DELETE_REFUSED_CODE, f"The job of OTA update {update_id} is {job_status}; forceDeleteAWSJob is needed"
        )


@rule(
    "OTA-DELETE-STREAM-ON-REQUEST",
    source="AWS API DeleteOTAUpdate, deleteStream: ignored if the stream was supplied by the user",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_the_stream_is_deleted_on_request_and_only_if_the_update_made_it",),
)
def deletes_stream(*, asked: bool, made_here: bool) -> bool:
    """Deleting an update deletes its stream if asked to, and only one that the update made."""
    return asked and made_here


@rule(
    "OTA-DELETE-JOB-ON-REQUEST",
    source="AWS API DeleteOTAUpdate, forceDeleteAWSJob; that the job stays otherwise is facts, OTA 2.5",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_an_update_whose_job_runs_is_deleted_only_by_force",),
)
def deletes_job(*, force: bool) -> bool:
    """Deleting an update deletes its job only with forceDeleteAWSJob."""
    return force
