"""Time as the data plane sees it: a clock that can be replaced, and timers that follow it.

Keep alive, retries and expiry ask these clocks only, so tests move time instead of waiting. Imports the standard
library only.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Two readings of time."""

    def monotonic_s(self) -> float:
        """Seconds that only grow, for deadlines."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, for timestamps and certificate dates."""


class SystemClock:
    """The machine's time."""

    def monotonic_s(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """Time that stands still until ``advance``; thread-safe."""

    def __init__(self, now_ms: int | None = None) -> None:
        self._lock = threading.Lock()
        self._start_ms = SystemClock().now_ms() if now_ms is None else now_ms
        self._elapsed_s = 0.0

    def monotonic_s(self) -> float:
        """Seconds advanced so far."""
        return self._elapsed_s

    def now_ms(self) -> int:
        """The start, plus what was advanced."""
        return self._start_ms + round(self._elapsed_s * 1000)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass; timers that fall due run within one tick of the data plane."""
        with self._lock:
            self._elapsed_s += seconds


class Timer:
    """One callback at one time; ``cancel`` keeps it from running."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not run any more; harmless after the run."""
        self.callback = None


class Timers:
    """Callbacks by due time on a clock; for one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run ``callback`` once ``seconds`` have passed on the clock."""
        timer = Timer(callback)
        heapq.heappush(self._heap, (self._clock.monotonic_s() + seconds, next(self._order), timer))
        return timer

    def run_due(self) -> None:
        """Run everything whose time has come."""
        now = self._clock.monotonic_s()
        while self._heap and self._heap[0][0] <= now:
            _due, _order, timer = heapq.heappop(self._heap)
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()

    def clear(self) -> None:
        """Forget all timers."""
        self._heap.clear()
