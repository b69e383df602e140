"""Phrases about MQTT Explorer's connection, the devices and what they say to each other."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from dicfix.accounts import Account
from dicfix.accounts.judge import Judge
from dicfix.lab import Lab


@given("an onboarded account")
def an_onboarded_account(lab: Lab) -> None:
    lab.onboard()


@given("MQTT Explorer is connected")
def the_explorer_is_connected(lab: Lab) -> None:
    lab.connect_explorer()


@given(parsers.parse("a {application} device is switched on"))
def a_device_is_switched_on(lab: Lab, application: str) -> None:
    lab.put_on_show(application)


@given(parsers.parse("its {attribute} was {value}"))
def its_state_was(lab: Lab, attribute: str, value: str) -> None:
    lab.device_was(attribute, value)


@when("the server certificate is stored")
def the_server_certificate_is_stored(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_server_certificate())


@when("MQTT Explorer's connection is filled in")
def the_explorers_connection_is_filled_in(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_explorer_profile())


@when("MQTT Explorer connects")
def the_explorer_connects(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_connection())


@when(parsers.parse('its {attribute} becomes {value}, shown as "{payload}" on "{topic}"'))
def the_device_changes(lab: Lab, judge: Judge, attribute: str, value: str, payload: str, topic: str) -> None:
    judge.record(lab.device_changes(attribute, value, topic, payload))


@when(parsers.parse('MQTT Explorer publishes "{payload}" on command, for {attribute} {value}'))
def the_explorer_commands(lab: Lab, judge: Judge, payload: str, attribute: str, value: str) -> None:
    judge.record(lab.command(payload, attribute, value))


@then("AmazonRootCA1 lies in the certificate directory")
def amazon_root_ca_1_is_stored(judge: Judge) -> None:
    judge.expect("DIC-SRV-01")


@then("MQTT Explorer verifies the endpoint with the server certificate")
def the_explorer_verifies_the_endpoint(judge: Judge) -> None:
    judge.expect("DIC-SRV-02")


@then("its host is the account's data endpoint")
def its_host_is_the_endpoint(judge: Judge) -> None:
    judge.expect("DIC-EXP-04")


@then("its port is 8883")
def its_port_is_8883(judge: Judge) -> None:
    judge.expect("DIC-SRV-03")


@then("encryption and certificate validation are on")
def encryption_and_validation_are_on(judge: Judge) -> None:
    judge.expect("DIC-SRV-04")


@then("the guide's topics are subscribed")
def the_guides_topics_are_subscribed(judge: Judge) -> None:
    judge.expect("DIC-EXP-05")


@then("its client ID is the thing name")
def its_client_id_is_the_thing_name(judge: Judge) -> None:
    judge.expect("DIC-EXP-06")


@then("server certificate, client certificate and client key are given")
def the_certificates_are_given(judge: Judge) -> None:
    judge.expect("DIC-EXP-07")


@then("MQTT Explorer is connected to the account")
def the_explorer_is_connected_to_the_account(judge: Judge) -> None:
    judge.expect("DIC-EXP-08")


@then("MQTT Explorer shows the device's state")
def the_explorer_shows_the_state(judge: Judge) -> None:
    judge.expect("DIC-E2E-01")


@then("the device has acted on the command")
def the_device_has_acted(judge: Judge) -> None:
    judge.expect("DIC-E2E-02")
