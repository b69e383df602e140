"""What iot-data tells of a live session, without opening one. May import ``records``."""

from __future__ import annotations

from datetime import UTC, datetime

from dicfix.aws.answers import tried
from dicfix.aws.registry import _member
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused
from dicfix.records import Field, LiveSession, Unread, known


def read_session(session: AwsSession, client_id: str) -> LiveSession | None:
    """The session of a client ID now or in the last 30 minutes, or None. Source: EXP-7; iot-data GetConnection."""
    operation = "iot-data:GetConnection"
    try:
        answer = session.call("iot-data", "GetConnection", clientId=client_id, includeSocketInformation=True)
    except AwsRefused as error:
        if error.code == "ResourceNotFoundException":
            return None
        raise
    return LiveSession(
        client_id=client_id,
        connected=_member(answer, "connected", operation),
        keep_alive_s=_member(answer, "keepAliveDuration", operation),
        target_port=_member(answer, "targetPort", operation),
        subscriptions=tried("iot-data:ListSubscriptions", lambda: _subscriptions(session, client_id)),
        thing_name=answer.get("thingName", ""),
        disconnect_reason="" if answer.get("connected") else _member(answer, "disconnectReason", operation),
        disconnected_since="" if answer.get("connected") else _since(answer.get("disconnectedSince")),
    )


def _since(milliseconds: int | None) -> Field[str]:
    if milliseconds is None:
        return Unread("iot-data:GetConnection", "FieldMissing", "the answer has no disconnectedSince")
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _subscriptions(session: AwsSession, client_id: str) -> tuple[str, ...]:
    try:
        rows = session.pages("iot-data", "ListSubscriptions", "subscriptions", size=100, clientId=client_id)
        return tuple(str(row["topicFilter"]) for row in rows)
    except AwsRefused as error:
        if error.code == "ResourceNotFoundException":  # no session is kept for a client that has gone
            return ()
        raise


def is_connected(session: AwsSession, client_id: str) -> bool:
    """Whether the client ID is connected right now; raises Unreadable when that cannot be known."""
    operation = "iot-data:GetConnection"
    try:
        answer = session.call("iot-data", "GetConnection", clientId=client_id)
    except AwsRefused as error:
        if error.code == "ResourceNotFoundException":
            return False
        raise
    return bool(known(_member(answer, "connected", operation)))
