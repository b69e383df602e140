"""A finding with an identity that lasts: the same control on the same resource of an account keeps its uid.

Belongs here: the entry that every output writes, and how findings become entries. May import controls, findings.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter

from dicfix.controls import CONTROLS
from dicfix.errors import UsageError
from dicfix.findings import Axis, Finding, Severity, Status, worst
from dicfix.records import Inventory, Unread

OPEN = frozenset({Status.FAIL, Status.UNREADABLE})
"""The statuses that somebody has to do something about."""
HASH_DIGITS = 16
"""How many hexadecimal digits of a hash tell what was observed."""
MAX_TEXT = 1000
"""How much of what was observed is told; the hash is of all of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """The account (12 digits) and Region that were judged, and the ARN of who judged them."""

    account: str
    region: str
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding as it is written: ``uid`` is stable from run to run, times are ISO 8601 in UTC.

    ``first_seen`` is since when the finding has had its status (a waived FAIL is still a FAIL), ``note`` what a waiver
    or a piece of evidence says of it, ``arn`` the resource's ARN where one is known, else empty.
    """

    uid: str
    control: str
    title: str
    axis: Axis
    severity: Severity
    clauses: tuple[str, ...]
    source: str
    account: str
    region: str
    resource: str
    arn: str
    status: Status
    expected: str
    observed: str
    observed_hash: str
    remedy: str = ""
    reason: str = ""
    deviation: str = ""
    first_seen: str = ""
    last_seen: str = ""
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.status in OPEN


def uid_of(control: str, account: str, region: str, resource: str) -> str:
    """The identity of a finding: 64 hexadecimal digits of SHA-256."""
    return hashlib.sha256(json.dumps([control, account, region, resource]).encode()).hexdigest()


def hash_of(observed: str) -> str:
    """The hash that a waiver names, of what was observed."""
    return hashlib.sha256(observed.encode()).hexdigest()[:HASH_DIGITS]


def entries_of(findings: Iterable[Finding], place: Place, arns: Mapping[str, str], now: str) -> tuple[Entry, ...]:
    """One entry for each control and resource; findings that share both become one, with the worst status."""
    together: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        together.setdefault((finding.control, safe(finding.resource)), []).append(finding)
    return tuple(_entry(_one(group), resource, place, arns, now) for (_, resource), group in together.items())


def _one(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    status = worst(group)
    same = [one for one in group if one.status is status]
    observed, expected = dict.fromkeys(f.observed for f in same), dict.fromkeys(f.expected for f in same)
    return replace(same[0], observed="; ".join(observed), expected="; ".join(expected))


def _entry(finding: Finding, resource: str, place: Place, arns: Mapping[str, str], now: str) -> Entry:
    control, observed = CONTROLS[finding.control], safe(finding.observed)
    arn = resource if resource.startswith("arn:") else arns.get(resource, "")
    return Entry(
        uid=uid_of(control.id, place.account, place.region, resource),
        control=control.id,
        title=control.title,
        axis=control.axis,
        severity=control.severity,
        clauses=control.clauses,
        source=control.source,
        account=place.account,
        region=place.region,
        resource=resource,
        arn=arn,
        status=finding.status,
        expected=_short(safe(finding.expected)),
        observed=_short(observed),
        observed_hash=hash_of(observed),
        remedy=safe(_with_name(finding.remedy, arn)),
        reason=finding.reason,
        deviation=safe(finding.deviation),
        first_seen=now,
        last_seen=now,
    )


_PLACES = {
    "cacert": "--certificate-id <id>",
    "cert": "--certificate-id <id>",
    "thing": "--thing-name <name>",
    "policy": "--policy-name <name>",
}
"""By the kind of a resource what stands for its own name in a remedy's command."""


def _with_name(remedy: str, arn: str) -> str:
    """The remedy as a command that can be pasted: the resource's own id or name in the place that is kept for it."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    place = _PLACES.get(kind, "")
    return remedy.replace(place, f"{place.split()[0]} {name}") if place and name else remedy


def _short(text: str) -> str:
    rest = len(text) - MAX_TEXT
    return f"{text[:MAX_TEXT]}... ({rest:,} more characters)" if rest > 0 else text


def since(entries: Iterable[Entry], past: Mapping[str, Entry]) -> tuple[Entry, ...]:
    """The entries with the ``first_seen`` of an earlier run where they had the same status then."""
    return tuple(_since(entry, past.get(entry.uid)) for entry in entries)


def _since(entry: Entry, before: Entry | None) -> Entry:
    if before is None or _kind(before.status) is not _kind(entry.status):
        return entry
    return replace(entry, first_seen=before.first_seen)


def _kind(status: Status) -> Status:
    return Status.FAIL if status is Status.WAIVED else status


def arns_of(inventory: Inventory) -> dict[str, str]:
    """ARNs by the words that controls use for a resource: thing and policy names, shortened CA certificate ids."""
    found: dict[str, str] = {}
    for part, words in (
        (inventory.things, "{}"),
        (inventory.policies, "{}"),
        (inventory.ca_certificates, "CA certificate {:.12}"),
    ):
        if isinstance(part, Unread):
            continue
        for name, record in part.items():
            arn = record.arn
            if isinstance(arn, str):
                found[words.format(name)] = arn
    return found


_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


@cache
def _home() -> str:
    home = os.path.expanduser("~")
    return home if len(home) > 1 else ""


def safe(text: str) -> str:
    """The text in one line without private keys, control characters, or the path of the user's folder."""
    if text.isprintable() and "PRIVATE KEY" not in text and not (_home() and _home() in text):
        return text
    text = "".join(one if one.isprintable() else " " for one in _KEY.sub("<private key>", text))
    return text.replace(_home(), "~") if _home() else text


_TEXTS = ("uid", "control", "title", "source", "account", "region", "resource", "arn", "expected", "observed")
_MORE = ("observed_hash", "remedy", "reason", "deviation", "first_seen", "last_seen", "note")


_READ_TEXTS = attrgetter(*_TEXTS, *_MORE)


def as_json(entry: Entry) -> dict[str, object]:
    """The entry as JSON values, in the order in which people read it."""
    found: dict[str, object] = dict(zip((*_TEXTS, *_MORE), _READ_TEXTS(entry), strict=True))
    found["axis"], found["severity"], found["status"] = entry.axis.value, entry.severity.value, entry.status.value
    found["clauses"] = list(entry.clauses)
    return found


def from_json(row: Mapping[str, object], where: str) -> Entry:
    """The entry that ``as_json`` wrote; raises UsageError, naming ``where``, for anything else."""
    try:
        texts = {name: row[name] for name in (*_TEXTS, *_MORE)}
        clauses = row["clauses"]
        if not isinstance(clauses, list) or not all(isinstance(one, str) for one in (*texts.values(), *clauses)):
            raise TypeError("a field is no text")  # noqa: TRY301 - the one way out for every wrong shape
        return Entry(
            **texts,  # type: ignore[arg-type]
            axis=Axis(row["axis"]),
            severity=Severity(row["severity"]),
            status=Status(row["status"]),
            clauses=tuple(clauses),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{where} is no finding of dicfix ({error})",
            expected="a line as `dicfix audit --output-dir` writes it",
            remedy="write the file anew",
        ) from error
