"""A progress line for one long step, seen although pytest captures output.

Belongs here: drawing. Silent without a terminal, in workers, and for the first half second. Imports pytest only.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from dicfix.pytest_plugin.machinery import is_worker

QUIET_S = 0.5
"""A step that is done sooner draws nothing."""
REDRAW_S = 0.1

_BAR_WIDTH = 20
_CUT = "..."


class Progress:
    """What a long step calls as it goes on; the plain one draws nothing."""

    def update(self, done: float | None = None, note: str = "") -> None:
        """State how much is ``done`` (in the unit of ``total``), or that the step still goes on."""


class _Line(Progress):
    def __init__(self, config: pytest.Config, label: str, total: float | None, clock: Callable[[], float]) -> None:
        self._terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._capture: Any = config.pluginmanager.get_plugin("capturemanager")
        self._label, self._total, self._clock = label, total, clock
        self._started = clock()
        self._redraw_at = self._started + QUIET_S
        self._drawn = False

    def update(self, done: float | None = None, note: str = "") -> None:
        if self._clock() >= self._redraw_at:
            self._redraw_at = self._clock() + REDRAW_S
            self._drawn = True
            self._rewrite(line_of(self._label, done, self._total, self._clock() - self._started, note))

    def erase(self) -> None:
        if self._drawn:
            self._rewrite("")

    def _rewrite(self, text: str) -> None:
        if self._capture is None:
            self._terminal.rewrite(fitting(text), erase=True)
        else:
            with self._capture.global_and_fixture_disabled():
                self._terminal.rewrite(fitting(text), erase=True)
                self._terminal.flush()


@contextmanager
def progress(
    config: pytest.Config, label: str, total: float | None = None, *, clock: Callable[[], float] = time.monotonic
) -> Generator[Progress]:
    """A progress line for the ``with`` block; ``total`` None shows the elapsed time instead of a bar."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or is_worker(config) or not terminal.isatty:
        yield Progress()
        return
    line = _Line(config, label, total, clock)
    try:
        yield line
    finally:
        line.erase()


def line_of(label: str, done: float | None, total: float | None, elapsed_s: float, note: str = "") -> str:
    """The line as drawn."""
    parts = [f"  {label}"]
    if total and done is not None:
        share = min(max(done / total, 0.0), 1.0)
        filled = round(share * _BAR_WIDTH)
        parts.append(f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {share:4.0%}")
    parts.append(f"{elapsed_s:.0f} s")
    return "  ".join([*parts, *([note] if note else [])])


def fitting(text: str) -> str:
    """The text, cut to the terminal's width: a line that wraps could not be drawn over."""
    width = shutil.get_terminal_size().columns - 1
    return text if len(text) <= width else text[: max(width - len(_CUT), 0)] + _CUT
