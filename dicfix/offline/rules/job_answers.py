"""Jobs and job executions in the shapes of the iot service model. Pure functions; times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicfix.offline.rules.job_records import (
    CANCELED,
    FAILED,
    IN_PROGRESS,
    QUEUED,
    REJECTED,
    REMOVED,
    SUCCEEDED,
    TIMED_OUT,
    Execution,
    Job,
)

COUNTED = {
    "numberOfCanceledThings": CANCELED,
    "numberOfSucceededThings": SUCCEEDED,
    "numberOfFailedThings": FAILED,
    "numberOfRejectedThings": REJECTED,
    "numberOfQueuedThings": QUEUED,
    "numberOfInProgressThings": IN_PROGRESS,
    "numberOfRemovedThings": REMOVED,
    "numberOfTimedOutThings": TIMED_OUT,
}


def taken(job: Job) -> dict[str, Any]:
    """The answer of CreateJob, CancelJob and AssociateTargetsWithJob."""
    return _given({"jobArn": job.arn, "jobId": job.job_id, "description": job.description})


def job_answer(job: Job, counts: Mapping[str, int], *, waiting: tuple[str, ...]) -> dict[str, Any]:
    """``Job``; processingTargets are given while things still wait for their execution."""
    details: dict[str, Any] = {name: counts.get(status, 0) for name, status in COUNTED.items()}
    if waiting:
        details["processingTargets"] = list(job.targets)
    return _given(
        {
            "jobArn": job.arn,
            "jobId": job.job_id,
            "targetSelection": job.target_selection,
            "status": job.status,
            "forceCanceled": job.force_canceled or None,
            "reasonCode": job.reason_code,
            "comment": job.comment,
            "targets": list(job.targets),
            "description": job.description,
            "createdAt": job.created_at,
            "lastUpdatedAt": job.updated_at,
            "completedAt": job.completed_at,
            "jobProcessDetails": details,
            "isConcurrent": bool(waiting),
            "presignedUrlConfig": {},
            "jobExecutionsRolloutConfig": {},
            **job.config,
        }
    )


def job_summary(job: Job, *, waiting: bool) -> dict[str, Any]:
    """``JobSummary``."""
    return _given(
        {
            "jobArn": job.arn,
            "jobId": job.job_id,
            "targetSelection": job.target_selection,
            "status": job.status,
            "createdAt": job.created_at,
            "lastUpdatedAt": job.updated_at,
            "completedAt": job.completed_at,
            "isConcurrent": waiting,
        }
    )


def execution_answer(execution: Execution, thing_arn: str, now: float) -> dict[str, Any]:
    """``JobExecution``."""
    deadline = execution.deadline
    return _given(
        {
            "jobId": execution.job_id,
            "status": execution.status,
            "forceCanceled": execution.force_canceled or None,
            "statusDetails": {"detailsMap": dict(execution.details)},
            "thingArn": thing_arn,
            "queuedAt": execution.queued_at,
            "startedAt": execution.started_at,
            "lastUpdatedAt": execution.updated_at,
            "executionNumber": execution.number,
            "versionNumber": execution.version,
            "approximateSecondsBeforeTimedOut": None if deadline is None else max(0, int(deadline - now)),
        }
    )


def execution_summary(execution: Execution) -> dict[str, Any]:
    """``JobExecutionSummary``."""
    return _given(
        {
            "status": execution.status,
            "queuedAt": execution.queued_at,
            "startedAt": execution.started_at,
            "lastUpdatedAt": execution.updated_at,
            "executionNumber": execution.number,
            "retryAttempt": execution.retry_attempt or None,
        }
    )


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
