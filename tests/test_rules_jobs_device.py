"""AWS IoT Jobs as a device sees them: order, versions, details, timers, notices."""

from __future__ import annotations

import pytest
from ota_world import START_S, World

from dicfix.offline.rules.job_executions import API_CODES
from dicfix.offline.rules.job_records import JobRefused


def refused(world: World, **members: object) -> JobRefused:
    with pytest.raises(JobRefused) as caught:
        world.device.update("T1", "J1", **members)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("status", ["QUEUED", "CANCELED", "REMOVED", "TIMED_OUT", "SUCCESS", 3])
def test_a_device_sets_only_the_four_statuses(status: object) -> None:
    world = World()
    world.create()
    assert refused(world, status=status).code == "InvalidRequest"
    assert world.counts_of() == {"numberOfQueuedThings": 1}


def test_an_update_without_a_status_is_refused() -> None:
    world = World()
    world.create()
    assert refused(world, status=None).code == "InvalidRequest"


@pytest.mark.parametrize("ended", ["SUCCEEDED", "FAILED", "REJECTED"])
def test_an_ended_execution_takes_no_update(ended: str) -> None:
    world = World()
    world.create()
    world.device.update("T1", "J1", status=ended)
    error = refused(world, status="IN_PROGRESS")
    assert error.code == "InvalidStateTransition"
    assert error.execution is not None
    assert error.execution.status == ended


def test_a_canceled_execution_takes_no_update() -> None:
    world = World()
    world.create()
    world.device.start_next("T1")
    world.jobs.cancel({"jobId": "J1", "force": True})
    assert refused(world, status="SUCCEEDED").code == "InvalidStateTransition"


def test_an_update_for_another_version_is_refused_with_the_state() -> None:
    world = World()
    world.create()
    error = refused(world, status="IN_PROGRESS", expected_version=7)
    assert error.code == "VersionMismatch"
    assert error.execution is not None
    assert error.execution.version == 1


def test_every_update_makes_the_next_version() -> None:
    world = World()
    world.create()
    versions = [world.device.update("T1", "J1", status="IN_PROGRESS").version for _ in range(3)]
    assert versions == [2, 3, 4]
    assert world.device.update("T1", "J1", status="SUCCEEDED", expected_version=4).version == 5


@pytest.mark.parametrize(
    "details",
    [
        {f"k{n}": "v" for n in range(11)},
        {"a key": "v"},
        {"k" * 129: "v"},
        {"k": "v" * 1025},
        {"k": ""},
        {"k": 3},
        ["k"],
    ],
)
def test_status_details_are_ten_short_texts_at_most(details: object) -> None:
    world = World()
    world.create()
    assert refused(world, status="IN_PROGRESS", details=details).code == "InvalidRequest"


def test_status_details_stay_unless_new_ones_are_given() -> None:
    world = World()
    world.create()
    world.device.update("T1", "J1", status="IN_PROGRESS", details={"receive": "1/30", "part": "a"})
    assert world.device.update("T1", "J1", status="IN_PROGRESS").details == {"receive": "1/30", "part": "a"}
    assert world.device.update("T1", "J1", status="SUCCEEDED", details={"reason": "ok"}).details == {"reason": "ok"}


@pytest.mark.parametrize("minutes", [0, -2, 10081, 1.5, "5"])
def test_a_step_timeout_is_1_to_10080_minutes_or_minus_1(minutes: object) -> None:
    world = World()
    world.create()
    assert refused(world, status="IN_PROGRESS", step_timeout_minutes=minutes).code == "InvalidRequest"


def test_a_step_timer_ends_an_execution_unless_it_is_set_anew_or_canceled() -> None:
    world = World()
    world.create(targets=["T1", "T2", "T3"], timeoutConfig={"inProgressTimeoutInMinutes": 60})
    for thing in ("T1", "T2", "T3"):
        world.device.start_next(thing, step_timeout_minutes=1)
    world.clock.advance(59)
    world.device.update("T2", "J1", status="IN_PROGRESS", step_timeout_minutes=5)
    world.device.update("T3", "J1", status="IN_PROGRESS", step_timeout_minutes=-1)
    world.clock.advance(1)
    assert world.counts_of() == {"numberOfTimedOutThings": 1, "numberOfInProgressThings": 2}
    world.clock.advance(299)
    assert world.counts_of() == {"numberOfTimedOutThings": 2, "numberOfInProgressThings": 1}
    world.clock.advance(3600)
    assert world.counts_of() == {"numberOfTimedOutThings": 3}


def test_an_update_in_progress_does_not_prolong_the_jobs_timer() -> None:
    world = World()
    world.create(timeoutConfig={"inProgressTimeoutInMinutes": 1})
    world.device.start_next("T1")
    world.clock.advance(59)
    world.device.update("T1", "J1", status="IN_PROGRESS")
    world.clock.advance(1)
    assert refused(world, status="SUCCEEDED").code == "InvalidStateTransition"
    assert world.counts_of() == {"numberOfTimedOutThings": 1}


def test_describing_an_ended_execution_is_refused() -> None:
    world = World()
    world.create()
    world.device.update("T1", "J1", status="SUCCEEDED")
    with pytest.raises(JobRefused) as caught:
        world.device.describe("T1", "J1")
    assert caught.value.code == "TerminalStateReached"


def test_next_is_the_one_in_progress_then_the_oldest() -> None:
    world = World()
    for job_id in ("A", "B", "C"):
        world.create(job_id)
    assert world.device.describe("T1", "$next").job_id == "A"  # type: ignore[union-attr]
    world.device.update("T1", "B", status="IN_PROGRESS")
    assert world.device.describe("T1", "$next").job_id == "B"  # type: ignore[union-attr]
    assert [e.job_id for e in world.book.pending("T1")] == ["B", "A", "C"]


def test_describing_next_changes_nothing_and_starting_it_does() -> None:
    world = World()
    world.create()
    described = world.device.describe("T1", "$next")
    assert described is not None
    assert (described.status, described.version) == ("QUEUED", 1)
    world.clock.advance(5)
    started = world.device.start_next("T1", details={"step": "1"})
    assert started is not None
    assert (started.status, started.version, started.started_at) == ("IN_PROGRESS", 2, START_S + 5)
    assert started.details == {"step": "1"}
    again = world.device.start_next("T1", details={"step": "2"})
    assert again == started


def test_without_pending_executions_there_is_no_next() -> None:
    world = World()
    assert world.device.describe("T1", "$next") is None
    assert world.device.start_next("T1") is None


@pytest.mark.parametrize(("thing", "job_id"), [("T9", "J1"), ("T1", "J9"), ("T2", "J1")])
def test_what_does_not_exist_is_not_found(thing: str, job_id: str) -> None:
    world = World()
    world.create()
    with pytest.raises(JobRefused) as caught:
        world.device.update(thing, job_id, status="SUCCEEDED")
    assert caught.value.code == "ResourceNotFound"


def test_another_execution_number_is_not_found() -> None:
    world = World()
    world.create()
    assert refused(world, status="SUCCEEDED", number=2).code == "ResourceNotFound"


def test_at_most_ten_pending_executions_are_listed() -> None:
    world = World()
    for number in range(12):
        world.create(f"J{number}")
    running, queued = world.device.pending("T1")
    assert (running, [e.job_id for e in queued]) == ([], [f"J{n}" for n in range(10)])


def test_notify_is_sent_when_the_list_of_pending_executions_changes() -> None:
    world = World()
    world.create()
    summary = {
        "jobId": "J1",
        "executionNumber": 1,
        "versionNumber": 1,
        "lastUpdatedAt": int(START_S),
        "queuedAt": int(START_S),
    }
    assert world.take_notices()[0] == ("T1", "notify", {"jobs": {"QUEUED": [summary]}, "timestamp": int(START_S)})
    world.device.start_next("T1")
    world.device.update("T1", "J1", status="IN_PROGRESS", details={"receive": "1/2"})
    assert world.take_notices() == []
    world.device.update("T1", "J1", status="SUCCEEDED")
    assert world.take_notices() == [
        ("T1", "notify", {"jobs": {}, "timestamp": int(START_S)}),
        ("T1", "notify-next", {"timestamp": int(START_S)}),
    ]


def test_notify_next_is_sent_only_when_another_execution_is_next() -> None:
    world = World()
    world.create("A")
    (notice,) = [body for _thing, kind, body in world.take_notices() if kind == "notify-next"]
    assert notice["execution"] == {
        "jobId": "A",
        "jobDocument": {"operation": "reboot"},
        "status": "QUEUED",
        "queuedAt": int(START_S),
        "lastUpdatedAt": int(START_S),
        "versionNumber": 1,
        "executionNumber": 1,
    }
    world.create("B")
    assert [kind for _thing, kind, _body in world.take_notices()] == ["notify"]
    world.device.update("T1", "B", status="IN_PROGRESS")
    ((_thing, kind, body),) = world.take_notices()
    assert (kind, body["execution"]["jobId"]) == ("notify-next", "B")
    world.jobs.delete({"jobId": "B", "force": True})
    assert [body["execution"]["jobId"] for _t, kind, body in world.take_notices() if kind == "notify-next"] == ["A"]


def test_every_device_refusal_has_a_shape_of_the_api() -> None:
    assert API_CODES["TerminalStateReached"] == "TerminalStateException"
    assert set(API_CODES.values()) <= {
        "InvalidRequestException",
        "InvalidStateTransitionException",
        "ResourceNotFoundException",
        "TerminalStateException",
        "ThrottlingException",
    }
