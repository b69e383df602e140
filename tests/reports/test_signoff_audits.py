"""What an audit adds to a sign-off: fit and hardening judged, open findings, charts, and what it cannot see itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicfix.audit.verdict import Outcome
from dicfix.controls import CONTROLS
from dicfix.findings import Axis
from dicfix.reports.matrix import Result
from dicfix.reports.page import page_of
from dicfix.reports.publish import charts_of, publish
from dicfix.reports.signoff import SignOff
from tests.browser import browser
from tests.reports.signoff_world import CALLER, FIT_CONTROL, audited, finding, judged, rules, world

AWS = "AWS with virtual device"
SCREENSHOTS = Path(__file__).resolve().parents[2] / "reports" / "screenshots"
HARD_CONTROL = next(one.id for one in CONTROLS.values() if one.axis is Axis.HARDENING)
EXPIRY = finding("DIC-HRD-03", resource="SQA_DIC_C2", observed="300 days left")
FOUND = (finding(FIT_CONTROL, "FAIL"), finding(HARD_CONTROL, "FAIL", remedy="put a lock on it"), EXPIRY)


def outcomes(signoff: SignOff) -> dict[str, Outcome]:
    return {one.axis.value: one.outcome for one in signoff.axes}


def test_without_an_audit_fit_and_hardening_are_not_judged_and_the_page_names_the_commands(tmp_path: Path) -> None:
    signoff = judged(world(tmp_path / "run").write())
    assert outcomes(signoff) == {"guide": Outcome.PASS, "fit": Outcome.NOT_JUDGED, "hardening": Outcome.NOT_JUDGED}
    page = page_of(signoff)
    assert page.count("Nobody judged it in these runs.") == 2
    assert "<code>dicfix audit --output-dir reports/audit</code>" in page
    assert "<code>dicfix report --audit reports/audit/findings.jsonl</code>" in page


def test_with_an_audit_they_are_judged_and_what_is_open_is_listed(tmp_path: Path) -> None:
    signoff = judged(world(tmp_path / "run").write(), audits=(audited(tmp_path / "audit", *FOUND),))
    assert outcomes(signoff) == {"guide": Outcome.PASS, "fit": Outcome.FAIL, "hardening": Outcome.FAIL}
    page = page_of(signoff)
    assert "Nobody judged it" not in page
    assert "does not decide: no board is named (--board)" in page
    assert "--fail-on" not in page
    listed = page[page.index('id="findings"') :]
    for words in (FIT_CONTROL, HARD_CONTROL, "put a lock on it"):
        assert words in listed


def test_a_fit_fail_decides_where_a_board_is_named(tmp_path: Path) -> None:
    audit = audited(tmp_path / "audit", *FOUND)
    signoff = judged(world(tmp_path / "run").write(), audits=(audit,), boards=("BRD4325",))
    assert signoff.decision.verdict.value == "NO-GO"
    assert "decides: the release names BRD4325" in page_of(signoff)


def test_the_page_shows_the_charts_of_the_audits(tmp_path: Path) -> None:
    run, audit = world(tmp_path / "run").write(), audited(tmp_path / "audit", *FOUND, nights=3)
    signoff = judged(run, audits=(audit,))
    found, expiry = charts_of(signoff)
    assert "Findings over the last 3 audits" in found.svg
    assert "When the certificate expires" in expiry.svg
    assert charts_of(judged(run)) == ()
    publish(signoff, tmp_path / "reports", results=[])
    with browser() as page:
        page.size(1400, 1000, dark=True)
        page.open(tmp_path / "reports" / "signoff.html")
        page.wait_for("Findings over the last audits", "When certificates expire")
        assert page.run("document.querySelector('nav a[href=\"#chart-1\"]').innerText") == "Charts"
        ids = page.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids)), "the patterns of two charts have names of their own"
        fills = page.run("[...document.querySelectorAll('svg rect[fill^=url]')].map(e => e.getAttribute('fill'))")
        assert {one[5:-1] for one in fills} <= set(ids)
        page.run("document.getElementById('chart-1').scrollIntoView()")
        page.picture(SCREENSHOTS / "signoff-charts-dark.png")
        page.size(390, 844)
        assert page.run("document.documentElement.scrollWidth") <= 390
        assert page.requests == []


def test_without_memory_of_nights_the_audit_itself_is_charted(tmp_path: Path) -> None:
    found, _ = charts_of(judged(audits=(audited(tmp_path / "audit", *FOUND),), reports=tmp_path))
    assert "Findings over the last audit" in found.svg
    assert "FAIL, last: 2" in found.svg


def test_an_audit_tells_its_caller_and_how_long_it_took(tmp_path: Path) -> None:
    (run,) = judged(audits=(audited(tmp_path / "audit"),), reports=tmp_path).runs
    assert run.place.caller == CALLER
    assert (run.stopped - run.started).total_seconds() == 65


def result_of(signoff: SignOff, clause: str) -> Result:
    return next(row.result for row in signoff.rows if row.clause.id == clause)


@pytest.mark.parametrize(
    ("source", "evidence", "result"),
    [
        ("target offline", "simulated", Result.PASS),
        ("target offline", AWS, Result.PASS),
        ("target aws", AWS, Result.PASS),
        ("target aws", "simulated", Result.MANUAL),
    ],
)
def test_what_an_audit_leaves_to_a_person_a_run_with_as_good_evidence_has_seen(
    tmp_path: Path, source: str, evidence: str, result: Result
) -> None:
    audit = audited(tmp_path / "audit", finding("DIC-EXP-08", "MANUAL", resource="DIC_EXPLORER"), source=source)
    signoff = judged(world(tmp_path / "run", evidence=evidence).write(), audits=(audit,))
    assert result_of(signoff, "EXP-7") is result
    assert ("manual" in rules(signoff)) is (result is Result.MANUAL)
    assert outcomes(signoff)["guide"] is (Outcome.PASS if result is Result.PASS else Outcome.INCOMPLETE)


def test_a_run_that_did_not_pass_settles_nothing_for_a_person(tmp_path: Path) -> None:
    audit = audited(tmp_path / "audit", finding("DIC-EXP-08", "MANUAL", resource="DIC_EXPLORER"))
    failed, passed = world(tmp_path / "failed"), world(tmp_path / "passed")
    failed.fail("EXP-7")
    signoff = judged(failed.write(), passed.write(), audits=(audit,))
    (left,) = [one for one in signoff.runs[2].entries if one.control == "DIC-EXP-08"]
    assert left.status.value == "MANUAL"
    assert signoff.decision.verdict.value == "NO-GO"
