"""What the sign-off page says, without a browser: runs put together, long messages, what was left out."""

from __future__ import annotations

import re
from pathlib import Path

from dicfix.reports.page import LINES_AT_ONCE, page_of
from dicfix.reports.runs import run_label
from tests.reports.signoff_world import evidence_yaml, judged, world

AWS, BOARD = "AWS with virtual device", "AWS with board"


def row_of(page: str, clause: str) -> str:
    """What the row of a clause says, without markup."""
    row = next(one for one in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if f'id="{clause}"' in one)
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_a_scenario_of_several_runs_stands_on_one_line_with_how_it_ended_in_each(tmp_path: Path) -> None:
    board = world(tmp_path / "board", evidence=BOARD, real_boards=["BRD4325"])
    board.fail("AWS-4.4")
    signoff = judged(world(tmp_path / "run").write(), world(tmp_path / "aws", evidence=AWS).write(), board.write())
    assert [one.label for one in signoff.runs] == [
        "onboarding, embedded cloud",
        "onboarding, AWS",
        "onboarding, AWS with board",
    ]
    page = page_of(signoff, allure=["allure.html", "allure-2.html", "allure-3.html"])
    assert "✕ AWS-4.4 holds ✓ embedded cloud ✓ AWS ✕ AWS with board" in row_of(page, "AWS-4.4")
    assert "✓ AWS-4.1 holds ✓ embedded cloud ✓ AWS ✓ AWS with board" in row_of(page, "AWS-4.1")


def test_the_name_of_a_run_is_words() -> None:
    assert run_label("audit", "offline") == "audit, embedded cloud"
    assert run_label("onboard", "aws") == "onboarding, AWS"


def test_a_message_of_many_lines_is_folded_after_some(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    run.end("AWS-4.4", "failed", "failed", "\n".join(f"line {number}" for number in range(1, 41)))
    page = page_of(judged(run.write()))
    at_once = page.index(f"line {LINES_AT_ONCE} …")
    folded = page.index("The whole message")
    assert at_once < folded < page.index("line 40<")
    assert "line 13" not in page[at_once:folded]


def test_a_trouble_with_evidence_is_told_once_and_a_date_is_never_broken(tmp_path: Path) -> None:
    evidence = evidence_yaml(tmp_path, ("E2E-1",))
    (tmp_path / "board.jpg").unlink()
    page = page_of(judged(world(tmp_path / "run").write(), evidence=evidence))
    people = page[page.index('id="people"') : page.index('id="deviations"')]
    assert people.count("its file cannot be read") == 1
    assert '<span class="id">2026-12-31</span>' in people


def test_feature_files_that_were_left_out_are_counted(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    run.manifest["files_not_asked"] += ["features/08.feature", "features/09.feature"]
    assert "<dt>feature files left out</dt><dd>2</dd>" in page_of(judged(run.write()))


def test_a_board_whose_fit_nobody_judged_is_told_with_what_judges_it(tmp_path: Path) -> None:
    signoff = judged(world(tmp_path / "run").write(), boards=("BRD4325",))
    assert signoff.decision.reasons[0].items == (
        "the release names BRD4325: dicfix audit judges fit, --audit FILE takes what it found",
    )
