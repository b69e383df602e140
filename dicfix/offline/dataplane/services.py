"""Services behind reserved topics: a publish there is a request.

A direct reply goes to the requester alone, who needs no subscription; another one goes to whoever subscribed. Source:
developerguide jobs-mqtt-api, reserved-topics, mqtt-based-file-delivery-in-devices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dicfix.offline.rules.topics import filter_matches

REPLY_QOS = 0
"""QoS of a reply unless the service says otherwise. Assumed: the pages do not say."""


@dataclass(frozen=True, slots=True)
class Request:
    """A publish to a reserved topic, with who sent it."""

    client_id: str
    topic: str
    payload: bytes = field(repr=False)
    qos: int
    certificate_id: str
    thing_name: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: ``direct`` to the requester alone, or to the topic's subscribers."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int = REPLY_QOS
    direct: bool = True


Service = Callable[[Request], Iterable[Reply]]


class Services:
    """Services by topic pattern (a topic filter); the first that matches answers."""

    def __init__(self) -> None:
        self._services: list[tuple[str, Service]] = []

    def add(self, pattern: str, service: Service) -> None:
        """Let ``service`` answer on ``pattern``."""
        self._services.append((pattern, service))

    def find(self, topic: str) -> Service | None:
        """The service for ``topic``."""
        return next((service for pattern, service in self._services if filter_matches(pattern, topic)), None)
