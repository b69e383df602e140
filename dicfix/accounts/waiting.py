"""Polling with a named deadline, the only way in which anything here waits. Imports ``errors`` only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dicfix.errors import DeadlineExceeded

T = TypeVar("T")
FIRST_PAUSE_S = 0.02
"""Most of what AWS does late it does at once: the pauses grow from this to the one that is asked for."""


def wait_until(
    ready: Callable[[], T | None],
    *,
    name: str,
    timeout_s: float,
    poll_s: float,
    waiting_for: str | Callable[[], str],
) -> T:
    """The first answer of ``ready`` that is not None, asked at first often and then every ``poll_s`` seconds.

    Raises DeadlineExceeded under the deadline's ``name`` after ``timeout_s`` seconds.
    """
    end = time.monotonic() + timeout_s
    pause, pause_s = threading.Event(), min(FIRST_PAUSE_S, poll_s)
    while (answer := ready()) is None:
        left = end - time.monotonic()
        if left <= 0:
            text = waiting_for if isinstance(waiting_for, str) else waiting_for()
            raise DeadlineExceeded(name, timeout_s, text)
        pause.wait(min(pause_s, left))
        pause_s = min(2 * pause_s, poll_s)
    return answer
