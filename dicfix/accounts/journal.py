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

KINDS = (
    "OTA update",
    "signing profile",
    "code-signing certificate",
    "objects",
    "bucket",
    "role policy attachment",
    "role policy",
    "role",
    "thing group",
    "thing attachment",
    "policy attachment",
    "certificate",
    "thing",
    "policy",
    "CA certificate",
)
"""What this project makes in an account, in the order in which it can be removed again."""


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
        if path:
            for entry, made in _events(path.name, _complete(_read(path))):
                self._apply(entry, made)

    def _apply(self, entry: Entry, made: bool) -> None:
        if made:
            self._entries.setdefault(entry)
        else:
            self._entries.pop(entry, None)

    def _write(self, entry: Entry, made: bool) -> None:
        if self.path is not None:
            _append(self.path, json.dumps({"event": "made" if made else "removed", **asdict(entry)}))
        self._apply(entry, made)

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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unusable(path, "read", error) from error


def _unusable(path: Path, what: str, error: OSError) -> UsageError:
    return UsageError(
        f"the journal {path.name} cannot be {what}: {error.strerror}",
        expected="a file of this user in the certificate directory, since it says what may be cleaned up",
    )


def _complete(data: bytes) -> bytes:
    """The journal without a half-written last line; one that lacks nothing but its end of line counts."""
    whole, end, tail = data.rpartition(b"\n")
    return whole + end + tail + b"\n" if tail and _is_event(tail) else whole + end


def _is_event(line: bytes) -> bool:
    try:
        _event(line)
    except (ValueError, TypeError):
        return False
    return True


def _append(path: Path, line: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = _read(path)
        kept = _complete(data)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            if len(kept) < len(data):
                # What a killed run wrote half would swallow the next line, and with it a resource of ours.
                file.truncate(len(kept))
            start = b"\n" if len(kept) > len(data) else b""
            file.write(start + line.encode() + b"\n")
    except OSError as error:
        raise _unusable(path, "written", error) from error


def _event(line: bytes) -> tuple[Entry, bool]:
    event = json.loads(line)
    if not isinstance(event, dict) or not all(isinstance(value, str) for value in event.values()):
        raise TypeError("not an event")
    made = {"made": True, "removed": False}.get(event.pop("event", ""))
    entry = Entry(**event)
    if made is None or entry.kind not in KINDS:
        raise ValueError("not an event")
    return entry, made


def _events(name: str, data: bytes) -> Iterator[tuple[Entry, bool]]:
    for number, line in enumerate(data.splitlines(), 1):
        try:
            yield _event(line)
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"line {number} of the journal {name} is not an event",
                expected="one JSON object a line, as dicfix writes it",
                remedy="restore the file, or remove the line after checking what it names",
            ) from error
