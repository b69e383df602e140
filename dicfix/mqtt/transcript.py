"""What one client sent and received, for the report: times, packets, topics, sizes, and short texts.

Never a key, a password or a path. Imports nothing of dicfix.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

SHORT_TEXT_BYTES = 64
"""A payload up to this size is shown, if it is printable text."""
KEPT_AT_EACH_END = 500
"""Lines kept from the beginning and from the end of a long connection."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: seconds since the transcript began, ``->`` sent, ``<-`` received or ``--`` seen, and the text."""

    at_s: float
    direction: str
    text: str

    def __str__(self) -> str:
        return f"{self.at_s:10.3f} s  {self.direction}  {self.text}"


class Transcript:
    """The lines of one connection; safe to write from several threads."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._began = datetime.now(UTC)
        self._zero = time.monotonic()
        self._lock = threading.Lock()
        self._first: list[Entry] = []
        self._last: deque[Entry] = deque(maxlen=KEPT_AT_EACH_END)
        self._count = 0

    def sent(self, text: str) -> None:
        """Note what this client sent."""
        self._note("->", text)

    def received(self, text: str) -> None:
        """Note what came in."""
        self._note("<-", text)

    def seen(self, text: str) -> None:
        """Note what happened without a packet: a dial, a close, a refusal."""
        self._note("--", text)

    def _note(self, direction: str, text: str) -> None:
        with self._lock:
            entry = Entry(time.monotonic() - self._zero, direction, text)
            (self._first if len(self._first) < KEPT_AT_EACH_END else self._last).append(entry)
            self._count += 1

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The lines that were kept."""
        with self._lock:
            return (*self._first, *self._last)

    def render(self) -> str:
        """The transcript as text, one line each; says how many lines in the middle were left out."""
        with self._lock:
            left_out = self._count - len(self._first) - len(self._last)
            lines = [f"{self.title}, from {self._began.isoformat(timespec='milliseconds')}"]
            lines += [str(entry) for entry in self._first]
            lines += [f"{'':12}  ..  {left_out} lines left out"] if left_out else []
            lines += [str(entry) for entry in self._last]
        return "\n".join(lines) + "\n"


def payload_text(payload: bytes) -> str:
    """A payload for people: ``'on' (2 bytes)`` when short and printable, else its size alone."""
    size = f"{len(payload)} byte{'' if len(payload) == 1 else 's'}"
    if not payload or len(payload) > SHORT_TEXT_BYTES:
        return size
    text = payload.decode("utf-8", "replace")
    return f"{text!r} ({size})" if text.isprintable() and "\ufffd" not in text else size
