"""The paho client under a connection: dial, callbacks, the cause of the end, and waiting with a named deadline.

Nothing reconnects: a lost connection stays lost and says why.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition
from typing import Any, TypeVar

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from dicfix.errors import ConnectionRefused, DeadlineExceeded
from dicfix.mqtt.messages import Inbox
from dicfix.mqtt.parameters import ConnectionParameters, Deadlines
from dicfix.mqtt.refusals import Reason, reason_of_end, refusal_in_tls, refusal_to_dial
from dicfix.mqtt.route import Route
from dicfix.mqtt.tls import ClientContext, client_context
from dicfix.mqtt.transcript import Transcript, payload_text

T = TypeVar("T")

# paho gives MQTT 5 reason codes; these are the MQTT 3.1.1 return codes behind them (section 3.2.2.3).
_CONNACK_CODES = {132: 1, 133: 2, 136: 3, 134: 4, 135: 5}


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a connection is over; ``stage`` is the one it died in if that is known already."""

    reason: str
    text: str
    stage: str = ""
    at_s: float = 0.0


class Link:
    """One connection from dial to end: its state, its transcript and the one way to wait for a change of either."""

    def __init__(
        self,
        parameters: ConnectionParameters,
        route: Route,
        deadlines: Deadlines,
        server_reason: Callable[[str], str] | None,
    ) -> None:
        self.parameters = parameters
        self.route = route
        self.deadlines = deadlines
        self.transcript = Transcript(f"MQTT client {parameters.client_id!r} at {route}")
        self.session_present = False
        self._server_reason = server_reason
        self._changed = Condition()
        self._accepted = False
        self._closing = False
        self._ended: Ended | None = None
        self._inbox = Inbox()
        self._granted: dict[int, list[int]] = {}
        self._unsubscribed: set[int] = set()
        self._filters: set[str] = set()
        self._context: ClientContext | None = None
        self._client: paho.Client | None = self._new_client()

    # Opening and closing

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.parameters.client_id,
            clean_session=self.parameters.clean_session,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = self.deadlines.connect_s
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_publish = self._on_publish
        return client

    def open(self) -> None:
        """Dial, shake hands and wait for CONNACK; called once, by ``connect``."""
        try:
            self._start(self._live)
            self._await("connack_s", "CONNACK", lambda: self._accepted or None, stage="connect")
        except BaseException as error:
            self.transcript.seen(f"not connected: {error}")
            self._close(polite=False)
            raise

    def _start(self, client: paho.Client) -> None:
        self._configure(client)
        self._dial(client)
        client.loop_start()

    def _configure(self, client: paho.Client) -> None:
        parameters = self.parameters
        if parameters.tls is not None:
            self._context = client_context(parameters.tls, parameters.host)
            client.tls_set_context(self._context)
        if parameters.will is not None:
            will = parameters.will
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        if parameters.username is not None:
            client.username_pw_set(parameters.username, parameters.password)

    def _dial(self, client: paho.Client) -> None:
        self.transcript.seen(f"dial {self.route}, {_tls_words(self.parameters)}")
        try:
            client.connect(self.route.address, self.route.via_port, self.parameters.keep_alive_s)
        except OSError as error:
            if self._context is not None:
                self._context.close()
            raise refusal_to_dial(
                error, str(self.route), has_certificate=self._has_certificate, connect_s=self.deadlines.connect_s
            ) from error
        self.transcript.sent(
            f"CONNECT client ID {self.parameters.client_id!r}, keep alive {self.parameters.keep_alive_s} s"
        )

    @property
    def _has_certificate(self) -> bool:
        return self.parameters.tls is None or self.parameters.tls.certificate_pem is not None

    def disconnect(self) -> None:
        """Send DISCONNECT and wait until the connection is closed; nothing happens if it is over already."""
        self._close(polite=True)

    def drop(self) -> None:
        """Close the TCP connection without DISCONNECT, as a device that loses its power does."""
        self._close(polite=False)

    def _close(self, *, polite: bool) -> None:
        with self._changed:
            # Whoever takes the client closes it; paho frees its own sockets when nothing holds it any more.
            client, self._client = self._client, None
            is_open = self._accepted and self._ended is None
            self._closing = True
        if client is None:
            return
        if is_open and polite:
            self.transcript.sent("DISCONNECT")
            client.disconnect()
            with self._changed:
                self._changed.wait_for(lambda: self._ended is not None, self.deadlines.end_s)
        elif is_open:
            self.transcript.seen("TCP connection dropped without DISCONNECT")
        self._release(client)

    def _release(self, client: paho.Client) -> None:
        opened = client.socket()
        if opened is not None:
            _shut_down(opened)
        client.loop_stop()
        if self._context is not None:
            self._context.close()
        with self._changed:
            self._end(self._cause_of_end(0))
            self._changed.notify_all()

    # State and waiting

    @property
    def _live(self) -> paho.Client:
        client = self._client
        if client is None:
            raise self._refusal("session")
        return client

    @property
    def is_connected(self) -> bool:
        """Whether the server accepted the connection and nobody has ended it, as far as is known here."""
        with self._changed:
            return self._accepted and self._ended is None and not self._closing

    @property
    def ended(self) -> Ended | None:
        """Why the connection is over, or None while it lasts."""
        with self._changed:
            return self._ended

    def _await(
        self,
        deadline: str,
        waiting_for: str,
        ready: Callable[[], T | None],
        *,
        stage: str,
        timeout_s: float | None = None,
    ) -> T:
        limit_s = getattr(self.deadlines, deadline) if timeout_s is None else timeout_s
        until = time.monotonic() + limit_s
        with self._changed:
            while True:
                value = ready()
                if value is not None:
                    return value
                left_s = until - time.monotonic()
                if self._ended is not None or left_s <= 0:
                    break
                self._changed.wait(left_s)
            over = self._ended is not None
        if over:
            raise self._refusal(stage)
        raise DeadlineExceeded(deadline, limit_s, f"{waiting_for} for client ID {self.parameters.client_id!r}")

    def _refusal(self, stage: str) -> ConnectionRefused:
        ended = self.ended or Ended(Reason.DROPPED, "the connection is over")
        return ConnectionRefused(
            ended.text,
            stage=ended.stage or stage,
            reason=ended.reason,
            server_reason=self._reason_kept_by_server(),
        )

    def _reason_kept_by_server(self) -> str:
        return self._server_reason(self.parameters.client_id) if self._server_reason is not None else ""

    # Called by paho, in its thread

    def _on_connect(self, _client: Any, _data: Any, flags: Any, code: Any, _properties: Any) -> None:
        number = _CONNACK_CODES.get(code.value, code.value) if code.is_failure else 0
        self.transcript.received(f"CONNACK {number}")
        with self._changed:
            if number:
                text = f"the server refused client ID {self.parameters.client_id!r} with CONNACK {number} ({code})"
                self._end(Ended(f"{Reason.CONNACK} {number}", text, "connect"))
            else:
                self.session_present = bool(flags.session_present)
                self._accepted = True
            self._changed.notify_all()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        with self._changed:
            self._end(self._cause_of_end(code.value))
            self._changed.notify_all()

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        flags = f"QoS {message.qos}{', retain' if message.retain else ''}"
        self.transcript.received(f"PUBLISH {message.topic!r} {payload_text(payload)} {flags}")
        with self._changed:
            self._inbox.add(
                message.topic,
                payload,
                qos=message.qos,
                retain=bool(message.retain),
                at_s=time.monotonic(),
            )
            self._changed.notify_all()

    def _on_subscribe(self, _client: Any, _data: Any, number: int, codes: Any, _properties: Any) -> None:
        granted = [code.value for code in codes]
        self.transcript.received(f"SUBACK {', '.join(f'0x{code:02x}' for code in granted)}")
        with self._changed:
            self._granted[number] = granted
            self._changed.notify_all()

    def _on_unsubscribe(self, _client: Any, _data: Any, number: int, _codes: Any, _properties: Any) -> None:
        self.transcript.received("UNSUBACK")
        with self._changed:
            self._unsubscribed.add(number)
            self._changed.notify_all()

    def _on_publish(self, _client: Any, _data: Any, _number: int, _code: Any, _properties: Any) -> None:
        with self._changed:
            self._changed.notify_all()

    def _end(self, ended: Ended) -> None:
        if self._ended is None:
            self._ended = Ended(ended.reason, ended.text, ended.stage, time.monotonic())
            self.transcript.seen(f"ended: {ended.text}")

    def _cause_of_end(self, code: int) -> Ended:
        client_id = self.parameters.client_id
        failure = self._context.failure if self._context is not None else None
        if self._closing:
            return Ended(Reason.CLOSED_BY_CLIENT, f"client ID {client_id!r} closed the connection itself", "session")
        if not self._accepted and (failure is not None or not self._has_certificate):
            refusal = refusal_in_tls(
                failure or ConnectionResetError(), str(self.route), has_certificate=self._has_certificate
            )
            if refusal.reason != Reason.CLOSED_IN_TLS:
                return Ended(refusal.reason, refusal.observed, "tls")
        reason, text = reason_of_end(client_id, code, accepted=self._accepted)
        return Ended(reason, text, "" if self._accepted else "connect")


def _send_at_once(_client: Any, _data: Any, opened: Any) -> None:
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _shut_down(opened: Any) -> None:
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was first


def _tls_words(parameters: ConnectionParameters) -> str:
    tls = parameters.tls
    if tls is None:
        return "no TLS"
    name = f"server name {parameters.host!r}" if tls.sends_server_name else "no server name (SNI)"
    return f"TLS, {name}, {'client certificate given' if tls.certificate_pem else 'no client certificate'}"
