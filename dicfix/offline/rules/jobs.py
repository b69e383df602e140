"""AWS IoT Jobs as its owner sees it: the iot operations on jobs and job executions, in the shapes of the service model.

Requests are mappings with the model's member names (times: seconds since the epoch); refusals are ``RuleViolation``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.job_answers import (
    execution_answer,
    execution_summary,
    job_answer,
    job_summary,
    taken,
)
from dicfix.offline.rules.job_book import JobBook
from dicfix.offline.rules.job_records import CANCELED, IN_PROGRESS, PENDING, REMOVED, Execution, Job
from dicfix.offline.rules.job_rules import (
    document_is_json,
    expected_for_cancel,
    id_is_free,
    may_associate,
    may_cancel,
    may_cancel_execution,
    may_delete,
    may_delete_execution,
    one_document,
    room_for_targets,
    target_exists,
    target_of,
    timeout_in_range,
)
from dicfix.offline.rules.paging import TOKEN_DEFAULT, page
from dicfix.offline.rules.service_model import check_request

Request = Mapping[str, Any]
Answer = dict[str, Any]
CONFIG = (
    "presignedUrlConfig",
    "jobExecutionsRolloutConfig",
    "abortConfig",
    "timeoutConfig",
    "namespaceId",
    "jobTemplateArn",
    "jobExecutionsRetryConfig",
    "documentParameters",
    "schedulingConfig",
    "destinationPackageVersions",
)
UPDATABLE = (
    "presignedUrlConfig",
    "jobExecutionsRolloutConfig",
    "abortConfig",
    "timeoutConfig",
    "jobExecutionsRetryConfig",
)


class Jobs:
    """The control plane over a job book; ``fetch`` gives the text of a documentSource."""

    def __init__(self, book: JobBook, fetch: Any = None) -> None:
        self.book = book
        self._fetch = fetch

    def create(self, request: Request) -> Answer:
        """CreateJob."""
        check_request("iot", "CreateJob", request)
        job_id, known = request["jobId"], self.book.jobs.get(request["jobId"])
        id_is_free(job_id, known.arn if known else None)
        one_document(request.get("document"), request.get("documentSource"))
        document = request["document"] if request.get("document") is not None else self._document_at(request)
        document_is_json(document)
        timeout_in_range((request.get("timeoutConfig") or {}).get("inProgressTimeoutInMinutes"))
        room_for_targets(len(request["targets"]))
        things = self._things(request["targets"])
        now = self.book.clock()
        job = Job(
            job_id,
            f"arn:{self.book.home}:job/{job_id}",
            self.book.serial(),
            tuple(request["targets"]),
            document,
            now,
            now,
            target_selection=request.get("targetSelection") or "SNAPSHOT",
            document_source=request.get("documentSource"),
            description=request.get("description"),
            config={name: request[name] for name in CONFIG if request.get(name) is not None},
        )
        self.book.add_job(job, things)
        return taken(job)

    def describe(self, request: Request) -> Answer:
        """DescribeJob."""
        self.book.run_due()
        job = self.book.job(request["jobId"])
        answer: Answer = {
            "job": job_answer(job, self.book.counts(job.job_id), waiting=tuple(self.book.waiting[job.job_id]))
        }
        return answer | ({"documentSource": job.document_source} if job.document_source else {})

    def document(self, request: Request) -> Answer:
        """GetJobDocument."""
        return {"document": self.book.job(request["jobId"]).document}

    def listed(self, request: Request) -> Answer:
        """ListJobs, the newest first."""
        check_request("iot", "ListJobs", request)
        self.book.run_due()
        found = [job for job in self.book.jobs.values() if self._listed(job, request)]
        chosen, token = page(
            found,
            lambda job: job.serial,
            operation="ListJobs",
            marker=request.get("nextToken"),
            size=request.get("maxResults") or TOKEN_DEFAULT,
            ascending=False,
        )
        waiting = self.book.waiting
        return _paged("jobs", [job_summary(job, waiting=bool(waiting[job.job_id])) for job in chosen], token)

    def update(self, request: Request) -> Answer:
        """UpdateJob."""
        check_request("iot", "UpdateJob", request)
        job = self.book.job(request["jobId"])
        if job.status != IN_PROGRESS:
            raise RuleViolation("InvalidRequestException", f"Job {job.job_id} is {job.status} and cannot be updated")
        timeout_in_range((request.get("timeoutConfig") or {}).get("inProgressTimeoutInMinutes"))
        config = {**job.config, **{name: request[name] for name in UPDATABLE if request.get(name) is not None}}
        description = request.get("description", job.description)
        changed = replace(job, config=config, description=description, updated_at=self.book.clock())
        self.book.jobs[job.job_id] = changed
        self.book.roll_out(changed)
        return {}

    def cancel(self, request: Request) -> Answer:
        """CancelJob."""
        check_request("iot", "CancelJob", request)
        self.book.run_due()
        job, force = self.book.job(request["jobId"]), bool(request.get("force"))
        may_cancel(job, force=force)
        self.book.cancel(job, force=force, reason_code=request.get("reasonCode"), comment=request.get("comment"))
        return taken(job)

    def delete(self, request: Request) -> Answer:
        """DeleteJob; here it is done at once, without a DELETION_IN_PROGRESS to be seen."""
        check_request("iot", "DeleteJob", request)
        self.book.run_due()
        job = self.book.job(request["jobId"])
        may_delete(job, force=bool(request.get("force")))
        self.book.remove_job(job.job_id)
        return {}

    def associate(self, request: Request) -> Answer:
        """AssociateTargetsWithJob."""
        check_request("iot", "AssociateTargetsWithJob", request)
        job = self.book.job(request["jobId"])
        may_associate(job)
        targets = tuple(dict.fromkeys((*job.targets, *request["targets"])))
        room_for_targets(len(targets))
        things = self._things(request["targets"])
        job = replace(job, targets=targets, comment=request.get("comment", job.comment), updated_at=self.book.clock())
        self.book.jobs[job.job_id] = job
        for thing_name in things:
            self._join(job, thing_name)
        return taken(job)

    def describe_execution(self, request: Request) -> Answer:
        """DescribeJobExecution."""
        self.book.run_due()
        execution = self._execution(request)
        return {"execution": execution_answer(execution, self._thing_arn(execution), self.book.clock())}

    def cancel_execution(self, request: Request) -> Answer:
        """CancelJobExecution."""
        check_request("iot", "CancelJobExecution", request)
        self.book.run_due()
        execution, force = self._execution(request), bool(request.get("force"))
        expected_for_cancel(execution, request.get("expectedVersion"))
        may_cancel_execution(execution, force=force)
        details = request.get("statusDetails")
        members = {} if details is None else {"details": dict(details)}
        self.book.change(execution, status=CANCELED, force_canceled=force, **members)
        return {}

    def delete_execution(self, request: Request) -> Answer:
        """DeleteJobExecution."""
        check_request("iot", "DeleteJobExecution", request)
        self.book.run_due()
        execution = self._execution(request)
        may_delete_execution(execution, force=bool(request.get("force")))
        self.book.remove_execution(execution)
        self.book.settle(execution.job_id)
        return {}

    def list_executions_for_job(self, request: Request) -> Answer:
        """ListJobExecutionsForJob."""
        check_request("iot", "ListJobExecutionsForJob", request)
        self.book.run_due()
        executions = self.book.of_job(self.book.job(request["jobId"]).job_id)
        chosen, token = _page_of_executions("ListJobExecutionsForJob", executions, request)
        rows = [{"thingArn": self._thing_arn(e), "jobExecutionSummary": execution_summary(e)} for e in chosen]
        return _paged("executionSummaries", rows, token)

    def list_executions_for_thing(self, request: Request) -> Answer:
        """ListJobExecutionsForThing, the newest first."""
        check_request("iot", "ListJobExecutionsForThing", request)
        self.book.run_due()
        if not self.book.targets.thing_exists(request["thingName"]):
            raise RuleViolation("ResourceNotFoundException", f"Thing {request['thingName']} does not exist")
        executions = [e for e in self.book.of_thing(request["thingName"]) if e.job_id == request.get("jobId", e.job_id)]
        chosen, token = _page_of_executions("ListJobExecutionsForThing", executions, request, ascending=False)
        rows = [{"jobId": e.job_id, "jobExecutionSummary": execution_summary(e)} for e in chosen]
        return _paged("executionSummaries", rows, token)

    def thing_joined(self, group_names: Iterable[str], thing_name: str) -> None:
        """A thing joined a group (named with its parent groups): continuous jobs of these reach it."""
        arns = {f"arn:{self.book.home}:thinggroup/{name}" for name in group_names}
        for job in list(self.book.jobs.values()):
            if job.continuous and job.status == IN_PROGRESS and arns.intersection(job.targets):
                self._join(job, thing_name)

    def thing_left(self, thing_name: str) -> None:
        """A thing left a group or was deleted: executions that no target explains any more are REMOVED.

        Source: developer guide iot-jobs-lifecycle, REMOVED; that only continuous jobs follow the group is assumed.
        """
        gone = not self.book.targets.thing_exists(thing_name)
        for execution in [e for e in self.book.of_thing(thing_name) if e.status in PENDING]:
            job = self.book.job(execution.job_id)
            if gone or (job.continuous and thing_name not in self._things(job.targets, strict=False)):
                self.book.change(execution, status=REMOVED)

    def _join(self, job: Job, thing_name: str) -> None:
        known = self.book.execution(thing_name, job.job_id)
        if known is None or known.status == REMOVED:
            self.book.queue(job, thing_name)

    def _things(self, arns: Iterable[str], *, strict: bool = True) -> list[str]:
        things: list[str] = []
        for arn in arns:
            kind, name = target_of(arn, self.book.home)
            targets = self.book.targets
            found = targets.thing_exists(name) if kind == "thing" else targets.group_exists(name)
            if strict:
                target_exists(arn, found=found)
            if found:
                things.extend([name] if kind == "thing" else targets.things_in(name))
        return things

    def _document_at(self, request: Request) -> str:
        if self._fetch is None:
            raise RuleViolation("InvalidRequestException", "documentSource cannot be read here; give document")
        return str(self._fetch(request["documentSource"]))

    def _listed(self, job: Job, request: Request) -> bool:
        group = request.get("thingGroupName")
        return (
            job.status == (request.get("status") or job.status)
            and job.target_selection == (request.get("targetSelection") or job.target_selection)
            and (group is None or f"arn:{self.book.home}:thinggroup/{group}" in job.targets)
        )

    def _execution(self, request: Request) -> Execution:
        execution = self.book.execution(request["thingName"], request["jobId"], request.get("executionNumber"))
        if execution is None:
            raise RuleViolation(
                "ResourceNotFoundException",
                f"There is no execution of job {request['jobId']} for thing {request['thingName']}",
            )
        return execution

    def _thing_arn(self, execution: Execution) -> str:
        return f"arn:{self.book.home}:thing/{execution.thing_name}"


def _page_of_executions(
    operation: str, executions: list[Execution], request: Request, *, ascending: bool = True
) -> tuple[Any, str | None]:
    found = [e for e in executions if e.status == (request.get("status") or e.status)]
    return page(
        sorted(found, key=lambda e: e.order),
        lambda e: e.order,
        operation=operation,
        marker=request.get("nextToken"),
        size=request.get("maxResults") or TOKEN_DEFAULT,
        ascending=ascending,
    )


def _paged(name: str, rows: list[Answer], token: str | None) -> Answer:
    return {name: rows} | ({"nextToken": token} if token else {})
