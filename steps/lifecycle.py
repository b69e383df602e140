"""Phrases about life after onboarding: rotation, revocation, off-boarding, onboarding again. One call each."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_bdd import given, parsers, then, when

from dicfix.accounts import Account, lifecycle
from dicfix.lab import Lab
from dicfix.lab.attempts import Attempts
from dicfix.lab.orders import Orders
from dicfix.onboardings import Onboardings
from dicfix.settings import Settings
from dicfix.wiring import Surroundings


@pytest.fixture
def orders(lab: Lab) -> Orders:
    """What is done to the scenario's account after its onboarding."""
    return Orders(lab)


@pytest.fixture
def onboardings(account: Account, surroundings: Surroundings, settings: Settings, tmp_path: Path) -> Onboardings:
    """Onboardings of the scenario's account, which is empty at first."""
    return Onboardings(surroundings, settings, tmp_path)


# Rotation and revocation


@given("the CA certificate is INACTIVE")
def the_ca_certificate_is_inactive(lab: Lab) -> None:
    lifecycle.set_ca_status(lab.account.site, "INACTIVE")


@when("the device's thing gets a second certificate")
def the_thing_gets_a_second_certificate(orders: Orders) -> None:
    orders.give_second_certificate()


@when("the device connects with its second certificate")
def the_device_connects_with_the_second(attempts: Attempts, settings: Settings) -> None:
    attempts.connect_with_second(settings.devices[0])


@when("the device connects with its first certificate")
def the_device_connects_with_the_first(attempts: Attempts, settings: Settings) -> None:
    attempts.connect_as(settings.devices[0])


@when(parsers.parse("the device's first certificate is set {status}"))
def the_devices_certificate_is_set(lab: Lab, status: str) -> None:
    lifecycle.set_status(lab.account.site, lab.settings.devices[0], status)


@when(parsers.parse("MQTT Explorer's certificate is set {status}"))
def the_explorers_certificate_is_set(lab: Lab, status: str) -> None:
    lifecycle.set_status(lab.account.site, lab.settings.explorer_name, status)


@then("the connection with the second certificate works on")
def the_second_works_on(attempts: Attempts) -> None:
    attempts.expect_unharmed()


@then(parsers.parse("the connection is dropped within the deadline {deadline}"))
def the_connection_is_dropped(attempts: Attempts, deadline: str) -> None:
    attempts.expect_dropped(deadline)


# Off-boarding


@when(parsers.parse("{what} is deleted too early"))
def it_is_deleted_too_early(orders: Orders, what: str) -> None:
    orders.delete_too_early(what)


@when("automatic registration is switched OFF")
def automatic_registration_is_switched_off(orders: Orders) -> None:
    orders.close_registration()


@when("the device's certificate is detached, set INACTIVE and deleted")
def the_devices_certificate_is_deleted(orders: Orders) -> None:
    orders.delete_device_certificate()


@when("everything that the onboarding made is removed")
def everything_is_removed(orders: Orders) -> None:
    orders.remove_everything()


@then(parsers.parse("AWS refuses {operation} with {code}"))
def aws_refuses(orders: Orders, operation: str, code: str) -> None:
    orders.expect_refused(operation, code)


@then(parsers.parse('the remedy says "{words}"'))
def the_remedy_says(orders: Orders, words: str) -> None:
    orders.expect_remedy(words)


@then(parsers.parse("the deleted certificate is back as {status}"))
def the_deleted_certificate_is_back(orders: Orders, status: str) -> None:
    orders.expect_back(status)


@then("the deleted certificate stays away")
def the_deleted_certificate_stays_away(orders: Orders) -> None:
    orders.expect_gone()


@then("nothing is left in the account")
def nothing_is_left(orders: Orders) -> None:
    orders.expect_empty()


# Onboarding again


@given(parsers.parse("an onboarding that was killed {moment} call {nth:d} of {operation}"))
def an_onboarding_was_killed(onboardings: Onboardings, moment: str, nth: int, operation: str) -> None:
    onboardings.kill(moment, operation, nth)


@given(parsers.parse("an onboarding that was killed when {files} lay in the directory"))
def an_onboarding_was_killed_among_files(onboardings: Onboardings, files: str) -> None:
    onboardings.kill_when_files_lie(files)


@given(parsers.parse("a second onboarding with the same CA, for things named with {suffix} behind"))
def a_second_onboarding_for_others(onboardings: Onboardings, suffix: str) -> None:
    onboardings.begin_neighbour(suffix)


@given("a second onboarding with the same CA, for the same things")
def a_second_onboarding_for_the_same(onboardings: Onboardings) -> None:
    onboardings.begin_neighbour()


@given("somebody else's policy of the same name with another document")
def somebody_elses_policy(onboardings: Onboardings) -> None:
    onboardings.make_other_policy()


@when("the onboarding is done again from the same directory")
def the_onboarding_is_done_again(onboardings: Onboardings) -> None:
    onboardings.do_again()


@when("the second onboarding is performed")
def the_second_onboarding_is_performed(onboardings: Onboardings) -> None:
    onboardings.onboard_neighbour()


@when("what the second onboarding made is removed")
def the_second_onboarding_is_removed(onboardings: Onboardings) -> None:
    onboardings.remove_neighbour()


@when("the onboarding is performed")
def the_onboarding_is_performed(onboardings: Onboardings) -> None:
    onboardings.onboard_first()


@when("the onboarding is performed with leave to adopt")
def the_onboarding_is_performed_with_adopt(onboardings: Onboardings) -> None:
    onboardings.onboard_first(adopt=True)


@then("one more onboarding finds everything done")
def one_more_finds_everything(onboardings: Onboardings) -> None:
    onboardings.expect_found()


@then("a clean-up leaves nothing in the account")
def a_clean_up_leaves_nothing(onboardings: Onboardings) -> None:
    onboardings.expect_removable()


@then(parsers.parse('the onboarding is refused by a guard that says "{words}"'))
def the_onboarding_is_refused(onboardings: Onboardings, words: str) -> None:
    onboardings.expect_error("GuardRefused", words)


@then("the onboarding is not refused")
def the_onboarding_is_not_refused(onboardings: Onboardings) -> None:
    onboardings.expect_no_error()


@then("the second onboarding has made nothing")
def the_second_has_made_nothing(onboardings: Onboardings) -> None:
    onboardings.expect_nothing_made()


@then("MQTT Explorer of the second onboarding connects")
def the_second_explorer_connects(onboardings: Onboardings) -> None:
    onboardings.expect_neighbour_connects()
