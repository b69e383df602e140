"""Controls of the OTA service role: who may assume it, and what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dicfix.controls.ota_subjects import place_of
from dicfix.controls.registry import Absent, Look, control
from dicfix.findings import Finding, Severity
from dicfix.guide.ota_rights import (
    MANAGED_POLICY,
    MANAGED_POLICY_BUCKETS,
    SERVICE,
    OtaPlace,
    Right,
    object_rights,
    pass_role_rights,
    service_rights,
)
from dicfix.iam_policies import Statement, allows, names_everyone, read_policy, trusts
from dicfix.ota_records import OtaRole
from dicfix.records import known

_TRUST_OPERATIONS = ("iam:GetRole",)
_RIGHTS_OPERATIONS = (
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
)
_ANOTHER_ACCOUNT = "000000000000"


def _role(look: Look) -> OtaRole:
    found = known(look.inventory.ota_role)
    if found is None:
        name = look.settings.ota_role
        raise Absent(name, f"an IAM role named {name}", "no such role")
    return found


def _trust(role: OtaRole) -> tuple[Statement, ...]:
    return read_policy(known(role.trust), f"the trust policy of {role.name}")


def _acting_for(place: OtaPlace, account: str) -> Mapping[str, str]:
    """What AWS IoT says when it assumes the role for an OTA update of an account."""
    update = f"arn:{place.partition}:iot:{place.region}:{account}:otaupdate/x"
    return {"aws:SourceAccount": account, "aws:SourceArn": update}


@control(
    "DIC-OTP-04",
    clauses=("PRE-2",),
    severity=Severity.BLOCKER,
    title="AWS IoT may assume the OTA service role, and not everybody",
    rationale="Without this trust AWS cannot use the role; with a wildcard anybody can.",
    remedy="trust the service iot.amazonaws.com with sts:AssumeRole, and nobody else without need",
    needs=("ota_role",),
    operations=_TRUST_OPERATIONS,
)
def iot_may_assume_the_role(look: Look) -> Iterator[Finding]:
    """PRE-2: the trust policy, judged as for an OTA update of this account."""
    role = _role(look)
    place, trust = place_of(look, known(role.arn)), _trust(role)
    everyone = names_everyone(trust)
    trusted = trusts(trust, SERVICE, _acting_for(place, place.account))
    yield look.judge(
        role.name,
        trusted and not everyone,
        expected=f"{SERVICE} may assume it",
        observed="anybody may assume it" if everyone else f"{SERVICE} {'may' if trusted else 'may not'} assume it",
    )


@control(
    "DIC-OTP-05",
    clauses=("PRE-2",),
    severity=Severity.CRITICAL,
    title="The OTA service role has the rights of AmazonFreeRTOSOTAUpdate",
    rationale="AWS signs, makes the stream and makes the job with the rights of this role alone.",
    remedy="attach arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate to the role",
    needs=("ota_role",),
    operations=_RIGHTS_OPERATIONS,
)
def role_has_the_service_rights(look: Look) -> Iterator[Finding]:
    """PRE-2: the managed policy, or equal rights."""
    role = _role(look)
    named = any(one.endswith(f"/{MANAGED_POLICY}") for one in known(role.attached_policies))
    deviation = "" if named else f"rights equal to {MANAGED_POLICY}, by other policies"
    yield from _may(look, role, service_rights(place_of(look, known(role.arn))), deviation)


@control(
    "DIC-OTP-06",
    clauses=("PRE-2",),
    severity=Severity.CRITICAL,
    title="The OTA service role may pass itself",
    rationale="AWS hands the role on to the stream; without iam:PassRole the update ends in CREATE_FAILED.",
    remedy="put a role policy with iam:GetRole and iam:PassRole on the role's own ARN",
    needs=("ota_role",),
    operations=_RIGHTS_OPERATIONS,
)
def role_may_pass_itself(look: Look) -> Iterator[Finding]:
    """PRE-2: iam:GetRole and iam:PassRole on itself."""
    role = _role(look)
    yield from _may(look, role, pass_role_rights(place_of(look, known(role.arn))))


@control(
    "DIC-OTP-07",
    clauses=("PRE-2",),
    severity=Severity.CRITICAL,
    title="The OTA service role may read and write the bucket's objects",
    rationale="The managed policy reaches only buckets whose names begin with afr-ota; any other needs a statement.",
    remedy="put a role policy with s3:GetObjectVersion, s3:GetObject and s3:PutObject on the bucket's objects",
    needs=("ota_role",),
    operations=_RIGHTS_OPERATIONS,
)
def role_may_use_the_bucket(look: Look) -> Iterator[Finding]:
    """PRE-2: judged on the objects of the run's own bucket, whichever policy gives the rights."""
    role = _role(look)
    yield from _may(look, role, object_rights(place_of(look, known(role.arn))))


def _may(look: Look, role: OtaRole, rights: Iterable[Right], deviation: str = "") -> Iterator[Finding]:
    place = place_of(look, known(role.arn))
    context = {
        "aws:PrincipalAccount": place.account,
        "aws:RequestedRegion": place.region,
        "aws:ResourceAccount": place.account,
        "aws:SecureTransport": "true",
        "iam:PassedToService": SERVICE,
    }
    statements = _statements(role)
    missing = [one for one in rights if not allows(statements, one.action, one.resource, context)]
    yield look.judge(
        role.name,
        not missing,
        expected="the rights of the prerequisites",
        observed=_sentence(missing, place.bucket) if missing else "the rights of the prerequisites",
        deviation="" if missing else deviation,
    )


def _sentence(missing: list[Right], bucket: str) -> str:
    text = "not allowed: " + ", ".join(f"{one.action} on {one.resource}" for one in missing)
    reachable = bucket.startswith(MANAGED_POLICY_BUCKETS) or not any("Object" in one.action for one in missing)
    return text if reachable else f"{text} ({MANAGED_POLICY} reaches only buckets named {MANAGED_POLICY_BUCKETS}...)"


def _statements(role: OtaRole) -> tuple[Statement, ...]:
    documents = {**known(role.attached_policies), **known(role.inline_policies)}
    return tuple(one for name, text in documents.items() for one in read_policy(text, f"the policy {name}"))


@control(
    "DIC-OTP-08",
    clauses=("PRE-2",),
    title="AWS IoT may assume the OTA service role for this account alone",
    rationale="Without a condition AWS IoT could be made to use the role for another account (confused deputy).",
    remedy="add the condition aws:SourceAccount, or aws:SourceArn arn:aws:iot:<Region>:<account>:*, to the trust",
    needs=("ota_role",),
    operations=_TRUST_OPERATIONS,
)
def role_is_for_this_account(look: Look) -> Iterator[Finding]:
    """PRE-2: an OTA update of another account must not get the role."""
    role = _role(look)
    place = place_of(look, known(role.arn))
    open_to_all = trusts(_trust(role), SERVICE, _acting_for(place, _ANOTHER_ACCOUNT))
    yield look.judge(
        role.name,
        not open_to_all,
        expected=f"for account {place.account} alone",
        observed="for any account" if open_to_all else f"for account {place.account} alone",
    )
