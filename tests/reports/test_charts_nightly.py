"""The charts of the nightly audits, and the page that they stand on."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from contextlib import redirect_stdout
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from dicfix.__main__ import main
from dicfix.findings import Status
from dicfix.reports.charts import MONTHS, NIGHTS, Expiry, Night, expiry_bars, expiry_chart, findings_chart
from tests.browser import browser

TODAY = date(2026, 11, 22)
ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "reports" / "screenshots"


def ending(**days: int) -> list[Expiry]:
    return [Expiry(name, TODAY + timedelta(days=left)) for name, left in days.items()]


def test_each_certificate_is_counted_once_where_it_ends() -> None:
    bars = expiry_bars(ending(gone=-1, today=0, soon=90, then=91, next_year=360, far=5000), TODAY)
    assert sum(bar.total for bar in bars) == 6
    told = {bar.label: dict(bar.segments) for bar in bars if bar.total}
    assert told["expired"] == {"expired": 1}
    assert told["Nov 2026"] == {"soon": 1}
    assert told["Feb"] == {"soon": 1, "good": 1}
    assert told["later"] == {"good": 1}
    assert len(bars) == MONTHS + 2


def test_the_months_go_on_from_the_one_of_today() -> None:
    labels = [bar.label for bar in expiry_bars([], TODAY)]
    assert labels[:5] == ["expired", "Nov 2026", "Dec", "Jan 2027", "Feb"]
    assert labels[-1] == "later"


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own file
    return [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]


def test_every_kind_has_a_pattern_and_its_number_in_words() -> None:
    svg = expiry_chart(ending(gone=-3, soon=10, far=300), TODAY)
    assert {"expired: 1", "within 90 days: 1", "in more than 90 days: 1"} <= set(texts(svg))
    patterns = re.findall(r'<pattern id="dicfix-(\w+)".*?</pattern>', svg)
    assert {"expired", "soon", "good"} <= set(patterns)
    drawn = [re.sub(r'class="[fs]-\w+"', "", one) for one in re.findall(r"<pattern.*?</pattern>", svg)[:3]]
    shapes = {re.sub(r'id="[^"]+"', "", one) for one in drawn}
    assert len(shapes) == 3, "without their colours they still differ"
    assert "expired 1 expired" in svg, "the description has the numbers"


def nights(count: int) -> list[Night]:
    start = datetime(2026, 9, 1, 2, tzinfo=UTC)
    return [
        Night(start + timedelta(days=n), {Status.FAIL: 9 - n % 10, Status.UNREADABLE: n % 3, Status.WAIVED: 2})
        for n in range(count)
    ]


def test_the_last_nights_are_charted_in_order() -> None:
    svg = findings_chart([*reversed(nights(40))])
    assert f"Findings over the last {NIGHTS} audits" in texts(svg)
    bars = re.findall(r"<g><title>([^:]+):", svg)
    assert len(bars) == NIGHTS
    assert bars[0] == "Sep 11"
    assert bars[-1] == "Oct 10"


def test_two_audits_of_one_day_are_told_apart_by_their_time() -> None:
    times = [
        datetime(2026, 9, 1, 2, tzinfo=UTC),
        datetime(2026, 9, 2, 2, tzinfo=UTC),
        datetime(2026, 9, 2, 14, 5, tzinfo=UTC),
    ]
    svg = findings_chart([Night(one, {Status.FAIL: 1}) for one in times])
    assert re.findall(r"<g><title>(.+?): ", svg) == ["Sep 1", "Sep 2 02:00", "Sep 2 14:05"]


@pytest.mark.parametrize(
    ("svg", "said"),
    [
        (expiry_chart([], TODAY), "No certificate's end is known."),
        (findings_chart([]), "No audit is remembered."),
        (findings_chart([Night(datetime(2026, 1, 1, tzinfo=UTC), {Status.PASS: 4})]), "Nothing was found."),
    ],
)
def test_a_chart_of_nothing_says_so(svg: str, said: str) -> None:
    assert said in texts(svg)


def audit(output: Path, *arguments: str) -> int:
    with redirect_stdout(StringIO()):
        code = main(["audit", "--output-dir", str(output), "--format", "html", *arguments])
    assert code in (0, 1, 3)
    return code


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two audits of the embedded account leave, the second of one with defects."""
    folder = tmp_path_factory.mktemp("nightly")
    audit(folder)
    audit(folder, "--plant", "the CA certificate is INACTIVE")
    return folder


def test_an_audit_leaves_the_page_and_its_nights(output: Path) -> None:
    assert sorted(path.name for path in output.iterdir()) == ["nightly.html", "nights.jsonl"]
    assert len((output / "nights.jsonl").read_text().splitlines()) == 2
    page = (output / "nightly.html").read_text()
    assert "Findings over the last 2 audits" in page
    assert re.search(r"When the \d+ certificates expire", page), "the control's words are understood"
    assert "DIC_EXPLORER" in page


def test_the_page_holds_no_secret_and_no_path(output: Path) -> None:
    page = (output / "nightly.html").read_text() + (output / "nights.jsonl").read_text()
    assert "PRIVATE KEY" not in page
    assert str(output) not in page
    assert str(ROOT) not in page


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (390, False)])
def test_the_page_shows_without_the_network_and_without_scrolling_sideways(
    output: Path, width: int, dark: bool
) -> None:
    with browser() as page:
        page.size(width, 900, dark=dark)
        page.open(output / "nightly.html")
        page.wait_for("Nightly audits", "The numbers")
        assert page.run("document.documentElement.scrollWidth") <= width
        assert page.run("document.querySelectorAll('svg[role=img]').length") == 2
        page.picture(SCREENSHOTS / f"nightly-{width}{'-dark' if dark else ''}.png", whole=True)
        assert page.requests == []
        assert page.problems == []


def test_a_spoilt_line_of_the_history_is_passed_over(output: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "again"
    spoilt.mkdir()
    (spoilt / "nights.jsonl").write_text((output / "nights.jsonl").read_text() + "{cut of\n[]\n{}\n")
    audit(spoilt)
    assert len((spoilt / "nights.jsonl").read_text().splitlines()) == 3
