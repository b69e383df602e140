"""How far a scenario came: one record per item, step by step.

Belongs here: listening to pytest-bdd's step hooks. Allure's steps and the Gherkin section are written from this record.
Imports the collection of feature files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import pytest

from dicfix.pytest_plugin.feature_files import ScenarioItem, rendered_scenario

if TYPE_CHECKING:
    from pytest_bdd.parser import Scenario, Step


class StepState(Enum):
    """Where a step stands; the values are what a reader sees."""

    NOT_REACHED = "-"
    RUNNING = "..."
    PASSED = "ok"
    FAILED = "FAIL"
    SKIPPED = "skip"


@dataclass(slots=True)
class StepRecord:
    """A step and its state; ``error`` is what it raised."""

    step: Step
    state: StepState = StepState.NOT_REACHED
    error: BaseException | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        """The step as written: keyword and text."""
        return f"{self.step.keyword} {self.step.name}"


_RECORD = pytest.StashKey[list[StepRecord]]()


def steps_of(item: ScenarioItem) -> list[StepRecord]:
    """The steps of ``item``, background first; all not reached if the scenario never started."""
    if _RECORD not in item.stash:
        item.stash[_RECORD] = [StepRecord(step) for step in rendered_scenario(item).steps]
    return item.stash[_RECORD]


def current_step(item: pytest.Item) -> StepRecord | None:
    """The step that is running, or None."""
    steps = item.stash.get(_RECORD, [])
    return next((record for record in steps if record.state is StepState.RUNNING), None)


def record_of(item: pytest.Item, step: Step) -> StepRecord | None:
    """The record of this very step, or None for a step that is not of ``item``."""
    return next((record for record in item.stash.get(_RECORD, []) if record.step is step), None)


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_before_scenario(request: pytest.FixtureRequest, scenario: Scenario) -> None:
    """Start a record with the steps that are about to run."""
    request.node.stash[_RECORD] = [StepRecord(step) for step in scenario.steps]


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_before_step(request: pytest.FixtureRequest, step: Step) -> None:
    """The step runs."""
    _set(request, step, StepState.RUNNING)


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_after_step(request: pytest.FixtureRequest, step: Step) -> None:
    """The step passed."""
    _set(request, step, StepState.PASSED)


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_step_error(request: pytest.FixtureRequest, step: Step, exception: BaseException) -> None:
    """The step raised."""
    _set(request, step, StepState.FAILED, exception)


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_step_func_lookup_error(request: pytest.FixtureRequest, step: Step, exception: BaseException) -> None:
    """The step has no definition."""
    _set(request, step, StepState.FAILED, exception)


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_after_scenario(request: pytest.FixtureRequest) -> None:
    """Close a step that pytest-bdd left open: a skip and other BaseExceptions pass by its step hooks."""
    import sys

    record = current_step(request.node)
    if record is not None:
        record.error = sys.exc_info()[1]
        skipped = isinstance(record.error, pytest.skip.Exception)
        record.state = StepState.SKIPPED if skipped else StepState.FAILED


def _set(request: pytest.FixtureRequest, step: Step, state: StepState, error: BaseException | None = None) -> None:
    record = record_of(request.node, step)
    if record is not None:
        record.state, record.error = state, error
