"""What an IAM role may do: a small evaluation of trust policies and identity policies. Pure functions.

Enough for the OTA service role: Allow and Deny, wildcards, NotAction and NotResource, conditions on texts and ARNs.
Policy variables, permission boundaries, session and resource policies are left out; a condition operator that is not
known makes an Allow not apply and a Deny apply. Source: IAM user guide, reference_policies_evaluation-logic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dicfix.offline.rules import Level, rule

TESTS = "tests/test_rules_ota_rights.py::"
_GUIDE = "IAM user guide"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RoleRights:
    """A role: its trust policy, and the documents of its attached and inline policies."""

    arn: str
    trust: Document
    policies: tuple[Document, ...] = ()

    @property
    def name(self) -> str:
        """The role's name."""
        return self.arn.rpartition("/")[2]


def may(role: RoleRights, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
    """Whether the role's policies allow the action on the resource's ARN; ``context`` gives condition keys' values."""
    allowed = False
    for statement in _statements(role.policies):
        if _action_fits(statement, action) and _resource_fits(statement, resource):
            met = _conditions_met(statement.get("Condition"), context or {})
            if statement.get("Effect") == "Deny" and met is not False:
                if deny_wins():
                    return False
            elif statement.get("Effect") == "Allow" and met:
                allowed = True
    return allowed


@rule(
    "RIGHTS-DENY-WINS",
    source=_GUIDE + ", reference_policies_evaluation-logic: an explicit deny overrides an allow",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_deny_wins_over_an_allow",),
    without=lambda: False,
)
def deny_wins() -> bool:
    """An explicit Deny wins over every Allow."""
    return True


def trusts(role: RoleRights, service: str, context: Mapping[str, str]) -> bool:
    """Whether the service principal may assume the role, its conditions being judged by ``context``."""
    allowed = False
    for statement in _statements((role.trust,)):
        if _action_fits(statement, "sts:AssumeRole") and principal_fits(statement.get("Principal"), service):
            met = trust_conditions_met(statement.get("Condition"), context)
            if statement.get("Effect") == "Deny" and met is not False:
                return False
            allowed = allowed or (statement.get("Effect") == "Allow" and bool(met))
    return allowed


@rule(
    "RIGHTS-TRUST-PRINCIPAL",
    source="developer guide of FreeRTOS, create-service-role: the role trusts iot.amazonaws.com",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_role_that_trusts_another_service_is_not_assumed",),
    without=lambda _principal, _service: True,
)
def principal_fits(principal: Any, service: str) -> bool:
    """A role is assumed only by a principal that its trust policy names."""
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return service in _texts(principal.get("Service")) or "*" in _texts(principal.get("AWS"))


@rule(
    "RIGHTS-TRUST-CONDITIONS",
    source="developer guide, cross-service-confused-deputy-prevention: aws:SourceAccount and aws:SourceArn",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_the_source_account_condition_of_a_trust_is_judged",),
    without=lambda _conditions, _context: True,
)
def trust_conditions_met(conditions: Any, context: Mapping[str, str]) -> bool | None:
    """The conditions of a trust policy hold for the account and the resource that the service acts for."""
    return _conditions_met(conditions, context)


def _statements(documents: Sequence[Document]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        found = document.get("Statement", [])
        for statement in found if isinstance(found, list) else [found]:
            if isinstance(statement, Mapping):
                yield statement


def _action_fits(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(entry.lower(), action.lower()) for entry in _texts(statement["NotAction"]))
    return any(_matches(entry.lower(), action.lower()) for entry in _texts(statement.get("Action")))


def _resource_fits(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not any(_matches(entry, resource) for entry in _texts(statement["NotResource"]))
    return any(resource_matches(entry, resource) for entry in _texts(statement.get("Resource")))


@rule(
    "RIGHTS-RESOURCE",
    source=_GUIDE + ", reference_policies_elements_resource: * and ? as wildcards, case-sensitive",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_the_managed_policy_reaches_only_buckets_named_afr_ota",),
    without=lambda _pattern, _resource: True,
)
def resource_matches(pattern: str, resource: str) -> bool:
    """A statement speaks of the resources that its patterns match."""
    return _matches(pattern, resource)


def _matches(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _conditions_met(conditions: Any, context: Mapping[str, str]) -> bool | None:
    """All conditions together; None when an operator is not known and nothing else fails."""
    if not conditions:
        return True
    if not isinstance(conditions, Mapping):
        return None
    values = {key.lower(): value for key, value in context.items()}
    verdicts = [
        _condition_met(operator, values.get(key.lower()), _texts(wanted))
        for operator, keys in conditions.items()
        for key, wanted in (keys.items() if isinstance(keys, Mapping) else ())
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda value, wanted: value == wanted,
    "stringequalsignorecase": lambda value, wanted: value.lower() == wanted.lower(),
    "stringlike": lambda value, wanted: _matches(wanted, value),
    "arnequals": lambda value, wanted: _matches(wanted, value),
    "arnlike": lambda value, wanted: _matches(wanted, value),
    "bool": lambda value, wanted: value.lower() == wanted.lower(),
}


def _condition_met(operator: str, value: str | None, wanted: list[str]) -> bool | None:
    name = operator.lower()
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    negated = name.startswith(("stringnot", "arnnot"))
    compare = _OPERATORS.get(name.replace("not", "", 1) if negated else name)
    if compare is None:
        return None
    if value is None:
        return if_exists or negated
    return any(compare(value, each) for each in wanted) != negated


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [str(entry).lower() if isinstance(entry, bool) else str(entry) for entry in listed if entry is not None]
