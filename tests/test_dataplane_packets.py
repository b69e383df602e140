"""The codec: every malformed packet is a MalformedPacket, and ends that client's connection only."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from dataplane_registry import Closed, connect_packet, field16, packet, publish_packet, subscribe_packet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dicfix.offline.dataplane import packets
from dicfix.offline.dataplane.encoding import Outgoing
from dicfix.offline.dataplane.packets import MalformedPacket, PacketReader

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _cut(raw: bytes) -> list[tuple[int, int, bytes]]:
    return list(PacketReader(1 << 20).feed(raw))


def test_packets_are_cut_wherever_the_stream_is_split() -> None:
    stream = connect_packet("c") + publish_packet("t", bytes(300)) + b"\xc0\x00" + publish_packet("u", bytes(20000))
    whole = _cut(stream)
    assert [kind for kind, _flags, _body in whole] == [1, 3, 12, 3]
    reader = PacketReader(1 << 20)
    assert [part for byte in stream for part in reader.feed(bytes([byte]))] == whole


def test_a_connect_gives_its_fields() -> None:
    [(_kind, _flags, body)] = _cut(
        connect_packet("c", clean=False, keep_alive_s=7, will=("w", b"bye", 1, True), username="u")
    )
    connect = packets.parse_connect(body)
    assert connect == packets.Connect("c", False, 7, packets.Will("w", b"bye", 1, True))


@pytest.mark.parametrize("level", [3, 5, 255])
def test_another_protocol_level_is_told_apart(level: int) -> None:
    [(_kind, _flags, body)] = _cut(connect_packet("c", level=level))
    with pytest.raises(packets.UnknownProtocol) as caught:
        packets.parse_connect(body)
    assert caught.value.level == level


def _connect_body(flags: int, payload: bytes = b"\x00\x01c", name: bytes = b"MQTT") -> bytes:
    return field16(name) + bytes([4, flags, 0, 60]) + payload


@pytest.mark.parametrize(
    ("body", "clause"),
    [
        (_connect_body(0x03), "MQTT-3.1.2-3"),
        (_connect_body(0x22), "MQTT-3.1.2-13"),
        (_connect_body(0x1E, field16("c") + field16("w") + field16("")), "MQTT-3.1.2-14"),
        (_connect_body(0x42, field16("c") + field16("pw")), "MQTT-3.1.2-22"),
        (_connect_body(0x02, name=b"HTTP"), "MQTT-3.1.2-1"),
        (_connect_body(0x02, b"\x00\x01\xff"), "MQTT-1.5.3-1"),
        (_connect_body(0x02, b"\x00\x03a\x00b"), "MQTT-1.5.3-2"),
        (_connect_body(0x02, b"\x00\x05c"), "inside a field"),
        (_connect_body(0x02, field16("c") + b"x"), "left over"),
        (_connect_body(0x06, field16("c") + field16("w/#") + field16("")), "MQTT-3.3.2-2"),
    ],
)
def test_a_wrong_connect_is_malformed_and_names_the_clause(body: bytes, clause: str) -> None:
    with pytest.raises(MalformedPacket, match=clause):
        packets.parse_connect(body)


@pytest.mark.parametrize(
    ("flags", "body", "clause"),
    [
        (6, field16("t") + b"\x00\x01", "QoS 3"),
        (8, field16("t"), "DUP at QoS 0"),
        (2, field16("t") + b"\x00\x00", "MQTT-2.3.1-1"),
        (0, field16("a/+"), "MQTT-3.3.2-2"),
        (0, field16("a/#"), "MQTT-3.3.2-2"),
        (0, field16(""), "MQTT-4.7.3-1"),
        (0, b"\x00\x09t", "inside a field"),
        (2, field16("t") + b"\x00", "inside a field"),
        (0, b"\x00", "inside a field"),
        (0, field16(b"\xc0"), "MQTT-1.5.3-1"),
    ],
)
def test_a_wrong_publish_is_malformed_and_names_the_clause(flags: int, body: bytes, clause: str) -> None:
    with pytest.raises(MalformedPacket, match=clause):
        packets.parse_publish(flags, body)


@pytest.mark.parametrize(
    ("body", "clause"),
    [
        (b"\x00\x01", "MQTT-3.8.3-3"),
        (b"\x00\x00" + field16("t") + b"\x00", "MQTT-2.3.1-1"),
        (b"\x00\x01" + field16("t") + b"\x03", "MQTT-3.8.3-4"),
        (b"\x00\x01" + field16("t"), "inside a field"),
        (b"\x00\x01" + field16("a#") + b"\x00", "MQTT-4.7.1-2"),
        (b"\x00\x01" + field16("#/a") + b"\x00", "MQTT-4.7.1-2"),
        (b"\x00\x01" + field16("a+") + b"\x00", "MQTT-4.7.1-3"),
        (b"\x00\x01" + field16("") + b"\x00", "MQTT-4.7.3-1"),
    ],
)
def test_a_wrong_subscribe_is_malformed_and_names_the_clause(body: bytes, clause: str) -> None:
    with pytest.raises(MalformedPacket, match=clause):
        packets.parse_subscribe(body)


def test_an_unsubscribe_needs_a_filter() -> None:
    with pytest.raises(MalformedPacket, match=r"MQTT-3\.10\.3-2"):
        packets.parse_unsubscribe(b"\x00\x01")
    assert packets.parse_unsubscribe(b"\x00\x01" + field16("a") + field16("b/#")).filters == ("a", "b/#")


@pytest.mark.parametrize(
    ("kind", "flags"), [(1, 1), (4, 2), (8, 0), (10, 0), (12, 1), (14, 1), (0, 0), (2, 0), (15, 0)]
)
def test_fixed_flags_and_server_packets_are_refused_from_a_client(kind: int, flags: int) -> None:
    with pytest.raises(MalformedPacket):
        packets.check_flags(kind, flags)


def test_a_remaining_length_of_five_bytes_is_malformed() -> None:
    with pytest.raises(MalformedPacket, match="four bytes"):
        _cut(b"\x30\x80\x80\x80\x80\x01")


def test_a_remaining_length_over_the_limit_is_known_before_the_body() -> None:
    with pytest.raises(packets.PacketTooLarge):
        list(PacketReader(1000).feed(b"\x30\xe9\x07"))


@given(st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1), st.binary())
def test_an_outgoing_message_reads_back_as_it_was(topic: str, payload: bytes) -> None:
    message = Outgoing(topic, payload)
    for raw, qos, retain in ((message.at_qos_0(), 0, False), (message.at_qos_1(7, retain=True), 1, True)):
        [(kind, flags, body)] = _cut(raw)
        assert kind == packets.PUBLISH
        parsed = packets.parse_publish(flags, body)
        assert parsed == packets.Publish(topic, payload, qos, retain, False, 7 if qos else 0)


_PARSERS = [
    packets.parse_connect,
    lambda body: packets.parse_publish(body[0] & 15 if body else 0, body),
    packets.parse_subscribe,
    packets.parse_unsubscribe,
    packets.parse_puback,
]


@given(st.binary(max_size=200))
@example(b"\x00\x04MQTT\x04\xc6\x00\x3c\x00\x01c")
def test_any_body_parses_or_is_malformed(body: bytes) -> None:
    for parse in _PARSERS:
        with contextlib.suppress(MalformedPacket):
            assert parse(body) is not None


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_any_stream_is_cut_or_malformed(chunks: list[bytes]) -> None:
    reader = PacketReader(1000)
    with contextlib.suppress(MalformedPacket):
        for chunk in chunks:
            for kind, _flags, body in reader.feed(chunk):
                assert 0 <= kind <= 15
                assert len(body) <= 1000


_VALID = [
    connect_packet("fuzz", will=("w", b"x", 1, True), username="u"),
    publish_packet("t", b"payload", qos=1),
    publish_packet("t", b"payload"),
    subscribe_packet(("a/#", 1), ("b", 0)),
    packet(0xA2, b"\x00\x01" + field16("a")),
    packet(0x40, b"\x00\x01"),
    b"\xc0\x00",
]


@st.composite
def _spoilt(draw: st.DrawFn) -> bytes:
    """A valid packet with some bytes replaced, cut off or put in, or plain noise."""
    raw = bytearray(draw(st.sampled_from(_VALID) | st.binary(min_size=1, max_size=60)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        raw[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(raw)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.lists(_spoilt(), min_size=1, max_size=4))
def test_spoilt_packets_end_at_most_their_own_connection(
    plane: Plane, after_connect: bool, spoilt: list[bytes]
) -> None:
    bystander = plane.connected("bystander")
    bystander.subscribe(("still/here", 1))
    victim = plane.client()
    try:
        if after_connect:
            victim.connect("victim")
        victim.send(*spoilt)
        victim.send(b"\xe0\x00")
        victim.close()
    except Closed:
        victim.close()
    bystander.publish("still/here", b"yes", qos=0)
    assert bystander.read().payload == b"yes"
    faults = [entry for entry in plane.dp.transcript.refusals() if entry.reason == "SERVER_ERROR"]
    assert faults == []


@pytest.mark.parametrize(
    "raw",
    [
        b"\xf0\x00",
        b"\x10\x00",
        b"\x82\x02\x00\x01",
        b"\x80\x05\x00\x01\x00\x01t",
        b"\x30\xff\xff\xff\xff\x7f",
        b"\x62\x00",
    ],
)
def test_a_malformed_packet_ends_the_connection_with_its_reason(plane: Plane, raw: bytes) -> None:
    client, other = plane.connected("device"), plane.connected("other")
    client.send(raw)
    assert client.expect_closed() == []
    assert plane.dp.transcript.refusals()[-1].reason in ("MALFORMED_PACKET", "SECOND_CONNECT", "QOS_2")
    other.ping()


def test_the_first_packet_must_be_a_connect(plane: Plane) -> None:
    client = plane.client()
    client.send(b"\xc0\x00")
    assert "MQTT-3.1.0-1" in plane.refused(client, "MALFORMED_PACKET").text
