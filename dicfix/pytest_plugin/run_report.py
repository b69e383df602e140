"""What the reports say of a whole run: its surroundings, who executed it, and the picture of the onboarding.

Told by the coordinating process at the end, when every finding has come in. Imports the manifest's look at tools and
git, and the reports below.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from dicfix.findings import Finding
from dicfix.guide import EDITIONS
from dicfix.pytest_plugin.allure_hygiene import results_dir_of
from dicfix.pytest_plugin.allure_steps import reporter_of
from dicfix.pytest_plugin.findings_log import FindingsLog
from dicfix.pytest_plugin.machinery import is_worker, machinery_of
from dicfix.pytest_plugin.manifest import TOOLS, git_state, tool_versions
from dicfix.pytest_plugin.options import SETTINGS
from dicfix.pytest_plugin.redaction import redactor_of
from dicfix.reports.onboarding_parts import Cast
from dicfix.reports.picture import onboarding_picture
from dicfix.reports.runs import run_label
from dicfix.settings import Settings

PICTURE = "onboarding.svg"
PICTURE_NAME = "Picture of the onboarding"
_LOGIN = "DIC-ACC-01"
"""The control whose resource is the caller's ARN."""

_GUIDE = "https://docs.silabs.com/matter"
GUIDE_ADDRESSES: Mapping[str, str] = {
    "2023-08": f"{_GUIDE}/2.1.1/matter-wifi-dic",
    "2024-04": f"{_GUIDE}/2.2.2/matter-wifi-dic",
}
"""Where an edition is published, as far as is known; it is assumed that releases 2.1.1 and 2.2.2 are these editions.

The pages have no anchors for steps; of edition 2023-06 no address is known.
"""

_CI_RUNS: tuple[tuple[str, str], ...] = (
    ("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}", "{GITHUB_RUN_NUMBER}"),
    ("{CI_JOB_URL}", "{CI_PIPELINE_IID}"),
    ("{BUILD_URL}", "{BUILD_NUMBER}"),
)
"""Address and number of the build at GitHub, GitLab and Jenkins, by the variables that each sets."""


def guide_address(clause_id: str, settings: Settings) -> str:
    """Where the guide says it: the page of the run's edition; empty where none is known, or for no clause of it."""
    edition = EDITIONS[settings.edition]
    return GUIDE_ADDRESSES.get(edition.name, "") if clause_id else ""


def tools_and_revision(root: Path) -> dict[str, str]:
    """The git revision and the version of every tool, as rows of a report."""
    git = git_state(root)
    rows = {"Git revision": f"{git['revision']}{', with changes' if git['dirty'] else ''}"} if git else {}
    return rows | {f"Version of {name}": told for name, told in tool_versions(TOOLS).items()}


def caller_of(findings: Iterable[Finding]) -> str:
    """The ARN of who ran it, as the run's own findings tell it; empty when nobody looked."""
    found = (one.resource for one in findings if one.control == _LOGIN)
    return next((arn for arn in found if arn.startswith("arn:")), "")


def findings_of(config: pytest.Config) -> list[Finding]:
    """Every finding of the run so far."""
    log = config.pluginmanager.get_plugin("dicfix findings")
    return log.findings if isinstance(log, FindingsLog) else []


def executor(settings: Settings, environment: Mapping[str, str] = os.environ) -> dict[str, object]:
    """Who executed the run: pytest, or the build of a CI server that its variables tell of."""
    title = f"DIC guide {settings.edition}, {run_label(settings.mode, settings.target)}"
    for address, number in _CI_RUNS:
        try:
            url, order = (text.format_map(environment) for text in (address, number))
        except KeyError:
            continue
        build = {"buildOrder": int(order)} if order.isdigit() else {}
        return {"reportName": title, "buildName": f"build {order}", "buildUrl": url, **build}
    return {"reportName": title, "buildName": title}


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Draw the onboarding beside the manifest, and attach it to the Allure results as a whole."""
    config = session.config
    findings, results = findings_of(config), results_dir_of(config)
    if is_worker(config) or results is None or not findings:
        return
    settings = config.stash[SETTINGS]
    cast = Cast(settings.policy_name, settings.devices, settings.explorer_name)
    where = f"guide edition {settings.edition}, {run_label(settings.mode, settings.target)}, {settings.region}"
    picture = redactor_of(config).text(onboarding_picture(findings, cast, where=where))
    folder = machinery_of(config).reports_dir or config.rootpath / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PICTURE).write_text(picture, encoding="utf-8")
    _attach(config, picture)


def _attach(config: pytest.Config, picture: str) -> None:
    from allure_commons.types import AttachmentType
    from allure_commons.utils import uuid4

    reporter = reporter_of(config)
    if reporter is not None:
        reporter.global_attach_data(uuid4(), picture, name=PICTURE_NAME, attachment_type=AttachmentType.SVG)
