"""Writes a sign-off to a folder: the page, its JSON twin, and an Allure report of each run where it can be made.

Belongs here: which files a report consists of, and one line about each. May import everything of this package.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dicfix.reports.changes import TWIN
from dicfix.reports.charts import Night, expiry_chart, findings_chart
from dicfix.reports.gather import NIGHTS, PICTURE, RESULTS
from dicfix.reports.nightly import expiries_of, nights_of
from dicfix.reports.page import Figure, page_of
from dicfix.reports.runs import Run
from dicfix.reports.signoff import SignOff
from dicfix.reports.twin import twin_text

PAGE = "signoff.html"
ALLURE = "allure.html"
HISTORY = "history.jsonl"


def publish(signoff: SignOff, folder: Path, *, results: Sequence[Path]) -> list[str]:
    """Write page and twin to ``folder``, and an Allure report of each of ``results``; gives what is to be said.

    ``results`` are folders of the first runs, in their order. The page leads into the reports that were made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures, charts = pictures(signoff), charts_of(signoff)
    write(folder / TWIN, twin_text(signoff))
    write(folder / PAGE, page_of(signoff, figures=figures, charts=charts))
    for old in folder.glob(f"{Path(ALLURE).stem}-*.html"):
        old.unlink()
    made = [allure_report(one, folder, number) for number, one in enumerate(results)]
    addresses = [numbered(ALLURE, number) if written else "" for number, (written, _) in enumerate(made)]
    if any(addresses):
        write(folder / PAGE, page_of(signoff, allure=addresses, figures=figures, charts=charts))
    said = list(dict.fromkeys(one for _, one in made)) or [f"{ALLURE} not written: no results"]
    return [f"{PAGE} and {TWIN} written", *said]


def numbered(name: str, number: int) -> str:
    """The name of a file for the run with this number: the first run's is the name itself, the next one's has a 2."""
    path = Path(name)
    return f"{path.stem}-{number + 1}{path.suffix}" if number else name


def allure_report(results: Path, folder: Path, number: int) -> tuple[bool, str]:
    """Whether the Allure report of a run was made, and a sentence about it; never raises for what is missing."""
    name = "dicfix.reports.allure"
    if find_spec(name) is None:
        return False, f"{ALLURE} not written: this installation has no part for Allure"
    module: Any = import_module(name)
    output, history = (folder / numbered(one, number) for one in (ALLURE, HISTORY))
    outcome = module.write(results, output, signoff=folder / PAGE, history=history)
    return bool(outcome.written), str(outcome.said)


def pictures(signoff: SignOff) -> tuple[Figure, ...]:
    """The pictures that the runs left of their onboarding."""
    found = [(run, path) for run in signoff.runs if (path := dict(run.files).get(PICTURE))]
    return tuple(
        Figure(f"Picture of the {run.label if len(found) > 1 else 'onboarding'}", path.read_text(encoding="utf-8"))
        for run, path in found
    )


def charts_of(signoff: SignOff) -> tuple[Figure, ...]:
    """What was found over the last audits, and when certificates expire, for each audit that was given."""
    audits = [run for run in signoff.runs if run.kind == "audit"]
    return tuple(figure for run in audits for figure in _charts(run, f": {run.label}" if len(audits) > 1 else ""))


def _charts(run: Run, which: str) -> Iterator[Figure]:
    day, place = run.started.date(), run.place
    kept = dict(run.files).get(NIGHTS)
    nights = nights_of(kept, place.account, place.region) if kept else ()
    counts = Counter(one.status for one in run.entries)
    yield Figure(f"Findings over the last audits{which}", findings_chart(nights or (Night(run.started, counts),)))
    yield Figure(f"When certificates expire{which}", expiry_chart(expiries_of(run.entries, day), day))


def results_of(run: Path) -> Path:
    """Where the Allure results of a run's folder lie."""
    return run / RESULTS


def write(path: Path, text: str) -> None:
    """Write in one go: a reader sees the old or the new, never half."""
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
