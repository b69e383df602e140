"""`dicfix clauses` and `dicfix controls`: what they print, in how many columns, and what they refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dicfix.__main__ import main
from dicfix.cli.clauses import scenarios_by_tag
from dicfix.controls import CONTROLS
from dicfix.errors import UsageError
from dicfix.guide import CLAUSES, Clause, clauses_of

FEATURE = """\
@AWS-4.1
Feature: The CA

  Rule: Step 4

    @AWS-4.4 @performs
    Scenario: It is active
      Then it is active

    Scenario Outline: It is told
      Then <what> is told

      @AWS-4.5
      Examples:
        | what |
        | this |
"""


@pytest.fixture
def features(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "ca.feature").write_text(FEATURE, encoding="utf-8")
    return tmp_path


def printed(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_scenarios_are_found_by_their_own_and_inherited_tags(features):
    """Tags of feature, scenario and examples count."""
    assert scenarios_by_tag(features) == {
        "AWS-4.1": ["ca.feature: It is active", "ca.feature: It is told"],
        "AWS-4.4": ["ca.feature: It is active"],
        "performs": ["ca.feature: It is active"],
        "AWS-4.5": ["ca.feature: It is told"],
    }


def test_a_directory_that_is_not_there_is_one_message(tmp_path, capsys):
    """Not every clause without a scenario."""
    assert main(["clauses", "--features", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err


def test_elsewhere_the_checkouts_own_features_are_read(tmp_path, monkeypatch, capsys):
    """The working directory does not matter."""
    monkeypatch.chdir(tmp_path)
    assert "scenario: 01_openssl" in printed(capsys, "clauses")


def test_a_feature_that_is_no_gherkin_is_named(tmp_path):
    """One message with file and line."""
    (tmp_path / "bad.feature").write_text("Feature: x\n  Scenario: y\n    Given z\n    nonsense\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"bad\.feature is no Gherkin: \("):
        scenarios_by_tag(tmp_path)


def test_clauses_are_printed_with_scenarios_and_controls(features, capsys):
    """Every clause in guide order, with what answers for it."""
    out = printed(capsys, "clauses", "--features", str(features))
    lines = out.splitlines()
    firsts = [line.split()[0] for line in lines if line[:1].isupper() and line.split()[0] in {c.id for c in CLAUSES}]
    assert firsts == [one.id for one in CLAUSES if one.built] + [one.id for one in CLAUSES if not one.built]
    assert "          scenario: ca.feature: It is active" in lines
    assert "          control: DIC-CA-03 The CA certificate is ACTIVE" in lines
    assert "slip:" in out
    assert "where: Security > Certificate authorities > Register CA certificate" in out


def test_what_is_not_yet_built_has_its_own_heading_with_its_number(capsys, tmp_path, monkeypatch):
    """At the end, and in the last line too."""
    waiting = frozenset({"OTA-1", "PRE-6"})
    monkeypatch.setattr(sys.modules[Clause.__module__], "NOT_YET_BUILT", waiting)
    out = printed(capsys, "clauses", "--features", str(tmp_path))
    block = out[out.index("NOT YET BUILT") :]
    assert "(2 clauses" in block
    assert all(one in block for one in waiting)
    assert out.endswith(f"{len(CLAUSES) - 2} built, 2 not yet built.\n")


def test_everything_is_built(capsys, tmp_path):
    """No clause of any edition is left."""
    out = printed(capsys, "clauses", "--features", str(tmp_path))
    assert "NOT YET BUILT" not in out
    assert out.endswith(f"{len(CLAUSES)} built, 0 not yet built.\n")


def test_one_edition_has_its_own_clauses(capsys, tmp_path):
    """2023-06 has nothing that is not built, but for what it does not have."""
    out = printed(capsys, "clauses", "--edition", "2023-06", "--features", str(tmp_path))
    assert "NOT YET BUILT" not in out
    assert "OTA-1" not in out
    assert f"{len(clauses_of('2023-06'))} clauses" in out


def test_clauses_as_json_hold_everything(features, capsys):
    """The same as data."""
    rows = json.loads(printed(capsys, "clauses", "--json", "--features", str(features)))
    assert [one["id"] for one in rows] == [one.id for one in CLAUSES]
    (active,) = [one for one in rows if one["id"] == "AWS-4.4"]
    assert active["scenarios"] == ["ca.feature: It is active"]
    assert active["controls"] == ["DIC-CA-03"]
    assert active["built"] is True
    assert active["audit"] == ["api"]


def test_a_wrong_edition_is_one_message_and_exit_2(capsys):
    """It names the right ones."""
    assert main(["clauses", "--edition", "2022"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("dicfix: '2022' is no edition")
    assert "2023-06, 2023-08, 2024-04" in err
    assert len(err.splitlines()) == 1


def test_controls_are_listed_by_axis(capsys):
    """Every control once, under its axis."""
    out = printed(capsys, "controls")
    assert all(out.count(f"{one} ") >= 1 for one in CONTROLS)
    assert out.index("guide (") < out.index("fit (") < out.index("hardening (")
    fit = printed(capsys, "controls", "--axis", "fit")
    assert "DIC-FIT-08" in fit
    assert "DIC-CA-01" not in fit


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_is_explained(control, capsys):
    """Title, why, remedy, needs: all in a hundred columns."""
    out = printed(capsys, "controls", control)
    lines = out.splitlines()
    assert lines[0].startswith(control)
    assert {"axis", "editions", "why", "remedy"} <= {line.split()[0] for line in lines}
    assert max(len(line) for line in lines) <= 100


def test_controls_as_json_hold_everything(capsys):
    """The same as data."""
    rows = json.loads(printed(capsys, "controls", "--json"))
    assert [one["id"] for one in rows] == list(CONTROLS)
    assert all(one["title"] and one["remedy"] for one in rows)


def test_an_unknown_control_is_one_message_and_exit_2(capsys):
    """It says how to find the right ones."""
    assert main(["controls", "DIC-X"]) == 2
    assert capsys.readouterr().err.startswith("dicfix: 'DIC-X' is no control.")


@pytest.mark.parametrize("arguments", [("clauses",), ("controls",)])
def test_nothing_printed_is_wider_than_a_hundred_columns(arguments, capsys):
    """So that it is read in any terminal; and there is no colour to depend on."""
    out = printed(capsys, *arguments)
    assert max(len(line) for line in out.splitlines()) <= 100
    assert "\x1b" not in out


@pytest.mark.parametrize("clause", [one.id for one in CLAUSES])
def test_a_clause_is_explained(clause, capsys):
    """Its page, step in each edition, how an audit sees it, its scenarios and controls: all in a hundred columns."""
    lines = printed(capsys, "clauses", clause).splitlines()
    assert lines[0].split()[0] == clause
    assert {"page", "step", "audit", "scenario", "control", "run"} <= {line.split()[0] for line in lines}
    assert "scenario    none" not in lines
    assert max(len(line) for line in lines) <= 100


def test_the_step_of_each_edition_is_told(capsys):
    """SSL-5 is step 8 of the edition that has a verification certificate."""
    out = printed(capsys, "clauses", "SSL-5", "AWS-4.4")
    assert "step        5 in edition 2023-06; 5 in edition 2023-08; 8 in edition 2024-04" in out
    assert "control     DIC-CA-03 (guide) The CA certificate is ACTIVE" in out
    assert "run         pytest -m AWS-4.4" in out


def test_named_clauses_as_json_are_those_alone(capsys):
    """In the order given, each once."""
    rows = json.loads(printed(capsys, "clauses", "AWS-4.4", "AWS-4.1", "AWS-4.4", "--json"))
    assert [one["id"] for one in rows] == ["AWS-4.4", "AWS-4.1"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("AWS-99",), "dicfix: 'AWS-99' is no clause of the guide. Expected: an id such as AWS-4.1. Do: "),
        (("OTA-1", "--edition", "2023-06"), "dicfix: edition 2023-06 does not have OTA-1. Expected: one of 2023-08"),
    ],
)
def test_a_clause_that_is_none_is_one_message_and_exit_2(arguments, told, capsys):
    """Of the guide, or of the edition that was named."""
    assert main(["clauses", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(told)
    assert captured.err.count("\n") == 1
    assert captured.out == ""
