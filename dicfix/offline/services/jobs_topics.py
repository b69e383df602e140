"""AWS IoT Jobs over MQTT: ``$aws/things/<thing>/jobs/...``.

Source: developer guide jobs-mqtt-api and jobs-api (error codes); facts, OTA 1.1 and 1.5. Times are whole seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from dicfix.offline.rules.job_book import described, summary
from dicfix.offline.rules.job_executions import NEXT, DeviceJobs
from dicfix.offline.rules.job_records import Execution, JobRefused, Notice
from dicfix.offline.services.messages import Reply, Request

PREFIX = "$aws/things/"
TOKEN_BYTES = 64
Body = dict[str, Any]
_WHOLE_NUMBERS = ("expectedVersion", "executionNumber", "stepTimeoutInMinutes")
_FLAGS = ("includeJobDocument", "includeJobExecutionState")


class JobsTopics:
    """The Jobs service on its reserved topics."""

    def __init__(self, device: DeviceJobs) -> None:
        self._device = device

    def __call__(self, request: Request) -> tuple[Reply, ...]:
        """The answer: one direct reply on ``<topic>/accepted`` or ``<topic>/rejected``."""
        token: str | None = None
        try:
            handle, thing_name, job_id = self._route(request.topic)
            asked = _parsed(request.payload)
            token = _token(asked)
            _check_types(asked)
            body, suffix = handle(thing_name, job_id, asked), "accepted"
        except JobRefused as refused:
            body, suffix = _rejection(refused), "rejected"
        body["timestamp"] = int(self._device.book.clock())
        if token is not None:
            body["clientToken"] = token
        return (Reply(f"{request.topic}/{suffix}", _encoded(body), 1, direct=True),)

    def _route(self, topic: str) -> tuple[Callable[[str, str, Body], Body], str, str]:
        match topic.split("/")[2:]:
            case [thing_name, "jobs", "get"]:
                return self._pending, thing_name, ""
            case [thing_name, "jobs", "start-next"]:
                return self._start_next, thing_name, ""
            case [thing_name, "jobs", job_id, "get"]:
                return self._describe, thing_name, job_id
            case [thing_name, "jobs", job_id, "update"] if job_id != NEXT:
                return self._update, thing_name, job_id
        raise JobRefused("InvalidTopic", f"No operation of AWS IoT Jobs is on the topic {topic}")

    def _pending(self, thing_name: str, _job_id: str, _asked: Body) -> Body:
        running, queued = self._device.pending(thing_name)
        return {"inProgressJobs": [summary(e) for e in running], "queuedJobs": [summary(e) for e in queued]}

    def _start_next(self, thing_name: str, _job_id: str, asked: Body) -> Body:
        execution = self._device.start_next(
            thing_name, details=asked.get("statusDetails"), step_timeout_minutes=asked.get("stepTimeoutInMinutes")
        )
        return self._execution(execution, with_document=True)

    def _describe(self, thing_name: str, job_id: str, asked: Body) -> Body:
        execution = self._device.describe(thing_name, job_id, asked.get("executionNumber"))
        return self._execution(execution, with_document=asked.get("includeJobDocument", True))

    def _update(self, thing_name: str, job_id: str, asked: Body) -> Body:
        execution = self._device.update(
            thing_name,
            job_id,
            status=asked.get("status"),
            details=asked.get("statusDetails"),
            expected_version=asked.get("expectedVersion"),
            number=asked.get("executionNumber"),
            step_timeout_minutes=asked.get("stepTimeoutInMinutes"),
        )
        body: Body = {}
        if asked.get("includeJobExecutionState"):
            body["executionState"] = state_of(execution)
        if asked.get("includeJobDocument"):
            body["jobDocument"] = json.loads(self._device.document(job_id))
        return body

    def _execution(self, execution: Execution | None, *, with_document: bool) -> Body:
        if execution is None:
            return {}
        body = described(execution, self._device.document(execution.job_id) if with_document else None)
        left = self._device.seconds_left(execution)
        return {"execution": body if left is None else body | {"approximateSecondsBeforeTimedOut": left}}


def notice_reply(notice: Notice) -> Reply:
    """The message for a notice of the job book; it goes to subscribers."""
    return Reply(f"{PREFIX}{notice.thing_name}/jobs/{notice.kind}", _encoded(notice.body), 1, direct=False)


def state_of(execution: Execution) -> Body:
    """JobExecutionState."""
    return {
        "status": execution.status,
        "statusDetails": dict(execution.details),
        "versionNumber": execution.version,
    }


def _rejection(refused: JobRefused) -> Body:
    body: Body = {"code": refused.code, "message": refused.message}
    return body if refused.execution is None else body | {"executionState": state_of(refused.execution)}


def _parsed(payload: bytes) -> Body:
    """The request; an empty payload counts as ``{}`` (assumed)."""
    try:
        asked = json.loads(payload.decode("utf-8")) if payload else {}
    except ValueError as error:
        raise JobRefused("InvalidJson", "The payload is not UTF-8 encoded JSON") from error
    if not isinstance(asked, dict):
        raise JobRefused("InvalidJson", "The payload is not a JSON object")
    return asked


def _token(asked: Body) -> str | None:
    token = asked.get("clientToken")
    if token is None:
        return None
    if not isinstance(token, str) or len(token.encode()) > TOKEN_BYTES:
        raise JobRefused("InvalidRequest", f"clientToken must be a text of at most {TOKEN_BYTES} bytes")
    return token


def _check_types(asked: Body) -> None:
    for name in _WHOLE_NUMBERS:
        value = asked.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise JobRefused("InvalidRequest", f"{name} must be a whole number")
    for name in _FLAGS:
        if not isinstance(asked.get(name, False), bool):
            raise JobRefused("InvalidRequest", f"{name} must be true or false")


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
