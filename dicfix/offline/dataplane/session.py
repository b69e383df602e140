"""The session of a client ID: its subscriptions and the QoS 1 messages on their way to it. For one thread.

Source: MQTT 3.1.1 sections 3.1.2.4, 4.1, 4.4; developerguide mqtt, persistent sessions.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from dicfix.offline.dataplane.clock import Clock, Timer, Timers
from dicfix.offline.dataplane.encoding import Outgoing
from dicfix.offline.rules.connection import (
    OUTBOUND_UNACKNOWLEDGED,
    RETRY_FOR_S,
    RETRY_INTERVAL_S,
    STORED_MESSAGES_PER_S,
)

STORED_MESSAGES = 10_000
STORED_BYTES = 32 * 1024 * 1024
"""How many messages, and bytes of them, a session stores at most; the oldest go first. Ours: AWS names no number."""


class Link(Protocol):
    """The connection of a session, as far as the session needs it."""

    congested: bool

    def write(self, packet: bytes) -> None:
        """Send one packet."""

    def may_receive(self, topic: str) -> bool:
        """Whether policy lets a message through."""


@dataclass(slots=True)
class _Waiting:
    """A QoS 1 message; ``direct`` ones came by no subscription, so iot:Receive is not asked for them."""

    message: Outgoing
    retain: bool
    direct: bool
    first_sent_s: float = 0.0
    sent_s: float = 0.0


class Session:
    """One client ID's state on the server; without a ``link`` while it is not connected."""

    __slots__ = (
        "_clock", "_last_packet_id", "_pace", "_retry", "_stored", "_stored_bytes", "_timers", "_unacknowledged",
        "clean", "client_id", "expiry", "link", "subscriptions",
    )  # fmt: skip

    def __init__(self, client_id: str, *, clean: bool, clock: Clock, timers: Timers) -> None:
        self.client_id = client_id
        self.clean = clean
        self.subscriptions: dict[str, int] = {}
        self.link: Link | None = None
        self.expiry: Timer | None = None
        self._clock = clock
        self._timers = timers
        self._unacknowledged: dict[int, _Waiting] = {}
        self._stored: deque[_Waiting] = deque()
        self._stored_bytes = 0
        self._last_packet_id = 0
        self._retry: Timer | None = None
        self._pace: Timer | None = None

    def deliver(self, message: Outgoing, qos: int, *, retain: bool = False, direct: bool = False) -> None:
        """Send ``message``, or keep it if it is QoS 1 and cannot go now. QoS 0 to a slow reader is dropped."""
        link = self.link
        if not qos:
            if link is not None and not link.congested:
                link.write(message.at_qos_0(retain=retain))
            return
        waiting = _Waiting(message, retain, direct)
        if link is None or self._pace is not None or len(self._unacknowledged) >= OUTBOUND_UNACKNOWLEDGED:
            self._store(waiting)
        else:
            self._send(link, waiting)

    def _store(self, waiting: _Waiting) -> None:
        self._stored.append(waiting)
        self._stored_bytes += len(waiting.message.payload)
        while len(self._stored) > STORED_MESSAGES or self._stored_bytes > STORED_BYTES:
            self._next_stored()

    def _next_stored(self) -> _Waiting:
        waiting = self._stored.popleft()
        self._stored_bytes -= len(waiting.message.payload)
        return waiting

    def _send(self, link: Link, waiting: _Waiting) -> None:
        packet_id = self._last_packet_id % 65535 + 1
        while packet_id in self._unacknowledged:
            packet_id = packet_id % 65535 + 1
        self._last_packet_id = packet_id
        waiting.first_sent_s = waiting.sent_s = self._clock.monotonic_s()
        self._unacknowledged[packet_id] = waiting
        link.write(waiting.message.at_qos_1(packet_id, retain=waiting.retain))
        if self._retry is None:
            self._retry = self._timers.after(RETRY_INTERVAL_S, self._send_again)

    def acknowledge(self, packet_id: int) -> None:
        """A PUBACK came; unknown identifiers are ignored."""
        if self._unacknowledged.pop(packet_id, None) is not None and self._stored and self._pace is None:
            self._send_stored(len(self._stored))

    def _send_stored(self, count: int) -> None:
        """Send up to ``count`` stored messages, as far as the window goes and policy still allows them."""
        link = self.link
        while link is not None and count and self._stored and len(self._unacknowledged) < OUTBOUND_UNACKNOWLEDGED:
            waiting = self._next_stored()
            if waiting.direct or link.may_receive(waiting.message.topic):
                self._send(link, waiting)
                count -= 1

    def resume(self, link: Link, *, paced: bool) -> None:
        """A connection took the session up: send again what was not acknowledged, then what was stored."""
        self.link = link
        if self.expiry is not None:
            self.expiry.cancel()
        for packet_id, waiting in list(self._unacknowledged.items()):
            if waiting.direct or link.may_receive(waiting.message.topic):
                self._repeat(link, packet_id, waiting)
            else:
                del self._unacknowledged[packet_id]
        if paced:
            self._send_paced()
        else:
            self._send_stored(len(self._stored))

    def _repeat(self, link: Link, packet_id: int, waiting: _Waiting) -> None:
        waiting.sent_s = self._clock.monotonic_s()
        link.write(waiting.message.at_qos_1(packet_id, retain=waiting.retain, dup=True))

    def _send_paced(self) -> None:
        self._pace = None
        self._send_stored(STORED_MESSAGES_PER_S)
        if self._stored and self.link is not None:
            self._pace = self._timers.after(1.0, self._send_paced)

    def release(self) -> None:
        """The connection is gone; the state stays."""
        self.link = None
        if self._pace is not None:
            self._pace.cancel()
            self._pace = None

    def discard(self) -> None:
        """The session is over: nothing will be sent again."""
        self.release()
        for timer in (self.expiry, self._retry):
            if timer is not None:
                timer.cancel()

    def _send_again(self) -> None:
        self._retry = None
        now, link = self._clock.monotonic_s(), self.link
        for packet_id, waiting in list(self._unacknowledged.items()):
            if now - waiting.first_sent_s >= RETRY_FOR_S:
                del self._unacknowledged[packet_id]
            elif link is not None and not link.congested and now - waiting.sent_s >= RETRY_INTERVAL_S:
                self._repeat(link, packet_id, waiting)
        if self._unacknowledged:
            self._retry = self._timers.after(RETRY_INTERVAL_S, self._send_again)
        if self._pace is None:
            self._send_stored(len(self._stored))

    def dump(self) -> dict[str, object]:
        """The session as plain values."""
        return {
            "client_id": self.client_id,
            "clean": self.clean,
            "connected": self.link is not None,
            "subscriptions": dict(sorted(self.subscriptions.items())),
            "unacknowledged": [waiting.message.topic for waiting in self._unacknowledged.values()],
            "stored": [waiting.message.topic for waiting in self._stored],
        }
