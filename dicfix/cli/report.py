"""`dicfix report`: the sign-off page, its twin and the Allure report. Imports reports when run."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dicfix.reports.signoff import Choices, SignOff

WAIVERS = "waivers.yaml"
EVIDENCE = "evidence.yaml"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "report",
        help="write the sign-off page and the Allure report of the last run",
        description="Writes signoff.html and signoff.json, and allure.html where Node is at hand. Exit code 0 whatever "
        "the verdict (GO, REHEARSED, INCOMPLETE or NO-GO): `dicfix signoff` is the gate. An offline run is REHEARSED "
        "at its best.",
    )
    add_sources(parser)
    parser.set_defaults(func=run)


def add_sources(parser: Any) -> None:
    """Add what a sign-off is made of."""
    add = parser.add_argument_group("what it is made of").add_argument
    add(
        "--run",
        action="append",
        type=Path,
        metavar="DIR",
        help="folder of a run (reports); may be given more than once",
    )
    add(
        "--audit",
        action="append",
        type=Path,
        metavar="FILE",
        help="findings.jsonl of `dicfix audit`; as often as needed",
    )
    add("--waivers", type=Path, metavar="FILE", help=f"YAML file of waivers (default: {WAIVERS}, if there)")
    add("--evidence", type=Path, metavar="FILE", help=f"YAML file of manual evidence (default: {EVIDENCE}, if there)")
    add("--board", action="append", metavar="NAME", help="a board that the release is for: its firmware must fit")
    add("--max-age-days", type=int, metavar="N", help="how old evidence from AWS may be (30)")
    add("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where reports go (reports)")


def choices_of(args: argparse.Namespace, release: str = "") -> Choices:
    """The choices of a command line; raises UsageError for an age that is none."""
    from dicfix.errors import UsageError
    from dicfix.reports.signoff import Choices
    from dicfix.reports.verdict import MAX_AGE_DAYS

    days = MAX_AGE_DAYS if args.max_age_days is None else args.max_age_days
    if days < 1:
        raise UsageError(
            f"--max-age-days is {days}", expected="a number of days, at least 1", remedy="correct --max-age-days"
        )
    runs = args.run or ([] if args.audit and not (args.reports / "run.json").exists() else [args.reports])
    return Choices(
        runs=tuple(runs),
        audits=tuple(args.audit or ()),
        waivers=args.waivers or _if_there(WAIVERS),
        evidence=args.evidence or _if_there(EVIDENCE),
        boards=tuple(args.board or ()),
        release=release,
        max_age_days=days,
        reports=args.reports,
    )


def _if_there(name: str) -> Path | None:
    return Path(name) if Path(name).exists() else None


def run(args: argparse.Namespace) -> int:
    """Write the reports and say what they come to."""
    from dicfix.reports.publish import publish, results_of
    from dicfix.reports.signoff import sign_off

    choices = choices_of(args)
    signoff = sign_off(choices, datetime.now(UTC))
    for line in publish(signoff, choices.reports, results=[results_of(one) for one in choices.runs]):
        print(line)
    print(told(signoff))
    return 0


def told(signoff: SignOff) -> str:
    """The verdict and the rule that decided, in one line."""
    return f"{signoff.decision.verdict.value}: {signoff.decision.sentence()}"
