"""`dicfix diff` and `dicfix waivers` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from audit_world import DENIED, INACTIVE, TODAY, audited, bad_inventory, inventory, waiver_text, with_status
from onboarded import DEVICE, SECOND

from dicfix.__main__ import main
from dicfix.audit.outputs import write_whole
from dicfix.audit.outputs.jsonl import lines_of
from dicfix.audit.waivers import read_waivers


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """The day of the findings."""
    monkeypatch.setattr("dicfix.cli.waivers._today", lambda: TODAY)


def kept(path: Path, result) -> str:
    write_whole(path, lines_of(result.as_run(), result))
    return str(path)


@pytest.fixture
def runs(tmp_path):
    """Good, then bad, then bad in another way, then unreadable."""
    given = {
        "good": inventory(),
        "bad": bad_inventory(),
        "worse": with_status("REVOKED"),
        "denied": with_status(DENIED),
    }
    return {name: kept(tmp_path / f"{name}.jsonl", audited(one, days=n)) for n, (name, one) in enumerate(given.items())}


# Diff


def test_what_is_new_and_fixed_is_printed(runs, capsys):
    assert main(["diff", runs["good"], runs["bad"]]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Since 2026-01-15T12:00:00Z: 2 new, 0 fixed")
    assert f"new                  FAIL critical {INACTIVE} {DEVICE}: INACTIVE" in out
    assert main(["diff", runs["bad"], runs["good"]]) == 0
    assert f"fixed                PASS critical {INACTIVE} {SECOND}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "after", "level", "code"),
    [
        ("good", "bad", "new", 1),
        ("good", "bad", "new=high", 1),
        ("good", "bad", "new=critical", 0),
        ("good", "bad", "new=never", 0),
        ("bad", "bad", "new", 0),
        ("bad", "worse", "new", 0),
        ("bad", "good", "new", 0),
        ("good", "denied", "new", 3),
    ],
)
def test_only_what_is_new_and_bad_enough_fails_and_only_when_asked(runs, before, after, level, code):
    assert main(["diff", runs[before], runs[after], "--fail-on", level]) == code
    assert main(["diff", runs[before], runs[after]]) == 0


def test_json_has_both_sides_of_every_change(runs, capsys):
    assert main(["diff", runs["bad"], runs["worse"], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    changed = [one for one in told["changes"] if one["change"] == "changed"]
    assert told["counts"]["changed"] == len(changed) == 2
    assert {one["before"]["observed"] for one in changed} == {"INACTIVE"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("gone.jsonl", "good.jsonl"), "gone.jsonl cannot be read"),
        (("text.txt", "good.jsonl"), "text.txt, line 1 is no JSON"),
        (("other.jsonl", "good.jsonl"), "one account and Region"),
        (("good.jsonl", "good.jsonl", "--fail-on", "old"), "--fail-on is 'old'"),
        (("good.jsonl", "good.jsonl", "--fail-on", "new=loud"), "--fail-on is 'new=loud'"),
        (("good.jsonl",), "required: B"),
    ],
    ids=["missing", "no JSON", "another account", "another word", "another level", "one file"],
)
def test_bad_input_to_diff_is_one_clear_error(runs, tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("nothing\n")
    other = (tmp_path / "good.jsonl").read_text().replace("123456789012", "210987654321")
    (tmp_path / "other.jsonl").write_text(other)
    assert main(["diff", *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert "Traceback" not in captured.err


# Waivers


def waivers(folder: Path, **changes: object) -> str:
    path = folder / "waivers.yaml"
    path.write_text(waiver_text(**changes))
    return str(path)


def test_lint_is_quiet_about_good_waivers(tmp_path, runs, capsys):
    assert main(["waivers", "lint", waivers(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 waivers, 0 in doubt.\n"
    assert main(["waivers", "lint", waivers(tmp_path), "--findings", runs["bad"]]) == 0


@pytest.mark.parametrize(
    ("changes", "findings", "told"),
    [
        ({"expires": "2026-01-14"}, None, "expired"),
        ({"control": "DIC-XX-01"}, None, "its control is unknown"),
        ({}, "good", "unused"),
        ({}, "worse", "lapsed"),
        ({}, "denied", "cannot be waived"),
    ],
    ids=["expired", "unknown", "unused", "lapsed", "unreadable"],
)
def test_lint_tells_what_is_in_doubt(tmp_path, runs, capsys, changes, findings, told):
    more = ["--findings", runs[findings]] if findings else []
    assert main(["waivers", "lint", waivers(tmp_path, **changes), *more]) == 1
    out = capsys.readouterr().out
    assert told in out
    assert "switched off (Ada Example" in out
    assert out.endswith("1 waivers, 1 in doubt.\n")


def test_lint_of_a_malformed_file_is_exit_2(tmp_path, capsys):
    assert main(["waivers", "lint", waivers(tmp_path, approver=None)]) == 2
    assert "waivers.yaml, waiver 1 has no approver" in capsys.readouterr().err
    assert main(["waivers", "lint", str(tmp_path / "gone.yaml")]) == 2


def test_a_draft_is_completed_and_then_holds(tmp_path, runs, capsys):
    assert main(["waivers", "draft", runs["bad"], "--control", INACTIVE]) == 0
    text = capsys.readouterr().out
    assert text.count("- control:") == 2
    done = text.replace("justification:", "justification: in a drawer").replace("approver:", "approver: Ada")
    (tmp_path / "w.yaml").write_text(done)
    assert len(read_waivers(tmp_path / "w.yaml", TODAY)) == 2
    assert main(["waivers", "lint", str(tmp_path / "w.yaml"), "--findings", runs["bad"]]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--control", "DIC-XX-01"), "is no control"), (("--control", "DIC-CA-01"), "no FAIL to waive")],
    ids=["unknown", "no FAIL"],
)
def test_nothing_to_draft_is_one_clear_error(runs, capsys, arguments, told):
    assert main(["waivers", "draft", runs["bad"], *arguments]) == 2
    assert told in capsys.readouterr().err
