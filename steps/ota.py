"""Phrases about the OTA prerequisites, the OTA update, its devices and what becomes of them. One call each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_bdd import given, parsers, then, when

from dicfix.accounts import Account
from dicfix.accounts.judge import Judge
from dicfix.lab import Lab
from dicfix.lab.ota import OtaLab
from dicfix.lab.ota_happenings import Happenings
from dicfix.lab.ota_orders import OtaOrders
from dicfix.lab.ota_prerequisites import PrerequisiteOrders
from dicfix.pytest_plugin.progress import progress


@pytest.fixture
def ota_desk(request: pytest.FixtureRequest, desk: Lab | None) -> Iterator[OtaLab | None]:
    """The OTA devices beside the account, None in an audit."""
    if desk is None:
        yield None
        return
    ota = OtaLab(desk, bar=lambda label, total: progress(request.config, label, total))
    yield ota
    ota.close()


@pytest.fixture
def ota(ota_desk: OtaLab | None) -> OtaLab:
    """The OTA devices beside the account."""
    if ota_desk is None:
        pytest.skip("NOT_APPLICABLE: an audit makes no OTA update")
    return ota_desk


@pytest.fixture
def ota_orders(ota: OtaLab) -> OtaOrders:
    """What is ordered in the scenario, and what came of it."""
    return OtaOrders(ota)


@pytest.fixture
def prerequisites(ota: OtaLab, ota_orders: OtaOrders) -> PrerequisiteOrders:
    """What is done to the prerequisites in the scenario."""
    return PrerequisiteOrders(ota, ota_orders)


@pytest.fixture
def happenings(ota: OtaLab, ota_orders: OtaOrders) -> Happenings:
    """What happens to the downloads of the scenario."""
    return Happenings(ota, ota_orders)


# Prerequisites


@given("the OTA prerequisites")
def the_ota_prerequisites(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.make()


@given("the OTA prerequisites, made by somebody else")
def the_ota_prerequisites_of_somebody_else(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.make_for_somebody_else()


@given("the signing profile is cancelled")
def the_signing_profile_is_cancelled(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.cancel_profile()


@given("the bucket keeps no versions any more")
def the_bucket_keeps_no_versions(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.suspend_versioning()


@given("the role may not pass itself any more")
def the_role_may_not_pass_itself(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.forbid_passing()


@when("the OTA prerequisites are made again")
def the_ota_prerequisites_are_made_again(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.make()


@when(parsers.parse("the {what} is made once more"))
def it_is_made_once_more(prerequisites: PrerequisiteOrders, what: str) -> None:
    prerequisites.make_one(what)


@when("the bucket for the images is made")
def the_bucket_is_made(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_bucket())


@when("the OTA service role is made")
def the_ota_service_role_is_made(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_ota_role())


@when("the code-signing certificate is made and imported")
def the_code_signing_certificate_is_imported(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_code_signing_certificate())


@then("the bucket is in the Region of the configuration")
def the_bucket_is_in_the_region(judge: Judge) -> None:
    judge.expect("DIC-OTP-01")


@then("the bucket keeps versions")
def the_bucket_keeps_versions(judge: Judge) -> None:
    judge.expect("DIC-OTP-02")


@then("public access to the bucket is blocked")
def public_access_is_blocked(judge: Judge) -> None:
    judge.expect("DIC-OTP-03")


@then("AWS IoT may assume the role, and nobody else")
def aws_iot_may_assume_the_role(judge: Judge) -> None:
    judge.expect("DIC-OTP-04")


@then("the role has the rights of AmazonFreeRTOSOTAUpdate")
def the_role_has_the_service_rights(judge: Judge) -> None:
    judge.expect("DIC-OTP-05")


@then("the role may pass itself")
def the_role_may_pass_itself(judge: Judge) -> None:
    judge.expect("DIC-OTP-06")


@then("the role may use the objects of the bucket")
def the_role_may_use_the_objects(judge: Judge) -> None:
    judge.expect("DIC-OTP-07")


@then("the role is assumed for this account alone")
def the_role_is_for_this_account(judge: Judge) -> None:
    judge.expect("DIC-OTP-08")


@then("the caller may make OTA jobs")
def the_caller_may_make_ota_jobs(judge: Judge) -> None:
    judge.expect("DIC-OTP-09")


@then("the caller may use code signing")
def the_caller_may_use_code_signing(judge: Judge) -> None:
    judge.expect("DIC-OTP-10")


@then("the code-signing certificate is in ACM")
def the_certificate_is_in_acm(judge: Judge) -> None:
    judge.expect("DIC-OTP-11")


@then("it is ECDSA P-256 with SHA-256")
def it_is_ecdsa(judge: Judge) -> None:
    judge.expect("DIC-OTP-12")


@then("it is for code signing")
def it_is_for_code_signing(judge: Judge) -> None:
    judge.expect("DIC-OTP-13")


@then("it has not expired")
def it_has_not_expired(judge: Judge) -> None:
    judge.expect("DIC-OTP-14")


@then("the policy allows the OTA topics")
def the_policy_allows_the_ota_topics(judge: Judge) -> None:
    judge.expect("DIC-OTP-15")


@then("every OTA prerequisite was found")
def every_prerequisite_was_found(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.expect_found()


@then("nothing of the OTA half is left")
def nothing_of_the_ota_half_is_left(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.expect_nothing_left()


# The update


@given("the devices to update, onboarded, with the OTA prerequisites")
def the_devices_to_update(ota: OtaLab) -> None:
    ota.prepare()


@given("MQTT Explorer is at hand")
def the_explorer_is_at_hand(ota: OtaLab) -> None:
    ota.connect_explorer()


@given(parsers.parse('the file is to be signed as "{choice}"'))
def the_file_is_to_be_signed(account: Account, choice: str) -> None:
    account.choose_signing(choice)


@given("the OTA update is made")
def the_ota_update_is_made(ota: OtaLab) -> None:
    ota.make_configured()


@given(parsers.parse('the devices to update are in the thing group "{group}", a target beside the first device'))
def the_devices_are_in_a_group(prerequisites: PrerequisiteOrders, group: str) -> None:
    prerequisites.gather(group)


@when("the OTA update is created")
def the_ota_update_is_created(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_ota_update())


@when("the OTA update is run to the end")
def the_ota_update_is_run(account: Account, judge: Judge, ota_desk: OtaLab | None) -> None:
    judge.record(account.ensure_ota_run())


@then("the jobs can be listed")
def the_jobs_can_be_listed(judge: Judge) -> None:
    judge.expect("DIC-ACC-03")


@then("its job is a FreeRTOS OTA update job")
def its_job_is_an_ota_update(judge: Judge) -> None:
    judge.expect("DIC-OTA-01")


@then("its name is unique and has no spaces")
def its_name_is_unique(judge: Judge) -> None:
    judge.expect("DIC-OTA-02")


@then("the devices to update are the configured ones")
def the_devices_are_the_configured_ones(judge: Judge) -> None:
    judge.expect("DIC-OTA-03")


@then("MQTT is the protocol of the file transfer")
def mqtt_is_the_protocol(judge: Judge) -> None:
    judge.expect("DIC-OTA-04")


@then("AWS has signed the new file")
def aws_has_signed_the_file(judge: Judge) -> None:
    judge.expect("DIC-OTA-05")


@then("the file comes from a signing job that was done before")
def the_file_was_signed_before(judge: Judge) -> None:
    judge.expect("DIC-OTA-13")


@then("the file has a custom signature that verifies")
def the_file_has_a_custom_signature(judge: Judge) -> None:
    judge.expect("DIC-OTA-14")


@then("the configured signing profile signs the file")
def the_profile_signs_the_file(judge: Judge) -> None:
    judge.expect("DIC-OTA-07")


@then("it signs with ECDSA and SHA-256")
def the_profile_signs_with_ecdsa(judge: Judge) -> None:
    judge.expect("DIC-OTA-08")


@then("the image is uploaded as it is")
def the_image_is_uploaded(judge: Judge) -> None:
    judge.expect("DIC-OTA-06")


@then("the image lies in the configured bucket")
def the_image_lies_in_the_bucket(judge: Judge) -> None:
    judge.expect("DIC-OTA-09")


@then("a path name on the device is given")
def a_path_name_is_given(judge: Judge) -> None:
    judge.expect("DIC-OTA-10")


@then("its role is the OTA service role")
def its_role_is_the_service_role(judge: Judge) -> None:
    judge.expect("DIC-OTA-11")


@then("the job is created")
def the_job_is_created(judge: Judge) -> None:
    judge.expect("DIC-OTA-12")


# The devices


@given("the devices to update are switched on")
def the_devices_are_switched_on(ota: OtaLab) -> None:
    ota.switch_on()


@given(parsers.parse("the devices to update are switched on, with the {agent} OTA agent"))
def the_devices_are_switched_on_with(ota: OtaLab, agent: str) -> None:
    ota.switch_on(agent)


@when("MQTT Explorer publishes ota on command")
def the_explorer_publishes_ota(ota: OtaLab, judge: Judge) -> None:
    judge.record(ota.command_ota())


@when("MQTT Explorer publishes ota on command, and every device updates itself")
def every_device_updates_itself(ota: OtaLab, judge: Judge) -> None:
    judge.record(ota.update_all())


@when("the devices to update are switched on and told ota")
def the_devices_are_told_ota(happenings: Happenings) -> None:
    happenings.switch_on_and_tell("strict")


@when(parsers.parse("the devices to update are switched on with the {agent} OTA agent and told ota"))
def the_devices_with_an_agent_are_told_ota(happenings: Happenings, agent: str) -> None:
    happenings.switch_on_and_tell(agent)


@then("the OTA agent of every device has started")
def the_ota_agents_have_started(judge: Judge) -> None:
    judge.expect("DIC-E2E-03")


@then("every device's job execution has ended SUCCEEDED")
def every_execution_has_succeeded(judge: Judge) -> None:
    judge.expect("DIC-OTA-15")


@then(parsers.parse("every device's job execution ends {status}: {reason}"))
def every_execution_ends(ota: OtaLab, status: str, reason: str) -> None:
    ota.expect_each(status, reason)


@then(parsers.parse("every device runs version {version}"))
def every_device_runs(ota: OtaLab, version: str) -> None:
    ota.expect_version(version)


# Orders that go wrong


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
