"""What happened on the data plane, in order, without payloads, keys or user names.

Routine entries live in rings (publishes in their own, so that traffic does not push the connections out); refusals are
kept. Writing is for the data plane's thread, reading for any. Imports the standard library only.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

PUBLISH_ENTRIES = 4_000
ROUTINE_ENTRIES = 10_000
REFUSAL_ENTRIES = 20_000
TEXT_CHARACTERS = 512
"""How much of a client ID, topic or sentence is kept: a refused client may have sent 65,535 bytes of each."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: ``kind`` is tls, connect, subscribe, unsubscribe, publish, receive, register, event, service or end.

    ``reason`` is a word in capitals for a refusal or an end and empty otherwise; ``text`` a sentence for people.
    """

    number: int
    at_ms: int
    kind: str
    client_id: str | None = None
    peer: str = ""
    certificate_id: str | None = None
    refused: bool = False
    reason: str = ""
    text: str = ""
    topic: str | None = None
    qos: int | None = None
    size_bytes: int | None = None

    def render(self) -> str:
        """The entry as one line of text."""
        time = datetime.fromtimestamp(self.at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
        who = ascii(self.client_id)[1:-1] if self.client_id is not None else "-"
        words = [time, "REFUSED" if self.refused else "ok", self.kind, who]
        if self.topic is not None:
            words.append(ascii(self.topic)[1:-1])
        if self.qos is not None:
            words.append(f"QoS {self.qos}")
        if self.size_bytes is not None:
            words.append(f"{self.size_bytes} bytes")
        if self.reason:
            words.append(self.reason)
        line = " ".join(words)
        return f"{line}: {self.text}" if self.text else line


_Text = TypeVar("_Text", str, str | None)


def _cut(text: _Text) -> _Text:
    return f"{text[:TEXT_CHARACTERS]}..." if text is not None and len(text) > TEXT_CHARACTERS else text


class Transcript:
    """The entries of one data plane, numbered in the order in which they happened."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._publishes: deque[tuple[int, int, str, str, int, int]] = deque(maxlen=PUBLISH_ENTRIES)
        self._routine: deque[Entry] = deque(maxlen=ROUTINE_ENTRIES)
        self._refusals: deque[Entry] = deque(maxlen=REFUSAL_ENTRIES)

    def publish(self, at_ms: int, client_id: str, topic: str, qos: int, size_bytes: int) -> None:
        """Keep an accepted publish; the cheapest entry, because it is on the way of every message."""
        self._publishes.append((next(self._numbers), at_ms, client_id, topic, qos, size_bytes))

    def add(
        self,
        at_ms: int,
        kind: str,
        *,
        client_id: str | None = None,
        peer: str = "",
        certificate_id: str | None = None,
        refused: bool = False,
        reason: str = "",
        text: str = "",
        topic: str | None = None,
        qos: int | None = None,
        size_bytes: int | None = None,
    ) -> None:
        """Keep one entry."""
        entry = Entry(
            next(self._numbers), at_ms, kind, _cut(client_id), peer, certificate_id,
            refused, reason, _cut(text), _cut(topic), qos, size_bytes,
        )  # fmt: skip
        (self._refusals if refused else self._routine).append(entry)

    def entries(self, *, client_id: str | None = None, kind: str | None = None, after: int = 0) -> list[Entry]:
        """Entries in order; of one client ID, of one kind, or with a number above ``after``."""
        publishes = [
            Entry(number, at_ms, "publish", client, topic=topic, qos=qos, size_bytes=size)
            for number, at_ms, client, topic, qos, size in self._publishes.copy()
        ]
        found = [*publishes, *self._routine.copy(), *self._refusals.copy()]
        found.sort(key=lambda entry: entry.number)
        return [
            entry
            for entry in found
            if entry.number > after
            and (client_id is None or entry.client_id == client_id)
            and (kind is None or entry.kind == kind)
        ]

    def refusals(self, *, client_id: str | None = None, after: int = 0) -> list[Entry]:
        """The refusals in order."""
        return [entry for entry in self.entries(client_id=client_id, after=after) if entry.refused]

    def last_number(self) -> int:
        """The number of the newest entry, 0 if there is none: ``after`` for a later look."""
        return max((entry.number for entry in self.entries()), default=0)

    def render(self, *, client_id: str | None = None, after: int = 0) -> str:
        """The entries as lines of text, times in UTC."""
        return "\n".join(entry.render() for entry in self.entries(client_id=client_id, after=after))

    def clear(self) -> None:
        """Forget every entry; numbers go on."""
        self._publishes.clear()
        self._routine.clear()
        self._refusals.clear()
