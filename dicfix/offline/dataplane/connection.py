"""One client's connection: its packets in and out, what it is allowed, and every way in which it ends.

What a packet means is in ``connecting`` (CONNECT) and ``handlers`` (all others).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from dicfix.offline.dataplane import admission, connecting, events, handlers, packets
from dicfix.offline.dataplane.packets import Connect, MalformedPacket
from dicfix.offline.rules import connection as rules
from dicfix.offline.rules.refusals import Refusal

if TYPE_CHECKING:
    from dicfix.offline.dataplane.authorizer import Authorizer
    from dicfix.offline.dataplane.broker import Broker
    from dicfix.offline.dataplane.clock import Timer
    from dicfix.offline.dataplane.session import Session
    from dicfix.offline.dataplane.tls import Peer
    from dicfix.offline.dataplane.transport import Transport

MAX_REMAINING_LENGTH = rules.PAYLOAD_BYTES + 2 + 65535 + 2
"""The largest PUBLISH body with an allowed payload; a longer packet is refused before it is read."""
PLAIN_MAX_REMAINING_LENGTH = 16 * 1024 * 1024


class Connection:
    """A connection from its first byte on; ``connected`` between CONNACK and end, with a session then."""

    __slots__ = (
        "_ended", "_keep_alive", "_last_packet_s", "_out", "_rate", "_rate_since_s", "_reader", "_transport",
        "authorizer", "broker", "certificate_id", "client_id", "congested", "connect", "connected", "peer", "plain",
        "session", "session_id", "source_ip", "source_port", "version",
    )  # fmt: skip

    connect: Connect
    authorizer: Authorizer
    peer: Peer

    def __init__(self, broker: Broker, transport: Transport, peername: tuple[str, int]) -> None:
        self.source_ip, self.source_port = peername
        self.broker = broker
        self.plain = broker.profile.plain
        self.congested = False
        self.connected = False
        self.client_id = ""
        self.certificate_id = ""
        self.version = 0
        self.session_id = uuid.uuid4().hex
        self.session: Session | None = None
        self._transport = transport
        self._ended = False
        self._out: list[bytes] = []
        self._last_packet_s = broker.now_s
        self._keep_alive: Timer | None = None
        self._rate_since_s = broker.now_s
        self._rate = (0, 0)
        self._reader = packets.PacketReader(PLAIN_MAX_REMAINING_LENGTH if self.plain else MAX_REMAINING_LENGTH)

    def secured(self, peer: Peer) -> None:
        """The TLS handshake is done."""
        self.peer = peer
        self.certificate_id = admission.certificate_id_of(peer.certificate)
        name = f"SNI {peer.server_name}" if peer.server_name else "no SNI"
        self.note("tls", text=f"{peer.version}, {name}, {admission.describe(peer.certificate)}")

    def receive(self, data: bytes) -> None:
        """Act on decrypted bytes."""
        try:
            for packet_type, flags, body in self._reader.feed(data):
                self._last_packet_s = self.broker.now_s
                if packet_type == packets.PUBLISH and self.connected:
                    handlers.on_publish(self, flags, body)
                else:
                    self._on_packet(packet_type, flags, body)
                if self._ended:
                    return
        except packets.PacketTooLarge as error:
            self.refuse("packet", Refusal("PAYLOAD_TOO_LARGE", str(error)))
        except MalformedPacket as error:
            self.refuse("packet", Refusal("MALFORMED_PACKET", str(error)))

    def _on_packet(self, packet_type: int, flags: int, body: bytes) -> None:
        if packet_type != packets.PUBLISH:
            packets.check_flags(packet_type, flags)
        if not self.connected:
            if packet_type != packets.CONNECT:
                raise MalformedPacket("the first packet is not a CONNECT (MQTT-3.1.0-1)")
            connecting.on_connect(self, body)
        elif packet_type in handlers.HANDLERS:
            handlers.HANDLERS[packet_type](self, body)
        else:
            self.refuse("packet", Refusal("QOS_2", "a packet of QoS 2; AWS IoT has QoS 0 and 1"))

    def write(self, packet: bytes) -> None:
        """Send one packet at the end of this batch."""
        if not self._out:
            self.broker.unflushed(self)
        self._out.append(packet)

    def flush(self) -> None:
        """Hand the waiting packets over."""
        if self._out:
            out, self._out = self._out, []
            self._transport.send(b"".join(out))

    def accepted(self) -> None:
        """The CONNECT was accepted: from now on silence counts by its keep alive."""
        self.connected = True
        self._transport.keep_while_connected()
        keep_alive_s = self.connect.keep_alive_s
        if self.plain:
            timeout_s = rules.KEEP_ALIVE_GRACE * keep_alive_s or None
        else:
            timeout_s = rules.keep_alive_timeout_s(keep_alive_s)
        if timeout_s is not None:
            self._check_keep_alive(timeout_s)

    def _check_keep_alive(self, timeout_s: float) -> None:
        left_s = self._last_packet_s + timeout_s - self.broker.clock.monotonic_s()
        if left_s > 0:
            self._keep_alive = self.broker.timers.after(left_s, lambda: self._check_keep_alive(timeout_s))
        else:
            self.end("MQTT_KEEP_ALIVE_TIMEOUT", f"no packet for {timeout_s:g} s")

    def subject(self) -> events.Subject:
        """This connection as lifecycle events name it."""
        thing = self.authorizer.thing
        exclusive = thing.thing_name if thing is not None and thing.exclusive else None
        return events.Subject(
            self.client_id, self.certificate_id, self.session_id, self.source_ip, self.version, exclusive
        )

    def may_receive(self, topic: str) -> bool:
        """Whether policy lets a message on ``topic`` through to this client."""
        authorizer = self.authorizer
        authorizer.refresh(self.broker.registry_version)
        allowed, why = authorizer.receives(topic)
        if why:
            self.note("receive", topic=topic, reason="RECEIVE_NOT_AUTHORIZED", text=why, refused=True)
        return allowed

    def publish_rate_refusal(self, size_bytes: int) -> Refusal | None:
        """Count one publish of ``size_bytes`` in the running second."""
        now_s = self.broker.now_s
        if now_s - self._rate_since_s >= 1.0:
            self._rate_since_s, self._rate = now_s, (0, 0)
        self._rate = (self._rate[0] + 1, self._rate[1] + size_bytes)
        return rules.publish_rate_exceeded(*self._rate)

    def refuse(
        self,
        kind: str,
        refusal: Refusal,
        *,
        topic: str | None = None,
        qos: int | None = None,
        size_bytes: int | None = None,
    ) -> None:
        """Keep a refusal with its reason, and end the connection for it."""
        self.note(
            kind,
            refused=True,
            reason=refusal.reason,
            text=refusal.text,
            topic=topic,
            qos=qos,
            size_bytes=size_bytes,
        )
        self.end(refusal.disconnect_reason, refusal.reason)

    def end(self, reason: str, text: str, *, refused: bool = False, prevent_will: bool = False) -> None:
        """End the connection for ``reason``, one of the disconnect reasons of lifecycle events."""
        if self._ended:
            return
        self._ended = True
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        if self.connected:
            self.note("end", reason=reason, text=text, refused=refused)
            self.broker.detach(self, reason, prevent_will=prevent_will)
        self.flush()
        self._transport.close()

    def lost(self, reason: str, text: str) -> None:
        """The network or TLS ended the connection."""
        if self._ended:
            return
        if not self.connected:
            refused = reason != "CONNECTION_LOST"
            self.note("tls" if refused else "end", refused=refused, reason=reason, text=text)
        self.end("CONNECTION_LOST", text)

    def failed(self, error: Exception) -> None:
        """A fault of this program, met while it served this client: kept, and only this connection ends."""
        text = f"{type(error).__name__}: {error}"
        self.note("fault", refused=True, reason="SERVER_ERROR", text=text)
        self.end("SERVER_ERROR", text)

    def timed_out(self) -> None:
        """No CONNECT came in time."""
        if not self.connected and not self._ended:
            self.refuse("connect", Refusal("CONNECT_TIMEOUT", "no CONNECT came in time"))

    def drop(self) -> None:
        """Cut the connection at once, without will, event or entry."""
        self._ended = True
        self._out.clear()
        self._transport.abort()

    def note(
        self,
        kind: str,
        *,
        refused: bool = False,
        reason: str = "",
        text: str = "",
        topic: str | None = None,
        qos: int | None = None,
        size_bytes: int | None = None,
    ) -> None:
        """Keep an entry about this connection in the transcript."""
        self.broker.transcript.add(
            self.broker.now_ms,
            kind,
            client_id=self.client_id or None,
            peer=f"{self.source_ip}:{self.source_port}",
            certificate_id=self.certificate_id or None,
            refused=refused,
            reason=reason,
            text=text,
            topic=topic,
            qos=qos,
            size_bytes=size_bytes,
        )
