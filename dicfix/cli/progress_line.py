"""One line on standard error that says how far a sweep has come; nothing where nobody looks."""

from __future__ import annotations

import shutil
import sys
import threading

_WIDTH = 24
_STEPS = 200
"""A line is drawn anew this often at most, however many things there are."""


class ProgressLine:
    """Call it with what is done, the total and the words for it; a context manager that leaves a clean line."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._lock = threading.Lock()
        self._last = (-1, "")

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._last[1]:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __call__(self, done: int, total: int, what: str) -> None:
        """Draw the line."""
        step = done * _STEPS // max(1, total)
        with self._lock:
            if not self._shown or (step, what) == self._last:
                return
            self._last = (step, what)
            filled = _WIDTH * min(done, total) // max(1, total)
            bar = "#" * filled + "." * (_WIDTH - filled)
            line = f"[{bar}] {done:,}/{total:,} {what}"
            # A line that wraps would not be overwritten by the next.
            print(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", end="", file=sys.stderr, flush=True)
