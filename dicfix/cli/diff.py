"""`dicfix diff A B`: what changed between two runs, from their findings.jsonl. Imports the audit when run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.errors import UsageError

if TYPE_CHECKING:
    from dicfix.audit.compare import Comparison

_NEW = "new"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "diff",
        help="tell what changed between two audits",
        description="Compares two findings.jsonl files: new, fixed, still open, and what was not evaluated any more.",
    )
    parser.add_argument("before", type=Path, metavar="A", help="findings.jsonl of the earlier run")
    parser.add_argument("after", type=Path, metavar="B", help="findings.jsonl of the later run")
    parser.add_argument(
        "--fail-on",
        metavar="new[=LEVEL]",
        help="exit code 1 for a new FAIL of this severity or worse (low: any), 3 for something newly UNREADABLE",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the changes."""
    from dicfix.audit.compare import compare
    from dicfix.audit.outputs.jsonl import read_run
    from dicfix.audit.outputs.terminal import changes

    level = _level(args.fail_on)
    comparison = compare(read_run(args.before), read_run(args.after))
    if args.json:
        print(json.dumps(_as_json(comparison), indent=2, ensure_ascii=False))
    else:
        print("\n".join(changes(comparison, limit=None)))
    return _exit_code(comparison, level) if level else 0


def _level(text: str | None) -> str:
    from dicfix.audit.verdict import LEVELS

    if text is None:
        return ""
    word, _, level = text.partition("=")
    level = level or "low"
    if word != _NEW or level not in LEVELS:
        raise UsageError(
            f"--fail-on is {text!r}",
            expected=f"new, or new=LEVEL with one of {', '.join(LEVELS)}",
            remedy="correct --fail-on",
        )
    return level


def _exit_code(comparison: Comparison, level: str) -> int:
    from dicfix.audit.compare import Change
    from dicfix.audit.verdict import breaks_at
    from dicfix.findings import Status

    opened = [one.entry for one in comparison.of(Change.NEW)]
    if any(one.status is Status.FAIL and one.severity in breaks_at(level) for one in opened):
        return 1
    return 3 if any(one.status is Status.UNREADABLE for one in opened) else 0


def _as_json(comparison: Comparison) -> dict[str, Any]:
    from dicfix.audit.identity import as_json

    return {
        "before": comparison.before,
        "counts": {kind.value: number for kind, number in comparison.counts.items()},
        "notes": list(comparison.notes),
        "changes": [
            {
                "change": one.change.value,
                "before": as_json(one.before) if one.before else None,
                "after": as_json(one.after) if one.after else None,
            }
            for one in comparison.changes
        ],
    }
