"""The configuration that Allure 3 is given, laid out for this suite; every path in it is relative to its own folder.

Written out each time and named on the command line: Allure would pick up any ``allurerc`` of the working directory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "allurerc.json"
KNOWN_ISSUES = "allure-known-issues.json"
HISTORY_RUNS = 30
"""How many runs the trend goes back."""
DEFAULT_NAME = "DIC onboarding guide"
GROUPS = ("epic", "feature", "story")

DASHBOARD: tuple[Mapping[str, object], ...] = (
    {
        "type": "currentStatus",
        "title": "Scenarios of this run (the verdict is on the sign-off page)",
        "metric": "passed",
    },
    {"type": "statusDynamics", "title": "Results over the last runs", "limit": HISTORY_RUNS},
    {
        "type": "testResultSeverities",
        "title": "Results by severity",
        "levels": ["blocker", "critical", "normal", "minor", "trivial"],
        "statuses": ["failed", "broken", "skipped", "passed"],
        "includeUnset": True,
    },
    {"type": "durations", "title": "How long scenarios take", "groupBy": "none"},
    {"type": "durationDynamics", "title": "How long runs take", "limit": HISTORY_RUNS},
)
"""The tiles that say something about this suite; Allure's others stay empty here (facts, judgement on looks)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where Allure reads and writes, each relative to the folder of the configuration, with ``/``."""

    output: str
    history: str
    attachments: tuple[str, ...] = ()


def configuration(name: str, categories: Sequence[Mapping[str, object]], places: Places) -> dict[str, object]:
    """The configuration as JSON values; ``categories`` are those of the results (Allure 2's form, kept by Allure 3)."""
    return {
        "name": name,
        "output": places.output,
        "historyPath": places.history,
        "historyLimit": HISTORY_RUNS,
        "appendHistory": True,
        "resolutions": {"knownIssuesPath": KNOWN_ISSUES, "rules": []},
        "categories": [dict(one) for one in categories],
        "globalAttachments": list(places.attachments),
        "hideLabels": ["host", "thread", "framework", "language", "package", "parentSuite"],
        "plugins": {"awesome": {"options": _page(name)}},
    }


def _page(name: str) -> dict[str, object]:
    return {
        "reportName": name,
        "singleFile": True,
        "reportLanguage": "en",
        "theme": "auto",
        "groupBy": list(GROUPS),
        "charts": [dict(one) for one in DASHBOARD],
        "sections": ["charts", "timeline"],
    }


def write_configuration(folder: Path, content: Mapping[str, object]) -> Path:
    """Write the configuration into its folder."""
    path = folder / FILE_NAME
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
