"""MQTT 3.1.1 control packets to bytes: what a server sends. Imports the standard library only."""

from __future__ import annotations

from struct import Struct

CONNACK_ACCEPTED = 0
CONNACK_PROTOCOL_VERSION = 1
CONNACK_IDENTIFIER_REJECTED = 2
CONNACK_NOT_AUTHORIZED = 5
SUBACK_FAILURE = 0x80
PINGRESP_PACKET = b"\xd0\x00"

_U16 = Struct("!H")


def _remaining_length(length: int) -> bytes:
    out = bytearray()
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    out.append(length)
    return bytes(out)


def connack(code: int, *, session_present: bool = False) -> bytes:
    """A CONNACK."""
    return bytes((0x20, 2, session_present, code))


def puback(packet_id: int) -> bytes:
    """A PUBACK."""
    return b"\x40\x02" + _U16.pack(packet_id)


def suback(packet_id: int, codes: tuple[int, ...]) -> bytes:
    """A SUBACK with one return code for each topic filter."""
    return b"\x90" + _remaining_length(2 + len(codes)) + _U16.pack(packet_id) + bytes(codes)


def unsuback(packet_id: int) -> bytes:
    """An UNSUBACK."""
    return b"\xb0\x02" + _U16.pack(packet_id)


class Outgoing:
    """A message on its way to clients; what is equal in all its PUBLISH packets is encoded once."""

    __slots__ = ("_plain", "_topic_field", "payload", "topic")

    def __init__(self, topic: str, payload: bytes) -> None:
        self.topic = topic
        self.payload = payload
        raw = topic.encode()
        self._topic_field = _U16.pack(len(raw)) + raw
        self._plain: bytes | None = None

    def at_qos_0(self, *, retain: bool = False) -> bytes:
        """The PUBLISH at QoS 0."""
        if self._plain is None or retain:
            length = _remaining_length(len(self._topic_field) + len(self.payload))
            packet = bytes((0x30 | retain,)) + length + self._topic_field + self.payload
            if retain:
                return packet
            self._plain = packet
        return self._plain

    def at_qos_1(self, packet_id: int, *, retain: bool = False, dup: bool = False) -> bytes:
        """The PUBLISH at QoS 1."""
        length = _remaining_length(len(self._topic_field) + 2 + len(self.payload))
        first = 0x32 | retain | (dup << 3)
        return b"".join((bytes((first,)), length, self._topic_field, _U16.pack(packet_id), self.payload))
