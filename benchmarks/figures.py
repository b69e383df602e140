"""A figure beside its target, the table of them, and how a program is timed from its start."""

from __future__ import annotations

import os
import platform
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 600


@dataclass(frozen=True)
class Figure:
    """``target`` None has none; ``at_most`` tells which side of the target is the good one."""

    name: str
    measured: float
    unit: str
    target: float | None = None
    at_most: bool = True
    peer: str = ""

    @property
    def short_by(self) -> float:
        """By how much the target is missed, in the unit; 0 when it is met or there is none."""
        if self.target is None:
            return 0.0
        return max(0.0, self.measured - self.target if self.at_most else self.target - self.measured)

    @property
    def verdict(self) -> str:
        """``ok``, ``short by`` how much, or ``-``."""
        if self.target is None:
            return "-"
        return f"short by {number(self.short_by)} {self.unit}".rstrip() if self.short_by else "ok"

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        sign = "<=" if self.at_most else ">="
        target = "-" if self.target is None else f"{sign} {number(self.target)} {self.unit}".rstrip()
        return (self.name, f"{number(self.measured)} {self.unit}".rstrip(), target, self.peer or "-", self.verdict)


def number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def table(figures: Iterable[Figure]) -> str:
    """All figures as an aligned table."""
    rows = [("figure", "measured", "target", "peer", "verdict"), *(one.cells() for one in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def machine() -> str:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.partition(": ")[2] for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = models[0] if models else model
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores, {model}{load}; Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, "
        f"{platform.system()} {platform.release()}"
    )


def seconds_to_end(command: Sequence[str | Path], **environment: str) -> float:
    """From the start of a program to its end; a program that fails is a RuntimeError with what it said."""
    start = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds


def seconds_to_first_line(command: Sequence[str | Path]) -> float:
    """From the start of a program to its first line on standard output; it is then ended by the end of its input."""
    start = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        process.communicate(timeout=TIMEOUT_S)
    if not line or process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return seconds


def medians(runs: Iterable[Sequence[float]]) -> list[float]:
    """The median of each column: what is compared is measured in turns."""
    return [statistics.median(column) for column in zip(*runs, strict=True)]


PYTHON = sys.executable
