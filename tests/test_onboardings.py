"""Onboardings beside each other: a check that cannot fail would hold nothing, so each is shown to fail."""

from __future__ import annotations

import pytest
from accounts_world import World

from dicfix.aws import policies, registry
from dicfix.errors import UsageError
from dicfix.lab import Lab

pytest_plugins = ["accounts_fixtures"]


def test_an_unknown_moment_is_one_clear_error(accounts_world: World) -> None:
    with pytest.raises(UsageError, match="before, after"):
        accounts_world.onboardings().kill("during", "iot:CreateThing", 1)


def test_a_kill_that_never_comes_is_told(accounts_world: World) -> None:
    with pytest.raises(AssertionError, match="without call 3 of iot:CreateThing"):
        accounts_world.onboardings().kill("after", "iot:CreateThing", 3)


def test_files_that_no_onboarding_makes_are_told(accounts_world: World) -> None:
    with pytest.raises(UsageError, match=r"no\.such"):
        accounts_world.onboardings().kill_when_files_lie("CA.key, no.such")


def test_a_step_that_was_undone_is_not_found_done(accounts_world: World, onboarded_lab: Lab) -> None:
    site = onboarded_lab.account.site
    arn = registry.read_principals(site.session, accounts_world.device)[0]
    policies.detach_policy(site.session, accounts_world.settings.policy_name, arn)
    with pytest.raises(AssertionError, match="still had to perform policy DIC_POLICY on the certificate"):
        accounts_world.onboardings().expect_found()


def test_what_the_journal_does_not_know_is_left_and_told(accounts_world: World, onboarded_lab: Lab) -> None:
    registry.create_thing(onboarded_lab.account.site.session, "SOMEBODY_ELSES")
    with pytest.raises(AssertionError, match="the clean-up left thing SOMEBODY_ELSES"):
        accounts_world.onboardings().expect_removable()


def test_a_second_onboarding_notes_what_it_made_and_not_what_it_found(
    accounts_world: World, onboarded_lab: Lab
) -> None:
    onboardings = accounts_world.onboardings()
    onboardings.begin_neighbour("_B")
    onboardings.onboard_neighbour()
    onboardings.expect_no_error()
    kinds = {entry.kind for entry in onboardings.neighbour.site.journal}
    assert kinds == {"thing", "certificate", "policy attachment", "thing attachment"}
    with pytest.raises(AssertionError, match="the second onboarding made thing SQA_DIC_C2_B"):
        onboardings.expect_nothing_made()


def test_an_onboarding_of_somebody_elses_thing_writes_nothing(accounts_world: World, onboarded_lab: Lab) -> None:
    onboardings = accounts_world.onboardings()
    onboardings.begin_neighbour()
    before = accounts_world.cloud.dump()
    onboardings.onboard_neighbour()
    onboardings.expect_error("GuardRefused", accounts_world.device, "--dicfix-adopt")
    onboardings.expect_nothing_made()
    assert accounts_world.cloud.dump() == before
    with pytest.raises(AssertionError, match="the onboarding was refused"):
        onboardings.expect_no_error()
    with pytest.raises(AssertionError, match="expected UsageError"):
        onboardings.expect_error("UsageError")


def test_a_policy_of_our_name_with_another_document_stays_without_leave(accounts_world: World) -> None:
    onboardings = accounts_world.onboardings()
    onboardings.make_other_policy()
    before = policies.read_policy(accounts_world.surroundings.session, accounts_world.settings.policy_name)
    onboardings.onboard_first()
    onboardings.expect_error("GuardRefused", "has another document")
    assert policies.read_policy(accounts_world.surroundings.session, accounts_world.settings.policy_name) == before


def test_a_policy_that_was_adopted_is_not_removed_by_the_clean_up(accounts_world: World) -> None:
    onboardings = accounts_world.onboardings()
    onboardings.make_other_policy()
    onboardings.onboard_first(adopt=True)
    onboardings.expect_no_error()
    accounts_world.builder().clean_up()
    assert policies.read_policy(accounts_world.surroundings.session, accounts_world.settings.policy_name) is not None


def test_there_is_no_neighbour_before_it_was_begun(accounts_world: World) -> None:
    with pytest.raises(UsageError, match="no second onboarding"):
        accounts_world.onboardings().remove_neighbour()
