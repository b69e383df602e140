"""Waivers: recorded, expiring decisions to live with a FAIL.

A waived control is still evaluated; its FAIL becomes WAIVED while the waiver is in force and what is observed is what
was waived. UNREADABLE cannot be waived. May import the entries, the controls and ``errors``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path

from dicfix.audit.identity import HASH_DIGITS, Entry
from dicfix.audit.yaml_file import Item, read_list
from dicfix.controls import CONTROLS
from dicfix.errors import UsageError
from dicfix.findings import Status

MAX_DAYS = 366
"""A waiver ends within a year."""
ENDS_SOON_DAYS = 14

_ACCOUNT = re.compile(r"[0-9]{12}")
_HASH = re.compile(rf"[0-9a-f]{{{HASH_DIGITS}}}")
_FIELDS = ("control", "resource", "account", "justification", "approver", "observed", "expires")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One decision: ``resource`` is a pattern (``*``, ``?``, ``[...]``), ``observed`` the hashes of what was seen then.

    ``name`` says where it is written.
    """

    name: str
    control: str
    resource: str
    account: str
    justification: str
    approver: str
    observed: tuple[str, ...]
    expires: date

    def concerns(self, entry: Entry) -> bool:
        """Whether the waiver is about this finding, in force or not."""
        return (
            entry.control == self.control
            and entry.account == self.account
            and any(fnmatchcase(text, self.resource) for text in (entry.resource, entry.arn) if text)
        )

    def decision(self) -> str:
        """Why and by whom, in one line."""
        return f"{self.justification} ({self.approver}, until {self.expires.isoformat()})"


class Trouble(Enum):
    """What is wrong with a waiver that can be read."""

    EXPIRED = "expired"
    LAPSED = "lapsed: what is observed has changed"
    UNUSED = "unused: it matches no FAIL"
    UNKNOWN = "its control is unknown"
    UNREADABLE = "it matches what could not be read, which cannot be waived"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A waiver and what is wrong with it; ``resources`` where."""

    waiver: Waiver
    trouble: Trouble
    resources: tuple[str, ...] = ()

    def sentence(self) -> str:
        """In one line."""
        at = f" ({', '.join(self.resources[:5])}{', ...' if len(self.resources) > 5 else ''})" if self.resources else ""
        one = self.waiver
        return f"{one.name}: {one.control} {one.resource}: {self.trouble.value}{at}; it said: {one.decision()}"


@dataclass(frozen=True, slots=True)
class WaiverReport:
    """What became of the waivers of a run: which are in doubt, which end soon, and the names of those that waived."""

    waivers: tuple[Waiver, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    ending_soon: tuple[Waiver, ...] = ()
    used: frozenset[str] = frozenset()


def read_waivers(path: Path, today: date) -> tuple[Waiver, ...]:
    """The waivers of a YAML file, expired ones too; raises UsageError for the first that is malformed."""
    rows = read_list(path, "waivers")
    return tuple(_waiver(row, f"{path.name}, waiver {number}", today) for number, row in enumerate(rows, 1))


def _waiver(row: object, where: str, today: date) -> Waiver:
    item = Item(row, where, _FIELDS)
    account, observed, expires = item.text("account"), item.texts("observed"), item.day("expires")
    if not _ACCOUNT.fullmatch(account):
        raise item.wrong("account", "the twelve digits of an AWS account, in quotes")
    if not all(_HASH.fullmatch(one) for one in observed):
        raise item.wrong("observed", f"{HASH_DIGITS} hexadecimal digits each, as the report prints them")
    if expires > today + timedelta(days=MAX_DAYS):
        raise item.wrong("expires", f"a date within a year, {today + timedelta(days=MAX_DAYS)} at the latest")
    return Waiver(
        where,
        item.text("control"),
        item.text("resource"),
        account,
        item.text("justification", least=10),
        item.text("approver"),
        observed,
        expires,
    )


def apply(entries: Iterable[Entry], waivers: tuple[Waiver, ...], today: date) -> tuple[tuple[Entry, ...], WaiverReport]:
    """The entries with waived FAILs as WAIVED, and what is to be said of the waivers."""
    by_control: dict[str, list[Waiver]] = {}
    for waiver in waivers:
        by_control.setdefault(waiver.control, []).append(waiver)
    book = _Book(today)
    judged = tuple(book.judged(one, by_control.get(one.control, [])) for one in entries)
    soon = today + timedelta(days=ENDS_SOON_DAYS)
    ending = tuple(one for one in waivers if today <= one.expires <= soon)
    return judged, WaiverReport(waivers, book.doubts(waivers), ending, frozenset(book.used))


def waived(entry: Entry, waivers: Iterable[Waiver], today: date) -> Entry:
    """One entry after the waivers."""
    return _Book(today).judged(entry, list(waivers))


class _Book:
    def __init__(self, today: date) -> None:
        self._today = today
        self.used: set[str] = set()
        self._troubles: dict[tuple[str, Trouble], list[str]] = {}

    def judged(self, entry: Entry, waivers: list[Waiver]) -> Entry:
        if not entry.open:
            return entry
        notes = []
        for waiver in waivers:
            if not waiver.concerns(entry):
                continue
            trouble = self._trouble(entry, waiver)
            if trouble is None:
                self.used.add(waiver.name)
                return replace(entry, status=Status.WAIVED, note=f"waived: {waiver.decision()}")
            self._troubles.setdefault((waiver.name, trouble), []).append(entry.resource)
            notes.append(f"waiver {trouble.value}; it said: {waiver.decision()}")
        return replace(entry, note="; ".join(notes)) if notes else entry

    def _trouble(self, entry: Entry, waiver: Waiver) -> Trouble | None:
        if entry.status is Status.UNREADABLE:
            return Trouble.UNREADABLE
        if waiver.expires < self._today:
            return Trouble.EXPIRED
        return None if entry.observed_hash in waiver.observed else Trouble.LAPSED

    def doubts(self, waivers: Iterable[Waiver]) -> tuple[Doubt, ...]:
        found: list[Doubt] = []
        for one in waivers:
            mine = [Doubt(one, what, tuple(at)) for (name, what), at in self._troubles.items() if name == one.name]
            if one.control not in CONTROLS:
                mine = [Doubt(one, Trouble.UNKNOWN)]
            elif one.expires < self._today and not mine:
                mine = [Doubt(one, Trouble.EXPIRED)]
            elif not mine and one.name not in self.used:
                mine = [Doubt(one, Trouble.UNUSED)]
            found += mine
        return tuple(found)


def unwaived(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries of a run as they were before its waivers."""
    return tuple(replace(one, status=Status.FAIL, note="") if one.status is Status.WAIVED else one for one in entries)


def lint(waivers: Iterable[Waiver], today: date) -> tuple[Doubt, ...]:
    """What can be said of waivers without an audit: unknown controls, and expired ones."""
    return tuple(doubt for doubt in _Book(today).doubts(waivers) if doubt.trouble in (Trouble.UNKNOWN, Trouble.EXPIRED))


def draft(entries: Iterable[Entry], expires: date) -> str:
    """The YAML of a waiver for each FAIL, to be completed by a person: justification and approver are left open."""
    lines = ["waivers:"]
    for one in entries:
        if one.status is not Status.FAIL:
            continue
        lines += [
            f"  # {one.title}; observed: {one.observed}",
            f"  - control: {one.control}",
            f"    resource: {_quoted(one.resource)}",
            f'    account: "{one.account}"',
            "    justification:",
            "    approver:",
            f'    observed: "{one.observed_hash}"',
            f"    expires: {expires.isoformat()}",
        ]
    if len(lines) == 1:
        raise UsageError(
            "there is no FAIL to waive",
            expected="findings of which at least one is FAIL",
            remedy="name other findings; these need no waiver",
        )
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    literal = re.sub(r"([\[*?])", r"[\1]", text)
    return "'" + literal.replace("'", "''") + "'"
