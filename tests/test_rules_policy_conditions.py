"""Condition operators as pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from dicfix.offline.rules.policy_conditions import conditions_met

VALUES = {
    "iot:clientid": ("Lamp1",),
    "iot:connection.thing.isattached": ("true",),
    "iot:connectattributes": ("PersistentConnect", "LastWill"),
    "aws:sourceip": ("127.0.0.1",),
}
ABSENT = "iot:LastWillTopic"


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "met"),
    [
        ("StringEquals", "iot:ClientId", "Lamp1", True),
        ("StringEquals", "IOT:clientid", ["x", "Lamp1"], True),
        ("StringEquals", "iot:ClientId", "lamp1", False),
        ("stringequals", "iot:ClientId", "${iot:ClientId}", True),
        ("StringNotEquals", "iot:ClientId", ["x", "Lamp1"], False),
        ("StringNotEquals", "iot:ClientId", "x", True),
        ("StringEqualsIgnoreCase", "iot:ClientId", "lamp1", True),
        ("StringNotEqualsIgnoreCase", "iot:ClientId", "lamp1", False),
        ("StringLike", "iot:ClientId", "Lamp?", True),
        ("StringLike", "iot:ClientId", "L*", True),
        ("StringNotLike", "iot:ClientId", "L*", False),
        ("ArnLike", "iot:ClientId", "Lamp*", True),
        ("ArnNotLike", "iot:ClientId", "Lamp*", False),
        ("Bool", "iot:Connection.Thing.IsAttached", "true", True),
        ("Bool", "iot:Connection.Thing.IsAttached", True, True),
        ("Bool", "iot:Connection.Thing.IsAttached", ["false"], False),
        ("IpAddress", "aws:SourceIp", "127.0.0.0/8", True),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8"], False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("ForAnyValue:StringEquals", "iot:ConnectAttributes", ["LastWill"], True),
        ("ForAnyValue:StringEquals", "iot:ConnectAttributes", ["x"], False),
        ("ForAllValues:StringEquals", "iot:ConnectAttributes", ["LastWill"], False),
        ("ForAllValues:StringEquals", "iot:ConnectAttributes", ["LastWill", "PersistentConnect"], True),
        ("StringEquals", ABSENT, "x", False),
        ("StringNotEquals", ABSENT, "x", True),
        ("StringEqualsIfExists", ABSENT, "x", True),
        ("StringEqualsIfExists", "iot:ClientId", "x", False),
        ("ForAllValues:StringEquals", ABSENT, "x", True),
        ("ForAnyValue:StringNotEquals", ABSENT, "x", False),
        ("Null", ABSENT, "true", True),
        ("Null", "iot:ClientId", "true", False),
        ("Null", "iot:ClientId", False, True),
        ("NumericEquals", "iot:ClientId", "1", None),
        ("StringEquals", "aws:Unheard", "1", None),
        ("ForSome:StringEquals", "iot:ClientId", "Lamp1", None),
        ("IpAddress", "aws:SourceIp", "no network", None),
        ("StringEquals", "iot:ClientId", "${unknown}", None),
    ],
)
def test_each_operator_judges_as_documented(operator: str, key: str, wanted: Any, *, met: bool | None) -> None:
    assert conditions_met({operator: {key: wanted}}, VALUES) is met


def test_a_statement_applies_only_if_every_condition_is_met() -> None:
    good, bad, unknown = {"iot:ClientId": "Lamp1"}, {"iot:ClientId": "x"}, {"aws:Unheard": "x"}
    assert conditions_met({"StringEquals": good, "StringLike": good}, VALUES) is True
    assert conditions_met({"StringEquals": good, "StringLike": bad}, VALUES) is False
    assert conditions_met({"StringEquals": {**good, **unknown}}, VALUES) is None
    assert conditions_met({"StringEquals": {**bad, **unknown}}, VALUES) is False
    assert conditions_met({}, VALUES) is True


def test_a_condition_of_the_wrong_shape_cannot_be_told() -> None:
    assert conditions_met({"StringEquals": "iot:ClientId"}, VALUES) is None
