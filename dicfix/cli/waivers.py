"""`dicfix waivers`: lint a waiver file, or draft one from findings. Imports the audit when run."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.errors import UsageError

if TYPE_CHECKING:
    from dicfix.audit.waivers import Doubt, Waiver

_DRAFT_DAYS = 90


def add_parser(subparsers: Any) -> None:
    """Add the command with its two actions."""
    parser = subparsers.add_parser("waivers", help="check a file of waivers, or draft one")
    actions = parser.add_subparsers(title="actions", metavar="action", required=True)
    lint = actions.add_parser("lint", help="find waivers that are malformed, unknown, expired, unused or lapsed")
    lint.add_argument("file", type=Path, metavar="FILE", help="the YAML file")
    lint.add_argument("--findings", type=Path, metavar="FILE", help="findings.jsonl of an audit, to find unused ones")
    lint.set_defaults(func=run)
    draft = actions.add_parser("draft", help="print waivers for what FAILs, to be completed by a person")
    draft.add_argument("findings", type=Path, metavar="FILE", help="findings.jsonl of an audit")
    draft.add_argument("--control", action="append", metavar="ID", help="only of this control")
    draft.set_defaults(func=run_draft)


def _today() -> date:
    return datetime.now(UTC).date()


def run(args: argparse.Namespace) -> int:
    """Lint: 0 when every waiver is in force and used, 1 when one is in doubt, 2 when the file is malformed."""
    from dicfix.audit.waivers import read_waivers

    today = _today()
    waivers = read_waivers(args.file, today)
    doubts = _doubts(waivers, args.findings, today)
    for doubt in doubts:
        print(doubt.sentence())
    number = len({doubt.waiver.name for doubt in doubts})
    print(f"{len(waivers)} waivers, {number} in doubt.")
    return 1 if doubts else 0


def _doubts(waivers: tuple[Waiver, ...], findings: Path | None, today: date) -> tuple[Doubt, ...]:
    from dicfix.audit.outputs.jsonl import read_run
    from dicfix.audit.waivers import apply, lint, unwaived

    if findings is None:
        return lint(waivers, today)
    _, report = apply(unwaived(read_run(findings).entries), waivers, today)
    return report.doubts


def run_draft(args: argparse.Namespace) -> int:
    """Print the draft."""
    from dicfix.audit.outputs.jsonl import read_run
    from dicfix.audit.waivers import draft
    from dicfix.controls import find_control

    wanted = {find_control(one).id for one in args.control or ()}
    entries = [one for one in read_run(args.findings).entries if not wanted or one.control in wanted]
    if not entries:
        raise UsageError(
            f"{args.findings.name} has no finding of {', '.join(sorted(wanted)) or 'any control'}",
            remedy="name a control that it has, or another file",
        )
    print(draft(entries, _today() + timedelta(days=_DRAFT_DAYS)), end="")
    return 0
