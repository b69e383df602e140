"""Lifecycle events that the data plane publishes by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dataplane_registry import RawClient, allow, connect_packet, issue, packet

from dicfix.offline.registry import AttachedThing

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _watcher(plane: Plane, *filters: str) -> RawClient:
    watcher = plane.connected("watcher", keep_alive_s=1200)
    watcher.subscribe(*((topic_filter, 1) for topic_filter in filters))
    return watcher


def _event(watcher: RawClient, topic: str) -> dict[str, Any]:
    message = watcher.read()
    assert message.topic == topic
    content: dict[str, Any] = json.loads(message.payload)
    return content


def test_connecting_and_leaving_are_reported(plane: Plane) -> None:
    watcher = _watcher(plane, "$aws/events/presence/connected/+", "$aws/events/presence/disconnected/+")
    client = plane.connected("device")
    came = _event(watcher, "$aws/events/presence/connected/device")
    client.send(b"\xe0\x00")
    went = _event(watcher, "$aws/events/presence/disconnected/device")
    assert came == {
        "clientId": "device",
        "timestamp": plane.clock.now_ms(),
        "eventType": "connected",
        "sessionIdentifier": came["sessionIdentifier"],
        "principalIdentifier": plane.device.certificate_id,
        "ipAddress": "127.0.0.1",
        "versionNumber": 0,
    }
    assert went["sessionIdentifier"] == came["sessionIdentifier"]
    assert went["clientInitiatedDisconnect"] is True
    assert went["disconnectReason"] == "CLIENT_INITIATED_DISCONNECT"
    assert "thingName" not in came


def test_the_version_number_grows_with_each_connection(plane: Plane) -> None:
    watcher = _watcher(plane, "$aws/events/presence/connected/device")
    versions = []
    for _ in range(3):
        plane.connected("device")
        versions.append(_event(watcher, "$aws/events/presence/connected/device")["versionNumber"])
    assert versions == [0, 1, 2]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("close", "CONNECTION_LOST"),
        ("malformed", "CLIENT_ERROR"),
        ("take over", "DUPLICATE_CLIENTID"),
        ("silence", "MQTT_KEEP_ALIVE_TIMEOUT"),
        ("api", "API_INITIATED_DISCONNECT"),
        ("deactivate", "AUTH_ERROR"),
    ],
)
def test_every_end_has_its_reason(plane: Plane, end: str, reason: str) -> None:
    other = issue("other", plane.ca)
    plane.registry.register(other, {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    watcher = _watcher(plane, "$aws/events/presence/disconnected/device")
    client = plane.connected("device", other)
    {
        "close": client.close,
        "malformed": lambda: client.send(b"\xf0\x00"),
        "take over": lambda: plane.connected("device"),
        "silence": lambda: plane.advance(91),
        "api": lambda: plane.dp.disconnect("device"),
        "deactivate": lambda: plane.registry.set_status(other, "INACTIVE"),
    }[end]()
    event = _event(watcher, "$aws/events/presence/disconnected/device")
    assert (event["disconnectReason"], event["clientInitiatedDisconnect"]) == (reason, False)


def test_a_client_that_may_not_connect_is_reported(plane: Plane) -> None:
    limited = issue("limited", plane.ca)
    plane.registry.register(limited, {"Statement": allow("iot:Connect", "client/device")})
    watcher = _watcher(plane, "$aws/events/presence/connect_failed/+")
    client = plane.client(limited)
    client.send(connect_packet("other"))
    client.expect_closed()
    event = _event(watcher, "$aws/events/presence/connect_failed/other")
    assert event["connectFailureReason"] == "AUTHORIZATION_FAILED"
    assert event["principalIdentifier"] == limited.certificate_id


def test_subscribing_and_unsubscribing_are_reported(plane: Plane) -> None:
    watcher = _watcher(plane, "$aws/events/subscriptions/+/device")
    client = plane.connected("device")
    client.subscribe(("a", 0), ("b/#", 1))
    came = _event(watcher, "$aws/events/subscriptions/subscribed/device")
    assert (came["eventType"], came["topics"]) == ("subscribed", ["a", "b/#"])
    client.send(packet(0xA2, b"\x00\x01\x00\x01a"))
    went = _event(watcher, "$aws/events/subscriptions/unsubscribed/device")
    assert (went["eventType"], went["topics"]) == ("unsubscribed", ["a"])


def test_a_client_id_with_a_wildcard_has_no_events(plane: Plane) -> None:
    watcher = _watcher(plane, "$aws/events/#")
    watcher.messages_until_ping()
    plane.connected("a+b").subscribe(("t", 0))
    assert watcher.messages_until_ping() == []


def test_an_exclusive_thing_is_named(plane: Plane) -> None:
    exclusive = issue("exclusive", plane.ca)
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    plane.registry.register(exclusive, everything, things=[AttachedThing("lamp", exclusive=True)])
    watcher = _watcher(plane, "$aws/events/presence/connected/+")
    plane.connected("device", exclusive)
    assert _event(watcher, "$aws/events/presence/connected/device")["thingName"] == "lamp"
