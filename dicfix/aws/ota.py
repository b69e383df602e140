"""OTA updates of AWS IoT: the three ways to sign as CreateOTAUpdate takes them, creation, reading, deletion.

May import ``ota_records``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from dicfix.aws.answers import member, tried, unless_absent
from dicfix.aws.buckets import ObjectVersion, size_of
from dicfix.aws.jobs import read_document
from dicfix.aws.session import AwsSession
from dicfix.fields import Field, Unread
from dicfix.ota_records import CUSTOM, NEW, PREVIOUS, UNSIGNED, CodeSigning, OtaFile, OtaUpdate

_ABSENT = ("ResourceNotFoundException",)
CUSTOM_HASH = "SHA256"
"""Not the console's SHA-256: the word goes into the job document's key as it is. Source: aws/aws-sdk issue 180."""
CUSTOM_ENCRYPTION = "ECDSA"

Json = dict[str, Any]


def sign_new(profile: str, bucket: str, prefix: str) -> Json:
    """The codeSigning of "Sign a new file for me". Source: OTA-9.1."""
    destination = {"s3Destination": {"bucket": bucket, "prefix": prefix}}
    return {"startSigningJobParameter": {"signingProfileName": profile, "destination": destination}}


def signed_before(signing_job_id: str) -> Json:
    """The codeSigning of "Choose a previously signed file". Source: OTA-9.2."""
    return {"awsSignerJobId": signing_job_id}


def signed_by_hand(
    signature_der: bytes, *, certificate_name: str, certificate_pem: str, hash_algorithm: str = CUSTOM_HASH
) -> Json:
    """The codeSigning of "Use my custom signed file"; ``certificate_name`` is its path on the device.

    The signature is handed in as base64 text, which boto3 encodes once more on the wire: what AWS decodes is the text
    that goes into the job document. Source: OTA-9.3; FreeRTOS user guide, ota-cli-workflow.
    """
    return {
        "customCodeSigning": {
            "signature": {"inlineDocument": base64.b64encode(signature_der)},
            "certificateChain": {"certificateName": certificate_name, "inlineDocument": certificate_pem},
            "hashAlgorithm": hash_algorithm,
            "signatureAlgorithm": CUSTOM_ENCRYPTION,
        }
    }


def ota_file(path_on_device: str, signing: Json, location: ObjectVersion | None) -> Json:
    """One file of CreateOTAUpdate; a previous signing job has no location. Source: OTA-11 to OTA-13."""
    file: Json = {"fileName": path_on_device, "codeSigning": signing} if signing else {"fileName": path_on_device}
    if location is not None:
        version = {"version": location.version} if location.version else {}
        file["fileLocation"] = {"s3Location": {"bucket": location.bucket, "key": location.key, **version}}
    return file


def create_ota_update(
    session: AwsSession,
    update_id: str,
    *,
    targets: list[str],
    file: Json,
    role_arn: str,
    protocols: tuple[str, ...] = ("MQTT",),
) -> None:
    """Ask for a FreeRTOS OTA update job for things and thing groups by ARN. Source: OTA-5 to OTA-15.1."""
    session.call(
        "iot",
        "CreateOTAUpdate",
        otaUpdateId=update_id,
        description="Direct Internet Connectivity: OTA update of the guide",
        targets=targets,
        protocols=list(protocols),
        targetSelection="SNAPSHOT",
        files=[file],
        roleArn=role_arn,
    )


def read_ota_update_ids(session: AwsSession) -> tuple[str, ...]:
    """The ids of every OTA update, the newest first. Source: OTA-5; ListOTAUpdates."""
    rows = list(session.pages("iot", "ListOTAUpdates", "otaUpdates"))
    rows.sort(key=lambda row: str(row.get("creationDate", "")), reverse=True)
    return tuple(row["otaUpdateId"] for row in rows)


def ota_update_info(session: AwsSession, update_id: str) -> Mapping[str, Any] | None:
    """What GetOTAUpdate says of an update, or None when there is none."""
    answer = unless_absent(lambda: session.call("iot", "GetOTAUpdate", otaUpdateId=update_id), _ABSENT)
    return None if answer is None else answer.get("otaUpdateInfo", {})


def read_ota_update(session: AwsSession, update_id: str) -> OtaUpdate | None:
    """The update with its files and the role of its stream, or None. Source: OTA-5 to OTA-15.1; GetOTAUpdate."""
    info = ota_update_info(session, update_id)
    if info is None:
        return None
    operation = "iot:GetOTAUpdate"
    error = info.get("errorInfo") or {}
    return OtaUpdate(
        update_id=update_id,
        arn=member(info, "otaUpdateArn", operation),
        status=member(info, "otaUpdateStatus", operation),
        job_id=info.get("awsIotJobId", ""),
        targets=_listed(info, "targets", operation),
        protocols=_listed(info, "protocols", operation),
        files=_files(session, info, operation),
        role_arn=tried("iot:DescribeStream", lambda: _role_arn(session, info)),
        target_selection=member(info, "targetSelection", operation),
        error_code=error.get("code", ""),
        error_message=error.get("message", ""),
    )


def _listed(info: Mapping[str, Any], name: str, operation: str) -> Field[tuple[str, ...]]:
    found = member(info, name, operation)
    return found if isinstance(found, Unread) else tuple(found)


def _files(session: AwsSession, info: Mapping[str, Any], operation: str) -> Field[tuple[OtaFile, ...]]:
    found = member(info, "otaUpdateFiles", operation)
    return found if isinstance(found, Unread) else tuple(_file(session, one) for one in found)


def _file(session: AwsSession, file: Mapping[str, Any]) -> OtaFile:
    location = (file.get("fileLocation") or {}).get("s3Location") or {}
    place = ObjectVersion(location.get("bucket", ""), location.get("key", ""), location.get("version", ""))
    return OtaFile(
        path_on_device=file.get("fileName", ""),
        signing=_signing(file.get("codeSigning") or {}),
        bucket=place.bucket,
        key=place.key,
        version=place.version,
        file_type=file.get("fileType"),
        size_bytes=tried("s3:ListObjectVersions", lambda: size_of(session, place)) if place.key else None,
    )


def _signing(found: Mapping[str, Any]) -> CodeSigning:
    # AWS gives back empty structures beside the one that was used.
    started, custom = found.get("startSigningJobParameter") or {}, found.get("customCodeSigning") or {}
    job_id = found.get("awsSignerJobId") or ""
    if started:
        destination = (started.get("destination") or {}).get("s3Destination") or {}
        return CodeSigning(
            NEW,
            profile_name=started.get("signingProfileName", ""),
            destination_bucket=destination.get("bucket", ""),
            destination_prefix=destination.get("prefix", ""),
            signer_job_id=job_id,
        )
    if custom:
        return _custom(custom)
    return CodeSigning(PREVIOUS, signer_job_id=job_id) if job_id else CodeSigning(UNSIGNED)


def _custom(custom: Mapping[str, Any]) -> CodeSigning:
    chain = custom.get("certificateChain") or {}
    signature = (custom.get("signature") or {}).get("inlineDocument") or b""
    return CodeSigning(
        CUSTOM,
        signature=signature.decode("ascii", "replace") if isinstance(signature, bytes) else str(signature),
        hash_algorithm=custom.get("hashAlgorithm", ""),
        signature_algorithm=custom.get("signatureAlgorithm", ""),
        certificate_name=chain.get("certificateName", ""),
        certificate_chain=chain.get("inlineDocument", ""),
    )


def stream_of(session: AwsSession, job_id: str) -> str:
    """The name of the stream in a job's document, empty when it names none. Source: facts, OTA 1.3."""
    document = json.loads(read_document(session, job_id))
    return str(document.get("afr_ota", {}).get("streamname") or "") if isinstance(document, dict) else ""


def _role_arn(session: AwsSession, info: Mapping[str, Any]) -> str:
    job_id = info.get("awsIotJobId")
    stream_id = stream_of(session, job_id) if job_id else ""
    if not stream_id:
        return ""
    answer = unless_absent(lambda: session.call("iot", "DescribeStream", streamId=stream_id), _ABSENT)
    return str(answer["streamInfo"]["roleArn"]) if answer else ""


def delete_ota_update(session: AwsSession, update_id: str) -> None:
    """Delete an update with its stream and its job, running or not; AWS does so by and by. Source: DeleteOTAUpdate."""
    session.call("iot", "DeleteOTAUpdate", otaUpdateId=update_id, deleteStream=True, forceDeleteAWSJob=True)


def stream_exists(session: AwsSession, stream_id: str) -> bool:
    """Whether the stream is still there. Source: DescribeStream."""
    return unless_absent(lambda: session.call("iot", "DescribeStream", streamId=stream_id), _ABSENT) is not None


def stream_ids(session: AwsSession) -> tuple[str, ...]:
    """The ids of every stream. Source: ListStreams."""
    return tuple(row["streamId"] for row in session.pages("iot", "ListStreams", "streams"))


def delete_stream(session: AwsSession, stream_id: str) -> None:
    """Delete a stream. Source: DeleteStream."""
    session.call("iot", "DeleteStream", streamId=stream_id)
