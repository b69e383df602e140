"""Policy evaluation as pure functions."""

from __future__ import annotations

from typing import Any

import pytest
from dataplane_registry import ACCOUNT, REGION, allow, arn
from hypothesis import given
from hypothesis import strategies as st

from dicfix.offline.registry import PolicyText
from dicfix.offline.rules import policy_evaluation as policy

VALUES = {"iot:clientid": ("lamp",)}
TOPIC = arn("topic/light/state")


def _decide(*statements: Any, action: str = policy.PUBLISH, resource: str = TOPIC) -> bool:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return policy.evaluate([PolicyText("p", document)], action, resource, VALUES).allowed


@pytest.mark.parametrize(
    ("action", "name", "expected"),
    [
        (policy.CONNECT, "lamp", "client/lamp"),
        (policy.PUBLISH, "a/b", "topic/a/b"),
        (policy.RETAIN_PUBLISH, "a/b", "topic/a/b"),
        (policy.RECEIVE, "a/b", "topic/a/b"),
        (policy.SUBSCRIBE, "a/#", "topicfilter/a/#"),
    ],
)
def test_each_action_has_its_resource(action: str, name: str, expected: str) -> None:
    assert policy.resource_arn(action, name, region=REGION, account_id=ACCOUNT) == arn(expected)


def test_china_and_government_regions_have_their_partition() -> None:
    made = [policy.resource_arn(policy.CONNECT, "c", region=r, account_id="1") for r in ("cn-north-1", "us-gov-west-1")]
    assert made == ["arn:aws-cn:iot:cn-north-1:1:client/c", "arn:aws-us-gov:iot:us-gov-west-1:1:client/c"]


def test_what_nothing_allows_is_denied() -> None:
    assert not _decide()
    assert not _decide(allow("iot:Subscribe"))
    decision = policy.evaluate([], policy.PUBLISH, TOPIC, VALUES)
    assert "no policy is attached" in decision.text


@pytest.mark.parametrize("order", [1, -1])
def test_a_deny_wins_over_an_allow_in_any_order(order: int) -> None:
    statements = [allow("iot:*"), allow("iot:Publish", "topic/light/*", effect="Deny")][::order]
    assert not _decide(*statements)
    assert _decide(*statements, resource=arn("topic/other"))


def test_a_deny_of_one_policy_wins_over_an_allow_of_another() -> None:
    policies = [
        PolicyText("yes", {"Statement": allow("*")}),
        PolicyText("no", {"Statement": allow("iot:Publish", effect="Deny")}),
    ]
    decision = policy.evaluate(policies, policy.PUBLISH, TOPIC, VALUES)
    assert not decision.allowed
    assert "policy no statement 1 denies" in decision.text


@pytest.mark.parametrize(
    ("action", "allowed"),
    [("iot:Publish", True), ("IOT:publish", True), ("iot:P*", True), ("iot:Publis?", True), ("*", True),
     (["iot:Connect", "iot:Publish"], True), ("iot:PublishX", False), ("Publish", False), (None, False), (7, False)],
)  # fmt: skip
def test_actions_match_in_any_case_and_with_wildcards(action: Any, *, allowed: bool) -> None:
    assert _decide({"Effect": "Allow", "Action": action, "Resource": "*"}) == allowed


def test_not_action_and_not_resource_turn_the_match_round() -> None:
    assert _decide({"Effect": "Allow", "NotAction": "iot:Connect", "Resource": "*"})
    assert not _decide({"Effect": "Allow", "NotAction": ["iot:Pub*"], "Resource": "*"})
    assert _decide({"Effect": "Allow", "Action": "*", "NotResource": arn("topic/secret/*")})
    assert not _decide({"Effect": "Allow", "Action": "*", "NotResource": arn("topic/light/*")})


def test_not_resource_with_a_variable_without_value_does_not_allow_everything() -> None:
    unknown = arn("topic/${iot:Connection.Thing.ThingName}")
    assert not _decide({"Effect": "Allow", "Action": "*", "NotResource": unknown})
    assert not _decide(allow("*"), {"Effect": "Deny", "Action": "*", "NotResource": unknown})


def test_an_unknown_condition_fails_closed() -> None:
    unknown = {"NumericEquals": {"aws:Unheard": "1"}}
    assert not _decide(allow("*", Condition=unknown))
    assert not _decide(allow("*"), allow("*", effect="Deny", Condition=unknown))
    assert not _decide(allow("*", Condition="nonsense"))


@pytest.mark.parametrize(
    "document",
    [{}, {"Statement": None}, {"Statement": "x"}, {"Statement": [1, None, {}]}, {"Statement": {"Effect": "allow"}}],
)
def test_a_document_that_cannot_be_read_grants_nothing(document: dict[str, Any]) -> None:
    assert not policy.evaluate([PolicyText("p", document)], policy.PUBLISH, TOPIC, VALUES).allowed


_JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Bool"]), inner
    ), max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.just("Statement"), _JSON))
def test_any_document_gives_a_decision(document: dict[str, Any]) -> None:
    decision = policy.evaluate([PolicyText("p", document)], policy.PUBLISH, TOPIC, VALUES)
    assert decision.allowed in (True, False)
