"""Signing profiles and signing jobs of AWS Signer (steps 9 and 10 of the OTA part). May import ``ota_records``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from dicfix.aws.answers import member, tried, unless_absent
from dicfix.aws.buckets import ObjectVersion, size_of
from dicfix.aws.session import AwsSession
from dicfix.fields import Field, Unread
from dicfix.ota_records import SigningJob, SigningProfile

_ABSENT = ("ResourceNotFoundException", "NotFoundException")
PLATFORM = "AmazonFreeRTOS-Default"
"""Signs by ECDSA with SHA-256, as the firmware's ``sig-sha256-ecdsa`` asks for. Source: OTA-10."""
CERTIFICATE_PARAMETER = "certname"
"""The signing parameter whose value AWS IoT writes into the job document as ``certfile``."""


def read_signing_profile(session: AwsSession, name: str) -> SigningProfile | None:
    """The profile with its effective algorithms, or None. Source: OTA-10; signer GetSigningProfile."""
    operation = "signer:GetSigningProfile"
    answer = unless_absent(lambda: session.call("signer", "GetSigningProfile", profileName=name), _ABSENT)
    if answer is None:
        return None
    platform_id = member(answer, "platformId", operation)
    algorithms = _algorithms(session, answer, platform_id)
    return SigningProfile(
        name=name,
        arn=member(answer, "arn", operation),
        status=member(answer, "status", operation),
        platform_id=platform_id,
        certificate_arn=str((answer.get("signingMaterial") or {}).get("certificateArn", "")),
        parameters=dict(answer.get("signingParameters") or {}),
        encryption_algorithm=algorithms("encryptionAlgorithm"),
        hash_algorithm=algorithms("hashAlgorithm"),
    )


def _algorithms(session: AwsSession, answer: Mapping[str, Any], platform_id: Field[str]) -> Any:
    overrides = (answer.get("overrides") or {}).get("signingConfiguration") or {}
    defaults: Field[Mapping[str, Any]] | None = None

    def algorithm(name: str) -> Field[str]:
        nonlocal defaults
        if name in overrides:
            return str(overrides[name])
        if isinstance(platform_id, Unread):
            return platform_id
        if defaults is None:
            defaults = tried("signer:GetSigningPlatform", lambda: _defaults(session, platform_id))
        if isinstance(defaults, Unread):
            return defaults
        return str(defaults[f"{name}Options"]["defaultValue"])

    return algorithm


def _defaults(session: AwsSession, platform_id: str) -> Mapping[str, Any]:
    answer = session.call("signer", "GetSigningPlatform", platformId=platform_id)
    found: Mapping[str, Any] = answer["signingConfiguration"]
    return found


def put_signing_profile(
    session: AwsSession, name: str, certificate_arn: str, *, certificate_path: str, platform_id: str = PLATFORM
) -> None:
    """Make a signing profile; ``certificate_path`` is the certificate's path on the device.

    Source: OTA-10; signer PutSigningProfile.
    """
    session.call(
        "signer",
        "PutSigningProfile",
        profileName=name,
        platformId=platform_id,
        signingMaterial={"certificateArn": certificate_arn},
        signingParameters={CERTIFICATE_PARAMETER: certificate_path},
    )


def cancel_signing_profile(session: AwsSession, name: str) -> None:
    """Cancel a profile; AWS keeps its name reserved, and the profile readable. Source: signer CancelSigningProfile."""
    session.call("signer", "CancelSigningProfile", profileName=name)


def start_signing_job(session: AwsSession, source: ObjectVersion, profile: str, *, prefix: str) -> str:
    """Sign an object into the same bucket under ``prefix`` and give the signing job's id. Source: OTA-9.2."""
    answer = session.call(
        "signer",
        "StartSigningJob",
        source={"s3": {"bucketName": source.bucket, "key": source.key, "version": source.version}},
        destination={"s3": {"bucketName": source.bucket, "prefix": prefix}},
        profileName=profile,
        clientRequestToken=str(uuid.uuid4()),
    )
    return str(answer["jobId"])


def read_signing_job(session: AwsSession, job_id: str) -> SigningJob | None:
    """The signing job with its source and signed object, or None. Source: OTA-9.2; signer DescribeSigningJob."""
    answer = unless_absent(lambda: session.call("signer", "DescribeSigningJob", jobId=job_id), _ABSENT)
    if answer is None:
        return None
    source = (answer.get("source") or {}).get("s3") or {}
    signed = (answer.get("signedObject") or {}).get("s3") or {}
    place = ObjectVersion(source.get("bucketName", ""), source.get("key", ""), source.get("version", ""))
    return SigningJob(
        job_id=job_id,
        status=member(answer, "status", "signer:DescribeSigningJob"),
        status_reason=answer.get("statusReason", ""),
        profile_name=member(answer, "profileName", "signer:DescribeSigningJob"),
        source_bucket=place.bucket,
        source_key=place.key,
        source_version=place.version,
        signed_bucket=signed.get("bucketName", ""),
        signed_key=signed.get("key", ""),
        source_size_bytes=tried("s3:ListObjectVersions", lambda: size_of(session, place)) if place.key else None,
    )
