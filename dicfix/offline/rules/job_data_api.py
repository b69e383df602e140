"""The iot-jobs-data API over a job book: the device's operations in the shapes of its service model.

The job document is a text here (over MQTT it is JSON); times are whole seconds. Refusals are ``RuleViolation`` with the
model's shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.job_book import described, summary
from dicfix.offline.rules.job_executions import API_CODES, NEXT, DeviceJobs
from dicfix.offline.rules.job_records import Execution, JobRefused
from dicfix.offline.rules.service_model import check_request

Request = Mapping[str, Any]
Answer = dict[str, Any]


class JobsData:
    """The four job operations of iot-jobs-data."""

    def __init__(self, device: DeviceJobs) -> None:
        self._device = device

    def get_pending(self, request: Request) -> Answer:
        """GetPendingJobExecutions."""
        check_request("iot-jobs-data", "GetPendingJobExecutions", request)
        running, queued = _translated(lambda: self._device.pending(request["thingName"]))
        return {"inProgressJobs": [summary(e) for e in running], "queuedJobs": [summary(e) for e in queued]}

    def start_next(self, request: Request) -> Answer:
        """StartNextPendingJobExecution."""
        check_request("iot-jobs-data", "StartNextPendingJobExecution", request)
        execution = _translated(
            lambda: self._device.start_next(
                request["thingName"],
                details=request.get("statusDetails"),
                step_timeout_minutes=request.get("stepTimeoutInMinutes"),
            )
        )
        return self._execution(execution, with_document=True)

    def describe(self, request: Request) -> Answer:
        """DescribeJobExecution; ``$next`` is a job ID."""
        check_request("iot-jobs-data", "DescribeJobExecution", request)
        execution = _translated(
            lambda: self._device.describe(request["thingName"], request["jobId"], request.get("executionNumber"))
        )
        return self._execution(execution, with_document=request.get("includeJobDocument") is not False)

    def update(self, request: Request) -> Answer:
        """UpdateJobExecution."""
        check_request("iot-jobs-data", "UpdateJobExecution", request)
        execution = _translated(
            lambda: self._device.update(
                request["thingName"],
                request["jobId"],
                status=request.get("status"),
                details=request.get("statusDetails"),
                expected_version=request.get("expectedVersion"),
                number=request.get("executionNumber"),
                step_timeout_minutes=request.get("stepTimeoutInMinutes"),
            )
        )
        state = {
            "status": execution.status,
            "statusDetails": dict(execution.details),
            "versionNumber": execution.version,
        }
        answer: Answer = {"executionState": state} if request.get("includeJobExecutionState") else {}
        if request.get("includeJobDocument"):
            answer["jobDocument"] = self._device.document(execution.job_id)
        return answer

    def _execution(self, execution: Execution | None, *, with_document: bool) -> Answer:
        if execution is None:
            return {}
        body = described(execution, None) | {"thingName": execution.thing_name}
        if with_document:
            body["jobDocument"] = self._device.document(execution.job_id)
        left = self._device.seconds_left(execution)
        return {"execution": body if left is None else body | {"approximateSecondsBeforeTimedOut": left}}


def _translated(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except JobRefused as refused:
        raise RuleViolation(API_CODES[refused.code], refused.message) from refused


__all__ = ["NEXT", "JobsData"]
