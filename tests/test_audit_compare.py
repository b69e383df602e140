"""What changed between two runs: new, fixed, still, waived, and what was not evaluated any more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from audit_world import (
    DENIED,
    INACTIVE,
    JUDGED,
    TODAY,
    audited,
    bad_inventory,
    inventory,
    of,
    waiver_text,
    with_status,
    written,
)
from onboarded import DEVICE, SECOND, good_settings

from dicfix.audit.compare import KEEP_DAYS, Change, compare
from dicfix.audit.waivers import read_waivers
from dicfix.errors import UsageError
from dicfix.findings import Status

FAILING = {DEVICE, SECOND}


def after(given, before, days=1, **more):
    return audited(given, before=before.as_run(), days=days, **more)


def changes(result, kind, control=INACTIVE):
    return {one.entry.resource for one in result.comparison.of(kind) if one.entry.control == control}


def test_a_first_run_has_nothing_to_compare_with():
    assert audited().comparison is None


def test_the_same_account_again_is_quiet_and_what_is_open_is_still_open():
    result = after(bad_inventory(), audited(bad_inventory()))
    assert result.comparison.quiet
    assert changes(result, Change.STILL) == FAILING


def test_what_begins_to_fail_is_new_and_what_stops_is_fixed():
    worse = after(bad_inventory(), audited())
    assert changes(worse, Change.NEW) == FAILING
    assert not worse.comparison.quiet
    better = after(None, worse, 2)
    assert changes(better, Change.FIXED) == FAILING


def test_what_fails_in_another_way_has_changed():
    result = after(with_status("REVOKED"), audited(bad_inventory()))
    assert changes(result, Change.CHANGED) == FAILING


def test_what_fails_and_then_cannot_be_read_is_not_fixed():
    denied = with_status(DENIED)
    result = after(denied, audited(bad_inventory()))
    assert changes(result, Change.CHANGED) == FAILING
    assert changes(result, Change.FIXED) == set()


def test_what_passed_and_cannot_be_read_is_new():
    result = after(with_status(DENIED), audited())
    assert changes(result, Change.NEW) == FAILING
    assert {one.status for one in of(result, INACTIVE).values()} == {Status.UNREADABLE}


def test_what_vanishes_is_no_longer_evaluated_and_not_fixed():
    settings = good_settings(mode="audit", devices=(DEVICE,))
    result = after(bad_inventory(), audited(bad_inventory()), settings=settings)
    assert changes(result, Change.GONE) == {SECOND}
    assert changes(result, Change.FIXED) == set()


def test_what_was_not_evaluated_once_is_not_told_again_and_not_new_when_it_comes_back():
    one = good_settings(mode="audit", devices=(DEVICE,))
    first = audited(bad_inventory())
    second = after(bad_inventory(), first, 1, settings=one)
    third = after(bad_inventory(), second, 2, settings=one)
    assert changes(third, Change.GONE) == set()
    assert third.comparison.quiet
    back = after(bad_inventory(), third, 3)
    assert changes(back, Change.STILL) == FAILING
    assert changes(back, Change.NEW) == set()
    assert of(back, INACTIVE)[SECOND].first_seen == of(first, INACTIVE)[SECOND].first_seen


def test_what_was_not_evaluated_for_long_is_forgotten():
    one = good_settings(mode="audit", devices=(DEVICE,))
    second = after(bad_inventory(), audited(bad_inventory()), 1, settings=one)
    third = after(bad_inventory(), second, KEEP_DAYS + 2, settings=one)
    assert [entry for entry in second.gone if entry.resource == SECOND]
    assert [entry for entry in third.gone if entry.resource == SECOND] == []


def test_a_waiver_and_its_end_are_changes(tmp_path):
    waivers = read_waivers(written(tmp_path / "w.yaml", waiver_text()), TODAY)
    waived = after(bad_inventory(), audited(bad_inventory()), 1, choices=replace(JUDGED, waivers=waivers))
    assert changes(waived, Change.WAIVED) == {DEVICE}
    again = after(bad_inventory(), waived, 2, choices=replace(JUDGED, waivers=waivers))
    assert again.comparison.quiet
    ended = after(bad_inventory(), again, 90, choices=replace(JUDGED, waivers=waivers))
    assert changes(ended, Change.NEW) == {DEVICE}
    assert of(ended, INACTIVE)[DEVICE].first_seen == of(again, INACTIVE)[DEVICE].first_seen, "it failed all the time"


def test_a_waived_fail_that_is_mended_is_fixed(tmp_path):
    waivers = read_waivers(written(tmp_path / "w.yaml", waiver_text()), TODAY)
    waived = audited(bad_inventory(), replace(JUDGED, waivers=waivers))
    assert changes(after(None, waived), Change.FIXED) == FAILING


def test_counts_add_up_and_the_order_is_that_of_the_kinds():
    comparison = after(bad_inventory(), audited()).comparison
    assert sum(comparison.counts.values()) == len(comparison.changes)
    assert [one.change for one in comparison.changes] == sorted(
        (one.change for one in comparison.changes), key=list(Change).index
    )


def test_runs_of_different_accounts_or_regions_cannot_be_compared():
    run = audited().as_run()
    for changed in (replace(run, account="210987654321"), replace(run, region="eu-west-2")):
        with pytest.raises(UsageError, match="one account and Region"):
            compare(changed, run)


def test_another_edition_is_noted():
    run = audited().as_run()
    assert compare(replace(run, edition="2024-04"), run).notes == ("the run before judged edition 2024-04",)
    assert compare(run, run).notes == ()


def test_every_pair_of_statuses_has_one_fate():
    """Nothing that was open and is not PASS is ever called fixed; nothing that is open is ever quiet."""
    run = audited().as_run()
    base = run.entries[0]
    for before in Status:
        for now in Status:
            old, new = replace(base, status=before), replace(base, status=now)
            found = compare(replace(run, entries=(old,)), replace(run, entries=(new,))).changes
            kinds = [one.change for one in found]
            assert (kinds == [Change.FIXED]) == (
                now is Status.PASS and before in (Status.FAIL, Status.UNREADABLE, Status.WAIVED)
            ), (before, now)
            if now in (Status.FAIL, Status.UNREADABLE):
                assert len(kinds) == 1
    assert inventory() is not None
