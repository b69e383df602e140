"""Phrases about connections and subscriptions that are refused, and the reasons at both ends. One call each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_bdd import given, parsers, then, when

from dicfix import onboardings
from dicfix.accounts import lifecycle
from dicfix.lab import Lab
from dicfix.lab.attempts import Attempts
from dicfix.offline.cloud import EmbeddedCloud


@pytest.fixture
def attempts(lab: Lab) -> Attempts:
    """What is tried beside the scenario's account."""
    return Attempts(lab)


@pytest.fixture
def elsewhere(lab: Lab, cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[Lab]:
    """MQTT Explorer and devices beside an onboarding in another Region of the scenario's account."""
    other = onboardings.in_another_region(cloud, lab.settings, tmp_path / "elsewhere")
    other.transcripts = lab.transcripts  # shown with the scenario's own
    yield other
    other.close()


@given("the policy lets a client connect only under its own thing's name")
def the_policy_is_narrow(lab: Lab) -> None:
    lifecycle.replace_policy(lab.account.site, lifecycle.NARROW_POLICY)


@given("MQTT Explorer watches registrations")
def the_explorer_watches_registrations(attempts: Attempts) -> None:
    attempts.watch_registrations()


@given(parsers.parse('MQTT Explorer subscribes to nothing but "{topic_filter}"'))
def the_explorer_listens(attempts: Attempts, topic_filter: str) -> None:
    attempts.listen(topic_filter)


@given("an onboarding in another Region alone")
def an_onboarding_elsewhere(elsewhere: Lab) -> None:
    elsewhere.account.onboard()


@when(parsers.parse("MQTT Explorer tries to connect {variation}"))
def the_explorer_tries_to_connect(attempts: Attempts, variation: str) -> None:
    attempts.connect(variation)


@when("the client of that Region tries to connect to this one")
def the_client_connects_from_elsewhere(attempts: Attempts, elsewhere: Lab) -> None:
    attempts.connect_from(elsewhere)


@when("it tries to connect to its own Region", target_fixture="attempts")
def the_client_connects_at_home(elsewhere: Lab) -> Attempts:
    return Attempts.made(elsewhere, "as the guide says")


@when("MQTT Explorer connects a second time, under the same client ID")
def the_explorer_connects_again(attempts: Attempts) -> None:
    attempts.connect_again()


@when(parsers.parse('it subscribes to "{topic_filter}"'))
def it_subscribes(attempts: Attempts, topic_filter: str) -> None:
    attempts.subscribe(topic_filter)


@when(parsers.parse('MQTT Explorer subscribes to "{topic_filter}" too'))
def the_explorer_listens_too(attempts: Attempts, topic_filter: str) -> None:
    attempts.listen_too(topic_filter)


@when(parsers.parse("the light is switched {power} at the device"))
def the_light_is_switched(lab: Lab, power: str) -> None:
    lab.device.operate("power", power)


@when("a device connects with a certificate of the CA that nobody registered")
def a_further_client_connects(attempts: Attempts) -> None:
    attempts.connect_further_client()


@when("the certificate is activated and gets the policy and the thing")
def the_further_client_is_activated(attempts: Attempts) -> None:
    attempts.activate_further_client()


@when(parsers.parse("a device with the {profile} profile is booted"))
def a_device_is_booted(attempts: Attempts, profile: str) -> None:
    attempts.boot(profile)


@then(parsers.parse("the client is refused at stage {stage}: {reason}"))
def the_client_is_refused(attempts: Attempts, stage: str, reason: str) -> None:
    attempts.expect_refused(stage, reason)


@then(parsers.parse("the server's reason is {reason}"))
def the_servers_reason_is(attempts: Attempts, reason: str) -> None:
    attempts.expect_kept(reason)


@then("the connection is accepted")
def the_connection_is_accepted(attempts: Attempts) -> None:
    attempts.expect_accepted()


@then("the first connection is dropped and the second stays")
def the_first_is_dropped(attempts: Attempts) -> None:
    attempts.expect_taken_over()


@then(parsers.parse("the certificate is reported and registered as {status}"))
def the_certificate_is_registered_as(attempts: Attempts, status: str) -> None:
    attempts.expect_registered(status)


@then("nothing of it arrives at MQTT Explorer")
def nothing_arrives(attempts: Attempts) -> None:
    attempts.expect_silence()


@then(parsers.parse('"{payload}" arrives on "{topic}"'))
def it_arrives(attempts: Attempts, payload: str, topic: str) -> None:
    attempts.expect_arrival(payload, topic)
