"""The audit's own format, JSON Lines: a head with the run, then a finding a line; `dicfix diff` and a next run read it.

May import the entries, the comparison and ``errors``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.audit.compare import Run
from dicfix.audit.identity import Entry, Place, as_json, from_json
from dicfix.errors import UsageError

if TYPE_CHECKING:
    from dicfix.audit.run import AuditResult

SCHEMA = "dicfix-findings"
VERSION = 1
"""Raised by every change that a reader of version 1 would not understand."""
_REMEDY = "name a file as `dicfix audit --output-dir` writes it; if it lies in --state, remove it"


def remembered_at(state: Path, place: Place, *, embedded: bool) -> Path:
    """Where the last run of an account and Region is remembered; an embedded account is never taken for a real one."""
    return state / f"{'embedded-' if embedded else ''}{place.account}-{place.region}.findings.jsonl"


def lines_of(run: Run, result: AuditResult | None = None) -> Iterator[str]:
    """The lines of a run; with its result, the head also tells verdict and effort."""
    yield _line(_head(run, result))
    for kind, entries in (("finding", run.entries), ("no longer evaluated", run.gone)):
        for one in entries:
            yield _line({"kind": kind, **as_json(one)})
    yield _line({"kind": "end", "findings": len(run.entries)})


def _line(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _head(run: Run, result: AuditResult | None) -> dict[str, object]:
    head: dict[str, object] = {
        "kind": "run",
        "schema": SCHEMA,
        "version": VERSION,
        "started": run.started,
        "account": run.account,
        "region": run.region,
        "edition": run.edition,
    }
    if result:
        head["read_from"] = result.read_from
        head["exit_code"] = result.verdict.exit_code
        head["verdict"] = {one.axis.value: one.outcome.value for one in result.verdict.axes}
        head["calls"] = dict(sorted(result.effort.calls.items()))
        head["throttles"] = result.effort.throttles
        head["seconds"] = round(result.effort.seconds, 3)
    return head


def read_run(path: Path) -> Run:
    """The run that a file tells; raises UsageError for a file that is missing, cut short or of another kind."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", remedy="name a readable file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text", expected=f"a file of {SCHEMA}", remedy=_REMEDY) from error
    rows = [_row(line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    head = _checked_head(rows, path.name)
    found: dict[str, list[Entry]] = {"finding": [], "no longer evaluated": []}
    for number, row in enumerate(rows[1:-1], 2):
        if row.get("kind") in found:
            found[str(row["kind"])].append(from_json(row, f"{path.name}, line {number}"))
    if rows[-1].get("kind") != "end" or rows[-1].get("findings") != len(found["finding"]):
        raise UsageError(f"{path.name} is cut short", expected="a last line that counts the findings", remedy=_REMEDY)
    return Run(*head, tuple(found["finding"]), tuple(found["no longer evaluated"]))


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is no JSON", expected=f"a line of {SCHEMA}", remedy=_REMEDY) from error
    if not isinstance(row, dict):
        raise UsageError(f"{where} is no JSON object", expected=f"a line of {SCHEMA}", remedy=_REMEDY)
    return row


def _checked_head(rows: list[dict[str, Any]], name: str) -> tuple[str, str, str, str]:
    head = rows[0] if rows else {}
    if head.get("kind") != "run" or head.get("schema") != SCHEMA:
        raise UsageError(f"{name} is no file of findings", expected=f"a first line that says {SCHEMA}", remedy=_REMEDY)
    if head.get("version") != VERSION:
        raise UsageError(f"{name} is of version {head.get('version')}", expected=f"version {VERSION}", remedy=_REMEDY)
    told = tuple(str(head.get(one, "")) for one in ("started", "account", "region", "edition"))
    if not all(told):
        raise UsageError(f"{name} does not say when and of what it is", expected="a whole first line", remedy=_REMEDY)
    return told[0], told[1], told[2], told[3]
