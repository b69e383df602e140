"""What a slow, silent or greedy client can hold of the data plane: bounded time, bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dataplane_registry import connect_packet, eventually, publish_packet

from dicfix.offline.dataplane import ManualClock, transport
from dicfix.offline.dataplane.clock import Timers
from dicfix.offline.dataplane.connection import Connection
from dicfix.offline.dataplane.encoding import Outgoing
from dicfix.offline.dataplane.session import STORED_BYTES, STORED_MESSAGES, Session
from dicfix.offline.dataplane.transcript import TEXT_CHARACTERS
from dicfix.offline.rules.connection import RETRY_INTERVAL_S

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]
KIB = 1024


class Link:
    """A connection that keeps what is written to it."""

    def __init__(self) -> None:
        self.congested = False
        self.written: list[bytes] = []

    def write(self, packet: bytes) -> None:
        self.written.append(packet)

    def may_receive(self, topic: str) -> bool:
        return True


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def timers(clock: ManualClock) -> Timers:
    return Timers(clock)


@pytest.fixture
def session(clock: ManualClock, timers: Timers) -> Session:
    return Session("device", clean=False, clock=clock, timers=timers)


def connection_of(plane: Plane, client_id: str) -> Connection:
    return plane.dp._broker.connections[client_id]


def test_bytes_of_an_unfinished_packet_do_not_keep_a_connection_alive(plane: Plane) -> None:
    """Keep alive counts packets (MQTT 3.1.1, 3.1.2.10): a byte now and then is silence all the same."""
    client = plane.connected("device", keep_alive_s=30)
    reader = connection_of(plane, "device")._reader
    whole = publish_packet("t", bytes(1000))
    client.send(whole[:10])
    eventually(lambda: len(reader._buffer) == 10)
    plane.advance(40)
    client.send(whole[10:11])
    eventually(lambda: len(reader._buffer) == 11)
    plane.advance(10)
    client.expect_closed()
    state = plane.dp.connection("device")
    assert state is not None
    assert state.disconnect_reason == "MQTT_KEEP_ALIVE_TIMEOUT"


def test_a_connection_that_never_speaks_tls_is_let_go(plane: Plane) -> None:
    silent = plane.tcp()
    eventually(lambda: plane.dp._broker.open)
    plane.advance(31)
    assert silent.recv(1) == b""
    plane.newest_refusal("CONNECT_TIMEOUT")


def test_a_handshake_that_is_never_finished_is_let_go(plane: Plane) -> None:
    half = plane.tcp()
    half.send(bytes.fromhex("1603010200010001fc"))  # the head of a ClientHello of 512 bytes, and no more
    eventually(lambda: plane.dp._broker.open)
    plane.advance(31)
    while half.recv(64):
        pass
    plane.newest_refusal("CONNECT_TIMEOUT")


def test_nothing_more_is_read_from_a_client_that_does_not_read(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its answers heap up in memory as fast as it can ask."""
    monkeypatch.setattr(transport, "CONGESTED_BYTES", 64 * KIB)
    slow, other, sender = plane.connected("slow"), plane.connected("other"), plane.connected("sender")
    slow.subscribe(("much", 0))
    other.subscribe(("said", 0))
    stuck = connection_of(plane, "slow")
    for _ in range(200):
        if stuck.congested:
            break
        sender.send(publish_packet("much", bytes(100 * KIB)))
        sender.ping()
    assert stuck.congested
    slow.send(publish_packet("said", b"while it did not read"))
    for _ in range(20):
        other.ping()  # raises for a message in between
    slow.messages_until_ping()
    assert other.read().payload == b"while it did not read"


def test_nothing_is_sent_again_to_a_client_that_does_not_read(
    session: Session, clock: ManualClock, timers: Timers
) -> None:
    """What it has not read is still on its way."""
    link = Link()
    session.resume(link, paced=False)
    session.deliver(Outgoing("t", b"x"), 1)
    link.congested = True
    for _ in range(5):
        clock.advance(RETRY_INTERVAL_S)
        timers.run_due()
    assert len(link.written) == 1
    link.congested = False
    clock.advance(RETRY_INTERVAL_S)
    timers.run_due()
    assert len(link.written) == 2


def test_a_session_stores_at_most_32_mib_and_loses_the_oldest_first(session: Session) -> None:
    payload = bytes(128 * KIB)
    for number in range(300):
        session.deliver(Outgoing(f"t/{number}", payload), 1)
    stored = session.dump()["stored"]
    assert isinstance(stored, list)
    assert len(stored) == STORED_BYTES // len(payload) == 256
    assert (stored[0], stored[-1]) == ("t/44", "t/299")


def test_a_session_stores_at_most_10_000_messages(session: Session) -> None:
    for number in range(STORED_MESSAGES + 5):
        session.deliver(Outgoing(f"t/{number}", b""), 1)
    stored = session.dump()["stored"]
    assert isinstance(stored, list)
    assert (len(stored), stored[0]) == (STORED_MESSAGES, "t/5")


def test_messages_that_were_sent_make_room_for_others(session: Session) -> None:
    payload = bytes(128 * KIB)
    for number in range(256):
        session.deliver(Outgoing(f"t/{number}", payload), 1)
    link = Link()
    session.resume(link, paced=False)
    assert len(link.written) == 100
    session.release()
    for number in range(100):
        session.deliver(Outgoing(f"new/{number}", payload), 1)
    stored = session.dump()["stored"]
    assert isinstance(stored, list)
    assert (len(stored), stored[0]) == (256, "t/100")


def test_the_transcript_keeps_no_more_than_the_head_of_a_long_client_id_or_topic(plane: Plane) -> None:
    refused = plane.client()
    refused.send(connect_packet("x" * 60_000))
    entry = plane.refused(refused, "CLIENT_ID_TOO_LONG")
    assert entry.client_id == "x" * TEXT_CHARACTERS + "..."
    talker = plane.connected("talker")
    talker.send(publish_packet("y" * 60_000, b""))
    entry = plane.refused(talker, "TOPIC_TOO_LONG")
    assert entry.topic == "y" * TEXT_CHARACTERS + "..."
    assert len(plane.dp.transcript.render()) < 20_000
