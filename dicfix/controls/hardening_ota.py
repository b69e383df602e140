"""Hardening of the OTA half: the bucket, the service role, and who else may sign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dicfix.account_records import BucketProtection
from dicfix.controls.hardening_certificates import days_left
from dicfix.controls.ota_role import _RIGHTS_OPERATIONS, _role, _trust
from dicfix.controls.ota_subjects import (
    UPDATE_OPERATIONS,
    code_signing_certificate,
    signing_profile,
    unless_custom,
)
from dicfix.controls.policies import shortened
from dicfix.controls.registry import Absent, Look, control
from dicfix.findings import Axis, Finding
from dicfix.guide.ota_rights import SERVICE
from dicfix.iam_policies import Statement, read_policy
from dicfix.records import known
from dicfix.settings import ota_bucket

_OTA_EDITIONS = ("2023-08", "2024-04")
SIGNING_CERTIFICATE_DAYS = 30


def _protection(look: Look) -> BucketProtection:
    found = known(look.inventory.bucket_protection)
    if found is None:
        name = ota_bucket(look.settings, known(look.inventory.caller).account)
        raise Absent(name, f"a bucket named {name}", "no such bucket")
    return found


@control(
    "DIC-HRD-20",
    axis=Axis.HARDENING,
    title="The bucket is encrypted, speaks TLS only, is nobody else's, and lets old versions go",
    rationale="An image may hold a key, and a versioned bucket keeps each of its versions until somebody deletes it.",
    remedy="aws s3api put-bucket-encryption, put-bucket-policy (Deny unless aws:SecureTransport), "
    "put-bucket-lifecycle-configuration (NoncurrentVersionExpiration)",
    needs=("caller", "bucket_protection"),
    operations=(
        "sts:GetCallerIdentity",
        "s3:GetBucketLocation",
        "s3:GetBucketEncryption",
        "s3:GetBucketPolicy",
        "s3:GetBucketLifecycleConfiguration",
    ),
    source="Amazon S3 user guide, security-best-practices.html",
    editions=_OTA_EDITIONS,
)
def bucket_is_kept_well(look: Look) -> Iterator[Finding]:
    """Default encryption, the policy's statements, and the lifecycle of noncurrent versions."""
    found = _protection(look)
    account = known(look.inventory.caller).account
    yield from look.settled(f"{found.name}: encryption", lambda: [_encryption(look, found)])
    yield from look.settled(f"{found.name}: policy", lambda: _policy(look, found, account))
    yield from look.settled(f"{found.name}: old versions", lambda: [_lifecycle(look, found)])


def _encryption(look: Look, bucket: BucketProtection) -> Finding:
    kind = known(bucket.encryption)
    return look.judge(f"{bucket.name}: encryption", bool(kind), expected="default encryption", observed=kind or "none")


def _policy(look: Look, bucket: BucketProtection, account: str) -> Iterator[Finding]:
    text = known(bucket.policy)
    statements = read_policy(text, f"the policy of {bucket.name}") if text else ()
    tls = any(_denies_plain_http(one) for one in statements)
    resource = f"{bucket.name}: policy"
    yield look.judge(
        resource,
        tls,
        expected="a Deny for everybody unless aws:SecureTransport",
        observed="TLS only" if tls else "plain HTTP is not denied",
    )
    foreign = [text for one in statements if one.allows for text in _foreign(one.principal, account)]
    yield look.judge(
        f"{bucket.name}: principals",
        not foreign,
        expected="principals of this account only",
        observed=f"allowed: {shortened(foreign)}" if foreign else "principals of this account only",
    )


def _denies_plain_http(statement: Statement) -> bool:
    wanted = {name.lower(): values for name, values in statement.conditions.get("Bool", {}).items()}
    everybody = statement.principal == "*" or statement.principal == {"AWS": "*"}
    return not statement.allows and everybody and wanted.get("aws:securetransport") == ("false",)


def _foreign(principal: Any, account: str) -> list[str]:
    listed = principal.get("AWS", []) if isinstance(principal, Mapping) else [principal] if principal else []
    texts = [listed] if isinstance(listed, str) else list(listed)
    return [str(one) for one in texts if one != account and f"::{account}:" not in str(one)]


def _lifecycle(look: Look, bucket: BucketProtection) -> Finding:
    days = known(bucket.noncurrent_days)
    return look.judge(
        f"{bucket.name}: old versions",
        bool(days),
        expected="a lifecycle rule that expires noncurrent versions",
        observed=f"expired after {min(days)} days" if days else "kept for ever",
    )


@control(
    "DIC-HRD-21",
    axis=Axis.HARDENING,
    title="The OTA service role is no wider than it must be, and no user may assume it",
    rationale="Whoever may make an OTA update acts with this role.",
    remedy="trust iot.amazonaws.com alone; attach AmazonFreeRTOSOTAUpdate and the guide's two inline policies only",
    needs=("ota_role",),
    operations=_RIGHTS_OPERATIONS,
    source="FreeRTOS user guide, create-service-role.html; IAM user guide, best-practices.html",
    editions=_OTA_EDITIONS,
)
def role_is_narrow(look: Look) -> Iterator[Finding]:
    """No whole service in an Allow, no PassRole on every role, nobody but AWS IoT in the trust policy."""
    role = _role(look)
    users = [text for one in _trust(role) if one.allows for text in _others(one)]
    yield look.judge(
        f"{role.name}: trust",
        not users,
        expected=f"{SERVICE} alone",
        observed=f"also {shortened(users)}" if users else f"{SERVICE} alone",
    )
    policies = {**known(role.attached_policies), **known(role.inline_policies)}
    wide = [
        f"{name.rpartition('/')[2]}: {text}"
        for name, document in policies.items()
        for one in read_policy(document, f"the policy {name}")
        for text in _wide(one)
    ]
    yield look.judge(
        f"{role.name}: rights",
        not wide,
        expected="single actions, PassRole on single roles",
        observed=shortened(wide) if wide else "single actions",
    )


def _others(statement: Statement) -> list[str]:
    principal = statement.principal
    if not isinstance(principal, Mapping):
        return [str(principal)]
    named = [
        (kind, text)
        for kind, value in principal.items()
        for text in ([value] if isinstance(value, str) else list(value))
    ]
    return [text for kind, text in named if (kind, text) != ("Service", SERVICE)]


def _wide(statement: Statement) -> list[str]:
    if not statement.allows:
        return []
    wide = [one for one in statement.actions if one == "*" or one.endswith(":*")]
    wide += ["everything but some actions"] if statement.actions_excluded else []
    passing = any(one.lower() == "iam:passrole" for one in statement.actions) and "*" in statement.resources
    return wide + (["iam:PassRole on every role"] if passing else [])


@control(
    "DIC-HRD-22",
    axis=Axis.HARDENING,
    title="Nobody else may sign with the signing profile, and its certificate is good for a month",
    rationale="Who may sign may put an image on every device; with an expired certificate nobody can.",
    remedy="aws signer remove-profile-permission; aws acm import-certificate for the next code-signing certificate",
    needs=("ota_update", "signing_profile", "signing_permissions", "code_signing_certificate"),
    operations=(
        *UPDATE_OPERATIONS,
        "signer:GetSigningProfile",
        "signer:ListProfilePermissions",
        "acm:DescribeCertificate",
    ),
    source="AWS Signer developer guide, signing-profile-cross-account.html; ACM API, DescribeCertificate",
    editions=_OTA_EDITIONS,
)
def signing_is_ours_alone(look: Look) -> Iterator[Finding]:
    """Permissions of the profile, and the end of its certificate."""
    yield from unless_custom(look, lambda: _signing(look))


def _signing(look: Look) -> Iterator[Finding]:
    yield from look.settled("signing profile", lambda: _permissions(look))
    yield from look.settled("code-signing certificate", lambda: _signing_certificate(look))


def _permissions(look: Look) -> Iterator[Finding]:
    profile = signing_profile(look)
    others = [f"{one.principal} ({one.action})" for one in known(look.inventory.signing_permissions)]
    yield look.judge(
        profile.name,
        not others,
        expected="no permissions for other accounts",
        observed=f"allowed: {shortened(others)}" if others else "no permissions for other accounts",
    )


def _signing_certificate(look: Look) -> Iterator[Finding]:
    certificate = code_signing_certificate(look)
    left = days_left(known(certificate.not_after), look.now)
    yield look.judge(
        "code-signing certificate",
        left >= SIGNING_CERTIFICATE_DAYS,
        expected=f"{SIGNING_CERTIFICATE_DAYS} days left or more",
        observed=f"{left} days left" if left >= 0 else f"expired {-left} days ago",
    )
