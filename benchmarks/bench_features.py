"""All features of one edition offline in one process, beside a replay of their API and MQTT calls without pytest."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import PYTHON, ROOT, Figure, medians, seconds_to_end
from benchmarks.recorder import VARIABLE

EDITION = "2023-08"
ROUNDS = 3
REPLAY = ROOT / "benchmarks" / "replay.py"


def features() -> list[Figure]:
    """The acceptance run from process start to end, and how many times the replay of its calls that is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = folder / "recording"
        seconds_to_end(acceptance(folder, "-p", "benchmarks.recorder"), **{VARIABLE: str(recording)})
        runs = [
            (seconds_to_end(acceptance(folder)), seconds_to_end([PYTHON, REPLAY, recording])) for _ in range(ROUNDS)
        ]
        peer = f"replay of {content(recording)}"
    whole, replay = medians(runs)
    return [
        Figure(f"all features of {EDITION}, offline, one process", whole, "s", 20.0, peer=f"{peer} {replay:.2f} s"),
        Figure("  the same, times the replay", whole / replay, "times", 2.5, peer=f"{peer} 1"),
    ]


def acceptance(folder: Path, *more: str) -> Sequence[str]:
    """The command of the acceptance run, with its results in ``folder``."""
    options = ["-q", "-p", "no:cacheprovider", "--dicfix-edition", EDITION]
    places = ["--alluredir", str(folder / "allure"), "--basetemp", str(folder / "work")]
    return [PYTHON, "-m", "pytest", str(ROOT / "features"), *options, *places, *more]


def content(recording: Path) -> str:
    """How much was recorded."""
    events = pickle.loads(recording.read_bytes())  # noqa: S301 - written by this very run
    calls = sum(event[0] == "api" for event in events)
    return f"{calls} API calls and {sum(event[0] in ('open', 'mqtt') for event in events)} MQTT requests"
