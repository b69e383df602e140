"""The rights that the OTA prerequisites ask for: of the service role (PRE-2) and of the caller (PRE-3, PRE-5).

Data about one place: the account, Region, bucket, role and profile of a run. Imports nothing of dicfix.
Source: FreeRTOS user guide, create-service-role, create-ota-user-policy, code-sign-policy; the managed policy
AmazonFreeRTOSOTAUpdate.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVICE = "iot.amazonaws.com"
"""Who assumes the OTA service role."""
MANAGED_POLICY = "AmazonFreeRTOSOTAUpdate"
MANAGED_POLICY_BUCKETS = "afr-ota"
"""How the names of the buckets begin that the managed policy reaches."""
JOB_PREFIX = "AFR_OTA-"
"""Before an OTA update's id, in the id of its job; before a UUID, in the name of its stream."""


@dataclass(frozen=True, slots=True)
class Right:
    """An action, and the ARN of a resource that it is needed on."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class OtaPlace:
    """Where OTA updates are made: partition (``aws``), account, Region, bucket, role ARN and signing profile."""

    account: str
    region: str
    bucket: str
    role_arn: str
    profile: str
    partition: str = "aws"

    def arn(self, service: str, rest: str) -> str:
        """The ARN of something in the account and Region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:{self.partition}:s3:::{self.bucket}"

    @property
    def all_buckets(self) -> str:
        """The resource of an action on all buckets."""
        return f"arn:{self.partition}:s3:::*"


def service_rights(place: OtaPlace) -> tuple[Right, ...]:
    """What the managed policy gives the role, whatever the bucket's name."""
    job, stream = place.arn("iot", f"job/{JOB_PREFIX}x"), place.arn("iot", f"stream/{JOB_PREFIX}x")
    profile, signing_job = (
        place.arn("signer", f"/signing-profiles/{place.profile}"),
        place.arn("signer", "/signing-jobs/x"),
    )
    return (
        Right("signer:StartSigningJob", profile),
        Right("signer:DescribeSigningJob", signing_job),
        Right("signer:GetSigningProfile", profile),
        Right("signer:PutSigningProfile", profile),
        Right("s3:ListBucketVersions", place.bucket_arn),
        Right("s3:ListBucket", place.bucket_arn),
        Right("s3:ListAllMyBuckets", place.all_buckets),
        Right("s3:GetBucketLocation", place.bucket_arn),
        Right("iot:DeleteJob", job),
        Right("iot:DescribeJob", job),
        Right("iot:DeleteStream", stream),
        Right("iot:CreateStream", stream),
        Right("iot:CreateJob", job),
    )


def pass_role_rights(place: OtaPlace) -> tuple[Right, ...]:
    """What the role may do with itself."""
    return (Right("iam:GetRole", place.role_arn), Right("iam:PassRole", place.role_arn))


def object_rights(place: OtaPlace) -> tuple[Right, ...]:
    """What the role may do with the objects of the bucket."""
    objects = f"{place.bucket_arn}/*"
    return tuple(Right(f"s3:{name}", objects) for name in ("GetObjectVersion", "GetObject", "PutObject"))


def operator_rights(place: OtaPlace) -> tuple[Right, ...]:
    """What whoever makes OTA jobs may do; of ``iot:*`` the actions that the guide's steps use. Each action once."""
    update = place.arn("iot", f"otaupdate/{JOB_PREFIX}x")
    job = place.arn("iot", f"job/{JOB_PREFIX}x")
    return (
        Right("s3:ListBucket", place.bucket_arn),
        Right("s3:ListAllMyBuckets", place.all_buckets),
        Right("s3:CreateBucket", place.bucket_arn),
        Right("s3:PutBucketVersioning", place.bucket_arn),
        Right("s3:GetBucketLocation", place.bucket_arn),
        Right("s3:GetObjectVersion", f"{place.bucket_arn}/*"),
        Right("s3:GetObject", f"{place.bucket_arn}/*"),
        Right("s3:PutObject", f"{place.bucket_arn}/*"),
        Right("acm:ImportCertificate", place.arn("acm", "certificate/*")),
        Right("acm:ListCertificates", "*"),
        Right("iot:CreateOTAUpdate", update),
        Right("iot:GetOTAUpdate", update),
        Right("iot:ListOTAUpdates", "*"),
        Right("iot:ListJobs", "*"),
        Right("iot:DescribeJob", job),
        Right("iam:ListRoles", f"arn:{place.partition}:iam::{place.account}:role/*"),
        Right("freertos:ListHardwarePlatforms", "*"),
        Right("freertos:DescribeHardwarePlatform", "*"),
        Right("iam:PassRole", place.role_arn),
    )


def signing_rights(place: OtaPlace) -> tuple[Right, ...]:
    """What the caller may do with code signing (``signer:*``): the actions that the guide's steps use."""
    profile = place.arn("signer", f"/signing-profiles/{place.profile}")
    return (
        Right("signer:PutSigningProfile", profile),
        Right("signer:GetSigningProfile", profile),
        Right("signer:ListSigningProfiles", "*"),
        Right("signer:StartSigningJob", profile),
        Right("signer:DescribeSigningJob", place.arn("signer", "/signing-jobs/x")),
        Right("signer:ListSigningJobs", "*"),
    )
