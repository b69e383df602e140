"""MQTT.js, the library inside MQTT Explorer, with exactly the options that MQTT Explorer gives it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicfix.mqtt.profile import DEFAULT_TOPICS
from dicfix.trust import amazon_root_ca_1
from tests.interop.guide_cloud import EXPLORER, GuideCloud, strangers_client
from tests.interop.mqtt_js import explorer, install, profile_of


@pytest.fixture(scope="module", autouse=True)
def mqtt_js() -> None:
    install()


def test_the_guides_connection_shows_every_topic_and_publishes(onboarded: GuideCloud) -> None:
    with explorer(profile_of(onboarded, "#")) as client:
        client.wait_for("connect")
        onboarded.wait_for_subscription(EXPLORER, "#", after=0)
        client.order(topic="light/state", payload="on", qos=0)
        assert client.wait_for("message") == {"event": "message", "topic": "light/state", "payload": "on", "qos": 0}
    (connected,) = onboarded.cloud.transcript.entries(client_id=EXPLORER, kind="connect")
    assert connected.text == f"a clean session, keep alive 60 s, thing {EXPLORER}"


def test_the_default_subscriptions_end_the_connection_again_and_again(onboarded: GuideCloud) -> None:
    mark = onboarded.mark()
    with explorer(profile_of(onboarded, *DEFAULT_TOPICS)) as client:
        for _attempt in range(2):
            client.wait_for("connect")
            client.wait_for("close")
    refusals = onboarded.cloud.transcript.refusals(after=mark)
    assert {(one.topic, one.reason) for one in refusals} == {("$SYS/#", "TOPIC_RESERVED")}
    assert len(refusals) >= 2


def test_no_client_certificate_is_refused(onboarded: GuideCloud) -> None:
    mark = onboarded.mark()
    with explorer(replace(profile_of(onboarded, "#"), client_certificate="", client_key="")) as client:
        client.wait_for("close")
        onboarded.wait_for_refusal("NO_CLIENT_CERTIFICATE", after=mark)
    assert "connect" not in [one["event"] for one in client.seen]


def test_a_strangers_certificate_is_refused(onboarded: GuideCloud) -> None:
    stranger = strangers_client()
    pems = {"client_certificate": stranger.certificate.pem, "client_key": stranger.key.pem}
    mark = onboarded.mark()
    with explorer(replace(profile_of(onboarded, "#"), **pems)) as client:
        client.wait_for("close")
        onboarded.wait_for_refusal("CERTIFICATE_UNKNOWN", after=mark)
    assert "connect" not in [one["event"] for one in client.seen]


def test_the_real_amazon_root_does_not_verify_the_stand_in(onboarded: GuideCloud) -> None:
    with explorer(replace(profile_of(onboarded, "#"), server_certificate=amazon_root_ca_1().pem)) as client:
        error = client.wait_for("error")
    assert "unable to verify" in error["text"] or "self-signed certificate in certificate chain" in error["text"]
    assert "connect" not in [one["event"] for one in client.seen]
