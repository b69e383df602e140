"""AWS IoT's limits on a connection; each breach ends it, with its own reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from dataplane_registry import connect_packet, publish_packet, subscribe_packet

from dicfix.offline.dataplane import AWS_IOT

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]
RATED = dataclasses.replace(AWS_IOT, rate_limits=True)


def test_a_client_id_of_129_bytes_is_refused(plane: Plane) -> None:
    plane.connected("c" * 128).ping()
    client = plane.client()
    client.send(connect_packet("c" * 129))
    assert "129" in plane.refused(client, "CLIENT_ID_TOO_LONG").text


def test_a_client_id_is_measured_in_bytes_of_utf_8(plane: Plane) -> None:
    client = plane.client()
    client.send(connect_packet("ü" * 65))
    plane.refused(client, "CLIENT_ID_TOO_LONG")


def test_qos_2_ends_the_connection_for_publish_subscribe_and_will(plane: Plane) -> None:
    for packet in (publish_packet("t", b"x", qos=2), subscribe_packet(("t", 2)), b"\x62\x02\x00\x01"):
        client = plane.connected("device")
        client.send(packet)
        assert client.expect_closed() == []
        plane.newest_refusal("QOS_2")
    client = plane.client()
    client.send(connect_packet("device", will=("t", b"", 2, False)))
    plane.refused(client, "QOS_2")


def test_128_kib_of_payload_pass_and_one_byte_more_ends_the_connection(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("t", 0))
    client.send(publish_packet("t", bytes(131072)))
    assert len(client.read().payload) == 131072
    client.send(publish_packet("t", bytes(131073)))
    assert client.expect_closed() == []
    assert plane.newest_refusal("PAYLOAD_TOO_LARGE").size_bytes == 131073


def test_a_packet_far_over_the_limit_is_refused_before_it_is_read(plane: Plane) -> None:
    client = plane.connected("device")
    client.send(b"\x30\xff\xff\xff\x7f")
    plane.refused(client, "PAYLOAD_TOO_LARGE")


def test_256_bytes_of_topic_pass_and_one_more_ends_the_connection(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("t" * 256, 0))
    client.send(publish_packet("t" * 256))
    assert client.read().topic == "t" * 256
    client.send(publish_packet("t" * 257))
    plane.refused(client, "TOPIC_TOO_LONG")
    again = plane.connected("device")
    again.send(subscribe_packet(("t" * 257, 0)))
    plane.refused(again, "TOPIC_TOO_LONG")


def test_seven_slashes_pass_and_eight_end_the_connection(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("a/b/c/d/e/f/g/h", 0))
    client.send(publish_packet("a/b/c/d/e/f/g/h"))
    assert client.read().kind == 3
    client.send(publish_packet("a/b/c/d/e/f/g/h/i"))
    plane.refused(client, "TOPIC_TOO_DEEP")
    again = plane.connected("device")
    again.send(subscribe_packet(("a/b/c/d/e/f/g/h/#", 0)))
    plane.refused(again, "TOPIC_TOO_DEEP")


def test_basic_ingest_does_not_count_its_prefix(plane: Plane) -> None:
    client = plane.connected("device")
    client.publish("$aws/rules/my_rule/a/b/c/d/e/f/g/h", b"x", qos=1)
    client.send(publish_packet("$aws/rules/my_rule/a/b/c/d/e/f/g/h/i"))
    plane.refused(client, "TOPIC_TOO_DEEP")


@pytest.mark.parametrize("topic", ["$aws/foo/bar", "$SYS/x", "$other", "$aws/events/presence/connected/x"])
def test_a_publish_to_an_unknown_reserved_topic_ends_the_connection(plane: Plane, topic: str) -> None:
    client = plane.connected("device")
    client.send(publish_packet(topic, b"x"))
    plane.refused(client, "TOPIC_RESERVED")


@pytest.mark.parametrize("topic_filter", ["$SYS/#", "$SYS/broker/uptime", "$aws/foo/bar", "$other/#"])
def test_a_subscription_to_sys_or_an_unknown_reserved_topic_ends_the_connection(
    plane: Plane, topic_filter: str
) -> None:
    client = plane.connected("device")
    client.send(subscribe_packet(("#", 0), (topic_filter, 0)))
    assert client.expect_closed() == []
    assert plane.newest_refusal("TOPIC_RESERVED").topic == topic_filter


@pytest.mark.parametrize(
    "topic_filter",
    [
        "$aws/things/t/jobs/notify-next",
        "$aws/things/t/jobs/$next/get/accepted",
        "$aws/things/t/streams/s/data/cbor",
        "$aws/things/t/shadow/update/delta",
        "$aws/events/presence/#",
        "$aws/things/t/#",
    ],
)
def test_a_subscription_to_a_known_reserved_topic_is_granted(plane: Plane, topic_filter: str) -> None:
    assert plane.connected("device").subscribe((topic_filter, 1)) == (1,)


def test_eight_filters_in_a_subscribe_pass_and_nine_end_the_connection(plane: Plane) -> None:
    client = plane.connected("device")
    assert client.subscribe(*((f"t/{n}", 0) for n in range(8))) == (0,) * 8
    client.send(subscribe_packet(*((f"u/{n}", 0) for n in range(9))))
    plane.refused(client, "TOO_MANY_FILTERS")


def test_fifty_subscriptions_pass_and_one_more_ends_the_connection(plane: Plane) -> None:
    client = plane.connected("device")
    for start in range(0, 50, 5):
        client.subscribe(*((f"t/{n}", 0) for n in range(start, start + 5)))
    assert client.subscribe(("t/0", 1)) == (1,)
    client.send(subscribe_packet(("one/more", 0)))
    plane.refused(client, "TOO_MANY_SUBSCRIPTIONS")


def test_a_second_connect_within_a_second_is_throttled_when_rate_limits_are_on(
    make_plane: Callable[..., Plane],
) -> None:
    plane = make_plane(RATED)
    plane.connected("device")
    client = plane.client()
    client.send(connect_packet("device"))
    plane.refused(client, "CONNECT_RATE")
    plane.advance(1.1)
    plane.connected("device").ping()


def test_more_than_100_publishes_in_a_second_are_throttled_when_rate_limits_are_on(
    make_plane: Callable[..., Plane],
) -> None:
    plane = make_plane(RATED)
    client = plane.connected("device")
    for _ in range(100):
        client.send(publish_packet("t", b"x"))
    client.ping()
    plane.advance(1.1)
    client.send(*(publish_packet("t", b"x") for _ in range(101)))
    plane.refused(client, "PUBLISH_RATE")
    state = plane.dp.connection("device")
    assert state is not None
    assert state.disconnect_reason == "THROTTLED"


def test_more_than_512_kib_in_a_second_are_throttled_when_rate_limits_are_on(make_plane: Callable[..., Plane]) -> None:
    plane = make_plane(RATED)
    client = plane.connected("device")
    client.send(*(publish_packet("t", bytes(131072)) for _ in range(4)))
    client.ping()
    client.send(publish_packet("t", b"x"))
    plane.refused(client, "BYTES_RATE")


def test_there_are_no_rate_limits_by_default(plane: Plane) -> None:
    client = plane.connected("device")
    client.send(*(publish_packet("t", b"x") for _ in range(500)))
    client.ping()
