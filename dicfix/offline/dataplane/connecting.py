"""What a CONNECT does: admission of the certificate, client ID, policy, will, and then the session.

Nothing of another connection is touched before this one is admitted and authorised.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from dicfix.offline.dataplane import admission, encoding, events, packets
from dicfix.offline.dataplane.authorizer import Authorizer
from dicfix.offline.rules import connection as rules
from dicfix.offline.rules import policy_evaluation as policy
from dicfix.offline.rules.refusals import Refusal

if TYPE_CHECKING:
    from dicfix.offline.dataplane.connection import Connection


def on_connect(connection: Connection, body: bytes) -> None:
    """Accept or refuse."""
    try:
        connect = packets.parse_connect(body)
    except packets.UnknownProtocol as error:
        connection.write(encoding.connack(encoding.CONNACK_PROTOCOL_VERSION))
        connection.refuse("connect", Refusal("PROTOCOL_VERSION", str(error)))
        return
    connection.connect, connection.client_id = connect, connect.client_id
    refusal = _admission_refusal(connection) or _client_id_refusal(connection) or _authorization_refusal(connection)
    if refusal is None:
        _accept(connection)
    else:
        _refuse(connection, refusal)


def _admission_refusal(connection: Connection) -> Refusal | None:
    broker, peer = connection.broker, connection.peer
    answer = admission.admit(
        broker.registry,
        peer.certificate,
        peer.server_name,
        endpoint=broker.endpoint,
        profile=broker.profile,
        now_ms=broker.now_ms,
    )
    if answer.registration is not None:
        _report(connection, answer.registration)
    return answer.refusal


def _report(connection: Connection, registration: admission.Registration) -> None:
    broker = connection.broker
    topic, payload = events.certificate_registered(
        registration, broker.now_ms, account_id=broker.registry.account_id, source_ip=connection.source_ip
    )
    broker.route(topic, payload, events.EVENTS_QOS)
    text = f"certificate {connection.certificate_id[:12]}... is {registration.certificate.status}"
    connection.note("register", topic=topic, text=text)


def _client_id_refusal(connection: Connection) -> Refusal | None:
    if not connection.client_id:
        if not connection.connect.clean_session:
            connection.write(encoding.connack(encoding.CONNACK_IDENTIFIER_REJECTED))
            return Refusal("CLIENT_ID_EMPTY", "an empty client ID without a clean session (MQTT-3.1.3-8)")
        connection.client_id = rules.EMPTY_CLIENT_ID_PREFIX + str(uuid.uuid4())
    if connection.plain:
        return None
    return rules.client_id_too_long(connection.client_id) or _rate_refusal(connection)


def _rate_refusal(connection: Connection) -> Refusal | None:
    broker, client_id = connection.broker, connection.client_id
    if not broker.profile.rate_limits:
        return None
    last = broker.last_connects.get(client_id)
    broker.last_connects[client_id] = broker.now_s
    return rules.connect_rate_exceeded(None if last is None else broker.now_s - last)


def _authorization_refusal(connection: Connection) -> Refusal | None:
    broker = connection.broker
    connection.authorizer = authorizer = Authorizer(
        broker.registry,
        certificate=connection.peer.certificate,
        certificate_id=connection.certificate_id,
        connect=connection.connect,
        client_id=connection.client_id,
        source_ip=connection.source_ip,
        plain=connection.plain,
    )
    authorizer.refresh(broker.registry_version)
    refusal = policy.denied_connect(authorizer.decide(policy.CONNECT, connection.client_id))
    refusal = refusal or _will_refusal(connection, connection.connect.will)
    if refusal is not None and refusal.reason.endswith("NOT_AUTHORIZED"):
        broker.publish_event(connection.client_id, events.connect_failed(connection.subject(), broker.now_ms))
    return refusal


def _will_refusal(connection: Connection, will: packets.Will | None) -> Refusal | None:
    if will is None:
        return None
    if not connection.plain:
        refusal = rules.qos_refusal(will.qos) or rules.payload_too_large(len(will.payload))
        if refusal is not None:
            return refusal
    denied = connection.authorizer.publish_refusal(will.topic, retain=will.retain)
    if denied is None or denied.reason != "PUBLISH_NOT_AUTHORIZED":
        return denied
    return policy.denied_will(policy.Decision(False, denied.text))


def _refuse(connection: Connection, refusal: Refusal) -> None:
    code = encoding.CONNACK_NOT_AUTHORIZED if connection.plain else rules.CONNACK_WHEN_NOT_AUTHORIZED
    if code is not None and refusal.reason != "CLIENT_ID_EMPTY":
        connection.write(encoding.connack(code))
    connection.refuse("connect", refusal)


def _accept(connection: Connection) -> None:
    broker = connection.broker
    present = broker.attach(connection)
    connection.write(encoding.connack(encoding.CONNACK_ACCEPTED, session_present=present))
    connection.accepted()
    connect, thing = connection.connect, connection.authorizer.thing
    kind = "a clean session" if connect.clean_session else "a persistent session"
    text = f"{kind}, keep alive {connect.keep_alive_s} s, thing {thing.thing_name if thing else '-'}"
    connection.note("connect", text=text)
    if connection.session is not None:
        connection.session.resume(connection, paced=broker.profile.rate_limits)
    broker.publish_event(connection.client_id, events.connected(connection.subject(), broker.now_ms))
