"""The data plane as other code sees it: a thread with an event loop on 127.0.0.1, and thread-safe calls into it.

Calls that change something are posted to the loop in order and return at once: a caller may hold a lock that the
registry needs, so nothing here waits for the loop but ``start``, ``stop``, ``reset``, ``sessions`` and ``settle``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dicfix.errors import DeadlineExceeded, UsageError
from dicfix.offline.dataplane.broker import Broker
from dicfix.offline.dataplane.clock import Clock, SystemClock
from dicfix.offline.dataplane.encoding import Outgoing
from dicfix.offline.dataplane.identity import ServerIdentity
from dicfix.offline.dataplane.profile import AWS_IOT, Profile
from dicfix.offline.dataplane.services import Service
from dicfix.offline.dataplane.states import ConnectionState, Subscription
from dicfix.offline.dataplane.tls import server_context
from dicfix.offline.dataplane.transcript import Transcript
from dicfix.offline.dataplane.transport import Transport
from dicfix.offline.registry import Registry

if TYPE_CHECKING:
    from OpenSSL import SSL

HOST = "127.0.0.1"
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
SETTLE_TIMEOUT_S = 10.0
_BACKLOG = 1024
_TICK_S = 0.02
_ACCEPT_STEPS = 3
"""Turns of the event loop from accept to ``connection_made``; a server closed between them leaks the socket."""


class DataPlane:
    """One account's MQTT endpoint in one Region; also a context manager around ``start`` and ``stop``."""

    def __init__(
        self,
        registry: Registry,
        identity: ServerIdentity,
        *,
        profile: Profile = AWS_IOT,
        clock: Clock | None = None,
    ) -> None:
        self.endpoint = identity.endpoint
        self.identity = identity
        self.port = 0
        self.transcript = Transcript()
        self._registry = registry
        self._broker = Broker(registry, identity.endpoint, profile, clock or SystemClock(), self.transcript)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event
        self._unsubscribe: Callable[[], None] = _nothing

    def __enter__(self) -> DataPlane:
        self.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1, on a free port if ``port`` is 0; raises UsageError if the port cannot be had."""
        if self._thread is not None:
            raise UsageError("the data plane is already running", remedy="stop it before it is started again")
        context = server_context(self.identity)
        listener = _listener(port)
        self.port = self._broker.port = listener.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(context, listener, ready), name="dicfix-dataplane", daemon=True
        )
        self._thread.start()
        if not ready.wait(START_TIMEOUT_S):
            raise DeadlineExceeded("data plane start", START_TIMEOUT_S, "the data plane's event loop")
        self._unsubscribe = self._registry.on_certificate_change(self._certificate_changed)

    def stop(self) -> None:
        """Cut every connection and end the thread; harmless if not running."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._unsubscribe()
        loop.call_soon_threadsafe(self._stopping.set)
        thread.join(STOP_TIMEOUT_S)
        if thread.is_alive():
            raise DeadlineExceeded("data plane stop", STOP_TIMEOUT_S, "the end of the data plane's thread")
        self._loop = self._thread = None

    def _run(self, context: SSL.Context, listener: socket.socket, ready: threading.Event) -> None:
        loop = asyncio.SelectorEventLoop()
        try:
            loop.run_until_complete(self._serve(loop, context, listener, ready))
        finally:
            loop.close()

    async def _serve(
        self,
        loop: asyncio.AbstractEventLoop,
        context: SSL.Context,
        listener: socket.socket,
        ready: threading.Event,
    ) -> None:
        broker = self._broker
        self._stopping = asyncio.Event()
        server = await loop.create_server(lambda: Transport(broker, context), sock=listener, backlog=_BACKLOG)
        loop.set_exception_handler(self._note_fault)
        self._loop = loop
        self._tick()
        ready.set()
        await self._stopping.wait()
        loop.remove_reader(listener)
        for _ in range(_ACCEPT_STEPS):
            await asyncio.sleep(0)
        server.close()
        broker.clear()
        while broker.open:
            await asyncio.sleep(0)

    def _tick(self) -> None:
        if self._loop is not None:
            self._loop.call_later(_TICK_S, self._tick)
        self._do(self._broker.timers.run_due)

    def _do(self, action: Callable[[], None]) -> None:
        self._broker.begin()
        try:
            action()
        finally:
            self._broker.flush()

    def _note_fault(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        text = f"{type(fault).__name__}: {fault}" if fault else str(context.get("message"))
        self.transcript.add(self._broker.now_ms, "fault", refused=True, reason="SERVER_ERROR", text=text)

    def _post(self, action: Callable[[], None]) -> bool:
        loop = self._loop
        if loop is None:
            return False
        loop.call_soon_threadsafe(self._do, action)
        return True

    def _certificate_changed(self, certificate_id: str) -> None:
        self._post(lambda: self._broker.certificate_changed(certificate_id))

    def settle(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Wait until what was asked before is done and due timers have run; never while holding the registry's lock."""
        loop, done = self._loop, threading.Event()
        if loop is None:
            return
        loop.call_soon_threadsafe(self._settled, done)
        if not done.wait(timeout_s):
            raise DeadlineExceeded("data plane settle", timeout_s, "the data plane's work")

    def _settled(self, done: threading.Event) -> None:
        self._do(self._broker.timers.run_due)
        done.set()

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Publish as the service does (iot-data Publish, events): no policy of a sender is asked."""
        if retain:
            self._broker.retain(topic, payload, qos)
        self._post(lambda: self._broker.route(topic, payload, qos))

    def send_direct(self, client_id: str, topic: str, payload: bytes, *, qos: int = 0) -> bool:
        """Send to one connected client, whether it subscribed or not; False if it is not connected.

        Source: API SendDirectMessage.
        """
        session = self._broker.sessions.get(client_id)
        if client_id not in self._broker.connections or session is None:
            return False
        return self._post(lambda: session.deliver(Outgoing(topic, payload), qos, direct=True))

    def disconnect(
        self,
        client_id: str,
        *,
        clean_session: bool = False,
        prevent_will: bool = False,
        reason: str = "API_INITIATED_DISCONNECT",
    ) -> bool:
        """End a client's connection, and its persistent session too if ``clean_session``; False if not connected.

        Source: API DeleteConnection.
        """
        broker = self._broker
        connection, state = broker.connections.get(client_id), broker.states.get(client_id)
        if connection is None or state is None:
            return False
        broker.states[client_id] = dataclasses.replace(
            state,
            connected=False,
            connected_since_ms=None,
            disconnected_since_ms=broker.clock.now_ms(),
            disconnect_reason=reason,
        )

        def end() -> None:
            connection.end(reason, "the service ended the connection", prevent_will=prevent_will)
            if clean_session and connection.session is not None:
                broker.discard_session(connection.session)

        return self._post(end)

    def connection(self, client_id: str) -> ConnectionState | None:
        """The client's connection, also for an hour after it ended. Source: API GetConnection."""
        return self._broker.states.get(client_id)

    def connections(self) -> tuple[ConnectionState, ...]:
        """Every client's connection, living or ended within the hour. Source: fleet indexing, connectivity."""
        return tuple(self._broker.states.copy().values())

    def subscriptions(self, client_id: str) -> tuple[Subscription, ...] | None:
        """The client's subscriptions in the order made; None without a session. Source: API ListSubscriptions."""
        session = self._broker.sessions.get(client_id)
        if session is None:
            return None
        return tuple(Subscription(topic_filter, qos) for topic_filter, qos in session.subscriptions.items())

    def sessions(self) -> list[dict[str, object]]:
        """Every session as plain values, sorted by client ID: equal dumps mean that nothing changed."""
        self.settle()
        return [session.dump() for _client_id, session in sorted(self._broker.sessions.items())]

    def on_topic(self, pattern: str, service: Service) -> None:
        """Let ``service`` answer publishes to reserved topics that match the topic filter ``pattern``.

        It is called on the data plane's thread and must be quick; its direct replies go to the requester only.
        """
        self._broker.services.add(pattern, service)

    def after(self, seconds: float, action: Callable[[], None]) -> bool:
        """Run ``action`` on the data plane's thread once ``seconds`` have passed on its clock; False if not running."""
        return self._post(lambda: self._arm(seconds, action))

    def _arm(self, seconds: float, action: Callable[[], None]) -> None:
        self._broker.timers.after(seconds, action)

    def reset(self) -> None:
        """Drop all connections without their wills, all sessions and the transcript; retained messages stay."""
        self._post(self._broker.clear)
        self.settle()
        self.transcript.clear()


def _nothing() -> None:
    return None


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"port {port} on {HOST} cannot be opened: {error}",
            expected="a free port of this machine",
            remedy="choose another port, or 0 for any free one",
        ) from error
    return listener
