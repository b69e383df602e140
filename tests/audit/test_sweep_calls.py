"""How many calls a sweep makes: exactly as many as its plan says, and none twice."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from sweep_world import GUIDE_PARTS, WIDE_PARTS, SweepWorld

from dicfix.audit.sweep import needs_of_controls
from dicfix.aws.session import AwsSession

pytest_plugins = ["sweep_fixtures"]

PAGED = ("iot:ListThings", "iot:ListCertificates", "iot:ListTargetsForPolicy")
ONE_BY_ONE = ("iot:ListThingPrincipals", "iot:DescribeCertificate")
CONSTANTS_AT_MOST = 70


def constants(calls: dict[str, int]) -> int:
    """The calls that do not grow with the fleet."""
    return sum(count for name, count in calls.items() if name not in (*PAGED, *ONE_BY_ONE))


@pytest.mark.parametrize("count", [10, 250, 251])
def test_a_cold_sweep_makes_three_lists_two_calls_a_device_and_a_constant(sweep_world: SweepWorld, count: int) -> None:
    sweep_world.fill(count)
    report = sweep_world.sweep(needs=needs_of_controls("2023-08")).report
    assert {name: report.calls[name] for name in PAGED} == dict.fromkeys(PAGED, math.ceil(count / 250))
    assert {name: report.calls[name] for name in ONE_BY_ONE} == dict.fromkeys(ONE_BY_ONE, count)
    assert report.total_calls == 3 * math.ceil(count / 250) + 2 * count + constants(report.calls)
    assert constants(report.calls) <= CONSTANTS_AT_MOST


def test_the_constant_does_not_grow_with_the_fleet(sweep_world: SweepWorld) -> None:
    found = []
    for count in (20, 300):
        sweep_world.cloud.reset()
        sweep_world.fill(count)
        calls = sweep_world.sweep(needs=needs_of_controls("2023-08")).report.calls
        # A list that AWS pages by job or client of ours may have one page more, and nothing else.
        found.append(constants(calls))
    assert found[0] == found[1]


def test_known_certificates_cost_no_call(sweep_world: SweepWorld) -> None:
    sweep_world.fill(300)
    sweep_world.sweep(state=True)
    sweep_world.day.pass_by(days=200)  # too long ago for events: every attachment is read again
    report = sweep_world.sweep(state=True).report
    assert report.plan == "full"
    assert "iot:DescribeCertificate" not in report.calls
    assert {name: report.calls[name] for name in PAGED} == dict.fromkeys(PAGED, 2)
    assert report.calls["iot:ListThingPrincipals"] == 300
    rest = sum(report.calls.values()) - 300 - 6
    assert rest == constants(report.calls) <= CONSTANTS_AT_MOST


class Noting(AwsSession):
    """A session that notes every call with its parameters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.noted: Counter[str] = Counter()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.noted[f"{service}:{operation} {sorted(parameters.items())}"] += 1
        return super().call(service, operation, **parameters)


def test_nothing_is_fetched_twice(sweep_world: SweepWorld) -> None:
    sweep_world.fill(30)
    session = Noting(sweep_world.cloud.client_kwargs(), read_only=True, max_attempts=1)
    sweep_world.sweep(session=session, needs=needs_of_controls("2023-08"))
    assert {call: count for call, count in session.noted.items() if count > 1} == {}
    assert len(session.noted) > 60


@pytest.mark.parametrize(
    ("needs", "unasked"),
    [
        (("endpoint",), ("iot:ListThings", "iot:ListCertificates", "iot:ListCACertificates", "iot:GetPolicy")),
        (("things",), ("iot:DescribeCertificate", "iot:ListCertificates", "iot:GetPolicy")),
        (("policies",), ("iot:ListThings", "iot:ListPolicies")),
        (GUIDE_PARTS, ("iot:ListPolicies", "iot:ListCertificates", "iot:ListJobs")),
        (WIDE_PARTS, ("iot:DescribeEndpoint", "iot:ListOTAUpdates")),
    ],
)
def test_only_the_parts_that_are_needed_are_read(
    sweep_world: SweepWorld, needs: tuple[str, ...], unasked: tuple[str, ...]
) -> None:
    sweep_world.fill(12)
    calls = sweep_world.sweep(needs=needs).report.calls
    assert [name for name in unasked if name in calls] == []


def test_the_calls_that_are_counted_are_those_that_were_sent(sweep_world: SweepWorld) -> None:
    sweep_world.fill(12)
    session = sweep_world.session()
    report = sweep_world.sweep(session=session).report
    assert Counter(session.calls) == Counter(report.calls)


def test_progress_counts_to_its_total(sweep_world: SweepWorld) -> None:
    sweep_world.fill(12)
    seen: list[tuple[int, int, str]] = []
    sweep_world.sweep(progress=lambda *what: seen.append(what))
    for what in ("principals of things", "certificates"):
        assert [done for done, _, name in seen if name == what] == list(range(1, 13))
        assert {total for _, total, name in seen if name == what} == {12}


def test_a_few_named_things_of_a_large_account_are_not_sought_to_the_last_page(sweep_world: SweepWorld) -> None:
    sweep_world.fill(1100)
    named = ("DIC_0000001", "DIC_0001050", "DIC_0001060", "nobody")
    settings = sweep_world.settings(scope_prefix="", devices=named)
    inventory, report = sweep_world.sweep(settings=settings, needs=("things",))
    # Two of the five are on the first page; as many pages as names are missing, then the rest one by one.
    assert report.calls["iot:ListThings"] + report.calls["iot:DescribeThing"] == 3 + 3
    assert set(inventory.things) == {"DIC_0000001", "DIC_0001050", "DIC_0001060", "DIC_EXPLORER"}  # type: ignore[arg-type]


def test_both_operations_share_the_attachments(sweep_world: SweepWorld) -> None:
    from dicfix.audit.sweep import TOGETHER

    sweep_world.fill(200)
    alone = sweep_world.sweep()
    together = sweep_world.sweep(hands=TOGETHER)
    calls = together.report.calls
    assert calls["iot:ListThingPrincipals"] + calls["iot:ListThingPrincipalsV2"] == 200
    assert together.inventory == alone.inventory


def test_what_is_sent_is_declared_by_a_control_or_by_the_sweep(sweep_world: SweepWorld) -> None:
    from dicfix.audit.pace import Pace, read_quotas
    from dicfix.audit.sweep import OPERATIONS
    from dicfix.aws.operations import READ_OPERATIONS
    from dicfix.controls import CONTROLS

    sweep_world.fill(12)
    declared = {name for one in CONTROLS.values() for name in one.operations}
    sent: set[str] = set()
    for state, settings in ((True, None), (True, None), (False, sweep_world.settings(scope_prefix="DIC_000000"))):
        report = sweep_world.sweep(state=state, settings=settings, needs=needs_of_controls("2023-08")).report
        sent |= set(report.calls)
    session = sweep_world.session()
    Pace(read_quotas(session))
    sent |= set(session.calls)
    # Without a signing profile the code-signing certificate is sought by what it is for.
    assert sent - declared - OPERATIONS <= {"acm:ListCertificates"}
    assert OPERATIONS <= READ_OPERATIONS
