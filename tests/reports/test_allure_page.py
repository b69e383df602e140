"""``reports/allure.html`` as people open it: in a browser, from a file, without the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dicfix.reports.allure import write
from dicfix.reports.allure_history import id_of
from tests.allure_results import FAILED, Results, one_of_every_kind
from tests.browser import Page, browser
from tests.tools import missing, require_tool

SCREENSHOTS = Path(__file__).resolve().parents[2] / "reports" / "screenshots"
SIGNOFF = "<!doctype html><meta charset=utf-8><title>Sign-off</title><h1>Sign-off: REHEARSED</h1>"


def made(results: Results, output: Path) -> None:
    """Make the page, or skip by name where Allure cannot be had."""
    require_tool("node")
    require_tool("npm")
    signoff = output.parent / "signoff.html"
    signoff.write_text(SIGNOFF)
    told = write(results.folder, output, signoff=signoff, history=output.parent / "history.jsonl")
    if "not on this machine" in told.said:
        missing(told.said)
    assert told.written, told.said


@dataclass(frozen=True)
class Report:
    """The page of the third run, and that run's results."""

    path: Path
    results: Results


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The page after three runs."""
    folder = tmp_path_factory.mktemp("report")
    for run in (1, 2, 3):
        results = one_of_every_kind(folder / f"results-{run}", run)
        made(results, folder / "allure.html")
    return Report(folder / "allure.html", results)


@pytest.fixture(scope="module")
def page(report: Report) -> Iterator[Page]:
    """A browser with the report open."""
    with browser() as opened:
        opened.size(1400, 1000)
        opened.open(report.path)
        opened.wait_for("DIC guide 2023-08, a run", "The policy is attached")
        yield opened


def show(page: Page, report: Report, scenario: str) -> str:
    """Open a scenario in the report and give what is shown."""
    page.open(report.path, f"#{id_of(report.results.uuid(scenario))}")
    return page.wait_for(f"features.02#{scenario}", "Test body" if scenario != "A person has seen it" else "Skipped")


def test_the_page_shows_runs_name_counts_and_the_guides_tree(page: Page, report: Report) -> None:
    page.open(report.path, "#")
    shown = page.wait_for("The policy is attached")
    for words in ("Failed\n2", "Broken\n2", "Passed\n1", "Skipped\n1", "Guide edition\n2023-08", "Evidence\nsimulated"):
        assert words in shown
    tree = [shown.index(words) for words in ("AWS CA certificate registration", "Step 6 - Things", "The thing exists")]
    assert tree == sorted(tree), "epic, feature and story stand above the scenario"
    page.picture(SCREENSHOTS / "allure-results.png")


def test_a_failed_scenario_shows_its_step_severity_category_history_and_link(page: Page, report: Report) -> None:
    shown = show(page, report, "The policy is attached")
    assert "When the step is done" in shown
    assert "Then The policy is attached is as the guide says" in shown
    assert FAILED in shown
    assert "Critical" in shown
    assert "Category: Guide deviation" in shown
    assert "History\n2" in shown, "the two runs before"
    assert page.run("document.querySelector('a[href=\"https://guide.example/registration\"]') !== null")
    page.picture(SCREENSHOTS / "allure-failed-scenario.png")


@pytest.mark.parametrize(
    ("scenario", "category"),
    [
        ("The policy has the guide's JSON", "Waived"),
        ("The CA certificate is registered", "Unreadable"),
        ("The thing exists", "Environment"),
    ],
)
def test_scenarios_are_sorted_to_the_categories(page: Page, report: Report, scenario: str, category: str) -> None:
    assert f"Category: {category}" in show(page, report, scenario)


def test_a_waived_scenario_is_shown_failed_and_accepted(page: Page, report: Report) -> None:
    shown = show(page, report, "The policy has the guide's JSON")
    assert "Failed\nCritical\nCategory: Waived" in shown
    page.open(report.path, "#")
    page.wait_for("Resolutions", "The policy is attached")
    page.click("Resolutions 1")
    shown = page.wait_for("Accepted", "The policy has the guide's JSON")
    assert "The policy is attached" not in shown
    page.picture(SCREENSHOTS / "allure-waived-scenario.png")


def test_the_dashboard_has_our_tiles_and_none_is_empty(page: Page, report: Report) -> None:
    page.open(report.path, "#charts")
    shown = page.wait_for("Scenarios of this run", "Results over the last runs", "Results by severity", "How long runs")
    assert "No results" not in shown
    assert "Latest" in shown, "the trend ends with this run"
    page.picture(SCREENSHOTS / "allure-dashboard.png", whole=True)


def test_the_sign_off_page_is_attached(page: Page, report: Report) -> None:
    page.open(report.path, "#")
    page.wait_for("Global Attachments", "The policy is attached")
    page.click("Global Attachments 1")
    page.wait_for("signoff.html")
    page.click("signoff.html")
    framed = "document.querySelector('iframe') !== null"
    assert page.run(f"new Promise(done => setInterval(() => {framed} && done(true), 50))")
    page.picture(SCREENSHOTS / "allure-signoff-attached.png")


def test_the_page_is_readable_in_the_dark(page: Page, report: Report) -> None:
    page.size(1400, 1000, dark=True)
    page.open(report.path, "#")
    page.wait_for("The policy is attached")
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    page.picture(SCREENSHOTS / "allure-results-dark.png")
    page.size(1400, 1000)
    red, green, blue = (int(one) for one in str(ground).strip("rgba() ").split(",")[:3])
    assert max(red, green, blue) < 80, ground


def test_the_page_does_not_scroll_sideways_on_a_telephone(page: Page, report: Report) -> None:
    page.size(390, 844)
    show(page, report, "The policy is attached")
    width = page.run("document.documentElement.scrollWidth")
    page.picture(SCREENSHOTS / "allure-telephone.png")
    page.size(1400, 1000)
    assert width <= 390


def test_opening_the_page_asks_nothing_of_the_network(report: Report) -> None:
    with browser() as fresh:
        fresh.size(1400, 1000)
        fresh.open(report.path)
        fresh.wait_for("The policy is attached")
        fresh.open(report.path, "#charts")
        fresh.wait_for("Results over the last runs")
        show(fresh, report, "The port is 8883")
        assert fresh.requests == []
        assert fresh.problems == []


def test_the_browser_of_the_tests_would_see_a_request(tmp_path: Path) -> None:
    (tmp_path / "asking.html").write_text('<!doctype html><p>shown</p><img src="https://asked.example/pixel.png">')
    with browser() as fresh:
        fresh.open(tmp_path / "asking.html")
        fresh.wait_for("shown")
        assert set(fresh.requests) == {"https://asked.example/pixel.png"}


def test_the_policy_alone_would_hold_a_request_back(report: Report) -> None:
    with browser() as fresh:
        fresh.open(report.path)
        fresh.wait_for("The policy is attached")
        asked = "fetch('https://asked.example/').then(() => 'answered', () => 'refused')"
        assert fresh.run(asked) == "refused"
        assert fresh.requests == []
