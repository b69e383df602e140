"""MQTT of one client: what each of its packets does, and every way in which its connection ends."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from dicfix.offline.dataplane import admission, events, packets
from dicfix.offline.dataplane.authorizer import Authorizer
from dicfix.offline.dataplane.packets import Connect, MalformedPacket, Publish
from dicfix.offline.dataplane.services import Reply, Request
from dicfix.offline.rules import connection as rules
from dicfix.offline.rules import policy_evaluation as policy
from dicfix.offline.rules import topics
from dicfix.offline.rules.refusals import CLIENT_ERROR, Refusal

if TYPE_CHECKING:
    from dicfix.offline.dataplane.broker import Broker
    from dicfix.offline.dataplane.session import Session
    from dicfix.offline.dataplane.tls import Peer
    from dicfix.offline.dataplane.transport import Transport

MAX_REMAINING_LENGTH = rules.PAYLOAD_BYTES + 2 + 65535 + 2
"""The largest PUBLISH body with an allowed payload; a longer packet is refused before it is read."""
PLAIN_MAX_REMAINING_LENGTH = 16 * 1024 * 1024


class Connection:
    """One client's connection, from the end of its TLS handshake on."""

    __slots__ = (
        "_broker", "_connected", "_ended", "_last_packet_s", "_out", "_peer", "_plain", "_rate", "_rate_since_s",
        "_reader", "_transport", "authorizer", "certificate_id", "client_id", "congested", "connect", "session",
        "session_id", "source_ip", "source_port", "version",
    )  # fmt: skip

    def __init__(self, broker: Broker, transport: Transport, peername: tuple[str, int]) -> None:
        self.source_ip, self.source_port = peername
        self.congested = False
        self.client_id = ""
        self.certificate_id = ""
        self.version = 0
        self.session_id = uuid.uuid4().hex
        self.session: Session | None = None
        self.connect: Connect
        self.authorizer: Authorizer
        self._broker = broker
        self._transport = transport
        self._plain = broker.profile.plain
        self._peer: Peer
        self._connected = False
        self._ended = False
        self._out: list[bytes] = []
        self._last_packet_s = broker.now_s
        self._rate_since_s = broker.now_s
        self._rate = [0, 0]
        limit = PLAIN_MAX_REMAINING_LENGTH if self._plain else MAX_REMAINING_LENGTH
        self._reader = packets.PacketReader(limit)

    # Bytes in and out

    def secured(self, peer: Peer) -> None:
        """The TLS handshake is done."""
        self._peer = peer
        self.certificate_id = admission.certificate_id_of(peer.certificate)
        name = f"SNI {peer.server_name}" if peer.server_name else "no SNI"
        self._note("tls", text=f"{peer.version}, {name}, {admission.describe(peer.certificate)}")

    def receive(self, data: bytes) -> None:
        """Act on decrypted bytes."""
        try:
            for packet_type, flags, body in self._reader.feed(data):
                if packet_type == packets.PUBLISH and self._connected:
                    self._on_publish(flags, body)
                else:
                    self._on_packet(packet_type, flags, body)
                if self._ended:
                    return
        except packets.PacketTooLarge as error:
            self.refuse("packet", Refusal("PAYLOAD_TOO_LARGE", str(error)))
        except MalformedPacket as error:
            self.refuse("packet", Refusal("MALFORMED_PACKET", str(error)))
        self._last_packet_s = self._broker.now_s

    def _on_packet(self, packet_type: int, flags: int, body: bytes) -> None:
        if packet_type != packets.PUBLISH:
            packets.check_flags(packet_type, flags)
        if not self._connected:
            if packet_type != packets.CONNECT:
                raise MalformedPacket("the first packet is not a CONNECT (MQTT-3.1.0-1)")
            self._on_connect(body)
        elif packet_type in _HANDLERS:
            _HANDLERS[packet_type](self, flags, body)
        else:
            self.refuse("packet", Refusal("QOS_2", "a packet of QoS 2; AWS IoT has QoS 0 and 1"))

    def write(self, packet: bytes) -> None:
        """Send one packet at the end of this batch."""
        if not self._out:
            self._broker.unflushed(self)
        self._out.append(packet)

    def flush(self) -> None:
        """Hand the waiting packets over."""
        if self._out:
            out, self._out = self._out, []
            self._transport.send(b"".join(out))

    # CONNECT

    def _on_connect(self, body: bytes) -> None:
        try:
            connect = packets.parse_connect(body)
        except packets.UnknownProtocol as error:
            self.write(packets.connack(packets.CONNACK_PROTOCOL_VERSION))
            self.refuse("connect", Refusal("PROTOCOL_VERSION", str(error)))
            return
        self.connect, self.client_id = connect, connect.client_id
        refusal = self._admission_refusal() or self._client_id_refusal() or self._authorization_refusal()
        if refusal is None:
            self._accept()
        else:
            self._refuse_connect(refusal)

    def _admission_refusal(self) -> Refusal | None:
        broker = self._broker
        answer = admission.admit(
            broker.registry,
            self._peer.certificate,
            self._peer.server_name,
            endpoint=broker.endpoint,
            profile=broker.profile,
            now_ms=broker.now_ms,
        )
        if answer.registration is not None:
            self._report(answer.registration)
        return answer.refusal

    def _report(self, registration: admission.Registration) -> None:
        broker = self._broker
        topic, payload = events.certificate_registered(
            registration, broker.now_ms, account_id=broker.registry.account_id, source_ip=self.source_ip
        )
        broker.route(topic, payload, events.EVENTS_QOS)
        text = f"certificate {self.certificate_id[:12]}... is {registration.certificate.status}"
        self._note("register", topic=topic, text=text)

    def _client_id_refusal(self) -> Refusal | None:
        if not self.client_id:
            if not self.connect.clean_session:
                self.write(packets.connack(packets.CONNACK_IDENTIFIER_REJECTED))
                return Refusal("CLIENT_ID_EMPTY", "an empty client ID without a clean session (MQTT-3.1.3-8)")
            self.client_id = rules.EMPTY_CLIENT_ID_PREFIX + str(uuid.uuid4())
        if self._plain:
            return None
        return rules.client_id_too_long(self.client_id) or self._rate_refusal()

    def _rate_refusal(self) -> Refusal | None:
        broker = self._broker
        if not broker.profile.rate_limits:
            return None
        last = broker.last_connects.get(self.client_id)
        broker.last_connects[self.client_id] = broker.now_s
        return rules.connect_rate_exceeded(None if last is None else broker.now_s - last)

    def _authorization_refusal(self) -> Refusal | None:
        broker = self._broker
        self.authorizer = Authorizer(
            broker.registry,
            certificate=self._peer.certificate,
            certificate_id=self.certificate_id,
            connect=self.connect,
            client_id=self.client_id,
            source_ip=self.source_ip,
            plain=self._plain,
        )
        self.authorizer.refresh(broker.registry_version)
        refusal = policy.denied_connect(self.authorizer.decide(policy.CONNECT, self.client_id))
        if refusal is None and self.connect.will is not None:
            refusal = self._will_refusal(self.connect.will)
        if refusal is not None and refusal.reason.endswith("NOT_AUTHORIZED"):
            broker.publish_event(self.client_id, events.connect_failed(self.subject(), broker.now_ms))
        return refusal

    def _will_refusal(self, will: packets.Will) -> Refusal | None:
        if not self._plain:
            refusal = rules.qos_refusal(will.qos) or rules.payload_too_large(len(will.payload))
            if refusal is not None:
                return refusal
        denied = self.authorizer.publish_refusal(will.topic, retain=will.retain)
        if denied is None or denied.reason != "PUBLISH_NOT_AUTHORIZED":
            return denied
        return policy.denied_will(policy.Decision(False, denied.text))

    def _refuse_connect(self, refusal: Refusal) -> None:
        code = packets.CONNACK_NOT_AUTHORIZED if self._plain else rules.CONNACK_WHEN_NOT_AUTHORIZED
        if code is not None and not self._out:
            self.write(packets.connack(code))
        self.refuse("connect", refusal)

    def _accept(self) -> None:
        broker = self._broker
        present = broker.attach(self)
        self._connected = True
        self._transport.keep_while_connected()
        self.write(packets.connack(packets.CONNACK_ACCEPTED, session_present=present))
        if self.session is not None:
            self.session.resume(self, paced=broker.profile.rate_limits)
        kind = "a clean session" if self.connect.clean_session else "a persistent session"
        thing = self.authorizer.thing
        self._note(
            "connect",
            text=f"{kind}, keep alive {self.connect.keep_alive_s} s, thing {thing.thing_name if thing else '-'}",
        )
        broker.publish_event(self.client_id, events.connected(self.subject(), broker.now_ms))
        self._watch_keep_alive()

    def subject(self) -> events.Subject:
        """This connection as lifecycle events name it."""
        thing = self.authorizer.thing
        return events.Subject(
            self.client_id,
            self.certificate_id,
            self.session_id,
            self.source_ip,
            self.version,
            thing.thing_name if thing is not None and thing.exclusive else None,
        )

    def _on_second_connect(self, _flags: int, _body: bytes) -> None:
        self.refuse("packet", Refusal("SECOND_CONNECT", "a second CONNECT on one connection (MQTT-3.1.0-2)"))

    def _watch_keep_alive(self) -> None:
        keep_alive_s = self.connect.keep_alive_s
        timeout_s = (1.5 * keep_alive_s or None) if self._plain else rules.keep_alive_timeout_s(keep_alive_s)
        if timeout_s is not None:
            self._check_keep_alive(timeout_s)

    def _check_keep_alive(self, timeout_s: float) -> None:
        if self._ended:
            return
        left_s = self._last_packet_s + timeout_s - self._broker.clock.monotonic_s()
        if left_s > 0:
            self._broker.timers.after(left_s, lambda: self._check_keep_alive(timeout_s))
        else:
            self.end("MQTT_KEEP_ALIVE_TIMEOUT", f"no packet for {timeout_s:g} s")

    # PUBLISH and PUBACK

    def _on_publish(self, flags: int, body: bytes) -> None:
        message = packets.parse_publish(flags, body)
        topic, payload, qos, retain, _dup, packet_id = message
        refusal = self._publish_refusal(message)
        if refusal is not None:
            self.refuse("publish", refusal, topic=topic, qos=qos, size_bytes=len(payload))
            return
        broker = self._broker
        broker.transcript.publish(broker.now_ms, self.client_id, topic, qos, len(payload))
        if qos:
            self.write(packets.puback(packet_id))
        if topic[0] == "$" and not self._plain:
            self._request(message)
        else:
            broker.route(topic, payload, qos, retain=retain)

    def _publish_refusal(self, message: Publish) -> Refusal | None:
        broker = self._broker
        self.authorizer.refresh(broker.registry_version)
        if message.qos > rules.MAX_QOS or len(message.payload) > rules.PAYLOAD_BYTES:
            refusal = rules.qos_refusal(message.qos)
            if refusal is None and not self._plain:
                refusal = rules.payload_too_large(len(message.payload))
            if refusal is not None:
                return refusal
        if broker.profile.rate_limits:
            refusal = self._publish_rate_refusal(len(message.payload))
            if refusal is not None:
                return refusal
        return self.authorizer.publish_refusal(message.topic, retain=message.retain)

    def _publish_rate_refusal(self, size_bytes: int) -> Refusal | None:
        if self._broker.now_s - self._rate_since_s >= 1.0:
            self._rate_since_s, self._rate = self._broker.now_s, [0, 0]
        self._rate[0] += 1
        self._rate[1] += size_bytes
        return rules.publish_rate_exceeded(*self._rate)

    def _request(self, message: Publish) -> None:
        """A publish to a reserved topic: for a service, never for subscribers."""
        broker = self._broker
        service = broker.services.find(message.topic)
        if service is None:
            self._note("service", topic=message.topic, text="no service answers on this reserved topic")
            return
        thing = self.authorizer.thing
        request = Request(
            self.client_id,
            message.topic,
            message.payload,
            message.qos,
            self.certificate_id,
            thing.thing_name if thing else None,
            broker.now_ms,
        )
        for reply in service(request):
            self._reply(reply)

    def _reply(self, reply: Reply) -> None:
        if self.session is not None:
            self.session.deliver(packets.Outgoing(reply.topic, reply.payload), reply.qos)
            self._note("service", topic=reply.topic, qos=reply.qos, size_bytes=len(reply.payload))

    def may_receive(self, topic: str) -> bool:
        """Whether policy lets a message on ``topic`` through to this client."""
        authorizer = self.authorizer
        authorizer.refresh(self._broker.registry_version)
        allowed, why = authorizer.receives(topic)
        if why:
            self._note("receive", topic=topic, reason="RECEIVE_NOT_AUTHORIZED", text=why, refused=True)
        return allowed

    def _on_puback(self, _flags: int, body: bytes) -> None:
        packet_id = packets.parse_puback(body)
        if self.session is not None:
            self.session.acknowledge(packet_id)

    # SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT

    def _on_subscribe(self, _flags: int, body: bytes) -> None:
        subscribe = packets.parse_subscribe(body)
        session = self.session
        if session is None:
            return
        self.authorizer.refresh(self._broker.registry_version)
        count = len({*session.subscriptions, *(topic_filter for topic_filter, _qos in subscribe.filters)})
        if not self._plain:
            refusal = topics.too_many_filters(len(subscribe.filters)) or topics.too_many_subscriptions(count)
            if refusal is not None:
                self.refuse("subscribe", refusal)
                return
        codes = []
        for topic_filter, qos in subscribe.filters:
            refusal = self._subscribe_refusal(topic_filter, qos)
            if refusal is not None and not self._plain:
                self.refuse("subscribe", refusal, topic=topic_filter, qos=qos)
                return
            codes.append(packets.SUBACK_FAILURE if refusal else min(qos, rules.MAX_QOS))
        self._grant(session, subscribe, tuple(codes))

    def _subscribe_refusal(self, topic_filter: str, qos: int) -> Refusal | None:
        refusal = None
        if not self._plain:
            refusal = (
                rules.qos_refusal(qos)
                or topics.topic_too_long(topic_filter)
                or topics.topic_too_deep(topic_filter)
                or topics.reserved_subscribe_refusal(topic_filter)
            )
        return refusal or policy.denied_subscribe(self.authorizer.decide(policy.SUBSCRIBE, topic_filter))

    def _grant(self, session: Session, subscribe: packets.Subscribe, codes: tuple[int, ...]) -> None:
        broker = self._broker
        self.write(packets.suback(subscribe.packet_id, codes))
        granted = []
        for (topic_filter, _qos), code in zip(subscribe.filters, codes, strict=True):
            if code == packets.SUBACK_FAILURE:
                continue
            granted.append(topic_filter)
            broker.subscribe(session, topic_filter, code)
            self._note("subscribe", topic=topic_filter, qos=code)
            broker.send_retained(self, topic_filter, code)
        broker.publish_event(self.client_id, events.subscribed(self.subject(), broker.now_ms, granted))

    def _on_unsubscribe(self, _flags: int, body: bytes) -> None:
        unsubscribe = packets.parse_unsubscribe(body)
        broker, session = self._broker, self.session
        if session is None:
            return
        for topic_filter in unsubscribe.filters:
            broker.unsubscribe(session, topic_filter)
            self._note("unsubscribe", topic=topic_filter)
        self.write(packets.unsuback(unsubscribe.packet_id))
        filters = list(unsubscribe.filters)
        broker.publish_event(self.client_id, events.unsubscribed(self.subject(), broker.now_ms, filters))

    def _on_pingreq(self, _flags: int, _body: bytes) -> None:
        self.write(packets.PINGRESP_PACKET)

    def _on_disconnect(self, _flags: int, body: bytes) -> None:
        if body:
            raise MalformedPacket("bytes are left over after the last field")
        self.end("CLIENT_INITIATED_DISCONNECT", "")

    # Ends

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
        self._note(
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
        if self._connected:
            self._note("end", reason=reason, text=text, refused=refused)
            self._broker.detach(self, reason, prevent_will=prevent_will)
        self.flush()
        self._transport.close()

    def lost(self, reason: str, text: str) -> None:
        """The network or TLS ended the connection."""
        if self._ended:
            return
        if not self._connected:
            refused = reason != "CONNECTION_LOST"
            self._note("tls" if refused else "end", refused=refused, reason=reason, text=text)
        self.end("CONNECTION_LOST" if self._connected else reason, text)

    def failed(self, error: Exception) -> None:
        """A fault of this program, met while it served this client: kept, and only this connection ends."""
        text = f"{type(error).__name__}: {error}"
        self._note("fault", refused=True, reason="SERVER_ERROR", text=text)
        self.end("SERVER_ERROR", text)

    def timed_out(self) -> None:
        """No CONNECT came in time."""
        if not self._connected and not self._ended:
            self.refuse("connect", Refusal("CONNECT_TIMEOUT", "no CONNECT came in time", CLIENT_ERROR))

    def drop(self) -> None:
        """Cut the connection at once, without will, event or entry."""
        self._ended = True
        self._out.clear()
        self._transport.abort()

    def _note(
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
        self._broker.transcript.add(
            self._broker.now_ms,
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


_HANDLERS: dict[int, Callable[[Connection, int, bytes], None]] = {
    packets.PUBACK: Connection._on_puback,
    packets.SUBSCRIBE: Connection._on_subscribe,
    packets.UNSUBSCRIBE: Connection._on_unsubscribe,
    packets.PINGREQ: Connection._on_pingreq,
    packets.DISCONNECT: Connection._on_disconnect,
    packets.CONNECT: Connection._on_second_connect,
}
