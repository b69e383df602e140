"""`dicfix guide diff`: what another text of the guide changes. Imports reports when run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.cli.columns import wrapped
from dicfix.guide import DEFAULT_EDITION, edition

if TYPE_CHECKING:
    from dicfix.reports.guide_diff import GuideDiff, Stale, StepChange


def add_parser(subparsers: Any) -> None:
    """Add the command with its one action."""
    parser = subparsers.add_parser("guide", help="tell which clauses another text of the guide changes")
    actions = parser.add_subparsers(title="actions", metavar="action", required=True)
    diff = actions.add_parser(
        "diff",
        help="compare a text of the guide with the edition that is known",
        description="Compares page by page and step by step. The wording of an edition is known here as hashes, page "
        "by page; for other pages name the earlier text. Exit codes: 0 nothing changed, 1 something did, 2 usage.",
    )
    diff.add_argument("file", type=Path, metavar="FILE", help="the new text, Markdown or plain")
    diff.add_argument("--from", dest="before", type=Path, metavar="OLD", help="the earlier text, in the same form")
    diff.add_argument("--edition", default=DEFAULT_EDITION, metavar="NAME", help="the edition that is concerned")
    diff.add_argument(
        "--reports", type=Path, default=Path("reports"), metavar="DIR", help="where sign-offs lie (reports)"
    )
    diff.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print what changed and which sign-offs are stale."""
    from dicfix.reports.changes import records_in
    from dicfix.reports.guide_diff import compare, hashes_of, known_hashes, stale
    from dicfix.reports.guide_text import read_guide

    name = edition(args.edition).name
    before = hashes_of(read_guide(args.before)) if args.before else known_hashes(name)
    diff = compare(name, before, read_guide(args.file))
    found = stale(records_in(args.reports), diff)
    print("\n".join(_lines(diff, found)))
    return 1 if diff.changes else 0


def _lines(diff: GuideDiff, stale: tuple[Stale, ...]) -> Iterator[str]:
    for page in diff.compared:
        yield page
        changes = [one for one in diff.changes if one.page == page]
        for change in changes:
            yield from _change(change)
        if not changes:
            yield "  says what it said"
    for page in diff.unknown:
        yield f"{page}\n  not compared: its earlier wording is not known here (--from OLD)"
    for page in diff.absent:
        yield f"{page}\n  not compared: it is not in the file"
    clauses = diff.clauses
    yield from wrapped(f"{len(clauses)} clauses of edition {diff.edition} change: ", ", ".join(clauses) or "none")
    for one in stale:
        about = f" ({', '.join(one.clauses)})" if one.clauses else ""
        yield from wrapped("stale sign-off: ", f"{one.record}, {one.verdict}: {one.why}{about}")
    if not stale:
        yield "no sign-off becomes stale"


def _change(change: StepChange) -> Iterator[str]:
    answering = ", ".join(change.clauses) or "no clause answers for it"
    words = {
        "changed": f"step {change.step} changed" + (f", now step {change.now}" if change.now != change.step else ""),
        "renumbered": f"step {change.step} is now step {change.now}, in the same words",
        "removed": f"step {change.step} is gone",
        "added": f"step {change.step} is new",
    }
    yield from wrapped("  ", f"{words[change.kind.value]}: {answering}")
    for text in change.added:
        yield from wrapped("    now: ", text)
    if change.gone:
        yield f"    {change.gone} statement{' is' if change.gone == 1 else 's are'} gone"
