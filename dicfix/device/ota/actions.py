"""What an OTA agent wants done, and what it tells of itself. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Subscribe to a topic filter."""

    topic_filter: str
    qos: int


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish a message."""

    topic: str
    payload: bytes
    qos: int


@dataclass(frozen=True, slots=True)
class Activate:
    """Reboot into the downloaded image: disconnect, call ``OtaAgent.rebooted``, connect again."""

    image: bytes


Action = Subscribe | Publish | Activate
Actions = tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is."""

    job_id: str
    received_blocks: int
    total_blocks: int
    received_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended on the device: the status it reported and its reason; ABORTED was not reported."""

    job_id: str
    status: str
    reason: str


class AgentState(Enum):
    """What the agent is doing."""

    STOPPED = "stopped"
    WAITING = "waiting for a job"
    DOWNLOADING = "downloading"
    READY = "ready to reboot"
