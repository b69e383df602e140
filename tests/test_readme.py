"""README and CONTRIBUTING say what is so: commands, targets, options, paths and settings that they name exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from dicfix.__main__ import COMMANDS
from dicfix.controls import CONTROLS
from dicfix.guide import CLAUSES
from dicfix.settings import read_file, settings_from

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
TEXT = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS)


@cache
def code() -> tuple[str, ...]:
    """What is set as code: indented lines without their comment, and everything between backticks."""
    lines = re.findall(r"^ {4}(\S.*)$", TEXT, re.MULTILINE)
    return (*(re.sub(r"\s+#.*$", "", line) for line in lines), *re.findall(r"`([^`\n]+)`", TEXT))


def commands(program: str) -> list[list[str]]:
    """Every command line of a program, split into words; ``.venv/bin/`` before it is no matter."""
    parts = [part.strip().removeprefix(".venv/bin/") for line in code() for part in re.split(r"&&", line)]
    return [shlex.split(part) for part in parts if part.split(" ")[0] == program]


def test_every_command_of_dicfix_exists() -> None:
    named = {words[1] for words in commands("dicfix") if len(words) > 1}
    assert named >= {"clauses", "controls", "certs", "cloud"}
    assert named - set(COMMANDS) == set()


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words[1] for words in commands("make") if len(words) > 1}
    assert named >= {"acceptance", "test"}
    assert named - targets == set()


def test_every_option_exists() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    named = set(re.findall(r"--dicfix-[a-z-]+[a-z]", TEXT))
    assert len(named) > 5
    assert named - set(re.findall(r"--dicfix-[a-z-]+[a-z]", shown)) == set()


def test_every_path_exists() -> None:
    places = r"(?:features|steps|dicfix|tests|benchmarks)/[\w./-]*\w"
    named = set(re.findall(rf"(?<![\w/.=-]){places}", TEXT))
    assert len(named) > 5
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_clause_and_control_exists() -> None:
    clauses = set(re.findall(r"\b(?:SSL|AWS|EXP|E2E|OTA|PRE)-[\dV][\d.V]*\b", TEXT))
    assert clauses - {one.id for one in CLAUSES} == set()
    assert set(re.findall(r"\bDIC-[A-Z]+-\d\d\b", TEXT)) - set(CONTROLS) == set()


def test_the_settings_that_are_shown_are_the_defaults(tmp_path: Path) -> None:
    block = re.search(r"^ {4}edition = .*?(?=^\S)", TEXT, re.MULTILINE | re.DOTALL)
    assert block
    shown = tmp_path / "dic.toml"
    shown.write_text(re.sub(r"^ {4}", "", block[0], flags=re.MULTILINE))
    values, defaults = read_file(shown), settings_from({})
    assert len(values) > 10
    assert values.pop("directory") == tmp_path / defaults.directory
    assert values == {name: getattr(defaults, name) for name in values}


SELECTIONS = [words[1:] for words in commands("pytest") if len(words) > 1 and words[1] != "--help"]


@pytest.mark.parametrize("arguments", [one for one in SELECTIONS if "aws" not in one], ids=" ".join)
def test_a_selection_of_scenarios_finds_some(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ (tests|/\d+ tests) collected|\d+/\d+ tests collected", done.stdout), done.stdout


def test_the_two_commands_without_make_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "pip install" in makefile
    for words in ("-c constraints.txt -e '.[dev]'", "ruff check .", "ruff format --check .", "pytest features"):
        assert words in makefile, words
        assert words in TEXT, words


def test_what_the_commands_write_into_the_clone_is_ignored_by_git() -> None:
    """Keys lie there."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    written = set(re.findall(r"(?:--dir|--state|--output-dir|--directory) ([a-z]+)", TEXT))
    assert written >= {"certificates", "cloud", "out", "state"}
    assert {name for name in written if not {f"/{name}/", f"{name}/*"} & set(ignored)} == set()
