"""The manifest of a run, ``reports/run.json``: what was to run, what ran, what came of it, and with which tools.

Belongs here: counting and writing; the verdict is drawn elsewhere. Written by the coordinating process, for runs that
concern feature files. Imports collection, redaction and settings.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import ssl
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from dicfix.pytest_plugin.feature_files import ScenarioInfo, scenario_at, scenario_of
from dicfix.pytest_plugin.machinery import is_worker, machinery_of
from dicfix.pytest_plugin.redaction import redactor_of
from dicfix.pytest_plugin.scenario_tags import key_and_value

FORMAT = 1
FILE_NAME = "run.json"
FINDINGS_COUNT = pytest.StashKey[int]()
"""How many findings lie beside the manifest."""
TOOLS = (
    "dicfix", "pytest", "pytest-bdd", "pytest-xdist", "allure-pytest", "boto3", "botocore", "moto", "cryptography",
    "pyOpenSSL", "paho-mqtt",
)  # fmt: skip

_DESELECTED = "dicfix_deselected"
_SCENARIOS = "dicfix_scenarios"
_GIT_TIMEOUT_S = 10


class Manifest:
    """Gathers one run and writes it at the end; in a worker it only passes on what the worker deselected."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = datetime.now(UTC)
        self._collected: dict[str, None] = {}
        self._deselected: dict[str, None] = {}
        self._scenarios: dict[str, dict[str, object]] = {}
        self._executed: dict[str, None] = {}
        self._outcomes: dict[str, str] = {}
        self._collection_errors: dict[str, str] = {}
        self._crashes: list[dict[str, str]] = []
        self._lost_workers: list[str] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember what -k, -m, --lf and Allure's options took out."""
        self._deselected.update(dict.fromkeys(item.nodeid for item in items))
        self._describe(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What is to run, without workers."""
        self._collected.update(dict.fromkeys(item.nodeid for item in session.items))
        self._describe(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """What is to run, as a worker found it."""
        self._collected.update(dict.fromkeys(ids))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what could not be collected."""
        if report.failed:
            self._collection_errors[report.nodeid] = str(report.longrepr)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the outcome of each phase."""
        if report.when == "call":
            self._executed[report.nodeid] = None
        outcome = _outcome(report)
        if outcome is not None:
            self._outcomes[report.nodeid] = outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        """Remember the scenario that took a worker down."""
        self._executed[crashitem] = None
        self._crashes.append({"worker": report.node.gateway.id, "while_running": crashitem})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        """Take over what a worker deselected; note a worker that did not end by itself."""
        told = getattr(node, "workeroutput", {})
        self._deselected.update(dict.fromkeys(told.get(_DESELECTED, ())))
        self._scenarios.update(json.loads(told.get(_SCENARIOS, "{}")))
        if error:
            self._lost_workers.append(str(node.gateway.id))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the manifest."""
        if is_worker(self._config):
            told: dict[str, object] = self._config.workeroutput  # type: ignore[attr-defined]
            told.update({_DESELECTED: list(self._deselected), _SCENARIOS: json.dumps(self._scenarios)})
        elif not self._config.option.collectonly and self._concerns_features():
            write_manifest(manifest_path(self._config), self.content(int(session.exitstatus)))

    def content(self, exit_code: int) -> dict[str, object]:
        """The manifest as JSON values, redacted."""
        stopped = datetime.now(UTC)
        redactor, root = redactor_of(self._config), self._config.rootpath
        content: dict[str, object] = {
            "format": FORMAT,
            "started": self._started.isoformat(timespec="milliseconds"),
            "stopped": stopped.isoformat(timespec="milliseconds"),
            "duration_s": round((stopped - self._started).total_seconds(), 3),
            "exit_code": exit_code,
            "command": ["pytest", *map(str, self._config.invocation_params.args)],
            "workers": self._config.getoption("numprocesses", None) or 0,
            "git": git_state(root),
            "versions": tool_versions(TOOLS),
            "plugins": self._plugins(),
            **self._tests(),
            "scenarios": self._described(),
            "files_not_asked": self._files_not_asked(),
            "findings": self._config.stash.get(FINDINGS_COUNT, None),
            "run": dict(machinery_of(self._config).run_fields()),
        }
        return {key: redactor.value(value) for key, value in content.items()}

    def _tests(self) -> dict[str, object]:
        return {
            "collected": list(self._collected),
            "deselected": list(self._deselected),
            "executed": list(self._executed),
            "reported": self._outcomes,
            "missing": [nodeid for nodeid in self._collected if nodeid not in self._outcomes],
            "collection_errors": [{"id": key, "message": text} for key, text in self._collection_errors.items()],
            "crashes": self._crashes,
            "lost_workers": self._lost_workers,
        }

    def _describe(self, items: Iterable[pytest.Item]) -> None:
        infos = ((item.nodeid, scenario_of(item)) for item in items)
        root = self._config.rootpath
        self._scenarios.update({nodeid: scenario_row(info, root) for nodeid, info in infos if info is not None})

    def _described(self) -> dict[str, object]:
        """What is known of each scenario; read from its file where every worker that collected it was lost."""
        root, rows = self._config.rootpath, dict(self._scenarios)
        for nodeid in (*self._collected, *self._deselected):
            if nodeid not in rows and (info := scenario_at(root, nodeid)) is not None:
                rows[nodeid] = scenario_row(info, root)
        return {nodeid: rows[nodeid] for nodeid in (*self._collected, *self._deselected) if nodeid in rows}

    def _files_not_asked(self) -> list[str]:
        """The feature files of the project that the command line left out."""
        root = self._config.rootpath
        seen = {one.partition("::")[0] for one in (*self._collected, *self._deselected, *self._collection_errors)}
        paths = (path.relative_to(root).as_posix() for path in sorted((root / "features").rglob("*.feature")))
        return [path for path in paths if path not in seen]

    def _plugins(self) -> dict[str, str]:
        distributions = (dist for _, dist in self._config.pluginmanager.list_plugin_distinfo())
        return dict(sorted({str(dist.project_name): str(dist.version) for dist in distributions}.items()))

    def _concerns_features(self) -> bool:
        ids = (*self._collected, *self._deselected, *self._collection_errors)
        return any(nodeid.partition("::")[0].endswith(".feature") for nodeid in ids)


def scenario_row(info: ScenarioInfo, root: Path) -> dict[str, object]:
    """What the manifest says of a scenario, as JSON values."""
    path = info.path.relative_to(root).as_posix() if info.path.is_relative_to(root) else info.path.name
    pairs = (key_and_value(tag) for tag in sorted(info.tags))
    return {
        "name": info.name,
        "feature": info.feature,
        "rule": info.rule,
        "place": f"{path}:{info.line}",
        "clauses": list(info.clauses),
        "severity": info.severity,
        "tags": [tag for tag in sorted(info.tags) if tag not in info.clauses and key_and_value(tag) is None],
        "editions": [pair[1] for pair in pairs if pair and pair[0] == "edition"],
        "parameters": dict(info.parameters),
    }


def manifest_path(config: pytest.Config) -> Path:
    """Where the manifest of this run goes."""
    return (machinery_of(config).reports_dir or config.rootpath / "reports") / FILE_NAME


def write_manifest(path: Path, content: dict[str, object]) -> None:
    """Write the manifest in one go: a reader sees the old or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def tool_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Versions of Python, OpenSSL as Python uses it, and the installed ones of ``distributions``."""
    versions = {"python": platform.python_version(), "openssl": ssl.OPENSSL_VERSION, "platform": platform.platform()}
    for name in distributions:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def git_state(root: Path) -> dict[str, object] | None:
    """Revision and whether anything differs from it; None outside a repository or without git."""
    git = shutil.which("git")
    if git is None:
        return None
    answers = []
    for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain")):
        done = subprocess.run(  # noqa: S603 - fixed arguments
            [git, *arguments], cwd=root, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False
        )
        if done.returncode != 0:
            return None
        answers.append(done.stdout.strip())
    return {"revision": answers[0], "dirty": bool(answers[1])}


def _outcome(report: pytest.TestReport) -> str | None:
    """The outcome that this phase gives its test; None for a phase that says nothing new."""
    if report.when not in {"setup", "call", "teardown"}:
        return "crashed"
    expected_failure = hasattr(report, "wasxfail")
    if report.skipped:
        return "xfailed" if expected_failure else "skipped"
    if report.when == "call":
        return "xpassed" if report.passed and expected_failure else report.outcome
    return "error" if report.failed else None
