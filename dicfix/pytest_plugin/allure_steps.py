"""Gherkin steps, titles and outline parameters in Allure results, and attachments for steps and fixtures.

Belongs here: what a run adds to the Allure result of its scenario. Does nothing without ``--alluredir``. Step arguments
are never written: only docstrings, tables and what is attached on purpose.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from allure_commons.model2 import ExecutableItem, Parameter, Status, StatusDetails, TestStepResult
from allure_commons.types import AttachmentType
from allure_commons.utils import now, uuid4
from allure_pytest.utils import get_status

from dicfix.pytest_plugin.feature_files import ScenarioItem, scenario_of
from dicfix.pytest_plugin.scenario_record import StepState, record_of, steps_of

if TYPE_CHECKING:
    from pytest_bdd.parser import Step

_OPEN = pytest.StashKey[str]()


def reporter_of(config: pytest.Config) -> Any:
    """allure-pytest's reporter, or None when no results are written."""
    listener = config.pluginmanager.get_plugin("allure_listener")
    return listener.allure_logger if listener else None


class Evidence:
    """Attaches evidence to the running step (or fixture, or test) of the result; silent without ``--alluredir``."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @property
    def wanted(self) -> bool:
        """True when attachments are written, for callers whose evidence is costly to gather."""
        return reporter_of(self._config) is not None

    def attach_text(self, name: str, text: str) -> None:
        """Attach a text."""
        self._attach(name, text, AttachmentType.TEXT)

    def attach_json(self, name: str, value: object) -> None:
        """Attach a value as JSON; of a dataclass only the fields with ``repr``, so never a key."""
        self._attach(name, json.dumps(_plain(value), indent=2, ensure_ascii=False), AttachmentType.JSON)

    def _attach(self, name: str, body: str, kind: AttachmentType) -> None:
        reporter = reporter_of(self._config)
        if reporter is not None and reporter.get_last_item(ExecutableItem) is not None:
            reporter.attach_data(uuid4(), body, name=name, attachment_type=kind)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value) if field.repr}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def pytest_bdd_before_step(request: pytest.FixtureRequest, step: Step) -> None:
    """Start the step in the result."""
    reporter, record = reporter_of(request.config), record_of(request.node, step)
    result = reporter.get_test(None) if reporter else None
    if record is None or result is None:
        return
    uuid = request.node.stash[_OPEN] = uuid4()
    reporter.start_step(result.uuid, uuid, TestStepResult(name=record.title, start=now()))
    _attach_arguments(reporter, uuid, step)


@pytest.hookimpl(trylast=True)
def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """Close the step that passed."""
    _close(request, Status.PASSED, None)


@pytest.hookimpl(trylast=True)
def pytest_bdd_step_error(request: pytest.FixtureRequest, exception: BaseException) -> None:
    """Close the step that raised."""
    _close(request, get_status(exception), exception)


def pytest_bdd_step_func_lookup_error(request: pytest.FixtureRequest, step: Step, exception: BaseException) -> None:
    """A step without definition is broken."""
    pytest_bdd_before_step(request, step)
    _close(request, Status.BROKEN, exception)


@pytest.hookimpl(trylast=True)
def pytest_bdd_after_scenario(request: pytest.FixtureRequest) -> None:
    """Close a step that was left open by a skip or an interrupt."""
    if _OPEN in request.node.stash:
        last = [record for record in steps_of(request.node) if record.state is not StepState.NOT_REACHED][-1]
        _close(request, get_status(last.error) if last.error else Status.BROKEN, last.error)


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Complete the result: title, parameters, steps that were not reached.

    Runs inside allure-pytest's wrapper of this hook, which computes the history id from the parameters.
    """
    reporter, info = reporter_of(item.config), scenario_of(item)
    result = reporter.get_test(None) if reporter else None
    if result is None or info is None or not isinstance(item, ScenarioItem):
        return
    result.name = info.name
    others = [parameter for parameter in result.parameters if parameter.name != "_pytest_bdd_example"]
    result.parameters = [*others, *(Parameter(name=name, value=value) for name, value in info.parameters)]
    not_reached = (record for record in steps_of(item) if record.state is StepState.NOT_REACHED)
    result.steps.extend(TestStepResult(name=record.title, status=Status.SKIPPED) for record in not_reached)


def _attach_arguments(reporter: Any, uuid: str, step: Step) -> None:
    if step.docstring is not None:
        reporter.attach_data(uuid4(), step.docstring, "docstring", AttachmentType.TEXT, parent_uuid=uuid)
    if step.datatable is not None:
        rows = ["\t".join(str(cell) for cell in row) for row in step.datatable.raw()]
        reporter.attach_data(uuid4(), "\n".join(rows), "table", AttachmentType.TSV, parent_uuid=uuid)


def _close(request: pytest.FixtureRequest, status: str, error: BaseException | None) -> None:
    uuid = request.node.stash.get(_OPEN, None)
    if uuid is not None:
        del request.node.stash[_OPEN]
        details = StatusDetails(message=f"{type(error).__name__}: {error}") if error else None
        reporter_of(request.config).stop_step(uuid, stop=now(), status=status, statusDetails=details)
