"""What a connection is made with: parameters, TLS material, will and named deadlines.

Values only; imports nothing of dicfix.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each wait may take, in seconds; the field's name is the deadline's name in messages."""

    connect_s: float = 15.0
    """TCP connect, and again for the TLS handshake."""
    connack_s: float = 15.0
    subscribe_s: float = 15.0
    publish_s: float = 15.0
    message_s: float = 15.0
    end_s: float = 15.0


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """Certificates, key and habits of a TLS client; all material is PEM text.

    ``root_pem`` is the only trust anchor. ``sends_server_name`` off means no SNI, which needs ``checks_host_name``
    off as well (the published firmware does neither).
    """

    root_pem: str
    certificate_pem: str | None = None
    key_pem: str | None = field(default=None, repr=False)
    sends_server_name: bool = True
    checks_host_name: bool = True
    verifies_server: bool = True


@dataclass(frozen=True, slots=True)
class Will:
    """The message that the server publishes when the connection is lost."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionParameters:
    """One MQTT 3.1.1 connection: ``host`` is the documented endpoint, whatever address is dialled.

    ``keep_alive_s`` 0 sends no PINGREQ. ``tls`` None is plain MQTT.
    """

    host: str
    port: int
    client_id: str
    tls: TlsMaterial | None
    keep_alive_s: int = 60
    clean_session: bool = True
    will: Will | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
