"""Labels, links and descriptions of scenarios, as allure-pytest's own marks: its selection options see them too.

Belongs here: what an Allure result says about where a scenario stands in the guide. Imports collection, settings.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dicfix.pytest_plugin.feature_files import ScenarioInfo, scenario_of
from dicfix.pytest_plugin.machinery import Machinery, machinery_of
from dicfix.pytest_plugin.scenario_tags import key_and_value


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every scenario, before allure-pytest and pytest select by these marks."""
    if not config.pluginmanager.hasplugin("allure_pytest"):
        return
    machinery, described = machinery_of(config), bool(config.getoption("allure_report_dir", None))
    for item in items:
        info = scenario_of(item)
        if info is None:
            continue
        for name, value in labels_of(info, machinery):
            item.add_marker(pytest.mark.allure_label(value, label_type=name))
        for clause_id, url in links_of(info, machinery):
            item.add_marker(pytest.mark.allure_link(url, name=clause_id, link_type="guide"))
        if described:
            item.add_marker(pytest.mark.allure_description(description_of(info, machinery, config.rootpath)))


def labels_of(info: ScenarioInfo, machinery: Machinery) -> list[tuple[str, str]]:
    """Allure labels by name: epic, feature, story (the Rule), severity, clause, and one for each ``key:value`` tag."""
    labels = [("epic", machinery.epic), ("feature", info.feature)]
    if info.rule:
        labels.append(("story", info.rule))
    if info.severity:
        labels.append(("severity", info.severity))
    labels += [("clause", clause_id) for clause_id in info.clauses]
    pairs = (key_and_value(tag) for tag in sorted(info.tags))
    return labels + [pair for pair in pairs if pair and pair[0] != "severity"]


def plain_tags_of(info: ScenarioInfo) -> list[str]:
    """The tags that allure-pytest shows as tags by itself: those without a value."""
    return sorted(tag for tag in info.tags if key_and_value(tag) is None)


def links_of(info: ScenarioInfo, machinery: Machinery) -> list[tuple[str, str]]:
    """Clause id and address in the guide, for the clauses that have one."""
    pairs = ((clause_id, machinery.clause_url(clause_id)) for clause_id in info.clauses)
    return [(clause_id, url) for clause_id, url in pairs if url]


def description_of(info: ScenarioInfo, machinery: Machinery, rootpath: Path) -> str:
    """Markdown: where the scenario stands, its own description, and the text of each of its clauses."""
    path = info.path.relative_to(rootpath) if info.path.is_relative_to(rootpath) else info.path.name
    texts = ((clause_id, machinery.describe_clause(clause_id)) for clause_id in info.clauses)
    clauses = [f"**{clause_id}** {text}" for clause_id, text in texts if text]
    return "\n\n".join(part for part in (info.description, *clauses, f"`{path}:{info.line}`") if part)
