"""`dicfix audit` as a user runs it: an embedded account, planted defects, a saved inventory, an endpoint, bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from audit_world import INACTIVE, bad_inventory, denied_inventory, inventory, waiver_text, with_status
from feature_runs import CREDENTIALS, environment, served_cloud
from onboarded import ACCOUNT, DEVICE, GROUP, REGION, SECOND
from sarif_schema import complaints

from dicfix.__main__ import main
from dicfix.audit.inventory import write_inventory
from dicfix.audit.outputs.jsonl import read_run
from dicfix.findings import Status
from dicfix.records import Inventory, Unread

ROOT = Path(__file__).parents[1]
OUTPUTS = ["findings.csv", "findings.jsonl", "findings.sarif", "junit.xml", "nightly.html", "nights.jsonl"]
GUIDE = ("--axis", "guide")


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Saves an inventory in an empty folder, from which the command is run."""
    monkeypatch.chdir(tmp_path)

    def save(given: Inventory | None = None, name: str = "inventory.jsonl") -> Path:
        devices = {"devices": [DEVICE, SECOND], "ota_devices": [DEVICE], "ota_thing_groups": [GROUP]}
        about = {**devices, "edition": "2023-08", "started": "2026-01-15"}
        write_inventory(tmp_path / name, inventory() if given is None else given, about)
        return tmp_path / name

    return save


def judged(file: Path, *arguments: str) -> int:
    """An audit of a saved inventory, on the guide axis."""
    return main(["audit", "--inventory", str(file), *GUIDE, *arguments])


def now_waivers(folder: Path, **changes: object) -> Path:
    """A file with a waiver that is in force today."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86400))
    path = folder / "waivers.yaml"
    path.write_text(waiver_text(**{"expires": day, **changes}))
    return path


# A saved inventory


def test_a_good_inventory_is_ok_and_a_bad_one_is_not(saved, capsys):
    assert judged(saved()) == 0
    assert "guide      PASS" in capsys.readouterr().out
    assert judged(saved(bad_inventory())) == 1
    out = capsys.readouterr().out
    assert f"{INACTIVE} critical, guide [AWS-6.5]" in out
    assert "aws iot update-certificate" in out
    assert f"FAIL  {DEVICE}: observed INACTIVE; expected ACTIVE" in out


def test_what_could_not_be_read_is_3_and_the_missing_permission_is_named(saved, capsys):
    assert judged(saved(denied_inventory())) == 3
    out = capsys.readouterr().out
    assert "guide      INCOMPLETE" in out
    assert "needs iot:DescribeCACertificate" in out
    assert "UNREADABLE" in out


def test_no_credentials_and_no_heavy_library_are_needed(saved):
    path = saved()
    code = (
        "import sys; from dicfix.__main__ import main; "
        f"code = main(['audit', '--inventory', {str(path)!r}, '--axis', 'guide']); "
        "print('loaded', sorted({one.split('.')[0] for one in sys.modules} & "
        "{'boto3', 'botocore', 'moto', 'pytest', 'OpenSSL'}), code)"
    )
    env = {**environment(path.parent), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=path.parent, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("loaded [] 0\n")


def test_the_account_guard_stands_before_everything(saved, capsys, tmp_path):
    assert judged(saved(), "--account", "210987654321", "--output-dir", str(tmp_path / "out")) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "account 123456789012" in captured.err
    assert not (tmp_path / "out").exists()


def test_an_inventory_of_which_nobody_knows_the_account_is_refused(saved, capsys):
    nobody = replace(inventory(), caller=Unread("sts:GetCallerIdentity", "ExpiredToken", "it has expired"))
    assert judged(saved(nobody)) == 4
    assert "whose account" in capsys.readouterr().err


def test_only_the_chosen_axis_is_judged(saved, capsys):
    assert main(["audit", "--inventory", str(saved(bad_inventory())), "--axis", "fit"]) == 0
    assert "guide      NOT JUDGED" in capsys.readouterr().out


@pytest.mark.parametrize(("levels", "code"), [("guide=never", 0), ("guide=critical", 0), ("guide=high", 1)])
def test_the_levels_decide(saved, levels, code):
    assert judged(saved(bad_inventory()), "--fail-on", levels) == code


# What changed


def test_a_second_run_tells_what_changed_first(saved, tmp_path, capsys):
    state = ("--state", str(tmp_path / "state"))
    assert judged(saved(), *state) == 0
    assert "first run" in capsys.readouterr().out
    assert judged(saved(bad_inventory()), *state) == 1
    lines = capsys.readouterr().out.splitlines()
    changed = next(number for number, line in enumerate(lines) if line.startswith("Since "))
    opened = next(number for number, line in enumerate(lines) if line.startswith("Open "))
    assert changed < opened
    assert any(line.startswith("  new") and INACTIVE in line for line in lines[changed:opened])
    assert judged(saved(), *state) == 0
    assert f"fixed                PASS critical {INACTIVE}" in capsys.readouterr().out


def test_with_only_changes_a_quiet_night_prints_nothing(saved, tmp_path, capsys):
    state = ("--state", str(tmp_path / "state"), "--only-changes")
    assert judged(saved(bad_inventory()), *state) == 1
    assert capsys.readouterr().out
    assert judged(saved(bad_inventory()), *state) == 1
    assert capsys.readouterr().out == ""
    assert judged(saved(with_status("REVOKED")), *state) == 1
    told = capsys.readouterr().out.splitlines()
    assert 0 < len(told) <= 20
    text = " ".join(" ".join(told).split())
    assert f"changed FAIL critical {INACTIVE} {DEVICE}: REVOKED" in text
    assert "(was INACTIVE)" in text


def test_a_notice_has_twenty_lines_at_most(saved, tmp_path, capsys):
    state = ("--state", str(tmp_path / "state"), "--only-changes")
    assert judged(saved(), *state) == 0
    capsys.readouterr()
    nothing = replace(inventory(), things={}, policies={}, ca_certificates={}, certificates={})
    assert judged(saved(nothing), *state) == 1
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 20
    assert "more lines in the report" in told[-1]


def test_a_state_that_is_broken_is_one_clear_error_and_is_not_overwritten(saved, tmp_path, capsys):
    state = tmp_path / "state"
    judged(saved(), "--state", str(state))
    (kept,) = state.iterdir()
    kept.write_text("half a li")
    capsys.readouterr()
    assert judged(saved(), "--state", str(state)) == 2
    assert kept.name in capsys.readouterr().err
    assert kept.read_text() == "half a li"


# Waivers, evidence, reports


def test_a_waived_fail_does_not_fail_the_run_and_the_report_says_so(saved, tmp_path, capsys):
    given = saved(with_status("INACTIVE", DEVICE))
    assert judged(given, "--output-dir", str(tmp_path / "out")) == 1
    failing = {one.control for one in read_run(tmp_path / "out/findings.jsonl").entries if one.status is Status.FAIL}
    assert failing == {INACTIVE}
    capsys.readouterr()
    assert judged(given, "--waivers", str(now_waivers(tmp_path))) == 0
    out = capsys.readouterr().out
    assert "1 WAIVED" in out


def test_waivers_that_end_soon_or_are_in_doubt_are_told(saved, tmp_path, capsys):
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86400))
    judged(saved(bad_inventory()), "--waivers", str(now_waivers(tmp_path, expires=soon)))
    assert "ends soon: waivers.yaml, waiver 1" in capsys.readouterr().out
    judged(saved(), "--waivers", str(now_waivers(tmp_path)))
    assert "unused" in capsys.readouterr().out


def test_evidence_that_is_asked_for_and_missing_leaves_the_run_incomplete(saved, tmp_path, capsys):
    file = tmp_path / "evidence.yaml"
    file.write_text("evidence: []\n")
    assert judged(saved()) == 0
    assert "MANUAL" in capsys.readouterr().out
    assert judged(saved(), "--evidence", str(file)) == 3


def test_the_reports_are_written_whole_and_hold_no_secret(saved, tmp_path):
    out = tmp_path / "out"
    assert judged(saved(bad_inventory()), "--output-dir", str(out)) == 1
    assert sorted(os.listdir(out)) == OUTPUTS
    for path in out.iterdir():
        assert "PRIVATE KEY" not in path.read_text()
        assert str(tmp_path) not in path.read_text()


def test_one_format_is_one_file(saved, tmp_path):
    judged(saved(), "--output-dir", str(tmp_path / "out"), "--format", "junit")
    assert os.listdir(tmp_path / "out") == ["junit.xml"]


# Bad input

NONSENSE = {
    "an unknown axis": (("--axis", "speed"), "invalid choice"),
    "an unknown level": (("--fail-on", "guide=loud"), "--fail-on has 'guide=loud'"),
    "no such inventory": (("--inventory", "gone.jsonl"), "gone.jsonl cannot be read"),
    "an inventory that is none": (("--inventory", "here.txt"), "no whole inventory"),
    "no such waivers": (("--waivers", "gone.yaml"), "gone.yaml cannot be read"),
    "waivers that are none": (("--waivers", "here.txt"), "here.txt"),
    "evidence that is none": (("--evidence", "here.txt"), "here.txt"),
    "no such settings": (("--config", "gone.toml"), "gone.toml cannot be read"),
    "an unknown edition": (("--edition", "1999-01"), "edition is '1999-01'"),
    "an account of letters": (("--account", "mine"), "twelve digits"),
    "a Region that is none": (("--region", "moon"), "AWS Region"),
    "a format without a place": (("--format", "csv"), "--output-dir DIR"),
    "a directory that is a file": (("--output-dir", "here.txt"), "the directory here.txt"),
    "a state that is a file": (("--state", "here.txt"), "here.txt"),
    "an inventory saved nowhere": (("--save-inventory", "gone/inventory.jsonl"), "no directory for inventory.jsonl"),
    "an unknown defect": (("--plant", "nonsense"), "no defect 'nonsense'"),
    "a defect of another edition": (("--plant", "PLANTED", "--edition", "2024-04"), "--edition 2023-08"),
    "a defect for AWS": (("--plant", "x", "--target", "aws"), "embedded account"),
    "a defect for an inventory": (("--plant", "x", "--inventory", "good.jsonl"), "--plant or --inventory"),
    "a probe for an inventory": (("--probe", "--inventory", "good.jsonl"), "--probe or --inventory"),
    "an unknown target": (("--target", "moon"), "one of offline, aws"),
    "an unknown option": (("--nonsense",), "--nonsense"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_bad_input_is_one_clear_error_and_exit_2(saved, tmp_path, capsys, name):
    arguments, told = NONSENSE[name]
    (tmp_path / "here.txt").write_text("neither this\nnor that\n")
    good = saved(name="good.jsonl")
    planted = "the CA certificate is INACTIVE"
    given = [planted if one == "PLANTED" else one for one in arguments]
    source = [] if {"--inventory", "--plant", "--target"} & set(given) else ["--inventory", str(good), *GUIDE]
    assert main(["audit", *source, *given]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert "Traceback" not in captured.err
    assert len([line for line in captured.err.splitlines() if line.startswith("dicfix: ")]) <= 1


def test_a_malformed_waiver_file_stops_before_the_account_is_read(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dicfix.cli.auditing._read", lambda *_: pytest.fail("the account was read"))
    (tmp_path / "w.yaml").write_text("waivers:\n  - control: DIC-CA-01\n")
    assert main(["audit", "--waivers", "w.yaml"]) == 2
    assert "w.yaml, waiver 1 has no resource" in capsys.readouterr().err


# Embedded accounts


def run(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dicfix", *arguments]
    settings = {**environment(folder, **env), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize("edition", ["2023-06", "2023-08", "2024-04"])
def test_an_embedded_account_as_onboarded_passes_on_the_guide_axis(tmp_path, edition):
    done = run(tmp_path, "audit", "--edition", edition, "--output-dir", "out", "--save-inventory", "inv.jsonl")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "guide      PASS" in done.stdout
    assert "0 UNREADABLE" in done.stdout
    assert done.stderr == ""
    again = run(tmp_path, "audit", "--inventory", "inv.jsonl", "--output-dir", "again")
    assert again.returncode == 0, again.stdout + again.stderr
    first, second = (read_run(tmp_path / name / "findings.jsonl").by_uid() for name in ("out", "again"))
    worse = [uid for uid in second if second[uid].open and not (uid in first and first[uid].open)]
    assert [second[uid].control for uid in worse] == []


def test_a_probe_sees_the_root_of_the_endpoint_that_is_for_a_person_to_see_without(tmp_path):
    """What the probe saw is saved with the rest, and judged again without a connection."""
    probed = run(tmp_path, "audit", *GUIDE, "--probe", "--output-dir", "with", "--save-inventory", "inv.jsonl")
    again = run(tmp_path, "audit", *GUIDE, "--inventory", "inv.jsonl", "--output-dir", "again")
    plain = run(tmp_path, "audit", *GUIDE, "--output-dir", "without")
    assert [done.returncode for done in (probed, again, plain)] == [0, 0, 0], probed.stdout + probed.stderr
    seen = {
        name: {e.status for e in read_run(tmp_path / name / "findings.jsonl").entries if e.control == "DIC-SRV-02"}
        for name in ("with", "again", "without")
    }
    assert seen == {"with": {Status.PASS}, "again": {Status.PASS}, "without": {Status.MANUAL}}


def test_a_planted_defect_is_found_by_its_controls_and_the_good_account_is_good(tmp_path):
    good = run(tmp_path, "audit", "--plant", "nothing", "--output-dir", "good")
    assert good.returncode == 0, good.stdout + good.stderr
    bad = run(tmp_path, "audit", "--plant", "the CA certificate is INACTIVE", "--output-dir", "bad")
    assert bad.returncode == 1, bad.stdout + bad.stderr
    failing = [
        {one.control for one in read_run(tmp_path / name / "findings.jsonl").entries if one.status is Status.FAIL}
        for name in ("good", "bad")
    ]
    assert failing[1] - failing[0] == {"DIC-CA-03", "DIC-HRD-11"}
    assert failing[0] <= failing[1]


def test_the_defects_are_listed_with_what_they_flip(capsys):
    assert main(["audit", "--plant", "list"]) == 0
    out = capsys.readouterr().out
    assert "the CA certificate is INACTIVE\n    the CA's status (by API): DIC-CA-03 DIC-HRD-11\n" in out
    assert "defects. Plant one with" in out


# Target aws, at an endpoint


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory) -> Iterator[str]:
    """An embedded cloud in another process, empty."""
    with served_cloud(tmp_path_factory.mktemp("served")) as served:
        yield served.api


def test_an_empty_account_on_target_aws_fails_and_says_what_it_read(endpoint, tmp_path):
    done = run(tmp_path, "audit", "--target", "aws", "--endpoint-url", endpoint, "--account", ACCOUNT, **CREDENTIALS)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "guide      FAIL" in done.stdout
    assert "no such thing" in done.stdout
    assert f"account {ACCOUNT}, {REGION} (target aws)" in done.stdout


def test_the_wrong_account_on_target_aws_is_refused(endpoint, tmp_path):
    done = run(
        tmp_path, "audit", "--target", "aws", "--endpoint-url", endpoint, "--account", "210987654321", **CREDENTIALS
    )
    assert done.returncode == 4
    assert done.stdout == ""
    assert "210987654321" in done.stderr


def test_nobody_logged_in_is_refused(endpoint, tmp_path):
    done = run(tmp_path, "audit", "--target", "aws", "--endpoint-url", endpoint)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "credentials" in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "dicfix", *arguments]
    settings = {**environment(folder, **CREDENTIALS), "PYTHONPATH": str(ROOT)}
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where the tests run in the background
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    with process:
        yield process
        if process.poll() is None:
            process.kill()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_audit_leaves_no_report_and_no_half_file(tmp_path, how, code):
    options = ("audit", "--output-dir", "out", "--state", "state")
    with started(tmp_path, *options) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1.5)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    left = [path.name for folder in ("out", "state") for path in (tmp_path / folder).glob("*")]
    assert left == []
    if how == signal.SIGINT:
        assert err == "dicfix: interrupted\n"


def test_the_head_of_the_findings_says_what_was_read(saved, tmp_path):
    judged(saved(), "--output-dir", str(tmp_path / "out"))
    head = json.loads((tmp_path / "out/findings.jsonl").read_text().splitlines()[0])
    assert head["read_from"] == "a saved inventory"
    assert (head["account"], head["region"]) == (ACCOUNT, REGION)


def test_several_accounts_and_regions_are_kept_apart_in_one_report(endpoint, tmp_path):
    regions = 'regions = ["eu-west-1", "us-east-1"]'
    (tmp_path / "dic.toml").write_text(
        f'[[accounts]]\naccount = "{ACCOUNT}"\n{regions}\n[[accounts]]\naccount = "210987654321"\nname = "another"\n'
    )
    options = ("--output-dir", "out", "--state", "state")
    done = run(tmp_path, "audit", "--target", "aws", "--endpoint-url", endpoint, *options, **CREDENTIALS)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "dicfix: another eu-west-1: logged in to account 123456789012" in done.stderr
    for region in ("eu-west-1", "us-east-1"):
        assert f"{ACCOUNT} {region}: guide FAIL" in done.stdout
        assert read_run(tmp_path / f"out/{ACCOUNT}-{region}/findings.jsonl").region == region
        assert (tmp_path / f"state/{ACCOUNT}-{region}.findings.jsonl").exists()
    sarif = json.loads((tmp_path / "out/findings.sarif").read_text())
    assert complaints(sarif) == []
    assert [one["automationDetails"]["id"] for one in sarif["runs"]] == [
        f"dicfix/{ACCOUNT}/eu-west-1/", f"dicfix/{ACCOUNT}/us-east-1/", "dicfix/another eu-west-1/",
    ]  # fmt: skip
    junit = (tmp_path / "out/junit.xml").read_text()
    assert f'name="{ACCOUNT} us-east-1 fit"' in junit
    assert 'name="another eu-west-1" tests="1" failures="0" errors="1"' in junit
