"""AWS Signer: what makes a valid profile and signing job. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicfix.offline.rules import Level, RuleViolation, rule
from dicfix.offline.rules.signing_platforms import Platform

TESTS = "tests/test_rules_signing.py::"
MODEL = "the service model of signer"
ACTIVE = "Active"
MB = 1024 * 1024


def _invalid(message: str) -> RuleViolation:
    return RuleViolation("ValidationException", message)


@rule(
    "SIGNING-PLATFORM-KNOWN",
    source=MODEL + ", PutSigningProfile platformId; the code is assumed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_an_unknown_platform_is_refused",),
)
def platform_is_known(platform_id: str, platform: Platform | None) -> None:
    """A profile names one of the signing platforms."""
    if platform is None:
        raise _invalid(f"Invalid platform: {platform_id}")


@rule(
    "SIGNING-NAME-RESERVED",
    source="signer developer guide: a canceled profile's name stays taken until it is deleted; the code is assumed",
    level=Level.ASSUMED,
    held_by=(
        TESTS + "test_the_name_of_a_canceled_profile_stays_taken",
        TESTS + "test_a_second_profile_of_the_same_name_is_refused",
    ),
)
def name_is_free(name: str, status: str | None) -> None:
    """A profile's name is used once, and stays taken after the profile was canceled."""
    if status is not None:
        raise _invalid(f"Signing profile {name} already exists and is {status}")


@rule(
    "SIGNING-CERTIFICATE-NEEDED",
    source="FreeRTOS developer guide, ota-code-sign-cert: the platforms of AWS IoT sign with a certificate from ACM",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_profile_without_a_certificate_is_refused",),
)
def certificate_is_given(certificate_arn: str | None) -> None:
    """A profile for an AWS IoT platform names a certificate."""
    if not certificate_arn:
        raise _invalid("signingMaterial with a certificateArn is required for this platform")


@rule(
    "SIGNING-ALGORITHMS-OF-PLATFORM",
    source="signer ListSigningPlatforms, allowed values of each platform",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_override_that_the_platform_does_not_have_is_refused",),
)
def override_is_allowed(platform: Platform, encryption: str, hash_name: str) -> None:
    """Encryption and hash are among those of the platform."""
    if encryption not in platform.encryptions or hash_name not in platform.hashes:
        raise _invalid(f"{platform.platform_id} does not sign with {encryption} and {hash_name}")


@rule(
    "SIGNING-KEY-FITS",
    source="signer developer guide: the certificate's key is of the platform's encryption algorithm; code assumed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_a_certificate_of_another_key_type_is_refused",),
)
def key_fits(key_encryption: str, encryption: str) -> None:
    """The certificate's key is of the kind that the profile signs with."""
    if key_encryption != encryption:
        raise _invalid(f"The certificate has a key for {key_encryption}; the profile signs with {encryption}")


@rule(
    "SIGNING-PROFILE-ACTIVE",
    source="AWS API CancelSigningProfile: a canceled profile cannot perform new signing jobs",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_canceled_profile_signs_nothing",),
)
def profile_is_active(name: str, status: str) -> None:
    """Only an Active profile signs."""
    if status != ACTIVE:
        raise _invalid(f"Signing profile {name} is {status}")


@rule(
    "SIGNING-SOURCE-VERSIONED",
    source="AWS API StartSigningJob: the S3 source bucket must be version enabled",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_source_bucket_without_versioning_is_refused",),
)
def source_is_versioned(bucket: str, versioning: str | None) -> None:
    """The source bucket of a signing job has versioning enabled."""
    if versioning is not None and versioning != "Enabled":
        raise _invalid(f"S3 bucket {bucket} must be version enabled")


@rule(
    "SIGNING-SOURCE-ACCESSIBLE",
    source="FreeRTOS developer guide, ota-create-failure: S3 object not accessible, AccessDeniedException",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_object_that_cannot_be_read_is_not_signed",),
)
def source_is_accessible(key: str, *, accessible: bool) -> None:
    """The object to be signed exists and may be read."""
    if not accessible:
        raise RuleViolation("AccessDeniedException", f"S3 object {key} not accessible. Please check your permissions")


@rule(
    "SIGNING-SIZE",
    source="signer ListSigningPlatforms, maxSizeInMB; that the job is made and fails is assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_object_larger_than_the_platform_takes_fails_the_job",),
    without=lambda _platform, _size_bytes: "",
)
def too_large_for(platform: Platform, size_bytes: int) -> str:
    """An object is not larger than its platform takes; gives the reason of failure, or nothing."""
    if size_bytes <= platform.size_mb_at_most * MB:
        return ""
    return f"The object has {size_bytes} bytes; {platform.platform_id} takes {platform.size_mb_at_most} MB at most"


def algorithms_of(platform: Platform, overrides: Mapping[str, Any], key_encryption: str) -> tuple[str, str]:
    """Encryption and hash of a profile.

    Without an override, a platform that takes the key's kind uses it (AmazonFreeRTOS-Default signs with ECDSA or RSA).
    """
    configuration = overrides.get("signingConfiguration") or {}
    fallback = key_encryption if key_encryption in platform.encryptions else platform.encryptions[0]
    encryption = configuration.get("encryptionAlgorithm") or fallback
    return encryption, configuration.get("hashAlgorithm") or platform.hashes[0]
