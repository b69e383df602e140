"""Jobs of AWS IoT, their executions, and the thing groups that they are for. May import ``ota_records``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dicfix.aws.answers import member, tried, unless_absent
from dicfix.aws.session import AwsSession
from dicfix.fields import NOT_ASKED
from dicfix.ota_records import JobExecution, OtaJob, ThingGroup

_ABSENT = ("ResourceNotFoundException",)
ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"})
"""The statuses in which a job execution stays. Source: developerguide iot-jobs-lifecycle."""


def read_jobs(session: AwsSession) -> dict[str, OtaJob]:
    """Every job by id, with its status alone. Source: OTA-4; ListJobs."""
    operation = "iot:ListJobs"
    return {
        row["jobId"]: OtaJob(
            job_id=row["jobId"],
            arn=member(row, "jobArn", operation),
            status=member(row, "status", operation),
            targets=NOT_ASKED,
            executions=NOT_ASKED,
            document=NOT_ASKED,
        )
        for row in session.pages("iot", operation.removeprefix("iot:"), "jobs")
    }


def read_job(session: AwsSession, job_id: str) -> OtaJob | None:
    """The job with its document and executions, or None. Source: OTA-15.1, OTA-15.2; DescribeJob."""
    operation = "iot:DescribeJob"
    answer = unless_absent(lambda: session.call("iot", "DescribeJob", jobId=job_id), _ABSENT)
    if answer is None:
        return None
    job = answer.get("job", {})
    return OtaJob(
        job_id=job_id,
        arn=member(job, "jobArn", operation),
        status=member(job, "status", operation),
        targets=tuple(job["targets"]) if "targets" in job else member(job, "targets", operation),
        executions=tried("iot:ListJobExecutionsForJob", lambda: read_executions(session, job_id)),
        document=tried("iot:GetJobDocument", lambda: read_document(session, job_id)),
    )


def read_document(session: AwsSession, job_id: str) -> str:
    """The job document as the devices get it. Source: GetJobDocument (DescribeJob may show none for an OTA job)."""
    return str(session.call("iot", "GetJobDocument", jobId=job_id)["document"])


def read_executions(session: AwsSession, job_id: str) -> dict[str, JobExecution]:
    """The job's executions by thing name, with their details. Source: OTA-15.2; DescribeJobExecution."""
    found = (read_execution(session, job_id, name) for name in execution_statuses(session, job_id))
    return {one.thing_name: one for one in found if one}


def execution_statuses(session: AwsSession, job_id: str) -> dict[str, str]:
    """The statuses of a job's executions by thing name, in one call for 250. Source: ListJobExecutionsForJob."""
    rows = session.pages("iot", "ListJobExecutionsForJob", "executionSummaries", jobId=job_id)
    return {row["thingArn"].rsplit("/", 1)[1]: row["jobExecutionSummary"]["status"] for row in rows}


def read_execution(session: AwsSession, job_id: str, thing_name: str) -> JobExecution | None:
    """One execution of a job, or None. Source: DescribeJobExecution."""
    operation = "iot:DescribeJobExecution"
    answer = unless_absent(
        lambda: session.call("iot", "DescribeJobExecution", jobId=job_id, thingName=thing_name), _ABSENT
    )
    if answer is None:
        return None
    execution: Mapping[str, Any] = answer.get("execution", {})
    return JobExecution(
        thing_name=thing_name,
        status=member(execution, "status", operation),
        details=dict((execution.get("statusDetails") or {}).get("detailsMap") or {}),
        version=member(execution, "versionNumber", operation),
    )


def cancel_job(session: AwsSession, job_id: str) -> None:
    """Cancel a job, executions in progress included. Source: CancelJob, force."""
    session.call("iot", "CancelJob", jobId=job_id, force=True)


def delete_job(session: AwsSession, job_id: str) -> None:
    """Delete a job in any state; AWS does so by and by. Source: DeleteJob, force."""
    session.call("iot", "DeleteJob", jobId=job_id, force=True)


def job_exists(session: AwsSession, job_id: str) -> bool:
    """Whether the job is still there, be it on its way out."""
    return unless_absent(lambda: session.call("iot", "DescribeJob", jobId=job_id), _ABSENT) is not None


def read_thing_group(session: AwsSession, name: str) -> ThingGroup | None:
    """A thing group with the things in it and in the groups below it, or None. Source: OTA-7; DescribeThingGroup."""
    answer = unless_absent(lambda: session.call("iot", "DescribeThingGroup", thingGroupName=name), _ABSENT)
    if answer is None:
        return None
    return ThingGroup(
        name,
        member(answer, "thingGroupArn", "iot:DescribeThingGroup"),
        tried("iot:ListThingsInThingGroup", lambda: tuple(_things(session, name))),
    )


def _things(session: AwsSession, group: str) -> Iterator[str]:
    return session.pages("iot", "ListThingsInThingGroup", "things", thingGroupName=group, recursive=True)


def create_thing_group(session: AwsSession, name: str) -> None:
    """Create a static thing group. Source: CreateThingGroup."""
    session.call("iot", "CreateThingGroup", thingGroupName=name)


def add_to_thing_group(session: AwsSession, group: str, thing_name: str) -> None:
    """Put a thing into a group. Source: AddThingToThingGroup."""
    session.call("iot", "AddThingToThingGroup", thingGroupName=group, thingName=thing_name)


def delete_thing_group(session: AwsSession, name: str) -> None:
    """Delete a thing group; its things stay."""
    session.call("iot", "DeleteThingGroup", thingGroupName=name)
