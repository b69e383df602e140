"""Phrases about the OTA update, the devices that it is for, and its end. One call each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_bdd import given, parsers, then, when

from dicfix.accounts import Account
from dicfix.accounts.judge import Judge
from dicfix.lab import Lab
from dicfix.lab.ota import OtaLab
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


# The update


@given("the devices to update, onboarded, with the OTA prerequisites")
def the_devices_to_update(ota: OtaLab) -> None:
    ota.prepare()


@given("a real board among the devices to update, with the OTA prerequisites")
def a_real_board_to_update(ota: OtaLab) -> None:
    ota.prepare_boards()


@given("MQTT Explorer is at hand")
def the_explorer_is_at_hand(ota: OtaLab) -> None:
    ota.connect_explorer()


@given(parsers.parse('the file is to be signed as "{choice}"'))
def the_file_is_to_be_signed(account: Account, ota_desk: OtaLab | None, choice: str) -> None:
    account.choose_signing(choice)


@given("the OTA update is made")
def the_ota_update_is_made(ota: OtaLab) -> None:
    ota.make_configured()


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


@when("MQTT Explorer publishes ota on command, and the board updates itself")
def the_board_updates_itself(ota: OtaLab, judge: Judge) -> None:
    judge.record(ota.update_all())


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


@then("every device runs the version of the image")
def every_device_runs_the_image(ota: OtaLab) -> None:
    ota.expect_image_version()
