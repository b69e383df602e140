"""Controls of the OTA prerequisites: bucket, rights of the caller, code-signing certificate, policy of the things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dicfix.controls.ota_subjects import code_signing_certificate, place_of, unless_custom
from dicfix.controls.policies import ota_requests, shortened
from dicfix.controls.policy_document import not_allowed, parse_policy
from dicfix.controls.registry import Absent, Look, control
from dicfix.controls.subjects import find_policy
from dicfix.errors import Unreadable
from dicfix.fields import Field
from dicfix.findings import Finding, Severity
from dicfix.guide.ota_rights import OtaPlace, Right, operator_rights, signing_rights
from dicfix.ota_records import PUBLIC_ACCESS_BLOCKS, Bucket
from dicfix.records import known

_CERTIFICATE_NEEDS = ("ota_update", "code_signing_certificate")
_CERTIFICATE_OPERATIONS = ("iot:GetOTAUpdate", "signer:GetSigningProfile", "acm:DescribeCertificate")
_ENABLED = "Enabled"


def _bucket(look: Look) -> Bucket:
    found = known(look.inventory.bucket)
    if found is None:
        raise Absent(look.settings.bucket or "the bucket", "a bucket for the images", "no such bucket")
    return found


@control(
    "DIC-OTP-01",
    clauses=("PRE-1",),
    severity=Severity.CRITICAL,
    title="The bucket exists, in the Region of the configuration",
    rationale="AWS Signer and the stream reach only a bucket in their own Region.",
    remedy="aws s3api create-bucket in the fleet's Region",
    needs=("bucket",),
    operations=("s3:HeadBucket", "s3:GetBucketLocation"),
)
def bucket_exists(look: Look) -> Iterator[Finding]:
    """PRE-1: the bucket, and where."""
    bucket, wanted = _bucket(look), look.settings.region
    region = known(bucket.region)
    yield look.judge(bucket.name, region == wanted, expected=f"in {wanted}", observed=f"in {region}")


@control(
    "DIC-OTP-02",
    clauses=("PRE-1",),
    severity=Severity.CRITICAL,
    title="The bucket is versioned",
    rationale="AWS keeps the signed object and the raw image as two versions of one key.",
    remedy="aws s3api put-bucket-versioning --versioning-configuration Status=Enabled",
    needs=("bucket",),
    operations=("s3:GetBucketVersioning",),
)
def bucket_is_versioned(look: Look) -> Iterator[Finding]:
    """PRE-1: versioning on."""
    bucket = _bucket(look)
    status = known(bucket.versioning)
    if not status:
        yield look.absent(bucket.name, f"versioning {_ENABLED}", "never switched on")
    else:
        yield look.judge(bucket.name, status == _ENABLED, expected=f"versioning {_ENABLED}", observed=status)


@control(
    "DIC-OTP-03",
    clauses=("PRE-1",),
    severity=Severity.CRITICAL,
    title="Public access to the bucket is blocked",
    rationale="An image of the published firmware may hold a device's private key.",
    remedy="aws s3api put-public-access-block with all four settings true",
    needs=("bucket",),
    operations=("s3:GetPublicAccessBlock",),
)
def public_access_is_blocked(look: Look) -> Iterator[Finding]:
    """PRE-1: all four settings."""
    bucket = _bucket(look)
    settings = known(bucket.public_access_block)
    if not settings:
        yield look.absent(bucket.name, "public access blocked", "no public access block")
        return
    off = [one for one in PUBLIC_ACCESS_BLOCKS if not settings.get(one)]
    yield look.judge(
        bucket.name,
        not off,
        expected=f"{', '.join(PUBLIC_ACCESS_BLOCKS)} on",
        observed=f"{', '.join(off)} off" if off else "all on",
    )


@control(
    "DIC-OTP-09",
    clauses=("PRE-3",),
    severity=Severity.CRITICAL,
    title="The caller may make OTA jobs, passing the role included",
    rationale="Without iam:PassRole on the role the update ends in CREATE_FAILED; no user is made here for it.",
    remedy="give the caller the OTA user policy of the prerequisites, with iam:PassRole on the role's ARN",
    needs=("operator_rights", "caller"),
    operations=("sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy"),
)
def caller_may_make_ota_jobs(look: Look) -> Iterator[Finding]:
    """PRE-3: every action of the OTA user policy."""
    yield from _rights(look, operator_rights)


@control(
    "DIC-OTP-10",
    clauses=("PRE-5",),
    severity=Severity.CRITICAL,
    title="The caller may use code signing for AWS IoT",
    rationale="Whoever may not use AWS Signer can neither make the profile nor sign with it.",
    remedy="give the caller the code-signing policy of the prerequisites (signer:*)",
    needs=("operator_rights", "caller"),
    operations=("sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy"),
)
def caller_may_use_code_signing(look: Look) -> Iterator[Finding]:
    """PRE-5: every action of AWS Signer that the guide's steps use."""
    yield from _rights(look, signing_rights)


def _rights(look: Look, needed: Callable[[OtaPlace], tuple[Right, ...]]) -> Iterator[Finding]:
    rights = look.given(look.inventory.operator_rights) if look.auditing else known(look.inventory.operator_rights)
    if rights is None:
        yield look.manual("what the person who makes OTA jobs may do: aws iam simulate-principal-policy")
        return
    allowed = known(rights.allowed)
    by_action = {one.action: one for one in needed(place_of(look, known(look.inventory.caller).arn))}
    yield from look.each(by_action, lambda action: _right(look, by_action[action], allowed))


def _right(look: Look, right: Right, allowed: Mapping[str, Field[bool]]) -> Iterator[Finding]:
    if right.action not in allowed:
        raise Unreadable("iam:SimulatePrincipalPolicy", "NotRead", f"{right.action} was not asked for")
    verdict = known(allowed[right.action])
    yield look.judge(
        right.action,
        verdict,
        expected=f"allowed on {right.resource}",
        observed="allowed" if verdict else f"not allowed on {right.resource}",
    )


@control(
    "DIC-OTP-11",
    clauses=("PRE-4",),
    severity=Severity.CRITICAL,
    title="The code-signing certificate is in ACM, imported, and the profile's",
    rationale="AWS Signer signs with the key that was imported with it; another certificate is another signer.",
    remedy="aws acm import-certificate, and name its ARN in the signing profile",
    needs=(*_CERTIFICATE_NEEDS, "signing_profile"),
    operations=_CERTIFICATE_OPERATIONS,
)
def certificate_is_in_acm(look: Look) -> Iterator[Finding]:
    """PRE-4: ISSUED and IMPORTED; once there is a profile, the one that it names."""
    yield from unless_custom(look, lambda: _in_acm(look))


def _in_acm(look: Look) -> Iterator[Finding]:
    certificate, profile = code_signing_certificate(look), known(look.inventory.signing_profile)
    found = (known(certificate.status), known(certificate.kind))
    yield look.judge(
        certificate.arn, found == ("ISSUED", "IMPORTED"), expected="ISSUED, IMPORTED", observed=", ".join(found)
    )
    if profile is not None:
        named = known(profile.certificate_arn)
        yield look.judge(
            profile.name,
            named == certificate.arn,
            expected=f"signs with {certificate.arn}",
            observed=f"signs with {named or 'no certificate'}",
        )


@control(
    "DIC-OTP-12",
    clauses=("PRE-4",),
    severity=Severity.CRITICAL,
    title="The code-signing certificate is ECDSA P-256 with SHA-256",
    rationale="The firmware reads a signature of this kind alone.",
    remedy="make the certificate again with ec_paramgen_curve:P-256 and the digest SHA-256, and import it",
    needs=_CERTIFICATE_NEEDS,
    operations=_CERTIFICATE_OPERATIONS,
)
def certificate_is_ecdsa(look: Look) -> Iterator[Finding]:
    """PRE-4: key and signature algorithm."""
    yield from unless_custom(look, lambda: _ecdsa(look))


def _ecdsa(look: Look) -> Iterator[Finding]:
    certificate = code_signing_certificate(look)
    found = (known(certificate.key_algorithm), known(certificate.signature_algorithm))
    yield look.judge(
        certificate.arn,
        found == ("EC_prime256v1", "SHA256WITHECDSA"),
        expected="EC_prime256v1, SHA256WITHECDSA",
        observed=", ".join(found),
    )


@control(
    "DIC-OTP-13",
    clauses=("PRE-4",),
    severity=Severity.CRITICAL,
    title="The code-signing certificate is for digital signatures and code signing",
    rationale="AWS Signer refuses any other: Invalid EKU in Certificate.",
    remedy="make the certificate again with keyUsage digitalSignature and extendedKeyUsage codeSigning",
    needs=_CERTIFICATE_NEEDS,
    operations=_CERTIFICATE_OPERATIONS,
)
def certificate_is_for_code_signing(look: Look) -> Iterator[Finding]:
    """PRE-4: key usage and extended key usage."""
    yield from unless_custom(look, lambda: _usages(look))


def _usages(look: Look) -> Iterator[Finding]:
    certificate = code_signing_certificate(look)
    usages, extended = known(certificate.key_usages), known(certificate.extended_key_usages)
    good = "DIGITAL_SIGNATURE" in usages and bool({"CODE_SIGNING", "ANY"} & set(extended))
    yield look.judge(
        certificate.arn,
        good,
        expected="DIGITAL_SIGNATURE, CODE_SIGNING",
        observed=", ".join((*usages, *extended)) or "no usage",
    )


@control(
    "DIC-OTP-14",
    clauses=("PRE-4",),
    severity=Severity.CRITICAL,
    title="The code-signing certificate has not expired",
    rationale="The guide's example lasts 365 days; after that nothing new can be signed.",
    remedy="make and import a new certificate, and a signing profile that names it",
    needs=_CERTIFICATE_NEEDS,
    operations=_CERTIFICATE_OPERATIONS,
)
def certificate_has_not_expired(look: Look) -> Iterator[Finding]:
    """PRE-4: valid now."""
    yield from unless_custom(look, lambda: _expiry(look))


def _expiry(look: Look) -> Iterator[Finding]:
    certificate = code_signing_certificate(look)
    end = known(certificate.not_after)
    yield look.judge(
        certificate.arn,
        look.now < end,
        expected=f"valid on {look.now:%Y-%m-%d}",
        observed=f"valid until {end:%Y-%m-%d}",
    )


@control(
    "DIC-OTP-15",
    clauses=("PRE-6",),
    severity=Severity.CRITICAL,
    title="The policy of the things allows the OTA topics",
    rationale="A device that may not use its job and stream topics is disconnected at the first of them.",
    remedy="allow $aws/things/<thing>/jobs/* and $aws/things/<thing>/streams/*, or use the guide's policy",
    needs=("policies",),
    operations=("iot:GetPolicy",),
)
def policy_allows_the_ota_topics(look: Look) -> Iterator[Finding]:
    """PRE-6: what the OTA agent publishes, subscribes to and receives."""
    policy = find_policy(look)
    document = parse_policy(known(policy.document))
    prefix = known(policy.arn).rsplit(":policy/", 1)[0]
    requests = [one for name in look.settings.ota_targets for one in ota_requests(name)]
    missing = [f"not allowed: {one.sentence()}" for one in not_allowed(document, requests, prefix)]
    yield look.judge(
        policy.name,
        not missing,
        expected="job and stream topics allowed",
        observed=shortened(missing) if missing else "job and stream topics allowed",
    )
