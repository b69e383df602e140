"""The heart of the data plane, on its one thread: sessions, routing, retained messages, events, ends of connections.

Knows connections as objects that can be written to and closed; sockets and TLS are ``transport``'s.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dicfix.offline.dataplane import events
from dicfix.offline.dataplane.clock import Clock, Timers
from dicfix.offline.dataplane.encoding import Outgoing
from dicfix.offline.dataplane.profile import Profile
from dicfix.offline.dataplane.router import Router
from dicfix.offline.dataplane.services import Services
from dicfix.offline.dataplane.session import Session
from dicfix.offline.dataplane.states import ConnectionState
from dicfix.offline.dataplane.transcript import Transcript
from dicfix.offline.registry import Registry, RetainedMessage
from dicfix.offline.rules.connection import session_expiry_s, taken_over, will_is_published
from dicfix.offline.rules.retained import retained_is_cleared, retained_is_sent
from dicfix.offline.rules.topics import plain_filter_matches

if TYPE_CHECKING:
    from dicfix.offline.dataplane.connection import Connection

ENDED_STATE_KEPT_S = 3600
"""How long an ended connection can be asked about and its version number goes on. Source: life-cycle-events."""


class Broker:
    """State and routing of one data plane; every method runs on its thread unless it says otherwise."""

    def __init__(
        self, registry: Registry, endpoint: str, profile: Profile, clock: Clock, transcript: Transcript
    ) -> None:
        self.registry = registry
        self.endpoint = endpoint
        self.profile = profile
        self.clock = clock
        self.timers = Timers(clock)
        self.transcript = transcript
        self.services = Services()
        self.connections: dict[str, Connection] = {}
        self.sessions: dict[str, Session] = {}
        self.states: dict[str, ConnectionState] = {}
        self.open: set[Connection] = set()
        self.port = 0
        self.now_ms = clock.now_ms()
        self.now_s = clock.monotonic_s()
        self.registry_version = -1
        self.last_connects: dict[str, float] = {}
        self._router: Router[Session] = Router(plain=profile.plain)
        self._unflushed: list[Connection] = []
        self._versions: dict[str, int] = {}

    def begin(self) -> None:
        """Read clock and registry version once for a batch of work."""
        self.now_ms = self.clock.now_ms()
        self.now_s = self.clock.monotonic_s()
        self.registry_version = self.registry.version()

    def unflushed(self, connection: Connection) -> None:
        """``connection`` has packets that wait for the end of this batch."""
        self._unflushed.append(connection)

    def flush(self) -> None:
        """Hand every waiting packet to the network: the end of a batch of work."""
        while self._unflushed:
            waiting, self._unflushed = self._unflushed, []
            for connection in waiting:
                connection.flush()

    def attach(self, connection: Connection) -> bool:
        """Give an admitted connection its client ID and session; True if a session was there.

        An older connection of the same client ID ends. Source: MQTT 3.1.1 3.1.4, developerguide mqtt.
        """
        client_id = connection.client_id
        older = taken_over(self.connections.get(client_id))
        if older is not None:
            older.end("DUPLICATE_CLIENTID", "a newer connection uses the same client ID")
        present = self._open_session(connection)
        self.connections[client_id] = connection
        self._versions[client_id] = self._versions.get(client_id, -1) + 1
        connection.version = self._versions[client_id]
        self._note_connected(connection)
        return present

    def _open_session(self, connection: Connection) -> bool:
        session = self.sessions.get(connection.client_id)
        if session is not None and (session.clean or connection.connect.clean_session):
            self.discard_session(session)
            session = None
        present = session is not None
        if session is None:
            session = Session(
                connection.client_id,
                clean=connection.connect.clean_session,
                clock=self.clock,
                timers=self.timers,
            )
            self.sessions[connection.client_id] = session
        connection.session = session
        return present

    def _note_connected(self, connection: Connection) -> None:
        thing = connection.authorizer.thing
        expiry_s = session_expiry_s(clean_session=connection.connect.clean_session)
        self.states[connection.client_id] = ConnectionState(
            client_id=connection.client_id,
            connected=True,
            certificate_id=connection.certificate_id,
            thing_name=thing.thing_name if thing else None,
            clean_session=connection.connect.clean_session,
            source_ip=connection.source_ip,
            source_port=connection.source_port,
            target_ip="127.0.0.1",
            target_port=self.port,
            keep_alive_s=connection.connect.keep_alive_s,
            session_expiry_s=expiry_s or 0,
            connected_since_ms=self.now_ms,
        )

    def detach(self, connection: Connection, reason: str, *, prevent_will: bool) -> None:
        """A connection that had its session has ended: session, state, will, event."""
        client_id = connection.client_id
        if self.connections.get(client_id) is connection:
            del self.connections[client_id]
        self._release_session(connection)
        state = self.states.get(client_id)
        if state is not None:
            self.states[client_id] = ended = dataclasses.replace(
                state,
                connected=False,
                connected_since_ms=None,
                disconnected_since_ms=self.now_ms,
                disconnect_reason=reason,
            )
            self.timers.after(ENDED_STATE_KEPT_S, lambda: self._forget_state(ended))
        will = connection.connect.will
        if will is not None and not prevent_will and will_is_published(reason):
            self.route(will.topic, will.payload, will.qos, retain=will.retain)
        self.publish_event(connection.client_id, events.disconnected(connection.subject(), self.now_ms, reason=reason))

    def _forget_state(self, ended: ConnectionState) -> None:
        if self.states.get(ended.client_id) is ended:
            del self.states[ended.client_id]
            self._versions.pop(ended.client_id, None)

    def _release_session(self, connection: Connection) -> None:
        session = connection.session
        if session is None or session.link is not connection:
            return
        session.release()
        expiry_s = session_expiry_s(clean_session=session.clean)
        if session.clean:
            self.discard_session(session)
        elif expiry_s is not None:
            session.expiry = self.timers.after(expiry_s, lambda: self.discard_session(session))

    def discard_session(self, session: Session) -> None:
        """Forget a session and its subscriptions."""
        session.discard()
        for topic_filter in session.subscriptions:
            self._router.unsubscribe(topic_filter, session)
        if self.sessions.get(session.client_id) is session:
            del self.sessions[session.client_id]

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> None:
        """Add or change a subscription."""
        session.subscriptions = {**session.subscriptions, topic_filter: qos}
        self._router.subscribe(topic_filter, session, qos)

    def unsubscribe(self, session: Session, topic_filter: str) -> None:
        """Take a subscription away."""
        session.subscriptions = {f: q for f, q in session.subscriptions.items() if f != topic_filter}
        self._router.unsubscribe(topic_filter, session)

    def route(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> None:
        """Deliver a message to every subscriber that may receive it, and retain it if asked to."""
        if retain:
            self.retain(topic, payload, qos)
        targets = self._router.match(topic)
        if not targets:
            return
        message = Outgoing(topic, payload)
        for session, granted in targets:
            link = session.link
            if link is not None and not link.may_receive(topic):
                continue
            session.deliver(message, granted if granted < qos else qos)

    def retain(self, topic: str, payload: bytes, qos: int) -> None:
        """Keep or clear the topic's retained message; for any thread."""
        store = self.registry.retained_store()
        if retained_is_cleared(len(payload)):
            store.pop(topic, None)
        else:
            store[topic] = RetainedMessage(topic, payload, min(qos, 1), self.clock.now_ms())

    def send_retained(self, connection: Connection, topic_filter: str, qos: int) -> None:
        """Send what is retained for a new subscription."""
        store = self.registry.retained_store()
        if "+" not in topic_filter and "#" not in topic_filter:
            found = [store[topic_filter]] if topic_filter in store else []
        elif self.profile.plain or retained_is_sent(topic_filter):
            found = [kept for kept in list(store.values()) if plain_filter_matches(topic_filter, kept.topic)]
        else:
            found = []
        for kept in found:
            if connection.session is not None and connection.may_receive(kept.topic):
                message = Outgoing(kept.topic, kept.payload)
                connection.session.deliver(message, min(qos, kept.qos), retain=True)

    def publish_event(self, client_id: str, event: events.Event) -> None:
        """Publish a lifecycle event about ``client_id``."""
        if not self.profile.plain and events.has_events(client_id):
            self.route(event[0], event[1], events.EVENTS_QOS)

    def certificate_changed(self, certificate_id: str) -> None:
        """End the connections of a certificate that is no longer ACTIVE. Source: API UpdateCertificate."""
        registered = self.registry.certificate(certificate_id)
        if registered is not None and registered.status == "ACTIVE":
            return
        now = "deleted" if registered is None else registered.status
        for connection in list(self.connections.values()):
            if connection.certificate_id == certificate_id:
                connection.end("AUTH_ERROR", f"the certificate is {now}", refused=True)

    def clear(self) -> None:
        """Drop every connection without will or event, and every session."""
        for connection in list(self.open):
            connection.drop()
        self.connections.clear()
        self.sessions.clear()
        self.states.clear()
        self.timers.clear()
        self.last_connects.clear()
        self._versions.clear()
        self._router = Router(plain=self.profile.plain)
