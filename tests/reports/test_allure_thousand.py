"""A thousand scenarios in the Allure report: how big it gets, and that a browser shows them."""

from __future__ import annotations

from pathlib import Path

from tests.allure_results import a_thousand
from tests.browser import browser
from tests.reports.test_allure_page import made

LIMIT_BYTES = 20_000_000


def test_a_thousand_scenarios_stay_below_the_limit(tmp_path: Path) -> None:
    results = a_thousand(tmp_path / "results")
    made(results, tmp_path / "allure.html")
    assert (tmp_path / "allure.html").stat().st_size < LIMIT_BYTES
    with browser() as fresh:
        fresh.open(tmp_path / "allure.html")
        assert "Total\n1000" in fresh.wait_for("Total\n1000")
