"""No key, credential or path of the machine is in any artefact of a run in which much went wrong."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicfix.reports.publish import publish
from dicfix.reports.release import freeze
from dicfix.reports.signoff import Choices, sign_off
from tests.browser import browser
from tests.reports.signoff_world import audited, finding
from tests.test_no_secrets import Run, run_features
from tests.tools import missing, require_tool

PEM = "-----BEGIN " + "EC PRIVATE KEY----- MHcCAQEEIA -----END " + "EC PRIVATE KEY-----"
BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "reports" / "screenshots"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with mishaps, its sign-off with an audit, both pages, and all of it frozen as a release."""
    require_tool("node")
    require_tool("npm")
    done = run_features(tmp_path_factory.mktemp("run"), "mishaps")
    reports = done.project / "reports"
    planted = finding("DIC-HRD-01", "FAIL", observed=f"{PEM} in {Path.home()}/keys")
    audit = audited(reports.parent / "audit", planted, nights=2)
    choices = Choices((reports,), (audit,), release="1.0", reports=reports)
    signoff = sign_off(choices, datetime.now(UTC))
    said = " ".join(publish(signoff, reports, results=[reports / "allure-results"]))
    if "not on this machine" in said:
        missing(said)
    assert "allure.html written" in said, said
    freeze(signoff, choices, None)
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
    written = {path.relative_to(reports).as_posix(): path for path in reports.rglob("*") if path.is_file()}
    made = {"allure.html", "history.jsonl", "allurerc.json", "onboarding.svg", "findings.json", "run.json"}
    pages = {"signoff.html", "signoff.json"}
    record = {f"signoff/1.0/{one}" for one in (*pages, "allure.html", "seal.json", "SHA256SUMS", "runs/1/run.json")}
    assert set(written) >= made | pages | record | {
        "signoff/1.0/runs/2/findings.jsonl",
        "signoff/1.0/runs/2/nights.jsonl",
    }
    texts = {name: decoded(path.read_text(errors="replace")) for name, path in written.items()}
    assert "the light went out" in texts["allure.html"], "what lies inside is read"
    assert "the light went out" in texts["signoff.html"]
    assert "DIC-HRD-01" in texts["signoff.html"]
    assert {name: found for name, text in texts.items() if (found := run.secrets_in(text))} == {}
    assert {name: found for name, text in texts.items() if (found := run.paths_in(text))} == {}


def test_the_report_of_failures_shows_what_failed(run: Run) -> None:
    with browser() as page:
        page.size(1400, 1000)
        page.open(run.project / "reports" / "allure.html")
        shown = page.wait_for("Failed", "Broken", "Categories", "Global Attachments")
        page.picture(SCREENSHOTS / "allure-of-mishaps.png")
        assert "simulated" in shown
        page.click("Global Attachments 2")
        page.wait_for("Picture of the onboarding")
        page.click("Picture of the onboarding")
        drawn = "[...document.images].some(one => one.naturalWidth > 500) || document.querySelector('.dicfix-figure')"
        assert page.run(f"new Promise(done => setInterval(() => ({drawn}) && done(true), 50))")
        page.picture(SCREENSHOTS / "allure-picture-attached.png")
        assert page.requests == []
