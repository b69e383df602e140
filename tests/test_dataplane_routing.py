"""Which messages reach which subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dataplane_registry import packet, publish_packet
from hypothesis import given
from hypothesis import strategies as st

from dicfix.offline.dataplane.router import Router
from dicfix.offline.rules.topics import filter_matches, filters_overlap, plain_filter_matches

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _heard(plane: Plane, topic_filter: str, topic: str) -> bool:
    client = plane.connected("listener")
    client.subscribe((topic_filter, 0))
    plane.connected("sender").publish(topic, b"x", qos=1)
    return bool(client.messages_until_ping())


@pytest.mark.parametrize(
    ("topic_filter", "topic", "heard"),
    [
        ("light/#", "light/state", True),
        ("light/#", "light/a/b", True),
        ("light/*", "light/state", False),
        ("light/*", "light/*", True),
        ("light/+", "light/state", True),
        ("light/+", "light/a/b", False),
        ("+/state", "light/state", True),
        ("#", "light/state", True),
        ("a//b", "a//b", True),
        ("a/+/b", "a//b", True),
        ("Light", "light", False),
    ],
)
def test_a_wildcard_matches_as_mqtt_says_and_a_star_is_none(
    plane: Plane, topic_filter: str, topic: str, *, heard: bool
) -> None:
    assert _heard(plane, topic_filter, topic) == heard


def test_a_hash_does_not_match_its_parent_level(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("hp/#", 0))
    client.send(publish_packet("hp", b"parent"), publish_packet("hp/x", b"child"))
    assert [message.payload for message in client.messages_until_ping()] == [b"child"]


def test_a_hash_alone_gets_no_lifecycle_events(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("#", 0), ("+/events/presence/connected/other", 0))
    plane.connected("other").publish("t", b"x", qos=1)
    assert [message.topic for message in client.messages_until_ping()] == ["t"]


@pytest.mark.parametrize(("published", "granted", "delivered"), [(0, 1, 0), (1, 0, 0), (1, 1, 1), (0, 0, 0)])
def test_a_message_comes_at_the_lower_qos_of_publish_and_subscription(
    plane: Plane, published: int, granted: int, delivered: int
) -> None:
    client = plane.connected("device")
    assert client.subscribe(("t", granted)) == (granted,)
    plane.connected("sender").send(publish_packet("t", b"x", qos=published))
    assert client.read().qos == delivered


def test_overlapping_subscriptions_deliver_once_at_the_highest_qos(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("a/#", 0), ("a/+", 1), ("a/b", 0))
    plane.connected("sender").publish("a/b", b"x", qos=1)
    assert [message.qos for message in client.messages_until_ping()] == [1]


def test_a_second_subscription_to_a_filter_changes_its_qos(plane: Plane) -> None:
    client, sender = plane.connected("device"), plane.connected("sender")
    client.subscribe(("t", 1))
    client.subscribe(("t", 0))
    sender.publish("t", b"x", qos=1)
    assert [message.qos for message in client.messages_until_ping()] == [0]


def test_nothing_comes_after_unsubscribe(plane: Plane) -> None:
    client, sender = plane.connected("device"), plane.connected("sender")
    client.subscribe(("t", 0), ("u", 0))
    client.send(packet(0xA2, b"\x00\x07\x00\x01t"))
    assert client.read().body == b"\x00\x07"
    sender.publish("t", b"x", qos=1)
    sender.publish("u", b"x", qos=1)
    assert [message.topic for message in client.messages_until_ping()] == ["u"]


def test_a_message_reaches_every_subscriber_and_its_sender(plane: Plane) -> None:
    clients = [plane.connected(f"c{n}") for n in range(10)]
    for client in clients:
        client.subscribe(("t", 0))
    clients[0].send(publish_packet("t", b"x"))
    assert [client.read().payload for client in clients] == [b"x"] * 10


_LEVELS = st.lists(st.sampled_from(["a", "b", "", "$x"]), min_size=1, max_size=4)
_FILTER_LEVELS = st.lists(st.sampled_from(["a", "b", "", "+", "$x"]), min_size=1, max_size=4)


@given(_FILTER_LEVELS, st.booleans(), _LEVELS, st.booleans())
def test_the_tree_agrees_with_the_definition(
    filter_levels: list[str], with_hash: bool, levels: list[str], plain: bool
) -> None:
    topic_filter = "/".join([*filter_levels, "#"] if with_hash else filter_levels)
    topic = "/".join(levels)
    router: Router[str] = Router(plain=plain)
    router.subscribe("other/filter", "other", 0)
    router.subscribe(topic_filter, "me", 1)
    hidden = topic.startswith("$") and topic_filter[:1] in ("+", "#")
    expected = plain_filter_matches(topic_filter, topic) if plain else filter_matches(topic_filter, topic)
    assert (("me", 1) in router.match(topic)) == (expected and not hidden)
    router.unsubscribe(topic_filter, "me")
    assert router.match(topic) == ()


@given(_FILTER_LEVELS, _FILTER_LEVELS, _LEVELS)
def test_filters_overlap_if_a_topic_matches_both(left: list[str], right: list[str], levels: list[str]) -> None:
    one, other, topic = "/".join(left), "/".join(right), "/".join(levels)
    if filter_matches(one, topic) and filter_matches(other, topic):
        assert filters_overlap(one, other)
        assert filters_overlap(other, one)


def test_unsubscribing_what_was_never_subscribed_changes_nothing() -> None:
    router: Router[str] = Router()
    router.subscribe("a/b", "me", 0)
    router.unsubscribe("a/c/d", "me")
    router.unsubscribe("a", "me")
    assert router.match("a/b") == (("me", 0),)
