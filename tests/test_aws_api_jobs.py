"""Jobs and iot-jobs-data through the AWS API: what moto lacks or gets wrong, in-process and over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloud_account import Account, code_of
from ota_account import OtaAccount

from dicfix.offline.faults import FaultKind

pytest_plugins = ["cloud_fixtures"]

DOCUMENT = json.dumps({"operation": "reboot"})


@pytest.fixture
def ota(empty_account: Account) -> Iterator[OtaAccount]:
    account = OtaAccount(empty_account)
    yield account
    account.close()


def create(ota: OtaAccount, job_id: str = "J1", things: tuple[str, ...] = ("T1",), **members: Any) -> dict[str, Any]:
    wanted = {"jobId": job_id, "targets": [ota.thing(name) for name in things], "document": DOCUMENT} | members
    answer: dict[str, Any] = ota.iot.create_job(**wanted)
    return answer


def job(ota: OtaAccount, job_id: str = "J1") -> dict[str, Any]:
    found: dict[str, Any] = ota.iot.describe_job(jobId=job_id)["job"]
    return found


def executions(ota: OtaAccount, job_id: str = "J1") -> dict[str, str]:
    rows = ota.iot.list_job_executions_for_job(jobId=job_id)["executionSummaries"]
    return {row["thingArn"].rpartition("/")[2]: row["jobExecutionSummary"]["status"] for row in rows}


def test_a_job_is_in_progress_and_its_executions_start_at_one(ota: OtaAccount) -> None:
    answer = create(ota, description="d")
    assert (answer["jobId"], answer["description"]) == ("J1", "d")
    assert answer["jobArn"] == "arn:aws:iot:eu-west-1:123456789012:job/J1"
    found = job(ota)
    assert (found["status"], found["targetSelection"]) == ("IN_PROGRESS", "SNAPSHOT")
    assert found["jobProcessDetails"]["numberOfQueuedThings"] == 1
    execution = ota.iot.describe_job_execution(jobId="J1", thingName="T1")["execution"]
    assert (execution["status"], execution["executionNumber"], execution["versionNumber"]) == ("QUEUED", 1, 1)
    assert "startedAt" not in execution
    assert ota.iot.get_job_document(jobId="J1")["document"] == DOCUMENT


WRONG: dict[str, tuple[str, int, Callable[[OtaAccount], Any]]] = {
    "a second job of the same id": (
        "ResourceAlreadyExistsException",
        409,
        lambda ota: [create(ota), create(ota)],
    ),
    "an id with a blank": ("InvalidRequestException", 400, lambda ota: create(ota, "a b")),
    "an unknown target": (
        "ResourceNotFoundException",
        404,
        lambda ota: create(ota, targets=["arn:aws:iot:eu-west-1:123456789012:thing/none"]),
    ),
    "a certificate as target": (
        "InvalidRequestException",
        400,
        lambda ota: create(ota, targets=["arn:aws:iot:eu-west-1:123456789012:cert/" + "0" * 64]),
    ),
    "a document that is not JSON": ("InvalidRequestException", 400, lambda ota: create(ota, document="nope")),
    "describing a job that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.iot.describe_job(jobId="none"),
    ),
    "cancelling a job that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.iot.cancel_job(jobId="none"),
    ),
    "deleting a job that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.iot.delete_job(jobId="none"),
    ),
    "deleting a job in progress without force": (
        "InvalidStateTransitionException",
        409,
        lambda ota: [create(ota), ota.iot.delete_job(jobId="J1")],
    ),
    "associating targets with a snapshot job": (
        "InvalidRequestException",
        400,
        lambda ota: [create(ota), ota.iot.associate_targets_with_job(jobId="J1", targets=[ota.thing("T2")])],
    ),
    "the executions of a thing that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.iot.list_job_executions_for_thing(thingName="none"),
    ),
    "a device's job that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.client("iot-jobs-data").describe_job_execution(jobId="none", thingName=_named(ota, "T1")),
    ),
    "a device's update of a version that is not the execution's": (
        "InvalidRequestException",
        400,
        lambda ota: [create(ota), _update(ota, "SUCCEEDED", expectedVersion=7)],
    ),
    "a device's update after the end": (
        "InvalidStateTransitionException",
        409,
        lambda ota: [create(ota), _update(ota, "SUCCEEDED"), _update(ota, "IN_PROGRESS")],
    ),
    "a device's update to a status of the service": (
        "InvalidRequestException",
        400,
        lambda ota: [create(ota), _update(ota, "CANCELED")],
    ),
}


def _named(ota: OtaAccount, thing: str) -> str:
    ota.thing(thing)
    return thing


def _update(ota: OtaAccount, status: str, **members: Any) -> dict[str, Any]:
    client = ota.client("iot-jobs-data")
    answer: dict[str, Any] = client.update_job_execution(jobId="J1", thingName="T1", status=status, **members)
    return answer


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_about_jobs_is_refused_with_awss_code(ota: OtaAccount, case: str) -> None:
    code, status, call = WRONG[case]
    assert code_of(lambda: call(ota)) == (code, status)


def test_the_pages_of_jobs_end_and_hold_every_job_once_the_newest_first(ota: OtaAccount) -> None:
    for number in range(5):
        create(ota, f"J{number}")
    pages = list(ota.iot.get_paginator("list_jobs").paginate(PaginationConfig={"PageSize": 2}))
    assert [[row["jobId"] for row in page["jobs"]] for page in pages] == [["J4", "J3"], ["J2", "J1"], ["J0"]]
    ota.iot.cancel_job(jobId="J2")
    assert [row["jobId"] for row in ota.iot.list_jobs(status="CANCELED")["jobs"]] == ["J2"]


def test_the_pages_of_executions_hold_every_thing_once(ota: OtaAccount) -> None:
    names = tuple(f"T{number}" for number in range(5))
    create(ota, things=names)
    paginator = ota.iot.get_paginator("list_job_executions_for_job")
    rows = [
        row["thingArn"].rpartition("/")[2]
        for page in paginator.paginate(jobId="J1", PaginationConfig={"PageSize": 2})
        for row in page["executionSummaries"]
    ]
    assert rows == list(names)
    mine = ota.iot.list_job_executions_for_thing(thingName="T3")["executionSummaries"]
    assert [row["jobId"] for row in mine] == ["J1"]


def test_a_group_target_reaches_every_thing_below_it_once(ota: OtaAccount) -> None:
    for name in ("T1", "T2", "T3"):
        ota.thing(name)
    above = ota.group("above", "T1")
    ota.group("below", "T2", "T1", parent="above")
    create(ota, targets=[above, ota.thing("T3")])
    assert executions(ota) == {"T1": "QUEUED", "T2": "QUEUED", "T3": "QUEUED"}


def test_a_continuous_job_follows_its_group_and_a_snapshot_job_does_not(ota: OtaAccount) -> None:
    ota.thing("T1")
    group = ota.group("g", "T1")
    ota.group("child", parent="g")
    create(ota, "once", targets=[group])
    create(ota, "always", targets=[group], targetSelection="CONTINUOUS")
    ota.thing("T2")
    ota.iot.add_thing_to_thing_group(thingGroupName="child", thingName="T2")
    assert executions(ota, "once") == {"T1": "QUEUED"}
    assert executions(ota, "always") == {"T1": "QUEUED", "T2": "QUEUED"}
    ota.iot.remove_thing_from_thing_group(thingGroupName="g", thingName="T1")
    assert executions(ota, "always") == {"T1": "REMOVED", "T2": "QUEUED"}
    ota.iot.update_thing_groups_for_thing(thingName="T1", thingGroupsToAdd=["g"])
    assert executions(ota, "always")["T1"] == "QUEUED"
    ota.iot.delete_thing(thingName="T2")
    assert executions(ota, "always")["T2"] == "REMOVED"


def test_a_deleted_group_leaves_no_executions_waiting(ota: OtaAccount) -> None:
    ota.thing("T1")
    group = ota.group("g", "T1")
    create(ota, targets=[group], targetSelection="CONTINUOUS")
    ota.iot.delete_thing_group(thingGroupName="g")
    assert executions(ota) == {"T1": "REMOVED"}


def test_targets_are_associated_with_a_continuous_job(ota: OtaAccount) -> None:
    ota.thing("T1")
    create(ota, targets=[ota.group("g", "T1")], targetSelection="CONTINUOUS")
    ota.thing("T2")
    ota.iot.associate_targets_with_job(jobId="J1", targets=[ota.group("h", "T2")], comment="more")
    assert executions(ota) == {"T1": "QUEUED", "T2": "QUEUED"}
    assert job(ota)["comment"] == "more"


def test_a_canceled_job_cancels_what_is_queued_and_by_force_what_is_in_progress(ota: OtaAccount) -> None:
    create(ota, things=("T1", "T2"))
    ota.client("iot-jobs-data").start_next_pending_job_execution(thingName="T1")
    ota.iot.cancel_job(jobId="J1", reasonCode="STOP", comment="enough")
    assert executions(ota) == {"T1": "IN_PROGRESS", "T2": "CANCELED"}
    found = job(ota)
    assert (found["status"], found["reasonCode"], found["comment"]) == ("CANCELED", "STOP", "enough")
    ota.iot.delete_job(jobId="J1", force=True)
    assert code_of(lambda: ota.iot.describe_job(jobId="J1")) == ("ResourceNotFoundException", 404)
    assert ota.iot.list_job_executions_for_thing(thingName="T1")["executionSummaries"] == []


def test_one_execution_is_canceled_and_deleted_by_itself(ota: OtaAccount) -> None:
    create(ota, things=("T1", "T2"))
    ota.iot.cancel_job_execution(jobId="J1", thingName="T1", expectedVersion=1)
    assert executions(ota) == {"T1": "CANCELED", "T2": "QUEUED"}
    ota.iot.delete_job_execution(jobId="J1", thingName="T1", executionNumber=1)
    assert executions(ota) == {"T2": "QUEUED"}


def test_a_job_is_updated_and_told_back(ota: OtaAccount) -> None:
    create(ota, timeoutConfig={"inProgressTimeoutInMinutes": 5})
    ota.iot.update_job(jobId="J1", description="new", timeoutConfig={"inProgressTimeoutInMinutes": 9})
    found = job(ota)
    assert (found["description"], found["timeoutConfig"]) == ("new", {"inProgressTimeoutInMinutes": 9})


def test_a_document_is_taken_from_its_source_in_s3(ota: OtaAccount) -> None:
    ota.make_bucket("documents-of-jobs")
    ota.client("s3").put_object(Bucket="documents-of-jobs", Key="jobs/one.json", Body=DOCUMENT)
    for number, url in enumerate(
        (
            "https://documents-of-jobs.s3.eu-west-1.amazonaws.com/jobs/one.json",
            "https://s3.eu-west-1.amazonaws.com/documents-of-jobs/jobs/one.json",
        )
    ):
        targets = [ota.thing("T1")]
        ota.iot.create_job(jobId=f"J{number}", targets=targets, documentSource=url)
        assert ota.iot.get_job_document(jobId=f"J{number}")["document"] == DOCUMENT
        assert ota.iot.describe_job(jobId=f"J{number}")["documentSource"] == url
    missing = "https://documents-of-jobs.s3.amazonaws.com/none"
    refused = code_of(lambda: ota.iot.create_job(jobId="J9", targets=[ota.thing("T1")], documentSource=missing))
    assert refused == ("InvalidRequestException", 400)


def test_a_device_works_through_its_jobs_over_https(ota: OtaAccount) -> None:
    create(ota, "J1")
    create(ota, "J2")
    device = ota.client("iot-jobs-data")
    pending = device.get_pending_job_executions(thingName="T1")
    assert [row["jobId"] for row in pending["queuedJobs"]] == ["J1", "J2"]
    started = device.start_next_pending_job_execution(thingName="T1", statusDetails={"step": "1"})["execution"]
    assert (started["jobId"], started["status"], started["versionNumber"]) == ("J1", "IN_PROGRESS", 2)
    assert started["jobDocument"] == DOCUMENT
    updated = device.update_job_execution(
        jobId="J1", thingName="T1", status="SUCCEEDED", includeJobExecutionState=True, includeJobDocument=True
    )
    state = updated["executionState"]
    assert (state["status"], state["versionNumber"], state["statusDetails"]) == ("SUCCEEDED", 3, {"step": "1"})
    assert updated["jobDocument"] == DOCUMENT
    described = device.describe_job_execution(jobId="$next", thingName="T1", includeJobDocument=False)["execution"]
    assert (described["jobId"], "jobDocument" in described) == ("J2", False)
    assert job(ota)["status"] == "COMPLETED"


def test_faults_strike_the_operations_on_jobs(ota: OtaAccount) -> None:
    create(ota)
    faults = ota.cloud.faults
    with faults.inject("iot:DescribeJob", FaultKind.THROTTLED), faults.inject("iot-jobs-data:*", FaultKind.UNAVAILABLE):
        assert code_of(lambda: job(ota)) == ("ThrottlingException", 400)
        refused = code_of(lambda: ota.client("iot-jobs-data").get_pending_job_executions(thingName="T1"))
        assert refused == ("ServiceUnavailableException", 503)
    assert job(ota)["status"] == "IN_PROGRESS"


def test_the_cost_of_a_job_grows_no_faster_than_its_targets(ota: OtaAccount) -> None:
    def seconds(count: int) -> float:
        names = [f"fleet{count}-{number}" for number in range(count)]
        arn = ota.iot.create_thing_group(thingGroupName=f"g{count}")["thingGroupArn"]
        for name in names:
            ota.thing(name)
            ota.iot.add_thing_to_thing_group(thingGroupName=f"g{count}", thingName=name)
        began = time.process_time()
        ota.iot.create_job(jobId=f"fleet{count}", targets=[arn], document=DOCUMENT)
        ota.iot.describe_job(jobId=f"fleet{count}")
        ota.iot.delete_job(jobId=f"fleet{count}", force=True)
        return time.process_time() - began

    seconds(5)
    small, large = min(seconds(20), seconds(21)), seconds(200)
    assert large < 10 * max(small, 0.01) * 3
