"""A good OTA half as records: prerequisites, an update of two devices run to its end, for each way to sign."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from onboarded import ACCOUNT, DEVICE, GROUP, NOW, PREFIX, REGION, SECOND

from dicfix.certificates import CaMaterial
from dicfix.certificates.issuing import make_code_signing
from dicfix.guide.ota_rights import OtaPlace, operator_rights, signing_rights
from dicfix.images import gbl
from dicfix.ota_records import (
    CUSTOM,
    NEW,
    PREVIOUS,
    PUBLIC_ACCESS_BLOCKS,
    Bucket,
    CodeSigning,
    CodeSigningCertificate,
    Image,
    JobExecution,
    OperatorRights,
    OtaFile,
    OtaJob,
    OtaRole,
    OtaUpdate,
    SigningJob,
    SigningProfile,
    ThingGroup,
)

WAYS = (NEW, PREVIOUS, CUSTOM)
UPDATE = "light-0_9_3"
JOB = f"AFR_OTA-{UPDATE}"
GROUP_ARN = f"{PREFIX}:thinggroup/{GROUP}"
BUCKET = f"ota-demo-{ACCOUNT}-{REGION}"
KEY = "images/light.gbl"
VERSION = "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
PROFILE = "dic_ota_codesign"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/ota_demo"
CERTIFICATE_ARN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0f3c1a2b-0000-4000-8000-000000000001"
SIGNING_JOB = "5f1c3d70-0000-4000-8000-000000000002"
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate"
IMAGE = gbl.make(b"the program of a light" * 40, version=0x00090003)


@cache
def signer() -> CaMaterial:
    """The code-signing certificate with its key."""
    return make_code_signing(now=NOW)


@cache
def signature() -> str:
    """The base64 text of the image's DER signature."""
    key: Any = signer().key.secret
    return base64.b64encode(key.sign(IMAGE, ec.ECDSA(hashes.SHA256()))).decode()


def policy_text(*statements: dict[str, Any]) -> str:
    """A policy document as IAM gives it."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def trust_text(condition: dict[str, Any] | None = None, **more: Any) -> str:
    """A trust policy of AWS IoT."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}} if condition is None else condition,
        **more,
    }
    return policy_text(statement)


def managed_policy() -> str:
    """What AmazonFreeRTOSOTAUpdate says, as facts have it."""
    return policy_text(
        allow(["s3:GetObjectVersion", "s3:PutObject", "s3:GetObject"], "arn:aws:s3:::afr-ota*"),
        allow(["signer:StartSigningJob", "signer:DescribeSigningJob"]),
        allow(["signer:GetSigningProfile", "signer:PutSigningProfile"]),
        allow(["s3:ListBucketVersions", "s3:ListBucket", "s3:ListAllMyBuckets", "s3:GetBucketLocation"]),
        allow(["iot:DeleteJob", "iot:DescribeJob"], "arn:aws:iot:*:*:job/AFR_OTA*"),
        allow(["iot:DeleteStream"], "arn:aws:iot:*:*:stream/AFR_OTA*"),
        allow(["iot:CreateStream", "iot:CreateJob"]),
    )


def pass_role_policy() -> str:
    """The role may pass itself."""
    return policy_text(allow(["iam:GetRole", "iam:PassRole"], ROLE_ARN))


def bucket_policy() -> str:
    """The role may use the bucket's objects."""
    return policy_text(allow(["s3:GetObjectVersion", "s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/*"))


def good_role() -> OtaRole:
    """ota_demo with the managed policy and both inline ones."""
    return OtaRole(
        name="ota_demo",
        arn=ROLE_ARN,
        trust=trust_text(),
        attached_policies={MANAGED: managed_policy()},
        inline_policies={"pass_role": pass_role_policy(), "bucket": bucket_policy()},
    )


def code_signing(way: str) -> CodeSigning:
    """How the file is signed."""
    if way == NEW:
        return CodeSigning(
            NEW,
            profile_name=PROFILE,
            destination_bucket=BUCKET,
            destination_prefix="SignedImages/",
            signer_job_id=SIGNING_JOB,
        )
    if way == PREVIOUS:
        return CodeSigning(PREVIOUS, signer_job_id=SIGNING_JOB)
    return CodeSigning(
        CUSTOM,
        signature=signature(),
        hash_algorithm="SHA256",
        signature_algorithm="ECDSA",
        certificate_name="ecdsasigner.crt",
        certificate_chain=signer().certificate.pem,
    )


def good_file(way: str) -> OtaFile:
    """The one file of the update; a previously signed one names no place in S3."""
    if way == PREVIOUS:
        return OtaFile("file.txt", code_signing(way), file_type=0)
    return OtaFile("file.txt", code_signing(way), BUCKET, KEY, VERSION, 0, len(IMAGE))


def good_update(way: str) -> OtaUpdate:
    """An update that was created, for a thing and a thing group."""
    return OtaUpdate(
        update_id=UPDATE,
        arn=f"{PREFIX}:otaupdate/{UPDATE}",
        status="CREATE_COMPLETE",
        job_id=JOB,
        targets=(f"{PREFIX}:thing/{DEVICE}", GROUP_ARN),
        protocols=("MQTT",),
        files=(good_file(way),),
        role_arn=ROLE_ARN,
    )


def good_document(**changes: Any) -> str:
    """The job document as a device receives it; None takes a member of the file away."""
    file = {
        "filepath": "file.txt",
        "filesize": len(IMAGE),
        "fileid": 0,
        "certfile": "ecdsasigner.crt",
        "fileType": 0,
        "update_data_url": None,
        "auth_scheme": None,
        "sig-sha256-ecdsa": signature(),
        **changes,
    }
    stream = "AFR_OTA-00000000-0000-4000-8000-000000000003"
    return json.dumps({"afr_ota": {"protocols": ["MQTT"], "streamname": stream, "files": [file]}})


def good_job() -> OtaJob:
    """The job of the update, at its end on both devices."""
    details = {"reason": "accepted  v0.9.3", "updatedBy": "  v0.9.2"}
    return OtaJob(
        job_id=JOB,
        arn=f"{PREFIX}:job/{JOB}",
        status="COMPLETED",
        targets=(f"{PREFIX}:thing/{DEVICE}", GROUP_ARN),
        executions={name: JobExecution(name, "SUCCEEDED", details, 3) for name in (DEVICE, SECOND)},
        document=good_document(),
    )


def good_rights() -> OperatorRights:
    """A caller who may do everything."""
    place = OtaPlace(ACCOUNT, REGION, BUCKET, ROLE_ARN, PROFILE)
    rights = (*operator_rights(place), *signing_rights(place))
    return OperatorRights(f"arn:aws:iam::{ACCOUNT}:user/tester", {one.action: True for one in rights})


def good_certificate() -> CodeSigningCertificate:
    """What ACM says of the code-signing certificate."""
    return CodeSigningCertificate(
        arn=CERTIFICATE_ARN,
        status="ISSUED",
        kind="IMPORTED",
        key_algorithm="EC_prime256v1",
        signature_algorithm="SHA256WITHECDSA",
        key_usages=("DIGITAL_SIGNATURE",),
        extended_key_usages=("CODE_SIGNING",),
        not_after=NOW + timedelta(days=365),
    )


def good_image() -> Image:
    """The image as a file."""
    return Image(
        name="light.gbl",
        kind="gbl",
        size_bytes=len(IMAGE),
        sha256=hashlib.sha256(IMAGE).hexdigest(),
        version=0x00090003,
        problem="",
        identities=(),
        unseen="",
    )


def good_ota(way: str = NEW) -> dict[str, Any]:
    """The OTA parts of an inventory, by field."""
    return {
        "ota_updates": (UPDATE,),
        "ota_update": good_update(way),
        "ota_jobs": {JOB: good_job()},
        "thing_groups": {GROUP: ThingGroup(GROUP, GROUP_ARN, (SECOND,))},
        "signing_profile": SigningProfile(
            name=PROFILE,
            arn=f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/{PROFILE}",
            status="Active",
            platform_id="AmazonFreeRTOS-Default",
            certificate_arn=CERTIFICATE_ARN,
            parameters={"certname": "ecdsasigner.crt"},
            encryption_algorithm="ECDSA",
            hash_algorithm="SHA256",
        ),
        "signing_jobs": {
            SIGNING_JOB: SigningJob(
                job_id=SIGNING_JOB,
                status="Succeeded",
                status_reason="",
                profile_name=PROFILE,
                source_bucket=BUCKET,
                source_key=KEY,
                source_version=VERSION,
                signed_bucket=BUCKET,
                signed_key=f"SignedImages/{SIGNING_JOB}",
                source_size_bytes=len(IMAGE),
            )
        },
        "bucket": Bucket(BUCKET, REGION, "Enabled", dict.fromkeys(PUBLIC_ACCESS_BLOCKS, True)),
        "ota_role": good_role(),
        "operator_rights": good_rights(),
        "code_signing_certificate": good_certificate(),
        "images": {"light.gbl": good_image()},
    }


def empty_ota() -> dict[str, Any]:
    """The OTA parts of an account in which nothing was done yet; the caller may do everything."""
    return {
        "ota_updates": (),
        "ota_update": None,
        "ota_jobs": {},
        "thing_groups": {},
        "signing_profile": None,
        "signing_jobs": {},
        "bucket": None,
        "ota_role": None,
        "operator_rights": good_rights(),
        "code_signing_certificate": None,
        "images": {},
    }
