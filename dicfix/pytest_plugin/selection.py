"""Which scenarios a run takes: those of its edition, and of its target.

A scenario belongs to an edition when all its clauses do and, if it names editions by tag (``@edition:2024-04``), when
it names this one. Scenarios that a run cannot perform in its mode or target are skipped with NOT_APPLICABLE and why.
"""

from __future__ import annotations

import pytest

from dicfix.guide import clauses_of
from dicfix.pytest_plugin.feature_files import ScenarioInfo, scenario_of
from dicfix.pytest_plugin.options import SETTINGS
from dicfix.pytest_plugin.scenario_tags import key_and_value
from dicfix.settings import Settings

ONBOARD_ONLY = "onboard-only"
OFFLINE_ONLY = "offline-only"
COMMAND_CLAUSES = frozenset({"E2E-2", "E2E-3", "OTA-15.2"})
"""The clauses whose scenarios publish on the topic that every board of an account obeys."""
OTA_COMMAND_CLAUSES = frozenset({"E2E-3", "OTA-15.2"})
"""Those of them that publish ``ota``, which a published board hears once."""
BOARD = "board"
"""The tag of a scenario for a real board."""


def belongs(info: ScenarioInfo, edition: str) -> bool:
    """Whether the scenario is one of this edition's."""
    known = {clause.id for clause in clauses_of(edition)}
    pairs = [key_and_value(tag) for tag in info.tags]
    named = {pair[1] for pair in pairs if pair and pair[0] == "edition"}
    return known.issuperset(info.clauses) and (not named or edition in named)


def not_applicable(info: ScenarioInfo, settings: Settings) -> str:
    """Why the scenario does not apply to this run, or an empty text."""
    if settings.mode == "audit" and ONBOARD_ONLY in info.tags:
        return "NOT_APPLICABLE: an audit performs nothing and opens no MQTT session"
    if settings.target == "aws" and OFFLINE_ONLY in info.tags:
        return "NOT_APPLICABLE: only the embedded cloud can be brought into this state"
    on_board = _on_board(info, settings)
    if on_board:
        return on_board
    commands = settings.target == "aws" and settings.mode == "onboard" and COMMAND_CLAUSES & set(info.clauses)
    if commands and not settings.exclusive_account:
        return "NOT_APPLICABLE: every board of the account would obey the command ([aws] exclusive_account is not true)"
    return ""


def _on_board(info: ScenarioInfo, settings: Settings) -> str:
    boards = settings.target == "aws" and set(settings.real_boards) & set(settings.ota_targets)
    if BOARD in info.tags:
        return "" if boards else "NOT_APPLICABLE: no real board on AWS is among the devices to update"
    if boards and settings.mode == "onboard" and OTA_COMMAND_CLAUSES & set(info.clauses):
        return "NOT_APPLICABLE: a real board would hear ota, which it hears once: the last scenario tells it"
    return ""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect scenarios of other editions, and mark those that cannot be performed here."""
    settings = config.stash[SETTINGS]
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        info = scenario_of(item)
        (kept if info is None or belongs(info, settings.edition) else dropped).append(item)
        reason = not_applicable(info, settings) if info else ""
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
