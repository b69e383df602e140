"""A sweep that is killed at any moment, the account being in another process, and resumed: it finds the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sweep_world import SweepWorld

from dicfix.audit.inventory import read_inventory
from dicfix.controls import CONTROLS, run_control
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.settings import settings_from

CHILD = Path(__file__).with_name("sweep_child.py")
ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120
DEVICES = 40
KILLED = -9


@dataclass(frozen=True)
class Ended:
    """How a child ended, and what it wrote."""

    code: int
    output: Path

    @property
    def told(self) -> dict[str, Any]:
        return dict(json.loads(self.output.with_suffix(".json").read_text()))

    def findings(self) -> list[str]:
        """Everything that the controls say, in order."""
        from sweep_world import Day

        saved = read_inventory(self.output)
        settings = settings_from({"mode": "audit", "devices": tuple(saved.about["devices"])})
        now = Day()()
        found = [one for control in CONTROLS for one in run_control(control, saved.inventory, settings, now)]
        return [f"{one.control} {one.status.value} {one.resource} {one.observed}" for one in found]


@dataclass(frozen=True)
class Account:
    """The account in this process, swept by others."""

    url: str
    folder: Path

    def sweep(self, state: str, nth: int = 0, moment: str = "after", kill_after_s: float = 0.0) -> Ended:
        output = self.folder / f"{state}-{nth}-{moment}.jsonl"
        command = [sys.executable, str(CHILD), self.url, str(self.folder / state), str(output), str(nth), moment]
        process = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
        try:
            code = process.wait(timeout=kill_after_s or TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait(timeout=TIMEOUT_S)
        return Ended(code, output)


@pytest.fixture(scope="module")
def swept_by_others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("killed")
    with EmbeddedCloud(http=True) as cloud:
        SweepWorld(cloud, folder).fill(DEVICES)
        assert cloud.http_url
        yield Account(cloud.http_url, folder)


@pytest.fixture(scope="module")
def undisturbed(swept_by_others: Account) -> Ended:
    ended = swept_by_others.sweep("undisturbed")
    assert ended.code == 0
    return ended


def points() -> list[tuple[int, str]]:
    """Moments all over the run, chosen anew with each seed of the day of writing."""
    dice = random.Random(20261122)
    return [(1, "before"), *((dice.randint(2, 115), moment) for moment in ("before", "after", "kept") for _ in "12")]


@pytest.mark.parametrize(("nth", "moment"), points())
def test_killed_and_resumed_it_finds_what_an_undisturbed_run_finds(
    swept_by_others: Account, undisturbed: Ended, nth: int, moment: str
) -> None:
    state = f"killed-{nth}-{moment}"
    assert swept_by_others.sweep(state, nth, moment).code == KILLED
    resumed = swept_by_others.sweep(state)
    assert resumed.code == 0
    assert read_inventory(resumed.output).inventory == read_inventory(undisturbed.output).inventory
    assert resumed.findings() == undisturbed.findings()


def test_killed_again_and_again_it_ends_and_asks_little_twice(swept_by_others: Account, undisturbed: Ended) -> None:
    codes = [swept_by_others.sweep("again", 60, "after").code for _ in range(3)]
    assert codes[0] == KILLED
    ended = swept_by_others.sweep("again")
    assert ended.code == 0
    assert ended.findings() == undisturbed.findings()


def test_killed_at_a_moment_of_the_clock(swept_by_others: Account, undisturbed: Ended) -> None:
    assert swept_by_others.sweep("clock", kill_after_s=1.2).code in (0, KILLED)
    ended = swept_by_others.sweep("clock")
    assert ended.code == 0
    assert ended.findings() == undisturbed.findings()


def test_a_resumed_run_does_not_ask_again_what_was_written(swept_by_others: Account, undisturbed: Ended) -> None:
    assert swept_by_others.sweep("late", 100, "after").code == KILLED
    ended = swept_by_others.sweep("late")
    assert ended.told["resumed"]
    assert ended.told["replayed"] >= 10
    # Who is asking is asked anew; of the hundred answers the last ten at most were not written.
    assert sum(ended.told["calls"].values()) <= sum(undisturbed.told["calls"].values()) - 100 + 10 + 1
