"""No key, credential or path of the machine is in the Allure report of a run in which much went wrong."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

import pytest

from dicfix.reports.allure import write
from tests.browser import browser
from tests.test_no_secrets import Run, run_features
from tests.tools import missing, require_tool

BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "reports" / "screenshots"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with mishaps, and its report."""
    require_tool("node")
    require_tool("npm")
    done = run_features(tmp_path_factory.mktemp("run"), "mishaps")
    reports = done.project / "reports"
    told = write(
        reports / "allure-results", reports / "allure.html", signoff=None, history=reports / "allure-history.jsonl"
    )
    if "not on this machine" in told.said:
        missing(told.said)
    assert told.written, told.said
    return done


def decoded(text: str) -> str:
    """The text with what lies in it as base64 laid beside it."""
    inside = []
    for found in BASE64.findall(text):
        try:
            inside.append(base64.b64decode(found + "=" * (-len(found) % 4)).decode("latin-1"))
        except binascii.Error:
            continue
    return "\n".join([text, *inside])


def test_nothing_secret_is_in_any_file_of_the_report(run: Run) -> None:
    reports = run.project / "reports"
    written = [path for path in reports.iterdir() if path.is_file()]
    names = {path.name for path in written}
    assert names >= {"allure.html", "allure-history.jsonl", "allurerc.json", "onboarding.svg", "findings.json"}
    texts = {path.name: decoded(path.read_text()) for path in written}
    assert "the light went out" in texts["allure.html"], "what lies inside is read"
    assert {name: found for name, text in texts.items() if (found := run.secrets_in(text))} == {}
    assert {name: found for name, text in texts.items() if (found := run.paths_in(text))} == {}


def test_the_report_of_failures_shows_what_failed(run: Run) -> None:
    with browser() as page:
        page.size(1400, 1000)
        page.open(run.project / "reports" / "allure.html")
        shown = page.wait_for("Failed", "Broken", "Categories", "Global Attachments")
        page.picture(SCREENSHOTS / "allure-of-mishaps.png")
        assert "simulated" in shown
        page.click("Global Attachments 1")
        page.wait_for("Picture of the onboarding")
        page.click("Picture of the onboarding")
        drawn = "[...document.images].some(one => one.naturalWidth > 500) || document.querySelector('.dicfix-figure')"
        assert page.run(f"new Promise(done => setInterval(() => ({drawn}) && done(true), 50))")
        page.picture(SCREENSHOTS / "allure-picture-attached.png")
        assert page.requests == []
