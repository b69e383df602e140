"""What the generic plugin modules are told about this project, and the order in which they are registered.

Belongs here: the settings object and the registration, nothing that acts. Imports the plugin modules when registering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dicfix.pytest_plugin.scenario_tags import BEYOND_GUIDE

PLAIN_TAGS: Mapping[str, str] = {
    "performs": "the scenario performs a step of the guide, and proves that it was not yet done",
    BEYOND_GUIDE: "the scenario answers for no clause of the guide",
}


def _no_text(_clause_id: str) -> str:
    return ""


def _nothing() -> dict[str, object]:
    return {}


def _no_properties() -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Machinery:
    """Settings and callbacks of the plugin modules; every callback is called late, never at registration.

    ``known_clauses`` None accepts every tag of the form of a clause id. ``reports_dir`` is where ``run.json`` goes;
    None is ``reports`` below rootdir. ``clause_url`` may answer "" for a clause without an address.
    """

    epic: str = "DIC guide"
    describe_clause: Callable[[str], str] = _no_text
    clause_url: Callable[[str], str] = _no_text
    known_clauses: frozenset[str] | None = None
    tag_keys: frozenset[str] = frozenset({"severity", "edition", "owner"})
    plain_tags: Mapping[str, str] = field(default_factory=lambda: dict(PLAIN_TAGS))
    max_steps: int = 9
    environment: Callable[[], Mapping[str, str]] = _no_properties
    executor: Callable[[], Mapping[str, object]] = _nothing
    categories: Sequence[Mapping[str, object]] | None = None
    run_fields: Callable[[], Mapping[str, object]] = _nothing
    reports_dir: Path | None = None


_KEY = pytest.StashKey[Machinery]()
_DEFAULT = Machinery()


def machinery_of(config: pytest.Config) -> Machinery:
    """The settings given to ``register``; the defaults before that."""
    return config.stash.get(_KEY, _DEFAULT)


def is_worker(config: pytest.Config) -> bool:
    """True in a pytest-xdist worker process."""
    return hasattr(config, "workerinput")


def register(config: pytest.Config, machinery: Machinery | None = None) -> None:
    """Register the plugin modules; to be called from a ``pytest_configure(tryfirst=True)`` before allure-pytest's."""
    from dicfix.pytest_plugin import (
        allure_hygiene,
        allure_labels,
        allure_steps,
        feature_files,
        gherkin_traceback,
        scenario_record,
    )
    from dicfix.pytest_plugin.allure_lost import LostResults
    from dicfix.pytest_plugin.manifest import Manifest

    config.stash[_KEY] = machinery or Machinery()
    allure_hygiene.prepare(config)
    manager = config.pluginmanager
    for module in (feature_files, scenario_record, allure_steps, allure_labels, allure_hygiene, gherkin_traceback):
        manager.register(module, module.__name__)
    for plugin in (LostResults(config), Manifest(config)):
        manager.register(plugin, type(plugin).__module__)
