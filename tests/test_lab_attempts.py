"""Attempts: what is held at both ends, and that each holding can fail with both reasons in its message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from accounts_world import World

from dicfix.accounts import lifecycle
from dicfix.errors import DeadlineExceeded, GuardRefused, UsageError
from dicfix.lab import Lab
from dicfix.lab.attempts import Attempts
from dicfix.lab.orders import Orders
from dicfix.lab.variations import VARIATIONS, variation
from dicfix.settings import Deadlines

pytest_plugins = ["accounts_fixtures"]

REFUSED = {
    "without a client certificate": ("tls", "no client certificate", "NO_CLIENT_CERTIFICATE"),
    "with a stranger's certificate": ("connect", "closed without CONNACK", "CERTIFICATE_UNKNOWN"),
    "with its certificate INACTIVE": ("connect", "closed without CONNACK", "CERTIFICATE_INACTIVE"),
    "with its certificate REVOKED": ("connect", "closed without CONNACK", "CERTIFICATE_REVOKED"),
    "with an expired certificate": ("connect", "closed without CONNACK", "CERTIFICATE_EXPIRED"),
    "with a certificate of the future": ("connect", "closed without CONNACK", "CERTIFICATE_NOT_YET_VALID"),
    "with no policy on its certificate": ("connect", "closed without CONNACK", "CONNECT_NOT_AUTHORIZED"),
    "with a stranger's root": ("tls", "untrusted server certificate", "SERVER_CERTIFICATE_REJECTED"),
    "with the real AmazonRootCA1": ("tls", "untrusted server certificate", "SERVER_CERTIFICATE_REJECTED"),
    "to another account's host": ("tls", "wrong host name", "SERVER_CERTIFICATE_REJECTED"),
    "without SNI": ("connect", "closed without CONNACK", "SNI_MISSING"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_variation_is_refused_for_its_own_reason_at_both_ends(onboarded_lab: Lab, name: str) -> None:
    stage, reason, kept = REFUSED[name]
    attempts = Attempts.made(onboarded_lab, name)
    attempts.expect_refused(stage, reason)
    attempts.expect_kept(kept)
    assert onboarded_lab.refusal is attempts.refusal


def test_every_variation_is_tried_here_or_accepted_under_the_guides_policy() -> None:
    assert VARIATIONS.keys() - REFUSED.keys() == {"as the guide says", "under the device's client ID"}


def test_an_unknown_variation_is_one_clear_error() -> None:
    with pytest.raises(UsageError, match="without SNI"):
        variation("with a smile")


def test_a_wrong_expectation_of_a_refusal_tells_both_reasons(onboarded_lab: Lab) -> None:
    attempts = Attempts.made(onboarded_lab, "with a stranger's certificate")
    with pytest.raises(AssertionError, match=r"saw 'connect: closed.*expected 'tls: x'; the cloud kept 'CERTIFICATE_U"):
        attempts.expect_refused("tls", "x")
    with pytest.raises(AssertionError, match=r"expected 'connected'; the cloud kept 'CERTIFICATE_UNKNOWN'"):
        attempts.expect_accepted()


def test_a_wrong_expectation_of_the_clouds_reason_tells_both_reasons(onboarded_lab: Lab) -> None:
    attempts = Attempts.made(onboarded_lab, "without SNI")
    text = r"the cloud kept 'SNI_MISSING' \(.*\), expected 'OTHER'; the client saw 'connect: closed without CONNACK'"
    with pytest.raises(AssertionError, match=text):
        attempts.expect_kept("OTHER")


def test_an_accepted_connection_is_not_taken_for_a_refused_one(onboarded_lab: Lab) -> None:
    attempts = Attempts.made(onboarded_lab, "as the guide says")
    attempts.expect_accepted()
    with pytest.raises(AssertionError, match=r"saw 'connected', expected 'tls: x'; the cloud kept no refusal"):
        attempts.expect_refused("tls", "x")


def test_a_reason_of_an_earlier_attempt_does_not_count_for_the_next(onboarded_lab: Lab) -> None:
    attempts = Attempts.made(onboarded_lab, "without SNI")
    attempts.expect_kept("SNI_MISSING")
    attempts.connect("with a stranger's certificate")
    with pytest.raises(AssertionError, match="expected 'SNI_MISSING'"):
        attempts.expect_kept("SNI_MISSING")


def test_on_aws_the_client_alone_is_judged(onboarded_lab: Lab) -> None:
    onboarded_lab.network = replace(onboarded_lab.network, server_refusals=None)
    attempts = Attempts.made(onboarded_lab, "without SNI")
    attempts.expect_kept("ANYTHING")
    with pytest.raises(AssertionError, match="AWS tells no client why"):
        attempts.expect_refused("tls", "x")


def test_a_refusal_that_aws_brings_late_is_waited_for(accounts_world: World, onboarded_lab: Lab) -> None:
    connects: list[str] = []

    def before_connect(client_id: str) -> None:
        connects.append(client_id)
        if len(connects) == 3:
            lifecycle.detach_policy(onboarded_lab.account.site, accounts_world.explorer)

    onboarded_lab.settings = replace(onboarded_lab.settings, deadlines=Deadlines(policy_effect_s=10.0, poll_s=0.01))
    onboarded_lab.network = replace(onboarded_lab.network, server_refusals=None, before_connect=before_connect)
    attempts = Attempts(onboarded_lab)
    attempts._try_until_refused(onboarded_lab.parameters(accounts_world.explorer), "policy_effect_s")
    attempts.expect_refused("connect", "closed without CONNACK")
    assert len(connects) == 3


def test_a_refusal_that_never_comes_fails_with_what_was_seen(accounts_world: World, onboarded_lab: Lab) -> None:
    attempts = Attempts.made(onboarded_lab, "under the device's client ID")
    with pytest.raises(AssertionError, match="saw 'connected'"):
        attempts.expect_refused("connect", "closed without CONNACK")


def test_the_guard_is_asked_before_a_connection_and_not_before_a_take_over_of_ones_own(onboarded_lab: Lab) -> None:
    attempts = Attempts.made(onboarded_lab, "as the guide says")

    def in_use(client_id: str) -> None:
        raise GuardRefused(f"client ID {client_id} is connected right now")

    onboarded_lab.network = replace(onboarded_lab.network, before_connect=in_use)
    with pytest.raises(GuardRefused):
        Attempts.made(onboarded_lab, "as the guide says")
    attempts.connect_again()
    attempts.expect_taken_over()
    attempts.expect_unharmed()


def test_a_connection_that_lasts_is_not_taken_for_a_dropped_one(onboarded_lab: Lab) -> None:
    deadlines = replace(onboarded_lab.settings.deadlines, deactivation_s=0.05)
    onboarded_lab.settings = replace(onboarded_lab.settings, deadlines=deadlines)
    attempts = Attempts.made(onboarded_lab, "as the guide says")
    with pytest.raises(DeadlineExceeded, match=r"the cloud kept no refusal.*deadline 'deactivation_s'"):
        attempts.expect_dropped("deactivation_s")


def test_silence_and_registrations_need_somebody_who_listens(onboarded_lab: Lab) -> None:
    attempts = Attempts(onboarded_lab)
    onboarded_lab.switch_on("lighting")
    for judged in (attempts.expect_silence, attempts.expect_taken_over, attempts.expect_unharmed):
        with pytest.raises(UsageError):
            judged()
    with pytest.raises(UsageError, match="further client"):
        attempts.expect_registered("ACTIVE")


def test_a_message_that_arrives_is_not_taken_for_silence(onboarded_lab: Lab) -> None:
    attempts = Attempts(onboarded_lab)
    attempts.listen("light/#")
    onboarded_lab.switch_on("lighting").operate("power", "on")
    with pytest.raises(Exception, match="arrived on 'light/state'"):
        attempts.expect_silence()


def test_an_order_that_aws_allowed_is_not_taken_for_a_refused_one(accounts_world: World, onboarded_lab: Lab) -> None:
    orders = Orders(onboarded_lab)
    orders.give_second_certificate()
    with pytest.raises(AssertionError, match="AWS refused nothing"):
        orders.expect_refused("iot:RegisterCertificate", "CertificateStateException")
    with pytest.raises(AssertionError, match="the remedy told is ''"):
        orders.expect_remedy("anything")
    with pytest.raises(AssertionError, match="left in the account"):
        orders.expect_empty()
    orders.delete_device_certificate()
    orders.expect_gone()
    with pytest.raises(AssertionError, match="it is gone"):
        orders.expect_back("PENDING_ACTIVATION")
