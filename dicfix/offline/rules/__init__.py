"""The registry of AWS IoT's rules as the embedded cloud keeps them.

A rule is a pure function under a stable id, with its source, how sure that source is, and the tests that hold it.
``removed`` takes rules out, so that ``make mutants`` can show which test turns red for each; the environment variable
DICFIX_WITHOUT_RULES (ids with commas between) does so for a whole process. Rule modules beside this file hold the rules
themselves; they know nothing of moto, boto3, sockets or files.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Level(Enum):
    """How sure the source of a rule is."""

    DOCUMENTED = "documented"
    """AWS's documentation or service model says so."""
    PEER = "peer"
    """Another implementation reports it from live captures."""
    ASSUMED = "assumed"
    """Nothing read says so; the choice is ours and is configurable where it matters."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``held_by`` are pytest node ids, at least one of which must fail when the rule is taken out."""

    id: str
    statement: str
    source: str
    level: Level
    held_by: tuple[str, ...]


class RuleViolation(Exception):
    """A rule of AWS IoT was broken: ``code`` is the shape's name in the service model, ``extra`` further members."""

    def __init__(self, code: str, message: str, **extra: str) -> None:
        self.code = code
        self.message = message
        self.extra = extra
        super().__init__(f"{code}: {message}")


WITHOUT_RULES = "DICFIX_WITHOUT_RULES"
RULES: dict[str, Rule] = {}
_removed: set[str] = set(os.environ.get(WITHOUT_RULES, "").replace(",", " ").split())


def taken_out() -> tuple[str, ...]:
    """The ids of the rules that do not hold now, sorted; a run that prints none of them is a real one."""
    return tuple(sorted(_removed))


def rule(
    rule_id: str, *, source: str, level: Level, held_by: tuple[str, ...], without: Callable[..., Any] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function as the rule ``rule_id``; its docstring's first line is the statement.

    ``without`` is what happens instead while the rule is taken out: a callable given the same arguments, or nothing
    (then the call gives None, which for a refusal means "not refused").
    """

    def register(function: Callable[P, R]) -> Callable[P, R]:
        if rule_id in RULES:
            raise ValueError(f"rule {rule_id} is registered twice")
        statement = (function.__doc__ or "").strip().splitlines()
        if not statement:
            raise ValueError(f"rule {rule_id} has no docstring")
        RULES[rule_id] = Rule(rule_id, statement[0], source, level, held_by)

        @functools.wraps(function)
        def applied(*args: P.args, **kwargs: P.kwargs) -> R:
            if _removed and rule_id in _removed:
                return without(*args, **kwargs) if without else None  # type: ignore[return-value]
            return function(*args, **kwargs)

        return applied

    return register


@contextmanager
def removed(*rule_ids: str) -> Iterator[None]:
    """Take the rules out for the length of a block; an unknown id is a KeyError."""
    for rule_id in rule_ids:
        RULES[rule_id]
    before = set(_removed)
    _removed.update(rule_ids)
    try:
        yield
    finally:
        _removed.clear()
        _removed.update(before)
