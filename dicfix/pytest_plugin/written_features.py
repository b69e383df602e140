"""Feature files as written, with what pytest-bdd makes of each step: outline rows, inherited tags, step definitions.

Belongs here: walking a file and finding step definitions.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.gherkin_parser import get_gherkin_document
from pytest_bdd.parser import FeatureParser, Step, render_string
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

if TYPE_CHECKING:
    from pytest_bdd import gherkin_parser as ast


@dataclass(frozen=True, slots=True)
class Row:
    """A line of Examples with its values by column."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WrittenScenario:
    """A scenario as written, with what it inherits."""

    node: ast.Scenario
    inherited_tags: tuple[str, ...]
    background: tuple[Step, ...]
    steps: tuple[Step, ...]

    @property
    def line(self) -> int:
        """The line of the keyword, from 1."""
        return self.node.location.line

    @property
    def rows(self) -> list[Row]:
        """The rows of all its Examples; empty for a plain scenario."""
        return [
            Row(row.location.line, dict(zip(header_of(table), (cell.value or "" for cell in row.cells), strict=True)))
            for table in self.node.examples
            for row in table.table_body or ()
        ]


def header_of(table: ast.ExamplesTable) -> list[str]:
    """The columns of an Examples table, in order."""
    return [cell.value for cell in table.table_header.cells] if table.table_header else []


def scenarios_in(feature: ast.Feature, path: Path) -> Iterator[WrittenScenario]:
    """The scenarios of a file in file order, those of its Rules included."""
    parser = FeatureParser(str(path.parent), path.name)
    tags = tuple(tag.name.lstrip("@") for tag in feature.tags)
    yield from _below(parser, feature.children, tags, ())


def _below(
    parser: FeatureParser, children: Iterable[ast.Child], tags: tuple[str, ...], background: tuple[Step, ...]
) -> Iterator[WrittenScenario]:
    for child in children:
        if child.background:
            background = (*background, *parser.parse_steps(child.background.steps))
        elif child.rule:
            below = (*tags, *(tag.name.lstrip("@") for tag in child.rule.tags))
            yield from _below(parser, child.rule.children, below, background)
        elif child.scenario:
            yield WrittenScenario(child.scenario, tags, background, tuple(parser.parse_steps(child.scenario.steps)))


_Key = tuple[Path, str, str]
_VISIBLE = pytest.StashKey[dict[Path, list[StepFunctionContext]]]()
_FOUND = pytest.StashKey[dict[_Key, list[StepFunctionContext]]]()


class StepDefinitions:
    """The step definitions that a node sees, gathered once per folder; pytest-bdd itself asks pytest for every step."""

    def __init__(self, node: pytest.Collector | pytest.Session) -> None:
        self._folder = node.path.parent
        visible = node.session.stash.setdefault(_VISIBLE, {})
        if self._folder not in visible:
            visible[self._folder] = list(_definitions_seen_by(node))
        self._visible = visible[self._folder]
        self._found = node.session.stash.setdefault(_FOUND, {})

    def matching(self, step_type: str, text: str) -> list[StepFunctionContext]:
        """The definitions that fit a step of this type (given, when, then) and text, as pytest-bdd would find them."""
        key = (self._folder, step_type, text)
        if key not in self._found:
            of_type = (context for context in self._visible if context.type in (None, step_type))
            self._found[key] = [context for context in of_type if context.parser.is_matching(text)]
        return self._found[key]


def unused_step_definitions(session: pytest.Session, feature_files: Iterable[Path] | None = None) -> list[str]:
    """The step definitions that no step of ``feature_files`` uses, each as ``phrase (file:line)``.

    The files need not be collected; None takes every file in ``features`` below rootdir.
    """
    root = session.config.rootpath
    paths = sorted((root / "features").rglob("*.feature")) if feature_files is None else list(feature_files)
    definitions = StepDefinitions(session)
    steps = (step for path in paths for step in _steps_as_run(path))
    used = {id(context) for step_type, text in steps for context in definitions.matching(step_type, text)}
    theirs = (context for context in _definitions_seen_by(session) if not _is_pytest_bdds(context))
    unused = (context for context in theirs if id(context) not in used)
    return sorted(f"{context.parser.name} ({place_of(context, root)})" for context in unused)


def _steps_as_run(path: Path) -> Iterator[tuple[str, str]]:
    for scenario in scenarios_in(get_gherkin_document(str(path)).feature, path):
        for row in scenario.rows or [Row(scenario.line, {})]:
            for step in (*scenario.background, *scenario.steps):
                yield step.type, render_string(step.name, row.values)


def _definitions_seen_by(node: pytest.Collector | pytest.Session) -> Iterator[StepFunctionContext]:
    manager = node.session._fixturemanager
    for name in get_fixture_names(manager):
        for fixture in getfixturedefs(manager, name, node) or ():
            context = step_function_context_registry.get(fixture.func)
            if context is not None:
                yield context


def _is_pytest_bdds(context: StepFunctionContext) -> bool:
    return context.step_func.__module__.startswith("pytest_bdd.")


def place_of(context: StepFunctionContext, root: Path) -> str:
    """File and line of a step definition, below ``root`` where it is."""
    code = inspect.unwrap(context.step_func).__code__
    path = Path(code.co_filename)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return f"{shown}:{code.co_firstlineno}"
