"""The guards of target aws: the right account, no rule that fires, no client that somebody else has connected."""

from __future__ import annotations

import pytest
from account_world import World, fresh

from dicfix import wiring
from dicfix.accounts.guards import (
    require_exclusive,
    require_login,
    require_no_rules,
    require_not_connected,
    run_topics,
)
from dicfix.errors import GuardRefused
from dicfix.lab import Lab
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.faults import FaultKind
from dicfix.settings import settings_from

AWS = settings_from({"target": "aws", "account": "123456789012"})


@pytest.fixture(scope="module")
def cloud():
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def world(cloud, tmp_path):
    with fresh(cloud, tmp_path) as made:
        yield made


def test_the_named_account_is_let_in_and_an_audit_needs_no_name(world: World):
    assert require_login(world.session, AWS).account == "123456789012"
    assert require_login(world.session, settings_from({"target": "aws", "mode": "audit"})).account == "123456789012"


@pytest.mark.parametrize(
    ("given", "told"),
    [({}, "no account is named"), ({"account": "999999999999"}, "logged in to account 123456789012")],
    ids=["unnamed", "another"],
)
def test_no_account_or_another_is_refused(world: World, given, told):
    with pytest.raises(GuardRefused, match=told):
        require_login(world.session, settings_from({"target": "aws", **given}))


@pytest.mark.parametrize("kind", [FaultKind.EXPIRED_TOKEN, FaultKind.TIMEOUT, FaultKind.ACCESS_DENIED])
def test_a_login_that_nobody_can_see_is_refused(world: World, kind):
    world.faults.add("sts:GetCallerIdentity", kind)
    with pytest.raises(GuardRefused, match="it cannot be known who is logged in") as caught:
        require_login(world.session, AWS)
    assert caught.value.exit_code == 4


def rule(world: World, name: str, topic_filter: str, **more) -> None:
    payload = {"sql": f"SELECT * FROM '{topic_filter}'", "actions": [], **more}  # noqa: S608
    world.session.call("iot", "CreateTopicRule", ruleName=name, topicRulePayload=payload)


@pytest.mark.parametrize(
    "topic_filter",
    ["command", "#", "+/state", "light/#", "$aws/events/presence/#", "$aws/events/certificates/registered/#"],
)
def test_a_rule_on_a_topic_of_the_run_is_refused_by_name(world: World, topic_filter):
    rule(world, "theirs", topic_filter)
    with pytest.raises(GuardRefused, match="would fire on this run's messages: theirs"):
        require_no_rules(world.session, AWS)
    require_no_rules(world.session, settings_from({"target": "aws", "allow_rules": True}))


def test_rules_elsewhere_and_disabled_ones_are_no_matter(world: World):
    rule(world, "elsewhere", "factory/+/temperature")
    rule(world, "asleep", "#", ruleDisabled=True)
    require_no_rules(world.session, AWS)


def test_rules_that_nobody_can_see_are_refused(world: World):
    world.faults.add("iot:ListTopicRules", FaultKind.ACCESS_DENIED)
    with pytest.raises(GuardRefused, match="allow iot:ListTopicRules"):
        require_no_rules(world.session, AWS)


def test_the_topics_of_a_run_are_those_of_every_application_and_the_command():
    topics = run_topics()
    assert "command" in topics
    assert "light/state" in topics
    assert len(topics) == len(set(topics))


def test_a_client_id_in_use_is_refused_before_anything_is_sent(world: World):
    builder = world.builder()
    desk = Lab(builder, world.surroundings.network)
    desk.onboard()
    desk.connect_explorer()
    try:
        with pytest.raises(GuardRefused, match="client ID DIC_EXPLORER is connected right now"):
            require_not_connected(world.session, AWS, "DIC_EXPLORER")
        require_not_connected(world.session, AWS, "SQA_DIC_C2")
    finally:
        desk.close()
    require_not_connected(world.session, AWS, "DIC_EXPLORER")


def test_a_real_board_is_refused_without_a_look(world: World):
    before = len(world.session.calls)
    with pytest.raises(GuardRefused, match="SQA_DIC_C3 is a real board"):
        require_not_connected(world.session, settings_from({"real_boards": ("SQA_DIC_C3",)}), "SQA_DIC_C3")
    assert len(world.session.calls) == before


@pytest.mark.parametrize("kind", [FaultKind.ACCESS_DENIED, FaultKind.THROTTLED, FaultKind.TIMEOUT])
def test_a_connection_that_nobody_can_see_is_refused(world: World, kind):
    world.faults.add("iot-data:GetConnection", kind)
    with pytest.raises(GuardRefused, match="allow iot:GetConnection") as caught:
        require_not_connected(world.session, AWS, "SQA_DIC_C2")
    assert caught.value.exit_code == 4


def test_an_answer_that_does_not_say_whether_it_is_connected_is_refused(world: World, monkeypatch):
    monkeypatch.setattr(world.session, "call", lambda *_, **__: {"clientId": "x"})
    with pytest.raises(GuardRefused, match="connected"):
        require_not_connected(world.session, AWS, "SQA_DIC_C2")


def test_offline_has_no_guard_and_target_aws_has_one(world: World):
    builder = world.builder()
    network = world.surroundings.network
    assert wiring.guarded(network, builder) is network
    builder.settings = AWS
    assert wiring.guarded(network, builder).before_connect is not network.before_connect


def test_a_command_to_every_board_takes_an_exclusive_account():
    require_exclusive(settings_from({}))
    require_exclusive(settings_from({"target": "aws", "exclusive_account": True}))
    with pytest.raises(GuardRefused, match="every board of an account obeys"):
        require_exclusive(AWS)
