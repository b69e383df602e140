"""The facade: start and stop, publishing by the service, direct messages, reserved topics, what can be asked."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from dataplane_registry import ALLOW_ALL, DEADLINE_S, DictRegistry, connect_packet, eventually, issue, publish_packet

from dicfix.errors import UsageError
from dicfix.offline.dataplane import DataPlane, Reply, Request, ServerIdentity, Subscription

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "dicfix-dataplane"]


def test_it_starts_and_stops_in_milliseconds_and_leaves_no_thread(server_identity: ServerIdentity) -> None:
    dp = DataPlane(DictRegistry(), server_identity)
    start = time.perf_counter()
    dp.start()
    started = time.perf_counter()
    assert _threads()
    dp.stop()
    assert time.perf_counter() - started < 0.5
    assert started - start < 0.5
    assert _threads() == []
    dp.stop()


def test_it_can_be_started_again(server_identity: ServerIdentity) -> None:
    dp = DataPlane(DictRegistry(), server_identity)
    for _ in range(3):
        with dp:
            socket.create_connection(("127.0.0.1", dp.port)).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", dp.port))


def test_starting_twice_is_one_clear_error(plane: Plane) -> None:
    with pytest.raises(UsageError, match="already running"):
        plane.dp.start()


def test_it_stops_at_once_with_stuck_clients(plane: Plane) -> None:
    reader = plane.connected("stuck")
    reader.subscribe(("t", 0))
    plane.tcp()
    plane.tcp().sendall(b"\x16\x03\x01")
    sender = plane.connected("sender")
    sender.send(*(publish_packet("t", bytes(100_000)) for _ in range(100)))
    sender.ping()
    start = time.perf_counter()
    plane.dp.stop()
    assert time.perf_counter() - start < 1.0
    assert _threads() == []


@pytest.mark.parametrize("taken", [True, False])
def test_a_port_that_cannot_be_had_is_one_clear_error(server_identity: ServerIdentity, *, taken: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1] if taken else 70000
        dp = DataPlane(DictRegistry(), server_identity)
        with pytest.raises(UsageError, match=str(port)) as caught:
            dp.start(port)
        assert "free port" in str(caught.value)
        assert _threads() == []


def test_it_listens_on_loopback_only(plane: Plane) -> None:
    addresses = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((address, plane.dp.port), timeout=1)
    assert plane.dp.port > 0


def test_the_service_publishes_to_subscribers(plane: Plane) -> None:
    client = plane.connected("device")
    client.subscribe(("t", 1), ("$aws/things/device/jobs/notify-next", 1))
    plane.dp.publish("t", b"one", qos=1)
    plane.dp.publish("$aws/things/device/jobs/notify-next", b"two")
    assert [(m.topic, m.payload, m.qos) for m in (client.read(), client.read())] == [
        ("t", b"one", 1),
        ("$aws/things/device/jobs/notify-next", b"two", 0),
    ]


def test_a_direct_message_needs_no_subscription_and_reaches_nobody_else(plane: Plane) -> None:
    client, other = plane.connected("device"), plane.connected("other")
    other.subscribe(("#", 0))
    assert plane.dp.send_direct("device", "command", b"on", qos=1)
    message = client.read()
    assert (message.topic, message.payload, message.qos) == ("command", b"on", 1)
    assert other.messages_until_ping() == []
    assert not plane.dp.send_direct("absent", "command", b"on")


def test_a_disconnected_client_can_be_asked_about(plane: Plane) -> None:
    client = plane.connected("device", clean=False, keep_alive_s=77)
    state = plane.dp.connection("device")
    assert state is not None
    assert (state.connected, state.keep_alive_s, state.clean_session, state.session_expiry_s) == (True, 77, False, 3600)
    assert (state.source_ip, state.target_port) == ("127.0.0.1", plane.dp.port)
    assert state.source_port == client.sock.getsockname()[1]
    assert state.connected_since_ms == plane.clock.now_ms()
    assert plane.dp.disconnect("device")
    ended = plane.dp.connection("device")
    assert ended is not None
    assert (ended.connected, ended.connected_since_ms) == (False, None)
    assert (ended.disconnected_since_ms, ended.disconnect_reason) == (plane.clock.now_ms(), "API_INITIATED_DISCONNECT")
    assert client.expect_closed() == []
    assert not plane.dp.disconnect("device")
    plane.advance(3601)
    assert plane.dp.connection("device") is None
    assert plane.dp.connection("never seen") is None


@pytest.mark.parametrize("clean_session", [True, False])
def test_disconnecting_keeps_or_drops_the_persistent_session(plane: Plane, *, clean_session: bool) -> None:
    plane.connected("device", clean=False).subscribe(("t", 1))
    assert plane.dp.disconnect("device", clean_session=clean_session)
    plane.dp.settle()
    assert (plane.dp.subscriptions("device") is None) == clean_session


@pytest.mark.parametrize("prevent_will", [True, False])
def test_disconnecting_publishes_or_prevents_the_will(plane: Plane, *, prevent_will: bool) -> None:
    watcher = plane.connected("watcher")
    watcher.subscribe(("gone", 0))
    plane.connected("device", will=("gone", b"x", 0, False))
    plane.dp.disconnect("device", prevent_will=prevent_will)
    plane.dp.settle()
    assert bool(watcher.messages_until_ping()) != prevent_will


def test_subscriptions_and_sessions_can_be_listed(plane: Plane) -> None:
    client = plane.connected("device", clean=False)
    client.subscribe(("b", 1), ("a", 0))
    assert plane.dp.subscriptions("device") == (Subscription("b", 1), Subscription("a", 0))
    before = plane.dp.sessions()
    assert before[0]["subscriptions"] == {"a": 0, "b": 1}
    assert plane.dp.sessions() == before
    assert plane.dp.subscriptions("absent") is None


def _echo(request: Request) -> Iterator[Reply]:
    yield Reply(f"{request.topic}/accepted", request.payload + b"!" + request.client_id.encode())


def test_a_reserved_topic_service_answers_the_requester_only(plane: Plane) -> None:
    plane.dp.on_topic("$aws/things/+/jobs/+/get", _echo)
    client, spy = plane.connected("device"), plane.connected("spy")
    spy.subscribe(("$aws/things/device/jobs/#", 1), ("#", 0))
    client.publish("$aws/things/device/jobs/$next/get", b"hello", qos=1)
    answer = client.read()
    assert (answer.topic, answer.payload) == ("$aws/things/device/jobs/$next/get/accepted", b"hello!device")
    assert spy.messages_until_ping() == []


def test_a_request_says_who_sent_it(plane: Plane) -> None:
    seen: list[Request] = []
    plane.dp.on_topic("$aws/things/+/jobs/#", lambda request: seen.append(request) or ())
    plane.connected("device").publish("$aws/things/device/jobs/get", b"{}", qos=1)
    [request] = eventually(lambda: seen)
    assert (request.client_id, request.certificate_id) == ("device", plane.device.certificate_id)
    assert (request.qos, request.at_ms, request.thing_name) == (1, plane.clock.now_ms(), None)
    assert "{}" not in repr(request)


def test_a_request_that_no_service_answers_is_told_in_the_transcript(plane: Plane) -> None:
    plane.connected("device").publish("$aws/things/device/jobs/get", b"{}", qos=1)
    [entry] = plane.dp.transcript.entries(kind="service")
    assert "no service answers" in entry.text


def test_a_service_that_fails_ends_that_connection_and_is_kept(plane: Plane) -> None:
    def broken(_request: Request) -> list[Reply]:
        raise KeyError("nothing here")

    plane.dp.on_topic("$aws/things/+/jobs/get", broken)
    client, other = plane.connected("device"), plane.connected("other")
    client.send(publish_packet("$aws/things/device/jobs/get", b"{}"))
    client.expect_closed()
    assert "KeyError" in plane.newest_refusal("SERVER_ERROR").text
    other.ping()


def test_a_registry_that_fails_ends_that_connection_and_is_kept(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    other = plane.connected("other")

    def broken(_certificate_id: str) -> None:
        raise RuntimeError("the registry is gone")

    monkeypatch.setattr(plane.registry, "certificate", broken)
    client = plane.client()
    client.send(connect_packet("device"))
    client.expect_closed()
    assert "the registry is gone" in plane.newest_refusal("SERVER_ERROR").text
    other.ping()
    plane.registry.set_status(plane.device, "ACTIVE")
    plane.dp.settle()
    other.ping()
    assert len(plane.dp.transcript.refusals()) == 2


def test_calls_may_come_from_under_the_registrys_lock(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.RLock()
    original = plane.registry.certificate

    def locked(certificate_id: str) -> object:
        with lock:
            return original(certificate_id)

    monkeypatch.setattr(plane.registry, "certificate", locked)
    kept = plane.connected("device")
    client = plane.client()
    with lock:
        client.send(connect_packet("other"))
        threading.Event().wait(0.05)
        plane.dp.publish("t", b"x", retain=True)
        plane.dp.send_direct("device", "t", b"x")
        plane.dp.connection("device")
        plane.dp.disconnect("device")
        plane.registry.set_status(plane.device, "ACTIVE")
    assert client.read().body == b"\x00\x00"
    assert [message.payload for message in kept.expect_closed()] == [b"x"]


def test_a_slow_reader_loses_qos_0_messages_and_harms_nobody(plane: Plane) -> None:
    slow, quick, sender = plane.connected("slow"), plane.connected("quick"), plane.connected("sender")
    slow.subscribe(("t", 0))
    quick.subscribe(("end", 0))
    for _ in range(30):
        sender.send(*(publish_packet("t", bytes(100_000)) for _ in range(20)))
        sender.ping()
    sender.publish("end", b"", qos=1)
    assert quick.read().topic == "end"
    received = len(slow.messages_until_ping())
    assert 0 < received < 600


def test_reset_drops_connections_sessions_and_transcript_without_wills(plane: Plane) -> None:
    plane.registry.retained.clear()
    client = plane.connected("device", clean=False, will=("gone", b"x", 0, True))
    client.subscribe(("t", 1))
    plane.dp.reset()
    client.expect_closed()
    assert plane.dp.sessions() == []
    assert plane.dp.connection("device") is None
    assert plane.dp.transcript.entries() == []
    assert plane.registry.retained == {}
    again = plane.client()
    assert not again.connect("device", clean=False)


def test_the_transcript_holds_no_payload_and_no_key(plane: Plane) -> None:
    client = plane.connected("device", will=("w", b"secret will", 0, False), username="secret name")
    client.subscribe(("t", 0))
    client.publish("t", b"secret payload", qos=1, retain=True)
    client.send(publish_packet("$aws/foo", b"secret payload"))
    client.expect_closed()
    everything = plane.dp.transcript.render() + repr(plane.dp.transcript.entries())
    assert "secret" not in everything
    assert "PRIVATE" not in everything
    assert "REFUSED publish device $aws/foo QoS 0 14 bytes TOPIC_RESERVED" in everything


def test_the_transcript_can_be_filtered_and_read_from_a_mark_on(plane: Plane) -> None:
    plane.connected("one").publish("t", b"x", qos=1)
    mark = plane.dp.transcript.last_number()
    plane.connected("two").publish("t", b"x", qos=1)
    assert {entry.client_id for entry in plane.dp.transcript.entries(client_id="two")} == {"two"}
    assert all(entry.client_id in (None, "two") for entry in plane.dp.transcript.entries(after=mark))
    kinds = [entry.kind for entry in plane.dp.transcript.entries(client_id="two")]
    assert kinds == ["connect", "publish"]


def test_traffic_pushes_neither_connections_nor_refusals_out_of_the_transcript(plane: Plane) -> None:
    bare = issue("bare", plane.ca)
    plane.registry.register(bare)
    refused = plane.client(bare)
    refused.send(connect_packet("bare"))
    refused.expect_closed()
    client = plane.connected("device")
    for _ in range(30):
        client.send(*(publish_packet("t", b"x") for _ in range(500)))
    client.ping()
    assert plane.dp.transcript.refusals()[0].reason == "CONNECT_NOT_AUTHORIZED"
    assert len(plane.dp.transcript.entries(client_id="device", kind="connect")) == 1
    assert len(plane.dp.transcript.entries()) < 6000


def test_a_client_id_cannot_write_lines_into_the_transcript(plane: Plane) -> None:
    plane.connected("evil\n12:00 ok connect admin").ping()
    assert "evil\\n12:00" in plane.dp.transcript.render()


def test_many_clients_connect_at_once(make_plane: Callable[..., Plane]) -> None:
    plane = make_plane()
    plane.registry.register(plane.device, ALLOW_ALL)
    clients = [plane.client() for _ in range(50)]
    for number, client in enumerate(clients):
        client.send(connect_packet(f"c{number}"))
    assert [client.read().body for client in clients] == [b"\x00\x00"] * 50
    assert DEADLINE_S
