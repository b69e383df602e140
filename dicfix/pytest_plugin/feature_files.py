"""Feature files as test files: pytest collects ``*.feature`` itself, one collector per file, one item per scenario.

Belongs here: collection and what can be asked about a collected scenario. Imports the plugin's lint, tags and settings.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.scenario import make_python_name, scenario_wrapper_template_registry

from dicfix.pytest_plugin import scenario_tags, strict_gherkin
from dicfix.pytest_plugin.machinery import machinery_of

if TYPE_CHECKING:
    from pytest_bdd.parser import Scenario, ScenarioTemplate


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """What is known of a scenario before it runs.

    ``line`` counts from 1; ``tags`` are those of scenario, Rule and feature; ``clauses`` are the tags that are clause
    ids, in the guide's order; ``severity`` is that of the closest level that states one, "" if none does;
    ``parameters`` is the row of Examples.
    """

    path: Path
    line: int
    feature: str
    rule: str
    name: str
    description: str
    tags: frozenset[str]
    clauses: tuple[str, ...]
    severity: str
    parameters: tuple[tuple[str, str], ...]


class ScenarioItem(pytest.Function):
    """One scenario, or one row of an outline; its place is the line in the feature file."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """File, line counted from 0, and name, as pytest wants them."""
        return self.path, _template(self).line_number - 1, self.name


class FeatureFile(pytest.Module):
    """One ``.feature`` file; its scenarios are bound by pytest-bdd into a module made for it."""

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType(make_python_name(self.path.stem) or "feature")
        module.__file__ = str(self.path)
        code = compile("from pytest_bdd import scenarios\nscenarios(__file__)\n", str(self.path), "exec")
        exec(code, module.__dict__)  # noqa: S102 - scenarios() binds into its caller's globals
        return module

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """The file's scenarios in file order; a file with problems gives one error that lists them all."""
        try:
            problems = strict_gherkin.problems_of(self)
        except GherkinParseError as error:
            text = f"{_shown(self)}:{error.line}: {error.message}\n    {error.line_content.strip()}"
            raise self.CollectError(text) from error
        except UnicodeDecodeError as error:
            raise self.CollectError(f"{_shown(self)}:1: the file is not UTF-8: {error.reason}.") from error
        if problems:
            raise self.CollectError("\n".join(str(problem) for problem in problems))
        return [self._as_scenario(item) for item in super().collect()]

    def _as_scenario(self, item: pytest.Item | pytest.Collector) -> pytest.Item | pytest.Collector:
        if isinstance(item, pytest.Function):
            # pytest builds the items of a module itself and offers no way to name their class.
            item.__class__ = ScenarioItem
            template = _template(item)
            item.function.__doc__ = f"{template.feature.name}: {template.name}"
        return item


def pytest_configure(config: pytest.Config) -> None:
    """Register the project's tags as marks."""
    machinery = machinery_of(config)
    scenario_tags.register_marks(config, machinery.plain_tags)
    scenario_tags.register_marks(config, {f"{key}(value)": f"the tag @{key}:value" for key in machinery.tag_keys})
    scenario_tags.register_marks(config, dict.fromkeys(machinery.known_clauses or (), "clause of the guide"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> FeatureFile | None:
    """Take every ``.feature`` file."""
    return FeatureFile.from_parent(parent, path=file_path) if file_path.suffix == ".feature" else None


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool | None:
    """A ``key:value`` tag becomes a mark with an argument; the rest is pytest-bdd's."""
    return scenario_tags.apply_tag(tag, function) or None


def scenario_of(item: pytest.Item) -> ScenarioInfo | None:
    """What is known of the scenario behind ``item``; None for an ordinary test."""
    if not isinstance(item, ScenarioItem):
        return None
    return _info(_template(item), parameters_of(item))


def rendered_scenario(item: ScenarioItem) -> Scenario:
    """The scenario with the values of its Examples row filled in, background steps first."""
    return _template(item).render(parameters_of(item))


def parameters_of(item: pytest.Item) -> dict[str, str]:
    """The row of Examples of an outline's item, by column; empty for a plain scenario."""
    callspec = getattr(item, "callspec", None)
    return dict(callspec.params.get("_pytest_bdd_example", {})) if callspec else {}


def scenario_at(rootpath: Path, nodeid: str) -> ScenarioInfo | None:
    """What is known of the scenario with this node id, read from the file: for a process that collected nothing."""
    from pytest_bdd.feature import get_feature

    file_name, _, test_id = nodeid.partition("::")
    path = rootpath / file_name
    if path.suffix != ".feature" or not path.is_file():
        return None
    for name, template in get_feature(str(path.parent), path.name).scenarios.items():
        test_name = f"test_{make_python_name(name)}"
        rows = [row for examples in template.examples for row in examples.as_contexts()]
        for row in rows or [{}]:
            if test_id == (f"{test_name}[{'-'.join(row.values())}]" if row else test_name):
                return _info(template, row)
    return None


def _template(item: pytest.Function) -> ScenarioTemplate:
    return scenario_wrapper_template_registry[item.function]


def _info(template: ScenarioTemplate, parameters: dict[str, str]) -> ScenarioInfo:
    rule_tags = template.rule.tags if template.rule else set()
    levels = (template.tags, rule_tags, template.feature.tags)
    tags = frozenset().union(*levels)
    clauses = sorted(filter(scenario_tags.is_clause_id, tags), key=scenario_tags.clause_order)
    severities = (scenario_tags.value_of("severity", level) for level in levels)
    return ScenarioInfo(
        path=Path(template.feature.filename),
        line=template.line_number,
        feature=template.feature.name,
        rule=template.rule.name if template.rule else "",
        name=template.render(parameters).name,
        description=template.description.strip(),
        tags=tags,
        clauses=tuple(clauses),
        severity=next((severity for severity in severities if severity), ""),
        parameters=tuple(parameters.items()),
    )


def _shown(collector: pytest.Collector) -> str:
    return collector.nodeid
