"""MQTT 3.1.1 as written, with the plain profile: what a standard conformance suite looks at, as raw packets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from dataplane_registry import allow, connect_packet, issue, packet, publish_packet, subscribe_packet

from dicfix.offline.dataplane import PLAIN_MQTT

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


@pytest.fixture
def plain(make_plane: Callable[..., Plane]) -> Plane:
    return make_plane(PLAIN_MQTT)


def test_basic_publish_subscribe_and_disconnect(plain: Plane) -> None:
    client = plain.connected("device")
    client.subscribe(("t", 1))
    client.send(publish_packet("t", b"qos 0"))
    assert client.read().payload == b"qos 0"
    client.send(publish_packet("t", b"qos 1", qos=1, packet_id=9))
    assert {client.read().kind, client.read().kind} == {3, 4}
    client.send(b"\xe0\x00")
    assert client.expect_closed() == []


def test_retained_messages_reach_wildcards(plain: Plane) -> None:
    client = plain.connected("device")
    for topic in ("a", "a/b", "a/c", "$hidden"):
        client.publish(topic, topic.encode(), qos=1, retain=True)
    client.subscribe(("a/#", 1))
    assert {(m.topic, m.retain) for m in client.messages_until_ping()} == {("a", True), ("a/b", True), ("a/c", True)}
    client.subscribe(("+", 0))
    assert [m.topic for m in client.messages_until_ping()] == ["a"]
    client.publish("a", b"", qos=1, retain=True)
    client.messages_until_ping()
    client.subscribe(("a", 0))
    assert client.messages_until_ping() == []


def test_a_hash_matches_its_parent_level(plain: Plane) -> None:
    client = plain.connected("device")
    client.subscribe(("hp/#", 0))
    client.send(publish_packet("hp", b"x"))
    assert client.read().topic == "hp"


def test_the_will_is_published_when_the_connection_is_lost(plain: Plane) -> None:
    watcher = plain.connected("watcher")
    watcher.subscribe(("gone", 1))
    plain.connected("device", will=("gone", b"bye", 1, False)).close()
    assert watcher.read().payload == b"bye"


def test_a_zero_length_client_id_needs_a_clean_session(plain: Plane) -> None:
    plain.connected("").ping()
    client = plain.client()
    client.send(connect_packet("", clean=False))
    assert [answer.body for answer in client.expect_closed()] == [b"\x00\x02"]


def test_messages_queue_while_offline(plain: Plane) -> None:
    client, sender = plain.connected("device", clean=False), plain.connected("sender")
    client.subscribe(("a/+", 1))
    client.send(b"\xe0\x00")
    client.expect_closed()
    for number in range(3):
        sender.publish(f"a/{number}", b"x", qos=1)
    again = plain.client()
    assert again.connect("device", clean=False)
    assert [m.topic for m in again.messages_until_ping()] == ["a/0", "a/1", "a/2"]


def test_keep_alive_is_enforced_as_given(plain: Plane) -> None:
    client = plain.connected("device", keep_alive_s=2)
    plain.advance(2.9)
    client.ping()
    plain.advance(3.1)
    assert client.expect_closed() == []
    forever = plain.connected("device", keep_alive_s=0)
    plain.advance(100_000)
    forever.ping()


def test_what_was_not_acknowledged_comes_again_on_reconnect(plain: Plane) -> None:
    client = plain.connected("device", clean=False)
    client.subscribe(("t", 1))
    plain.dp.publish("t", b"x", qos=1)
    first = client.read()
    client.close()
    again = plain.client()
    again.connect("device", clean=False)
    second = again.read()
    assert (second.packet_id, second.dup) == (first.packet_id, True)


def test_a_subscription_that_is_not_allowed_gets_0x80_and_the_others_are_granted(plain: Plane) -> None:
    limited = issue("limited", plain.ca)
    statements = [allow(["iot:Connect", "iot:Receive"]), allow("iot:Subscribe", "topicfilter/mine")]
    plain.registry.register(limited, {"Statement": statements})
    client = plain.connected("device", limited)
    assert client.subscribe(("mine", 1), ("other", 1)) == (1, 0x80)


def test_a_client_that_may_not_connect_gets_connack_5(plain: Plane) -> None:
    bare = issue("bare", plain.ca)
    plain.registry.register(bare)
    client = plain.client(bare)
    client.send(connect_packet("device"))
    assert [answer.body for answer in client.expect_closed()] == [b"\x00\x05"]


def test_dollar_topics_are_hidden_from_wildcards_only(plain: Plane) -> None:
    client = plain.connected("device")
    client.subscribe(("#", 0), ("+/x", 0), ("$a/x", 0))
    client.publish("$a/x", b"1", qos=1)
    assert [m.topic for m in client.messages_until_ping()] == ["$a/x"]


def test_a_subscription_at_qos_2_is_granted_at_1(plain: Plane) -> None:
    client = plain.connected("device")
    client.send(subscribe_packet(("t", 2)))
    assert client.read().body[2:] == b"\x01"


def test_unsubscribing_what_was_not_subscribed_is_acknowledged(plain: Plane) -> None:
    client = plain.connected("device")
    client.send(packet(0xA2, b"\x00\x05\x00\x01t"))
    assert client.read().body == b"\x00\x05"


def test_aws_limits_do_not_hold(plain: Plane) -> None:
    client = plain.connected("c" * 200)
    client.subscribe(*((f"{'a/' * 10}{number}", 0) for number in range(20)))
    client.send(publish_packet("a/" * 10 + "3", bytes(200_000)))
    assert len(client.read().payload) == 200_000
