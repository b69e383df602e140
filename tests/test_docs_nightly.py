"""The nightly example can be copied: its YAML is YAML, its options exist, its waiver and evidence are read."""

from __future__ import annotations

import re
import textwrap
from datetime import date
from pathlib import Path

import pytest
import yaml

from dicfix.__main__ import COMMANDS, main
from dicfix.audit.evidence import read_evidence
from dicfix.audit.waivers import read_waivers

TEXT = (Path(__file__).parents[1] / "docs/nightly.md").read_text(encoding="utf-8")
TODAY = date(2026, 11, 22)


def block(start: str) -> str:
    """The indented block that begins with this line."""
    found = re.search(rf"^    {re.escape(start)}.*\n(?:(?:    .*)?\n)*", TEXT, re.MULTILINE)
    assert found, start
    return textwrap.dedent(found[0])


def test_the_workflow_is_yaml_and_runs_the_verdict_last():
    workflow = yaml.safe_load(block("name: nightly audit"))
    steps = workflow["jobs"]["audit"]["steps"]
    assert steps[-1]["run"] == "exit ${{ steps.audit.outputs.code }}"
    assert [one["uses"].split("@")[0] for one in steps if "cache" in one.get("uses", "")] == [
        "actions/cache/restore", "actions/cache/save",
    ]  # fmt: skip


def test_every_option_of_the_examples_exists(capsys):
    used: dict[str, set[str]] = {}
    for line in re.sub(r"\\\n\s*", "", TEXT).splitlines():
        found = re.search(r"dicfix (audit|diff|waivers (?:lint|draft)|permissions audit)\b([^>|`]*)", line)
        if found:
            used.setdefault(found[1], set()).update(re.findall(r"--[a-z-]+", found[2]))
    assert {one.split()[0] for one in used} <= set(COMMANDS)
    assert len(used) == 5
    for command, options in used.items():
        assert main([*command.split(), "--help"]) == 0
        told = capsys.readouterr().out
        assert [one for one in options if one not in told] == []


def test_the_waiver_of_the_example_is_one(tmp_path):
    (tmp_path / "waivers.yaml").write_text(block("waivers:"))
    (waiver,) = read_waivers(tmp_path / "waivers.yaml", TODAY)
    assert waiver.control == "DIC-FIT-08"


def test_the_evidence_of_the_example_is_some(tmp_path):
    text = block("evidence:").replace("2f0c...", "0" * 64)
    (tmp_path / "evidence.yaml").write_text(text)
    (piece,) = read_evidence(tmp_path / "evidence.yaml", TODAY)
    assert piece.who == "Ada Example"
    with pytest.raises(AssertionError):
        block("no such block")
