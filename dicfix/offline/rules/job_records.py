"""Jobs and job executions as values, and the words of their states. Pure data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dicfix.offline.rules import RuleViolation

QUEUED = "QUEUED"
IN_PROGRESS = "IN_PROGRESS"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
TIMED_OUT = "TIMED_OUT"
REJECTED = "REJECTED"
REMOVED = "REMOVED"
CANCELED = "CANCELED"
COMPLETED = "COMPLETED"
DELETION_IN_PROGRESS = "DELETION_IN_PROGRESS"
PENDING = frozenset({QUEUED, IN_PROGRESS})
TERMINAL = frozenset({SUCCEEDED, FAILED, TIMED_OUT, REJECTED, REMOVED, CANCELED})
ENDED_JOB = frozenset({COMPLETED, CANCELED})

NOTIFY = "notify"
NOTIFY_NEXT = "notify-next"
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Execution:
    """One job execution; times and deadlines are seconds since the epoch, ``order`` grows with creation."""

    job_id: str
    thing_name: str
    number: int
    order: int
    queued_at: float
    updated_at: float
    status: str = QUEUED
    version: int = 1
    started_at: float | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    force_canceled: bool = False
    progress_deadline: float | None = None
    step_deadline: float | None = None
    retry_attempt: int = 0

    @property
    def terminal(self) -> bool:
        """Whether the execution has ended."""
        return self.status in TERMINAL

    @property
    def deadline(self) -> float | None:
        """The nearer of its two timers; None while neither runs."""
        running = [at for at in (self.progress_deadline, self.step_deadline) if at is not None]
        return min(running) if running and self.status == IN_PROGRESS else None

    @property
    def key(self) -> tuple[str, str, int]:
        """Job ID, thing name, execution number."""
        return self.job_id, self.thing_name, self.number


@dataclass(frozen=True, slots=True)
class Job:
    """One job; ``config`` holds the members of CreateJob that are only given back, by their names in the model."""

    job_id: str
    arn: str
    serial: int
    targets: tuple[str, ...]
    document: str
    created_at: float
    updated_at: float
    target_selection: str = "SNAPSHOT"
    document_source: str | None = None
    status: str = IN_PROGRESS
    completed_at: float | None = None
    description: str | None = None
    force_canceled: bool = False
    reason_code: str | None = None
    comment: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def continuous(self) -> bool:
        """Whether things that join a target group later get the job, too."""
        return self.target_selection == "CONTINUOUS"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message the service sends by itself: ``kind`` is notify or notify-next, ``body`` its JSON."""

    thing_name: str
    kind: str
    body: Mapping[str, Any]


class Targets(Protocol):
    """The things and thing groups that a job may go to."""

    def thing_exists(self, thing_name: str) -> bool:
        """Whether a thing of that name is registered."""

    def group_exists(self, group_name: str) -> bool:
        """Whether a thing group of that name exists."""

    def things_in(self, group_name: str) -> Sequence[str]:
        """The names of the group's things, those of its child groups included."""


class JobRefused(RuleViolation):
    """A device's request was refused; ``code`` is one of the Jobs error codes, ``execution`` the state to show."""

    def __init__(self, code: str, message: str, execution: Execution | None = None) -> None:
        super().__init__(code, message)
        self.execution = execution
