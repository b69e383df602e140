"""Phrases about OTA updates that are refused or fail, and about what happens to a download. One call each."""

from __future__ import annotations

import pytest
from pytest_bdd import given, parsers, then, when

from dicfix.accounts.judge import Judge
from dicfix.lab.ota import OtaLab
from dicfix.lab.ota_happenings import Happenings
from dicfix.lab.ota_orders import OtaOrders
from dicfix.lab.ota_prerequisites import PrerequisiteOrders


@pytest.fixture
def ota_orders(ota: OtaLab) -> OtaOrders:
    """What is ordered in the scenario, and what came of it."""
    return OtaOrders(ota)


@pytest.fixture
def happenings(ota: OtaLab, ota_orders: OtaOrders) -> Happenings:
    """What happens to the downloads of the scenario."""
    return Happenings(ota, ota_orders)


# Orders that go wrong


@when("the devices to update are switched on and told ota")
def the_devices_are_told_ota(happenings: Happenings) -> None:
    happenings.switch_on_and_tell("strict")


@when(parsers.parse("the devices to update are switched on with the {agent} OTA agent and told ota"))
def the_devices_with_an_agent_are_told_ota(happenings: Happenings, agent: str) -> None:
    happenings.switch_on_and_tell(agent)


@when(parsers.parse("an OTA update is ordered {how}"))
def an_update_is_ordered(ota_orders: OtaOrders, how: str) -> None:
    ota_orders.order(how)


@when("the same OTA update is ordered a second time")
def the_same_update_is_ordered(ota_orders: OtaOrders) -> None:
    ota_orders.order_again()


@when("the OTA prerequisites are put right, and the update is ordered again")
def the_update_is_ordered_again(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.put_right()


@then(parsers.parse("the order ends in {kind}: {words}"))
def the_order_ends_in(ota_orders: OtaOrders, kind: str, words: str) -> None:
    ota_orders.expect_refused(kind, words)


@then(parsers.parse('the order\'s remedy says "{words}"'))
def the_orders_remedy_says(ota_orders: OtaOrders, words: str) -> None:
    ota_orders.expect_remedy(words)


@then("the order is carried out")
def the_order_is_carried_out(ota_orders: OtaOrders) -> None:
    ota_orders.expect_made()


@then(parsers.parse("the control {control} fails: {words}"))
def the_control_fails(judge: Judge, control: str, words: str) -> None:
    judge.expect_failed(control, words)


# What happens to a download


@given("three devices that wait for the command ota, and an OTA update for them")
def three_devices_wait(happenings: Happenings) -> None:
    happenings.wait_for_command()


@given("the first device is switched off")
def the_first_device_is_off(happenings: Happenings) -> None:
    happenings.switch_off()


@when("a block is altered on the way to the first device")
def a_block_is_altered(happenings: Happenings) -> None:
    happenings.alter_a_block()


@when("a block is lost on the way to the first device")
def a_block_is_lost(happenings: Happenings) -> None:
    happenings.lose_a_block()


@when("the first device's connection breaks during the download")
def the_connection_breaks(happenings: Happenings) -> None:
    happenings.break_the_connection()


@when("every device is told ota and ends")
def every_device_is_told_and_ends(happenings: Happenings) -> None:
    happenings.tell_and_await()


@when("every device is told ota, and all but the first end")
def all_but_the_first_end(happenings: Happenings) -> None:
    happenings.tell_the_others()


@when("every device is told ota and ends both jobs")
def every_device_ends_both_jobs(happenings: Happenings) -> None:
    happenings.tell_and_await_both()


@when("the first device loses its power during the download")
def the_first_device_loses_power(happenings: Happenings) -> None:
    happenings.lose_power()


@when("the first device comes back and is told ota")
def the_first_device_comes_back(happenings: Happenings) -> None:
    happenings.come_back()


@when("the job is cancelled during the first device's download")
def the_job_is_cancelled(happenings: Happenings) -> None:
    happenings.cancel_the_job()


@then(parsers.parse("the first device's job execution ends {status}: {reason}"))
def the_first_execution_ends_with(happenings: Happenings, status: str, reason: str) -> None:
    happenings.expect_first(status, reason)


@then(parsers.parse("the first device's job execution is {status}"))
def the_first_execution_is(happenings: Happenings, status: str) -> None:
    happenings.expect_first(status)


@then(parsers.parse("the other devices' job executions end {status}: {reason}"))
def the_other_executions_end(happenings: Happenings, status: str, reason: str) -> None:
    happenings.expect_others(status, reason)


@then("the first device has let go of the job")
def the_first_device_has_let_go(happenings: Happenings) -> None:
    happenings.expect_let_go()


@then(parsers.parse("the first device runs version {version}"))
def the_first_device_runs(happenings: Happenings, version: str) -> None:
    happenings.expect_first_runs(version)
