"""The nightly pass: what changed and a seventh of the rest, everything when that cannot be known, ages told."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_world import Day, SweepWorld

from dicfix.audit.memory import Edge
from dicfix.audit.nightly import HISTORY, NIGHTS, Plan, due
from dicfix.audit.report import FULL, NIGHTLY, Freshness
from dicfix.aws.session import AwsSession
from dicfix.fields import Unread
from dicfix.offline.faults import FaultKind

pytest_plugins = ["sweep_fixtures"]

FLEET = 70


@pytest.fixture
def after_a_night(sweep_world: SweepWorld) -> Iterator[SweepWorld]:
    """A fleet that was swept two days ago."""
    sweep_world.fill(FLEET)
    sweep_world.day = Day(datetime.now(UTC) - timedelta(days=2))
    assert sweep_world.sweep(state=True).report.plan == FULL
    sweep_world.day.pass_by(days=2)
    return sweep_world  # type: ignore[return-value]


def read(calls: dict[str, int]) -> int:
    """How many things' principals were read."""
    return calls.get("iot:ListThingPrincipals", 0) + calls.get("iot:ListThingPrincipalsV2", 0)


def test_a_quiet_night_reads_a_seventh_again(after_a_night: SweepWorld) -> None:
    inventory, report = after_a_night.sweep(state=True)
    assert (report.plan, report.why) == (NIGHTLY, "")
    assert read(dict(report.calls)) == math.ceil(FLEET / NIGHTS)
    assert "iot:DescribeCertificate" not in report.calls
    assert inventory == after_a_night.sweep().inventory
    assert report.freshness.sentence(report.started) == (
        "principals of 10 of 70 things read in this run, 60 known from earlier runs (the oldest 2.0 days ago)"
    )


def test_what_changed_is_seen_the_same_night(after_a_night: SweepWorld) -> None:
    writer, world = after_a_night.writer(), after_a_night
    moved, given_up = "DIC_0000010", "DIC_0000020"
    arns = {name: next(iter(world.backend.principals_of[name])) for name in (moved, given_up)}
    writer.call("iot", "DetachThingPrincipal", thingName=given_up, principal=arns[given_up])
    writer.call("iot", "AttachThingPrincipal", thingName=moved, principal=arns[given_up])
    new = world.add("DIC_0009999")
    inventory, report = world.sweep(state=True)
    things: Any = inventory.things
    assert things[given_up].principals == ()
    assert set(things[moved].principals) == set(arns.values())
    assert things["DIC_0009999"].principals[0].endswith(new)
    assert inventory == world.sweep().inventory
    # The two that changed, the new one, a seventh of the rest, and its one new certificate.
    assert read(dict(report.calls)) == 3 + math.ceil((FLEET + 1) / NIGHTS)
    assert report.calls["iot:DescribeCertificate"] == 1


def test_a_thing_that_is_gone_is_gone(after_a_night: SweepWorld) -> None:
    writer, name = after_a_night.writer(), "DIC_0000030"
    arn = next(iter(after_a_night.backend.principals_of[name]))
    writer.call("iot", "DetachThingPrincipal", thingName=name, principal=arn)
    writer.call("iot", "DeleteThing", thingName=name)
    inventory, report = after_a_night.sweep(state=True)
    assert name not in inventory.things  # type: ignore[operator]
    assert name not in report.freshness.verified
    assert inventory == after_a_night.sweep().inventory


def test_a_certificate_that_no_event_tells_of_is_looked_for_by_its_things(after_a_night: SweepWorld) -> None:
    world = after_a_night
    assert world.issuer
    made = world.issuer.issue("late")
    ca = world.issuer.ca.certificate_id
    record = world.backend.keep_certificate(made.certificate, made.certificate_id, "ACTIVE", "SNI_ONLY", ca)
    for name in ("DIC_0000060", "DIC_0000061"):
        world.backend.attach_principal(name, record.arn, None)
    inventory, report = world.sweep(state=True)
    assert report.plan == NIGHTLY
    assert report.calls.get("iot:ListPrincipalThings", 0) == 1, report.calls
    assert inventory == world.sweep().inventory


def test_after_seven_quiet_nights_every_attachment_has_been_read_again(sweep_world: SweepWorld) -> None:
    sweep_world.fill(30)
    sweep_world.day = Day(datetime.now(UTC) - timedelta(days=8))
    first = sweep_world.sweep(state=True).report
    for _ in range(NIGHTS):
        sweep_world.day.pass_by(days=1)
        report = sweep_world.sweep(state=True).report
        assert report.plan == NIGHTLY
        assert min(report.freshness.verified.values()) >= report.started - timedelta(days=NIGHTS, minutes=1)
    assert min(report.freshness.verified.values()) > first.finished


@pytest.mark.parametrize("kind", [FaultKind.ACCESS_DENIED, FaultKind.THROTTLED, FaultKind.INTERNAL_FAILURE])
def test_without_events_everything_is_read_and_the_report_says_why(after_a_night: SweepWorld, kind: FaultKind) -> None:
    with after_a_night.cloud.faults.inject("cloudtrail:LookupEvents", kind):
        report = after_a_night.sweep(state=True).report
    assert report.plan == FULL
    assert report.why.startswith("what changed since the last run could not be read: cloudtrail:LookupEvents")
    assert read(dict(report.calls)) == FLEET
    assert "cloudtrail:LookupEvents" in report.unread


def test_a_gap_longer_than_the_history_means_everything_is_read(sweep_world: SweepWorld) -> None:
    sweep_world.fill(8)
    sweep_world.day = Day(datetime.now(UTC) - HISTORY)
    sweep_world.sweep(state=True)
    sweep_world.day.pass_by(days=HISTORY.days)
    report = sweep_world.sweep(state=True).report
    assert (report.plan, read(dict(report.calls))) == (FULL, 8)
    assert "events are kept for 90" in report.why


def test_a_clock_that_went_back_means_everything_is_read(sweep_world: SweepWorld) -> None:
    sweep_world.fill(8)
    sweep_world.sweep(state=True)
    sweep_world.day = Day(datetime.now(UTC) - timedelta(days=1))
    report = sweep_world.sweep(state=True).report
    assert (report.plan, read(dict(report.calls))) == (FULL, 8)
    assert "future" in report.why


class Unclear(AwsSession):
    """CloudTrail tells of an event without saying of which thing."""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "LookupEvents" and parameters["LookupAttributes"][0]["AttributeValue"] == "RegisterThing":
            return {"Events": [{"EventId": "e-1", "CloudTrailEvent": '{"requestParameters": null}'}]}
        return super().call(service, operation, **parameters)


def test_an_event_that_names_no_thing_means_everything_is_read(after_a_night: SweepWorld) -> None:
    session = Unclear(after_a_night.cloud.client_kwargs(), read_only=True, max_attempts=1)
    report = after_a_night.sweep(state=True, session=session).report
    assert (report.plan, read(dict(report.calls))) == (FULL, FLEET)
    assert report.why == "an event does not tell which thing it changed: RegisterThing e-1"


def test_without_a_state_directory_everything_is_read_every_time(sweep_world: SweepWorld) -> None:
    sweep_world.fill(5)
    for _ in range(2):
        report = sweep_world.sweep().report
        assert (report.plan, report.why, read(dict(report.calls))) == (FULL, "", 5)


def test_an_attachment_that_cannot_be_read_again_is_unread_not_remembered(after_a_night: SweepWorld) -> None:
    with after_a_night.cloud.faults.inject("iot:ListThingPrincipals", FaultKind.ACCESS_DENIED):
        inventory, report = after_a_night.sweep(state=True)
    unread = [one for one in inventory.thing_edges.values() if isinstance(one, Unread)]  # type: ignore[union-attr]
    assert len(unread) == math.ceil(FLEET / NIGHTS) == len(report.freshness.unread)


class Interrupted(AwsSession):
    """Somebody presses Ctrl-C after so many attachments."""

    left = 4

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "ListThingPrincipals":
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        return super().call(service, operation, **parameters)


def test_a_night_that_was_interrupted_is_gone_on_with_as_it_was_planned(after_a_night: SweepWorld) -> None:
    world = after_a_night
    planned = math.ceil(FLEET / NIGHTS)
    with pytest.raises(KeyboardInterrupt):
        world.sweep(state=True, session=Interrupted(world.cloud.client_kwargs(), read_only=True, max_attempts=1))
    world.day.pass_by(hours=2)
    inventory, report = world.sweep(state=True)
    assert report.resumed is not None
    assert report.started == report.resumed
    assert read(dict(report.calls)) == planned - 4
    assert "cloudtrail:LookupEvents" not in report.calls
    assert "answers kept" in " ".join(report.lines())
    assert inventory == world.sweep().inventory
    assert world.sweep(state=True).report.resumed is None


NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.floats(0, 20), max_size=60),
    st.sets(st.text("abcd", min_size=1, max_size=4), max_size=20),
    st.sets(st.text("abcd", min_size=1, max_size=4), max_size=10),
)
def test_new_changed_and_old_things_are_always_due(ages: dict[str, float], new: set[str], changed: set[str]) -> None:
    known = {name: Edge((), NOW - timedelta(days=age)) for name, age in ages.items()}
    names = sorted({*ages, *new})
    found = due(names, known, Plan(NIGHTLY, changed=frozenset(changed)), NOW)
    assert found <= set(names)
    assert {one for one in names if one not in known} | (changed & set(names)) <= found
    assert {name for name, age in ages.items() if age >= NIGHTS} <= found
    rest = [name for name in names if name in known and name not in changed]
    youngest_left = [known[name].verified for name in rest if name not in found]
    assert len(rest) - len(youngest_left) >= min(len(rest), math.ceil(len(names) / NIGHTS))
    taken = [known[name].verified for name in rest if name in found]
    assert not youngest_left or not taken or max(taken) <= min(youngest_left)


def test_the_ages_are_counted_by_days() -> None:
    freshness = Freshness({"a": NOW, "b": NOW - timedelta(hours=30), "c": NOW - timedelta(days=6)}, frozenset({"d"}))
    assert freshness.ages_days(NOW) == {-1: 1, 1: 1, 6: 1}
    assert freshness.sentence(NOW) == (
        "principals of 1 of 4 things read in this run, "
        "2 known from earlier runs (the oldest 6.0 days ago), 1 unreadable"
    )
