"""Defects of the hardening axis that no step of the guide has: policies, watching, connections, bucket and auditor."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dicfix.certificates import read_certificate
from dicfix.guide.values import POLICY_DOCUMENT
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.defects.definition import API, FILES, STATE, Defect, Plant
from dicfix.offline.defects.good import AUDITOR, put_bucket_policy, secure_transport
from dicfix.offline.defects.ota_prerequisites import iot_trust, trust
from dicfix.offline.defects.planting import Planting


def _guides_policy(planting: Planting) -> None:
    name = planting.settings.policy_name
    planting.call("iot:CreatePolicyVersion", policyName=name, policyDocument=POLICY_DOCUMENT, setAsDefault=True)


def _denies_by_wildcard(planting: Planting) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "iot:Publish", "Resource": planting.arn("topic/secret/#")}],
    }
    arn = planting.certificate_arn(planting.device)
    planting.call("iot:CreatePolicy", policyName="denials", policyDocument=json.dumps(document))
    planting.call("iot:AttachPolicy", policyName="denials", target=arn)


def _five_versions(planting: Planting) -> None:
    statement = {"Effect": "Allow", "Action": "iot:Connect", "Resource": planting.arn("client/x")}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    name = "full"
    planting.call("iot:CreatePolicy", policyName=name, policyDocument=document)
    for _ in range(4):
        planting.call("iot:CreatePolicyVersion", policyName=name, policyDocument=document, setAsDefault=True)
    planting.call("iot:AttachPolicy", policyName=name, target=planting.certificate_arn(planting.device))


def _connected_as(client_id: str) -> Plant:
    return lambda planting: planting.account.client_ids.update({planting.device: client_id})


def _taken_over(planting: Planting) -> None:
    planting.account.disconnect_reasons[planting.device] = "DUPLICATE_CLIENTID"


def _finding(planting: Planting) -> None:
    identifier = {"deviceCertificateId": planting.certificate_id(planting.device)}
    planting.account.add_finding("DEVICE_CERTIFICATE_SHARED_CHECK", "CRITICAL", "DEVICE_CERTIFICATE", identifier)


def _hanging_job(planting: Planting) -> None:
    arn = planting.arn(f"thing/{planting.device}")
    planting.call("iot:CreateJob", jobId="hanging", targets=[arn], document="{}")
    with STATE_LOCK:
        jobs = planting.ota.book.jobs
        job = jobs["hanging"]
        jobs["hanging"] = replace(job, created_at=job.created_at - timedelta(days=10).total_seconds())


def _policy_of_another_account(planting: Planting) -> None:
    shared = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{planting.bucket}/*",
    }
    put_bucket_policy(planting, secure_transport(planting.bucket), shared)


def _role_for_users(planting: Planting) -> None:
    user: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{planting.cloud.account_id}:root"},
        "Action": "sts:AssumeRole",
    }
    trust(planting, iot_trust(planting), user)


def _wide_role(planting: Planting) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    planting.call(
        "iam:PutRolePolicy",
        RoleName=planting.settings.ota_role,
        PolicyName="everything",
        PolicyDocument=json.dumps(document),
    )


def _shared_profile(planting: Planting) -> None:
    planting.call(
        "signer:AddProfilePermission",
        profileName=planting.settings.signing_profile,
        action="signer:StartSigningJob",
        principal="999999999999",
        statementId="shared",
    )


def _writing_auditor(planting: Planting) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
    planting.call("iam:PutUserPolicy", UserName=AUDITOR, PolicyName="write", PolicyDocument=json.dumps(document))


def _old_tls(planting: Planting) -> None:
    planting.call(
        "iot:UpdateDomainConfiguration",
        domainConfigurationName="iot:Data-ATS",
        tlsConfig={"securityPolicy": "IoTSecurityPolicy_TLS12_1_0_2016_01"},
    )


def _no_schedule(planting: Planting) -> None:
    planting.call("iot:DeleteScheduledAudit", scheduledAuditName="daily")


def _no_logs(planting: Planting) -> None:
    planting.call("iot:SetV2LoggingOptions", defaultLogLevel="DISABLED")


def _deaf(planting: Planting) -> None:
    planting.call("iot:DisableTopicRule", ruleName="activate_new")


def _revoking_list(planting: Planting) -> None:
    planting.write_revocations(read_certificate((planting.directory / "device.crt").read_bytes()).serial)


HARDENING = (
    Defect("the policy allows everything", "the policy", API, _guides_policy, hardening=("HRD-01",)),
    Defect("a policy denies by #", "a policy", API, _denies_by_wildcard, hardening=("HRD-02",)),
    Defect("a policy has five versions", "a policy", API, _five_versions, hardening=("HRD-27",)),
    Defect(
        "a device is connected under another name", "a connection", STATE, _connected_as("x"), hardening=("HRD-07",)
    ),
    Defect("a device was taken over", "a connection", STATE, _taken_over, hardening=("HRD-08",)),
    Defect("a device's certificate is on the revocation list", "the CA", FILES, _revoking_list, hardening=("HRD-10",)),
    Defect("nobody hears of new devices", "a topic rule", API, _deaf, hardening=("HRD-14",)),
    Defect("AWS IoT is not logged", "logging", API, _no_logs, hardening=("HRD-17",)),
    Defect("Device Defender has no schedule", "Device Defender", API, _no_schedule, hardening=("HRD-18",)),
    Defect("Device Defender has found something", "a certificate", STATE, _finding, hardening=("HRD-19",)),
    Defect(
        "the bucket speaks plain HTTP",
        "the bucket",
        API,
        lambda one: one.call("s3:DeleteBucketPolicy", Bucket=one.bucket),
        hardening=("HRD-20",),
    ),
    Defect("another account may read the bucket", "the bucket", API, _policy_of_another_account, hardening=("HRD-20",)),
    Defect(
        "old images stay for ever",
        "the bucket",
        API,
        lambda one: one.call("s3:DeleteBucketLifecycle", Bucket=one.bucket),
        hardening=("HRD-20",),
    ),
    Defect("users may assume the OTA role", "the role", API, _role_for_users, hardening=("HRD-21",)),
    Defect("the OTA role may do everything in S3", "the role", API, _wide_role, hardening=("HRD-21",)),
    Defect("another account may sign", "the profile", API, _shared_profile, hardening=("HRD-22",)),
    Defect("a job hangs", "a job", STATE, _hanging_job, hardening=("HRD-23",)),
    Defect("the auditor may write", "the auditor", API, _writing_auditor, hardening=("HRD-26",)),
    Defect("the endpoint takes TLS 1.0", "the endpoint", API, _old_tls, hardening=("HRD-28",)),
)
