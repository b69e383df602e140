"""The session of a client ID: its subscriptions and the QoS 1 messages on their way to it. For one thread.

Source: MQTT 3.1.1 sections 3.1.2.4, 4.1, 4.4; developerguide mqtt, persistent sessions.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from dicfix.offline.dataplane.clock import Clock, Timer, Timers
from dicfix.offline.dataplane.packets import Outgoing
from dicfix.offline.rules.connection import (
    OUTBOUND_UNACKNOWLEDGED,
    RETRY_FOR_S,
    RETRY_INTERVAL_S,
    STORED_MESSAGES_PER_S,
)

STORED_MESSAGES = 10_000
"""How many messages a session stores at most; the oldest go first. Ours: AWS publishes no such number."""


class Link(Protocol):
    """The connection of a session, as far as the session needs it."""

    congested: bool

    def write(self, packet: bytes) -> None:
        """Send one packet."""


@dataclass(slots=True)
class _Unacknowledged:
    message: Outgoing
    retain: bool
    first_sent_s: float
    sent_s: float


class Session:
    """One client ID's state on the server; without a ``link`` while it is not connected."""

    __slots__ = (
        "_clock", "_last_packet_id", "_pace", "_retry", "_timers", "_unacknowledged", "_waiting", "clean", "client_id",
        "expiry", "link", "subscriptions",
    )  # fmt: skip

    def __init__(self, client_id: str, *, clean: bool, clock: Clock, timers: Timers) -> None:
        self.client_id = client_id
        self.clean = clean
        self.subscriptions: dict[str, int] = {}
        self.link: Link | None = None
        self.expiry: Timer | None = None
        self._clock = clock
        self._timers = timers
        self._unacknowledged: dict[int, _Unacknowledged] = {}
        self._waiting: deque[tuple[Outgoing, bool]] = deque(maxlen=STORED_MESSAGES)
        self._last_packet_id = 0
        self._retry: Timer | None = None
        self._pace: Timer | None = None

    def deliver(self, message: Outgoing, qos: int, *, retain: bool = False) -> None:
        """Send ``message``, or keep it if it is QoS 1 and cannot go now. QoS 0 to a slow reader is dropped."""
        link = self.link
        if not qos:
            if link is not None and not link.congested:
                link.write(message.at_qos_0(retain=retain))
        elif link is None or self._pace is not None or len(self._unacknowledged) >= OUTBOUND_UNACKNOWLEDGED:
            self._waiting.append((message, retain))
        else:
            self._send(message, retain=retain)

    def _send(self, message: Outgoing, *, retain: bool) -> None:
        packet_id = self._last_packet_id % 65535 + 1
        while packet_id in self._unacknowledged:
            packet_id = packet_id % 65535 + 1
        self._last_packet_id = packet_id
        now = self._clock.monotonic_s()
        self._unacknowledged[packet_id] = _Unacknowledged(message, retain, now, now)
        if self.link is not None:
            self.link.write(message.at_qos_1(packet_id, retain=retain))
        if self._retry is None:
            self._retry = self._timers.after(RETRY_INTERVAL_S, self._send_again)

    def acknowledge(self, packet_id: int) -> None:
        """A PUBACK came; unknown identifiers are ignored."""
        if self._unacknowledged.pop(packet_id, None) is not None and self._waiting:
            self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting and self._pace is None and len(self._unacknowledged) < OUTBOUND_UNACKNOWLEDGED:
            message, retain = self._waiting.popleft()
            self._send(message, retain=retain)

    def resume(self, link: Link, *, paced: bool) -> None:
        """A connection took the session up: send again what was not acknowledged, then what was stored."""
        self.link = link
        if self.expiry is not None:
            self.expiry.cancel()
        for packet_id, entry in self._unacknowledged.items():
            link.write(entry.message.at_qos_1(packet_id, retain=entry.retain, dup=True))
            entry.sent_s = self._clock.monotonic_s()
        if paced and self._waiting:
            self._send_some_stored()
        else:
            self._send_waiting()

    def _send_some_stored(self) -> None:
        self._pace = None
        for _ in range(min(STORED_MESSAGES_PER_S, len(self._waiting))):
            if self.link is not None and len(self._unacknowledged) < OUTBOUND_UNACKNOWLEDGED:
                message, retain = self._waiting.popleft()
                self._send(message, retain=retain)
        if self._waiting and self.link is not None:
            self._pace = self._timers.after(1.0, self._send_some_stored)

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
        now = self._clock.monotonic_s()
        for packet_id, entry in list(self._unacknowledged.items()):
            if now - entry.first_sent_s >= RETRY_FOR_S:
                del self._unacknowledged[packet_id]
            elif self.link is not None and now - entry.sent_s >= RETRY_INTERVAL_S:
                entry.sent_s = now
                self.link.write(entry.message.at_qos_1(packet_id, retain=entry.retain, dup=True))
        if self._unacknowledged:
            self._retry = self._timers.after(RETRY_INTERVAL_S, self._send_again)
        self._send_waiting()

    def dump(self) -> dict[str, object]:
        """The session as plain values."""
        return {
            "client_id": self.client_id,
            "clean": self.clean,
            "connected": self.link is not None,
            "subscriptions": dict(sorted(self.subscriptions.items())),
            "unacknowledged": [entry.message.topic for entry in self._unacknowledged.values()],
            "stored": [message.topic for message, _retain in self._waiting],
        }
