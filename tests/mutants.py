"""Takes every rule of the embedded cloud out, one at a time, and shows which test turns red.

    python tests/mutants.py [RULE ...]

A rule whose tests all stay green is printed as SURVIVED and makes the exit code 1. Each rule is taken out in a forked
process, so that modules are imported once; the tests are those that the rule names as its own.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import pkgutil
import re
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import dicfix.offline.rules as rules
from dicfix.offline.rules import RULES, Rule

ROOT = Path(__file__).resolve().parent.parent
RED = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rule's tests while it was out."""

    rule: Rule
    code: int
    failed: tuple[str, ...]
    output: str

    @property
    def killed(self) -> bool:
        """Whether at least one named test turned red."""
        return self.code == RED and bool(self.failed)


def load_rules() -> None:
    """Import every module below ``dicfix.offline``, so that every rule is registered."""
    for package_name in ("dicfix.offline.rules", "dicfix.offline.services", "dicfix.offline.dataplane"):
        package = importlib.import_module(package_name)
        for module in pkgutil.walk_packages(package.__path__, package_name + "."):
            importlib.import_module(module.name)


def try_without(rule: Rule) -> Outcome:
    """Run the rule's own tests in a forked process in which it is taken out."""
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as output:
        child = os.fork()
        if child == 0:
            os._exit(_run_without(rule, output.name))
        _, status = os.waitpid(child, 0)
        text = output.read()
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
    return Outcome(rule, os.waitstatus_to_exitcode(status), tuple(dict.fromkeys(failed)), text)


def _run_without(rule: Rule, output: str) -> int:
    os.environ["DICFIX_WITHOUT_RULES"] = rule.id
    arguments = [*rule.held_by, "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-p", "no:randomly"]
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(output, "w", encoding="utf-8"))
        stack.enter_context(contextlib.redirect_stdout(file))
        stack.enter_context(contextlib.redirect_stderr(file))
        stack.enter_context(rules.removed(rule.id))
        return int(pytest.main(arguments))


def line(one: Outcome, width: int) -> str:
    """The rule, how sure its source is, and the first test that turned red."""
    shown = one.failed[0] if one.killed else f"SURVIVED (pytest exit code {one.code})"
    more = f" (+{len(one.failed) - 1})" if len(one.failed) > 1 else ""
    return f"{one.rule.id:<{width}}  {one.rule.level.value:<10}  {shown}{more}"


def try_all(chosen: list[Rule]) -> list[Outcome]:
    """Try each rule, as many at a time as there are cores, and print its line when it is done."""
    width = max(len(one.id) for one in chosen)
    outcomes = []
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
        for one in pool.map(_try_by_id, [rule.id for rule in chosen]):
            print(line(one, width), flush=True)
            outcomes.append(one)
    return outcomes


def _try_by_id(rule_id: str) -> Outcome:
    return try_without(RULES[rule_id])


def report(outcomes: list[Outcome]) -> int:
    """Print the survivors with their tests' output, and the sum; gives the exit code."""
    survived = [one for one in outcomes if not one.killed]
    for one in survived:
        print(f"\n{one.rule.id}: {one.rule.statement}\n{one.output[-1500:]}")
    red = len(outcomes) - len(survived)
    print(f"\n{len(outcomes)} rules taken out: {red} turned a test red, {len(survived)} survived")
    return 1 if survived else 0


def main(names: list[str]) -> int:
    """Take out the named rules, or all."""
    os.chdir(ROOT)
    load_rules()
    unknown = sorted(set(names) - set(RULES))
    if unknown:
        print(f"unknown rule {', '.join(unknown)}; the rules are:\n  " + "\n  ".join(sorted(RULES)), file=sys.stderr)
        return 2
    chosen = [RULES[name] for name in names] if names else list(RULES.values())
    return report(try_all(chosen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
