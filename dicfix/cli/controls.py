"""`dicfix controls`: the controls as a list, or one explained. Imports the controls only when run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dicfix.cli.columns import wrapped
from dicfix.findings import Axis

if TYPE_CHECKING:
    from dicfix.controls import Control

_LABEL = 12


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("controls", help="list the controls, or explain one")
    parser.add_argument("control", nargs="?", metavar="ID", help="the control to explain, such as DIC-CA-03")
    parser.add_argument("--axis", choices=("guide", "fit", "hardening"), help="only the controls of this axis")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print all controls, one a line, or everything about one."""
    from dicfix.controls import CONTROLS, find_control

    if args.control:
        chosen = [find_control(args.control)]
    else:
        chosen = [one for one in CONTROLS.values() if args.axis in (None, one.axis.value)]
    if args.json:
        print(json.dumps([_as_json(one) for one in chosen], indent=2))
    elif args.control:
        print("\n".join(_explained(chosen[0])))
    else:
        _print_list(chosen)
    return 0


def _print_list(controls: list[Control]) -> None:
    for axis in sorted({one.axis for one in controls}, key=list(Axis).index):
        of_axis = [one for one in controls if one.axis is axis]
        heading = f"{axis.value} ({len(of_axis)})"
        print(f"{heading}\n{'=' * len(heading)}")
        for one in of_axis:
            clauses = f" [{', '.join(one.clauses)}]" if one.clauses else ""
            print("\n".join(wrapped(f"{one.id:<{_LABEL}}{one.severity.value:<10}", one.title + clauses)))
        print()
    print(f"{len(controls)} controls. Explain one with: python -m dicfix controls <ID>")


def _explained(control: Control) -> Iterator[str]:
    yield from wrapped(f"{control.id:<{_LABEL}}", control.title)
    rows = {
        "axis": f"{control.axis.value}, severity {control.severity.value}",
        "clauses": ", ".join(control.clauses),
        "editions": ", ".join(control.editions),
        "why": control.rationale,
        "remedy": control.remedy,
        "needs": ", ".join(control.needs),
        "operations": ", ".join(control.operations) or "none: local files or a connection show it",
        "source": control.source,
    }
    for label, text in rows.items():
        if text:
            yield from wrapped(f"{label:<{_LABEL}}", text)


def _as_json(control: Control) -> dict[str, Any]:
    return {
        "id": control.id,
        "axis": control.axis.value,
        "severity": control.severity.value,
        "title": control.title,
        "clauses": list(control.clauses),
        "editions": list(control.editions),
        "rationale": control.rationale,
        "remedy": control.remedy,
        "needs": list(control.needs),
        "operations": list(control.operations),
        "source": control.source,
    }
