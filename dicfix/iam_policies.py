"""IAM policy documents, read and asked what they allow. Pure; imports ``errors`` only.

Allow and Deny, wildcards, NotAction, NotResource, conditions on texts, ARNs and booleans. What it cannot tell (another
operator, a key without a value, a policy variable) makes an Allow not apply and a Deny apply, so that a right is never
taken for granted. Permission boundaries, session and resource policies are left out.
Source: IAM user guide, reference_policies_evaluation-logic, reference_policies_elements.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dicfix.errors import MaterialError

ASSUME_ROLE = "sts:AssumeRole"
Context = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; ``principal`` is None where there is none, ``conditions`` operator -> key -> values."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    actions_excluded: bool = False
    resources_excluded: bool = False
    principal: Any = None
    principal_excluded: bool = False
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


def read_policy(text: str, what: str = "the policy") -> tuple[Statement, ...]:
    """The statements of a policy's JSON text; raises MaterialError with the first thing that is wrong with it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed(what, "is no JSON") from None
    if not isinstance(document, dict):
        raise _malformed(what, "is no JSON object")
    found = document.get("Statement")
    statements = [found] if isinstance(found, dict) else found
    if not isinstance(statements, list):
        raise _malformed(what, "has no Statement")
    return tuple(_statement(one, what) for one in statements)


def _malformed(what: str, wrong: str) -> MaterialError:
    return MaterialError(f"{what} {wrong}", expected="an IAM policy document", remedy="correct the policy's JSON")


def _statement(statement: Any, what: str) -> Statement:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(what, "has a Statement without the Effect Allow or Deny")
    conditions = statement.get("Condition") or {}
    if not isinstance(conditions, dict) or not all(isinstance(one, dict) for one in conditions.values()):
        raise _malformed(what, "has a Condition that is no object of objects")
    no_principal = "NotPrincipal" in statement
    return Statement(
        allows=statement["Effect"] == "Allow",
        actions=_texts(statement.get("NotAction", statement.get("Action"))),
        resources=_texts(statement.get("NotResource", statement.get("Resource"))),
        actions_excluded="NotAction" in statement,
        resources_excluded="NotResource" in statement,
        principal=statement.get("NotPrincipal", statement.get("Principal")),
        principal_excluded=no_principal,
        conditions={
            operator: {key: _texts(wanted) for key, wanted in keys.items()} for operator, keys in conditions.items()
        },
    )


def _texts(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in listed)


def allows(statements: Iterable[Statement], action: str, resource: str, context: Context | None = None) -> bool:
    """Whether identity policies surely allow the action on the resource; an explicit Deny outranks every Allow.

    ``context`` gives the values of condition keys that are known of the request.
    """
    given = {key.lower(): value for key, value in (context or {}).items()}
    allowed = False
    for one in statements:
        if not _speaks_of(one, action, resource):
            continue
        holds = _conditions_hold(one, given)
        if not one.allows and holds is not False:
            return False
        allowed = allowed or (one.allows and holds is True)
    return allowed


def trusts(statements: Iterable[Statement], service: str, context: Context) -> bool:
    """Whether a trust policy surely lets the service assume the role, for a request of this context."""
    given = {key.lower(): value for key, value in context.items()}
    allowed = False
    for one in statements:
        if not _named(one.actions, ASSUME_ROLE.lower(), one.actions_excluded, str.lower):
            continue
        meant = _is_principal(one.principal, service) is not one.principal_excluded
        holds = _conditions_hold(one, given)
        if not one.allows and meant and holds is not False:
            return False
        allowed = allowed or (one.allows and meant and not one.principal_excluded and holds is True)
    return allowed


def names_everyone(statements: Iterable[Statement]) -> bool:
    """Whether a trust policy allows any principal at all."""
    return any(
        one.allows
        and (
            one.principal_excluded
            or one.principal == "*"
            or (isinstance(one.principal, dict) and any("*" in _texts(names) for names in one.principal.values()))
        )
        for one in statements
    )


def _is_principal(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    return service in _texts(principal.get("Service")) or "*" in _texts(principal.get("AWS"))


def _speaks_of(statement: Statement, action: str, resource: str) -> bool:
    if not _named(statement.actions, action.lower(), statement.actions_excluded, str.lower):
        return False
    variable = any("${" in one for one in statement.resources)
    if variable:  # nobody knows here what it stands for
        return not statement.allows
    return _named(statement.resources, resource, statement.resources_excluded, str)


def _named(patterns: tuple[str, ...], text: str, excluded: bool, fold: Callable[[str], str]) -> bool:
    return any(_matches(fold(one), text) for one in patterns) is not excluded


def _matches(pattern: str, text: str) -> bool:
    expression = "".join(".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _conditions_hold(statement: Statement, context: Context) -> bool | None:
    """Whether all conditions hold; None where it cannot be told and nothing else fails."""
    verdicts = [
        _condition_holds(operator.lower(), context.get(key.lower()), wanted)
        for operator, keys in statement.conditions.items()
        for key, wanted in keys.items()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda value, wanted: value == wanted,
    "stringequalsignorecase": lambda value, wanted: value.lower() == wanted.lower(),
    "stringlike": lambda value, wanted: _matches(wanted, value),
    "arnequals": lambda value, wanted: _matches(wanted, value),
    "arnlike": lambda value, wanted: _matches(wanted, value),
    "bool": lambda value, wanted: value.lower() == wanted.lower(),
}


def _condition_holds(operator: str, value: str | None, wanted: tuple[str, ...]) -> bool | None:
    name = operator.removesuffix("ifexists")
    negated = name.startswith(("stringnot", "arnnot"))
    compare = _COMPARISONS.get(name.replace("not", "", 1) if negated else name)
    if compare is None or value is None or any("${" in one for one in wanted):
        return None
    return any(compare(value, one) for one in wanted) is not negated
