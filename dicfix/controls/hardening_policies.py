"""Hardening of AWS IoT policies: what they allow beyond need, how they deny, and the room that AWS's limits leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from dicfix.account_records import AccountCertificate
from dicfix.certificates import same_name
from dicfix.controls.account_subjects import (
    POLICY_OPERATIONS,
    TARGET_OPERATIONS,
    each_certificate,
    each_policy,
    policies_by_target,
    short,
)
from dicfix.controls.policies import shortened
from dicfix.controls.policy_document import parse_policy
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import CA_NEEDS, CA_OPERATIONS, ca_pem, registered_ca
from dicfix.findings import Axis, Finding, Severity
from dicfix.records import Policy, known

_MQTT_ACTIONS = ("iot:connect", "iot:publish", "iot:subscribe", "iot:receive", "iot:retainpublish")
_EVERYTHING = re.compile(r"arn:[^:]*:iot:[^:]*:[^:]*:(\*|client/\*|topic/\*|topicfilter/[*#])|\*")
_ATTACHED = "iot:Connection.Thing.IsAttached"
_MQTT_WILDCARD = re.compile(r":topic(filter)?/.*[+#]")

CAS_OF_ONE_SUBJECT = 10
POLICIES_OF_ONE_CERTIFICATE = 10
VERSIONS_OF_ONE_POLICY = 5
"""Source: AWS General Reference, AWS IoT Core endpoints and quotas."""


@control(
    "DIC-HRD-01",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="No policy in use allows everything",
    rationale="Who has one device's key may then read, command and delete every other, jobs and retained messages too.",
    remedy=(
        "allow Connect on client/${iot:Connection.Thing.ThingName}, Publish on the state topics, Subscribe and Receive "
        "on command and on $aws/things/${iot:Connection.Thing.ThingName}/jobs/* and streams/*"
    ),
    needs=("account_policies",),
    operations=(*POLICY_OPERATIONS, "iot:ListTargetsForPolicy"),
    source="AWS IoT Device Defender developer guide, audit-chk-iot-policy-permissive.html",
)
def no_policy_allows_everything(look: Look) -> Iterator[Finding]:
    """No Allow of every action, or of an MQTT action on every resource, in a policy that is attached."""

    def judge_one(policy: Policy) -> Iterator[Finding]:
        if not known(policy.targets):
            yield look.not_applicable("attached to nothing", policy.name)
            return
        broad = [text for one in parse_policy(known(policy.document))["Statement"] for text in _broad(one)]
        yield look.judge(
            policy.name,
            not broad,
            expected="what one client needs and no more",
            observed=shortened(broad) if broad else "nothing is allowed on everything",
        )

    yield from each_policy(look, judge_one)


def _broad(statement: Mapping[str, Any]) -> Iterator[str]:
    if statement["Effect"] != "Allow":
        return
    for name in ("NotAction", "NotResource"):
        if name in statement:
            yield f"Allow with {name} {', '.join(statement[name])}"
    actions = [one for one in statement.get("Action", ()) if _is_wide(one)]
    yield from (f"Allow {one}" for one in actions)
    attached = _ATTACHED in str(statement.get("Condition", ""))
    for one in statement.get("Resource", ()):
        if _EVERYTHING.fullmatch(one) and not (attached and one.endswith("client/*")) and _speaks_mqtt(statement):
            yield f"Allow on {one}"


def _is_wide(action: str) -> bool:
    return action in ("*", "iot:*")


def _speaks_mqtt(statement: Mapping[str, Any]) -> bool:
    return any(_is_wide(one) or one.lower() in _MQTT_ACTIONS for one in statement.get("Action", ()))


@control(
    "DIC-HRD-02",
    axis=Axis.HARDENING,
    title="No policy denies topics by an MQTT wildcard",
    rationale="In a policy + and # are plain characters: a Deny with them denies nothing that anybody would publish.",
    remedy="write * for any text in the policy's resources",
    needs=("account_policies",),
    operations=POLICY_OPERATIONS,
    source="AWS IoT Device Defender developer guide, audit-chk-iot-misconfigured-policies.html",
)
def denials_use_no_mqtt_wildcard(look: Look) -> Iterator[Finding]:
    """No + or # in the topics of a Deny."""

    def judge_one(policy: Policy) -> Iterator[Finding]:
        denying = [one for one in parse_policy(known(policy.document))["Statement"] if one["Effect"] == "Deny"]
        wrong = [text for one in denying for text in one.get("Resource", ()) if _MQTT_WILDCARD.search(text)]
        yield look.judge(
            policy.name,
            not wrong,
            expected="no + or # in what is denied",
            observed=f"denied: {', '.join(wrong)}" if wrong else "no + or # in what is denied",
        )

    yield from each_policy(look, judge_one)


@control(
    "DIC-HRD-27",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title="AWS's limits leave room for the next CA, policy and policy version",
    rationale="At the limit the next registration or correction is refused, on the day when it is needed.",
    remedy="delete what is not in use: aws iot delete-policy-version, detach-policy, delete-ca-certificate",
    needs=(*CA_NEEDS, "account_policies", "account_certificates"),
    operations=(*CA_OPERATIONS, *TARGET_OPERATIONS, "iot:ListPolicyVersions", "iot:ListCertificates"),
    source="AWS General Reference, iot-core.html: 10 CAs of a subject, 10 policies a certificate, 5 versions a policy",
)
def limits_leave_room(look: Look) -> Iterator[Finding]:
    """Counts below the documented limits, which nobody can raise."""
    yield from look.settled("CA certificates of our subject", lambda: _cas(look))
    yield from each_policy(look, lambda policy: _versions(look, policy))
    targets = cache(lambda: policies_by_target(look))
    yield from each_certificate(look, lambda row: _attached(look, row, targets))


def _below(look: Look, resource: str, count: int, limit: int, what: str) -> Finding:
    return look.judge(
        resource, count < limit, expected=f"fewer than {limit} {what}", observed=f"{count} of {limit} {what}"
    )


def _cas(look: Look) -> Iterator[Finding]:
    subject = ca_pem(registered_ca(look)).parsed.subject
    cas = known(look.inventory.ca_certificates).values()
    count = sum(same_name(ca_pem(one).parsed.subject, subject) for one in cas)
    yield _below(look, "CA certificates of our subject", count, CAS_OF_ONE_SUBJECT, "CA certificates")


def _versions(look: Look, policy: Policy) -> Iterator[Finding]:
    yield _below(look, policy.name, len(known(policy.version_ids)), VERSIONS_OF_ONE_POLICY, "versions")


def _attached(look: Look, row: AccountCertificate, targets: Callable[[], Mapping[str, list[str]]]) -> Iterator[Finding]:
    count = len(targets().get(known(row.arn), ()))
    yield _below(look, short(row.certificate_id), count, POLICIES_OF_ONE_CERTIFICATE, "policies")
