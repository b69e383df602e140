"""The folder of Allure results: in the right place, never cleaned by a worker, without noise and secrets.

Belongs here: allure-pytest's options, its writer of files, the files beside the results. Imports redaction, settings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import StatusDetails, TestResult, TestResultContainer

from dicfix.pytest_plugin.allure_steps import reporter_of
from dicfix.pytest_plugin.machinery import is_worker, machinery_of
from dicfix.pytest_plugin.redaction import Redactor, redactor_of

CATEGORIES: tuple[Mapping[str, object], ...] = (
    {"name": "Waived deviation", "messageRegex": r"[\s\S]*(\[W-\d+\]|XFAIL)[\s\S]*"},
    {
        "name": "Not simulated by the embedded cloud",
        "messageRegex": r"[\s\S]*(not simulated|NotImplementedError)[\s\S]*",
    },
    {"name": "Differs from the guide", "matchedStatuses": ["failed"]},
    {"name": "Could not be judged", "matchedStatuses": ["broken"]},
    {"name": "Not run", "matchedStatuses": ["skipped"]},
)

_XPASS = pytest.StashKey[str]()
_PATH_OPTIONS = ("allure_report_dir", "xmlpath")


def prepare(config: pytest.Config) -> None:
    """Set allure-pytest's options right; must run before its ``pytest_configure``.

    The results belong below rootdir from whatever folder pytest is started, and a worker (or the one that replaces
    a crashed worker) must never clean the folder that the others write to.
    """
    for name in _PATH_OPTIONS:
        value = getattr(config.option, name, None)
        if value:
            path = Path(os.path.expandvars(value)).expanduser()
            setattr(config.option, name, str(config.rootpath / path))
    if is_worker(config) and hasattr(config.option, "clean_alluredir"):
        config.option.clean_alluredir = False


def results_dir_of(config: pytest.Config) -> Path | None:
    """Where Allure results are written, or None."""
    value = config.getoption("allure_report_dir", None)
    return Path(value) if value and not config.option.collectonly else None


class CleanWriter:
    """Stands before allure_commons' writer of files: redacts, and leaves out containers that say nothing."""

    def __init__(self, writer: AllureFileLogger, redactor: Redactor) -> None:
        self._writer = writer
        self._redactor = redactor

    @allure_commons.hookimpl
    def report_result(self, result: TestResult) -> None:
        """Write a result, redacted."""
        self._writer.report_result(self._redactor.value(result))

    @allure_commons.hookimpl
    def report_container(self, container: TestResultContainer) -> None:
        """Write a container that has a named fixture, redacted."""
        container.befores = [before for before in container.befores if not _is_noise(before.name)]
        container.afters = [after for after in container.afters if not _is_noise(after.name)]
        if container.children and (container.befores or container.afters):
            self._writer.report_container(self._redactor.value(container))

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Write an attachment, redacted."""
        self._writer.report_attached_data(self._redactor.body(body), file_name)

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Write an attached file's content, redacted."""
        self._writer.report_attached_data(self._redactor.body(Path(source).read_bytes()), file_name)

    @allure_commons.hookimpl
    def report_globals(self, globals_item: Any) -> None:
        """Write what belongs to the whole run, redacted."""
        self._writer.report_globals(self._redactor.value(globals_item))


def _is_noise(name: str) -> bool:
    """Fixtures that pytest-bdd makes of step definitions, and finalizers without a name of their own."""
    finalizer = name.rpartition("::")[2] if "::" in name else ""
    return name.startswith(("pytestbdd_", "_")) or finalizer == "<lambda>" or finalizer.isdigit()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Take the place of allure-pytest's writer of files."""
    plugins = allure_commons.plugin_manager
    for writer in [plugin for plugin in plugins.get_plugins() if type(plugin) is AllureFileLogger]:
        ours = CleanWriter(writer, redactor_of(session.config))
        plugins.unregister(writer)
        plugins.register(ours)
        session.config.add_cleanup(partial(_give_back, ours, writer))


def _give_back(ours: object, writer: object) -> None:
    # allure-pytest unregisters its own writer at the end and must find it.
    allure_commons.plugin_manager.unregister(ours)
    allure_commons.plugin_manager.register(writer)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
    """Let what a step returns (``target_fixture``) not look like a fixture's setup; it is told by the step."""
    if fixturedef.func.__module__.startswith("pytest_bdd."):
        vars(fixturedef.func)["__allure_display_name__"] = f"_{fixturedef.argname}"
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the message of a strict xpass, which allure-pytest drops."""
    report = yield
    if report.when == "call" and report.failed and isinstance(report.longrepr, str) and "XPASS" in report.longrepr:
        item.stash[_XPASS] = report.longrepr
    return report


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Write the message of a strict xpass."""
    reporter = reporter_of(item.config)
    result = reporter.get_test(None) if reporter else None
    if result is not None and result.statusDetails is None and _XPASS in item.stash:
        result.statusDetails = StatusDetails(message=item.stash[_XPASS])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the files beside the results: environment, executor, categories."""
    config = session.config
    folder = results_dir_of(config)
    if folder is None or is_worker(config):
        return
    machinery, redactor = machinery_of(config), redactor_of(config)
    environment = {name: redactor.text(str(value)) for name, value in machinery.environment().items()}
    categories = CATEGORIES if machinery.categories is None else machinery.categories
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "environment.properties").write_text(properties(environment), encoding="ascii")
    _write_json(folder / "executor.json", redactor.value({"name": "pytest", "type": "dicfix", **machinery.executor()}))
    _write_json(folder / "categories.json", redactor.value(list(categories)))


def properties(values: Mapping[str, str]) -> str:
    """A Java properties file: one ``key=value`` a line, escaped, pure ASCII."""
    return "".join(f"{_escaped(key, ' :=#!')}={_escaped(value, '')}\n" for key, value in values.items())


def _escaped(text: str, specials: str) -> str:
    named = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", **{char: f"\\{char}" for char in specials}}
    escaped = "".join(named.get(char, char) for char in text)
    return "".join(char if char.isascii() else _utf16_escapes(char) for char in escaped)


def _utf16_escapes(char: str) -> str:
    units = char.encode("utf-16-be").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
