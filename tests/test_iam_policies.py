"""IAM policies: what they surely allow, and whom they trust."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicfix.errors import MaterialError
from dicfix.iam_policies import allows, names_everyone, read_policy, trusts
from dicfix.offline.rules.iam_rights import RoleRights, may
from dicfix.offline.rules.iam_rights import trusts as rule_trusts

ROLE = "arn:aws:iam::123456789012:role/ota_demo"
OBJECT = "arn:aws:s3:::ota-demo/light.gbl"
IOT = "iot.amazonaws.com"
OURS = {"aws:SourceAccount": "123456789012", "aws:SourceArn": "arn:aws:iot:eu-west-1:123456789012:otaupdate/x"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def may_read(*statements: dict[str, Any], context: dict[str, str] | None = None) -> bool:
    return allows(read_policy(document(*statements)), "s3:GetObject", OBJECT, context)


def trust(principal: Any = None, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal or {"Service": IOT}, "Action": "sts:AssumeRole", **more}


@pytest.mark.parametrize(
    "statements",
    [
        [allow("s3:GetObject", OBJECT)],
        [allow("S3:getobject", "arn:aws:s3:::ota-demo/*")],
        [allow(["iam:*", "s3:Get*"], ["arn:aws:s3:::x/*", "arn:aws:s3:::ota-????/*"])],
        [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::secret/*"}],
        [allow("*"), deny("s3:PutObject")],
        [allow("*"), deny("*", "arn:aws:s3:::another/*")],
        [allow("*", Condition={})],
    ],
)
def test_a_right_that_a_statement_gives_is_allowed(statements):
    assert may_read(*statements)


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [allow("s3:PutObject")],
        [allow("s3:GetObjectVersion")],
        [allow("s3:GetObject", "arn:aws:s3:::OTA-DEMO/*")],
        [allow("s3:GetObject", "arn:aws:s3:::ota-demo")],
        [allow("*"), deny("s3:*")],
        [deny("s3:Get*", OBJECT), allow("*")],
        [allow("*"), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}],
        [allow("*"), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::another/*"}],
        [{"Effect": "Allow", "Action": "s3:GetObject"}],
        [{"Effect": "Allow", "Resource": "*"}],
    ],
)
def test_a_right_that_no_statement_gives_or_one_denies_is_not_allowed(statements):
    assert not may_read(*statements)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"StringEquals": {"AWS:requestedregion": ["us-east-1", "eu-west-1"]}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringLike": {"aws:RequestedRegion": "eu-*"}, "Bool": {"aws:SecureTransport": True}}, True),
        ({"StringLike": {"aws:RequestedRegion": "eu-*"}, "Bool": {"aws:SecureTransport": False}}, False),
        ({"StringEqualsIgnoreCaseIfExists": {"aws:RequestedRegion": "EU-WEST-1"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": "${aws:PrincipalTag/region}"}}, False),
    ],
)
def test_a_condition_that_does_not_surely_hold_gives_no_right(condition, allowed):
    context = {"aws:RequestedRegion": "eu-west-1", "aws:SecureTransport": "true"}
    assert may_read(allow("*", Condition=condition), context=context) is allowed


def test_a_deny_applies_unless_its_condition_surely_fails():
    context = {"aws:SecureTransport": "true"}
    assert may_read(allow("*"), deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}}), context=context)
    assert not may_read(allow("*"), deny("*", Condition={"Bool": {"aws:SecureTransport": "true"}}), context=context)
    assert not may_read(allow("*"), deny("*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))


def test_a_policy_variable_gives_no_right_and_takes_one():
    assert not may_read(allow("*", "arn:aws:s3:::${aws:username}/*"))
    assert not may_read(allow("*"), deny("*", "arn:aws:s3:::${aws:username}/*"))


def test_a_wildcard_resource_is_allowed_only_as_a_whole():
    """``bucket/*`` as what is asked for stands for every object."""
    statements = read_policy(document(allow("s3:GetObject", "arn:aws:s3:::ota-demo/SignedImages/*")))
    assert not allows(statements, "s3:GetObject", "arn:aws:s3:::ota-demo/*")
    assert allows(statements, "s3:GetObject", "arn:aws:s3:::ota-demo/SignedImages/x")


@pytest.mark.parametrize(
    ("statement", "trusted"),
    [
        (trust(), True),
        (trust(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}}), True),
        (trust(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:iot:eu-west-1:123456789012:*"}}), True),
        (trust({"Service": ["ec2.amazonaws.com", IOT]}), True),
        (trust("*"), True),
        (trust(Action="sts:*"), True),
        (trust(Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}}), False),
        (trust({"Service": "ec2.amazonaws.com"}), False),
        (trust({"AWS": "arn:aws:iam::123456789012:root"}), False),
        (trust("iot.amazonaws.com"), False),
        (trust(Action="sts:TagSession"), False),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "sts:AssumeRole"}, False),
        ({"Effect": "Allow", "Action": "sts:AssumeRole"}, False),
    ],
)
def test_a_service_is_trusted_by_a_statement_that_names_it(statement, trusted):
    assert trusts(read_policy(document(statement)), IOT, OURS) is trusted


def test_a_deny_takes_the_trust_away():
    assert not trusts(read_policy(document(trust(), trust(Effect="Deny"))), IOT, OURS)
    assert trusts(read_policy(document(trust(), trust({"Service": "ec2.amazonaws.com"}, Effect="Deny"))), IOT, OURS)


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::123456789012:root", "*"]}])
def test_a_wildcard_principal_is_everyone(principal):
    assert names_everyone(read_policy(document(trust(principal))))
    assert not names_everyone(read_policy(document(trust(principal, Effect="Deny"))))


def test_a_not_principal_is_nearly_everyone():
    assert names_everyone(read_policy(document({"Effect": "Allow", "NotPrincipal": {}, "Action": "*"})))
    assert not names_everyone(read_policy(document(trust())))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"Statement": "x"}',
        '{"Statement": [1]}',
        '{"Statement": [{"Effect": "allow"}]}',
        '{"Statement": [{"Effect": "Allow", "Condition": []}], "Version": 1}'.replace("[]", "[1]"),
        '{"Statement": [{"Effect": "Allow", "Condition": {"StringEquals": "x"}}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_policy_is_a_material_error_that_names_the_document(text):
    with pytest.raises(MaterialError, match="the trust policy of ota_demo"):
        read_policy(text, "the trust policy of ota_demo")


def test_one_statement_need_not_be_in_a_list():
    text = json.dumps({"Statement": allow("*")})
    assert allows(read_policy(text), "s3:GetObject", OBJECT)


ACTIONS = st.sampled_from(["*", "s3:*", "s3:GetObject", "S3:Get*", "s3:PutObject", "iam:PassRole"])
RESOURCES = st.sampled_from(["*", OBJECT, "arn:aws:s3:::ota-demo/*", "arn:aws:s3:::another/*", ROLE])
CONDITIONS = st.sampled_from(
    [None, {"StringEquals": {"aws:SourceAccount": "123456789012"}}, {"StringLike": {"aws:SourceAccount": "2*"}}]
)
STATEMENTS = st.builds(
    lambda effect, action, resource, condition, not_action, not_resource: {
        "Effect": effect,
        "NotAction" if not_action else "Action": action,
        "NotResource" if not_resource else "Resource": resource,
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.lists(ACTIONS, min_size=1, max_size=2),
    st.lists(RESOURCES, min_size=1, max_size=2),
    CONDITIONS,
    st.booleans(),
    st.booleans(),
)


@given(st.lists(STATEMENTS, max_size=4))
def test_the_embedded_cloud_decides_alike(statements):
    """Two evaluations written apart: the control's and the embedded cloud's."""
    role = RoleRights(ROLE, {}, ({"Statement": statements},))
    for action, resource in (("s3:GetObject", OBJECT), ("iam:PassRole", ROLE)):
        ours = allows(read_policy(document(*statements)), action, resource, OURS)
        assert ours == may(role, action, resource, OURS)


@given(
    st.lists(
        st.builds(
            lambda effect, principal, condition: {
                **trust(principal, Effect=effect),
                **({"Condition": condition} if condition else {}),
            },
            st.sampled_from(["Allow", "Deny"]),
            st.sampled_from(["*", {"Service": IOT}, {"Service": "ec2.amazonaws.com"}, {"AWS": "*"}]),
            CONDITIONS,
        ),
        max_size=3,
    )
)
def test_the_embedded_cloud_trusts_alike(statements):
    """The same for trust policies."""
    role = RoleRights(ROLE, {"Statement": statements})
    assert trusts(read_policy(document(*statements)), IOT, OURS) == rule_trusts(role, IOT, OURS)
