"""One flat table of all findings, for a spreadsheet. May import the entries."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from dicfix.audit.identity import as_json
from dicfix.audit.run import AuditResult

COLUMNS = (
    "status", "severity", "axis", "control", "title", "clauses", "account", "region", "resource", "arn", "observed",
    "expected", "remedy", "reason", "deviation", "note", "first_seen", "last_seen", "observed_hash", "uid",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula."""


def lines_of(results: Iterable[AuditResult]) -> Iterator[str]:
    """The header and a row for each finding, as RFC 4180 has it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in (entry for result in results for entry in result.entries):
        values = {**as_json(entry), "clauses": " ".join(entry.clauses)}
        writer.writerow([_harmless(str(values[name])) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
