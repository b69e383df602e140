"""The page of the nightly audits: both charts with their numbers as tables, and the nights that they are made of.

Each audit adds a line to ``nights.jsonl`` beside the page; the charts of one account and Region show its own nights.
May import the audit's results and its neighbours for charts and markup.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from dicfix.audit.identity import Entry
from dicfix.audit.outputs import write_whole
from dicfix.audit.run import AuditResult, stamp
from dicfix.findings import Status
from dicfix.reports.charts import COUNTED, NIGHTS, Expiry, Night, expiry_chart, findings_chart
from dicfix.reports.markup import section, table, text
from dicfix.reports.page_style import STYLE

PAGE = "nightly.html"
HISTORY = "nights.jsonl"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_EXPIRES = "DIC-HRD-03"
"""The control that tells how many days each client's certificate has left."""
_DAYS = re.compile(r"(?:(?P<left>\d+) days left|expired (?P<ago>\d+) days ago)")
_SOONEST = 20


def expiries_of(entries: Iterable[Entry], seen: date) -> tuple[Expiry, ...]:
    """When each client's certificate ends, as the findings of an audit tell it; soonest first."""
    found = []
    for one in entries:
        told = _DAYS.search(one.observed) if one.control == _EXPIRES else None
        if told:
            days = int(told["left"]) if told["left"] else -int(told["ago"])
            found.append(Expiry(one.resource, seen + timedelta(days=days)))
    return tuple(sorted(found, key=lambda one: (one.ends, one.name)))


def write_nightly(directory: Path, results: Sequence[AuditResult]) -> Path:
    """Remember these audits and write the page of all accounts and Regions; gives the page.

    An audit of one start counts once. Raises UsageError where the directory cannot be written.
    """
    rows = _remembered(directory / HISTORY)
    rows |= {(row["place"], row["started"]): row for row in map(_row, results)}
    write_whole(directory / HISTORY, (json.dumps(row) + "\n" for row in _newest(rows.values())))
    write_whole(directory / PAGE, [nightly_page(results, list(rows.values()))])
    return directory / PAGE


def _row(result: AuditResult) -> dict[str, Any]:
    counts = Counter(one.status.value for one in result.entries)
    return {"place": _place(result), "started": stamp(result.started), "counts": dict(sorted(counts.items()))}


def _place(result: AuditResult) -> str:
    return f"{result.place.account} {result.place.region}"


def nights_of(path: Path, account: str, region: str) -> tuple[Night, ...]:
    """What the file remembers of the audits of one account and Region, in no order; nothing for no file."""
    return tuple(_night(row) for row in _remembered(path).values() if row["place"] == f"{account} {region}")


def _remembered(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The nights of the file; lines that cannot be read are left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    rows = (_night_row(line) for line in lines)
    return {(row["place"], row["started"]): row for row in rows if row}


def _night_row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        datetime.fromisoformat(row["started"])
        return {"place": str(row["place"]), "started": row["started"], "counts": dict(row["counts"])}
    except (ValueError, KeyError, TypeError):
        return {}


def _newest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last nights of each place, in order."""
    by_place: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda one: (one["place"], one["started"])):
        by_place.setdefault(row["place"], []).append(row)
    return [row for of_place in by_place.values() for row in of_place[-NIGHTS:]]


def nightly_page(results: Sequence[AuditResult], rows: Sequence[dict[str, Any]]) -> str:
    """The page as HTML that asks nothing of the network."""
    sections = "".join(_sections(result, rows, number) for number, result in enumerate(results, 1))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Nightly audits</title>'
        f"<style>{STYLE}</style></head><body><header><p class='eyebrow'>DIC onboarding guide</p>"
        f"<h1>Nightly audits</h1></header><main>{sections}</main></body></html>\n"
    )


def _sections(result: AuditResult, rows: Sequence[dict[str, Any]], number: int) -> str:
    place, seen = _place(result), result.started.date()
    expiries = expiries_of(result.entries, seen)
    nights = [_night(row) for row in rows if row["place"] == place]
    return section(
        f"Findings of {place}", _figure(findings_chart(nights)) + _nights_table(nights), f"findings-{number}"
    ) + section(
        f"Certificates of {place}", _figure(expiry_chart(expiries, seen)) + _soonest(expiries, seen), f"expiry-{number}"
    )


def _figure(svg: str) -> str:
    hint = '<p class="soft small wider">Wider than the screen: move it sideways.</p>'
    return f'{hint}<div class="figure" tabindex="0">{svg}</div>'


def _night(row: dict[str, Any]) -> Night:
    counts = {status: int(row["counts"].get(status.value, 0)) for status in Status}
    return Night(datetime.fromisoformat(row["started"]), counts)


def _nights_table(nights: Sequence[Night]) -> str:
    columns = ("Audit", *(status.value for status in COUNTED), Status.PASS.value)
    newest = sorted(nights, key=lambda one: one.started, reverse=True)[:NIGHTS]
    rows = [
        [f"{night.started:%Y-%m-%d %H:%M}", *(str(night.counts[status]) for status in (*COUNTED, Status.PASS))]
        for night in newest
    ]
    return f"<details><summary>The numbers</summary>{table(columns, rows)}</details>"


def _soonest(expiries: Sequence[Expiry], seen: date) -> str:
    rows = [[text(one.name), one.ends.isoformat(), str((one.ends - seen).days)] for one in expiries[:_SOONEST]]
    if not rows:
        return "<p>No control told when a certificate ends: the axis hardening was not judged, or nothing was read.</p>"
    return f"<details><summary>The soonest</summary>{table(('Client', 'Ends', 'Days left'), rows)}</details>"
