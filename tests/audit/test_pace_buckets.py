"""The pace of a sweep: a bucket per operation, shrinking on throttling and growing again, on a clock handed in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_world import SetClock, SweepWorld

from dicfix.audit.pace import (
    BUILT_IN,
    DEFAULT_TPS,
    QUOTA_CODES,
    SLOWEST_SHARE,
    Bucket,
    Pace,
    Quotas,
    default_quotas,
    read_quotas,
)
from dicfix.offline.faults import FaultKind

pytest_plugins = ["sweep_fixtures"]


def test_a_second_of_calls_goes_at_once_and_the_rest_at_the_rate() -> None:
    bucket = Bucket(5.0)
    assert [bucket.reserve(0.0) for _ in range(8)] == pytest.approx([0, 0, 0, 0, 0, 0.2, 0.4, 0.6])


def test_a_pause_fills_the_bucket_to_a_second_and_no_more() -> None:
    bucket = Bucket(5.0)
    for _ in range(5):
        bucket.reserve(0.0)
    assert [bucket.reserve(100.0) for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.2])


@given(st.floats(0.05, 50), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_second_has_more_calls_than_the_rate_and_a_burst(rate: float, pauses: list[float]) -> None:
    bucket, now, sent = Bucket(rate), 0.0, []
    for pause in pauses:
        now += pause
        sent.append(now + bucket.reserve(now))
    burst = max(1.0, rate)
    for first, moment in enumerate(sent):
        for count, later in enumerate(sent[first:], 1):
            assert count <= burst + (later - moment) * rate + 1e-6


def test_throttling_halves_the_rate_down_to_a_floor_and_answers_bring_it_back() -> None:
    bucket = Bucket(10.0)
    bucket.throttled(0.0)
    assert bucket.rate == 5.0
    bucket.throttled(0.5)
    assert bucket.rate == 5.0, "what was in flight together is one throttling"
    for second in range(2, 20):
        bucket.throttled(float(second))
    assert bucket.rate == 10.0 * SLOWEST_SHARE
    for _ in range(48):
        bucket.answered()
    assert bucket.rate < 10.0
    for _ in range(10):
        bucket.answered()
    assert bucket.rate == 10.0


def test_each_operation_has_a_bucket_of_its_own() -> None:
    clock = SetClock()
    pace = Pace(Quotas({"iot:A": 2.0, "iot:B": 20.0}, "a test"), share=0.5, clock=clock)
    for _ in range(10):
        pace.acquire("iot:B")
    assert clock.waited == 0.0
    for _ in range(3):
        pace.acquire("iot:A")
    assert clock.waited == pytest.approx(2.0)


def test_an_unknown_operation_has_the_lowest_quota() -> None:
    bucket = Pace(default_quotas(), share=0.5, clock=SetClock()).bucket("iot:DescribeSomething")
    assert bucket is not None
    assert bucket.rate == 5.0


def test_without_quotas_nothing_waits() -> None:
    clock = SetClock()
    pace = Pace(clock=clock)
    for _ in range(1000):
        pace.acquire("iot:ListThings")
    pace.throttled("iot:ListThings")
    assert clock.waited == 0.0
    assert "embedded cloud" in pace.source


def test_the_accounts_own_quotas_are_taken_and_the_source_says_so(sweep_world: SweepWorld) -> None:
    from dicfix.offline.aws_api.account.state import account_state

    state = account_state(sweep_world.cloud.account_id, sweep_world.cloud.region)
    state.quotas["L-FC3EF4D9"] = ("ListThingPrincipals API TPS", 40.0)
    quotas = read_quotas(sweep_world.session())
    assert quotas.of("iot:ListThingPrincipals") == 40.0
    assert quotas.of("iot:GetPolicy") == DEFAULT_TPS["iot:GetPolicy"]
    assert quotas.source.startswith(f"the account's own for {len(QUOTA_CODES)} operations")


def test_quotas_that_cannot_be_read_are_the_built_in_ones_and_the_reason_is_told(sweep_world: SweepWorld) -> None:
    faults = sweep_world.cloud.faults
    for name in ("service-quotas:*", "servicequotas:*"):
        faults.add(name, FaultKind.ACCESS_DENIED)
    quotas = read_quotas(sweep_world.session())
    assert quotas.tps == DEFAULT_TPS
    assert quotas.source == f"{BUILT_IN}: AccessDeniedException"


def test_a_sweep_within_quotas_takes_its_time(sweep_world: SweepWorld) -> None:
    sweep_world.fill(30)
    clock = SetClock()
    report = sweep_world.sweep(pace=Pace(default_quotas(), clock=clock), hands=_one()).report
    # 30 attachments and 30 descriptions at 5 a second each, less what goes at once.
    assert 2 * (30 - 5) / 5 - 1 <= report.seconds <= 2 * 30 / 5 + 1
    assert report.quotas == f"50% of {BUILT_IN}"


def test_a_throttled_operation_is_asked_more_slowly_and_nothing_is_dropped(sweep_world: SweepWorld) -> None:
    sweep_world.fill(25)
    calm = sweep_world.sweep()
    clock = SetClock()
    with sweep_world.cloud.faults.inject("iot:ListThingPrincipals", FaultKind.THROTTLED, after=3, times=5):
        swept = sweep_world.sweep(pace=Pace(default_quotas(), clock=clock), hands=_one())
    assert swept.report.throttles == {"iot:ListThingPrincipals": 5}
    assert swept.report.calls["iot:ListThingPrincipals"] == 25 + 5
    assert swept.inventory == calm.inventory


def _one() -> tuple[object, ...]:
    from dicfix.audit.sweep import ALONE

    return ALONE
