"""`dicfix signoff`: freeze the sign-off of a release, or verify frozen ones. Imports reports when run."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.cli.report import add_sources, choices_of, told
from dicfix.errors import UsageError

if TYPE_CHECKING:
    from dicfix.reports.verdict import Verdict


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "signoff",
        help="freeze the sign-off of a release, or verify frozen ones",
        description="Freezes results, pages and sums of a release under reports/signoff, signed where a key is given. "
        "Exit codes: 0 GO (or REHEARSED, with --rehearsal), 1 NO-GO or a record that was changed, 2 usage, 3 "
        "INCOMPLETE or REHEARSED: an offline run is REHEARSED at its best.",
    )
    parser.add_argument("action", nargs="?", choices=("verify",), help="verify: check frozen sign-offs instead")
    parser.add_argument("names", nargs="*", metavar="NAME", help="with verify: the releases to check (all)")
    parser.add_argument("--release", metavar="NAME", help="the release that is signed off")
    parser.add_argument("--key", type=Path, metavar="FILE", help="Ed25519 private key (PEM) to sign the record with")
    parser.add_argument("--public-key", type=Path, metavar="FILE", help="with verify: the key that must have signed")
    parser.add_argument(
        "--rehearsal", action="store_true", help="a rehearsal is what was wanted: REHEARSED is exit code 0"
    )
    add_sources(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Freeze or verify."""
    if args.action == "verify":
        if args.release or args.key:
            raise UsageError(
                "verify makes no record",
                expected="names of releases, without --release and --key",
                remedy="leave --release and --key out, or leave verify out",
            )
        return _verify(args)
    if not args.release:
        raise UsageError(
            "no release is named",
            expected="--release NAME, or verify",
            remedy="add --release NAME to freeze a release, or verify",
        )
    return _freeze(args)


def _freeze(args: argparse.Namespace) -> int:
    from dicfix.reports.release import check_name, freeze, read_signing_key
    from dicfix.reports.signoff import sign_off

    check_name(args.release)
    key = read_signing_key(args.key) if args.key else None
    choices = choices_of(args, args.release)
    signoff = sign_off(choices, datetime.now(UTC))
    folder, lines = freeze(signoff, choices, key)
    print("\n".join((*lines, f"{folder.as_posix()}: {told(signoff)}")))
    return exit_code(signoff.decision.verdict, rehearsal=args.rehearsal)


def exit_code(verdict: Verdict, *, rehearsal: bool) -> int:
    """0 for GO, 1 for NO-GO, 3 for what is not proven yet; a rehearsal is 0 where it is what was wanted."""
    from dicfix.reports.verdict import Verdict

    codes = {Verdict.GO: 0, Verdict.REHEARSED: 0 if rehearsal else 3, Verdict.INCOMPLETE: 3, Verdict.NO_GO: 1}
    return codes[verdict]


def _verify(args: argparse.Namespace) -> int:
    from dicfix.reports.verify import verify

    checked = verify(args.reports, tuple(args.names), args.public_key)
    for one in checked:
        print(f"{one.release}: {one.said}: {'as it was frozen' if not one.troubles else 'NOT as it was frozen'}")
        for trouble in one.troubles:
            print(f"  {trouble}")
    return 1 if any(one.troubles for one in checked) else 0
