"""Runs of the real features in a process of their own, offline and against an embedded cloud in another process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
ACCOUNT = "123456789012"
TIMEOUT_S = 300
ONBOARDING = tuple(f"features/{path.name}" for path in sorted((ROOT / "features").glob("0[1-7]_*.feature")))
"""The features of the onboarding, without those of OTA."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left: exit code, output, and each scenario with what became of it."""

    code: int
    out: str
    outcomes: dict[str, str]

    def count(self, outcome: str) -> int:
        """How many scenarios ended so."""
        return list(self.outcomes.values()).count(outcome)

    def only(self, outcome: str) -> set[str]:
        """The scenarios that ended so."""
        return {name for name, how in self.outcomes.items() if how == outcome}


def environment(home: Path, **more: str) -> dict[str, str]:
    """A user's environment without AWS settings, caches of this run and colours."""
    drop = ("AWS_", "PYTEST", "COV", "DICFIX")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(drop)}
    fixed = {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(TESTS), "NO_COLOR": "1"}
    return {**kept, **fixed, "COLUMNS": "160", **more}


def run_features(folder: Path, *arguments: str, cwd: Path = ROOT, **env: str) -> Run:
    """Run pytest on the features; results go below ``folder``."""
    report = folder / "junit.xml"
    report.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "pytest", "-c", str(ROOT / "pytest.ini"), "-o", f"cache_dir={folder / 'cache'}", "-q"),
        *(f"--alluredir={folder / 'allure'}", f"--junitxml={report}", *arguments),
    ]
    done = subprocess.run(
        command, cwd=cwd, env=environment(folder, **env), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr, _outcomes(report) if report.exists() else {})


def _outcomes(report: Path) -> dict[str, str]:
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own file
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        found[str(case.get("name"))] = "failed" if kinds & {"failure", "error"} else "skipped" if kinds else "passed"
    return found


@dataclass(frozen=True, slots=True)
class Served:
    """An embedded cloud in another process, and how target aws reaches it."""

    api: str
    mqtt: str
    root: Path

    def options(self, directory: Path, account: str = ACCOUNT) -> tuple[str, ...]:
        """The options of a run on target aws against it."""
        return (
            *("--dicfix-target", "aws", "--dicfix-account", account, "--dicfix-endpoint-url", self.api),
            *("--dicfix-mqtt-endpoint", self.mqtt, "--dicfix-server-ca", str(self.root)),
            *("--dicfix-directory", str(directory)),
        )


CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


@contextmanager
def served_cloud(folder: Path) -> Iterator[Served]:
    """``dicfix cloud`` in another process, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dicfix", "cloud", "--dir", str(folder)],
        cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        text = ""
        while "Ctrl-C" not in text:
            line = process.stdout.readline()
            assert line, f"the cloud ended: {text}"
            text += line
        api, mqtt = re.search(r"http://[\d.:]+", text), re.search(r"-> (127\.0\.0\.1:\d+)", text)
        assert api is not None
        assert mqtt is not None
        yield Served(api[0], mqtt[1], folder / "AmazonRootCA1.pem")
    finally:
        process.terminate()
        process.communicate(timeout=30)
