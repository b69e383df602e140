"""`dicfix report`, `dicfix signoff` and `dicfix guide diff` as commands: what they write, say and exit with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dicfix.__main__ import main
from dicfix.reports.allure_history import id_of
from dicfix.reports.matrix import BOARD_CLAUSES
from dicfix.reports.publish import numbered
from tests.reports import signoff_world
from tests.reports.signoff_world import World, evidence_yaml, waiver, world


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Work in an empty folder, without Allure, at the world's time."""

    class Clock(signoff_world.datetime):
        @classmethod
        def now(cls, tz=None):
            return signoff_world.NOW

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dicfix.cli.report.datetime", Clock)
    monkeypatch.setattr("dicfix.cli.signoff.datetime", Clock)
    monkeypatch.setattr("dicfix.reports.publish.allure_report", lambda *_: (False, "allure.html not written: no Node"))
    return tmp_path


def offline(place: Path) -> World:
    return world(place / "reports")


def test_report_writes_page_and_twin_and_says_what_is_missing_in_one_line(place, capsys):
    offline(place).write()
    assert main(["report"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "signoff.html and signoff.json written",
        "allure.html not written: no Node",
        "REHEARSED: All of it was rehearsed in the embedded cloud; nothing was seen on AWS.",
    ]
    assert json.loads((place / "reports" / "signoff.json").read_text())["verdict"] == "REHEARSED"
    assert "allure.html" not in (place / "reports" / "signoff.html").read_text()


def test_the_verdict_leaves_the_exit_code_of_report_alone(place, capsys):
    run = offline(place)
    run.fail("AWS-4.4")
    run.write()
    assert main(["report"]) == 0
    assert "NO-GO: A scenario shows" in capsys.readouterr().out


def test_the_page_leads_to_allure_only_where_that_was_written(place, monkeypatch):
    offline(place).write()
    monkeypatch.setattr("dicfix.reports.publish.allure_report", lambda *_: (True, "allure.html written"))
    assert main(["report"]) == 0
    assert 'href="allure.html#' in (place / "reports" / "signoff.html").read_text()


def test_every_run_has_an_allure_report_of_its_own_and_its_scenarios_lead_there(place, monkeypatch, capsys):
    asked = []

    def made(results, folder, number):
        asked.append((results.as_posix(), number))
        return number != 1, f"{numbered('allure.html', number)} told"

    monkeypatch.setattr("dicfix.reports.publish.allure_report", made)
    offline(place).write()
    for name in ("aws", "board"):
        world(place / name, evidence="AWS with virtual device").write()
    (place / "reports" / "allure-4.html").write_text("of an earlier sign-off of four runs")
    assert main(["report", "--run", "reports", "--run", "aws", "--run", "board"]) == 0
    assert asked == [("reports/allure-results", 0), ("aws/allure-results", 1), ("board/allure-results", 2)]
    page = (place / "reports" / "signoff.html").read_text()
    ending = f"#{id_of('uuid-of-test_aws_4_1_holds')}"
    assert page.count(f'href="allure.html{ending}"') == page.count(f'href="allure-3.html{ending}"') == 1
    assert "allure-2.html" not in page
    assert "Allure report (onboarding, AWS (2))" in page
    assert not (place / "reports" / "allure-4.html").exists()
    assert "allure-2.html told" in capsys.readouterr().out


def test_without_a_run_report_names_the_remedy(capsys):
    assert main(["report"]) == 2
    assert "run pytest features first" in capsys.readouterr().err


def test_waivers_and_evidence_lying_here_are_taken(place, capsys):
    run = offline(place)
    run.fail("AWS-4.4")
    run.write()
    (place / "waivers.yaml").write_text(waiver())
    evidence_yaml(place, ("E2E-1",))
    assert main(["report"]) == 0
    assert "REHEARSED" in capsys.readouterr().out
    twin = json.loads((place / "reports" / "signoff.json").read_text())
    assert twin["waivers"][0]["approver"] == "Berta Owner"
    assert twin["manual_evidence"][0]["who"] == "Carla Tester"


def test_exit_codes_of_signoff(place):
    offline(place).write()
    assert main(["signoff", "--release", "1.0"]) == 3
    assert main(["signoff", "--release", "1.1", "--rehearsal"]) == 0
    failing = world(place / "failing")
    failing.fail("AWS-4.4")
    assert main(["signoff", "--release", "1.2", "--run", str(failing.write())]) == 1
    aws = world(place / "aws", evidence="AWS with virtual device").write()
    evidence_yaml(place, tuple(BOARD_CLAUSES))
    assert main(["signoff", "--release", "2.0", "--run", str(aws), "--run", "reports"]) == 0
    incomplete = world(place / "incomplete")
    incomplete.end("AWS-4.4", "skipped", "skipped", "not today")
    assert main(["signoff", "--release", "2.1", "--run", str(incomplete.write()), "--rehearsal"]) == 3


def test_signoff_signs_and_verify_tells_when_a_record_was_changed(place, capsys):
    offline(place).write()
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (place / "key.pem").write_bytes(key)
    main(["signoff", "--release", "1.0", "--key", "key.pem"])
    main(["signoff", "--release", "1.1"])
    told = capsys.readouterr().out
    assert "signed with Ed25519: SHA256SUMS" in told
    assert "sealed, not signed: SHA256SUMS" in told
    assert main(["signoff", "verify"]) == 0
    assert capsys.readouterr().out.count("as it was frozen") == 2
    (place / "reports" / "signoff" / "1.0" / "signoff.html").write_text("GO")
    assert main(["signoff", "verify", "1.0"]) == 1
    assert "NOT as it was frozen\n  signoff.html was changed" in capsys.readouterr().out
    assert main(["signoff", "verify", "1.1"]) == 0
    assert main(["signoff", "verify", "9"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--release", "../x"),
        ("--release", "1", "--max-age-days", "0"),
        ("verify", "--release", "1"),
        ("--release", "1"),
    ],
    ids=["nothing", "a path", "no age", "both", "no run"],
)
def test_what_signoff_cannot_use_is_exit_code_2(arguments):
    assert main(["signoff", *arguments]) == 2


def test_guide_diff_says_what_changed_and_what_is_stale(place, capsys):
    offline(place).write()
    main(["signoff", "--release", "1.0", "--rehearsal"])
    text = "## AWS CA certificate registration\n1. One.\n2. Two.\n"
    (place / "old.md").write_text(text)
    (place / "new.md").write_text(text.replace("Two.", "Two and a half."))
    capsys.readouterr()
    assert main(["guide", "diff", "new.md", "--from", "old.md"]) == 1
    told = capsys.readouterr().out
    assert "step 2 changed: AWS-2\n    now: Two and a half." in told
    assert "stale sign-off: 1.0, REHEARSED: the text of its clauses changes (AWS-2)" in told
    assert main(["guide", "diff", "old.md", "--from", "old.md"]) == 0
    assert "no sign-off becomes stale" in capsys.readouterr().out
    assert main(["guide", "diff", "old.md", "--edition", "2024-04"]) == 2


def test_help_and_readme_tell_the_exit_code_of_a_rehearsal(capsys):
    for command in ("report", "signoff"):
        assert main([command, "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "3 INCOMPLETE or REHEARSED" in told
    assert "0 GO (or REHEARSED, with --rehearsal)" in told
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert "| 3; 0 with `--rehearsal` |" in next(one for one in readme.splitlines() if one.startswith("| REHEARSED"))
