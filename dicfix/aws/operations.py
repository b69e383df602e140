"""Which operations only read, and which IAM action each needs. Plain data; imports nothing.

``iot:GetRegistrationCode`` is missing on purpose: it creates a code where there is none.
Source: botocore service models; IAM action names of the service authorization reference.
"""

from __future__ import annotations

READ_OPERATIONS: frozenset[str] = frozenset(
    {
        "sts:GetCallerIdentity",
        "iot:DescribeEndpoint",
        "iot:ListCACertificates",
        "iot:DescribeCACertificate",
        "iot:ListCertificates",
        "iot:ListCertificatesByCA",
        "iot:DescribeCertificate",
        "iot:ListPolicies",
        "iot:GetPolicy",
        "iot:ListPolicyVersions",
        "iot:GetPolicyVersion",
        "iot:ListTargetsForPolicy",
        "iot:ListAttachedPolicies",
        "iot:ListThings",
        "iot:DescribeThing",
        "iot:ListThingPrincipals",
        "iot:ListThingPrincipalsV2",
        "iot:ListPrincipalThings",
        "iot:ListPrincipalThingsV2",
        "iot:ListTopicRules",
        "iot:GetTopicRule",
        "iot-data:GetConnection",
        "iot-data:ListSubscriptions",
        "iot:ListOTAUpdates",
        "iot:GetOTAUpdate",
        "iot:DescribeStream",
        "iot:ListJobs",
        "iot:DescribeJob",
        "iot:GetJobDocument",
        "iot:ListJobExecutionsForJob",
        "iot:DescribeJobExecution",
        "iot:DescribeThingGroup",
        "iot:ListThingsInThingGroup",
        "signer:GetSigningProfile",
        "signer:GetSigningPlatform",
        "signer:DescribeSigningJob",
        "s3:GetBucketLocation",
        "s3:GetBucketVersioning",
        "s3:GetPublicAccessBlock",
        "s3:HeadBucket",
        "s3:ListObjectVersions",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:SimulatePrincipalPolicy",
        "acm:ListCertificates",
        "acm:DescribeCertificate",
        "acm:GetCertificate",
    }
)

_PERMISSIONS = {
    "iot:ListThingPrincipalsV2": "iot:ListThingPrincipals",
    "iot:ListPrincipalThingsV2": "iot:ListPrincipalThings",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
}


def permission_for(operation: str) -> str:
    """The IAM action that allows ``service:Operation``."""
    if operation in _PERMISSIONS:
        return _PERMISSIONS[operation]
    service, name = operation.split(":", 1)
    return f"{'iot' if service in ('iot-data', 'iot-jobs-data') else service}:{name}"
