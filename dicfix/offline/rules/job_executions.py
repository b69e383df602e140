"""AWS IoT Jobs as a device sees it: pending executions, starting, describing and updating them.

The same for MQTT and for the iot-jobs-data API; refusals are ``JobRefused`` with the Jobs error code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicfix.offline.rules.job_book import JobBook
from dicfix.offline.rules.job_device_rules import (
    PENDING_LISTED,
    details_after,
    details_are_fit,
    may_describe,
    may_update,
    status_for_device,
    step_timeout_in_range,
    version_is_expected,
)
from dicfix.offline.rules.job_records import IN_PROGRESS, MINUTE_S, QUEUED, Execution, JobRefused

NEXT = "$next"
API_CODES = {
    "InvalidRequest": "InvalidRequestException",
    "InvalidStateTransition": "InvalidStateTransitionException",
    "ResourceNotFound": "ResourceNotFoundException",
    "TerminalStateReached": "TerminalStateException",
    "VersionMismatch": "InvalidRequestException",
    "RequestThrottled": "ThrottlingException",
}
"""Jobs error codes as shapes of iot-jobs-data. The model declares none for VersionMismatch: assumed."""


class DeviceJobs:
    """The device's side of a job book."""

    def __init__(self, book: JobBook) -> None:
        self.book = book

    def pending(self, thing_name: str) -> tuple[list[Execution], list[Execution]]:
        """The thing's executions in progress and queued, ten of each at most."""
        self._thing(thing_name)
        pending = self.book.pending(thing_name)
        running = [e for e in pending if e.status == IN_PROGRESS]
        queued = [e for e in pending if e.status == QUEUED]
        return running[:PENDING_LISTED], queued[:PENDING_LISTED]

    def start_next(
        self, thing_name: str, *, details: Mapping[str, str] | None = None, step_timeout_minutes: int | None = None
    ) -> Execution | None:
        """The next execution, made IN_PROGRESS if it was queued; None without one."""
        self._thing(thing_name)
        details_are_fit(details)
        step_timeout_in_range(step_timeout_minutes)
        execution = self.book.next(thing_name)
        if execution is None or execution.status == IN_PROGRESS:
            return execution
        return self._progress(execution, details, step_timeout_minutes)

    def describe(self, thing_name: str, job_id: str, number: int | None = None) -> Execution | None:
        """The execution, not changed by this; ``$next`` gives the next one or None."""
        self._thing(thing_name)
        if job_id == NEXT:
            return self.book.next(thing_name)
        execution = self._execution(thing_name, job_id, number)
        may_describe(execution)
        return execution

    def update(
        self,
        thing_name: str,
        job_id: str,
        *,
        status: Any,
        details: Mapping[str, str] | None = None,
        expected_version: int | None = None,
        number: int | None = None,
        step_timeout_minutes: int | None = None,
    ) -> Execution:
        """The execution after the device's report."""
        self._thing(thing_name)
        status_for_device(status)
        details_are_fit(details)
        step_timeout_in_range(step_timeout_minutes)
        execution = self._execution(thing_name, job_id, number)
        may_update(execution)
        version_is_expected(execution, expected_version)
        if status == IN_PROGRESS:
            return self._progress(execution, details, step_timeout_minutes)
        return self.book.change(execution, status=status, details=details_after(execution.details, details))

    def document(self, job_id: str) -> str:
        """The job's document."""
        return self.book.job(job_id).document

    def seconds_left(self, execution: Execution) -> int | None:
        """approximateSecondsBeforeTimedOut; None without a running timer."""
        return None if execution.deadline is None else max(0, int(execution.deadline - self.book.clock()))

    def _progress(
        self, execution: Execution, details: Mapping[str, str] | None, step_timeout_minutes: int | None
    ) -> Execution:
        now = self.book.clock()
        members: dict[str, Any] = {"status": IN_PROGRESS, "details": details_after(execution.details, details)}
        if execution.status == QUEUED:
            members |= {"started_at": now, "progress_deadline": self._progress_deadline(execution, now)}
        if step_timeout_minutes is not None:
            members["step_deadline"] = None if step_timeout_minutes == -1 else now + step_timeout_minutes * MINUTE_S
        return self.book.change(execution, **members)

    def _progress_deadline(self, execution: Execution, now: float) -> float | None:
        minutes = (self.book.job(execution.job_id).config.get("timeoutConfig") or {}).get("inProgressTimeoutInMinutes")
        return None if minutes is None else now + minutes * MINUTE_S

    def _execution(self, thing_name: str, job_id: str, number: int | None) -> Execution:
        execution = self.book.execution(thing_name, job_id, number)
        if execution is None:
            raise JobRefused("ResourceNotFound", f"There is no execution of job {job_id} for thing {thing_name}")
        return execution

    def _thing(self, thing_name: str) -> None:
        self.book.run_due()
        if not self.book.targets.thing_exists(thing_name):
            raise JobRefused("ResourceNotFound", f"Thing {thing_name} does not exist")
