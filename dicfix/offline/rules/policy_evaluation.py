"""AWS IoT's evaluation of policies: may this connection do this to that resource?

Pure functions of parsed policy documents. Documents are judged when they are created (``policy_documents``); what is
unreadable here grants nothing. Source: developerguide iot-policies, IAM user guide reference_policies_evaluation-logic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dicfix.offline.registry import PolicyText
from dicfix.offline.rules import Level, rule
from dicfix.offline.rules.policy_conditions import conditions_met
from dicfix.offline.rules.policy_variables import Values, matches
from dicfix.offline.rules.refusals import AUTH_ERROR, Refusal

CONNECT = "iot:Connect"
PUBLISH = "iot:Publish"
RETAIN_PUBLISH = "iot:RetainPublish"
SUBSCRIBE = "iot:Subscribe"
RECEIVE = "iot:Receive"

_RESOURCE_TYPES = {
    CONNECT: "client",
    PUBLISH: "topic",
    RETAIN_PUBLISH: "topic",
    RECEIVE: "topic",
    SUBSCRIBE: "topicfilter",
}
"""Source: developerguide iot-action-resources."""

_LOGIC = "IAM user guide, reference_policies_evaluation-logic"
_PURE = "tests/test_rules_policy_evaluation.py::"
_LIVE = "tests/test_dataplane_policy.py::"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an action is allowed, and by or for what."""

    allowed: bool
    text: str


def resource_arn(action: str, name: str, *, region: str, account_id: str) -> str:
    """The ARN of a client ID, topic or topic filter, as ``action`` looks at it."""
    partition = next(
        (p for start, p in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")) if region.startswith(start)), "aws"
    )
    return f"arn:{partition}:iot:{region}:{account_id}:{_RESOURCE_TYPES[action]}/{name}"


def evaluate(policies: Sequence[PolicyText], action: str, resource: str, values: Values) -> Decision:
    """The decision of ``policies`` together on ``action`` and the ARN ``resource``."""
    allowing: str | None = None
    denying: str | None = None
    for policy in policies:
        for number, statement in enumerate(_statements(policy.document), 1):
            effect = statement.get("Effect")
            if effect == "Allow" and allowing is None and applies(statement, action, resource, values):
                allowing = f"policy {policy.name} statement {number} allows"
            elif effect == "Deny" and denying is None and applies(statement, action, resource, values):
                denying = f"policy {policy.name} statement {number} denies"
    if denying is not None and deny_wins(allowing is not None):
        return Decision(False, f"{denying} {action} on {resource}")
    if allowing is None and not_allowed_by_default():
        return Decision(False, f"{_why_nothing_allows(policies)} {action} on {resource}")
    return Decision(True, f"{allowing} {action} on {resource}")


def _why_nothing_allows(policies: Sequence[PolicyText]) -> str:
    if not policies:
        return "no policy is attached to the certificate, so nothing allows"
    return f"no statement of {', '.join(policy.name for policy in policies)} allows"


@rule(
    "POLICY-DENY-WINS",
    source=_LOGIC,
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_a_deny_wins_over_an_allow", _PURE + "test_a_deny_wins_over_an_allow_in_any_order"),
    without=lambda allowed: not allowed,
)
def deny_wins(_allowed: bool) -> bool:
    """A Deny wins over every Allow."""
    return True


@rule(
    "POLICY-DEFAULT-DENY",
    source=_LOGIC,
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_a_certificate_without_a_policy_may_not_connect",),
    without=lambda: False,
)
def not_allowed_by_default() -> bool:
    """What no statement allows is denied."""
    return True


def applies(statement: Mapping[str, Any], action: str, resource: str, values: Values) -> bool:
    """Whether a statement speaks about this action and resource under its conditions."""
    allow = statement.get("Effect") == "Allow"
    if not _action_matches(statement, action) or not _resource_matches(statement, resource, values, allow=allow):
        return False
    conditions = statement.get("Condition") or {}
    met = conditions_met(conditions, values) if isinstance(conditions, Mapping) else None
    return condition_holds(met, allow=allow)


@rule(
    "POLICY-FAIL-CLOSED",
    source="our choice: nothing read says what AWS does at evaluation with what it does not know",
    level=Level.ASSUMED,
    held_by=(_PURE + "test_an_unknown_condition_fails_closed",),
    without=lambda met, **_effect: met is not False,
)
def condition_holds(met: bool | None, *, allow: bool) -> bool:
    """With a condition that cannot be told, an Allow does not apply and a Deny does."""
    return met if met is not None else not allow


def _action_matches(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_action_is(entry, action) for entry in _listed(statement["NotAction"]))
    return any(_action_is(entry, action) for entry in _listed(statement.get("Action")))


def _action_is(pattern: str, action: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def _resource_matches(statement: Mapping[str, Any], resource: str, values: Values, *, allow: bool) -> bool:
    negated = "NotResource" in statement
    templates = _listed(statement["NotResource"] if negated else statement.get("Resource"))
    verdicts = [matches(template, resource, values) for template in templates]
    if negated and allow and None in verdicts:
        return False  # a variable without a value must not turn "all but mine" into "all"
    return any(verdicts) != negated


def _statements(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = document.get("Statement", [])
    for statement in found if isinstance(found, list) else [found]:
        if isinstance(statement, Mapping):
            yield statement


def _listed(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [entry for entry in listed if isinstance(entry, str)]


def refusal(reason: str, decision: Decision) -> Refusal | None:
    """The refusal that a decision means, under the word ``reason``; None if it allows."""
    return None if decision.allowed else Refusal(reason, decision.text, AUTH_ERROR)


_ENDS = "aws-iot-device-sdk-js issue 125; aws-iot-device-sdk-python-v2 issue 260"


@rule(
    "DENIED-PUBLISH-ENDS",
    source=_ENDS,
    level=Level.PEER,
    held_by=(_LIVE + "test_a_denied_publish_ends_the_connection",),
)
def denied_publish(decision: Decision) -> Refusal | None:
    """A publish that no policy allows ends the connection, without PUBACK."""
    return refusal("PUBLISH_NOT_AUTHORIZED", decision)


@rule(
    "DENIED-SUBSCRIBE-ENDS",
    source=_ENDS,
    level=Level.PEER,
    held_by=(_LIVE + "test_a_denied_subscribe_ends_the_connection",),
)
def denied_subscribe(decision: Decision) -> Refusal | None:
    """A subscription that no policy allows ends the connection, without SUBACK."""
    return refusal("SUBSCRIBE_NOT_AUTHORIZED", decision)


@rule(
    "DENIED-RETAIN-ENDS",
    source="developerguide iot-policy-actions: iot:RetainPublish",
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_a_retained_publish_needs_retain_publish",),
)
def denied_retain(decision: Decision) -> Refusal | None:
    """A publish with RETAIN needs iot:RetainPublish as well."""
    return refusal("RETAIN_NOT_AUTHORIZED", decision)


@rule(
    "DENIED-CONNECT",
    source="developerguide mqtt: closed without a CONNACK",
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_a_client_id_that_no_policy_allows_is_refused_without_connack",),
)
def denied_connect(decision: Decision) -> Refusal | None:
    """A client ID that no policy allows to connect is refused."""
    return refusal("CONNECT_NOT_AUTHORIZED", decision)


@rule(
    "DENIED-WILL",
    source="developerguide life-cycle-events, connect attempt failure",
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_a_will_on_a_topic_that_no_policy_allows_is_refused",),
)
def denied_will(decision: Decision) -> Refusal | None:
    """A will on a topic that the client may not publish to is refused at CONNECT."""
    return refusal("WILL_NOT_AUTHORIZED", decision)


@rule(
    "DENIED-RECEIVE",
    source="developerguide iot-policy-actions: iot:Receive is checked for each message",
    level=Level.DOCUMENTED,
    held_by=(_LIVE + "test_a_message_that_no_policy_lets_a_client_receive_is_not_delivered",),
    without=lambda _decision: True,
)
def may_receive(decision: Decision) -> bool:
    """A message is delivered only where iot:Receive allows it; the connection goes on."""
    return decision.allowed
