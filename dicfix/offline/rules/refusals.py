"""What a data plane rule gives when it says no. Pure data; not a rule itself."""

from __future__ import annotations

from dataclasses import dataclass

AUTH_ERROR = "AUTH_ERROR"
CLIENT_ERROR = "CLIENT_ERROR"
THROTTLED = "THROTTLED"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal: ``reason`` is a stable word in capitals, ``text`` a sentence for people.

    ``disconnect_reason`` is what AWS IoT's lifecycle events call the end of a connection for this cause.
    Source: developerguide life-cycle-events.
    """

    reason: str
    text: str
    disconnect_reason: str = CLIENT_ERROR
