"""What can be asked about a client ID: its connection and its subscriptions. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription of a client ID."""

    topic_filter: str
    qos: int


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """The last connection of a client ID, living or ended; times in ms since the epoch.

    Source: API GetConnection.
    """

    client_id: str
    connected: bool
    certificate_id: str
    thing_name: str | None
    clean_session: bool
    source_ip: str
    source_port: int
    target_ip: str
    target_port: int
    keep_alive_s: int
    session_expiry_s: int
    connected_since_ms: int | None
    disconnected_since_ms: int | None = None
    disconnect_reason: str | None = None
