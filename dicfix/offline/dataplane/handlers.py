"""What each packet of a connected client does, CONNECT aside. Functions of a connection and a packet's body."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dicfix.offline.dataplane import encoding, events, packets
from dicfix.offline.dataplane.packets import MalformedPacket, Publish
from dicfix.offline.dataplane.services import Request
from dicfix.offline.rules import connection as rules
from dicfix.offline.rules import policy_evaluation as policy
from dicfix.offline.rules import topics
from dicfix.offline.rules.refusals import Refusal

if TYPE_CHECKING:
    from dicfix.offline.dataplane.connection import Connection
    from dicfix.offline.dataplane.session import Session


def on_publish(connection: Connection, flags: int, body: bytes) -> None:
    """A message from the client: for subscribers, or for the service of a reserved topic."""
    message = packets.parse_publish(flags, body)
    topic, payload, qos, retain, _dup, packet_id = message
    refusal = _publish_refusal(connection, message)
    if refusal is not None:
        connection.refuse("publish", refusal, topic=topic, qos=qos, size_bytes=len(payload))
        return
    broker = connection.broker
    broker.transcript.publish(broker.now_ms, connection.client_id, topic, qos, len(payload))
    if qos:
        connection.write(encoding.puback(packet_id))
    if topic[0] == "$" and not connection.plain:
        _request(connection, message)
    else:
        broker.route(topic, payload, qos, retain=retain)


def _publish_refusal(connection: Connection, message: Publish) -> Refusal | None:
    broker, authorizer, size_bytes = connection.broker, connection.authorizer, len(message.payload)
    refusal = None
    if message.qos > rules.MAX_QOS or size_bytes > rules.PAYLOAD_BYTES:
        refusal = rules.qos_refusal(message.qos)
        if refusal is None and not connection.plain:
            refusal = rules.payload_too_large(size_bytes)
    if broker.profile.rate_limits:
        refusal = refusal or connection.publish_rate_refusal(size_bytes)
    authorizer.refresh(broker.registry_version)
    return refusal or authorizer.publish_refusal(message.topic, retain=message.retain)


def _request(connection: Connection, message: Publish) -> None:
    broker, session, thing = connection.broker, connection.session, connection.authorizer.thing
    service = broker.services.find(message.topic)
    if service is None or session is None:
        connection.note("service", topic=message.topic, text="no service answers on this reserved topic")
        return
    request = Request(
        connection.client_id,
        message.topic,
        message.payload,
        message.qos,
        connection.certificate_id,
        thing.thing_name if thing else None,
        broker.now_ms,
    )
    for reply in service(request):
        if reply.direct:
            session.deliver(encoding.Outgoing(reply.topic, reply.payload), reply.qos, direct=True)
        else:
            broker.route(reply.topic, reply.payload, reply.qos)
        connection.note("service", topic=reply.topic, qos=reply.qos, size_bytes=len(reply.payload))


def _on_puback(connection: Connection, body: bytes) -> None:
    packet_id = packets.parse_puback(body)
    if connection.session is not None:
        connection.session.acknowledge(packet_id)


def _on_subscribe(connection: Connection, body: bytes) -> None:
    subscribe = packets.parse_subscribe(body)
    session = connection.session
    if session is None:
        return
    connection.authorizer.refresh(connection.broker.registry_version)
    refusal = None if connection.plain else _count_refusal(session, subscribe)
    if refusal is not None:
        connection.refuse("subscribe", refusal)
        return
    codes = []
    for topic_filter, qos in subscribe.filters:
        refusal = _subscribe_refusal(connection, topic_filter, qos)
        if refusal is not None and not connection.plain:
            connection.refuse("subscribe", refusal, topic=topic_filter, qos=qos)
            return
        codes.append(encoding.SUBACK_FAILURE if refusal else min(qos, rules.MAX_QOS))
    _grant(connection, session, subscribe, tuple(codes))


def _count_refusal(session: Session, subscribe: packets.Subscribe) -> Refusal | None:
    together = {*session.subscriptions, *(topic_filter for topic_filter, _qos in subscribe.filters)}
    return topics.too_many_filters(len(subscribe.filters)) or topics.too_many_subscriptions(len(together))


def _subscribe_refusal(connection: Connection, topic_filter: str, qos: int) -> Refusal | None:
    refusal = None
    if not connection.plain:
        refusal = (
            rules.qos_refusal(qos)
            or topics.topic_too_long(topic_filter)
            or topics.topic_too_deep(topic_filter)
            or topics.reserved_subscribe_refusal(topic_filter)
        )
    return refusal or policy.denied_subscribe(connection.authorizer.decide(policy.SUBSCRIBE, topic_filter))


def _grant(connection: Connection, session: Session, subscribe: packets.Subscribe, codes: tuple[int, ...]) -> None:
    broker = connection.broker
    connection.write(encoding.suback(subscribe.packet_id, codes))
    granted = []
    for (topic_filter, _qos), code in zip(subscribe.filters, codes, strict=True):
        if code == encoding.SUBACK_FAILURE:
            continue
        granted.append(topic_filter)
        broker.subscribe(session, topic_filter, code)
        connection.note("subscribe", topic=topic_filter, qos=code)
        broker.send_retained(connection, topic_filter, code)
    broker.publish_event(connection.client_id, events.subscribed(connection.subject(), broker.now_ms, granted))


def _on_unsubscribe(connection: Connection, body: bytes) -> None:
    unsubscribe = packets.parse_unsubscribe(body)
    broker, session = connection.broker, connection.session
    if session is None:
        return
    for topic_filter in unsubscribe.filters:
        broker.unsubscribe(session, topic_filter)
        connection.note("unsubscribe", topic=topic_filter)
    connection.write(encoding.unsuback(unsubscribe.packet_id))
    filters = list(unsubscribe.filters)
    broker.publish_event(connection.client_id, events.unsubscribed(connection.subject(), broker.now_ms, filters))


def _on_pingreq(connection: Connection, body: bytes) -> None:
    _no_body(body)
    connection.write(encoding.PINGRESP_PACKET)


def _on_disconnect(connection: Connection, body: bytes) -> None:
    _no_body(body)
    connection.end("CLIENT_INITIATED_DISCONNECT", "")


def _on_second_connect(connection: Connection, _body: bytes) -> None:
    connection.refuse("packet", Refusal("SECOND_CONNECT", "a second CONNECT on one connection (MQTT-3.1.0-2)"))


def _no_body(body: bytes) -> None:
    if body:
        raise MalformedPacket("bytes are left over after the last field")


HANDLERS: dict[int, Callable[[Connection, bytes], None]] = {
    packets.PUBACK: _on_puback,
    packets.SUBSCRIBE: _on_subscribe,
    packets.UNSUBSCRIBE: _on_unsubscribe,
    packets.PINGREQ: _on_pingreq,
    packets.DISCONNECT: _on_disconnect,
    packets.CONNECT: _on_second_connect,
}
