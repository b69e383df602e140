"""Evidence for what only a person can see: who saw it, when, in which file, and until when that counts.

A piece of evidence closes the MANUAL findings of its clause or control while it is valid and its file is unchanged.
May import the entries, the guide and ``errors``; reads the files that are named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from dicfix.audit.identity import Entry
from dicfix.audit.yaml_file import Item, read_list
from dicfix.controls import CONTROLS
from dicfix.errors import UsageError
from dicfix.findings import Status
from dicfix.guide import CLAUSES

_FIELDS = ("who", "when", "file", "sha256", "expires")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece: ``subject`` is a clause or control id, ``trouble`` why it does not count (empty: it does)."""

    name: str
    subject: str
    who: str
    when: date
    file: str
    sha256: str
    expires: date
    trouble: str = ""

    def sentence(self) -> str:
        """In one line."""
        return f"{self.who}, {self.when.isoformat()}, {self.file}, until {self.expires.isoformat()}"


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """What became of the evidence: ``given`` whether a file was named, ``doubts`` in one line each."""

    given: bool = False
    doubts: tuple[str, ...] = ()


def read_evidence(path: Path, today: date) -> tuple[Evidence, ...]:
    """The evidence of a YAML file with every named file checked; raises UsageError for what is malformed."""
    rows = read_list(path, "evidence")
    return tuple(_evidence(row, f"{path.name}, item {n}", path.parent, today) for n, row in enumerate(rows, 1))


def _evidence(row: object, where: str, folder: Path, today: date) -> Evidence:
    item = Item(row, where, _FIELDS, ("clause", "control"))
    subject = _subject(item, where)
    sha256 = item.text("sha256")
    if not _SHA256.fullmatch(sha256):
        raise item.wrong("sha256", "64 lower-case hexadecimal digits, as sha256sum prints them")
    when, expires = item.day("when"), item.day("expires")
    if when > today:
        raise item.wrong("when", "a day that has been")
    if expires < when:
        raise item.wrong("expires", "a day after it was seen")
    file = item.text("file")
    trouble = f"expired on {expires.isoformat()}" if expires < today else _changed(folder / file, sha256)
    return Evidence(where, subject, item.text("who"), when, Path(file).name, sha256, expires, trouble)


def _subject(item: Item, where: str) -> str:
    clause, control = item.text("clause"), item.text("control")
    if bool(clause) == bool(control):
        raise UsageError(
            f"{where} names {'both' if clause else 'neither'}",
            expected="either a clause or a control",
            remedy="give one of the two",
        )
    if clause and clause not in {one.id for one in CLAUSES}:
        raise item.wrong("clause", "a clause that `dicfix clauses` lists")
    if control and control not in CONTROLS:
        raise item.wrong("control", "a control that `dicfix controls` lists")
    return clause or control


def _changed(path: Path, sha256: str) -> str:
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        return f"its file cannot be read: {error.strerror}"
    return "" if digest.hexdigest() == sha256 else "its file is not the one that was hashed"


def apply(entries: Iterable[Entry], evidence: tuple[Evidence, ...] | None) -> tuple[tuple[Entry, ...], EvidenceReport]:
    """The entries with a note on MANUAL findings that are closed, and what is to be said of the evidence."""
    if evidence is None:
        return tuple(entries), EvidenceReport()
    valid = {one.subject: one for one in evidence if not one.trouble}
    used: set[str] = set()
    judged = tuple(_closed(one, valid, used) for one in entries)
    doubts = [f"{one.name}: {one.subject}: {one.trouble}" for one in evidence if one.trouble]
    doubts += [
        f"{one.name}: {one.subject}: no MANUAL finding needs it" for one in valid.values() if one.name not in used
    ]
    return judged, EvidenceReport(True, tuple(doubts))


def _closed(entry: Entry, valid: dict[str, Evidence], used: set[str]) -> Entry:
    if entry.status is not Status.MANUAL:
        return entry
    found = [valid[one] for one in entry.clauses if one in valid]
    if entry.control in valid:
        found = [valid[entry.control]]
    elif not found or len(found) < len(entry.clauses):
        return entry
    used.update(one.name for one in found)
    return replace(entry, note="closed by evidence: " + "; ".join(one.sentence() for one in found))


def is_closed(entry: Entry) -> bool:
    """Whether a MANUAL finding has its evidence."""
    return entry.status is Status.MANUAL and bool(entry.note)
