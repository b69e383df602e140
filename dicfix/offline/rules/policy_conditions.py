"""AWS IoT's condition operators on policy statements. Pure functions.

An operator or key that is not known fails closed: an Allow with it does not apply, a Deny with it does.
Source: IAM user guide, reference_policies_elements_condition_operators and reference_policies_multi-value-conditions.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from dicfix.offline.rules import Level, rule
from dicfix.offline.rules.policy_variables import Values, is_known, matches, text_of

_PURE = "tests/test_rules_policy_conditions.py::"

Matcher = Callable[[str, str, Values], bool | None]


def _equals(value: str, wanted: str, values: Values) -> bool | None:
    text = text_of(wanted, values)
    return None if text is None else value == text


def _equals_ignoring_case(value: str, wanted: str, values: Values) -> bool | None:
    text = text_of(wanted, values)
    return None if text is None else value.lower() == text.lower()


def _like(value: str, wanted: str, values: Values) -> bool | None:
    return matches(wanted, value, values)


def _in_network(value: str, wanted: str, _values: Values) -> bool | None:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return None


_OPERATORS: dict[str, tuple[Matcher, bool]] = {
    "stringequals": (_equals, False),
    "stringnotequals": (_equals, True),
    "stringequalsignorecase": (_equals_ignoring_case, False),
    "stringnotequalsignorecase": (_equals_ignoring_case, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "arnequals": (_like, False),
    "arnlike": (_like, False),
    "arnnotequals": (_like, True),
    "arnnotlike": (_like, True),
    "bool": (_equals_ignoring_case, False),
    "ipaddress": (_in_network, False),
    "notipaddress": (_in_network, True),
}


@rule(
    "POLICY-CONDITION",
    source="IAM user guide, condition operators; keys: developerguide iot-policy-variables",
    level=Level.DOCUMENTED,
    held_by=(_PURE + "test_a_statement_applies_only_if_every_condition_is_met",),
    without=lambda _conditions, _values: True,
)
def conditions_met(conditions: Mapping[str, Any], values: Values) -> bool | None:
    """A statement applies only if every one of its conditions is met; None if that cannot be told."""
    verdicts = [
        _condition_met(operator, key, wanted, values)
        for operator, keys in conditions.items()
        for key, wanted in (keys.items() if isinstance(keys, Mapping) else [("", keys)])
    ]
    if any(verdict is False for verdict in verdicts):
        return False
    return None if None in verdicts else True


def _condition_met(operator: str, key: str, wanted: Any, values: Values) -> bool | None:
    qualifier, _, name = operator.rpartition(":")
    name, if_exists = name.lower(), operator.lower().endswith("ifexists")
    name = name.removesuffix("ifexists")
    found = values.get(key.lower())
    if not is_known(key):
        return None
    if name == "null":
        return (found is None) == (_texts(wanted)[:1] == ["true"])
    if name not in _OPERATORS or qualifier.lower() not in ("", "forallvalues", "foranyvalue"):
        return None
    matcher, negated = _OPERATORS[name]
    if found is None:
        return _without_a_value(qualifier.lower(), negated=negated, if_exists=if_exists)
    return _values_met(qualifier.lower(), matcher, found, _texts(wanted), values, negated=negated)


def _without_a_value(qualifier: str, *, negated: bool, if_exists: bool) -> bool:
    """A key that this connection has no value for. Source: IAM user guide, ...IfExists and set operators."""
    if if_exists or qualifier == "forallvalues":
        return True
    return negated and qualifier != "foranyvalue"


def _values_met(
    qualifier: str, matcher: Matcher, found: tuple[str, ...], wanted: list[str], values: Values, *, negated: bool
) -> bool | None:
    verdicts = []
    for value in found:
        met = [matcher(value, text, values) for text in wanted]
        if None in met:
            return None
        verdicts.append(any(met) != negated)
    return any(verdicts) if qualifier == "foranyvalue" else all(verdicts)


def _texts(wanted: Any) -> list[str]:
    listed = wanted if isinstance(wanted, list) else [wanted]
    return [str(entry).lower() if isinstance(entry, bool) else str(entry) for entry in listed]
