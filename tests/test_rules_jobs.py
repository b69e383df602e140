"""AWS IoT Jobs as their owner sees them: creation, rollout, cancel, delete, lists, limits."""

from __future__ import annotations

import pytest
from ota_world import ACCOUNT, DOCUMENT, HOME, START_S, World

from dicfix.offline.rules import RuleViolation


def refusal(call: object, *args: object, **kwargs: object) -> RuleViolation:
    with pytest.raises(RuleViolation) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value


def test_a_job_without_a_document_is_refused() -> None:
    world = World()
    error = refusal(world.jobs.create, {"jobId": "J1", "targets": [world.thing_arn("T1")]})
    assert error.code == "InvalidRequestException"


def test_a_job_with_two_documents_is_refused() -> None:
    assert refusal(World().create, documentSource="https://s3.amazonaws.com/b/k").code == "InvalidRequestException"


def test_a_document_source_is_fetched_and_kept() -> None:
    world = World()
    world.jobs._fetch = lambda url: DOCUMENT if url.endswith("/k") else ""
    request = {"jobId": "J1", "targets": [world.thing_arn("T1")], "documentSource": "https://s3.amazonaws.com/b/k"}
    world.jobs.create(request)
    assert world.jobs.document({"jobId": "J1"}) == {"document": DOCUMENT}
    assert world.jobs.describe({"jobId": "J1"})["documentSource"] == request["documentSource"]


@pytest.mark.parametrize("document", ["not json", "{", '"' + "x" * 32768 + '"'])
def test_a_document_that_is_not_json_is_refused(document: str) -> None:
    assert refusal(World().create, document=document).code == "InvalidRequestException"


def test_an_id_with_a_blank_is_refused_by_the_service_model() -> None:
    error = refusal(World().create, "OTA demo")
    assert error.code == "InvalidRequestException"
    assert "jobId" in error.message


def test_an_id_of_65_characters_is_refused_and_of_64_taken() -> None:
    world = World()
    assert world.create("x" * 64)["jobId"] == "x" * 64
    assert refusal(world.create, "x" * 65).code == "InvalidRequestException"


def test_a_second_job_of_the_same_id_is_refused() -> None:
    world = World()
    world.create()
    error = refusal(world.create)
    assert error.code == "ResourceAlreadyExistsException"
    assert error.extra == {"resourceId": "J1", "resourceArn": f"arn:{HOME}:job/J1"}


def test_a_job_has_at_most_100_targets() -> None:
    world = World(things=[f"T{n}" for n in range(101)])
    assert refusal(world.create, targets=[f"T{n}" for n in range(101)]).code == "LimitExceededException"
    assert world.create(targets=[f"T{n}" for n in range(100)])["jobId"] == "J1"


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:{HOME}:cert/{'a' * 64}",
        f"arn:aws:iot:us-east-1:{ACCOUNT}:thing/T1",
        "arn:aws:iot:eu-central-1:210987654321:thing/T1",
        f"arn:{HOME}:thing/",
    ],
)
def test_a_target_that_is_no_thing_or_group_of_this_account_is_refused(arn: str) -> None:
    assert refusal(World().create, targets=[arn]).code == "InvalidRequestException"


def test_an_unknown_target_is_refused() -> None:
    world = World()
    assert refusal(world.create, targets=["T9"]).code == "ResourceNotFoundException"
    assert refusal(world.create, targets=[world.group_arn("none")]).code == "ResourceNotFoundException"


@pytest.mark.parametrize("minutes", [0, 10081])
def test_an_in_progress_timeout_is_1_to_10080_minutes(minutes: int) -> None:
    world = World()
    error = refusal(world.create, timeoutConfig={"inProgressTimeoutInMinutes": minutes})
    assert error.code == "InvalidRequestException"
    assert world.create(timeoutConfig={"inProgressTimeoutInMinutes": 10080})["jobId"] == "J1"


def test_a_job_of_a_group_has_one_execution_for_each_of_its_things() -> None:
    world = World(groups={"G": ["T1", "T2"]})
    world.create(targets=["T2", world.group_arn("G")])
    assert [e.thing_name for e in world.book.of_job("J1")] == ["T2", "T1"]
    assert world.counts_of() == {"numberOfQueuedThings": 2}
    execution = world.jobs.describe_execution({"jobId": "J1", "thingName": "T1"})["execution"]
    assert execution == {
        "jobId": "J1",
        "status": "QUEUED",
        "statusDetails": {"detailsMap": {}},
        "thingArn": world.thing_arn("T1"),
        "queuedAt": START_S,
        "lastUpdatedAt": START_S,
        "executionNumber": 1,
        "versionNumber": 1,
    }


def test_a_new_job_is_in_progress_and_described_as_the_model_says() -> None:
    world = World()
    assert world.create(description="why") == {"jobId": "J1", "jobArn": f"arn:{HOME}:job/J1", "description": "why"}
    job = world.jobs.describe({"jobId": "J1"})["job"]
    assert (job["status"], job["targetSelection"], job["createdAt"]) == ("IN_PROGRESS", "SNAPSHOT", START_S)
    assert job["targets"] == [world.thing_arn("T1")]
    assert "processingTargets" not in job["jobProcessDetails"]


def test_a_snapshot_job_completes_with_its_last_execution() -> None:
    world = World()
    world.create(targets=["T1", "T2"])
    world.device.update("T1", "J1", status="SUCCEEDED")
    assert world.status_of() == "IN_PROGRESS"
    world.device.update("T2", "J1", status="FAILED")
    assert world.status_of() == "COMPLETED"
    assert world.counts_of() == {"numberOfSucceededThings": 1, "numberOfFailedThings": 1}
    assert world.jobs.describe({"jobId": "J1"})["job"]["completedAt"] == START_S


def test_a_continuous_job_never_completes_and_reaches_things_that_join() -> None:
    world = World(groups={"G": ["T1"]})
    world.create(targets=[world.group_arn("G")], targetSelection="CONTINUOUS")
    world.device.update("T1", "J1", status="SUCCEEDED")
    assert world.status_of() == "IN_PROGRESS"
    world.fleet.groups["G"].append("T2")
    world.jobs.thing_joined(["G"], "T2")
    world.jobs.thing_joined(["G"], "T1")
    assert [e.thing_name for e in world.book.of_job("J1")] == ["T1", "T2"]


def test_a_snapshot_job_does_not_reach_things_that_join() -> None:
    world = World(groups={"G": ["T1"]})
    world.create(targets=[world.group_arn("G")])
    world.fleet.groups["G"].append("T2")
    world.jobs.thing_joined(["G"], "T2")
    assert world.book.of_thing("T2") == []


def test_a_thing_that_leaves_or_is_deleted_is_removed_from_the_job() -> None:
    world = World(groups={"G": ["T1", "T2"]})
    world.create(targets=[world.group_arn("G")], targetSelection="CONTINUOUS")
    world.fleet.groups["G"].remove("T1")
    world.jobs.thing_left("T1")
    world.fleet.things.remove("T2")
    world.jobs.thing_left("T2")
    assert world.counts_of() == {"numberOfRemovedThings": 2}
    world.jobs.thing_joined(["G"], "T1")
    assert world.book.execution("T1", "J1").number == 2  # type: ignore[union-attr]


def test_groups_are_associated_only_with_a_continuous_job_in_progress() -> None:
    world = World(groups={"G": ["T2"]})
    world.create("SNAP")
    world.create("CONT", targetSelection="CONTINUOUS")
    request = {"jobId": "SNAP", "targets": [world.group_arn("G")]}
    assert refusal(world.jobs.associate, request).code == "InvalidRequestException"
    assert world.jobs.associate({**request, "jobId": "CONT"})["jobId"] == "CONT"
    assert [e.job_id for e in world.book.of_thing("T2")] == ["CONT"]
    world.jobs.cancel({"jobId": "CONT"})
    assert refusal(world.jobs.associate, {**request, "jobId": "CONT"}).code == "InvalidRequestException"


def test_canceling_a_job_ends_what_is_queued_and_by_force_what_is_in_progress() -> None:
    world = World()
    world.create(targets=["T1", "T2"])
    world.device.start_next("T1")
    world.jobs.cancel({"jobId": "J1", "reasonCode": "WRONG_IMAGE", "comment": "oops"})
    assert world.counts_of() == {"numberOfCanceledThings": 1, "numberOfInProgressThings": 1}
    job = world.jobs.describe({"jobId": "J1"})["job"]
    assert (job["status"], job["reasonCode"], job["comment"]) == ("CANCELED", "WRONG_IMAGE", "oops")
    world.jobs.cancel({"jobId": "J1", "force": True})
    assert world.counts_of() == {"numberOfCanceledThings": 2}
    assert world.jobs.describe_execution({"jobId": "J1", "thingName": "T1"})["execution"]["forceCanceled"] is True


def test_a_completed_job_is_not_canceled() -> None:
    world = World()
    world.create()
    world.device.update("T1", "J1", status="SUCCEEDED")
    assert refusal(world.jobs.cancel, {"jobId": "J1"}).code == "InvalidRequestException"


def test_a_job_in_progress_is_deleted_only_by_force() -> None:
    world = World()
    world.create()
    assert refusal(world.jobs.delete, {"jobId": "J1"}).code == "InvalidStateTransitionException"
    world.jobs.delete({"jobId": "J1", "force": True})
    assert refusal(world.jobs.describe, {"jobId": "J1"}).code == "ResourceNotFoundException"
    assert world.book.of_thing("T1") == []
    assert world.create()["jobId"] == "J1"


def test_a_pending_execution_is_deleted_only_by_force() -> None:
    world = World()
    world.create(targets=["T1", "T2"])
    request = {"jobId": "J1", "thingName": "T1", "executionNumber": 1}
    assert refusal(world.jobs.delete_execution, request).code == "InvalidStateTransitionException"
    world.jobs.delete_execution({**request, "force": True})
    assert world.counts_of() == {"numberOfQueuedThings": 1}
    assert refusal(world.jobs.delete_execution, request).code == "ResourceNotFoundException"


def test_an_execution_in_progress_is_canceled_only_by_force() -> None:
    world = World()
    world.create()
    world.device.start_next("T1")
    request = {"jobId": "J1", "thingName": "T1"}
    assert refusal(world.jobs.cancel_execution, request).code == "InvalidStateTransitionException"
    world.jobs.cancel_execution({**request, "force": True, "statusDetails": {"why": "test"}})
    execution = world.jobs.describe_execution(request)["execution"]
    assert (execution["status"], execution["statusDetails"]) == ("CANCELED", {"detailsMap": {"why": "test"}})
    assert world.status_of() == "COMPLETED"


def test_canceling_an_execution_of_another_version_is_refused() -> None:
    world = World()
    world.create()
    request = {"jobId": "J1", "thingName": "T1", "expectedVersion": 2}
    assert refusal(world.jobs.cancel_execution, request).code == "VersionConflictException"
    world.jobs.cancel_execution({**request, "expectedVersion": 1})
    assert world.counts_of() == {"numberOfCanceledThings": 1}


def test_an_update_changes_what_may_change() -> None:
    world = World()
    world.create()
    world.jobs.update({"jobId": "J1", "description": "new", "timeoutConfig": {"inProgressTimeoutInMinutes": 5}})
    job = world.jobs.describe({"jobId": "J1"})["job"]
    assert (job["description"], job["timeoutConfig"]) == ("new", {"inProgressTimeoutInMinutes": 5})
    world.jobs.cancel({"jobId": "J1"})
    assert refusal(world.jobs.update, {"jobId": "J1"}).code == "InvalidRequestException"


def test_an_execution_in_progress_times_out_by_the_jobs_timer() -> None:
    world = World()
    world.create(timeoutConfig={"inProgressTimeoutInMinutes": 2})
    world.clock.advance(1000)
    assert world.counts_of() == {"numberOfQueuedThings": 1}
    world.device.start_next("T1")
    world.clock.advance(119)
    request = {"jobId": "J1", "thingName": "T1"}
    assert world.jobs.describe_execution(request)["execution"]["approximateSecondsBeforeTimedOut"] == 1
    assert world.book.next_due() == START_S + 1120
    world.clock.advance(1)
    assert world.jobs.describe_execution(request)["execution"]["status"] == "TIMED_OUT"
    assert world.status_of() == "COMPLETED"


def test_abort_criteria_cancel_the_job_once_enough_things_failed() -> None:
    criteria = {"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 50, "minNumberOfExecutedThings": 3}
    world = World()
    world.create(targets=["T1", "T2", "T3"], abortConfig={"criteriaList": [criteria]})
    world.device.update("T1", "J1", status="FAILED")
    assert world.status_of() == "IN_PROGRESS"
    world.device.update("T2", "J1", status="REJECTED")
    assert world.status_of() == "CANCELED"
    assert world.counts_of()["numberOfCanceledThings"] == 1


def test_a_failed_execution_is_retried_as_a_new_execution() -> None:
    world = World()
    retries = {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]}
    world.create(jobExecutionsRetryConfig=retries)
    world.device.update("T1", "J1", status="FAILED")
    assert [(e.number, e.status) for e in world.book.of_job("J1")] == [(1, "FAILED"), (2, "QUEUED")]
    assert world.counts_of() == {"numberOfQueuedThings": 1}
    rows = world.jobs.list_executions_for_job({"jobId": "J1", "status": "QUEUED"})["executionSummaries"]
    assert [row["jobExecutionSummary"]["retryAttempt"] for row in rows] == [1]
    world.device.update("T1", "J1", status="FAILED")
    assert world.status_of() == "COMPLETED"


def test_a_rejected_execution_is_not_retried() -> None:
    world = World()
    world.create(jobExecutionsRetryConfig={"criteriaList": [{"failureType": "ALL", "numberOfRetries": 3}]})
    world.device.update("T1", "J1", status="REJECTED")
    assert world.counts_of() == {"numberOfRejectedThings": 1}


def test_a_rollout_notifies_so_many_things_a_minute() -> None:
    world = World()
    world.create(targets=["T1", "T2", "T3"], jobExecutionsRolloutConfig={"maximumPerMinute": 1})
    assert world.counts_of() == {"numberOfQueuedThings": 1}
    assert world.jobs.describe({"jobId": "J1"})["job"]["isConcurrent"] is True
    assert world.book.next_due() == START_S + 60
    world.device.update("T1", "J1", status="SUCCEEDED")
    assert world.status_of() == "IN_PROGRESS"
    world.clock.advance(60)
    assert world.counts_of() == {"numberOfQueuedThings": 1, "numberOfSucceededThings": 1}
    world.clock.advance(600)
    assert world.counts_of() == {"numberOfQueuedThings": 2, "numberOfSucceededThings": 1}


def test_jobs_are_listed_newest_first_in_pages_and_by_status() -> None:
    world = World()
    for number in range(5):
        world.create(f"J{number}")
    world.jobs.cancel({"jobId": "J2"})
    names: list[str] = []
    token: str | None = None
    while True:
        answer = world.jobs.listed({"maxResults": 2} | ({"nextToken": token} if token else {}))
        names += [row["jobId"] for row in answer["jobs"]]
        token = answer.get("nextToken")
        if token is None:
            break
    assert names == ["J4", "J3", "J2", "J1", "J0"]
    assert [row["jobId"] for row in world.jobs.listed({"status": "CANCELED"})["jobs"]] == ["J2"]
    assert refusal(world.jobs.listed, {"maxResults": 251}).code == "InvalidRequestException"


def test_executions_are_listed_for_a_job_and_for_a_thing() -> None:
    world = World(groups={"G": ["T1", "T2"]})
    world.create("J1", targets=[world.group_arn("G")])
    world.create("J2", targets=["T1"])
    rows = world.jobs.list_executions_for_job({"jobId": "J1"})["executionSummaries"]
    assert [row["thingArn"] for row in rows] == [world.thing_arn("T1"), world.thing_arn("T2")]
    rows = world.jobs.list_executions_for_thing({"thingName": "T1"})["executionSummaries"]
    assert [row["jobId"] for row in rows] == ["J2", "J1"]
    assert [row["jobId"] for row in world.jobs.listed({"thingGroupName": "G"})["jobs"]] == ["J1"]
    assert refusal(world.jobs.list_executions_for_thing, {"thingName": "T9"}).code == "ResourceNotFoundException"


def test_a_thousand_things_of_a_group_are_queued_and_ended() -> None:
    names = [f"N{n}" for n in range(1000)]
    world = World(things=names, groups={"ALL": names})
    world.create(targets=[world.group_arn("ALL")])
    for name in names:
        world.device.update(name, "J1", status="SUCCEEDED")
    assert world.counts_of() == {"numberOfSucceededThings": 1000}
    assert world.status_of() == "COMPLETED"
