"""A failing scenario as its reader wrote it: each step with its outcome, and a traceback without pytest-bdd's insides.

Belongs here: what a person sees in the terminal of a failure. Imports the collection and the record of steps.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import _pytest
import pluggy
import pytest
import pytest_bdd

from dicfix.pytest_plugin.feature_files import ScenarioItem, scenario_of
from dicfix.pytest_plugin.scenario_record import steps_of

if TYPE_CHECKING:
    from _pytest._code.code import TracebackEntry

SECTION = "Gherkin"

_INSIDES = tuple(Path(str(module.__file__)).parent for module in (pytest_bdd, _pytest, pluggy))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shorten the traceback before the report is made, add the Gherkin section after."""
    if isinstance(item, ScenarioItem) and call.excinfo is not None:
        _drop_insides(call.excinfo)
    report = yield
    if isinstance(item, ScenarioItem) and report.failed:
        report.sections.append((SECTION, gherkin_text(item)))
    return report


def gherkin_text(item: ScenarioItem) -> str:
    """The scenario, a line for each step: place, ``ok``, ``FAIL``, ``skip`` or ``-`` (not reached), and its words."""
    info = scenario_of(item)
    if info is None:
        return ""
    root = item.config.rootpath
    file = str(info.path.relative_to(root)) if info.path.is_relative_to(root) else info.path.name
    steps = steps_of(item)
    places = [f"{file}:{record.step.line_number}" for record in steps]
    width = max(map(len, places), default=0)
    lines = [
        f"  {place:<{width}}  {record.state.value:<4}  {record.title}"
        for place, record in zip(places, steps, strict=True)
    ]
    return "\n".join([f"Scenario: {info.name}", *lines])


def _drop_insides(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    kept = excinfo.traceback.filter(_is_ours)
    if kept:
        excinfo.traceback = kept


def _is_ours(entry: TracebackEntry) -> bool:
    path = Path(entry.path)
    return not any(path.is_relative_to(folder) for folder in _INSIDES)
