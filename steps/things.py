"""Phrases about things, their certificates and the firmware material (steps 6 to 8 of the registration page)."""

from __future__ import annotations

from pytest_bdd import then, when

from dicfix.accounts import Account
from dicfix.accounts.judge import Judge
from dicfix.settings import Settings


@when("the device's thing is created with its own certificate")
def the_devices_thing_is_created(account: Account, judge: Judge, settings: Settings) -> None:
    judge.record(account.ensure_thing(settings.devices[0]))


@when("MQTT Explorer's thing is created with its own certificate")
def the_explorers_thing_is_created(account: Account, judge: Judge, settings: Settings) -> None:
    judge.record(account.ensure_thing(settings.explorer_name))


@when("the device's firmware material is written")
def the_firmware_material_is_written(account: Account, judge: Judge, settings: Settings) -> None:
    judge.record(account.ensure_firmware_material(settings.devices[0]))


@then("the device's client ID is its thing's name")
def the_client_id_is_the_thing_name(judge: Judge) -> None:
    judge.expect("DIC-THG-02")


@then("header and certificate source hold the device's own material")
def the_material_is_the_devices_own(judge: Judge) -> None:
    judge.expect("DIC-MAT-01")


@then("a thing exists for every device")
def a_thing_exists_for_every_device(judge: Judge) -> None:
    judge.expect("DIC-THG-01")


@then("every device's thing has the certificate of its own file")
def every_thing_has_its_own_certificate(judge: Judge) -> None:
    judge.expect("DIC-CRT-01", "DIC-CRT-03")


@then("every device's certificate is registered with the CA of step 4")
def every_certificate_is_of_the_ca(judge: Judge) -> None:
    judge.expect("DIC-CRT-02")


@then("every device's certificate is ACTIVE")
def every_certificate_is_active(judge: Judge) -> None:
    judge.expect("DIC-CRT-04")


@then("the policy is attached to every device's certificate")
def the_policy_is_attached(judge: Judge) -> None:
    judge.expect("DIC-CRT-05")


@then("MQTT Explorer's thing has explorer.crt, ACTIVE, with the policy")
def the_explorers_thing_is_complete(judge: Judge) -> None:
    judge.expect("DIC-EXP-01", "DIC-EXP-02")


@then("the thing names and certificates are unique")
def the_thing_names_are_unique(judge: Judge) -> None:
    judge.expect("DIC-EXP-03")
