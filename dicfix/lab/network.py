"""How a run reaches its MQTT endpoint: routes, the server's root, what the server kept about a refusal, and guards.

May import ``mqtt`` and ``errors``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dicfix.mqtt.parameters import Deadlines
from dicfix.mqtt.route import Routes


def _nothing(_client_id: str) -> str:
    return ""


def _allowed(_client_id: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class KeptRefusal:
    """A refusal or an end of a connection as the embedded cloud kept it: ``reason`` a word, ``text`` a sentence."""

    number: int
    client_id: str | None
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Network:
    """``server_root_pem`` verifies the endpoint; ``server_reason`` tells the embedded cloud's reason for a refusal.

    ``before_connect`` is asked before every CONNECT and raises GuardRefused where a live client would be disturbed;
    ``server_transcript`` gives everything that the embedded cloud saw, as text (empty on AWS); ``server_refusals`` the
    refusals and ends in the order in which they happened (None on AWS, which tells no client why).
    """

    routes: Routes
    server_root_pem: str
    deadlines: Deadlines
    server_reason: Callable[[str], str] = _nothing
    before_connect: Callable[[str], None] = _allowed
    server_transcript: Callable[[], str] = lambda: ""
    server_refusals: Callable[[], tuple[KeptRefusal, ...]] | None = None
