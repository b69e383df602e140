"""The history of Allure 3, one run a line: a run whose report is made again must not count twice.

Source: facts, making the HTML (a result's id in the history is the MD5 of its uuid). Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any


def ids_of_results(results_dir: Path) -> frozenset[str]:
    """The ids under which Allure knows the results of a run, in its pages and in its history."""
    read = (_row(path.read_text(encoding="utf-8")) for path in results_dir.glob("*-result.json"))
    return frozenset(id_of(str(result["uuid"])) for result in read if "uuid" in result)


def id_of(uuid: str) -> str:
    """The id of one result: ``allure.html#<id>`` is its place in the report."""
    return hashlib.md5(uuid.encode(), usedforsecurity=False).hexdigest()


def forget_run(history: Path, ids: AbstractSet[str]) -> None:
    """Take the lines out that tell of results with these ids; lines that are no JSON go too, as Allure would fail."""
    if not history.is_file():
        return
    lines = history.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if (row := _row(line)) and not ids & _ids_in(row)]
    if kept != lines:
        unfinished = history.with_name(f".{history.name}.unfinished")
        unfinished.write_text("".join(kept), encoding="utf-8")
        os.replace(unfinished, history)


def _ids_in(row: dict[str, Any]) -> set[str]:
    results = row.get("testResults")
    items = results.values() if isinstance(results, dict) else ()
    return {str(item.get("id")) for item in items if isinstance(item, dict)}


def _row(text: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}
