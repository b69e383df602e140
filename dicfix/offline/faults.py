"""Faults that the embedded cloud can be told to answer with: denial, throttling, outage, time-out, reset, slowness.

A fault is decided before moto sees the request (``aws_api.hooks``), so nothing has happened when it is answered; only
``slow`` lets the operation go on. In-process, a time-out or reset is raised as botocore's own network error; over HTTP
the connection is left unanswered for ``delay_s`` or reset. Standard library only.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase


class FaultKind(Enum):
    """What goes wrong."""

    ACCESS_DENIED = "access denied"
    THROTTLED = "throttled"
    UNAVAILABLE = "service unavailable"
    INTERNAL_FAILURE = "internal failure"
    EXPIRED_TOKEN = "expired token"  # noqa: S105 - the name of an error
    TIMEOUT = "timeout"
    CONNECTION_RESET = "connection reset"
    SLOW = "slow answer"


ERRORS: dict[FaultKind, tuple[int, str, str]] = {
    FaultKind.ACCESS_DENIED: (403, "AccessDeniedException", "User is not authorized to perform: {action}"),
    FaultKind.THROTTLED: (400, "ThrottlingException", "Rate exceeded"),
    FaultKind.UNAVAILABLE: (503, "ServiceUnavailableException", "The service is temporarily unavailable."),
    FaultKind.INTERNAL_FAILURE: (500, "InternalFailureException", "An unexpected error has occurred."),
    FaultKind.EXPIRED_TOKEN: (403, "ExpiredTokenException", "The security token included in the request is expired"),
}
"""HTTP status, code and message of the faults that are answers. Source: service model of iot, IAM common errors."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: ``operation`` is a pattern such as ``iot:DescribeThing``, ``iot:*`` or ``*``.

    ``after`` matching requests pass first, then ``times`` of them fail (None: all). ``delay_s`` is how long a slow
    answer takes, and over HTTP how long a time-out is kept waiting.
    """

    operation: str
    kind: FaultKind
    times: int | None = None
    after: int = 0
    delay_s: float = 0.2


class Faults:
    """The faults in force; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._active: dict[int, Fault] = {}
        self._seen: dict[int, int] = {}
        self.stopped = threading.Event()

    def __bool__(self) -> bool:
        return bool(self._active)

    def add(
        self, operation: str, kind: FaultKind, *, times: int | None = None, after: int = 0, delay_s: float = 0.2
    ) -> int:
        """Put a fault in force; gives its number for ``remove``."""
        with self._lock:
            number = next(self._numbers)
            self._active[number] = Fault(operation, kind, times, after, delay_s)
            self._seen[number] = 0
            return number

    def remove(self, number: int) -> None:
        """Take a fault out of force."""
        with self._lock:
            self._active.pop(number, None)
            self._seen.pop(number, None)

    def clear(self) -> None:
        """Take every fault out of force."""
        with self._lock:
            self._active.clear()
            self._seen.clear()

    @contextmanager
    def inject(
        self, operation: str, kind: FaultKind, *, times: int | None = None, after: int = 0, delay_s: float = 0.2
    ) -> Iterator[None]:
        """A fault for the length of a block."""
        number = self.add(operation, kind, times=times, after=after, delay_s=delay_s)
        try:
            yield
        finally:
            self.remove(number)

    def due(self, operation: str) -> Fault | None:
        """The fault that strikes this request, counting it; the oldest that matches."""
        with self._lock:
            for number, fault in self._active.items():
                if not fnmatchcase(operation, fault.operation):
                    continue
                self._seen[number] += 1
                struck = self._seen[number] - fault.after
                if struck >= 1 and (fault.times is None or struck <= fault.times):
                    return fault
        return None
