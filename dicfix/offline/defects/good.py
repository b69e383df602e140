"""What makes an onboarded embedded account good on the hardening axis too, so that one defect is one difference.

Through the API alone. The guide's own policy becomes a narrower one that still suffices, which the guide axis accepts.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from dicfix.guide import APPLICATIONS, edition
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.images import gbl
from dicfix.offline.aws_api.account.defender_responses import CHECKS
from dicfix.offline.defects.planting import Planting, hear_of_registrations
from dicfix.settings import Settings

THING = "${iot:Connection.Thing.ThingName}"
NONCURRENT_DAYS = 90
IMAGE_VERSION = 0x00090003
AUDITOR = "auditor"
_FOR_IOT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def given_files(settings: Settings, directory: Path) -> Settings:
    """The settings with an image and a place for the CA's revocation list, both in ``directory``, where none are named.

    For before the onboarding, since the image is what it uploads.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    image = Path(settings.image or directory / "light.gbl")
    if not settings.image:
        image.write_bytes(gbl.make(b"the program of a light" * 40, version=IMAGE_VERSION))
    return replace(settings, image=str(image), crl=settings.crl or str(directory / "crl.pem"))


def harden(planting: Planting) -> None:
    """Everything that the hardening axis asks for, as far as the guide and the firmware leave room for it."""
    narrow_policy(planting)
    hear_of_registrations(planting)
    _watch(planting)
    if edition(planting.settings.edition).ota:
        _keep_bucket_well(planting)
    planting.auditor = _auditor(planting)
    if planting.settings.crl and not Path(planting.settings.crl).exists():
        planting.write_revocations()


def narrow_policy(planting: Planting) -> None:
    """The least that device and Explorer need, as the policy's only version."""
    name = planting.settings.policy_name
    document = json.dumps(least_policy(planting))
    planting.call("iot:CreatePolicyVersion", policyName=name, policyDocument=document, setAsDefault=True)
    planting.call("iot:DeletePolicyVersion", policyName=name, policyVersionId="1")


def least_policy(planting: Planting) -> dict[str, Any]:
    """A policy for devices and Explorer: their own client ID, the topics of the edition, a device's jobs and streams.

    Source: facts, controls 4.3.
    """
    chosen = edition(planting.settings.edition)
    states = {topic.split("/")[0] for name in chosen.applications for topic in APPLICATIONS[name].state_topics}
    own = [f"$aws/things/{THING}/{kind}/*" for kind in ("jobs", "streams")]
    topics = [*(f"{one}/*" for one in sorted(states)), COMMAND_TOPIC, *own]

    def allow(actions: list[str], kind: str, names: list[str]) -> dict[str, Any]:
        return {"Effect": "Allow", "Action": actions, "Resource": [planting.arn(f"{kind}/{one}") for one in names]}

    return {
        "Version": "2012-10-17",
        "Statement": [
            allow(["iot:Connect"], "client", [THING]),
            allow(["iot:Publish", "iot:Receive"], "topic", topics),
            allow(["iot:Subscribe"], "topicfilter", topics),
        ],
    }


def _watch(planting: Planting) -> None:
    role = planting.call("iam:CreateRole", RoleName="iot_watching", AssumeRolePolicyDocument=json.dumps(_FOR_IOT))[
        "Role"
    ]["Arn"]
    planting.call("iot:SetV2LoggingOptions", roleArn=role, defaultLogLevel="WARN", disableAllLogs=False)
    planting.call(
        "iot:UpdateAccountAuditConfiguration",
        roleArn=role,
        auditCheckConfigurations={name: {"enabled": True} for name in CHECKS},
    )
    planting.call(
        "iot:CreateScheduledAudit", scheduledAuditName="daily", frequency="DAILY", targetCheckNames=list(CHECKS)
    )
    planting.call(
        "iot:UpdateIndexingConfiguration",
        thingIndexingConfiguration={"thingIndexingMode": "REGISTRY", "thingConnectivityIndexingMode": "STATUS"},
    )


def secure_transport(bucket: str) -> dict[str, Any]:
    """A bucket policy that denies plain HTTP."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def put_bucket_policy(planting: Planting, *statements: dict[str, Any]) -> None:
    """Replace the bucket's policy."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    planting.call("s3:PutBucketPolicy", Bucket=planting.bucket, Policy=json.dumps(document))


def _keep_bucket_well(planting: Planting) -> None:
    put_bucket_policy(planting, secure_transport(planting.bucket))
    expiring = {
        "ID": "old versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
    }
    planting.call(
        "s3:PutBucketLifecycleConfiguration", Bucket=planting.bucket, LifecycleConfiguration={"Rules": [expiring]}
    )


def _auditor(planting: Planting) -> dict[str, Any]:
    """A user who may read alone, and the credentials that the audit is to use."""
    planting.call("iam:CreateUser", UserName=AUDITOR)
    reading = {"Effect": "Allow", "Action": ["iot:Describe*", "iot:List*", "iot:Get*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reading]})
    planting.call("iam:PutUserPolicy", UserName=AUDITOR, PolicyName="read", PolicyDocument=document)
    key = planting.call("iam:CreateAccessKey", UserName=AUDITOR)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
