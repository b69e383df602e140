"""AWS IoT Jobs: what a device may report, and what it is told. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dicfix.offline.rules import Level, rule
from dicfix.offline.rules.job_records import FAILED, IN_PROGRESS, REJECTED, SUCCEEDED, Execution, JobRefused

DEVICE = "tests/test_rules_jobs_device.py::"
GUIDE = "developer guide, jobs-mqtt-api"
DETAILS_AT_MOST = 10
DETAIL_VALUE_CHARACTERS = 1024
TIMEOUT_MINUTES = (1, 10080)
DEVICE_STATUSES = frozenset({IN_PROGRESS, SUCCEEDED, FAILED, REJECTED})
PENDING_LISTED = 10
"""Pending executions shown in one notify message and one GetPendingJobExecutions answer. Source: developer guide,
job limits (without a scheduling configuration)."""
_DETAIL_NAME = re.compile(r"[a-zA-Z0-9:_-]{1,128}")


@rule(
    "JOBS-DEVICE-STATUSES",
    source=GUIDE + ", UpdateJobExecution: IN_PROGRESS, FAILED, SUCCEEDED or REJECTED, on every update",
    level=Level.DOCUMENTED,
    held_by=(
        DEVICE + "test_a_device_sets_only_the_four_statuses",
        DEVICE + "test_an_update_without_a_status_is_refused",
    ),
)
def status_for_device(status: Any) -> None:
    """A device gives a status on every update: IN_PROGRESS, SUCCEEDED, FAILED or REJECTED."""
    if not isinstance(status, str) or status not in DEVICE_STATUSES:
        raise JobRefused("InvalidRequest", f"status {status!r} is not one of {', '.join(sorted(DEVICE_STATUSES))}")


@rule(
    "JOBS-TERMINAL-STAYS",
    source="developer guide, jobs-api: InvalidStateTransition, for example SUCCEEDED to IN_PROGRESS",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_an_ended_execution_takes_no_update",),
)
def may_update(execution: Execution) -> None:
    """A job execution that has ended takes no further update."""
    if execution.terminal:
        raise JobRefused("InvalidStateTransition", f"The job execution is {execution.status}", execution)


@rule(
    "JOBS-EXPECTED-VERSION",
    source=GUIDE + ", UpdateJobExecution expectedVersion: VersionMismatch with the current state",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_an_update_for_another_version_is_refused_with_the_state",),
)
def version_is_expected(execution: Execution, expected: int | None) -> None:
    """An update with another expectedVersion is refused."""
    if expected is not None and expected != execution.version:
        raise JobRefused("VersionMismatch", f"The version is {execution.version}, {expected} was expected", execution)


@rule(
    "JOBS-DETAILS-FORM",
    source="developer guide, job limits (10 pairs); the service model's DetailsKey; value of at most 1,024 characters",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_status_details_are_ten_short_texts_at_most",),
)
def details_are_fit(details: Any) -> None:
    """statusDetails are at most 10 pairs of texts: keys of letters, digits, colon, hyphen, underscore; short values."""
    if details is None:
        return
    if not isinstance(details, Mapping) or len(details) > DETAILS_AT_MOST:
        raise JobRefused("InvalidRequest", f"statusDetails must be a map of at most {DETAILS_AT_MOST} pairs")
    for name, value in details.items():
        if not isinstance(value, str) or not _DETAIL_NAME.fullmatch(name):
            raise JobRefused("InvalidRequest", f"statusDetails has an invalid pair {name!r}")
        if not 1 <= len(value) <= DETAIL_VALUE_CHARACTERS:
            raise JobRefused("InvalidRequest", f"The value of statusDetails {name!r} has {len(value)} characters")


@rule(
    "JOBS-DETAILS-KEPT",
    source=GUIDE + ": if not specified, the statusDetails are unchanged; that given ones replace the old is assumed",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_status_details_stay_unless_new_ones_are_given",),
    without=lambda _old, new: new or {},
)
def details_after(old: Mapping[str, str], new: Mapping[str, str] | None) -> Mapping[str, str]:
    """An update without statusDetails leaves them; with some, they take the old ones' place."""
    return old if new is None else dict(new)


@rule(
    "JOBS-STEP-TIMEOUT",
    source="the service model of iot-jobs-data: stepTimeoutInMinutes is 1 to 10080, or -1 to cancel",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_a_step_timeout_is_1_to_10080_minutes_or_minus_1",),
)
def step_timeout_in_range(minutes: Any) -> None:
    """A step timeout is 1 to 10080 minutes, or -1 to cancel the running one."""
    if minutes is None or minutes == -1:
        return
    if not isinstance(minutes, int) or not TIMEOUT_MINUTES[0] <= minutes <= TIMEOUT_MINUTES[1]:
        raise JobRefused("InvalidRequest", f"stepTimeoutInMinutes is {minutes!r}; it must be 1 to 10080 or -1")


@rule(
    "JOBS-DESCRIBE-ENDED",
    source="developer guide, jobs-api: TerminalStateReached, on describing a job in a terminal state",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_describing_an_ended_execution_is_refused",),
)
def may_describe(execution: Execution) -> None:
    """A device cannot describe a job execution that has ended."""
    if execution.terminal:
        raise JobRefused("TerminalStateReached", f"The job execution is {execution.status}")


@rule(
    "JOBS-NEXT-ORDER",
    source=GUIDE + ", DescribeJobExecution: IN_PROGRESS first, then in the order of creation",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_next_is_the_one_in_progress_then_the_oldest",),
    without=lambda executions: sorted(executions, key=lambda e: -e.order),
)
def in_order(executions: Iterable[Execution]) -> list[Execution]:
    """Pending executions are ordered IN_PROGRESS first, then by creation."""
    return sorted(executions, key=lambda e: (e.status != IN_PROGRESS, e.order))


@rule(
    "JOBS-NOTIFY-LIST",
    source=GUIDE + ", JobExecutionsChanged; sample output of AWS's SDK for C++: starting a job sends nothing",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_notify_is_sent_when_the_list_of_pending_executions_changes",),
    without=lambda _was, _now: True,
)
def list_changed(was_pending: bool, is_pending: bool) -> bool:
    """notify is sent when an execution joins or leaves the pending ones, and not otherwise."""
    return was_pending != is_pending


@rule(
    "JOBS-NOTIFY-NEXT",
    source=GUIDE + ", NextJobExecutionChanged: only when the next job changes, not its details",
    level=Level.DOCUMENTED,
    held_by=(DEVICE + "test_notify_next_is_sent_only_when_another_execution_is_next",),
    without=lambda _before, _after: True,
)
def next_changed(before: Execution | None, after: Execution | None) -> bool:
    """notify-next is sent when another execution becomes the next one."""
    return (before.key if before else None) != (after.key if after else None)
