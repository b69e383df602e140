"""The journal: what this project made in an account, written down before it is made, so that it can be cleaned up.

A line of JSON per event. A half-written last line (a killed run) is passed over, and cut off before the next is
written: what it was to announce had not been asked for yet. May import ``errors`` only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dicfix.errors import UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource that is ours: ``kind`` and ``name`` identify it in ``account`` and ``region``."""

    kind: str
    name: str
    account: str
    region: str
    target: str = ""


class Journal:
    """What was made and not yet removed, in the order of making; kept in memory, and in a file when one is given."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._entries: dict[Entry, None] = {}
        if path and path.exists():
            for entry, made in _events(path):
                self._apply(entry, made)

    def _apply(self, entry: Entry, made: bool) -> None:
        if made:
            self._entries.setdefault(entry)
        else:
            self._entries.pop(entry, None)

    def _write(self, entry: Entry, made: bool) -> None:
        self._apply(entry, made)
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _cut_half_line(self.path)
        line = json.dumps({"event": "made" if made else "removed", **asdict(entry)}) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def making(self, entry: Entry) -> None:
        """Note a resource as ours, before the request that makes it: a kill in between loses nothing."""
        if entry not in self._entries:
            self._write(entry, made=True)

    def removed(self, entry: Entry) -> None:
        """Note that a resource is gone."""
        if entry in self._entries:
            self._write(entry, made=False)

    def __contains__(self, entry: Entry) -> bool:
        return entry in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


def _events(path: Path) -> Iterator[tuple[Entry, bool]]:
    try:
        text = path.read_bytes()[: _whole_lines_bytes(path)].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the journal {path.name} cannot be read", remedy="restore or remove it") from error
    for number, line in enumerate(text.splitlines(), 1):
        try:
            event = json.loads(line)
            made = event.pop("event") == "made"
            yield Entry(**event), made
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"line {number} of the journal {path.name} is not an event",
                expected="one JSON object a line, as dicfix writes it",
                remedy="restore the file, or remove the line after checking what it names",
            ) from error


def _whole_lines_bytes(path: Path) -> int:
    return path.read_bytes().rfind(b"\n") + 1


def _cut_half_line(path: Path) -> None:
    if path.exists() and (whole := _whole_lines_bytes(path)) < path.stat().st_size:
        os.truncate(path, whole)
