"""Connections against a real mosquitto with mutual TLS: what works, and each refusal with its own reason."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dicfix.certificates import issue_client
from dicfix.errors import ConnectionRefused, DeadlineExceeded, GuardRefused, MaterialError, UsageError
from dicfix.mqtt.connection import connect
from dicfix.mqtt.messages import UnexpectedMessage
from dicfix.mqtt.parameters import ConnectionParameters, Deadlines, Will
from dicfix.mqtt.route import Route
from dicfix.mqtt.transcript import Transcript
from tests.mqtt.world import ENDPOINT, SHORT, Broker, ScriptedServer, World, free_port, start_mosquitto

Start = Callable[[Callable[[socket.socket], None]], ScriptedServer]
PLAIN = ConnectionParameters(ENDPOINT, 8883, "explorer", None)
CONNACK = b"\x20\x02\x00\x00"


def test_a_message_published_by_one_client_reaches_the_other(broker: Broker) -> None:
    with broker.connect("explorer") as explorer, broker.connect("device") as device:
        assert explorer.subscribe("light/#", qos=1) == (1,)
        device.publish("light/state", "on", qos=1)
        message = explorer.wait_for("light/state")
    assert (message.topic, message.text, message.qos, message.retain) == ("light/state", "on", 1, False)


def test_several_filters_go_in_one_subscribe_and_each_has_its_answer(broker: Broker) -> None:
    with broker.connect() as explorer:
        assert explorer.subscribe("light/#", "lock/#") == (0, 0)


def test_a_message_satisfies_one_wait_only(broker: Broker) -> None:
    with broker.connect() as explorer:
        explorer.subscribe("a/#")
        explorer.publish("a/b", "1")
        explorer.publish("a/c", "2")
        assert [explorer.wait_for("a/#").text, explorer.wait_for("a/#").text] == ["1", "2"]
        with pytest.raises(DeadlineExceeded, match="a message on 'a/#'"):
            explorer.wait_for("a/#", timeout_s=0.1)


def test_a_request_may_be_published_without_waiting_since_its_answer_is_awaited(broker: Broker) -> None:
    with broker.connect() as explorer:
        explorer.subscribe("a")
        for number in range(50):
            explorer.publish("a", str(number), wait=False)
            assert explorer.wait_for("a").text == str(number)


def test_a_predicate_chooses_the_message_and_leaves_the_others(broker: Broker) -> None:
    with broker.connect() as explorer:
        explorer.subscribe("a/#")
        for text in ("1", "2"):
            explorer.publish("a/b", text)
        assert explorer.wait_for("a/b", lambda message: message.text == "2").text == "2"
        assert explorer.wait_for("a/b").text == "1"


def test_a_mark_leaves_earlier_messages_out(broker: Broker) -> None:
    with broker.connect() as explorer:
        explorer.subscribe("a/#")
        explorer.publish("a/b", "stale", qos=1)
        explorer.wait_for("a/b")
        explorer.publish("a/b", "stale again")
        explorer.publish("a/end", "")
        explorer.wait_for("a/end")
        mark = explorer.mark()
        explorer.publish("a/b", "fresh")
        assert explorer.wait_for("a/b", since=mark).text == "fresh"


def test_messages_come_in_order_until_the_connection_is_over(broker: Broker) -> None:
    explorer = broker.connect()
    explorer.subscribe("a")
    for number in range(20):
        explorer.publish("a", str(number))
    seen = []
    for message in explorer.messages("a"):
        seen.append(message.text)
        if message.text == "19":
            explorer.disconnect()
    assert seen == [str(number) for number in range(20)]


def test_a_backlog_does_not_slow_the_next_wait(broker: Broker) -> None:
    with broker.connect() as explorer:
        explorer.subscribe("#")
        for _number in range(3000):
            explorer.publish("noise", b"", wait=False)
        explorer.publish("end", b"", qos=1)
        explorer.wait_for("end")
        began = time.monotonic()
        for _number in range(3000):
            explorer.wait_for("noise")
        assert time.monotonic() - began < 1


def test_after_unsubscribe_nothing_arrives(broker: Broker) -> None:
    with broker.connect() as explorer:
        explorer.subscribe("a/b", "end")
        explorer.unsubscribe("a/b")
        mark = explorer.mark()
        explorer.publish("a/b", "1")
        explorer.expect_nothing("a/b", since=mark, marker_topic="end")


def test_silence_is_shown_by_a_marker_that_comes_after(broker: Broker) -> None:
    with broker.connect("explorer") as explorer, broker.connect("device") as device:
        explorer.subscribe("light/*", "marker")
        mark = explorer.mark()
        device.publish("light/state", "on")
        explorer.expect_nothing("light/#", since=mark, marker_topic="marker", publisher=device)
        explorer.subscribe("light/#")
        device.publish("light/state", "off")
        with pytest.raises(UnexpectedMessage, match="light/state") as caught:
            explorer.expect_nothing("light/#", since=mark, marker_topic="marker", publisher=device)
    assert [message.text for message in caught.value.messages] == ["off"]
    assert isinstance(caught.value, AssertionError)


def test_silence_needs_a_marker_topic_that_is_subscribed(broker: Broker) -> None:
    with broker.connect() as explorer, pytest.raises(UsageError, match="'marker' is not subscribed"):
        explorer.expect_nothing("light/#", since=0, marker_topic="marker")


def test_silence_on_a_dead_connection_is_refused(own_broker: Broker) -> None:
    explorer = own_broker.connect()
    explorer.subscribe("marker")
    own_broker.kill()
    explorer.wait_until_ended()
    with pytest.raises(ConnectionRefused):
        explorer.expect_nothing("light/#", since=0, marker_topic="marker")
    explorer.disconnect()


def test_a_small_packet_is_not_held_back(broker: Broker) -> None:
    with broker.connect() as explorer:
        began = time.monotonic()
        for _round in range(20):
            explorer.publish("a", "1", qos=1)
        assert time.monotonic() - began < 0.4, "a QoS 1 round trip with Nagle's algorithm on takes 44 ms"


def test_the_will_is_published_when_the_connection_is_dropped_and_not_after_disconnect(broker: Broker) -> None:
    with broker.connect() as explorer:
        explorer.subscribe("will", "marker")
        parameters = replace(broker.world.parameters("device"), will=Will("will", b"gone", 1))
        connect(parameters, route=broker.route, deadlines=SHORT).disconnect()
        explorer.expect_nothing("will", since=0, marker_topic="marker")
        connect(parameters, route=broker.route, deadlines=SHORT).drop()
        assert explorer.wait_for("will").text == "gone"


def test_a_persistent_session_is_present_the_second_time(broker: Broker) -> None:
    parameters = replace(broker.world.parameters("keeper"), clean_session=False)
    with connect(parameters, route=broker.route, deadlines=SHORT) as first:
        assert not first.session_present
        first.subscribe("kept", qos=1)
    with broker.connect() as explorer:
        explorer.publish("kept", "while away", qos=1)
    with connect(parameters, route=broker.route, deadlines=SHORT) as second:
        assert second.session_present
        assert second.wait_for("kept").text == "while away"


def test_a_disconnected_client_says_so_and_can_be_closed_again(broker: Broker) -> None:
    explorer = broker.connect()
    assert explorer.is_connected
    explorer.disconnect()
    assert not explorer.is_connected
    assert explorer.wait_until_ended().reason == "closed by this client"
    explorer.disconnect()
    with pytest.raises(ConnectionRefused) as caught:
        explorer.publish("a", "1")
    assert (caught.value.stage, caught.value.reason) == ("session", "closed by this client")


def test_no_thread_is_left_behind(broker: Broker) -> None:
    before = threading.active_count()
    for number in range(5):
        broker.connect(f"client-{number}").disconnect()
    with pytest.raises(ConnectionRefused):
        broker.connect(root_pem=broker.world.other_root.certificate.pem)
    assert threading.active_count() == before


def test_no_private_directory_is_left_behind(
    broker: Broker, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    broker.connect().disconnect()
    assert list(directory.iterdir()) == []


# Refusals


def refused(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ConnectionRefused) as caught:
        act()
    return caught.value.stage, caught.value.reason


def test_a_closed_port_is_told(world: World) -> None:
    route = Route(ENDPOINT, 8883, "127.0.0.1", free_port())
    act = lambda: connect(world.parameters(), route=route, deadlines=SHORT)  # noqa: E731
    assert refused(act) == ("tcp", "port closed")


def test_an_unknown_host_name_is_told(world: World) -> None:
    parameters = replace(world.parameters(), host="nowhere.invalid")
    assert refused(lambda: connect(parameters, deadlines=SHORT)) == ("tcp", "host name unknown")


def test_a_server_under_another_root_is_refused_before_connect(broker: Broker) -> None:
    other = broker.world.other_root.certificate.pem
    with pytest.raises(ConnectionRefused, match="is not signed by the given server certificate") as caught:
        broker.connect(root_pem=other)
    assert (caught.value.stage, caught.value.reason) == ("tls", "untrusted server certificate")


def test_a_leaf_given_as_root_is_no_root(broker: Broker) -> None:
    assert refused(lambda: broker.connect(root_pem=broker.world.server.certificate_pem)) == (
        "tls",
        "untrusted server certificate",
    )


def test_the_host_name_of_the_profile_is_checked_and_not_the_dialled_address(broker: Broker) -> None:
    parameters = replace(broker.world.parameters(), host="b-ats.iot.eu-west-1.amazonaws.com")
    with pytest.raises(ConnectionRefused, match="for another host name") as caught:
        connect(parameters, route=broker.route, deadlines=SHORT)
    assert (caught.value.stage, caught.value.reason) == ("tls", "wrong host name")


def test_a_client_without_host_check_accepts_a_certificate_of_another_name(broker: Broker) -> None:
    parameters = replace(broker.world.parameters(), host="b-ats.iot.eu-west-1.amazonaws.com")
    assert parameters.tls is not None
    tls = replace(parameters.tls, checks_host_name=False, sends_server_name=False)
    with connect(replace(parameters, tls=tls), route=broker.route, deadlines=SHORT) as connection:
        assert connection.is_connected


def test_a_client_without_host_check_still_verifies_the_root(broker: Broker) -> None:
    other = broker.world.other_root.certificate.pem
    act = lambda: broker.connect(root_pem=other, checks_host_name=False, sends_server_name=False)  # noqa: E731
    assert refused(act) == ("tls", "untrusted server certificate")


def test_validation_off_accepts_any_server(broker: Broker) -> None:
    other = broker.world.other_root.certificate.pem
    with broker.connect(root_pem=other, verifies_server=False) as connection:
        assert connection.is_connected


def test_no_client_certificate_is_told(broker: Broker) -> None:
    act = lambda: broker.connect(certificate_pem=None, key_pem=None)  # noqa: E731
    assert refused(act) == ("tls", "no client certificate")


def test_a_strangers_certificate_is_told(broker: Broker, world: World) -> None:
    stranger = issue_client(world.stranger_ca, "/CN=stranger", now=datetime.now(UTC) - timedelta(minutes=1))
    parameters = world.parameters(who=stranger)
    act = lambda: connect(parameters, route=broker.route, deadlines=SHORT)  # noqa: E731
    assert refused(act) == ("tls", "client certificate refused")


def test_an_alert_that_came_before_our_first_packet_is_still_read(
    broker: Broker, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With TLS 1.3 the server refuses after its side of the handshake; a slow client finds the connection closed.
    monkeypatch.setattr("dicfix.mqtt.link._send_at_once", lambda *_arguments: threading.Event().wait(0.1))
    stranger = issue_client(world.stranger_ca, "/CN=stranger", now=datetime.now(UTC) - timedelta(minutes=1))
    parameters = world.parameters(who=stranger)
    act = lambda: connect(parameters, route=broker.route, deadlines=SHORT)  # noqa: E731
    assert refused(act) == ("tls", "client certificate refused")


def test_a_server_without_tls_is_told(world: World, scripted: Start) -> None:
    server = scripted(lambda accepted: accepted.sendall(b"220 mail ready\r\n"))
    act = lambda: connect(world.parameters(), route=server.route, deadlines=SHORT)  # noqa: E731
    assert refused(act) == ("tls", "server does not speak TLS")


def test_a_server_that_closes_in_the_handshake_is_told(world: World, scripted: Start) -> None:
    def read_and_close(accepted: socket.socket) -> None:
        accepted.recv(4096)
        accepted.shutdown(socket.SHUT_RDWR)

    server = scripted(read_and_close)
    act = lambda: connect(world.parameters(), route=server.route, deadlines=SHORT)  # noqa: E731
    assert refused(act) == ("tls", "closed during TLS handshake")


def test_a_silent_server_ends_with_the_deadline_of_the_handshake(world: World, scripted: Start) -> None:
    server = scripted(lambda accepted: None)
    with pytest.raises(DeadlineExceeded, match="connect_s") as caught:
        connect(world.parameters(), route=server.route, deadlines=replace(SHORT, connect_s=0.2))
    assert caught.value.name == "connect_s"


def test_a_server_that_never_answers_connect_ends_with_the_deadline_of_connack(scripted: Start) -> None:
    server = scripted(lambda accepted: None)
    with pytest.raises(DeadlineExceeded, match="CONNACK for client ID 'explorer'") as caught:
        connect(PLAIN, route=server.route, deadlines=replace(SHORT, connack_s=0.2))
    assert caught.value.name == "connack_s"


@pytest.mark.parametrize("code", [2, 3, 4, 5])
def test_a_connack_code_is_told_as_mqtt_3_1_1_numbers_it(scripted: Start, code: int) -> None:
    server = scripted(lambda accepted: accepted.sendall(bytes((0x20, 2, 0, code))))
    assert refused(lambda: connect(PLAIN, route=server.route, deadlines=SHORT)) == ("connect", f"CONNACK {code}")


@pytest.mark.parametrize("answer", [b"\x20\x02\x00\x01", b"\x21\xff\xff\xff\xff\xff"], ids=["CONNACK 1", "nonsense"])
def test_a_server_that_does_not_accept_mqtt_3_1_1_is_told(scripted: Start, answer: bytes) -> None:
    server = scripted(lambda accepted: accepted.sendall(answer))
    assert refused(lambda: connect(PLAIN, route=server.route, deadlines=SHORT)) == ("connect", "not MQTT 3.1.1")


def test_a_server_that_answers_no_ping_is_given_up(scripted: Start) -> None:
    server = scripted(lambda accepted: accepted.sendall(CONNACK))
    with connect(replace(PLAIN, keep_alive_s=1), route=server.route, deadlines=SHORT) as connection:
        assert connection.wait_until_ended().reason == "keep alive timed out"


def test_a_close_without_connack_is_told(scripted: Start) -> None:
    def close(accepted: socket.socket) -> None:
        accepted.recv(4096)
        accepted.shutdown(socket.SHUT_RDWR)

    server = scripted(close)
    with pytest.raises(ConnectionRefused, match="without CONNACK, as AWS IoT Core does") as caught:
        connect(PLAIN, route=server.route, deadlines=SHORT)
    assert (caught.value.stage, caught.value.reason) == ("connect", "closed without CONNACK")


def answer_subscribe(code: int) -> Callable[[socket.socket], None]:
    def script(accepted: socket.socket) -> None:
        accepted.recv(4096)
        accepted.sendall(CONNACK)
        number = accepted.recv(4096)[2:4]
        accepted.sendall(b"\x90\x03" + number + bytes([code]))

    return script


def test_a_suback_of_failure_is_a_refusal_at_the_stage_subscribe(scripted: Start) -> None:
    server = scripted(answer_subscribe(0x80))
    with connect(PLAIN, route=server.route, deadlines=SHORT) as connection:
        assert refused(lambda: connection.subscribe("light/#")) == ("subscribe", "SUBACK 0x80")
        server.done.set()


def test_a_close_in_place_of_suback_is_a_refusal_at_the_stage_subscribe(scripted: Start) -> None:
    def script(accepted: socket.socket) -> None:
        accepted.recv(4096)
        accepted.sendall(CONNACK)
        accepted.recv(4096)
        accepted.shutdown(socket.SHUT_RDWR)

    with connect(PLAIN, route=scripted(script).route, deadlines=SHORT) as connection:
        assert refused(lambda: connection.subscribe("$SYS/#")) == ("subscribe", "dropped")


@pytest.mark.parametrize(
    ("request_of", "name"),
    [
        (lambda connection: connection.subscribe("a"), "subscribe_s"),
        (lambda connection: connection.unsubscribe("a"), "subscribe_s"),
        (lambda connection: connection.publish("a", "1", qos=1), "publish_s"),
        (lambda connection: connection.wait_for("a"), "message_s"),
        (lambda connection: connection.wait_until_ended(), "end_s"),
    ],
    ids=["subscribe", "unsubscribe", "publish", "message", "end"],
)
def test_every_wait_ends_with_its_own_named_deadline(
    scripted: Start, request_of: Callable[[object], object], name: str
) -> None:
    server = scripted(lambda accepted: accepted.sendall(CONNACK))
    deadlines = Deadlines(5, 5, 0.1, 0.1, 0.1, 0.1)
    with connect(PLAIN, route=server.route, deadlines=deadlines) as connection:
        with pytest.raises(DeadlineExceeded) as caught:
            request_of(connection)
        server.done.set()
    assert caught.value.name == name


def test_a_killed_server_ends_every_wait_with_dropped(own_broker: Broker) -> None:
    explorer = own_broker.connect()
    explorer.subscribe("a")
    own_broker.kill()
    assert refused(lambda: explorer.wait_for("a")) == ("session", "dropped")
    assert explorer.wait_until_ended().reason == "dropped"
    explorer.disconnect()


def test_a_second_connection_with_the_same_client_id_drops_the_first(broker: Broker) -> None:
    first = broker.connect("twin")
    with broker.connect("twin") as second:
        ended = first.wait_until_ended()
        assert ended.reason == "dropped"
        assert "taken over" in ended.text
        assert second.is_connected
    first.disconnect()
    assert not first.is_connected


def test_a_dropped_connection_is_never_made_again(own_broker: Broker) -> None:
    explorer = own_broker.connect("once")
    with own_broker.connect("once"):
        explorer.wait_until_ended()
        with pytest.raises(DeadlineExceeded), own_broker.connect("watch") as watch:
            watch.wait_for("#", timeout_s=0.2)
        assert not explorer.is_connected
    explorer.disconnect()


def test_what_the_server_kept_about_a_refusal_is_shown(scripted: Start) -> None:
    server = scripted(lambda accepted: accepted.shutdown(socket.SHUT_RDWR))
    reason = lambda client_id: f"no policy allows iot:Connect for {client_id}"  # noqa: E731
    with pytest.raises(ConnectionRefused, match="server's reason: no policy allows iot:Connect for explorer"):
        connect(PLAIN, route=server.route, deadlines=SHORT, server_reason=reason)


def test_the_guard_is_asked_before_anything_is_dialled(scripted: Start) -> None:
    dialled = threading.Event()
    server = scripted(lambda accepted: dialled.set())

    def forbid(client_id: str) -> None:
        raise GuardRefused(f"client ID {client_id!r} is connected by somebody else")

    with pytest.raises(GuardRefused, match="'explorer' is connected by somebody else"):
        connect(PLAIN, route=server.route, deadlines=SHORT, before_connect=forbid)
    assert not dialled.is_set()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"root_pem": "not PEM"}, "holds no certificate in PEM form"),
        ({"root_pem": ""}, "holds no certificate in PEM form"),
        ({"certificate_pem": None}, "client certificate is missing"),
        ({"key_pem": None}, "client key is missing"),
        ({"key_pem": "not PEM"}, "cannot be used together"),
    ],
)
def test_unusable_material_is_told_before_anything_is_dialled(
    broker: Broker, changes: dict[str, str | None], words: str
) -> None:
    with pytest.raises(MaterialError, match=words) as caught:
        broker.connect(**changes)
    assert "BEGIN" not in str(caught.value)


def test_a_key_of_another_certificate_is_told(broker: Broker) -> None:
    with pytest.raises(MaterialError, match="cannot be used together"):
        broker.connect(key_pem=broker.world.device.key.pem)


def test_no_server_name_together_with_a_host_check_is_a_contradiction(broker: Broker) -> None:
    with pytest.raises(UsageError, match="without server name was asked to check the host name"):
        broker.connect(sends_server_name=False)


@pytest.mark.parametrize("topic", ["a/+", "a/#"])
def test_a_topic_with_a_wildcard_cannot_be_published(broker: Broker, topic: str) -> None:
    with broker.connect() as connection, pytest.raises(UsageError, match="cannot carry this request"):
        connection.publish(topic, "1")


def test_the_transcript_tells_the_whole_story_without_a_key(broker: Broker) -> None:
    with broker.connect() as connection:
        connection.subscribe("a/#")
        connection.publish("a/b", "on", qos=1)
        connection.publish("a/b", b"\x00\x01binary")
        connection.wait_for("a/b", lambda message: message.text == "on")
        connection.wait_for("a/b")
    text = connection.transcript.render()
    told = [entry.text for entry in connection.transcript.entries]
    assert f"dial {ENDPOINT}:8883 -> 127.0.0.1:" in told[0]
    for part in ("CONNECT client ID 'explorer'", "CONNACK 0", "SUBSCRIBE 'a/#' QoS 0", "SUBACK 0x00", "DISCONNECT"):
        assert part in text
    assert "PUBLISH 'a/b' 'on' (2 bytes) QoS 1" in text
    assert "PUBLISH 'a/b' 8 bytes QoS 0" in text
    assert told[-1] == "ended: client ID 'explorer' closed the connection itself"
    assert "PRIVATE KEY" not in text
    assert "PRIVATE KEY" not in repr(connection.parameters)


def test_a_refused_connection_leaves_a_transcript_too(scripted: Start) -> None:
    kept: list[Transcript] = []
    server = scripted(lambda accepted: accepted.sendall(b"\x20\x02\x00\x05"))
    with pytest.raises(ConnectionRefused):
        connect(PLAIN, route=server.route, deadlines=SHORT, on_transcript=kept.append)
    assert "CONNACK 5" in kept[0].render()


def test_a_broker_that_asks_for_no_certificate_takes_a_client_without(world: World, tmp_path: Path) -> None:
    started = start_mosquitto(tmp_path, world, require_certificate=False)
    try:
        with started.connect(certificate_pem=None, key_pem=None) as connection:
            assert connection.is_connected
    finally:
        started.kill()
