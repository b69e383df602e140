"""Retained messages as AWS IoT keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dataplane_registry import publish_packet

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def test_a_retained_message_reaches_a_later_subscription_with_retain_set(plane: Plane) -> None:
    client = plane.connected("device")
    client.publish("t", b"kept", qos=1, retain=True)
    client.subscribe(("t", 0))
    message = client.read()
    assert (message.payload, message.retain, message.qos) == (b"kept", True, 0)
    assert plane.registry.retained["t"].payload == b"kept"
    assert plane.registry.retained["t"].qos == 1


def test_the_newest_retained_message_replaces_the_older(plane: Plane) -> None:
    client = plane.connected("device")
    client.publish("t", b"old", qos=1, retain=True)
    client.publish("t", b"new", qos=1, retain=True)
    client.subscribe(("t", 1))
    assert client.read().payload == b"new"


def test_subscribers_at_the_time_get_it_without_retain(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("t", 0))
    client.send(publish_packet("t", b"x", retain=True))
    assert not client.read().retain


@pytest.mark.parametrize("topic_filter", ["#", "+", "a/+", "a/#"])
def test_a_subscription_with_a_wildcard_gets_no_retained_message(plane: Plane, topic_filter: str) -> None:
    client = plane.connected("device")
    client.publish("a", b"kept", qos=1, retain=True)
    client.publish("a/b", b"kept", qos=1, retain=True)
    client.subscribe((topic_filter, 0))
    assert client.messages_until_ping() == []


def test_a_retained_message_of_zero_bytes_clears_and_is_forwarded(plane: Plane) -> None:
    client = plane.connected("device")
    client.publish("t", b"kept", qos=1, retain=True)
    client.subscribe(("t", 0))
    client.read()
    client.send(publish_packet("t", b"", retain=True))
    assert client.read().payload == b""
    assert plane.registry.retained == {}
    client.subscribe(("t", 0))
    assert client.messages_until_ping() == []


def test_a_retained_publish_to_a_reserved_topic_ends_the_connection(plane: Plane) -> None:
    client = plane.connected("device")
    client.send(publish_packet("$aws/things/t/shadow/update", b"{}", retain=True))
    plane.refused(client, "RETAIN_RESERVED")


def test_the_service_can_retain(plane: Plane) -> None:
    plane.dp.publish("t", b"kept", qos=1, retain=True)
    assert plane.registry.retained["t"].payload == b"kept"
    client = plane.connected("device")
    client.subscribe(("t", 1))
    message = client.read()
    assert (message.retain, message.qos) == (True, 1)
