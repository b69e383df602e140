"""The state of AWS IoT Jobs: jobs, job executions, their timers, and the notices that changes cause.

Control plane (``jobs``) and device plane (``job_executions``) both work on one book. The clock is injected; nothing
here waits: ``run_due`` is called with time's passing. Not thread-safe: callers hold one lock.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.job_device_rules import PENDING_LISTED, in_order, list_changed, next_changed
from dicfix.offline.rules.job_records import (
    CANCELED,
    COMPLETED,
    IN_PROGRESS,
    MINUTE_S,
    NOTIFY,
    NOTIFY_NEXT,
    PENDING,
    QUEUED,
    TIMED_OUT,
    Execution,
    Job,
    Notice,
    Targets,
)
from dicfix.offline.rules.job_rules import is_completed, is_retried, must_abort, rolled_out_by

Clock = Callable[[], float]
"""Seconds since the epoch."""


class JobBook:
    """All jobs and job executions of one account and Region; ``home`` is ``aws:iot:<region>:<account>``."""

    def __init__(
        self, home: str, clock: Clock, targets: Targets, on_notice: Callable[[Notice], None] | None = None
    ) -> None:
        self.home = home
        self.clock = clock
        self.targets = targets
        self.on_notice = on_notice or (lambda _notice: None)
        self.jobs: dict[str, Job] = {}
        self.waiting: dict[str, deque[str]] = {}
        self._by_job: dict[str, dict[tuple[str, int], Execution]] = {}
        self._by_thing: dict[str, dict[tuple[str, int], Execution]] = {}
        self._pending: dict[str, dict[tuple[str, int], Execution]] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._latest: dict[tuple[str, str], int] = {}
        self._timers: list[tuple[float, tuple[str, str, int]]] = []
        self._serial = itertools.count(1)

    # reading

    def job(self, job_id: str) -> Job:
        """The job; ResourceNotFoundException without one."""
        job = self.jobs.get(job_id)
        if job is None:
            raise RuleViolation("ResourceNotFoundException", f"Job {job_id} cannot be found")
        return job

    def execution(self, thing_name: str, job_id: str, number: int | None = None) -> Execution | None:
        """The execution, the latest unless a number is given."""
        wanted = self._latest.get((job_id, thing_name)) if number is None else number
        return self._by_job.get(job_id, {}).get((thing_name, wanted)) if wanted is not None else None

    def of_job(self, job_id: str) -> list[Execution]:
        """All executions of a job, in the order of creation."""
        return list(self._by_job.get(job_id, {}).values())

    def of_thing(self, thing_name: str) -> list[Execution]:
        """All executions of a thing, in the order of creation."""
        return list(self._by_thing.get(thing_name, {}).values())

    def pending(self, thing_name: str) -> list[Execution]:
        """The thing's executions that have not ended, the next one first."""
        return in_order(self._pending.get(thing_name, {}).values())

    def next(self, thing_name: str) -> Execution | None:
        """The thing's next execution."""
        pending = self._pending.get(thing_name)
        return in_order(pending.values())[0] if pending else None

    def counts(self, job_id: str) -> Mapping[str, int]:
        """How many things of a job are in each status, by their latest execution."""
        return self._counts.get(job_id, Counter())

    def serial(self) -> int:
        """A number that grows with every use."""
        return next(self._serial)

    # writing

    def add_job(self, job: Job, things: list[str]) -> None:
        """Keep a new job and roll it out to ``things``."""
        self.jobs[job.job_id] = job
        self._by_job[job.job_id] = {}
        self._counts[job.job_id] = Counter()
        self.waiting[job.job_id] = deque(dict.fromkeys(things))
        self.roll_out(job)
        self.settle(job.job_id)

    def roll_out(self, job: Job) -> None:
        """Create the executions that are due by the job's rollout rate."""
        waiting = self.waiting[job.job_id]
        rate = _rate(job)
        due = rolled_out_by(rate, int((self.clock() - job.created_at) // MINUTE_S))
        room = len(waiting) if due is None else due - sum(self.counts(job.job_id).values())
        for _ in range(min(room, len(waiting))):
            self.queue(job, waiting.popleft())

    def queue(self, job: Job, thing_name: str, *, retry_attempt: int = 0) -> None:
        """Create the thing's next execution of a job, QUEUED."""
        number = self._latest.get((job.job_id, thing_name), 0) + 1
        now = self.clock()
        execution = Execution(job.job_id, thing_name, number, self.serial(), now, now, retry_attempt=retry_attempt)
        self._put(execution)

    def change(self, execution: Execution, **members: Any) -> Execution:
        """Give the execution new members, a new version and time; then do what its end means for the job."""
        changed = replace(execution, version=execution.version + 1, updated_at=self.clock(), **members)
        self._put(changed)
        if changed.deadline is not None:
            heapq.heappush(self._timers, (changed.deadline, changed.key))
        if changed.terminal and not execution.terminal:
            self._after_end(changed)
        return changed

    def remove_execution(self, execution: Execution) -> None:
        """Forget an execution."""
        thing_name, inner = execution.thing_name, (execution.job_id, execution.number)
        before, was = self.next(thing_name), inner in self._pending.get(thing_name, {})
        del self._by_job[execution.job_id][(thing_name, execution.number)]
        del self._by_thing[thing_name][inner]
        self._pending.get(thing_name, {}).pop(inner, None)
        if self._latest.get((execution.job_id, thing_name)) == execution.number:
            del self._latest[(execution.job_id, thing_name)]
            self._counts[execution.job_id][execution.status] -= 1
        self._announce(thing_name, before, was=was, now=False)

    def remove_job(self, job_id: str) -> None:
        """Forget a job and its executions."""
        for execution in self.of_job(job_id):
            self.remove_execution(execution)
        for index in (self.jobs, self.waiting, self._by_job, self._counts):
            index.pop(job_id, None)

    def cancel(self, job: Job, *, force: bool, reason_code: str | None = None, comment: str | None = None) -> None:
        """Make the job CANCELED, with its queued executions and by force those in progress."""
        self.waiting[job.job_id].clear()
        self.jobs[job.job_id] = replace(
            job,
            status=CANCELED,
            force_canceled=force,
            reason_code=reason_code,
            comment=comment,
            updated_at=self.clock(),
            completed_at=self.clock(),
        )
        for execution in self.of_job(job.job_id):
            if execution.status == QUEUED or (force and execution.status == IN_PROGRESS):
                self.change(execution, status=CANCELED, force_canceled=force)

    def settle(self, job_id: str) -> None:
        """Complete or abort the job if its executions say so."""
        job = self.jobs.get(job_id)
        if job is None:
            return
        counts = self.counts(job_id)
        criteria = (job.config.get("abortConfig") or {}).get("criteriaList", ())
        if job.status == IN_PROGRESS and must_abort(criteria, counts, sum(counts.values())):
            self.cancel(job, force=False, comment="The abort criteria were met")
            return
        if is_completed(job, pending=sum(counts.get(s, 0) for s in PENDING), waiting=len(self.waiting[job_id])):
            now = self.clock()
            self.jobs[job_id] = replace(job, status=COMPLETED, updated_at=now, completed_at=now)

    # time

    def next_due(self) -> float | None:
        """When ``run_due`` has something to do next, seconds since the epoch."""
        due = [self._timers[0][0]] if self._timers else []
        due += [self._next_minute(job_id) for job_id, waiting in self.waiting.items() if waiting]
        return min(due) if due else None

    def run_due(self) -> None:
        """Time out executions whose timer has run out, and roll out what is due."""
        now = self.clock()
        while self._timers and self._timers[0][0] <= now:
            _at, (job_id, thing_name, number) = heapq.heappop(self._timers)
            execution = self.execution(thing_name, job_id, number)
            if execution is not None and execution.deadline is not None and execution.deadline <= now:
                self.change(execution, status=TIMED_OUT)
        for job_id in [job_id for job_id, waiting in self.waiting.items() if waiting]:
            self.roll_out(self.jobs[job_id])

    def _next_minute(self, job_id: str) -> float:
        job = self.jobs[job_id]
        return job.created_at + MINUTE_S * (int((self.clock() - job.created_at) // MINUTE_S) + 1)

    # inside

    def _put(self, execution: Execution) -> None:
        thing_name, inner = execution.thing_name, (execution.job_id, execution.number)
        before, was = self.next(thing_name), inner in self._pending.get(thing_name, {})
        self._count(execution)
        self._by_job[execution.job_id][(thing_name, execution.number)] = execution
        self._by_thing.setdefault(thing_name, {})[inner] = execution
        pending = self._pending.setdefault(thing_name, {})
        if execution.status in PENDING:
            pending[inner] = execution
        else:
            pending.pop(inner, None)
        self._announce(thing_name, before, was=was, now=inner in pending)

    def _count(self, execution: Execution) -> None:
        counts = self._counts[execution.job_id]
        latest = self._latest.get((execution.job_id, execution.thing_name), 0)
        known = self.execution(execution.thing_name, execution.job_id)
        if known is not None and execution.number >= latest:
            counts[known.status] -= 1
        if execution.number >= latest:
            self._latest[(execution.job_id, execution.thing_name)] = execution.number
            counts[execution.status] += 1

    def _after_end(self, execution: Execution) -> None:
        job = self.jobs.get(execution.job_id)
        if job is None:
            return
        criteria = (job.config.get("jobExecutionsRetryConfig") or {}).get("criteriaList", ())
        if job.status == IN_PROGRESS and is_retried(criteria, execution):
            self.queue(job, execution.thing_name, retry_attempt=execution.retry_attempt + 1)
        self.settle(job.job_id)

    def _announce(self, thing_name: str, before: Execution | None, *, was: bool, now: bool) -> None:
        timestamp = int(self.clock())
        if list_changed(was, now):
            listed: dict[str, list[dict[str, Any]]] = {}
            for execution in self.pending(thing_name)[:PENDING_LISTED]:
                listed.setdefault(execution.status, []).append(summary(execution))
            self.on_notice(Notice(thing_name, NOTIFY, {"jobs": listed, "timestamp": timestamp}))
        after = self.next(thing_name)
        if next_changed(before, after):
            body = {"execution": described(after, self.jobs[after.job_id].document)} if after else {}
            self.on_notice(Notice(thing_name, NOTIFY_NEXT, {**body, "timestamp": timestamp}))


def summary(execution: Execution) -> dict[str, Any]:
    """JobExecutionSummary as devices get it; times in whole seconds."""
    body: dict[str, Any] = {
        "jobId": execution.job_id,
        "executionNumber": execution.number,
        "versionNumber": execution.version,
        "lastUpdatedAt": int(execution.updated_at),
        "queuedAt": int(execution.queued_at),
    }
    if execution.started_at is not None:
        body["startedAt"] = int(execution.started_at)
    return body


def described(execution: Execution, document: str | None) -> dict[str, Any]:
    """JobExecution as devices get it over MQTT, the job document as JSON; None leaves it out."""
    body: dict[str, Any] = {"jobId": execution.job_id}
    if document is not None:
        body["jobDocument"] = json.loads(document)
    body["status"] = execution.status
    if execution.details:
        body["statusDetails"] = dict(execution.details)
    body |= {key: value for key, value in summary(execution).items() if key in ("queuedAt", "startedAt")}
    body |= {
        "lastUpdatedAt": int(execution.updated_at),
        "versionNumber": execution.version,
        "executionNumber": execution.number,
    }
    return body


def _rate(job: Job) -> int | None:
    """Things a minute; of an exponential rate only its base is kept (the increase is not emulated)."""
    config = job.config.get("jobExecutionsRolloutConfig") or {}
    base = (config.get("exponentialRate") or {}).get("baseRatePerMinute")
    return config.get("maximumPerMinute") or base
