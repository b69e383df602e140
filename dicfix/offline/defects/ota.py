"""Defects of the OTA update, its signing, its bucket and its role."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from dicfix.certificates import Certificate, PrivateKey, make_code_signing, make_private_key, make_rsa_private_key
from dicfix.guide.ota_rights import SERVICE
from dicfix.offline.aws_api.account.certificate_manager import held_certificates
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.defects.definition import API, STATE, Defect, Plant
from dicfix.offline.defects.planting import Planting

_OBJECT_TOO_LARGE = 1_048_577


def _request(**changes: Any) -> Plant:
    return lambda planting: planting.change_request(**changes)


def _update(**changes: Any) -> Plant:
    return lambda planting: planting.change_update(lambda one: replace(one, **changes))


def _file(**changes: Any) -> Plant:
    return lambda planting: planting.change_file(lambda file: {**file, **changes})


def _unsigned(planting: Planting) -> None:
    planting.change_file(lambda file: {name: value for name, value in file.items() if name != "codeSigning"})


def _two_files(update: Any) -> Any:
    return replace(update, files=(*update.files, *update.files))


def _deleted_update(planting: Planting) -> None:
    (row,) = planting.call("iot:ListOTAUpdates")["otaUpdates"]
    planting.call("iot:DeleteOTAUpdate", otaUpdateId=row["otaUpdateId"], deleteStream=True, forceDeleteAWSJob=True)
    for _ in range(10):
        if not planting.call("iot:ListOTAUpdates")["otaUpdates"]:
            return


def _plain_job(planting: Planting) -> None:
    planting.change_update(lambda one: replace(one, job_arn=one.job_arn.replace("AFR_OTA-", "plain-")))


def _job_of_its_name(planting: Planting) -> None:
    (row,) = planting.call("iot:ListOTAUpdates")["otaUpdates"]
    planting.call(
        "iot:CreateJob", jobId=row["otaUpdateId"], targets=[planting.arn(f"thing/{planting.device}")], document="{}"
    )
    planting.call("iot:CancelJob", jobId=row["otaUpdateId"], force=True)


def _another_target(planting: Planting) -> None:
    arn = planting.arn(f"thing/{planting.settings.explorer_name}")
    planting.change_update(lambda one: replace(one, request={**one.request, "targets": [*one.request["targets"], arn]}))


def _failed_execution(planting: Planting) -> None:
    planting.change_execution(status="FAILED")


def _job_change(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        with STATE_LOCK:
            jobs = planting.ota.book.jobs
            key = next(iter(jobs))
            jobs[key] = replace(jobs[key], **changes)

    return plant


def _signing_job(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        with STATE_LOCK:
            jobs = planting.ota.signing.jobs
            for key in jobs:
                jobs[key] = replace(jobs[key], **changes)

    return plant


def _profile(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        with STATE_LOCK:
            profiles, name = planting.ota.signing.profiles, planting.settings.signing_profile
            profiles[name] = replace(profiles[name], **changes)

    return plant


def _garbled_signature(planting: Planting) -> None:
    def garble(file: dict[str, Any]) -> dict[str, Any]:
        signing = dict(file["codeSigning"]["customCodeSigning"])
        signing["signature"] = {"inlineDocument": b"no signature"}
        return {**file, "codeSigning": {"customCodeSigning": signing}}

    planting.change_file(garble)


def _damaged_image(planting: Planting) -> None:
    from pathlib import Path

    path = Path(planting.settings.image)
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x00\x00")


def _image_with_key(planting: Planting) -> None:
    from pathlib import Path

    from dicfix.images import gbl

    path = Path(planting.settings.image)
    with STATE_LOCK:
        image = gbl.make(planting.local_key(planting.device).pem.encode() * 2, version=0x00090003)
    path.write_bytes(image)


def _large_image(planting: Planting) -> None:
    answer = planting.call("s3:PutObject", Bucket=planting.bucket, Key="large.gbl", Body=bytes(_OBJECT_TOO_LARGE))
    source = {"bucketName": planting.bucket, "key": "large.gbl", "version": answer["VersionId"]}
    _signing_job(source=source)(planting)


def _unversioned(planting: Planting) -> None:
    planting.call("s3:PutBucketVersioning", Bucket=planting.bucket, VersioningConfiguration={"Status": "Suspended"})


def _open_bucket(planting: Planting) -> None:
    planting.call("s3:DeletePublicAccessBlock", Bucket=planting.bucket)


def _bucket_of_another_region(planting: Planting) -> None:
    with STATE_LOCK:
        planting.ota.objects._backend.get_bucket(planting.bucket).region_name = "us-west-2"


def trust(planting: Planting, *statements: dict[str, Any]) -> None:
    """Replace the trust policy of the OTA service role."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    planting.call("iam:UpdateAssumeRolePolicy", RoleName=planting.settings.ota_role, PolicyDocument=document)


def iot_trust(planting: Planting, **more: Any) -> dict[str, Any]:
    """The statement that trusts AWS IoT for this account."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": planting.cloud.account_id}},
        **more,
    }


def _trusts_nobody_we_need(planting: Planting) -> None:
    trust(planting, iot_trust(planting, Principal={"Service": "lambda.amazonaws.com"}))


def _trust_without_condition(planting: Planting) -> None:
    statement = iot_trust(planting)
    del statement["Condition"]
    trust(planting, statement)


def _no_managed_policy(planting: Planting) -> None:
    role = planting.settings.ota_role
    for row in planting.call("iam:ListAttachedRolePolicies", RoleName=role)["AttachedPolicies"]:
        planting.call("iam:DetachRolePolicy", RoleName=role, PolicyArn=row["PolicyArn"])


def _no_inline(word: str) -> Plant:
    def plant(planting: Planting) -> None:
        role = planting.settings.ota_role
        for name in planting.call("iam:ListRolePolicies", RoleName=role)["PolicyNames"]:
            document = planting.call("iam:GetRolePolicy", RoleName=role, PolicyName=name)["PolicyDocument"]
            if word in json.dumps(document):
                planting.call("iam:DeleteRolePolicy", RoleName=role, PolicyName=name)

    return plant


def _no_role(planting: Planting) -> None:
    role = planting.settings.ota_role
    _no_managed_policy(planting)
    _no_inline("Statement")(planting)
    planting.call("iam:DeleteRole", RoleName=role)


def _no_bucket(planting: Planting) -> None:
    bucket = planting.bucket
    answer = planting.call("s3:ListObjectVersions", Bucket=bucket)
    for row in answer.get("Versions", []):
        planting.call("s3:DeleteObject", Bucket=bucket, Key=row["Key"], VersionId=row["VersionId"])
    planting.call("s3:DeleteBucket", Bucket=bucket)


def _acm(planting: Planting) -> dict[str, Any]:
    return held_certificates(planting.cloud.account_id, planting.cloud.region)


def _acm_certificate(make: Any) -> Plant:
    """Another certificate under the ARN that the signing profile names."""

    def plant(planting: Planting) -> None:
        key, certificate = make()
        with STATE_LOCK:
            for bundle in _acm(planting).values():
                bundle._cert, bundle._key = certificate.parsed, key.secret
                bundle.cert, bundle.key = certificate.pem.encode(), key.pem.encode()

    return plant


def _certificate_in_acm(**members: Any) -> Plant:
    def plant(planting: Planting) -> None:
        with STATE_LOCK:
            for bundle in _acm(planting).values():
                for name, value in members.items():
                    setattr(bundle, name, value)

    return plant


def _no_acm(planting: Planting) -> None:
    with STATE_LOCK:
        _acm(planting).clear()


def _rsa_signer() -> tuple[PrivateKey, Certificate]:
    key = make_rsa_private_key()
    return key, make_code_signing(now=datetime.now(UTC), key=key).certificate


def _old_signer() -> tuple[PrivateKey, Certificate]:
    made = make_code_signing(now=datetime.now(UTC) - timedelta(days=400))
    return made.key, made.certificate


def _leaving_signer() -> tuple[PrivateKey, Certificate]:
    made = make_code_signing(now=datetime.now(UTC) - timedelta(days=350))
    return made.key, made.certificate


def _server_signer() -> tuple[PrivateKey, Certificate]:
    key, now = make_private_key(), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.secret.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=365))
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return key, Certificate.of(builder.sign(key.secret, hashes.SHA256()))


_EVERY_OTA = ("OTA-01", "OTA-02", "OTA-03", "OTA-04", "OTA-05", "OTA-06", "OTA-07", "OTA-09", "OTA-10", "OTA-11")

OTA = (
    Defect("the image is too large", "OTA 11", STATE, _large_image, guide=("OTA-06",), fit=("FIT-07",)),
    Defect(
        "the update has two files", "OTA 9", STATE, lambda one: one.change_update(_two_files), fit=("FIT-11", "FIT-16")
    ),
    Defect("the job document is empty", "OTA 15", STATE, _job_change(document="{}"), fit=("FIT-16",)),
    Defect("there is no OTA update", "OTA 5", API, _deleted_update, guide=(*_EVERY_OTA, "OTA-12", "OTA-15")),
    Defect("the job is no OTA update's", "OTA 5", STATE, _plain_job, guide=("OTA-01", "OTA-15")),
    Defect("a plain job has the update's name", "OTA 6", API, _job_of_its_name, guide=("OTA-02",)),
    Defect("a thing too many is targeted", "OTA 7", STATE, _another_target, guide=("OTA-03",)),
    Defect("HTTP is the protocol", "OTA 8", STATE, _request(protocols=["HTTP"]), guide=("OTA-04",)),
    Defect("the file is not signed", "OTA 9", STATE, _unsigned, guide=("OTA-05", "OTA-07")),
    Defect("the signing job failed", "OTA 9", STATE, _signing_job(status="Failed"), guide=("OTA-05",)),
    Defect(
        "the previous signing job failed",
        "OTA 9",
        STATE,
        _signing_job(status="Failed"),
        guide=("OTA-13",),
        signing="previous",
    ),
    Defect("the custom signature is none", "OTA 9", STATE, _garbled_signature, guide=("OTA-14",), signing="custom"),
    Defect("the image file is damaged", "OTA 11", API, _damaged_image, guide=("OTA-06",)),
    Defect("the image holds a device's key", "OTA 11", API, _image_with_key, guide=("OTA-06",), fit=("FIT-13",)),
    Defect(
        "the signing profile is cancelled",
        "OTA 10",
        API,
        lambda one: one.call("signer:CancelSigningProfile", profileName=one.settings.signing_profile),
        guide=("OTA-07",),
    ),
    Defect(
        "the signing profile signs with RSA",
        "OTA 10",
        STATE,
        _profile(encryption="RSA", hash_name="SHA1"),
        guide=("OTA-08",),
    ),
    Defect(
        "the image is in another bucket",
        "OTA 12",
        STATE,
        _signing_job(source={"bucketName": "x", "key": "x.gbl", "version": "v"}),
        guide=("OTA-09",),
    ),
    Defect("no path name is given", "OTA 13", STATE, _file(fileName=""), guide=("OTA-10",)),
    Defect("the path name is too long", "OTA 13", STATE, _file(fileName="x" * 300), fit=("FIT-06",)),
    Defect("the update failed", "OTA 15", STATE, _update(status="CREATE_FAILED"), guide=("OTA-12",)),
    Defect("a device failed", "OTA 15", STATE, _failed_execution, guide=("OTA-15",)),
    Defect("the bucket does not exist", "PRE-1", API, _no_bucket, guide=("OTP-01", "OTP-02", "OTP-03")),
    Defect("the bucket is in another Region", "PRE-1", STATE, _bucket_of_another_region, guide=("OTP-01",)),
    Defect("versioning is suspended", "PRE-1", API, _unversioned, guide=("OTP-02",)),
    Defect("public access is not blocked", "PRE-1", API, _open_bucket, guide=("OTP-03",)),
    Defect(
        "the role does not exist",
        "PRE-2",
        API,
        _no_role,
        guide=("OTA-11", "OTP-04", "OTP-05", "OTP-06", "OTP-07", "OTP-08"),
        hardening=("HRD-21",),
    ),
    Defect(
        "the role trusts another service",
        "PRE-2",
        API,
        _trusts_nobody_we_need,
        guide=("OTP-04",),
        hardening=("HRD-21",),
    ),
    Defect("the trust has no condition", "PRE-2", API, _trust_without_condition, guide=("OTP-08",)),
    Defect("the managed policy is detached", "PRE-2", API, _no_managed_policy, guide=("OTP-05",)),
    Defect("the role may not pass itself", "PRE-2", API, _no_inline("PassRole"), guide=("OTP-06",)),
    Defect("the role has no right to the bucket", "PRE-2", API, _no_inline("PutObject"), guide=("OTP-07",)),
    Defect(
        "the code-signing certificate is gone",
        "PRE-4",
        STATE,
        _no_acm,
        guide=("OTP-11", "OTP-12", "OTP-13", "OTP-14"),
        hardening=("HRD-22",),
    ),
    Defect(
        "the code-signing certificate is not issued",
        "PRE-4",
        STATE,
        _certificate_in_acm(status="PENDING_VALIDATION"),
        guide=("OTP-11",),
    ),
    Defect("the code-signing certificate is RSA", "PRE-4", STATE, _acm_certificate(_rsa_signer), guide=("OTP-12",)),
    Defect(
        "the code-signing certificate is for servers",
        "PRE-4",
        STATE,
        _acm_certificate(_server_signer),
        guide=("OTP-13",),
    ),
    Defect(
        "the code-signing certificate has expired",
        "PRE-4",
        STATE,
        _acm_certificate(_old_signer),
        guide=("OTP-14",),
        hardening=("HRD-22",),
    ),
    Defect(
        "the code-signing certificate ends this month",
        "PRE-4",
        STATE,
        _acm_certificate(_leaving_signer),
        hardening=("HRD-22",),
    ),
)
