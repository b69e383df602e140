"""Results for what allure-pytest never hears of: the scenario that took its worker down, and files that did not load.

Belongs here: results written by the process that coordinates the run. Imports labels and settings.
"""

from __future__ import annotations

import allure_commons
import pytest
from allure_commons.model2 import Label, Link, Parameter, Status, StatusDetails, TestResult
from allure_commons.utils import md5, now, uuid4
from allure_pytest.utils import ParsedPytestNodeId, get_history_id

from dicfix.pytest_plugin.allure_hygiene import results_dir_of
from dicfix.pytest_plugin.allure_labels import description_of, labels_of, links_of, plain_tags_of
from dicfix.pytest_plugin.feature_files import scenario_at
from dicfix.pytest_plugin.machinery import is_worker, machinery_of


class LostResults:
    """The hooks of the coordinating process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._not_collected: set[str] = set()

    @property
    def _wanted(self) -> bool:
        return results_dir_of(self._config) is not None and not is_worker(self._config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Write the result that the crashed worker took with it."""
        if self._wanted:
            allure_commons.plugin_manager.hook.report_result(result=self._crashed(crashitem, str(report.longrepr)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that could not be collected is a broken result, and a global error for Allure 3."""
        if not report.failed or not self._wanted or report.nodeid in self._not_collected:
            return
        self._not_collected.add(report.nodeid)
        name, message = f"{report.nodeid or 'The session'} could not be collected", str(report.longrepr)
        result = _broken(name, report.nodeid, message)
        result.labels = [Label("epic", machinery_of(self._config).epic), Label("suite", "collection")]
        allure_commons.plugin_manager.hook.report_result(result=result)
        allure_commons.plugin_manager.hook.global_error(message=f"{name}\n{message}", trace=None)

    def _crashed(self, nodeid: str, message: str) -> TestResult:
        place = ParsedPytestNodeId(nodeid)
        full_name = f"{place.package}#{place.test_function}"
        machinery, info = machinery_of(self._config), scenario_at(self._config.rootpath, nodeid)
        result = _broken(nodeid, full_name, message)
        if info is not None:
            result.name = info.name
            result.description = description_of(info, machinery, self._config.rootpath)
            result.parameters = [Parameter(name=name, value=value) for name, value in info.parameters]
            tags = [("tag", tag) for tag in plain_tags_of(info)]
            result.labels = [Label(name, value) for name, value in labels_of(info, machinery) + tags]
            result.links = [Link("guide", url, clause_id) for clause_id, url in links_of(info, machinery)]
            result.historyId = get_history_id(full_name, result.parameters, original_values={})
        result.titlePath = list(place.path_segments)
        result.labels.append(Label("suite", place.module))
        return result


def _broken(name: str, full_name: str, message: str) -> TestResult:
    return TestResult(
        uuid=uuid4(),
        name=name,
        fullName=full_name,
        testCaseId=md5(full_name),
        historyId=md5(full_name),
        status=Status.BROKEN,
        statusDetails=StatusDetails(message=message),
        start=now(),
        stop=now(),
    )
