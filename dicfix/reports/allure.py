"""``reports/allure.html``: the results of a run as one page by Allure 3, which asks nothing of the network.

Belongs here: the order of the work and what is said of it. A report that cannot be made is one sentence, never an
error: the verdict does not depend on it. May import its neighbours for Node, configuration and privacy, and ``errors``.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicfix.errors import DicfixError
from dicfix.reports.allure_config import DEFAULT_NAME, Places, configuration, write_configuration
from dicfix.reports.allure_history import forget_run, ids_of_results
from dicfix.reports.allure_privacy import keep_private
from dicfix.reports.allure_size import fitting
from dicfix.reports.node import Allure, find_allure

GENERATE_TIMEOUT_S = 300
_NOT_PASSED_ON = ("AWS_", "ALLURE_", "npm_")
"""Beginnings of the variables that Allure has no business to see, or that would change what it does."""


@dataclass(frozen=True, slots=True)
class AllureOutcome:
    """Whether the page was ``written``, and one sentence about it."""

    written: bool
    said: str


class NotGenerated(DicfixError):
    """Allure ran and gave no page."""


def write(
    results_dir: Path,
    output: Path,
    *,
    signoff: Path | None,
    history: Path,
    find: Callable[[], Allure] = find_allure,
) -> AllureOutcome:
    """Make the page of the results; ``signoff`` is attached to it, ``history`` (JSON Lines) gains this run.

    A run counts once in the history, however often its report is made. Never raises for what is missing or fails: that
    is said, with what to do about it. An older page is taken away, lest it be read as this run's.
    """
    output.unlink(missing_ok=True)
    if not any(results_dir.glob("*-result.json")):
        return AllureOutcome(False, f"{output.name} not written: no Allure results in {results_dir.name}")
    try:
        allure = find()
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=".allure-") as unfinished:
            shown, cut = fitting(results_dir, Path(unfinished))
            page = _generate(allure, shown, Path(unfinished) / "report", signoff, history)
            private = Path(unfinished) / output.name
            private.write_text(keep_private(page.read_text(encoding="utf-8")), encoding="utf-8")
            os.replace(private, output)
    except DicfixError as error:
        return AllureOutcome(False, f"{output.name} not written: {' '.join(str(error).split())}")
    except OSError as error:
        return AllureOutcome(False, f"{output.name} not written: {error.strerror or type(error).__name__}")
    more = f"; {cut} long transcripts are shortened in it, whole in {results_dir.name}" if cut else ""
    return AllureOutcome(True, f"{output.name} written by Allure {allure.version} ({allure.found}){more}")


def _generate(allure: Allure, results_dir: Path, report: Path, signoff: Path | None, history: Path) -> Path:
    """Let Allure make its folder ``report``; gives the page inside."""
    folder = report.parents[1]
    attachments = (_relative(signoff, folder),) if signoff and signoff.is_file() else ()
    name = str(_json(results_dir / "executor.json", {}).get("reportName", DEFAULT_NAME))
    places = Places(_relative(report, folder), _relative(history, folder), attachments)
    config = write_configuration(folder, configuration(name, _json(results_dir / "categories.json", []), places))
    forget_run(history, ids_of_results(results_dir))
    _run([*allure.command, "generate", _relative(results_dir, folder), "--config", config.name], folder)
    page = report / "index.html"
    if not page.is_file():
        raise NotGenerated(
            f"Allure {allure.version} made no page", remedy="look at the results with the pinned version"
        )
    return page


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the Allure that was found, with names of ours
            command,
            cwd=folder,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=GENERATE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotGenerated(f"Allure did not end within {GENERATE_TIMEOUT_S} s") from error
    if done.returncode != 0:
        told = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise NotGenerated(f"Allure ended with exit code {done.returncode}: {told[0] if told else 'no reason given'}")


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_PASSED_ON)}
    # Allure puts the address of git's remote into its page, and such an address may hold a token.
    return {**kept, "GIT_DIR": os.devnull, "NO_COLOR": "1"}


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()


def _json(path: Path, default: Any) -> Any:
    """The content of a JSON file, ``default`` where there is none of that kind."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return default
    return value if isinstance(value, type(default)) else default
