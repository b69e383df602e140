"""Allure results as far as a sign-off needs them: status, message and steps of each scenario.

Belongs here: reading the files of one folder. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Key = tuple[str, str, frozenset[tuple[str, str]]]
"""Feature file, name of the test function, row of Examples: what a result and a node id have in common."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it ended: ``status`` is Allure's word, ``message`` why it did not pass."""

    text: str
    status: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One result file; ``key`` None for what is no scenario (a file that could not be collected)."""

    uuid: str
    file: str
    key: Key | None
    status: str
    message: str
    steps: tuple[Step, ...]
    start_ms: int


def read_results(folder: Path) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """Every result of a folder, in the order of file names, and the names of the files that are no results."""
    read = {path.name: _result(path) for path in sorted(folder.glob("*-result.json"))}
    return tuple(one for one in read.values() if one), tuple(name for name, one in read.items() if one is None)


def key_of(nodeid: str, parameters: Mapping[str, str]) -> Key:
    """What the result of this scenario has in common with it."""
    file, _, test = nodeid.partition("::")
    return file, test.partition("[")[0], frozenset(parameters.items())


def _result(path: Path) -> Result | None:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        details = row.get("statusDetails") or {}
        return Result(
            uuid=str(row["uuid"]),
            file=path.name,
            key=_key(row),
            status=str(row["status"]),
            message=str(details.get("message") or ""),
            steps=tuple(_step(one) for one in row.get("steps", ())),
            start_ms=int(row.get("start") or 0),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _key(row: Mapping[str, Any]) -> Key | None:
    _, separator, function = str(row.get("fullName", "")).rpartition("#")
    file = "/".join(map(str, row.get("titlePath") or ()))
    if not separator or not file.endswith(".feature"):
        return None
    parameters = ((str(one["name"]), str(one["value"])) for one in row.get("parameters", ()))
    return file, function, frozenset(parameters)


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        str(row["name"]), str(row.get("status", "")), str((row.get("statusDetails") or {}).get("message") or "")
    )
