"""JSONL, JUnit and CSV: what they say, that they can be read again, and that no file is ever half written."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from audit_world import (
    INACTIVE,
    JUDGED,
    TODAY,
    audited,
    bad_inventory,
    denied_inventory,
    inventory,
    of,
    waiver_text,
    with_status,
    written,
)
from onboarded import DEVICE, good_settings

from dicfix.audit.outputs import csv as csv_output
from dicfix.audit.outputs import write_outputs, write_whole
from dicfix.audit.outputs.jsonl import VERSION, lines_of, read_run
from dicfix.audit.outputs.junit import MAX_RESOURCES
from dicfix.audit.outputs.junit import lines_of as junit_lines
from dicfix.audit.waivers import read_waivers
from dicfix.controls import CONTROLS
from dicfix.errors import UsageError
from dicfix.findings import Status
from dicfix.records import known

ROOT = Path(__file__).parents[1]


# JSONL


def saved(tmp_path: Path, result) -> Path:
    return write_outputs([result], tmp_path, ["jsonl"])[0]


def test_a_run_can_be_read_again(tmp_path):
    first = audited(bad_inventory())
    second = audited(denied_inventory(), before=first.as_run(), days=1)
    for result in (first, second):
        assert read_run(saved(tmp_path, result)) == result.as_run()


def test_the_head_says_schema_account_verdict_and_effort(tmp_path):
    head = json.loads(saved(tmp_path, audited(bad_inventory())).read_text().splitlines()[0])
    assert (head["schema"], head["version"]) == ("dicfix-findings", VERSION)
    assert head["verdict"] == {"guide": "FAIL", "fit": "FAIL", "hardening": "NOT JUDGED"}
    assert head["exit_code"] == 1
    assert head["calls"] == {"iot:DescribeCertificate": 3, "iot:DescribeThing": 2}


def test_every_finding_is_a_line_pass_included(tmp_path):
    result = audited()
    rows = [json.loads(line) for line in saved(tmp_path, result).read_text().splitlines()]
    assert [row["kind"] for row in rows] == ["run", *["finding"] * len(result.entries), "end"]
    assert {row["status"] for row in rows[1:-1]} >= {"PASS", "FAIL", "NOT_APPLICABLE"}


SPOILT = {
    "empty": (lambda text: "", "no file of findings"),
    "another object": (lambda text: "{}\n", "no file of findings"),
    "a list": (lambda text: "[1]\n" + text, "line 1 is no JSON object"),
    "half": (lambda text: text[: len(text) // 2], "is no JSON"),
    "no end": (lambda text: "\n".join(text.splitlines()[:-1]), "is cut short"),
    "lost lines": (lambda text: "\n".join([*text.splitlines()[:3], text.splitlines()[-1]]), "is cut short"),
    "a later version": (lambda text: text.replace('"version":1', '"version":2', 1), "is of version 2"),
    "nobody's": (lambda text: text.replace('"account":"123456789012"', '"account":""', 1), "does not say when and of"),
    "another status": (lambda text: text.replace('"status":"PASS"', '"status":"FINE"', 1), "is no finding of dicfix"),
    "no text": (lambda text: "\x00", "is no JSON"),
    "very deep": (lambda text: "[" * 100_000, "is no JSON"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_file_that_is_none_is_one_clear_error(tmp_path, name):
    spoil, told = SPOILT[name]
    path = saved(tmp_path, audited())
    path.write_text(spoil(path.read_text()))
    with pytest.raises(UsageError, match=told):
        read_run(path)


def test_a_file_that_is_missing_or_no_text_is_one_clear_error(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.jsonl cannot be read"):
        read_run(tmp_path / "gone.jsonl")
    with pytest.raises(UsageError, match="cannot be read"):
        read_run(tmp_path)
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_run(tmp_path / "binary.jsonl")


# JUnit


def cases(result) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring("".join(junit_lines([result])))  # noqa: S314 - our own
    return {str(one.get("name")).split()[0]: one for one in root.iter("testcase")}


def kind(case: ElementTree.Element) -> str:
    return next((child.tag for child in case), "passed")


def test_one_case_a_control_whatever_the_number_of_resources():
    found = cases(audited())
    assert set(found) == {one.control for one in audited().entries}
    assert len(found) > 80


def test_each_status_has_its_element():
    found = cases(audited(denied_inventory()))
    assert kind(found["DIC-CA-03"]) == "error"
    assert kind(found["DIC-CRT-04"]) == "passed"
    assert kind(found["DIC-FIT-12"]) == "failure"
    skipped = {one: case[0].get("message") for one, case in found.items() if kind(case) == "skipped"}
    assert {str(text).partition(":")[0] for text in skipped.values()} <= {"MANUAL", "NOT_APPLICABLE", "WAIVED"}
    assert skipped


def test_a_control_that_is_waived_is_skipped_with_the_decision(tmp_path):
    waivers = read_waivers(written(tmp_path / "w.yaml", waiver_text()), TODAY)
    found = cases(audited(with_status("INACTIVE", DEVICE), replace(JUDGED, waivers=waivers)))
    assert kind(found[INACTIVE]) == "skipped"
    assert "Ada Example" in str(found[INACTIVE][0].get("message"))


def test_suites_count_what_they_hold():
    result = audited(denied_inventory())
    root = ElementTree.fromstring("".join(junit_lines([result])))  # noqa: S314 - our own
    for suite in (root, *root.iter("testsuite")):
        held = [kind(case) for case in suite.iter("testcase")]
        told = {name: int(suite.get(name) or 0) for name in ("tests", "failures", "errors", "skipped")}
        counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        assert told == {"tests": len(held), **{name: held.count(tag) for name, tag in counted.items()}}
    assert {"guide AWS-6", "guide OTA-15", "fit"} <= {str(one.get("name")) for one in root.iter("testsuite")}


def test_no_more_than_fifty_resources_are_listed():
    things = [f"device-{number}" for number in range(120)]
    settings = good_settings(mode="audit", devices=tuple(things), ota_devices=(), ota_thing_groups=())
    result = audited(replace(inventory(), things={}), settings=settings)
    text = str(cases(result)["DIC-THG-01"][0].text)
    assert text.count(": observed no such thing") == MAX_RESOURCES
    assert "and 70 more resources" in text


def test_hostile_names_do_not_break_the_document():
    bad = with_status('<&"]]>\x00\x1b[31m\ud800', DEVICE)
    found = cases(audited(bad))
    assert kind(found[INACTIVE]) == "failure"
    assert '<&"]]>' in str(found[INACTIVE][0].get("message"))


# CSV


def table(result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(csv_output.lines_of([result])))))


def test_a_row_for_each_finding_with_every_column():
    result = audited(bad_inventory())
    rows = table(result)
    assert len(rows) == len(result.entries)
    assert set(rows[0]) == set(csv_output.COLUMNS)
    row = next(one for one in rows if (one["control"], one["resource"]) == (INACTIVE, DEVICE))
    assert (row["status"], row["observed"], row["clauses"]) == (
        "FAIL",
        "INACTIVE",
        " ".join(CONTROLS[INACTIVE].clauses),
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(start):
    row = next(one for one in table(audited(with_status(f"{start}HYPERLINK(1)", DEVICE))) if one["control"] == INACTIVE)
    assert row["observed"].startswith(f"'{start}")


# Files


def test_all_files_are_written_and_say_the_same(tmp_path):
    result = audited(bad_inventory())
    paths = write_outputs([result], tmp_path / "new" / "reports")
    assert sorted(path.name for path in paths) == ["findings.csv", "findings.jsonl", "findings.sarif", "junit.xml"]
    assert sorted(os.listdir(tmp_path / "new" / "reports")) == sorted(path.name for path in paths)
    fails = sum(one.status is Status.FAIL for one in result.entries)
    assert (tmp_path / "new/reports/findings.jsonl").read_text().count('"status":"FAIL"') == fails


def test_no_file_holds_a_key_or_a_path_of_this_machine(tmp_path):
    for path in write_outputs([audited(denied_inventory())], tmp_path):
        text = path.read_text()
        assert "PRIVATE KEY" not in text
        assert str(tmp_path) not in text
        assert str(Path.home()) + "/" not in text
        assert known(inventory().local).header not in text


def test_a_directory_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_outputs([audited()], tmp_path / "file")


def test_what_fails_while_writing_leaves_the_old_file_whole(tmp_path):
    path = written(tmp_path / "findings.jsonl", "old\n")

    def breaking():
        yield "new\n"
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_whole(path, breaking())
    assert os.listdir(tmp_path) == ["findings.jsonl"]
    assert path.read_text() == "old\n"


KILLED = """
import os, signal, sys
from pathlib import Path
from dicfix.audit.outputs import write_whole

def lines():
    for number in range(100000):
        yield f"new {number}\\n"
        if number == 50000:
            os.kill(os.getpid(), signal.SIGKILL)

write_whole(Path(sys.argv[1]), lines())
"""


def test_a_run_killed_while_writing_leaves_the_old_file_and_the_next_one_clears_up(tmp_path):
    path = written(tmp_path / "findings.jsonl", "old\n")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old\n"
    write_whole(path, lines_of(audited().as_run()))
    assert os.listdir(tmp_path) == ["findings.jsonl"]
    assert read_run(path) == audited().as_run()
    assert stat.S_ISREG(path.stat().st_mode)


def test_findings_keep_their_order(tmp_path):
    assert [one.control for one in audited().entries] == sorted(
        (one.control for one in audited().entries), key=list(CONTROLS).index
    )
    assert of(audited(), INACTIVE)
