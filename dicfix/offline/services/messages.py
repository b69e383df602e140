"""What goes into and comes out of a reserved-topic service. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """A message that a client published on a reserved topic."""

    topic: str
    payload: bytes
    client_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to send; ``qos`` is the highest to use.

    ``direct`` goes to the requesting client alone, subscribed or not, past the message broker (the answers of Jobs;
    source: developer guide, jobs-mqtt-api); the others go to whoever subscribed.
    """

    topic: str
    payload: bytes
    qos: int
    direct: bool
