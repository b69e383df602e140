"""Writes a sign-off to a folder: the page, its JSON twin, and the Allure report beside them where it can be made.

Belongs here: which files a report consists of, and one line about each. May import everything of this package.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dicfix.reports.changes import TWIN
from dicfix.reports.gather import PICTURE, RESULTS
from dicfix.reports.page import Figure, page_of
from dicfix.reports.signoff import SignOff
from dicfix.reports.twin import twin_text

PAGE = "signoff.html"
ALLURE = "allure.html"
HISTORY = "history.jsonl"


def publish(signoff: SignOff, folder: Path, *, results: Path | None, history: Path) -> list[str]:
    """Write page and twin to ``folder``, and the Allure report of ``results``; gives what is to be said, line by line.

    The page leads into the Allure report only when that was made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = pictures(signoff)
    write(folder / TWIN, twin_text(signoff))
    write(folder / PAGE, page_of(signoff, figures=figures))
    written, said = allure_report(results, folder, history) if results else (False, f"{ALLURE} not written: no results")
    if written:
        write(folder / PAGE, page_of(signoff, allure=ALLURE, figures=figures))
    return [f"{PAGE} and {TWIN} written", said]


def allure_report(results: Path, folder: Path, history: Path) -> tuple[bool, str]:
    """Whether the Allure report was made, and a sentence about it; never raises for what is missing."""
    name = "dicfix.reports.allure"
    if find_spec(name) is None:
        return False, f"{ALLURE} not written: this installation has no part for Allure"
    module: Any = import_module(name)
    outcome = module.write(results, folder / ALLURE, signoff=folder / PAGE, history=history)
    return bool(outcome.written), str(outcome.said)


def pictures(signoff: SignOff) -> tuple[Figure, ...]:
    """The pictures that the runs left of their onboarding."""
    several = len(signoff.runs) > 1
    found = ((run, dict(run.files).get(PICTURE)) for run in signoff.runs)
    return tuple(
        Figure(f"Picture of the onboarding{f': {run.label}' if several else ''}", path.read_text(encoding="utf-8"))
        for run, path in found
        if path
    )


def results_of(run: Path) -> Path:
    """Where the Allure results of a run's folder lie."""
    return run / RESULTS


def write(path: Path, text: str) -> None:
    """Write in one go: a reader sees the old or the new, never half."""
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
