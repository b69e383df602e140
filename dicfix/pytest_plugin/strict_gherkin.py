"""The lint of feature files at collection: everything that pytest-bdd would let pass in silence is an error.

Belongs here: the rules and the problems of one file. Imports tags, settings and the walk over the file.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_bdd.gherkin_parser import get_gherkin_document
from pytest_bdd.parser import Step, render_string
from pytest_bdd.scenario import make_python_name

from dicfix.pytest_plugin import scenario_tags
from dicfix.pytest_plugin.machinery import Machinery, machinery_of
from dicfix.pytest_plugin.written_features import (
    Row,
    StepDefinitions,
    WrittenScenario,
    header_of,
    place_of,
    scenarios_in,
)

if TYPE_CHECKING:
    from pytest_bdd import gherkin_parser as ast

_PARAMETER = re.compile(r"<([^<>]+)>")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem at a line of a feature file."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def problems_of(collector: pytest.Module) -> list[Problem]:
    """Every problem of the collector's feature file, by line; empty for a file that may run.

    Raises pytest-bdd's GherkinParseError for a file that is not Gherkin.
    """
    file = collector.nodeid
    if not _has_feature(collector.path):
        return [Problem(file, 1, "the file holds no Feature.")]
    feature = get_gherkin_document(str(collector.path)).feature
    _register_clauses(feature, collector.config)
    lint = _Lint(file, collector)
    return sorted(set(lint.feature(feature, collector.path)))


def _register_clauses(feature: ast.Feature, config: pytest.Config) -> None:
    if machinery_of(config).known_clauses is None:
        ids = [tag for tag in _tags_below(feature) if scenario_tags.is_clause_id(tag)]
        scenario_tags.register_marks(config, dict.fromkeys(ids, "clause of the guide"))


def _tags_below(node: ast.Feature | ast.Rule) -> Iterator[str]:
    yield from (tag.name.lstrip("@") for tag in node.tags)
    for child in node.children:
        if child.rule:
            yield from _tags_below(child.rule)
        elif child.scenario:
            yield from (tag.name.lstrip("@") for tag in child.scenario.tags)


def _has_feature(path: Path) -> bool:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return any(line and not line.startswith("#") for line in lines)


class _Lint:
    """The rules, over one file."""

    def __init__(self, file: str, collector: pytest.Collector) -> None:
        self._file = file
        self._collector = collector
        self._machinery: Machinery = machinery_of(collector.config)
        self._plain_marks = scenario_tags.plain_marks(collector.config)
        self._definitions = StepDefinitions(collector)

    def feature(self, feature: ast.Feature, path: Path) -> Iterator[Problem]:
        """Every problem of the file."""
        scenarios = list(scenarios_in(feature, path))
        if not scenarios:
            yield self._problem(feature.location.line, "the feature has no scenarios.")
        rules = [child.rule for child in feature.children if child.rule]
        for tag in (*feature.tags, *(tag for rule in rules for tag in rule.tags)):
            yield from self._tag(tag)
        yield from self._names(scenarios)
        for scenario in scenarios:
            yield from self._tags(scenario)
            yield from self._shape(scenario)
            tables = list(self._tables(scenario))
            yield from tables
            if not tables:
                yield from self._columns(scenario)
                yield from self._duplicate_rows(scenario.rows)
                yield from self._steps(scenario)

    def _problem(self, line: int, text: str) -> Problem:
        return Problem(self._file, line, text)

    def _names(self, scenarios: Sequence[WrittenScenario]) -> Iterator[Problem]:
        seen: dict[str, WrittenScenario] = {}
        for scenario in scenarios:
            name = scenario.node.name
            test_id = f"test_{make_python_name(name)}"
            if test_id == "test_":
                yield self._problem(scenario.line, f"the name {name!r} has no letters to make a test id of.")
            elif (first := seen.setdefault(test_id, scenario)) is not scenario:
                same = "name" if first.node.name == name else f"test id {test_id}"
                yield self._problem(scenario.line, f"{name!r} has the {same} of the scenario in line {first.line}.")

    def _tag(self, tag: ast.Tag) -> Iterator[Problem]:
        name, line = tag.name.lstrip("@"), tag.location.line
        pair = scenario_tags.key_and_value(name)
        known = self._machinery.known_clauses
        if scenario_tags.is_clause_id(name):
            if known is not None and name not in known:
                yield self._problem(line, f"@{name} is no clause of the guide.")
        elif pair is None and name not in self._plain_marks:
            yield self._problem(line, f"unknown tag @{name}; known: {', '.join(sorted(self._plain_marks))}.")
        elif pair and pair[0] not in self._machinery.tag_keys:
            keys = ", ".join(sorted(self._machinery.tag_keys))
            yield self._problem(line, f"unknown tag @{name}; keys are: {keys}.")
        elif pair and pair[0] == "severity" and pair[1] not in scenario_tags.SEVERITIES:
            yield self._problem(line, f"unknown severity @{name}; one of: {', '.join(scenario_tags.SEVERITIES)}.")

    def _tags(self, scenario: WrittenScenario) -> Iterator[Problem]:
        for tag in scenario.node.tags:
            yield from self._tag(tag)
        tags = {tag.name.lstrip("@") for tag in scenario.node.tags} | set(scenario.inherited_tags)
        clauses = any(map(scenario_tags.is_clause_id, tags))
        if not clauses and scenario_tags.BEYOND_GUIDE not in tags:
            hint = f"name its clause (@AWS-4.1) or tag it @{scenario_tags.BEYOND_GUIDE}."
            yield self._problem(scenario.line, f"{scenario.node.name!r} has no clause tag; {hint}")
        for table in scenario.node.examples:
            for tag in table.tags:
                # pytest-bdd turns these into marks by name, past the tag hook.
                if tag.name.lstrip("@") not in self._plain_marks:
                    text = f"{tag.name} on Examples must be a plain registered mark; move it to the scenario."
                    yield self._problem(tag.location.line, text)

    def _shape(self, scenario: WrittenScenario) -> Iterator[Problem]:
        name, steps = scenario.node.name, scenario.steps
        if not steps:
            yield self._problem(scenario.line, f"{name!r} has no steps.")
            return
        if not any(step.type == "then" for step in steps):
            yield self._problem(scenario.line, f"{name!r} has no Then: it would prove nothing.")
        if len(steps) > self._machinery.max_steps:
            text = f"{name!r} has {len(steps)} steps; {self._machinery.max_steps} at most."
            yield self._problem(scenario.line, text)
        for before, step in pairwise(steps):
            if before.type == "then" and step.type == "given":
                yield self._problem(step.line_number, f"Given {step.name!r} stands after a Then.")

    def _tables(self, scenario: WrittenScenario) -> Iterator[Problem]:
        outline = "Outline" in scenario.node.keyword or "Template" in scenario.node.keyword
        tables = scenario.node.examples
        if outline and not tables:
            yield self._problem(scenario.line, f"the outline {scenario.node.name!r} has no Examples.")
        for table in tables:
            if not table.table_body:
                yield self._problem(table.location.line, "Examples without a row.")
            elif set(header_of(table)) != set(header_of(tables[0])):
                yield self._problem(table.location.line, "Examples with other columns than the first of the outline.")

    def _columns(self, scenario: WrittenScenario) -> Iterator[Problem]:
        columns = {column for table in scenario.node.examples for column in header_of(table)}
        own = {name for step in scenario.steps for text in _texts(step) for name in _PARAMETER.findall(text)}
        titles = {name for step in scenario.steps for name in _PARAMETER.findall(step.name)}
        in_name = set(_PARAMETER.findall(scenario.node.name))
        below = {name for step in scenario.background for text in _texts(step) for name in _PARAMETER.findall(text)}
        # A docstring of a plain scenario may hold angle brackets of its own; a step's text may not.
        wanted = (own if columns else titles) | in_name
        for name in sorted(wanted - columns):
            yield self._problem(scenario.line, f"<{name}> is no column of the Examples of {scenario.node.name!r}.")
        for name in sorted(columns - own - in_name - below):
            yield self._problem(scenario.node.examples[0].location.line, f"the column {name!r} is used by no step.")

    def _duplicate_rows(self, rows: Sequence[Row]) -> Iterator[Problem]:
        seen: dict[str, Row] = {}
        for row in rows:
            test_id = "-".join(row.values.values())
            first = seen.setdefault(test_id, row)
            if first is not row:
                same = "values" if first.values == row.values else f"test id [{test_id}]"
                yield self._problem(row.line, f"the row has the {same} of the row in line {first.line}.")

    def _steps(self, scenario: WrittenScenario) -> Iterator[Problem]:
        for row in scenario.rows or [Row(scenario.line, {})]:
            for step in (*scenario.background, *scenario.steps):
                yield from self._step(step, render_string(step.name, row.values))

    def _step(self, step: Step, text: str) -> Iterator[Problem]:
        matches = self._definitions.matching(step.type, text)
        shown = f"{step.type.capitalize()} {text!r}"
        places = [place_of(context, self._collector.config.rootpath) for context in matches]
        if not matches:
            yield self._problem(step.line_number, f"no step definition for {shown}.")
        elif len(matches) > 1:
            yield self._problem(
                step.line_number, f"{len(matches)} step definitions match {shown}: {', '.join(places)}."
            )
        for context, place in zip(matches, places, strict=True):
            if inspect.iscoroutinefunction(context.step_func) or inspect.isasyncgenfunction(context.step_func):
                text = f"the definition of {shown} is async and would never be awaited: {place}."
                yield self._problem(step.line_number, text)


def _texts(step: Step) -> Iterator[str]:
    yield step.name
    if step.docstring is not None:
        yield step.docstring
    for row in step.datatable.rows if step.datatable else ():
        yield from (cell.value for cell in row.cells)
