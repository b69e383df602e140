"""What a role may do, by its trust and identity policies."""

from __future__ import annotations

from typing import Any

import pytest
from ota_world import ACCOUNT, ROLE

from dicfix.offline.rules.iam_rights import RoleRights, may, trusts

IOT = "iot.amazonaws.com"
CONTEXT = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:iot:eu-central-1:{ACCOUNT}:otaupdate/x"}


def role(*statements: dict[str, Any], trust: Any = None) -> RoleRights:
    return RoleRights(ROLE, trust or {"Statement": []}, ({"Version": "2012-10-17", "Statement": list(statements)},))


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(**members: Any) -> RoleRights:
    statement = {"Effect": "Allow", "Principal": {"Service": IOT}, "Action": "sts:AssumeRole", **members}
    return role(trust={"Version": "2012-10-17", "Statement": [statement]})


def test_the_managed_policy_reaches_only_buckets_named_afr_ota() -> None:
    managed = role(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::afr-ota*"))
    assert may(managed, "s3:GetObject", "arn:aws:s3:::afr-ota-images/fw.gbl")
    assert not may(managed, "s3:GetObject", "arn:aws:s3:::ota-demo-images/fw.gbl")
    assert not may(managed, "s3:DeleteObject", "arn:aws:s3:::afr-ota-images/fw.gbl")


def test_a_deny_wins_over_an_allow() -> None:
    denied = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}
    assert not may(role(allow("*"), denied), "s3:GetObject", "arn:aws:s3:::b/k")
    assert not may(role(denied, allow("*")), "s3:GetObject", "arn:aws:s3:::b/k")
    assert may(role(denied, allow("*")), "s3:PutObject", "arn:aws:s3:::b/k")


def test_nothing_is_allowed_that_no_statement_allows() -> None:
    assert not may(role(), "s3:GetObject", "arn:aws:s3:::b/k")
    assert not may(RoleRights(ROLE, {}), "s3:GetObject", "arn:aws:s3:::b/k")


def test_actions_ignore_case_and_resources_do_not() -> None:
    assert may(role(allow("S3:getobject", "arn:aws:s3:::b/?")), "s3:GetObject", "arn:aws:s3:::b/k")
    assert not may(role(allow("*", "arn:aws:s3:::B/k")), "s3:GetObject", "arn:aws:s3:::b/k")


def test_not_action_and_not_resource_turn_the_list_round() -> None:
    but_iam = role({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"})
    assert may(but_iam, "s3:GetObject", "arn:aws:s3:::b/k")
    assert not may(but_iam, "iam:PassRole", ROLE)
    assert not may(but_iam, "s3:GetObject", "arn:aws:s3:::secret/k")


def test_a_condition_limits_an_allow() -> None:
    passes = role(allow("iam:PassRole", ROLE, Condition={"StringEquals": {"iam:PassedToService": IOT}}))
    assert may(passes, "iam:PassRole", ROLE, {"iam:PassedToService": IOT})
    assert not may(passes, "iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"})
    assert not may(passes, "iam:PassRole", ROLE)


@pytest.mark.parametrize(("effect", "allowed"), [("Allow", False), ("Deny", False)])
def test_an_unknown_operator_fails_closed(effect: str, allowed: bool) -> None:
    statement = allow("s3:*", Condition={"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})
    rights = role(*([allow("*")] if effect == "Deny" else []), {**statement, "Effect": effect})
    assert may(rights, "s3:GetObject", "arn:aws:s3:::b/k") is allowed


def test_the_source_account_condition_of_a_trust_is_judged() -> None:
    assert trusts(trust(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}), IOT, CONTEXT)
    assert not trusts(trust(Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}}), IOT, CONTEXT)
    assert trusts(trust(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:iot:*:{ACCOUNT}:*"}}), IOT, CONTEXT)
    assert not trusts(trust(Condition={"ArnLike": {"AWS:sourcearn": "arn:aws:iot:us-east-1:*"}}), IOT, CONTEXT)


def test_a_role_that_trusts_another_service_is_not_assumed() -> None:
    assert trusts(trust(), IOT, CONTEXT)
    assert trusts(trust(Principal={"Service": ["signer.amazonaws.com", IOT]}), IOT, CONTEXT)
    assert not trusts(trust(Principal={"Service": "ec2.amazonaws.com"}), IOT, CONTEXT)
    assert not trusts(trust(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), IOT, CONTEXT)
    assert trusts(trust(Principal="*"), IOT, CONTEXT)


def test_a_trust_for_another_action_or_a_deny_is_none() -> None:
    assert not trusts(trust(Action="sts:TagSession"), IOT, CONTEXT)
    assert not trusts(trust(Effect="Deny"), IOT, CONTEXT)


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "allowed"),
    [
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", "a", "a", False),
        ("StringNotLike", "a*", "abc", False),
        ("StringEqualsIgnoreCase", "ABC", "abc", True),
        ("StringLike", ["x", "a*"], "abc", True),
        ("StringEqualsIfExists", "a", None, True),
        ("ArnNotLike", "arn:aws:*", "arn:aws:iot", False),
        ("Bool", True, "true", True),
    ],
)
def test_operators_compare_as_documented(operator: str, wanted: Any, value: str | None, allowed: bool) -> None:
    rights = role(allow("s3:*", Condition={operator: {"key": wanted}}))
    context = {} if value is None else {"key": value}
    assert may(rights, "s3:GetObject", "arn:aws:s3:::b/k", context) is allowed
