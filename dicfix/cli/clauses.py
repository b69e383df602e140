"""`dicfix clauses`: the guide's clauses, each with its scenarios and controls. Imports guide; the rest when run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dicfix.cli.columns import wrapped
from dicfix.errors import UsageError
from dicfix.guide import CLAUSES, EDITIONS, Audit, Clause, clause, clauses_of

_INDENT = " " * 10
_LABEL = 12
_SEEN_BY = {
    Audit.API: "the account's API shows it",
    Audit.FILE: "the local files show it",
    Audit.LIVE: "a session that AWS reports, or a probe, shows it",
    Audit.MANUAL: "only a person can see it",
    Audit.NONE: "an audit cannot see it: NOT_APPLICABLE there",
}


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("clauses", help="print the clauses of the guide with their scenarios and controls")
    parser.add_argument(
        "clause", nargs="*", metavar="ID", help="the clauses to explain, such as AWS-4.1 (default: list all)"
    )
    parser.add_argument("--edition", metavar="NAME", help="only the clauses of this edition, such as 2023-08")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--features", metavar="DIR", type=Path, help="where the .feature files lie (default: features)")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the clauses, or all about those named; those not yet built come last, under their own heading."""
    chosen = _chosen(args.clause, args.edition)
    scenarios = scenarios_by_tag(_features(args.features))
    if args.json:
        print(json.dumps([_as_json(one, scenarios) for one in chosen], indent=2))
        return 0
    if args.clause:
        print("\n\n".join("\n".join(_explained(one, scenarios)) for one in chosen))
        return 0
    built = [one for one in chosen if one.built]
    for page in dict.fromkeys(one.page for one in built):
        print(f"{page}\n{'=' * len(page)}")
        for one in built:
            if one.page == page:
                print("\n".join(_lines(one, scenarios)))
        print()
    _print_not_yet_built([one for one in chosen if not one.built])
    print(f"{len(chosen)} clauses: {len(built)} built, {len(chosen) - len(built)} not yet built.")
    return 0


def _chosen(ids: Sequence[str], edition: str | None) -> Sequence[Clause]:
    of_edition = clauses_of(edition) if edition else CLAUSES
    named = [clause(one) for one in dict.fromkeys(ids)]
    for one in named:
        if one not in of_edition:
            raise UsageError(
                f"edition {edition} does not have {one.id}",
                expected=f"one of {', '.join(one.editions)}",
                remedy="leave --edition out",
            )
    return named or of_edition


def _features(given: Path | None) -> Path:
    """The directory given, else ``features`` here, else that of the checkout; raises UsageError where none is."""
    checkout = Path(__file__).parents[2]
    for one in (given,) if given else (Path("features"), checkout / "features"):
        if one.is_dir():
            return one
    raise UsageError(
        f"there is no directory {given or 'features'}", remedy="name the .feature files' directory: --features"
    )


def scenarios_by_tag(directory: Path) -> dict[str, list[str]]:
    """Scenarios by each of their tags (their own and those they inherit), as ``file: name``.

    Raises UsageError for a feature file that is no Gherkin.
    """
    from gherkin.errors import ParserError
    from gherkin.parser import Parser

    found: dict[str, list[str]] = {}
    for path in sorted(directory.glob("**/*.feature")):
        try:
            feature = Parser().parse(path.read_text(encoding="utf-8")).get("feature")
        except ParserError as error:
            first = str(error).strip().splitlines()[-1].strip()
            raise UsageError(f"{path.name} is no Gherkin: {first}", remedy="correct the line that is named") from None
        if feature:
            _collect(feature, (), path.name, found)
    return found


def _collect(node: Mapping[str, Any], inherited: tuple[str, ...], file: str, found: dict[str, list[str]]) -> None:
    tags = (*inherited, *(one["name"].removeprefix("@") for one in node.get("tags", ())))
    for child in node["children"]:
        if "rule" in child:
            _collect(child["rule"], tags, file, found)
        elif "scenario" in child:
            scenario = child["scenario"]
            own = [one["name"].removeprefix("@") for one in scenario["tags"]]
            own += [tag["name"].removeprefix("@") for one in scenario["examples"] for tag in one["tags"]]
            for tag in dict.fromkeys((*tags, *own)):
                found.setdefault(tag, []).append(f"{file}: {scenario['name']}")


def _as_json(clause: Clause, scenarios: Mapping[str, list[str]]) -> dict[str, Any]:
    from dicfix.controls import controls_of

    return {
        "id": clause.id,
        "editions": list(clause.editions),
        "page": clause.page,
        "step": clause.step,
        "text": clause.text,
        "console_path": clause.console_path,
        "slips": list(clause.slips),
        "audit": [one.value for one in clause.audit],
        "built": clause.built,
        "manual_reason": clause.manual_reason,
        "scenarios": scenarios.get(clause.id, []),
        "controls": [one.id for one in controls_of(clause.id)],
    }


def _lines(clause: Clause, scenarios: Mapping[str, list[str]]) -> Iterable[str]:
    from dicfix.controls import controls_of

    yield from wrapped(f"{clause.id:<10}", clause.text)
    seen = ", ".join(one.value for one in clause.audit)
    yield f"{_INDENT}step {clause.step}; editions {', '.join(clause.editions)}; audit: {seen}"
    if clause.console_path:
        yield from wrapped(f"{_INDENT}where: ", clause.console_path)
    for slip in clause.slips:
        yield from wrapped(f"{_INDENT}slip: ", slip)
    if clause.manual_reason:
        yield from wrapped(f"{_INDENT}manual: ", clause.manual_reason)
    for scenario in scenarios.get(clause.id) or ["none"]:
        yield from wrapped(f"{_INDENT}scenario: ", scenario)
    for control in controls_of(clause.id):
        yield from wrapped(f"{_INDENT}control: ", f"{control.id} {control.title}")


def _explained(one: Clause, scenarios: Mapping[str, list[str]]) -> Iterable[str]:
    from dicfix.controls import controls_of

    yield from wrapped(f"{one.id:<{_LABEL}}", one.text)
    steps = {name: one.step_in(name) for name in EDITIONS if name in one.editions}
    rows = [
        ("page", one.page),
        ("step", f"{one.step} of editions {', '.join(steps)}" if len(set(steps.values())) == 1 else _apart(steps)),
        ("where", one.console_path),
        *(("slip", slip) for slip in one.slips),
        ("audit", "; ".join(_SEEN_BY[how] for how in one.audit)),
        ("manual", one.manual_reason),
        *(("scenario", scenario) for scenario in scenarios.get(one.id) or ["none"]),
        *(("control", f"{found.id} ({found.axis.value}) {found.title}") for found in controls_of(one.id)),
        ("run", f"pytest -m {one.id}"),
        ("judge", f"pytest -m {one.id} --dicfix-audit"),
    ]
    for label, text in rows:
        if text:
            yield from wrapped(f"{label:<{_LABEL}}", text)


def _apart(steps: Mapping[str, str]) -> str:
    return "; ".join(f"{step} in edition {name}" for name, step in steps.items())


def _print_not_yet_built(clauses: list[Clause]) -> None:
    if not clauses:
        return
    heading = f"NOT YET BUILT ({len(clauses)} clauses, no scenarios and no controls answer for them)"
    print(f"{heading}\n{'-' * len(heading)}")
    for one in clauses:
        print("\n".join(wrapped(f"{one.id:<10}", one.text)))
    print()
