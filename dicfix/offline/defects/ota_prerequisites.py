"""Defects of the bucket, the OTA service role and the code-signing certificate."""

from __future__ import annotations

import json
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
    planting.call("s3:DeleteBucketPolicy", Bucket=bucket)
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


OTA_PREREQUISITES = (
    Defect(
        "the bucket does not exist",
        "PRE-1",
        API,
        _no_bucket,
        guide=("OTA-06", "OTA-09", "OTP-01", "OTP-02", "OTP-03"),
        fit=("FIT-07",),
        hardening=("HRD-20",),
    ),
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
        guide=(
            "OTP-11",
            "OTP-14",
        ),
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
