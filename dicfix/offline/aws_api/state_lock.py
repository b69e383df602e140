"""The one lock around moto's state, and what is told to others once it has been released.

May import the standard library only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType


class StateLock:
    """A re-entrant lock; ``after`` queues a call that runs once the outermost holder has let go.

    The data plane answers events by asking the registry, which takes this lock: an event that went out while the lock
    was held would make the two threads wait for each other. Source: facts, moto section 4.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._queued: list[Callable[[], None]] = []

    def __enter__(self) -> StateLock:
        self._lock.acquire()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        due: list[Callable[[], None]] = []
        if self._depth == 0:
            due, self._queued = self._queued, []
        self._lock.release()
        for call in due:
            call()

    def after(self, call: Callable[[], None]) -> None:
        """Run ``call`` when the lock is free again: at once if nobody in this thread holds it."""
        with self:
            self._queued.append(call)


STATE_LOCK = StateLock()
"""The lock of this process's moto state; the data plane's registry reads take it too."""
