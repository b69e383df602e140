"""Every finding of a run: the summary that ends it, and ``findings.json`` beside the manifest.

The findings travel from xdist workers to the controller in each report's user properties.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

import pytest

from dicfix.findings import Finding, Status
from dicfix.pytest_plugin.machinery import is_worker
from dicfix.pytest_plugin.manifest import FINDINGS_COUNT, manifest_path, write_manifest
from dicfix.pytest_plugin.options import SETTINGS, runs_features
from dicfix.pytest_plugin.redaction import redactor_of

PROPERTY = "dicfix_findings"
FORMAT = 1
FILE_NAME = "findings.json"


def keep(item: pytest.Item, findings: list[Finding]) -> None:
    """Put a scenario's findings on its report."""
    rows = [{**asdict(finding), "status": finding.status.value} for finding in findings]
    item.user_properties.append((PROPERTY, json.dumps(rows)))


class FindingsLog:
    """The controller's list of findings."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.findings: list[Finding] = []
        self._rows: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the findings off a finished scenario's report."""
        if report.when != "teardown":
            return
        for name, value in report.user_properties:
            if name == PROPERTY:
                rows = json.loads(str(value))
                self.findings.extend(_finding(row) for row in rows)
                self._rows.extend({"scenario": report.nodeid, **row} for row in rows)

    def pytest_sessionfinish(self) -> None:
        """Write the findings with their scenarios, redacted; the manifest, written later, says how many."""
        config = self._config
        if is_worker(config) or config.option.collectonly or not runs_features(config):
            return
        config.stash[FINDINGS_COUNT] = len(self._rows)
        rows = redactor_of(config).value(self._rows)
        write_manifest(manifest_path(config).with_name(FILE_NAME), {"format": FORMAT, "findings": rows})

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """How many findings of each status, and where the reports lie."""
        if not self.findings:
            return
        settings = self._config.stash[SETTINGS]
        counts = Counter(finding.status for finding in self.findings)
        terminalreporter.section(f"DIC guide, edition {settings.edition}, {settings.mode} on {settings.target}")
        text = ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])
        controls = len({finding.control for finding in self.findings})
        terminalreporter.line(f"{len(self.findings)} findings of {controls} controls: {text}")
        bad = (one for one in self.findings if one.status in (Status.FAIL, Status.UNREADABLE))
        for line in dict.fromkeys(f"{one.status.value} {one.sentence()}" for one in bad):  # many scenarios, one finding
            terminalreporter.line(line)


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(**{**row, "status": Status(row["status"])})
