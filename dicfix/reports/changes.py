"""What changed since the last release that was signed off: clause by clause, from its JSON twin.

Belongs here: finding that release, and the comparison. May import the matrix and ``errors``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicfix.reports.matrix import SETTLED, Row

RECORDS = "signoff"
"""The folder below ``reports`` with a folder for each frozen release."""
TWIN = "signoff.json"
SEAL = "seal.json"


@dataclass(frozen=True, slots=True)
class Record:
    """A frozen release: its JSON twin, and whether it was signed."""

    name: str
    signed: bool
    twin: Mapping[str, Any]

    @property
    def created(self) -> str:
        """When it was frozen, ISO 8601."""
        return str(self.twin.get("created", ""))


@dataclass(frozen=True, slots=True)
class Changes:
    """Clauses by what became of them since ``record``, each as id and words; ``verdict`` is what it came to then."""

    record: str
    signed: bool
    created: str
    verdict: str
    fixed: tuple[str, ...]
    regressed: tuple[str, ...]
    evidence: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def records_in(reports: Path) -> tuple[Record, ...]:
    """The frozen releases below a folder of reports, oldest first; what cannot be read is left out."""
    found = (_record(path) for path in sorted((reports / RECORDS).glob(f"*/{TWIN}")))
    return tuple(sorted((one for one in found if one), key=lambda one: one.created))


def _record(path: Path) -> Record | None:
    try:
        twin = json.loads(path.read_text(encoding="utf-8"))
        seal = json.loads(path.with_name(SEAL).read_text(encoding="utf-8"))
        return Record(path.parent.name, bool(seal["signed"]), twin)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def last_record(reports: Path) -> Record | None:
    """The last release that was signed; where none was, the last that was sealed."""
    records = records_in(reports)
    signed = [one for one in records if one.signed]
    return next(iter((signed or list(records))[-1:]), None)


def changes_since(record: Record, rows: Sequence[Row]) -> Changes:
    """What the rows say otherwise than the record."""
    before = {row["clause"]: row for row in record.twin.get("matrix", ())}
    now = {row.clause.id: row for row in rows}
    settled = {one.value for one in SETTLED}
    both = [(now[one], before[one]) for one in now if one in before]
    fixed = [_told(row, old) for row, old in both if not row.blocks and old["result"] not in settled]
    regressed = [_told(row, old) for row, old in both if row.blocks and old["result"] in settled]
    moved = [
        f"{row.clause.id}: {old['evidence'] or 'none'}, now {row.seen.level.value if row.seen else 'none'}"
        for row, old in both
        if (row.seen.level.value if row.seen else "") != old["evidence"]
    ]
    return Changes(
        record.name,
        record.signed,
        record.created,
        str(record.twin.get("verdict", "")),
        tuple(fixed),
        tuple(regressed),
        tuple(moved),
        tuple(one for one in now if one not in before),
        tuple(one for one in before if one not in now),
    )


def _told(row: Row, old: Mapping[str, Any]) -> str:
    return f"{row.clause.id}: {old['result']}, now {row.result.value}"
