"""The contract of a performing scenario, branch by branch, with an account whose records a test writes by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from onboarded import NOW, good_inventory, good_settings

from dicfix.accounts import Done, How
from dicfix.accounts.judge import ContractBroken, Judge
from dicfix.findings import FindingFailed, FindingUnreadable, Status
from dicfix.records import Inventory, Unread


class Hand:
    """An account that reads what it is given; ``inventory`` may be exchanged between before and after."""

    def __init__(self, inventory: Inventory, settings=None) -> None:
        self.inventory = inventory
        self.settings = settings or good_settings()

    def read(self, _needs):
        return self.inventory


class Skipped(Exception):
    """What pytest.skip is here."""


def skip(reason):
    raise Skipped(reason)


GOOD = good_inventory()
EMPTY = replace(GOOD, policies={})
DIFFERENT = replace(
    GOOD,
    policies={
        name: replace(policy, document='{"Version": "2012-10-17", "Statement": []}')
        for name, policy in GOOD.policies.items()
    },
)
UNREAD = replace(GOOD, policies=Unread("iot:GetPolicy", "AccessDeniedException", "no", "iot:GetPolicy"))
PERFORMED = Done.of("policy", [("policy DIC_POLICY", How.PERFORMED)])
FOUND = Done.of("policy", [("policy DIC_POLICY", How.FOUND)])
LOOKED = Done("policy", How.LOOKED_FOR)


def judge_of(inventory, clauses=("AWS-5.1",), settings=None):
    hand = Hand(inventory, settings)
    return hand, Judge(hand, clauses, now=lambda: NOW, skip=skip)


def test_fail_before_performed_then_pass_holds_the_contract():
    hand, judge = judge_of(EMPTY)
    judge.begin_performing("absent")
    hand.inventory = GOOD
    judge.record(PERFORMED)
    judge.expect("DIC-POL-01")
    judge.end_performing()
    text = judge.account_of_steps()
    assert "policy: performed (policy DIC_POLICY performed)" in text
    assert "before: FAIL DIC-POL-01" in text
    assert "\nPASS DIC-POL-01" in text


def test_pass_before_and_a_found_step_holds_the_contract():
    _, judge = judge_of(GOOD)
    judge.begin_performing("absent")
    judge.record(FOUND)
    judge.end_performing()
    assert "before: PASS DIC-POL-01" in judge.account_of_steps()


def test_a_step_that_performs_what_was_already_so_breaks_it():
    _, judge = judge_of(GOOD)
    judge.begin_performing("absent")
    judge.record(PERFORMED)
    with pytest.raises(ContractBroken, match="passed before the step, and yet"):
        judge.end_performing()


def test_a_step_that_finds_what_was_missing_breaks_it():
    hand, judge = judge_of(EMPTY)
    judge.begin_performing("absent")
    hand.inventory = GOOD
    judge.record(FOUND)
    with pytest.raises(ContractBroken, match="failed before the step, and yet"):
        judge.end_performing()


def test_a_scenario_without_a_performing_step_breaks_it():
    hand, judge = judge_of(EMPTY)
    judge.begin_performing("absent")
    hand.inventory = GOOD
    with pytest.raises(ContractBroken, match="none of its steps performed"):
        judge.end_performing()


def test_a_scenario_whose_controls_were_never_run_before_breaks_it():
    _, judge = judge_of(GOOD)
    judge.record(PERFORMED)
    with pytest.raises(ContractBroken, match="were not run before a step"):
        judge.end_performing()


def test_a_step_that_says_performed_and_did_nothing_fails():
    _, judge = judge_of(EMPTY)
    judge.begin_performing("absent")
    judge.record(PERFORMED)
    with pytest.raises(FindingFailed, match="DIC-POL-01"):
        judge.end_performing()


def test_a_failure_for_another_reason_than_stated_breaks_it():
    _, judge = judge_of(DIFFERENT, clauses=("AWS-5.2",))
    with pytest.raises(ContractBroken, match=r"reason should be 'absent'.*differs"):
        judge.begin_performing("absent")


def test_a_stated_reason_is_taken():
    hand, judge = judge_of(DIFFERENT, clauses=("AWS-5.2",))
    judge.begin_performing("differs")
    hand.inventory = GOOD
    judge.record(PERFORMED)
    judge.end_performing()
    assert "before: FAIL DIC-POL-02" in judge.account_of_steps()


@pytest.mark.parametrize("reason", ["absent", "differs"])
def test_unreadable_before_is_unreadable_and_no_contract(reason):
    _, judge = judge_of(UNREAD)
    with pytest.raises(FindingUnreadable, match="iot:GetPolicy"):
        judge.begin_performing(reason)


def test_unreadable_after_is_unreadable():
    hand, judge = judge_of(EMPTY)
    judge.begin_performing("absent")
    judge.record(PERFORMED)
    hand.inventory = UNREAD
    with pytest.raises(FindingUnreadable):
        judge.end_performing()


def test_clauses_without_a_control_cannot_be_performed():
    _, judge = judge_of(GOOD, clauses=())
    with pytest.raises(ContractBroken, match=r"no control of .* can fail"):
        judge.begin_performing("absent")


def test_a_control_that_another_edition_has_cannot_fail_here():
    _, judge = judge_of(GOOD, clauses=("AWS-4.V",))
    with pytest.raises(ContractBroken, match=r"no control of AWS-4\.V can fail"):
        judge.begin_performing("absent")


def test_a_control_that_judges_nothing_afterwards_breaks_it(monkeypatch):
    """NOT_APPLICABLE after the step is no PASS."""
    hand, judge = judge_of(EMPTY)
    judge.begin_performing("absent")
    judge.record(PERFORMED)
    hand.inventory = GOOD
    hand.settings = good_settings("2023-08")
    judged = judge.judged

    def not_applicable(control_id):
        return tuple(replace(f, status=Status.NOT_APPLICABLE) for f in judged(control_id))

    monkeypatch.setattr(judge, "judged", not_applicable)
    with pytest.raises(ContractBroken, match="judged nothing any more"):
        judge.end_performing()


def test_an_account_where_nothing_is_fails_every_clause_for_being_absent():
    absent = Inventory(
        caller=GOOD.caller, endpoint=GOOD.endpoint, ca_certificates={}, certificates={}, policies={}, things={},
        sessions={}, local=GOOD.local,
    )  # fmt: skip
    for clause in ("AWS-4.1", "AWS-4.2", "AWS-4.4", "AWS-5.1", "AWS-5.2", "AWS-6.1", "AWS-6.3", "AWS-6.5", "AWS-6.6"):
        _, judge = judge_of(absent, clauses=(clause,))
        judge.begin_performing("absent")
        judge.record(FOUND)
        with pytest.raises(ContractBroken, match="failed before the step"):
            judge.end_performing()


# Judging


def test_expect_keeps_every_finding_also_of_those_that_fail():
    _, judge = judge_of(EMPTY)
    with pytest.raises(FindingFailed) as caught:
        judge.expect("DIC-POL-01", "DIC-THG-01")
    assert {f.control for f in judge.findings} == {"DIC-POL-01", "DIC-THG-01"}
    assert [f.control for f in caught.value.findings] == ["DIC-POL-01"]
    assert isinstance(caught.value, AssertionError)


def test_fail_outranks_unreadable():
    _, judge = judge_of(replace(EMPTY, things=Unread("iot:DescribeThing", "Throttling")))
    with pytest.raises(FindingFailed):
        judge.expect("DIC-THG-01", "DIC-POL-01")


def test_unreadable_is_no_assertion_and_names_the_permission():
    _, judge = judge_of(UNREAD)
    with pytest.raises(FindingUnreadable, match="needs iot:GetPolicy") as caught:
        judge.expect("DIC-POL-01")
    assert not isinstance(caught.value, AssertionError)


def test_what_does_not_apply_is_skipped_with_the_reason():
    _, judge = judge_of(GOOD)
    with pytest.raises(Skipped, match="NOT_APPLICABLE: DIC-PKI-05"):
        judge.expect("DIC-PKI-05")


def test_what_only_a_person_can_see_is_skipped_in_an_audit():
    _, judge = judge_of(replace(GOOD, explorer=Unread("none", "NotGiven")), settings=good_settings(mode="audit"))
    with pytest.raises(Skipped, match="MANUAL: DIC-EXP-05"):
        judge.expect("DIC-EXP-05")


def test_steps_that_found_everything_are_found_and_one_that_performed_makes_the_whole_performed():
    assert Done.of("x", []).how is How.FOUND
    assert Done.of("x", [("a", How.FOUND), ("b", How.PERFORMED)]).how is How.PERFORMED
    assert Done.of("x", [("a", How.LOOKED_FOR)]).how is How.LOOKED_FOR
    assert LOOKED.sentence() == "policy: looked for"
