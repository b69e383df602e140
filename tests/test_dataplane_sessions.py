"""Sessions: take-over, keep alive, persistence, redelivery, will."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from dataplane_registry import connect_packet, eventually, packet, publish_packet

from dicfix.offline.dataplane import AWS_IOT

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


@pytest.mark.parametrize("old_clean", [True, False])
@pytest.mark.parametrize("new_clean", [True, False])
def test_a_second_connection_with_a_client_id_in_use_drops_the_first(
    plane: Plane, *, old_clean: bool, new_clean: bool
) -> None:
    old = plane.connected("device", clean=old_clean)
    old.subscribe(("t", 1))
    new = plane.client()
    session_present = new.connect("device", clean=new_clean)
    assert session_present == (not old_clean and not new_clean)
    assert old.expect_closed() == []
    ends = plane.dp.transcript.entries(client_id="device", kind="end")
    assert [entry.reason for entry in ends] == ["DUPLICATE_CLIENTID"]
    new.subscribe(("t", 1))
    plane.connected("sender").publish("t", b"for the new", qos=1)
    assert new.read().payload == b"for the new"


def test_a_refused_connection_takes_nothing_over(plane: Plane) -> None:
    old = plane.connected("device", clean=False)
    old.subscribe(("t", 1))
    plane.registry.register(plane.ca, status="ACTIVE")
    stranger = plane.client(plane.ca)
    stranger.send(connect_packet("device"))
    plane.refused(stranger, "CONNECT_NOT_AUTHORIZED")
    plane.connected("sender").publish("t", b"still here", qos=1)
    assert old.read().payload == b"still here"


@pytest.mark.parametrize(("keep_alive_s", "timeout_s"), [(5, 45), (60, 90), (3000, 1800), (0, 1200)])
def test_silence_of_one_and_a_half_keep_alives_ends_the_connection(
    plane: Plane, keep_alive_s: int, timeout_s: int
) -> None:
    client = plane.connected("device", keep_alive_s=keep_alive_s)
    plane.advance(timeout_s - 1)
    client.ping()
    plane.advance(timeout_s - 1)
    client.ping()
    plane.advance(timeout_s + 1)
    assert client.expect_closed() == []
    state = plane.dp.connection("device")
    assert state is not None
    assert (state.connected, state.disconnect_reason) == (False, "MQTT_KEEP_ALIVE_TIMEOUT")


def test_a_persistent_session_keeps_subscriptions_and_qos_1_messages(plane: Plane) -> None:
    first, sender = plane.connected("device", clean=False), plane.connected("sender")
    first.subscribe(("t", 1))
    first.send(b"\xe0\x00")
    first.expect_closed()
    sender.publish("t", b"one", qos=1)
    sender.publish("t", b"lost", qos=0)
    sender.publish("t", b"two", qos=1)
    second = plane.client()
    assert second.connect("device", clean=False)
    assert [(m.payload, m.qos, m.dup) for m in second.messages_until_ping()] == [(b"one", 1, False), (b"two", 1, False)]


def test_a_clean_session_ends_a_persistent_one(plane: Plane) -> None:
    plane.connected("device", clean=False).subscribe(("t", 1))
    plane.connected("device", clean=True).send(b"\xe0\x00")
    eventually(lambda: not plane.dp.sessions())
    client = plane.client()
    assert not client.connect("device", clean=False)


def test_a_persistent_session_expires_after_an_hour(plane: Plane) -> None:
    client = plane.connected("device", clean=False)
    client.subscribe(("t", 1))
    client.send(b"\xe0\x00")
    client.expect_closed()
    plane.advance(3599)
    assert plane.dp.subscriptions("device") is not None
    plane.advance(2)
    assert plane.dp.subscriptions("device") is None
    again = plane.client()
    assert not again.connect("device", clean=False)


def test_a_session_taken_up_again_does_not_expire(plane: Plane) -> None:
    plane.connected("device", clean=False).send(b"\xe0\x00")
    eventually(lambda: plane.dp.connection("device") and not plane.dp.connection("device").connected)
    again = plane.connected("device", clean=False, keep_alive_s=1200)
    for _ in range(5):
        plane.advance(1000)
        again.ping()
    assert plane.dp.subscriptions("device") == ()


def test_an_unacknowledged_message_is_sent_again_on_reconnect_as_duplicate(plane: Plane) -> None:
    first = plane.connected("device", clean=False)
    first.subscribe(("t", 1))
    plane.connected("sender").publish("t", b"x", qos=1)
    sent = first.read()
    first.close()
    second = plane.client()
    assert second.connect("device", clean=False)
    again = second.read()
    assert (again.payload, again.packet_id, again.dup) == (b"x", sent.packet_id, True)
    second.send(packet(0x40, again.packet_id.to_bytes(2, "big")))
    assert second.messages_until_ping() == []


def test_an_unacknowledged_message_is_sent_again_on_a_living_connection(plane: Plane) -> None:
    client = plane.connected("device", keep_alive_s=1200)
    client.subscribe(("t", 1))
    plane.connected("sender", keep_alive_s=1200).publish("t", b"x", qos=1)
    sent = client.read()
    plane.advance(20)
    again = client.read()
    assert (again.packet_id, again.dup) == (sent.packet_id, True)
    client.send(packet(0x40, again.packet_id.to_bytes(2, "big")))
    client.ping()
    plane.advance(20)
    assert client.messages_until_ping() == []


def test_retries_end_after_an_hour(plane: Plane) -> None:
    client = plane.connected("device", keep_alive_s=1200)
    client.subscribe(("t", 1))
    plane.connected("sender").publish("t", b"x", qos=1)
    client.read()
    for _ in range(4):
        plane.advance(1000)
        client.messages_until_ping()
    plane.advance(100)
    assert client.messages_until_ping() == []
    assert plane.dp.sessions()[0]["unacknowledged"] == []


def test_at_most_100_messages_wait_for_acknowledgement(plane: Plane) -> None:
    client, sender = plane.connected("device"), plane.connected("sender")
    client.subscribe(("t", 1))
    sender.send(*(publish_packet("t", str(n).encode(), qos=1, packet_id=n + 1) for n in range(150)))
    sender.ping_after_acknowledgements(150)
    first = client.messages_until_ping()
    assert [int(m.payload) for m in first] == list(range(100))
    client.send(*(packet(0x40, m.packet_id.to_bytes(2, "big")) for m in first))
    assert [int(m.payload) for m in client.messages_until_ping()] == list(range(100, 150))


def test_stored_messages_come_ten_a_second_when_rate_limits_are_on(make_plane: Callable[..., Plane]) -> None:
    plane = make_plane(dataclasses.replace(AWS_IOT, rate_limits=True))
    client, sender = plane.connected("device", clean=False), plane.connected("sender")
    client.subscribe(("t", 1))
    client.send(b"\xe0\x00")
    client.expect_closed()
    for n in range(25):
        sender.publish("t", str(n).encode(), qos=1)
    plane.advance(1.1)
    again = plane.connected("device", clean=False)
    counts = []
    for _ in range(3):
        counts.append(len(again.messages_until_ping()))
        plane.advance(1.1)
    assert counts == [10, 10, 5]


WILL = ("gone", b"last words", 1, False)


def test_the_will_is_published_unless_the_client_said_goodbye(plane: Plane) -> None:
    watcher = plane.connected("watcher", keep_alive_s=1200)
    watcher.subscribe(("gone", 0))
    for end in ("socket closed", "malformed", "taken over", "keep alive", "deactivated"):
        client = plane.connected("device", will=WILL)
        if end == "socket closed":
            client.close()
        elif end == "malformed":
            client.send(b"\xf0\x00")
        elif end == "taken over":
            plane.connected("device").send(b"\xe0\x00")
        elif end == "keep alive":
            plane.advance(100)
        else:
            plane.dp.disconnect("device")
        assert watcher.read().payload == b"last words", end
    client = plane.connected("device", will=WILL)
    client.send(b"\xe0\x00")
    client.expect_closed()
    assert watcher.messages_until_ping() == []


def test_a_will_can_be_retained(plane: Plane) -> None:
    plane.connected("device", will=("gone", b"kept", 0, True)).close()
    eventually(lambda: "gone" in plane.registry.retained)
    assert plane.registry.retained["gone"].payload == b"kept"


def test_an_empty_client_id_gets_one_of_its_own_in_a_clean_session(plane: Plane) -> None:
    first, second = plane.connected(""), plane.connected("")
    first.ping()
    second.ping()
    ids = {entry.client_id for entry in plane.dp.transcript.entries(kind="connect")}
    assert len(ids) == 2
    assert all(client_id and client_id.startswith("$GEN/") for client_id in ids)


def test_an_empty_client_id_without_a_clean_session_is_refused(plane: Plane) -> None:
    client = plane.client()
    client.send(connect_packet("", clean=False))
    [answer] = client.expect_closed()
    assert (answer.kind, answer.body) == (2, b"\x00\x02")
    plane.newest_refusal("CLIENT_ID_EMPTY")


def test_a_user_name_is_accepted_and_not_kept(plane: Plane) -> None:
    plane.connected("device", username="?SDK=Python&Version=1.0").ping()
    assert "SDK" not in plane.dp.transcript.render()


def test_mqtt_5_is_answered_with_unacceptable_protocol_version(plane: Plane) -> None:
    client = plane.client()
    client.send(connect_packet("device", level=5))
    [answer] = client.expect_closed()
    assert (answer.kind, answer.body) == (2, b"\x00\x01")
    plane.newest_refusal("PROTOCOL_VERSION")


def test_a_second_connect_ends_the_connection(plane: Plane) -> None:
    client = plane.connected("device")
    client.send(connect_packet("device"))
    plane.refused(client, "SECOND_CONNECT")
    state = plane.dp.connection("device")
    assert state is not None
    assert state.disconnect_reason == "CLIENT_ERROR"


def test_a_client_that_sends_no_connect_is_let_go(plane: Plane) -> None:
    client = plane.client()
    eventually(lambda: plane.dp.transcript.entries(kind="tls"))
    plane.advance(31)
    plane.refused(client, "CONNECT_TIMEOUT")
