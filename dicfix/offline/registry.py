"""What the MQTT data plane asks of the device registry, and the values it gets back.

The data plane knows this Protocol only; ``aws_api`` answers it from moto's state, tests from plain dictionaries.
All certificates cross this border as DER bytes; ``certificate_id`` is the lower-case hex SHA-256 of that DER.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class RegisteredCa:
    """A CA certificate as registered: ``mode`` is DEFAULT or SNI_ONLY, ``status`` ACTIVE or INACTIVE."""

    ca_certificate_id: str
    der: bytes
    status: str
    mode: str
    auto_registration: bool


@dataclass(frozen=True, slots=True)
class RegisteredCertificate:
    """A device certificate as registered; ``ca_certificate_id`` is None when it was registered without its CA."""

    certificate_id: str
    arn: str
    der: bytes
    status: str
    mode: str
    ca_certificate_id: str | None
    registered_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AttachedThing:
    """A thing that a certificate is attached to; ``exclusive`` is thingPrincipalType EXCLUSIVE_THING."""

    thing_name: str
    thing_type: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class PolicyText:
    """The default version of an attached policy, parsed."""

    name: str
    document: Mapping[str, Any]


class Registry(Protocol):
    """The registry of one account and Region as the data plane sees it. Every method is quick and thread-safe."""

    account_id: str
    region: str

    def version(self) -> int:
        """A number that grows with every change, so that a connection may cache what it was told."""

    def certificate(self, certificate_id: str) -> RegisteredCertificate | None:
        """The registered certificate of this id."""

    def ca_certificates(self) -> Sequence[RegisteredCa]:
        """Every registered CA certificate, ACTIVE or not."""

    def register_automatically(self, der: bytes, ca: RegisteredCa) -> RegisteredCertificate:
        """Register an unknown certificate of ``ca`` as PENDING_ACTIVATION (just-in-time registration)."""

    def policies(self, certificate_id: str) -> Sequence[PolicyText]:
        """The policies attached to the certificate and to the thing groups of its things."""

    def things(self, certificate_id: str) -> Sequence[AttachedThing]:
        """The things that the certificate is attached to."""

    def retained_store(self) -> dict[str, RetainedMessage]:
        """The account's retained messages by topic; the data plane owns the contents."""

    def on_certificate_change(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call ``callback(certificate_id)`` after a status change, deletion or detach; gives the way to unsubscribe."""


@dataclass(frozen=True, slots=True)
class RetainedMessage:
    """A retained message: topic, payload bytes, QoS 0 or 1, time of storing in ms since the epoch."""

    topic: str
    payload: bytes
    qos: int
    stored_at_ms: int
