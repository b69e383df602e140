"""What a run of the real features tells Allure of itself: surroundings, build, guide, categories, the picture."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicfix.findings import Finding, Status
from dicfix.guide import CLAUSES
from dicfix.pytest_plugin.guide_report import machinery
from dicfix.pytest_plugin.run_report import GUIDE_ADDRESSES, caller_of, executor, guide_address
from dicfix.reports.guide_identity import edition_sha256
from dicfix.settings import Settings
from tests.allure_results import CRASHED, FAILED, UNREADABLE, WAIVED
from tests.feature_runs import run_features

SETTINGS = Settings()
JENKINS = {"BUILD_URL": "https://ci.example/job/7/", "BUILD_NUMBER": "7"}
GITHUB = {
    "GITHUB_SERVER_URL": "https://git.example",
    "GITHUB_REPOSITORY": "us/dic",
    "GITHUB_RUN_ID": "99",
    "GITHUB_RUN_NUMBER": "12",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Allure results of two scenarios of the registration page, performed offline by two workers."""
    folder = tmp_path_factory.mktemp("run")
    wanted = ("-k", "logged_in or aws_is_reachable", "-n", "2")
    run = run_features(folder, "features/02_aws_ca_certificate_registration.feature", *wanted)
    assert run.code == 0, run.out[-3000:]
    return folder / "allure"


def rows(results: Path) -> Iterable[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in results.glob("*-result.json")]


def test_the_surroundings_are_told(results: Path) -> None:
    lines = (results / "environment.properties").read_text().splitlines()
    told = dict(line.replace("\\ ", " ").split("=", 1) for line in lines)
    assert told["Guide edition"] == "2023-08"
    assert told["Guide SHA-256 of the clauses"] == edition_sha256("2023-08")
    assert told["Region"] == "eu-west-1"
    assert told["Account"] == "embedded"
    assert told["Caller"].startswith("arn:aws:sts::")
    assert told["Firmware profile"] == "2023-08"
    assert told["Evidence"] == "simulated"
    assert {"Version of python", "Version of openssl", "Version of moto", "Version of dicfix"} <= set(told)


def test_every_scenario_links_its_clauses_to_the_guide(results: Path) -> None:
    for row in rows(results):
        clauses = [one["value"] for one in row["labels"] if one["name"] == "clause"]
        links = {one["name"]: one["url"] for one in row["links"] if one["type"] == "guide"}
        assert clauses
        assert links == dict.fromkeys(clauses, GUIDE_ADDRESSES["2023-08"])


def test_the_picture_is_attached_to_the_run_once(results: Path) -> None:
    told = [json.loads(path.read_text()) for path in results.glob("*-globals.json")]
    attached = [one for row in told for one in row.get("attachments", ())]
    assert [one["name"] for one in attached] == ["Picture of the onboarding"]
    picture = (results / attached[0]["source"]).read_text()
    assert "thing SQA_DIC_C2" in picture
    assert "Nothing failed." in picture


def test_the_build_of_a_ci_server_is_the_executor() -> None:
    assert executor(SETTINGS, JENKINS) == {
        "reportName": "DIC guide 2023-08, onboarding, embedded cloud",
        "buildName": "build 7",
        "buildOrder": 7,
        "buildUrl": "https://ci.example/job/7/",
    }
    assert executor(SETTINGS, GITHUB)["buildUrl"] == "https://git.example/us/dic/actions/runs/99"
    assert "buildUrl" not in executor(SETTINGS, {})


def test_the_caller_is_the_one_that_the_run_found() -> None:
    seen = Finding("DIC-ACC-01", Status.PASS, "arn:aws:iam::123456789012:user/ana", "", "")
    assert caller_of([replace(seen, control="DIC-ACC-02"), seen]) == seen.resource
    assert caller_of([]) == ""


def test_an_edition_without_a_known_address_has_no_link() -> None:
    assert guide_address("AWS-4.1", Settings(edition="2023-06")) == ""
    assert all(guide_address(one.id, SETTINGS).startswith("https://") for one in CLAUSES)


@pytest.mark.parametrize(
    ("status", "message", "name"),
    [
        ("failed", WAIVED, "Waived"),
        ("failed", f"dicfix.findings.{FAILED}\nand a second line", "Guide deviation"),
        ("broken", UNREADABLE, "Unreadable"),
        ("broken", f"the first line\n{UNREADABLE}", "Unreadable"),
        ("broken", CRASHED, "Environment"),
        ("skipped", "NOT_APPLICABLE: an audit opens no MQTT session", "Not applicable here"),
    ],
)
def test_each_failure_has_its_category(pytestconfig: pytest.Config, status: str, message: str, name: str) -> None:
    """The first that matches counts; Allure 2 asks for the whole message, Allure 3 for a part of it."""
    categories = machinery(pytestconfig, SETTINGS).categories or ()
    for matches in (re.fullmatch, re.search):
        of_status = (one for one in categories if status in one.get("matchedStatuses", (status,)))  # type: ignore[operator]
        found = (one for one in of_status if matches(str(one.get("messageRegex", r"[\s\S]*")), message))
        assert next(found)["name"] == name


def test_the_categories_are_written_in_what_java_and_javascript_share(pytestconfig: pytest.Config) -> None:
    categories = machinery(pytestconfig, SETTINGS).categories or ()
    assert [one["name"] for one in categories if "(?s)" in str(one.get("messageRegex"))] == []
