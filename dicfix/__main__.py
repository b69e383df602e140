"""The command line: `python -m dicfix` and the console script `dicfix`.

Imports a command's module only when that command is asked for. Exit codes: 0 ok, 1 FAIL, 2 usage, 3 could not be read
or a mistake in dicfix itself (nobody knows, which is no FAIL), 4 refused by a safety guard, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from traceback import extract_tb
from typing import Any, NoReturn

from dicfix.errors import DicfixError, Unreadable

COMMANDS: dict[str, str] = {
    "clauses": "print the clauses of the guide with their scenarios and controls",
    "controls": "list the controls, or explain one",
    "certs": "make the keys and certificates of the guide's OpenSSL page, and tell what each file is",
    "cloud": "run the embedded cloud for other programs",
    "audit": "judge an account read-only, and tell what changed",
    "why": "tell why one device is not connected",
    "preflight": "check an image or the firmware's files against the account before they are flashed",
    "diff": "tell what changed between two audits",
    "waivers": "check a file of waivers, or draft one",
    "report": "write the sign-off page and the Allure report of the last run",
    "signoff": "freeze the sign-off of a release, or verify frozen ones",
    "guide": "tell which clauses another text of the guide changes, and which sign-offs that makes stale",
    "permissions": "print the IAM policy that an audit needs, and no more",
    "cleanup": "remove from an AWS account what an onboarding made there",
}
"""Each command with its line of help; its module is ``dicfix.cli.<name>``."""

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; a DicfixError or a wrong option becomes one line on stderr.

    ``--debug`` before the command lets exceptions through with their traceback.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(arguments).parse_args(arguments)
    except SystemExit as stop:  # the parser has printed help or its complaint
        return stop.code if isinstance(stop.code, int) else 2
    return _guarded(args.func, args)


def _guarded(run: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    try:
        code = run(args)
        sys.stdout.flush()
    except DicfixError as error:
        if args.debug:
            raise
        print(f"dicfix: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("dicfix: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away; what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if args.debug:
            raise
        print(f"dicfix: {_mistake(error)}", file=sys.stderr)
        return Unreadable.exit_code
    return code


def _mistake(error: Exception) -> str:
    """The kind and place of a mistake of ours; its own text may quote a key, and is left to ``--debug``."""
    frame = extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}, line {frame.lineno}"
    return (
        f"a mistake in dicfix itself: {type(error).__name__} in {where}. Nothing was decided. "
        "Do: report this line; `dicfix --debug ...` shows the traceback."
    )


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in one line, and where the right ones are told."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"dicfix: {message}. Do: read {self.prog} --help.\n")


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dicfix",
        description="Acceptance tests and compliance checker for AWS IoT onboarding of Matter devices.",
        epilog="The acceptance tests themselves are run with pytest; its options of ours begin with --dicfix-.",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subparsers = parser.add_subparsers(title="commands", metavar="command", required=True)
    asked = next((one for one in arguments if not one.startswith("-")), "")
    for name, line in COMMANDS.items():
        if name == asked:
            _module(name).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=line)
    return parser


def _module(name: str) -> Any:
    return import_module(f"dicfix.cli.{name}")


if __name__ == "__main__":
    sys.exit(main())
