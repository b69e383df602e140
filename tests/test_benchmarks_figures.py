"""What the benchmarks print: a figure with its verdict, aligned, and an exit code that tells only whether it ran."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.figures import Figure, seconds_to_end, table

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("start", 0.3, "s", 0.35), "ok"),
        (Figure("start", 0.35, "s", 0.35), "ok"),
        (Figure("start", 0.5, "s", 0.35), "short by 0.15 s"),
        (Figure("rate", 310.0, "/s", 300.0, at_most=False), "ok"),
        (Figure("rate", 250.0, "/s", 300.0, at_most=False), "short by 50.0 /s"),
        (Figure("ratio", 0.3, "", 0.4, at_most=False), "short by 0.10"),
        (Figure("no target", 1.0, "s"), "-"),
    ],
)
def test_a_figure_is_ok_or_short_by_an_amount(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict


def test_the_table_aligns_figure_measured_target_peer_and_verdict() -> None:
    lines = table([Figure("a", 1234.5, "s", 20.0, peer="b 2 s"), Figure("longer", 1.0, "KB")]).splitlines()
    assert [cell.strip() for cell in lines[0].split("|")] == ["figure", "measured", "target", "peer", "verdict"]
    assert [cell.strip() for cell in lines[2].split("|")] == ["a", "1,234 s", "<= 20.0 s", "b 2 s", "short by 1,214 s"]
    assert lines[2].index("|") == lines[3].index("|") == lines[0].index("|")


def test_a_program_that_fails_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="out of order"):
        seconds_to_end([sys.executable, "-c", "raise SystemExit('out of order')"])


def test_a_named_benchmark_runs_alone_and_an_unknown_one_is_a_usage_error() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py")]
    unknown = subprocess.run([*command, "nothing"], capture_output=True, text=True, check=False)
    assert unknown.returncode == 2
    assert "there are start, cloud, features, dataplane" in unknown.stderr
    alone = subprocess.run([*command, "start"], capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stderr
    assert "python -m dicfix --help" in alone.stdout
    assert "data plane" not in alone.stdout
