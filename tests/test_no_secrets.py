"""No key, credential or path of the machine is in any file of a run of the real features, also when they fail.

The features run in a copy of the project, in a process of its own, with mishaps planted (``planted_mishaps``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.planted_mishaps import CREDENTIAL, SECRET

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("dicfix", "steps", "features", "conftest.py", "pytest.ini", "pyproject.toml")
FEATURES = ("02_aws_ca_certificate_registration", "04_dic_applications", "05_refused_connections")
WITHOUT_RULES = "ADMIT-UNKNOWN,RESERVED-SUBSCRIBE"
TIMEOUT_S = 300
IN_ENVIRONMENT = "of-the-environment-0123456789"

KEY_MARK = re.compile(r"-----(?:BEGIN|END) [A-Z ]*PRIVATE KEY")
CREDENTIALS = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")


@dataclass(frozen=True)
class Run:
    """A run in ``folder``: the copy is in ``project``, certificates and keys below ``work``."""

    folder: Path
    code: int
    out: str

    @property
    def project(self) -> Path:
        """The copy of the project."""
        return self.folder / "project"

    @cached_property
    def results(self) -> dict[str, str]:
        """Every file of Allure results and the manifest, by name."""
        files = [*(self.project / "reports" / "allure-results").iterdir(), self.project / "reports" / "run.json"]
        return {path.name: path.read_bytes().decode("latin-1") for path in files}

    @cached_property
    def key_lines(self) -> set[str]:
        """Every line of base64 of every private key that the run wrote."""
        texts = [path.read_text() for path in (self.folder / "work").rglob("*.key")]
        return {line for text in texts for line in text.splitlines() if not line.startswith("-----")}

    def secrets_in(self, text: str) -> list[str]:
        """What of the run's secrets a text holds."""
        found = [line for line in (*self.key_lines, SECRET, CREDENTIAL, IN_ENVIRONMENT) if line in text]
        return found + KEY_MARK.findall(text) + CREDENTIALS.findall(text)

    def paths_in(self, text: str) -> list[str]:
        """What of this machine's folders a text holds."""
        folders = {ROOT, self.folder, Path(tempfile.gettempdir()), Path.home(), Path(sys.prefix), Path(sys.base_prefix)}
        names = {str(one) for folder in folders for one in (folder, folder.resolve())} - {"/"}
        return [name for name in sorted(names) if re.search(rf"(?<![\w.~-]){re.escape(name)}(?![\w.-])", text)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Runs the features with PLANTED mishaps and further arguments, once for each."""
    done: dict[tuple[str, ...], Run] = {}

    def perform(planted: str, *arguments: str) -> Run:
        if (planted, *arguments) not in done:
            done[planted, *arguments] = run_features(tmp_path_factory.mktemp("run"), planted, *arguments)
        return done[planted, *arguments]

    return perform


def run_features(folder: Path, planted: str, *arguments: str) -> Run:
    project = folder / "project"
    project.mkdir()
    for name in COPIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, project / name, ignore=ignored) if source.is_dir() else shutil.copy(source, project)
    shutil.copy(ROOT / "tests" / "planted_mishaps.py", project)
    command = [
        *(sys.executable, "-m", "pytest", "-p", "planted_mishaps", "-p", "no:cacheprovider"),
        *(f"--basetemp={folder / 'work'}", f"--junitxml={folder / 'junit.xml'}", *arguments),
        *(f"features/{name}.feature" for name in FEATURES),
    ]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "AWS_", "COV", "DICFIX"))}
    environment = {
        **kept,
        "PLANTED": planted,
        "PYTHONPATH": str(project),
        "AWS_SECRET_ACCESS_KEY": IN_ENVIRONMENT,
        "DICFIX_WITHOUT_RULES": WITHOUT_RULES,
        "COLUMNS": "200",
    }
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    return Run(folder, done.returncode, done.stdout + done.stderr)


RUNS = pytest.mark.parametrize(
    ("planted", "arguments"),
    [("mishaps", ()), ("mishaps", ("-n", "2")), ("leaks", ()), ("leaks", ("-n", "2"))],
    ids=["mishaps", "mishaps-two-workers", "leaks", "leaks-two-workers"],
)


@RUNS
def test_the_run_failed_and_wrote_keys(run: Callable[..., Run], planted: str, arguments: tuple[str, ...]) -> None:
    done = run(planted, *arguments)
    assert done.code == 1, done.out[-2000:]
    failed = re.search(r"(\d+) failed", done.out)
    assert failed
    assert int(failed[1]) >= 5
    assert len(done.key_lines) > 20
    assert len(done.results) > 60


@RUNS
def test_no_secret_is_in_the_results(run: Callable[..., Run], planted: str, arguments: tuple[str, ...]) -> None:
    done = run(planted, *arguments)
    assert {name: found[0] for name, text in done.results.items() if (found := done.secrets_in(text))} == {}


@RUNS
def test_no_absolute_path_is_in_the_results(run: Callable[..., Run], planted: str, arguments: tuple[str, ...]) -> None:
    done = run(planted, *arguments)
    assert {name: found for name, text in done.results.items() if (found := done.paths_in(text))} == {}


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["serial", "two-workers"])
def test_no_secret_is_in_terminal_and_junit_of_a_failing_run(
    run: Callable[..., Run], arguments: tuple[str, ...]
) -> None:
    done = run("mishaps", *arguments)
    assert "the light went out" in done.out
    assert "INACTIVE" in done.out
    assert done.secrets_in(done.out) == []
    assert done.secrets_in((done.folder / "junit.xml").read_text()) == []


def test_what_was_planted_is_what_the_search_finds(run: Callable[..., Run]) -> None:
    done = run("leaks")
    assert {SECRET, CREDENTIAL} <= set(done.secrets_in(done.out))
    assert done.key_lines & set(done.secrets_in(done.out))
    assert done.paths_in(f"in {done.project}/dicfix") != []
