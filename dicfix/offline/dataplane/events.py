"""The lifecycle events that AWS IoT publishes by itself: topic and payload of each. Pure functions.

Source: developerguide life-cycle-events (newest page for connect_failed), auto-register-device-cert.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dicfix.offline.dataplane.admission import Registration

EVENTS_QOS = 1
"""QoS that events are published with; a subscriber gets the lower of this and its own. Assumed: no page says it."""

AUTHORIZATION_FAILED = "AUTHORIZATION_FAILED"

Event = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an event is about: one connection of a client ID."""

    client_id: str
    certificate_id: str
    session_id: str
    source_ip: str
    version: int
    exclusive_thing: str | None = None


def has_events(client_id: str) -> bool:
    """Client IDs with ``+`` or ``#`` get no lifecycle events."""
    return "+" not in client_id and "#" not in client_id


def connected(subject: Subject, at_ms: int) -> Event:
    """A client connected."""
    extra = {"ipAddress": subject.source_ip, "versionNumber": subject.version}
    return _event("presence/connected", "connected", subject, at_ms, extra)


def disconnected(subject: Subject, at_ms: int, *, reason: str) -> Event:
    """A connection ended."""
    extra = {
        "clientInitiatedDisconnect": reason == "CLIENT_INITIATED_DISCONNECT",
        "disconnectReason": reason,
        "versionNumber": subject.version,
    }
    return _event("presence/disconnected", "disconnected", subject, at_ms, extra)


def connect_failed(subject: Subject, at_ms: int) -> Event:
    """A client was not authorised to connect, or not to publish its will."""
    extra = {"ipAddress": subject.source_ip, "connectFailureReason": AUTHORIZATION_FAILED}
    return _event("presence/connect_failed", "connect_failed", subject, at_ms, extra)


def subscribed(subject: Subject, at_ms: int, topics: list[str]) -> Event:
    """A client subscribed."""
    return _event("subscriptions/subscribed", "subscribed", subject, at_ms, {"topics": topics})


def unsubscribed(subject: Subject, at_ms: int, topics: list[str]) -> Event:
    """A client unsubscribed."""
    return _event("subscriptions/unsubscribed", "unsubscribed", subject, at_ms, {"topics": topics})


def _event(family: str, event_type: str, subject: Subject, at_ms: int, extra: dict[str, Any]) -> Event:
    payload = {
        "clientId": subject.client_id,
        "timestamp": at_ms,
        "eventType": event_type,
        "sessionIdentifier": subject.session_id,
        "principalIdentifier": subject.certificate_id,
        **extra,
    }
    if subject.exclusive_thing is not None:
        payload["thingName"] = subject.exclusive_thing
    return f"$aws/events/{family}/{subject.client_id}", json.dumps(payload).encode()


def certificate_registered(registration: Registration, at_ms: int, *, account_id: str, source_ip: str) -> Event:
    """A certificate was registered just in time, or presented again while it waits for activation."""
    certificate = registration.certificate
    payload = {
        "certificateId": certificate.certificate_id,
        "caCertificateId": registration.ca_certificate_id,
        "timestamp": at_ms,
        "certificateStatus": certificate.status,
        "awsAccountId": account_id,
        # A peer's live capture: null in the first event.
        "certificateRegistrationTimestamp": None if registration.first else certificate.registered_at_ms,
        "sourceIp": source_ip,
    }
    topic = f"$aws/events/certificates/registered/{registration.ca_certificate_id}"
    return topic, json.dumps(payload).encode()
