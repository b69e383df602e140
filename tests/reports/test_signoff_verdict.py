"""Which runs come to which verdict, by which rule; as a table, and where single things are taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dicfix.errors import UsageError
from dicfix.findings import Evidence
from dicfix.reports.matrix import BOARD_CLAUSES, Result
from dicfix.reports.runs import Outcome
from dicfix.reports.signoff import SignOff
from dicfix.reports.verdict import Verdict
from tests.reports.signoff_world import (
    FIT_CONTROL,
    World,
    evidence_yaml,
    finding,
    judged,
    rules,
    waiver,
    world,
)

AWS = "AWS with virtual device"


@dataclass(frozen=True)
class Made:
    """A row of the table: what happens to an offline run (or to another), and what it must come to."""

    name: str
    spoil: Callable[[World], object]
    verdict: str
    rule: str
    waivers: str = ""
    evidence: str = "simulated"
    seen_by_a_person: tuple[str, ...] = ()
    choices: dict[str, Any] = field(default_factory=dict)


def nothing(_: World) -> None:
    pass


def manual(run: World) -> None:
    run.end("AWS-4.4", "skipped", "skipped", "MANUAL: only a person can see it", judged="MANUAL")


def unreadable(run: World) -> None:
    run.end("AWS-4.4", "failed", "broken", "FindingUnreadable: denied", judged="UNREADABLE")


def not_reported(run: World) -> None:
    nodeid = run.end("AWS-4.4", "passed", "passed")
    del run.manifest["reported"][nodeid]
    del run.results[nodeid]


def untested(run: World) -> None:
    nodeid = run.end("AWS-4.4", "passed", "passed")
    for kept in (run.manifest["scenarios"], run.manifest["reported"], run.results):
        del kept[nodeid]
    run.manifest["collected"].remove(nodeid)
    run.findings = [row for row in run.findings if row["scenario"] != nodeid]


def deselected(run: World) -> None:
    nodeid = run.end("AWS-4.4", "passed", "passed")
    del run.manifest["reported"][nodeid]
    del run.results[nodeid]
    run.manifest["collected"].remove(nodeid)
    run.manifest["deselected"].append(nodeid)


def crashed(run: World) -> None:
    nodeid = run.end("AWS-4.4", "crashed", "broken", "worker gw0 crashed")
    run.manifest["crashes"].append({"worker": "gw0", "while_running": nodeid})
    run.manifest["lost_workers"].append("gw0")


def contract(run: World) -> None:
    run.end("AWS-4.4", "failed", "failed", "dicfix.accounts.judge.ContractBroken: nothing failed before")


def fit(status: str) -> Callable[[World], None]:
    def spoil(run: World) -> None:
        run.findings.append({"scenario": run.manifest["collected"][0], **finding(FIT_CONTROL, status)})

    return spoil


def another_text(run: World) -> None:
    run.results[run.manifest["collected"][0]]["status"] = "failed"


BOARDS = tuple(sorted(BOARD_CLAUSES))
BOARD = {"boards": ("BRD4325",)}
TABLE = (
    Made("all good", nothing, "GO", "", evidence=AWS, seen_by_a_person=BOARDS),
    Made("only simulated evidence", nothing, "REHEARSED", "simulated"),
    Made("simulated evidence and a person's", nothing, "REHEARSED", "simulated", seen_by_a_person=BOARDS),
    Made("missing evidence", manual, "INCOMPLETE", "manual", evidence=AWS, seen_by_a_person=BOARDS),
    Made("missing evidence of a board", nothing, "INCOMPLETE", "board-missing", evidence=AWS),
    Made("evidence of one board clause too few", nothing, "INCOMPLETE", "board-missing", "", AWS, BOARDS[1:]),
    Made("failure", lambda run: run.fail("AWS-4.4"), "NO-GO", "guide-scenario"),
    Made("failure without a finding", contract, "NO-GO", "guide-scenario"),
    Made("waived failure", lambda run: run.fail("AWS-4.4"), "REHEARSED", "simulated", waiver()),
    Made("expired waiver", lambda run: run.fail("AWS-4.4"), "NO-GO", "waiver-expired", waiver(expires="2026-03-01")),
    Made("expired waiver of what passes", nothing, "NO-GO", "waiver-expired", waiver(expires="2026-03-01")),
    Made("lapsed waiver", lambda run: run.fail("AWS-4.4"), "NO-GO", "guide-fail", waiver(observed="PENDING")),
    Made("a waiver waives no broken contract", contract, "NO-GO", "guide-scenario", waiver()),
    Made("skip", lambda run: run.end("AWS-4.4", "skipped", "skipped", "not today"), "INCOMPLETE", "skipped"),
    Made("a person's skip", manual, "INCOMPLETE", "manual"),
    Made("unreadable", unreadable, "INCOMPLETE", "unreadable"),
    Made("unreadable cannot be waived", unreadable, "INCOMPLETE", "unreadable", waiver()),
    Made("error in setup", lambda run: run.end("AWS-4.4", "error", "broken", "OSError"), "INCOMPLETE", "broken"),
    Made("crashed worker", crashed, "INCOMPLETE", "crash"),
    Made("worker lost at its end", lambda run: run.manifest["lost_workers"].append("gw1"), "INCOMPLETE", "crash"),
    Made(
        "collection error",
        lambda run: run.manifest["collection_errors"].append({"id": "features/02.feature", "message": "no Gherkin"}),
        "INCOMPLETE",
        "not-collected",
    ),
    Made("planned, never reported", not_reported, "NO-GO", "sums"),
    Made("result says otherwise", another_text, "NO-GO", "sums"),
    Made("clause without scenario", untested, "INCOMPLETE", "untested"),
    Made("deselected", deselected, "INCOMPLETE", "left-out"),
    Made(
        "feature file left out",
        lambda run: run.manifest["files_not_asked"].append("features/09.feature"),
        "INCOMPLETE",
        "left-out",
    ),
    Made("fit fails, no board named", fit("FAIL"), "REHEARSED", "simulated"),
    Made("fit fails, a board named", fit("FAIL"), "NO-GO", "fit-fail", choices={"boards": ("BRD4325",)}),
    Made("a board named, fit passes", fit("PASS"), "REHEARSED", "simulated", choices={"boards": ("BRD4325",)}),
    Made("a board named, fit left to a person", fit("MANUAL"), "INCOMPLETE", "fit-unknown", choices=BOARD),
    Made("a board named, fit unreadable", fit("UNREADABLE"), "INCOMPLETE", "fit-unknown", choices=BOARD),
    Made("fit left to a person, no board named", fit("MANUAL"), "REHEARSED", "simulated"),
    Made("a board named, fit not judged", nothing, "INCOMPLETE", "fit-unknown", choices={"boards": ("BRD4325",)}),
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_run_comes_to_its_verdict_by_its_rule(row: Made, tmp_path: Path) -> None:
    run = world(tmp_path / "run", evidence=row.evidence)
    row.spoil(run)
    choices = dict(row.choices)
    if row.seen_by_a_person:
        choices["evidence"] = evidence_yaml(tmp_path, row.seen_by_a_person)
    if row.waivers:
        choices["waivers"] = tmp_path / "waivers.yaml"
        choices["waivers"].write_text(row.waivers)
    signoff = judged(run.write(), **choices)
    assert signoff.decision.verdict.value == row.verdict
    applied = {one.rule.id: one.rule.verdict for one in signoff.decision.reasons}
    assert applied.get(row.rule, Verdict.GO).value == row.verdict, applied


def test_the_table_has_every_case_and_every_verdict() -> None:
    names = {row.name for row in TABLE}
    wanted = {"failure", "skip", "crashed worker", "collection error", "expired waiver", "lapsed waiver"}
    assert names >= wanted | {"missing evidence", "only simulated evidence", "all good"}
    assert len(names) == len(TABLE)
    assert {row.verdict for row in TABLE} == {one.value for one in Verdict}


def go(tmp_path: Path, **aws: Any) -> tuple[Path, dict[str, Any]]:
    folder = world(tmp_path / "aws", evidence=AWS, **aws).write()
    return folder, {"evidence": evidence_yaml(tmp_path, tuple(sorted(BOARD_CLAUSES)))}


def test_every_clause_on_aws_and_a_board_seen_by_a_person_is_go(tmp_path: Path) -> None:
    folder, choices = go(tmp_path)
    signoff = judged(folder, **choices)
    assert (signoff.decision.verdict.value, list(rules(signoff))) == ("GO", [])
    levels = {row.clause.id: row.seen.level for row in signoff.rows if row.seen}
    assert {levels[one] for one in BOARD_CLAUSES} == {Evidence.BOARD}
    assert levels["AWS-4.1"] is Evidence.AWS


def test_evidence_older_than_its_age_is_incomplete(tmp_path: Path) -> None:
    folder, choices = go(tmp_path, age_days=31)
    assert judged(folder, **choices).decision.reasons[0].rule.id == "evidence-old"
    assert judged(folder, **choices, max_age_days=40).decision.verdict.value == "GO"


def test_aws_without_a_board_is_incomplete_and_names_the_clauses(tmp_path: Path) -> None:
    signoff = judged(go(tmp_path)[0])
    (reason,) = signoff.decision.reasons
    assert reason.rule.id == "board-missing"
    assert {one.split()[0] for one in reason.items} == BOARD_CLAUSES


def test_expired_evidence_of_a_board_does_not_count(tmp_path: Path) -> None:
    folder, _ = go(tmp_path)
    signoff = judged(folder, evidence=evidence_yaml(tmp_path, tuple(BOARD_CLAUSES), expires="2026-03-09"))
    assert signoff.decision.reasons[0].rule.id == "board-missing"


def test_a_persons_evidence_replaces_no_test(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    untested(run)
    signoff = judged(run.write(), evidence=evidence_yaml(tmp_path, ("AWS-4.4",)))
    assert "untested" in rules(signoff)
    assert "no MANUAL finding needs it" in signoff.evidence_doubts[0]


def test_evidence_closes_what_only_a_person_can_see(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    manual(run)
    signoff = judged(run.write(), evidence=evidence_yaml(tmp_path, ("AWS-4.4",)))
    assert signoff.decision.verdict.value == "REHEARSED"
    row = next(one for one in signoff.rows if one.clause.id == "AWS-4.4")
    assert row.result is Result.PASS
    assert row.seen
    assert row.seen.by == "Carla Tester"


def test_what_aws_skips_an_offline_run_proves_but_not_on_aws(tmp_path: Path) -> None:
    aws = world(tmp_path / "aws", evidence=AWS)
    aws.end("AWS-4.4", "skipped", "skipped", "NOT_APPLICABLE: only the embedded cloud can be brought into this state")
    evidence = evidence_yaml(tmp_path, tuple(BOARD_CLAUSES))
    alone = judged(aws.write(), evidence=evidence)
    assert {"skipped", "untested"} <= set(rules(alone))
    both = judged(aws.folder, world(tmp_path / "offline").write(), evidence=evidence)
    (reason,) = both.decision.reasons
    assert (reason.rule.id, reason.items[0].split()[0]) == ("aws-missing", "AWS-4.4")


def test_a_board_run_beside_an_offline_run_gives_board_evidence(tmp_path: Path) -> None:
    aws = world(tmp_path / "aws", evidence=AWS)
    for clause in BOARD_CLAUSES:
        aws.scenario(clause, 7, tags=("board",))
    signoff = judged(world(tmp_path / "offline").write(), aws.write())
    assert signoff.decision.verdict.value == "GO"
    assert {row.seen.level for row in signoff.rows if row.clause.id in BOARD_CLAUSES and row.seen} == {Evidence.BOARD}


def test_a_board_scenario_that_offline_skips_blocks_no_rehearsal(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    nodeid = run.scenario("OTA-15.2", 7, tags=("board",))
    run.manifest["reported"][nodeid] = "skipped"
    run.results[nodeid] |= {"status": "skipped", "statusDetails": {"message": "NOT_APPLICABLE: no real board"}}
    assert judged(run.write()).decision.verdict.value == "REHEARSED"


def test_an_endpoint_that_only_speaks_aws_is_no_evidence_of_aws(tmp_path: Path) -> None:
    run = world(tmp_path / "run", target="aws")
    assert judged(run.write()).decision.verdict.value == "REHEARSED"


def test_a_failure_in_one_run_outranks_what_is_incomplete_in_another(tmp_path: Path) -> None:
    one, other = world(tmp_path / "one"), world(tmp_path / "other")
    one.end("AWS-4.1", "skipped", "skipped", "not today")
    crashed(one)
    other.fail("AWS-4.4")
    signoff = judged(one.write(), other.write())
    verdicts = [reason.rule.verdict.value for reason in signoff.decision.reasons]
    assert signoff.decision.verdict.value == verdicts[0] == "NO-GO"
    assert "INCOMPLETE" in verdicts
    assert verdicts == sorted(verdicts, key=["NO-GO", "INCOMPLETE", "REHEARSED"].index)


def results(folder: Path) -> list[Path]:
    return sorted((folder / "allure-results").glob("*-result.json"))


@pytest.mark.parametrize("nth", [0, 17, -1])
def test_without_one_result_file_it_is_no_go(tmp_path: Path, nth: int) -> None:
    folder, choices = go(tmp_path)
    results(folder)[nth].unlink()
    signoff = judged(folder, **choices)
    assert signoff.decision.verdict.value == "NO-GO"
    assert "its result file is missing" in signoff.decision.reasons[0].items[0]


def test_a_result_file_cut_short_or_too_many_or_no_findings_are_no_go(tmp_path: Path) -> None:
    for spoil in ("cut", "twice", "findings"):
        folder, choices = go(tmp_path / spoil) if (tmp_path / spoil).mkdir() is None else ("", {})
        first = results(folder)[0]
        if spoil == "cut":
            first.write_text(first.read_text()[:50])
        elif spoil == "twice":
            first.with_name("extra-result.json").write_text(first.read_text())
        else:
            (folder / "findings.json").unlink()
        assert judged(folder, **choices).decision.reasons[0].rule.id == "sums", spoil


def test_a_run_of_a_worker_that_was_waived_at_run_time_is_judged_by_the_sign_offs_waivers(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    run.end("AWS-4.4", "xfailed", "failed", "WAIVED: DIC-CA-03: it is INACTIVE", judged="WAIVED")
    folder = run.write()
    assert judged(folder).decision.verdict.value == "NO-GO"
    (tmp_path / "waivers.yaml").write_text(waiver())
    signoff = judged(folder, waivers=tmp_path / "waivers.yaml")
    assert signoff.decision.verdict.value == "REHEARSED"
    assert [one.outcome for _, one in signoff.failures] == [Outcome.ACCEPTED]


def result_of(signoff: SignOff, clause: str) -> Result:
    return next(row.result for row in signoff.rows if row.clause.id == clause)


def test_the_matrix_has_every_clause_in_the_guides_order_with_untested_rows(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    untested(run)
    run.fail("AWS-4.1")
    signoff = judged(run.write())
    assert result_of(signoff, "AWS-4.4") is Result.NOT_TESTED
    assert result_of(signoff, "AWS-4.1") is Result.FAIL
    assert [row.clause.id for row in signoff.rows][:7] == [
        "SSL-1",
        "SSL-2",
        "SSL-3",
        "SSL-4.1",
        "SSL-4.2",
        "SSL-5",
        "AWS-1",
    ]
    assert {row.clause.id for row in signoff.rows if row.blocks} == {"AWS-4.4", "AWS-4.1"}


def test_a_scenario_is_named_with_what_its_name_does_not_tell_of_its_examples(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    nodeid = run.scenario("SSL-1", 8)
    run.manifest["scenarios"][nodeid]["parameters"] = {"n": "number 8", "kind": "a light", "port": "8883"}
    names = [one.name for one in judged(run.write()).runs[0].scenarios if "number 8" in one.name]
    assert names == ["SSL-1 holds number 8 (a light, 8883)"]


def test_caller_and_account_are_those_that_the_run_read(tmp_path: Path) -> None:
    (run,) = judged(world(tmp_path / "run").write()).runs
    assert (run.place.account, run.place.caller.rpartition("/")[2]) == ("123456789012", "anna")


def test_runs_of_two_editions_are_no_sign_off(tmp_path: Path) -> None:
    other = world(tmp_path / "other", edition="2024-04")
    with pytest.raises(UsageError, match="2023-08, 2024-04"):
        judged(world(tmp_path / "run").write(), other.write())


def test_runs_against_two_texts_of_the_guide_are_incomplete(tmp_path: Path) -> None:
    other = world(tmp_path / "other", guide_sha256="0" * 64)
    assert "guide-text" in rules(judged(world(tmp_path / "run").write(), other.write()))


def test_a_run_against_other_clauses_than_this_version_has_is_incomplete(tmp_path: Path) -> None:
    signoff = judged(world(tmp_path / "run", guide_sha256="0" * 64).write())
    assert signoff.decision.verdict.value == "INCOMPLETE"
    (reason,) = [one for one in signoff.decision.reasons if one.rule.id == "guide-text"]
    assert reason.items[0].startswith("onboarding, embedded cloud: 000000000000, this version: ")


def test_a_folder_without_a_run_is_a_usage_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run pytest features first"):
        judged(tmp_path)
