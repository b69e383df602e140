"""`dicfix audit`: the options of an audit; ``auditing`` does the work and is imported when asked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dicfix.cli.settings_options import add_settings_options

AXES = ("guide", "fit", "hardening")
FORMATS = ("jsonl", "sarif", "junit", "csv", "html")


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "audit",
        help="judge an account read-only",
        description="Judges an account as it stands, without writing to it. Exit codes: 0 ok, 1 FAIL, 2 usage or "
        "waiver file, 3 something could not be read, 4 no or wrong account, 130 interrupted.",
    )
    add_settings_options(parser)
    _add_source(parser.add_argument_group("what is read"))
    _add_judgement(parser.add_argument_group("how it is judged"))
    _add_reports(parser.add_argument_group("what is told"))
    parser.set_defaults(func=run)


def _add_source(group: Any) -> None:
    add = group.add_argument
    add("--inventory", type=Path, metavar="FILE", help="judge a saved inventory; no credentials are needed")
    add("--save-inventory", type=Path, metavar="FILE", help="save what was read, to be judged again")
    add("--probe", action="store_true", help="shake hands with the endpoint, without certificate and MQTT: its root")
    add("--plant", action="append", default=[], metavar="DEFECT", help="target offline: plant a defect; 'list' lists")


def _add_judgement(group: Any) -> None:
    add = group.add_argument
    add("--axis", action="append", choices=AXES, help="judge this axis only; may be given more than once")
    add(
        "--fail-on",
        default="",
        metavar="LEVELS",
        help="from which severity on a FAIL is exit code 1: critical (blocker), high (critical), medium (normal), "
        "low (any) or never, by axis (guide=low,fit=never,hardening=never)",
    )
    add("--waivers", type=Path, metavar="FILE", help="YAML file of recorded, expiring decisions to live with a FAIL")
    add("--evidence", type=Path, metavar="FILE", help="YAML file of evidence for what only a person can see")


def _add_reports(group: Any) -> None:
    add = group.add_argument
    add("--state", type=Path, metavar="DIR", help="remember this run here, and tell what changed since the last one")
    add("--output-dir", type=Path, metavar="DIR", help="write findings.jsonl, .sarif, .csv, junit.xml and nightly.html")
    add("--format", action="append", choices=FORMATS, help="only this format; may be given more than once")
    add("--only-changes", action="store_true", help="print nothing unless something changed, then 20 lines at most")


def run(args: argparse.Namespace) -> int:
    """Read, judge, tell, write; the exit code is the verdict's."""
    from dicfix.cli.auditing import audit_account

    return audit_account(args)
