"""The plain reason of every connection that was refused or lost, as far as a client can see it.

Turns errors of ssl and socket into ``ConnectionRefused``. Imports ``dicfix.errors`` only.
"""

from __future__ import annotations

import socket
import ssl
from enum import StrEnum

from dicfix.errors import ConnectionRefused, DeadlineExceeded, DicfixError


class Reason(StrEnum):
    """The ``reason`` of a ConnectionRefused; CONNACK and SUBACK codes are added as ``CONNACK 5``."""

    HOST_UNKNOWN = "host name unknown"
    PORT_CLOSED = "port closed"
    UNREACHABLE = "unreachable"
    NOT_TLS = "server does not speak TLS"
    UNTRUSTED_ROOT = "untrusted server certificate"
    WRONG_HOST_NAME = "wrong host name"
    SERVER_EXPIRED = "server certificate expired"
    SERVER_CERTIFICATE = "server certificate refused"
    NO_CLIENT_CERTIFICATE = "no client certificate"
    CLIENT_CERTIFICATE = "client certificate refused"
    SERVER_NAME = "server name refused"
    TLS_FAILED = "TLS handshake failed"
    CLOSED_IN_TLS = "closed during TLS handshake"
    CLOSED_WITHOUT_CONNACK = "closed without CONNACK"
    CONNACK = "CONNACK"
    SUBACK = "SUBACK"
    PROTOCOL = "not MQTT 3.1.1"
    KEEP_ALIVE = "keep alive timed out"
    DROPPED = "dropped"
    CLOSED_BY_CLIENT = "closed by this client"


# OpenSSL's X509_V_ERR numbers. Source: openssl-verification-options(1), x509_vfy.h.
_VERIFY_CODES = {
    10: Reason.SERVER_EXPIRED,
    18: Reason.UNTRUSTED_ROOT,
    19: Reason.UNTRUSTED_ROOT,
    20: Reason.UNTRUSTED_ROOT,
    21: Reason.UNTRUSTED_ROOT,
    62: Reason.WRONG_HOST_NAME,
    64: Reason.WRONG_HOST_NAME,
}

_CERTIFICATE_ALERTS = (
    "BAD_CERTIFICATE",
    "CERTIFICATE_UNKNOWN",
    "UNKNOWN_CA",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "UNSUPPORTED_CERTIFICATE",
    "ACCESS_DENIED",
)


def refusal_to_dial(error: OSError, target: str, *, has_certificate: bool, connect_s: float) -> DicfixError:
    """The error for a connection that failed before CONNECT was sent; ``target`` is the route as text."""
    if isinstance(error, TimeoutError):
        return DeadlineExceeded("connect_s", connect_s, f"an answer of {target}", remedy="check host, port and network")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _refusal_of_server(error, target)
    if isinstance(error, ssl.SSLError):
        return refusal_in_tls(error, target, has_certificate=has_certificate)
    return _refusal_of_tcp(error, target)


def _refusal_of_tcp(error: OSError, target: str) -> ConnectionRefused:
    if isinstance(error, socket.gaierror):
        reason, seen = Reason.HOST_UNKNOWN, f"the host name of {target} is unknown here"
    elif isinstance(error, ConnectionRefusedError):
        reason, seen = Reason.PORT_CLOSED, f"nothing listens at {target}"
    elif isinstance(error, (ConnectionResetError, BrokenPipeError)):
        reason, seen = Reason.CLOSED_IN_TLS, f"{target} closed the connection during the TLS handshake"
        return ConnectionRefused(seen, stage="tls", reason=reason)
    else:
        reason, seen = Reason.UNREACHABLE, f"{target} cannot be reached ({error.strerror or type(error).__name__})"
    return ConnectionRefused(seen, stage="tcp", reason=reason, remedy="check host, port and network")


def _refusal_of_server(error: ssl.SSLCertVerificationError, target: str) -> ConnectionRefused:
    reason = _VERIFY_CODES.get(error.verify_code, Reason.SERVER_CERTIFICATE)
    seen = {
        Reason.UNTRUSTED_ROOT: f"the certificate of {target} is not signed by the given server certificate",
        Reason.WRONG_HOST_NAME: f"the certificate of {target} is for another host name",
        Reason.SERVER_EXPIRED: f"the certificate of {target} has expired",
    }.get(reason, f"the certificate of {target} is refused: {error.verify_message}")
    remedy = {
        Reason.UNTRUSTED_ROOT: "give the root of this endpoint as server certificate (AmazonRootCA1 on AWS)",
        Reason.WRONG_HOST_NAME: "use the account's own data endpoint as host",
    }.get(reason, "check the server's certificate")
    return ConnectionRefused(seen, stage="tls", reason=reason, remedy=remedy)


def refusal_in_tls(error: OSError, target: str, *, has_certificate: bool) -> ConnectionRefused:
    """The refusal for an alert or break in TLS, whether it came in the handshake or, as TLS 1.3 allows, after it."""
    alert = (getattr(error, "reason", None) or "").upper()
    if not has_certificate:
        return ConnectionRefused(
            f"{target} ended the TLS handshake: no client certificate was given",
            stage="tls",
            reason=Reason.NO_CLIENT_CERTIFICATE,
            remedy="give client certificate and client key",
        )
    reason, seen = _reason_of_alert(error, alert)
    return ConnectionRefused(f"{target} {seen}" + (f" (TLS: {alert})" if alert else ""), stage="tls", reason=reason)


def _reason_of_alert(error: OSError, alert: str) -> tuple[Reason, str]:
    if any(name in alert for name in _CERTIFICATE_ALERTS):
        return Reason.CLIENT_CERTIFICATE, "refused the client certificate"
    if "UNRECOGNIZED_NAME" in alert:
        return Reason.SERVER_NAME, "does not know the server name that was sent"
    if alert in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"):
        return Reason.NOT_TLS, "does not answer in TLS"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
        return Reason.CLOSED_IN_TLS, "closed the connection during the TLS handshake"
    return Reason.TLS_FAILED, "ended the TLS handshake"


# paho's words for its own causes of an end, as MQTT 5 reason codes.
_PROTOCOL_ERROR, _KEEP_ALIVE_TIMEOUT = 130, 141


def reason_of_end(client_id: str, code: int, *, accepted: bool) -> tuple[Reason, str]:
    """Why the server's side ended a connection, from paho's ``code``; ``accepted`` is whether CONNACK 0 had come."""
    if code == _PROTOCOL_ERROR:
        answer = "what the server sent is no MQTT 3.1.1" if accepted else "the server does not accept MQTT 3.1.1"
        return Reason.PROTOCOL, f"{answer} (client ID {client_id!r})"
    if code == _KEEP_ALIVE_TIMEOUT:
        return Reason.KEEP_ALIVE, f"the server did not answer PINGREQ of client ID {client_id!r}"
    if not accepted:
        text = f"the server closed the connection of client ID {client_id!r} without CONNACK"
        return Reason.CLOSED_WITHOUT_CONNACK, f"{text}, as AWS IoT Core does when it is not authorised"
    return Reason.DROPPED, (
        f"the server ended the connection of client ID {client_id!r} (taken over by another connection with this "
        "client ID, certificate no longer ACTIVE, or the last request not allowed)"
    )
