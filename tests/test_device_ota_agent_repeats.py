"""A job that comes twice: an answer older than the agent's report changes nothing, a retry is a new execution."""

from __future__ import annotations

import json
from typing import Any

from dicfix.device.ota_agent import OtaAgent, Publish

GET_ACCEPTED = "$aws/things/DIC_2/jobs/$next/get/accepted"
HTTP_ONLY = {"afr_ota": {"protocols": ["HTTP"], "files": [{"filesize": 1, "fileid": 0}]}}


def message(number: int) -> bytes:
    execution: dict[str, Any] = {"jobId": "AFR_OTA-u", "executionNumber": number, "jobDocument": HTTP_ONLY}
    return json.dumps({"execution": execution}).encode()


def started() -> OtaAgent:
    agent = OtaAgent("DIC_2", lambda: 0.0)
    agent.start()
    return agent


def test_a_second_answer_about_an_ended_execution_is_passed_over() -> None:
    agent = started()
    (report,) = agent.receive(GET_ACCEPTED, message(1))
    assert isinstance(report, Publish)
    assert b"FAILED" in report.payload
    assert agent.receive(GET_ACCEPTED, message(1)) == ()
    assert [one.status for one in agent.outcomes] == ["FAILED"]


def test_a_retry_by_aws_is_another_execution_of_the_job() -> None:
    agent = started()
    agent.receive(GET_ACCEPTED, message(1))
    assert agent.receive(GET_ACCEPTED, message(2)) != ()
    assert [one.status for one in agent.outcomes] == ["FAILED", "FAILED"]
