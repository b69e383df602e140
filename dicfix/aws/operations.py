"""Which operations only read, and which IAM actions on which resources each needs. Plain data; imports nothing.

One table is everything: what a read-only session lets through, what a refusal names as the missing permission, and
what ``dicfix permissions audit`` prints. ``iot:GetRegistrationCode`` is missing on purpose: it creates a code where
there is none; so is ``s3:GetObject``: an image may hold a key.
Source: botocore service models; names of actions and resource types of the service authorization reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ANY = "*"
"""The resource of an action that takes none, or of which it is not known that it takes one."""
_IOT = "arn:{partition}:iot:{region}:{account}:"
_SIGNER = "arn:{partition}:signer:{region}:{account}:"
_BUCKET = "arn:{partition}:s3:::{bucket}"
_ROLE = "arn:{partition}:iam::{account}:role/{role}"
_ANY_ROLE = "arn:{partition}:iam::{account}:role/*"
_IAM_POLICY = "arn:{partition}:iam::*:policy/*"
_PRINCIPALS = "arn:{partition}:iam::{account}:*"
_ACM = "arn:{partition}:acm:{region}:{account}:certificate/*"


@dataclass(frozen=True, slots=True)
class Right:
    """What allows an operation: IAM actions, and the ARN pattern of the resource that they are allowed on.

    No action at all is for an operation that everybody may call. The pattern has the fields partition, region,
    account, bucket and role.
    """

    actions: tuple[str, ...]
    resource: str = ANY


def _iot(action: str, kind: str = "") -> Right:
    return Right((f"iot:{action}",), f"{_IOT}{kind}/*" if kind else ANY)


RIGHTS: Mapping[str, Right] = {
    "sts:GetCallerIdentity": Right(()),
    "iot:DescribeEndpoint": _iot("DescribeEndpoint"),
    "iot:ListCACertificates": _iot("ListCACertificates"),
    "iot:DescribeCACertificate": _iot("DescribeCACertificate", "cacert"),
    "iot:ListCertificates": _iot("ListCertificates"),
    "iot:ListCertificatesByCA": _iot("ListCertificatesByCA"),
    "iot:DescribeCertificate": _iot("DescribeCertificate", "cert"),
    "iot:ListPolicies": _iot("ListPolicies"),
    "iot:GetPolicy": _iot("GetPolicy", "policy"),
    "iot:ListPolicyVersions": _iot("ListPolicyVersions", "policy"),
    "iot:ListTargetsForPolicy": _iot("ListTargetsForPolicy", "policy"),
    "iot:ListThings": _iot("ListThings"),
    "iot:DescribeThing": _iot("DescribeThing", "thing"),
    "iot:ListThingPrincipals": _iot("ListThingPrincipals", "thing"),
    # The API's own page asks for the right of the first version; lists of actions name one of its own too.
    "iot:ListThingPrincipalsV2": Right(("iot:ListThingPrincipals", "iot:ListThingPrincipalsV2"), f"{_IOT}thing/*"),
    "iot:ListPrincipalThings": _iot("ListPrincipalThings"),
    "iot:ListTopicRules": _iot("ListTopicRules"),
    "iot:GetTopicRule": _iot("GetTopicRule", "rule"),
    "iot:ListProvisioningTemplates": _iot("ListProvisioningTemplates"),
    "iot:GetV2LoggingOptions": _iot("GetV2LoggingOptions"),
    "iot:DescribeAccountAuditConfiguration": _iot("DescribeAccountAuditConfiguration"),
    "iot:ListScheduledAudits": _iot("ListScheduledAudits"),
    "iot:ListAuditFindings": _iot("ListAuditFindings"),
    "iot:GetIndexingConfiguration": _iot("GetIndexingConfiguration"),
    "iot:SearchIndex": _iot("SearchIndex", "index"),
    "iot:ListDomainConfigurations": _iot("ListDomainConfigurations"),
    "iot:DescribeDomainConfiguration": _iot("DescribeDomainConfiguration", "domainconfiguration"),
    "iot-data:GetConnection": _iot("GetConnection"),
    "iot-data:ListSubscriptions": _iot("ListSubscriptions"),
    "iot:ListOTAUpdates": _iot("ListOTAUpdates"),
    "iot:GetOTAUpdate": _iot("GetOTAUpdate", "otaupdate"),
    "iot:DescribeStream": _iot("DescribeStream", "stream"),
    "iot:ListJobs": _iot("ListJobs"),
    "iot:DescribeJob": _iot("DescribeJob", "job"),
    "iot:GetJobDocument": _iot("GetJobDocument", "job"),
    "iot:ListJobExecutionsForJob": _iot("ListJobExecutionsForJob", "job"),
    "iot:DescribeJobExecution": _iot("DescribeJobExecution"),
    "iot:DescribeThingGroup": _iot("DescribeThingGroup", "thinggroup"),
    "iot:ListThingsInThingGroup": _iot("ListThingsInThingGroup", "thinggroup"),
    "signer:GetSigningProfile": Right(("signer:GetSigningProfile",), f"{_SIGNER}/signing-profiles/*"),
    "signer:GetSigningPlatform": Right(("signer:GetSigningPlatform",)),
    "signer:DescribeSigningJob": Right(("signer:DescribeSigningJob",), f"{_SIGNER}/signing-jobs/*"),
    "signer:ListProfilePermissions": Right(("signer:ListProfilePermissions",), f"{_SIGNER}/signing-profiles/*"),
    "s3:GetBucketLocation": Right(("s3:GetBucketLocation",), _BUCKET),
    "s3:GetBucketVersioning": Right(("s3:GetBucketVersioning",), _BUCKET),
    "s3:GetPublicAccessBlock": Right(("s3:GetBucketPublicAccessBlock",), _BUCKET),
    "s3:GetBucketEncryption": Right(("s3:GetEncryptionConfiguration",), _BUCKET),
    "s3:GetBucketPolicy": Right(("s3:GetBucketPolicy",), _BUCKET),
    "s3:GetBucketLifecycleConfiguration": Right(("s3:GetLifecycleConfiguration",), _BUCKET),
    "s3:HeadBucket": Right(("s3:ListBucket",), _BUCKET),
    "s3:ListObjectVersions": Right(("s3:ListBucketVersions",), _BUCKET),
    # The roles of OTA and of logging, and the role that the audit itself has taken.
    "iam:GetRole": Right(("iam:GetRole",), _ANY_ROLE),
    "iam:ListAttachedRolePolicies": Right(("iam:ListAttachedRolePolicies",), _ROLE),
    "iam:ListRolePolicies": Right(("iam:ListRolePolicies",), _ROLE),
    "iam:GetRolePolicy": Right(("iam:GetRolePolicy",), _ROLE),
    "iam:GetPolicy": Right(("iam:GetPolicy",), _IAM_POLICY),
    "iam:GetPolicyVersion": Right(("iam:GetPolicyVersion",), _IAM_POLICY),
    "iam:SimulatePrincipalPolicy": Right(("iam:SimulatePrincipalPolicy",), _PRINCIPALS),
    "acm:ListCertificates": Right(("acm:ListCertificates",)),
    "acm:DescribeCertificate": Right(("acm:DescribeCertificate",), _ACM),
    "acm:GetCertificate": Right(("acm:GetCertificate",), _ACM),
    "service-quotas:ListServiceQuotas": Right(("servicequotas:ListServiceQuotas",)),
    "cloudtrail:LookupEvents": Right(("cloudtrail:LookupEvents",)),
}
"""Every operation that an audit may send, with what allows it."""

READ_OPERATIONS: frozenset[str] = frozenset(RIGHTS)

BESIDE_CONTROLS: Mapping[str, str] = {
    "iot:ListThingPrincipalsV2": "the attachments of things, by a quota of its own",
    "iot:ListPrincipalThings": "the things of a certificate that no thing in scope has",
    "iot-data:ListSubscriptions": "the subscriptions of a live session",
    "acm:ListCertificates": "the code-signing certificate, where no profile names it",
    "acm:GetCertificate": "its text",
    "service-quotas:ListServiceQuotas": "the pace of a sweep",
    "cloudtrail:LookupEvents": "what changed since the night before",
}
"""Operations that a sweep sends and no control declares, each with what it is for."""


def resource_of(right: Right, *, account: str, region: str, bucket: str, role: str) -> str:
    """The ARN that a right is for, in the partition of the Region."""
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    names = {"partition": partition, "account": account, "region": region, "bucket": bucket, "role": role}
    return right.resource.format(**names)


ASSUME_ROLE = "sts:AssumeRole"
"""What lets a caller into the roles of other accounts. It is none of the table: a read-only session never sends it."""


def audit_policy(
    *, account: str, region: str, bucket: str, role: str, assumes: Sequence[str] = ()
) -> dict[str, object]:
    """The IAM policy document of a caller who audits: every action of the table, each on its own resource, no more.

    ``assumes`` are the ARNs of the roles that the caller takes to audit other accounts, if there are any.
    """
    by_resource: dict[str, set[str]] = {}
    for right in RIGHTS.values():
        resource = resource_of(right, account=account, region=region, bucket=bucket, role=role)
        by_resource.setdefault(resource, set()).update(right.actions)
    statements: list[dict[str, object]] = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": resource}
        for resource, actions in sorted(by_resource.items())
        if actions
    ]
    if assumes:
        statements.append({"Effect": "Allow", "Action": [ASSUME_ROLE], "Resource": sorted(set(assumes))})
    return {"Version": "2012-10-17", "Statement": statements}


_OF_OTHERS = {"s3:HeadObject": "s3:GetObject"}
"""Actions of operations that only an onboarding sends, where the names differ."""


def permission_for(operation: str) -> str:
    """The IAM action that allows ``service:Operation``."""
    right = RIGHTS.get(operation)
    if right and right.actions:
        return right.actions[0]
    if operation in _OF_OTHERS:
        return _OF_OTHERS[operation]
    service, name = operation.split(":", 1)
    return f"{'iot' if service in ('iot-data', 'iot-jobs-data') else service}:{name}"
