"""AWS IoT's rules for a connection: SNI, client ID, take-over, keep alive, sessions, will, rates, payload and QoS.

Pure functions of what a CONNECT or the TLS handshake shows; imports nothing but the registry of rules.
"""

from __future__ import annotations

from typing import TypeVar

from dicfix.offline.rules import Level, rule
from dicfix.offline.rules.refusals import AUTH_ERROR, THROTTLED, Refusal

T = TypeVar("T")

ALPN_MUTUAL_TLS = b"x-amzn-mqtt-ca"
"""The ALPN name of MQTT with a client certificate. Source: developerguide protocols."""

CLIENT_ID_BYTES = 128
PAYLOAD_BYTES = 128 * 1024
MAX_QOS = 1
OUTBOUND_UNACKNOWLEDGED = 100
"""QoS 1 messages on their way to one client at a time. Source: general reference iot-core quotas."""

SESSION_EXPIRY_S = 3600
"""How long a persistent session outlives its connection. Source: developerguide mqtt, persistent sessions."""

STORED_MESSAGES_PER_S = 10
"""Pace of stored messages after a reconnect; kept only with the rate limits on. Source: developerguide mqtt."""

RETRY_INTERVAL_S = 20.0
"""Pause before an unacknowledged QoS 1 message is sent again on the same connection. Assumed: AWS names no interval."""

RETRY_FOR_S = 3600.0
"""How long an unacknowledged QoS 1 message is retried. Source: general reference iot-core quotas."""

KEEP_ALIVE_MIN_S = 30
KEEP_ALIVE_MAX_S = 1200
KEEP_ALIVE_GRACE = 1.5
PUBLISHES_PER_S = 100
BYTES_PER_S = 512 * 1024
CONNECTS_PER_S = 1

CONNACK_WHEN_NOT_AUTHORIZED: int | None = None
"""AWS closes without a CONNACK when a client may not connect. Source: developerguide mqtt ("error code 7")."""

EMPTY_CLIENT_ID_PREFIX = "$GEN/"
"""An empty client ID with a clean session gets an ID of this prefix, as AWS does for MQTT 5; assumed for MQTT 3.1.1."""

_MQTT = "developerguide mqtt"
_QUOTAS = "general reference iot-core quotas"
_LIFECYCLE = "developerguide life-cycle-events"
_HERE = "tests/test_dataplane_admission.py::"
_SESSIONS = "tests/test_dataplane_sessions.py::"
_LIMITS = "tests/test_dataplane_limits.py::"


@rule(
    "SNI-REQUIRED",
    source="developerguide x509-client-certs, multi-account registration",
    level=Level.DOCUMENTED,
    held_by=(_HERE + "test_a_certificate_of_an_sni_only_ca_is_refused_without_sni",),
)
def sni_missing(mode: str, server_name: str | None) -> Refusal | None:
    """A certificate registered in SNI_ONLY mode connects only with SNI."""
    if mode != "SNI_ONLY" or server_name:
        return None
    text = "the certificate is registered in multi-account mode (SNI_ONLY) and the client sent no SNI"
    return Refusal("SNI_MISSING", text, AUTH_ERROR)


@rule(
    "SNI-FOREIGN",
    source="developerguide transport-security: SNI carries the account's endpoint",
    level=Level.DOCUMENTED,
    held_by=(_HERE + "test_an_sni_of_another_account_or_region_is_refused",),
)
def sni_foreign(server_name: str | None, endpoint: str) -> Refusal | None:
    """An SNI that is not this account's endpoint in this Region reaches nothing here; localhost is an alias."""
    if not server_name or server_name in (endpoint.lower(), "localhost"):
        return None
    text = f"SNI {server_name} is neither {endpoint} nor localhost: another account or Region"
    return Refusal("SNI_FOREIGN", text, AUTH_ERROR)


@rule(
    "CLIENT-ID-LENGTH",
    source=_QUOTAS,
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_a_client_id_of_129_bytes_is_refused",),
)
def client_id_too_long(client_id: str) -> Refusal | None:
    """A client ID has at most 128 bytes of UTF-8."""
    size = len(client_id.encode())
    if size <= CLIENT_ID_BYTES:
        return None
    return Refusal("CLIENT_ID_TOO_LONG", f"a client ID of {size} bytes; at most {CLIENT_ID_BYTES} are allowed")


@rule(
    "TAKE-OVER",
    source=_MQTT + ": a new connection with a client ID in use ends the old one",
    level=Level.DOCUMENTED,
    held_by=(_SESSIONS + "test_a_second_connection_with_a_client_id_in_use_drops_the_first",),
)
def taken_over(current: T | None) -> T | None:
    """A new connection with a client ID in use ends the older one, whichever of them has a clean session."""
    return current


def _keep_alive_as_written(keep_alive_s: int) -> float | None:
    return KEEP_ALIVE_GRACE * keep_alive_s if keep_alive_s else None


@rule(
    "KEEP-ALIVE",
    source=_QUOTAS + "; 0 meaning 1200 s: aws-c-mqtt v0.4.27",
    level=Level.PEER,
    held_by=(
        _SESSIONS + "test_silence_of_one_and_a_half_keep_alives_ends_the_connection",
        "tests/test_rules_connection.py::test_keep_alive_is_clamped_to_30_and_1200_seconds",
    ),
    without=_keep_alive_as_written,
)
def keep_alive_timeout_s(keep_alive_s: int) -> float | None:
    """Silence of 1.5 times the keep alive, clamped to 30 to 1200 s, ends a connection; 0 means 1200 s of silence."""
    if not keep_alive_s:
        return float(KEEP_ALIVE_MAX_S)
    return KEEP_ALIVE_GRACE * min(max(keep_alive_s, KEEP_ALIVE_MIN_S), KEEP_ALIVE_MAX_S)


@rule(
    "SESSION-EXPIRY",
    source=_MQTT + ", persistent sessions",
    level=Level.DOCUMENTED,
    held_by=(_SESSIONS + "test_a_persistent_session_expires_after_an_hour",),
)
def session_expiry_s(*, clean_session: bool) -> int | None:
    """A persistent session is kept for an hour after its connection ended, a clean one not at all."""
    return 0 if clean_session else SESSION_EXPIRY_S


_NO_WILL = frozenset({"CLIENT_INITIATED_DISCONNECT"})


@rule(
    "WILL-ON-END",
    source=_LIFECYCLE + ", table of disconnect reasons",
    level=Level.DOCUMENTED,
    held_by=(_SESSIONS + "test_the_will_is_published_unless_the_client_said_goodbye",),
    without=lambda _reason: True,
)
def will_is_published(disconnect_reason: str) -> bool:
    """The will is published for every end but the client's own DISCONNECT."""
    return disconnect_reason not in _NO_WILL


@rule(
    "QOS-2",
    source=_MQTT + ": no QoS 2",
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_qos_2_ends_the_connection_for_publish_subscribe_and_will",),
)
def qos_refusal(qos: int) -> Refusal | None:
    """There is no QoS 2: a publish, subscription or will that asks for it ends the connection."""
    return Refusal("QOS_2", f"QoS {qos} asked for; AWS IoT has QoS 0 and 1") if qos > MAX_QOS else None


@rule(
    "PAYLOAD-SIZE",
    source=_QUOTAS,
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_128_kib_of_payload_pass_and_one_byte_more_ends_the_connection",),
)
def payload_too_large(size_bytes: int) -> Refusal | None:
    """A payload has at most 128 KiB."""
    if size_bytes <= PAYLOAD_BYTES:
        return None
    return Refusal("PAYLOAD_TOO_LARGE", f"a payload of {size_bytes} bytes; at most {PAYLOAD_BYTES} are allowed")


@rule(
    "RATE-CONNECT",
    source="limits-iot: one CONNECT a second for each client ID",
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_a_second_connect_within_a_second_is_throttled_when_rate_limits_are_on",),
)
def connect_rate_exceeded(seconds_since_last: float | None) -> Refusal | None:
    """A client ID connects at most once a second; kept only with the rate limits on."""
    if seconds_since_last is None or seconds_since_last >= 1 / CONNECTS_PER_S:
        return None
    return Refusal("CONNECT_RATE", "a second CONNECT with this client ID within a second", THROTTLED)


@rule(
    "RATE-PUBLISH",
    source="aws-iot-device-sdk-js-v2 AwsIotCoreDefaults",
    level=Level.PEER,
    held_by=(
        _LIMITS + "test_more_than_100_publishes_in_a_second_are_throttled_when_rate_limits_are_on",
        "tests/test_rules_connection.py::test_a_connection_sends_at_most_100_messages_and_512_kib_a_second",
    ),
)
def publish_rate_exceeded(messages: int, size_bytes: int) -> Refusal | None:
    """A connection sends at most 100 messages and 512 KiB in a second; kept only with the rate limits on."""
    if messages > PUBLISHES_PER_S:
        return Refusal("PUBLISH_RATE", f"more than {PUBLISHES_PER_S} publishes in a second", THROTTLED)
    if size_bytes > BYTES_PER_S:
        return Refusal("BYTES_RATE", f"more than {BYTES_PER_S} bytes in a second", THROTTLED)
    return None
