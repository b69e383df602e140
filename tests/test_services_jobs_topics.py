"""The jobs topics on the wire: accepted and rejected, direct to the requester."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ota_world import START_S, World

from dicfix.offline.services import Request
from dicfix.offline.services.jobs_topics import notice_reply

NOW = int(START_S)


def test_the_next_job_is_given_to_the_requester_alone() -> None:
    world = World()
    world.create()
    request = Request("$aws/things/T1/jobs/$next/get", b'{"clientToken":"0:T1"}', "T1")
    (reply,) = world.jobs_topics(request)
    assert (reply.topic, reply.qos, reply.direct) == ("$aws/things/T1/jobs/$next/get/accepted", 1, True)
    assert json.loads(reply.payload) == {
        "clientToken": "0:T1",
        "timestamp": NOW,
        "execution": {
            "jobId": "J1",
            "status": "QUEUED",
            "queuedAt": NOW,
            "lastUpdatedAt": NOW,
            "versionNumber": 1,
            "executionNumber": 1,
            "jobDocument": {"operation": "reboot"},
        },
    }


def test_without_a_job_the_next_one_has_no_execution() -> None:
    assert World().ask("$next/get") == ("accepted", {"timestamp": NOW})


def test_the_document_is_left_out_on_request() -> None:
    world = World()
    world.create()
    _word, body = world.ask("J1/get", includeJobDocument=False)
    assert "jobDocument" not in body["execution"]


def test_pending_executions_are_listed_by_state() -> None:
    world = World()
    world.create("A")
    world.create("B")
    world.ask("start-next")
    word, body = world.ask("get", clientToken="t")
    assert word == "accepted"
    assert [row["jobId"] for row in body["inProgressJobs"]] == ["A"]
    assert [row["jobId"] for row in body["queuedJobs"]] == ["B"]
    assert body["inProgressJobs"][0] == {
        "jobId": "A",
        "executionNumber": 1,
        "versionNumber": 2,
        "lastUpdatedAt": NOW,
        "queuedAt": NOW,
        "startedAt": NOW,
    }


def test_starting_the_next_job_gives_it_in_progress_with_its_timer() -> None:
    world = World()
    world.create()
    word, body = world.ask("start-next", statusDetails={"step": "1"}, stepTimeoutInMinutes=5)
    execution = body["execution"]
    assert (word, execution["status"], execution["versionNumber"]) == ("accepted", "IN_PROGRESS", 2)
    assert (execution["statusDetails"], execution["approximateSecondsBeforeTimedOut"]) == ({"step": "1"}, 300)


def test_an_update_is_accepted_with_nothing_but_the_time_unless_asked_for() -> None:
    world = World()
    world.create()
    assert world.ask("J1/update", status="IN_PROGRESS") == ("accepted", {"timestamp": NOW})
    word, body = world.ask(
        "J1/update",
        status="SUCCEEDED",
        statusDetails={"reason": "ok"},
        includeJobExecutionState=True,
        includeJobDocument=True,
        expectedVersion=2,
    )
    assert word == "accepted"
    assert body == {
        "executionState": {"status": "SUCCEEDED", "statusDetails": {"reason": "ok"}, "versionNumber": 3},
        "jobDocument": {"operation": "reboot"},
        "timestamp": NOW,
    }


def test_a_refused_update_shows_the_state() -> None:
    world = World()
    world.create()
    word, body = world.ask("J1/update", status="IN_PROGRESS", expectedVersion=4, clientToken="t")
    assert (word, body["code"], body["clientToken"]) == ("rejected", "VersionMismatch", "t")
    assert body["executionState"] == {"status": "QUEUED", "statusDetails": {}, "versionNumber": 1}


@pytest.mark.parametrize(
    ("tail", "payload", "code"),
    [
        ("J1/update", b"{", "InvalidJson"),
        ("J1/update", b"\xff", "InvalidJson"),
        ("J1/update", b"[]", "InvalidJson"),
        ("J1/update", b"", "InvalidRequest"),
        ("J1/update", b'{"status":"IN_PROGRESS","expectedVersion":"1"}', "InvalidRequest"),
        ("J1/update", b'{"status":"IN_PROGRESS","executionNumber":true}', "InvalidRequest"),
        ("J1/update", b'{"status":"IN_PROGRESS","includeJobDocument":"yes"}', "InvalidRequest"),
        ("J1/update", b'{"status":["IN_PROGRESS"]}', "InvalidRequest"),
        ("J1/get", b'{"clientToken":7}', "InvalidRequest"),
        ("J9/get", b"{}", "ResourceNotFound"),
        ("J1/delete", b"{}", "InvalidTopic"),
        ("$next/update", b'{"status":"FAILED"}', "InvalidTopic"),
        ("notify", b"{}", "InvalidTopic"),
    ],
)
def test_a_request_that_cannot_be_served_is_rejected(tail: str, payload: bytes, code: str) -> None:
    world = World()
    world.create()
    word, body = world.ask(tail, body=payload)
    assert (word, body["code"]) == ("rejected", code)


def test_an_unknown_thing_is_not_found() -> None:
    word, body = World().ask("get", thing="T9")
    assert (word, body["code"]) == ("rejected", "ResourceNotFound")


def test_an_empty_payload_counts_as_an_empty_request() -> None:
    assert World().ask("get", body=b"")[0] == "accepted"


def test_notices_go_to_subscribers() -> None:
    world = World()
    world.create()
    replies = [notice_reply(notice) for notice in world.notices]
    assert [(reply.topic, reply.direct) for reply in replies] == [
        ("$aws/things/T1/jobs/notify", False),
        ("$aws/things/T1/jobs/notify-next", False),
    ]
    assert json.loads(replies[1].payload)["execution"]["jobId"] == "J1"


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode),
    st.sampled_from(["get", "start-next", "J1/get", "$next/get", "J1/update", "a/b/c"]),
)
def test_any_bytes_are_answered_once(payload: bytes, tail: str) -> None:
    world = World()
    world.create()
    word, _body = world.ask(tail, body=payload)
    assert word in ("accepted", "rejected")
