"""Waiting on the executions of a job, on virtual devices and real boards alike, each stage with its named deadline.

The watch is fed with what was read and with the time; ``OtaLab`` reads and waits. May import ``aws``' words and errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from dicfix.aws.jobs import ENDED
from dicfix.errors import DeadlineExceeded
from dicfix.ota_records import JobExecution
from dicfix.records import known
from dicfix.settings import Deadlines

_RECEIVED = re.compile(r"(\d+)/(\d+)")
_REMEDY = "look at the execution's details and at the device; a board hears no command once ota has started its agent"


class Bar(Protocol):
    """A progress line: how much is done, and a note."""

    def update(self, done: float | None = None, note: str = "") -> None:
        """State how much is done."""


class NoBar:
    """A progress line that draws nothing."""

    def update(self, done: float | None = None, note: str = "") -> None:
        """Nothing."""


def no_bar(_label: str, _total: float | None) -> AbstractContextManager[Bar]:
    """No progress line at all."""
    return nullcontext(NoBar())


@dataclass(frozen=True, slots=True)
class _Seen:
    state: object
    changed_s: float


class ExecutionWatch:
    """What was seen of the executions on ``things``; ``begun_s`` is when the wait began, on the caller's clock."""

    def __init__(self, things: tuple[str, ...], deadlines: Deadlines, begun_s: float) -> None:
        self._things = things
        self._deadlines = deadlines
        self._begun_s = begun_s
        self._seen: dict[str, _Seen] = {}

    def ended(self, executions: Mapping[str, JobExecution], now_s: float) -> bool:
        """Whether all have ended; raises DeadlineExceeded ``ota_start_s``, ``ota_progress_s`` or ``ota_end_s``."""
        waiting = [name for name in self._things if not _has_ended(executions.get(name))]
        for name in waiting:
            self._hold(name, executions.get(name), now_s)
        if waiting and now_s - self._begun_s > self._deadlines.ota_end_s:
            raise _late("ota_end_s", self._deadlines.ota_end_s, f"the end of the update of {', '.join(waiting)}")
        return not waiting

    def _hold(self, name: str, execution: JobExecution | None, now_s: float) -> None:
        state = (known(execution.status), known(execution.version)) if execution else None
        before = self._seen.get(name)
        if before is None or before.state != state:
            self._seen[name] = before = _Seen(state, self._begun_s if before is None else now_s)
        has_begun = execution is not None and known(execution.status) != "QUEUED"
        deadline = "ota_progress_s" if has_begun else "ota_start_s"
        limit_s: float = getattr(self._deadlines, deadline)
        if now_s - before.changed_s > limit_s:
            what = f"progress of the update of {name}" if has_begun else f"the begin of the update of {name}"
            raise _late(deadline, limit_s, what)


def _has_ended(execution: JobExecution | None) -> bool:
    return execution is not None and known(execution.status) in ENDED


def _late(deadline: str, limit_s: float, what: str) -> DeadlineExceeded:
    return DeadlineExceeded(deadline, limit_s, what, remedy=_REMEDY)


def share_done(execution: JobExecution | None) -> float:
    """How much of a device's download is done, from 0 to 1, as its own details tell."""
    if execution is None:
        return 0.0
    if _has_ended(execution):
        return 1.0
    received = _RECEIVED.fullmatch(known(execution.details).get("receive", ""))
    return int(received[1]) / int(received[2]) if received and int(received[2]) else 0.0
