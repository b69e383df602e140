"""MQTT 3.1.1 control packets from bytes; no sockets, no clock, no policy.

Whatever is wrong in the bytes is a ``MalformedPacket`` and never another exception. What AWS IoT allows of a
well-formed packet is decided by ``dicfix.offline.rules``. Imports the standard library only. Source: MQTT 3.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14

PROTOCOL_LEVEL = 4

# The flag bits that section 2.2.2 fixes for the packets that a client may send; PUBLISH is checked bit by bit.
_FIXED_FLAGS = {
    CONNECT: 0,
    PUBACK: 0,
    SUBSCRIBE: 2,
    UNSUBSCRIBE: 2,
    PINGREQ: 0,
    DISCONNECT: 0,
}
# QoS 2's packets are well formed; that AWS IoT has no QoS 2 is said by a rule.
_QOS_2_FLAGS = {5: 0, 6: 2, 7: 0}


class MalformedPacket(Exception):
    """Bytes that are no MQTT 3.1.1 packet; the text says which clause they break."""


class PacketTooLarge(MalformedPacket):
    """A remaining length above the reader's limit; known before the body is read."""


class UnknownProtocol(MalformedPacket):
    """A CONNECT of another protocol level (5 is MQTT 5): answered with CONNACK 1. Source: MQTT-3.1.2-2."""

    def __init__(self, level: int) -> None:
        self.level = level
        super().__init__(f"protocol level {level}, not {PROTOCOL_LEVEL} (MQTT-3.1.2-2)")


@dataclass(frozen=True, slots=True)
class Will:
    """The message that a client leaves behind."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT; user name and password are read over and not kept, because AWS IoT ignores them here."""

    client_id: str
    clean_session: bool
    keep_alive_s: int
    will: Will | None


class Publish(NamedTuple):
    """A PUBLISH; ``packet_id`` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A SUBSCRIBE: topic filters with the QoS asked for, in the order given."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """An UNSUBSCRIBE: topic filters in the order given."""

    packet_id: int
    filters: tuple[str, ...]


class PacketReader:
    """Cuts a stream of bytes into packets: ``(type, flags, body)`` each. Source: section 2.2."""

    __slots__ = ("_buffer", "_max")

    def __init__(self, max_remaining_length: int) -> None:
        self._max = max_remaining_length
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Every packet that is complete with ``data``; raises MalformedPacket at the first wrong byte."""
        buffer = self._buffer + data if self._buffer else data
        position, end = 0, len(buffer)
        try:
            while end - position >= 2:
                first, length, body = buffer[position], buffer[position + 1], position + 2
                if length > 127:
                    found = self._long_length(buffer, position + 1)
                    if found is None:
                        break
                    length, body = found
                if body + length > end:
                    break
                position = body + length
                yield first >> 4, first & 15, buffer[body:position]
        finally:
            self._buffer = buffer[position:]

    def _long_length(self, buffer: bytes, at: int) -> tuple[int, int] | None:
        length = 0
        for index, byte in enumerate(buffer[at : at + 4]):
            length |= (byte & 127) << (7 * index)
            if byte < 128:
                if length > self._max:
                    raise PacketTooLarge(f"a remaining length of {length} bytes; at most {self._max} are read")
                return length, at + index + 1
        if len(buffer) - at >= 4:
            raise MalformedPacket("the remaining length has more than four bytes (2.2.3)")
        return None


class _Body:
    """Reads the fields of one packet's body in order."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) != count:
            raise MalformedPacket("the packet ends inside a field")
        self._at += count
        return taken

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def binary(self) -> bytes:
        return self.take(self.u16())

    def text(self) -> str:
        return _text(self.binary())

    def more(self) -> bool:
        return self._at < len(self._body)

    def close(self) -> None:
        if self.more():
            raise MalformedPacket("bytes are left over after the last field")


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedPacket("a string is not UTF-8 (MQTT-1.5.3-1)") from error
    if "\0" in text:
        raise MalformedPacket("a string holds U+0000 (MQTT-1.5.3-2)")
    return text


def check_flags(packet_type: int, flags: int) -> None:
    """Refuse a packet type that a client may not send, and wrong fixed flags. Source: MQTT-2.2.2-2."""
    expected = _FIXED_FLAGS.get(packet_type, _QOS_2_FLAGS.get(packet_type))
    if expected is None:
        raise MalformedPacket(f"a client does not send packet type {packet_type}")
    if flags != expected:
        raise MalformedPacket(f"flags {flags:#x} in a packet of type {packet_type}; {expected:#x} is fixed")


def parse_connect(body: bytes) -> Connect:
    """The CONNECT in ``body``; raises UnknownProtocol for another protocol level. Source: section 3.1."""
    fields = _Body(body)
    name, level = fields.binary(), fields.u8()
    if (name, level) != (b"MQTT", PROTOCOL_LEVEL):
        if name in (b"MQTT", b"MQIsdp"):
            raise UnknownProtocol(level)
        raise MalformedPacket("the protocol name is not MQTT (MQTT-3.1.2-1)")
    flags, keep_alive_s = fields.u8(), fields.u16()
    _check_connect_flags(flags)
    client_id = fields.text()
    will = _will(fields, flags) if flags & 4 else None
    if flags & 0x80:
        fields.text()
    if flags & 0x40:
        fields.binary()
    fields.close()
    return Connect(client_id, bool(flags & 2), keep_alive_s, will)


def _check_connect_flags(flags: int) -> None:
    if flags & 1:
        raise MalformedPacket("the reserved CONNECT flag is set (MQTT-3.1.2-3)")
    if not flags & 4 and flags & 0x38:
        raise MalformedPacket("will QoS or retain without a will (MQTT-3.1.2-13, -15)")
    if flags & 0x18 == 0x18:
        raise MalformedPacket("will QoS 3 (MQTT-3.1.2-14)")
    if flags & 0x40 and not flags & 0x80:
        raise MalformedPacket("a password without a user name (MQTT-3.1.2-22)")


def _will(fields: _Body, flags: int) -> Will:
    topic = _topic_name(fields.text())
    return Will(topic, fields.binary(), (flags >> 3) & 3, bool(flags & 0x20))


def parse_publish(flags: int, body: bytes) -> Publish:
    """The PUBLISH in ``body``. Source: section 3.3."""
    qos = (flags >> 1) & 3
    if qos == 3 or flags & 14 == 8:
        raise MalformedPacket("QoS 3, or DUP at QoS 0 (MQTT-3.3.1-4, -2)")
    if len(body) < 2:
        raise MalformedPacket("the packet ends inside a field")
    at = 2 + ((body[0] << 8) | body[1])
    end = at + 2 if qos else at
    if end > len(body):
        raise MalformedPacket("the packet ends inside a field")
    topic = _topic_name(_text(body[2:at]))
    packet_id = (body[at] << 8) | body[at + 1] if qos else 0
    if qos and not packet_id:
        raise MalformedPacket("packet identifier 0 (MQTT-2.3.1-1)")
    return Publish(topic, body[end:], qos, bool(flags & 1), bool(flags & 8), packet_id)


def _topic_name(topic: str) -> str:
    if not topic:
        raise MalformedPacket("an empty topic (MQTT-4.7.3-1)")
    if "+" in topic or "#" in topic:
        raise MalformedPacket("a wildcard in a topic name (MQTT-3.3.2-2)")
    return topic


def parse_subscribe(body: bytes) -> Subscribe:
    """The SUBSCRIBE in ``body``. Source: section 3.8."""
    fields = _Body(body)
    packet_id, filters = _packet_id(fields), []
    while fields.more():
        topic_filter, qos = _topic_filter(fields.text()), fields.u8()
        if qos > 2:
            raise MalformedPacket(f"a requested QoS of {qos:#x} (MQTT-3.8.3-4)")
        filters.append((topic_filter, qos))
    if not filters:
        raise MalformedPacket("a SUBSCRIBE without a topic filter (MQTT-3.8.3-3)")
    return Subscribe(packet_id, tuple(filters))


def parse_unsubscribe(body: bytes) -> Unsubscribe:
    """The UNSUBSCRIBE in ``body``. Source: section 3.10."""
    fields = _Body(body)
    packet_id, filters = _packet_id(fields), []
    while fields.more():
        filters.append(_topic_filter(fields.text()))
    if not filters:
        raise MalformedPacket("an UNSUBSCRIBE without a topic filter (MQTT-3.10.3-2)")
    return Unsubscribe(packet_id, tuple(filters))


def parse_puback(body: bytes) -> int:
    """The packet identifier of a PUBACK. Source: section 3.4."""
    fields = _Body(body)
    packet_id = _packet_id(fields)
    fields.close()
    return packet_id


def _packet_id(fields: _Body) -> int:
    packet_id = fields.u16()
    if not packet_id:
        raise MalformedPacket("packet identifier 0 (MQTT-2.3.1-1)")
    return packet_id


def _topic_filter(topic_filter: str) -> str:
    if not topic_filter:
        raise MalformedPacket("an empty topic filter (MQTT-4.7.3-1)")
    levels = topic_filter.split("/")
    for index, level in enumerate(levels):
        if "#" in level and (level != "#" or index != len(levels) - 1):
            raise MalformedPacket("# is not the whole last level of a topic filter (MQTT-4.7.1-2)")
        if "+" in level and level != "+":
            raise MalformedPacket("+ is not a whole level of a topic filter (MQTT-4.7.1-3)")
    return topic_filter
