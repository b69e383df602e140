"""Holds a scenario that is tagged ``@performs`` to its contract, around the steps that pytest-bdd runs.

Before its first When the scenario's own controls must fail for the stated reason (``@before:differs`` states another
than ``absent``); after its last step the step must have been performed and the controls must pass. In an audit nothing
is performed, so the contract does not apply there.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from dicfix.accounts.judge import Judge
from dicfix.pytest_plugin.feature_files import scenario_of
from dicfix.pytest_plugin.options import SETTINGS
from dicfix.pytest_plugin.scenario_tags import value_of

_BEGUN = pytest.StashKey[bool]()


def performs(item: pytest.Item) -> bool:
    """Whether the contract applies to this item in this run."""
    info = scenario_of(item)
    return info is not None and "performs" in info.tags and item.config.stash[SETTINGS].mode == "onboard"


def pytest_bdd_before_step(request: pytest.FixtureRequest, step: Any) -> None:
    """Run the controls before the first When of a performing scenario."""
    if step.type != "when" or not performs(request.node) or request.node.stash.get(_BEGUN, False):
        return
    request.node.stash[_BEGUN] = True
    info = scenario_of(request.node)
    judge: Judge = request.getfixturevalue("judge")
    judge.begin_performing(value_of("before", info.tags if info else ()) or "absent")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Close the contract once every step of the scenario has passed."""
    outcome = yield
    if performs(pyfuncitem):
        request = cast(pytest.FixtureRequest, pyfuncitem.funcargs["request"])
        judge: Judge = request.getfixturevalue("judge")
        judge.end_performing()
    return outcome
