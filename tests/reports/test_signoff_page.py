"""``signoff.html`` as people open it: in a browser, from a file, wide, on a telephone, in the dark, on paper."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest

from dicfix.reports.allure_history import id_of
from dicfix.reports.page import Figure, page_of
from dicfix.reports.publish import write
from dicfix.reports.signoff import SignOff
from dicfix.reports.twin import twin_text
from tests.browser import Page, browser
from tests.reports.signoff_world import FAILED_STEP, evidence_yaml, judged, waiver, world

SCREENSHOTS = Path(__file__).resolve().parents[2] / "reports" / "screenshots"
LIMIT_BYTES = 20_000_000
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' width='1180' height='40'><title>A wide picture</title></svg>"
WIDE, TELEPHONE = (1280, 900), (390, 844)


@dataclass(frozen=True)
class Made:
    """A page with failures of every kind, and the sign-off that it tells."""

    path: Path
    signoff: SignOff


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("signoff")
    offline = world(folder / "offline")
    offline.fail("AWS-4.4")
    offline.fail("AWS-6.5")
    offline.end("SSL-1", "skipped", "skipped", "not today")
    offline.end("EXP-7", "failed", "broken", "DeadlineExceeded: no CONNACK <within> 10 s & more")
    aws = world(folder / "aws", evidence="AWS with virtual device", age_days=3)
    (folder / "waivers.yaml").write_text(waiver())
    signoff = judged(
        offline.write(),
        aws.write(),
        release="2.1",
        waivers=folder / "waivers.yaml",
        evidence=evidence_yaml(folder, ("E2E-1",)),
    )
    write(folder / "signoff.html", page_of(signoff, allure=["allure.html"], figures=[Figure("A picture", PICTURE)]))
    return Made(folder / "signoff.html", signoff)


@pytest.fixture(scope="module")
def page(made: Made) -> Iterator[Page]:
    with browser() as opened:
        opened.size(*WIDE)
        opened.open(made.path)
        opened.wait_for("Release 2.1", "Approval")
        yield opened


def row_of(page: Page, clause: str) -> str:
    return str(page.run(f"document.getElementById({clause!r}).closest('tr').innerText"))


def test_the_page_shows_the_verdict_and_the_rule_that_decided(page: Page) -> None:
    assert page.run("document.title") == "NO-GO: release 2.1"
    assert page.run("document.querySelector('#verdict .word').innerText") == "NO-GO"
    assert "A scenario shows that the guide is not met." in page.run("document.getElementById('verdict').innerText")
    decided = page.run("document.getElementById('reasons').innerText")
    assert decided.index("NO-GO") < decided.index("INCOMPLETE")
    page.picture(SCREENSHOTS / "signoff-desktop.png", whole=True)


def test_a_failed_scenario_shows_the_step_that_failed_and_why(page: Page) -> None:
    failure = page.run("document.querySelector('#failures .failure').innerText")
    assert "AWS-6.5 holds" in failure
    assert f"{FAILED_STEP} (this step)" in failure
    assert "it is INACTIVE" in failure
    broken = page.run("[...document.querySelectorAll('#failures .failure')].map(e => e.innerText).join('|')")
    assert "no CONNACK <within> 10 s & more" in broken


def test_a_failed_scenario_leads_into_the_allure_report(page: Page) -> None:
    links = page.run("[...document.querySelectorAll('#failures h3 a')].map(e => e.getAttribute('href'))")
    assert f"allure.html#{id_of('uuid-of-test_aws_6_5_holds')}" in links


def test_the_rows_of_clauses_tell_result_scenarios_controls_and_evidence(page: Page) -> None:
    passed = row_of(page, "AWS-4.1")
    for words in ("AWS-4.1", "PASS", "AWS-4.1 holds", "DIC-CA-01", "AWS with virtual device", "3 days ago"):
        assert words in passed
    assert "FAIL" in row_of(page, "AWS-6.5")
    waived = row_of(page, "AWS-4.4")
    assert "WAIVED" in waived
    assert "The factory switches it on at delivery. (Berta Owner, until 2026-06-30)" in waived
    assert "AWS with board" in row_of(page, "E2E-1")
    assert "recorded by Carla Tester" in row_of(page, "E2E-1")


def test_scenarios_that_judged_nothing_are_listed_with_their_reason(page: Page) -> None:
    told = page.run("document.querySelector('#numbers details').textContent")
    assert told.startswith("1 scenario without a judgement, and why")
    assert "SSL-1 holds" in told
    assert told.endswith("onboarding, embedded cloud: not today")


def test_rows_that_block_are_marked_by_more_than_colour(page: Page) -> None:
    marked = page.run("[...document.querySelectorAll('tr.blocks .badge')].map(e => e.innerText.replace(/\\s/g, ' '))")
    assert {one.split(" ", 1)[1] for one in marked} <= {"FAIL", "UNREADABLE"}
    signs = page.run("[...document.querySelectorAll('.badge')].every(e => e.textContent.trim().length > 2)")
    assert signs


def test_the_page_tells_where_with_what_and_by_whom(page: Page, made: Made) -> None:
    shown = page.text()
    for words in (
        "arn:aws:sts::123456789012:assumed-role/tester/anna",
        "eu-west-1",
        "0123456789abcdef0123456789abcdef01234567",
        "python 3.11.7",
        "pytest features",
        "62 planned, 62 executed, 62 reported",
        "Berta Owner",
        "2026-06-30",
        "Carla Tester",
        made.signoff.guide_sha256,
        made.signoff.digest,
        "Test lead",
        "Signature",
    ):
        assert words in shown, words


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_does_not_scroll_sideways_on_a_telephone(page: Page, made: Made, dark: bool) -> None:
    page.size(*TELEPHONE, dark=dark)
    page.open(made.path)
    page.wait_for("Approval")
    assert page.run("document.documentElement.scrollWidth") <= 390
    wide = page.run(
        "[...document.querySelectorAll('main *:not(svg):not(svg *)')]"
        ".filter(e => e.getBoundingClientRect().right > 391).length"
    )
    page.picture(SCREENSHOTS / f"signoff-telephone{'-dark' if dark else ''}.png")
    page.run("document.getElementById('AWS-4.4').closest('tr').scrollIntoView()")
    page.picture(SCREENSHOTS / f"signoff-telephone-clauses{'-dark' if dark else ''}.png")
    page.size(*WIDE)
    assert wide == 0


CONTRAST = """
(() => {
  const linear = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const solid = text => !/rgba\\(.*, 0\\)/.test(text) && !text.includes('/');
  const colour = text => text.startsWith('color(') ? numbers(text).slice(0, 3).map(v => v * 255) : numbers(text);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const text = getComputedStyle(e).backgroundColor;
      if (solid(text)) return colour(text);
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const e of document.querySelectorAll('main *, header *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const pair = [light(colour(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    if (ratio < 4.5) poor.add(`${e.className} ${e.innerText.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return [...poor];
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(page: Page, made: Made, dark: bool) -> None:
    page.size(*WIDE, dark=dark)
    page.open(made.path)
    page.wait_for("Approval")
    poor = page.run(CONTRAST)
    page.picture(SCREENSHOTS / f"signoff-top{'-dark' if dark else ''}.png")
    page.size(*WIDE)
    assert poor == []


def test_the_page_is_structured_for_those_who_cannot_see_it(page: Page) -> None:
    headings = page.run("[...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
    assert headings[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(headings))
    assert page.run("document.documentElement.lang") == "en"
    assert page.run("document.querySelectorAll('table').length > 3")
    assert page.run("[...document.querySelectorAll('thead th')].every(e => e.scope === 'col')")
    ids = page.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    inner = page.run("[...document.querySelectorAll('a')].map(e => e.getAttribute('href'))")
    assert {one[1:] for one in inner if one.startswith("#")} <= set(ids)


def test_a_long_word_on_a_badge_stays_on_a_telephones_screen(page: Page, tmp_path: Path) -> None:
    evidence = evidence_yaml(tmp_path, ("E2E-1",))
    (tmp_path / "board.jpg").unlink()
    idle = tmp_path / "waivers.yaml"
    idle.write_text(waiver())
    signoff = judged(world(tmp_path / "run").write(), evidence=evidence, waivers=idle)
    write(tmp_path / "signoff.html", page_of(signoff))
    page.size(*TELEPHONE)
    page.open(tmp_path / "signoff.html")
    page.wait_for("unused: it matches no FAIL", "its file cannot be read")
    right = page.run("Math.max(...[...document.querySelectorAll('.badge')].map(e => e.getBoundingClientRect().right))")
    page.size(*WIDE)
    assert right <= 376


def test_opening_the_page_asks_nothing_of_the_network(made: Made) -> None:
    with browser() as fresh:
        fresh.open(made.path)
        fresh.wait_for("Approval")
        assert fresh.requests == []
        assert fresh.problems == []
    text = made.path.read_text()
    assert "<script" not in text
    assert re.findall(r"(?:src|href)=\"?(https?:[^\" >]+)", text) == []


PAPER = """
(() => { const shown = e => getComputedStyle(document.querySelector(e)).display;
  const wide = [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  return {nav: shown('nav'), row: shown('.matrix tbody tr'), head: shown('.matrix thead'),
    wide: wide.map(e => e.outerHTML.slice(0, 80)), ground: getComputedStyle(document.body).backgroundColor} })()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_prints_as_tables_on_white_paper_with_nothing_cut_off(page: Page, made: Made, dark: bool) -> None:
    page.size(688, 1000, dark=dark)  # what A4 leaves between its margins
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    page.open(made.path)
    page.wait_for("Approval")
    page.ask("Emulation.setEmulatedMedia", media="print", features=[scheme])
    shown = page.run(PAPER)
    page.ask("Emulation.setEmulatedMedia", media="")
    page.size(*WIDE)
    assert shown == {
        "nav": "none",
        "row": "table-row",
        "head": "table-header-group",
        "wide": [],
        "ground": "rgb(255, 255, 255)",
    }


def test_the_page_of_two_runs_fills_no_more_than_fourteen_sheets(page: Page, made: Made) -> None:
    page.open(made.path)
    page.wait_for("Approval")
    told = base64.b64decode(page.ask("Page.printToPDF", preferCSSPageSize=True)["data"])
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", told)) <= 14


def test_a_thousand_scenarios_take_a_second_and_stay_small(tmp_path: Path) -> None:
    run = world(tmp_path / "run")
    clauses = [row["clauses"] for row in run.manifest["scenarios"].values()]
    for number in range(1000 - len(clauses)):
        run.scenario("".join(clauses[number % len(clauses)]), number + 1)
    folder = run.write()
    assert len(run.results) == 1000
    judged(folder)  # what is imported once is no matter
    began = process_time()  # other programs on the machine are no matter
    signoff = judged(folder)
    page, twin = page_of(signoff, allure=["allure.html"]), twin_text(signoff)
    took = process_time() - began
    assert signoff.runs[0].counts.reported == 1000
    assert took < 1.0, f"{took:.2f} s"
    assert len(page.encode()) < LIMIT_BYTES
    assert len(twin.encode()) < LIMIT_BYTES
    assert page.count("holds number") >= 900
