"""AWS IoT Jobs: what its owner may ask, and what becomes of a job. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dicfix.offline.rules import Level, RuleViolation, rule
from dicfix.offline.rules.job_records import ENDED_JOB, FAILED, IN_PROGRESS, REJECTED, TIMED_OUT, Execution, Job

TESTS = "tests/test_rules_jobs.py::"
MODEL = "the service model of iot"
DOCUMENT_CHARACTERS = 32768
TARGETS_AT_MOST = 100
TIMEOUT_MINUTES = (1, 10080)


def _invalid(message: str) -> RuleViolation:
    return RuleViolation("InvalidRequestException", message)


@rule(
    "JOBS-ONE-DOCUMENT",
    source="AWS API CreateJob: documentSource is required if document is not given, and the other way round",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_job_with_two_documents_is_refused",),
)
def one_document(document: str | None, document_source: str | None) -> None:
    """A job has a document or a document source, one of them."""
    if (document is None) == (document_source is None):
        raise _invalid("Either document or documentSource must be given, and not both")


@rule(
    "JOBS-DOCUMENT-IS-JSON",
    source="developer guide, iot-jobs: the job document is a UTF-8 encoded JSON document",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_document_that_is_not_json_is_refused",),
)
def document_is_json(document: str) -> None:
    """A job document is JSON of at most 32,768 characters."""
    if len(document) > DOCUMENT_CHARACTERS:
        raise _invalid(f"The job document has {len(document)} characters, at most {DOCUMENT_CHARACTERS} are allowed")
    try:
        json.loads(document)
    except ValueError as error:
        raise _invalid("The job document is not valid JSON") from error


@rule(
    "JOBS-ID-ONCE",
    source="AWS API CreateJob, ResourceAlreadyExistsException with resourceId and resourceArn",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_second_job_of_the_same_id_is_refused",),
)
def id_is_free(job_id: str, existing_arn: str | None) -> None:
    """A job ID is used once."""
    if existing_arn is not None:
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            f"Job {job_id} already exists",
            resourceId=job_id,
            resourceArn=existing_arn,
        )


@rule(
    "JOBS-TARGETS-100",
    source="AWS API AssociateTargetsWithJob: the total number of targets must not exceed 100; for CreateJob assumed",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_job_has_at_most_100_targets",),
)
def room_for_targets(count: int) -> None:
    """A job has at most 100 targets."""
    if count > TARGETS_AT_MOST:
        raise RuleViolation("LimitExceededException", f"{count} targets; a job has at most {TARGETS_AT_MOST}")


@rule(
    "JOBS-TARGET-ARN",
    source=MODEL + ", CreateJob: targets are things and thing groups; that others are refused is assumed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_a_target_that_is_no_thing_or_group_of_this_account_is_refused",),
    without=lambda arn, _home: (arn.rpartition(":")[2].partition("/")[0], arn.rpartition("/")[2]),
)
def target_of(arn: str, home: str) -> tuple[str, str]:
    """A target is the ARN of a thing or thing group of this account and Region.

    ``home`` is ``aws:iot:<region>:<account>``; gives the kind (thing, thinggroup) and the name.
    """
    prefix, _, name = arn.partition("/")
    kind = prefix.removeprefix(f"arn:{home}:")
    if kind not in ("thing", "thinggroup") or not name:
        raise _invalid(f"Target {arn} is not a thing or thing group of this account and Region")
    return kind, name


@rule(
    "JOBS-TARGET-EXISTS",
    source=MODEL + ", CreateJob declares ResourceNotFoundException",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_an_unknown_target_is_refused",),
)
def target_exists(arn: str, *, found: bool) -> None:
    """A target is registered when the job is created."""
    if not found:
        raise RuleViolation("ResourceNotFoundException", f"Target {arn} does not exist")


@rule(
    "JOBS-TIMEOUT-MINUTES",
    source=MODEL + ", TimeoutConfig: anywhere between 1 minute and 7 days (1 to 10080 minutes)",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_in_progress_timeout_is_1_to_10080_minutes",),
)
def timeout_in_range(minutes: int | None) -> None:
    """An in-progress timeout is 1 to 10080 minutes."""
    if minutes is not None and not TIMEOUT_MINUTES[0] <= minutes <= TIMEOUT_MINUTES[1]:
        raise _invalid(f"inProgressTimeoutInMinutes is {minutes}; it must be 1 to 10080")


@rule(
    "JOBS-ASSOCIATE-CONTINUOUS",
    source="AWS API AssociateTargetsWithJob: created as CONTINUOUS, and IN_PROGRESS now",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_groups_are_associated_only_with_a_continuous_job_in_progress",),
)
def may_associate(job: Job) -> None:
    """Targets are added only to a CONTINUOUS job that is IN_PROGRESS."""
    if not job.continuous or job.status != IN_PROGRESS:
        raise _invalid(f"Job {job.job_id} is {job.target_selection} and {job.status}; targets cannot be associated")


@rule(
    "JOBS-CANCEL-LIVE",
    source=MODEL + ", CancelJob declares InvalidRequestException; repeating with force is assumed to be allowed",
    level=Level.ASSUMED,
    held_by=(TESTS + "test_a_completed_job_is_not_canceled",),
)
def may_cancel(job: Job, *, force: bool) -> None:
    """A job is canceled while it is IN_PROGRESS; a canceled one once more only by force."""
    if job.status != IN_PROGRESS and not (job.status == "CANCELED" and force):
        raise _invalid(f"Job {job.job_id} is {job.status} and cannot be canceled")


@rule(
    "JOBS-DELETE-ENDED",
    source="AWS API DeleteJob, force: otherwise only a job that is COMPLETED or CANCELED",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_job_in_progress_is_deleted_only_by_force",),
)
def may_delete(job: Job, *, force: bool) -> None:
    """A job that is IN_PROGRESS is deleted only by force."""
    if job.status not in ENDED_JOB and not force:
        raise RuleViolation("InvalidStateTransitionException", f"Job {job.job_id} is {job.status}; force is needed")


@rule(
    "JOBS-DELETE-EXECUTION-ENDED",
    source="AWS API DeleteJobExecution, force: otherwise only a job execution in a terminal state",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_pending_execution_is_deleted_only_by_force",),
)
def may_delete_execution(execution: Execution, *, force: bool) -> None:
    """A job execution that has not ended is deleted only by force."""
    if not execution.terminal and not force:
        raise RuleViolation(
            "InvalidStateTransitionException", f"The job execution is {execution.status}; force is needed"
        )


@rule(
    "JOBS-CANCEL-EXECUTION-QUEUED",
    source="AWS API CancelJobExecution, force: IN_PROGRESS without force is InvalidStateTransitionException",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_an_execution_in_progress_is_canceled_only_by_force",),
)
def may_cancel_execution(execution: Execution, *, force: bool) -> None:
    """A job execution is canceled while QUEUED, or IN_PROGRESS by force."""
    if execution.terminal or (execution.status == IN_PROGRESS and not force):
        raise RuleViolation(
            "InvalidStateTransitionException", f"The job execution is {execution.status} and cannot be canceled"
        )


@rule(
    "JOBS-CANCEL-EXECUTION-VERSION",
    source="AWS API CancelJobExecution, expectedVersion; VersionConflictException",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_canceling_an_execution_of_another_version_is_refused",),
)
def expected_for_cancel(execution: Execution, expected: int | None) -> None:
    """CancelJobExecution with another expectedVersion is refused."""
    if expected is not None and expected != execution.version:
        raise RuleViolation("VersionConflictException", f"The version is {execution.version}, {expected} was expected")


@rule(
    "JOBS-SNAPSHOT-COMPLETES",
    source="developer guide, iot-jobs-lifecycle: a snapshot job is COMPLETED when all its executions have ended",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_snapshot_job_completes_with_its_last_execution",),
    without=lambda _job, **_counts: False,
)
def is_completed(job: Job, *, pending: int, waiting: int) -> bool:
    """A SNAPSHOT job is COMPLETED when no execution is pending or waiting; a CONTINUOUS one never is."""
    return job.status == IN_PROGRESS and not job.continuous and pending == 0 and waiting == 0


@rule(
    "JOBS-ABORT",
    source=MODEL + ", AbortCriteria: percentage of failures, once a number of things have been notified",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_abort_criteria_cancel_the_job_once_enough_things_failed",),
    without=lambda _criteria, _counts, _executed: False,
)
def must_abort(criteria: Iterable[Mapping[str, Any]], counts: Mapping[str, int], executed: int) -> bool:
    """A job is canceled when the share of failures reaches a criterion's threshold among enough things."""
    for criterion in criteria:
        kind = criterion["failureType"]
        kinds = (FAILED, REJECTED, TIMED_OUT) if kind == "ALL" else (kind,)
        failed = sum(counts.get(each, 0) for each in kinds)
        enough = executed >= criterion["minNumberOfExecutedThings"]
        if enough and failed and failed * 100 >= criterion["thresholdPercentage"] * executed:
            return True
    return False


@rule(
    "JOBS-RETRY",
    source="developer guide, jobs-configurations-details: FAILED and TIMED_OUT executions are retried, REJECTED never",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_failed_execution_is_retried_as_a_new_execution",),
    without=lambda _criteria, _execution: False,
)
def is_retried(criteria: Iterable[Mapping[str, Any]], execution: Execution) -> bool:
    """A FAILED or TIMED_OUT execution is retried as often as the job's criteria say."""
    if execution.status not in (FAILED, TIMED_OUT):
        return False
    fitting = [c["numberOfRetries"] for c in criteria if c["failureType"] in (execution.status, "ALL")]
    return execution.retry_attempt < max(fitting, default=0)


@rule(
    "JOBS-ROLLOUT-RATE",
    source=MODEL + ", JobExecutionsRolloutConfig maximumPerMinute",
    level=Level.DOCUMENTED,
    held_by=(TESTS + "test_a_rollout_notifies_so_many_things_a_minute",),
    without=lambda _maximum, _minutes: None,
)
def rolled_out_by(maximum_per_minute: int | None, minutes_passed: int) -> int | None:
    """With maximumPerMinute, so many things have their execution after each minute begun; None: all at once."""
    return None if maximum_per_minute is None else maximum_per_minute * (minutes_passed + 1)
