"""A scenario is waived only when all its FAILs are: not red then, and in Allure failed and known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from audit_world import waiver_text
from feature_runs import run_features
from onboarded import NOW, good_inventory, good_settings

from dicfix.audit.identity import hash_of
from dicfix.controls import run_control
from dicfix.findings import Status

REGISTRATION = "features/02_aws_ca_certificate_registration.feature"
EXISTS = "test_the_policy_exists_under_the_chosen_name"
JSON = "test_the_policy_has_the_guides_json"
THING = "test_a_single_thing_exists_for_the_device"
AUDIT = ("-p", "run_variations", "--dicfix-audit", REGISTRATION, "-k")


def observed(control: str) -> str:
    """The hash of what a control observes in an empty account."""
    empty = replace(good_inventory(), policies={}, things={})
    findings = run_control(control, empty, good_settings(mode="audit"), NOW)
    (text,) = {one.observed for one in findings if one.status is Status.FAIL}
    return hash_of(text)


def waivers(folder: Path, *controls: str, **changes: object) -> Path:
    """A file with a waiver for each control in any resource, valid for 60 days from now."""
    from datetime import UTC, datetime, timedelta

    expires = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    items = [
        waiver_text(
            **{"control": one, "resource": "'*'", "observed": f'"{observed(one)}"', "expires": expires, **changes}
        )
        for one in controls
    ]
    path = folder / "waivers.yaml"
    path.write_text("waivers:\n" + "".join(one.partition("\n")[2] for one in items))
    return path


def audit(tmp_path: Path, expression: str, file: Path, *more: str):
    """An audit of an account that nobody onboarded."""
    return run_features(tmp_path, *AUDIT, expression, f"--dicfix-waivers={file}", *more, VARY_EMPTY="1")


def allure(tmp_path: Path) -> dict[str, dict]:
    results = (json.loads(path.read_text()) for path in (tmp_path / "allure").glob("*-result.json"))
    return {one["name"]: one for one in results}


@pytest.fixture(scope="module")
def waived(tmp_path_factory):
    """One scenario waived, another not, an idle waiver and an unknown one."""
    folder = tmp_path_factory.mktemp("waived")
    file = waivers(folder, "DIC-POL-01")
    idle = waiver_text(control="DIC-CA-05", expires=file.read_text().rpartition("expires: ")[2].strip())
    file.write_text(file.read_text() + idle.partition("\n")[2] + idle.partition("\n")[2].replace("CA-05", "XX-99"))
    return audit(folder, "policy", file, "-rx"), folder


def test_a_waived_scenario_is_not_red_and_the_others_are(waived):
    run, _ = waived
    assert run.outcomes[EXISTS] == "skipped"
    assert run.outcomes[JSON] == "failed"
    assert run.code == 1
    assert "1 xfailed" in run.out


def test_the_run_says_what_was_waived_by_whom_and_which_waivers_are_in_doubt(waived):
    run, _ = waived
    assert "WAIVED: DIC-POL-01" in run.out
    assert "Ada Example" in run.out
    assert "3 waivers, 1 used" in run.out
    assert "waiver 2: DIC-CA-05" in run.out
    assert "unused" in run.out
    assert "waiver 3: DIC-XX-99" in run.out
    assert "unknown" in run.out
    assert "1 WAIVED" in run.out


def test_allure_shows_it_failed_and_known(waived):
    _, folder = waived
    found = allure(folder)
    one = found["The policy exists under the chosen name"]
    assert one["status"] == "failed"
    assert one["statusDetails"]["known"] is True
    assert one["statusDetails"]["message"].startswith("WAIVED: DIC-POL-01")
    other = found["The policy has the guide's JSON"]
    assert other["status"] == "failed"
    assert not other["statusDetails"].get("known")


def test_a_run_whose_every_fail_is_waived_is_green(tmp_path):
    run = audit(tmp_path, "policy_exists", waivers(tmp_path, "DIC-POL-01"))
    assert run.code == 0, run.out[-2000:]
    assert run.only("skipped") == {EXISTS}


def test_one_fail_that_is_not_waived_makes_the_scenario_red(tmp_path):
    config = tmp_path / "dic.toml"
    config.write_text('[devices]\nnames = ["SQA_DIC_C2", "SQA_DIC_C3"]\n')
    one = waivers(tmp_path, "DIC-THG-01", resource="SQA_DIC_C2")
    run = audit(tmp_path, "single_thing", one, f"--dicfix-config={config}")
    assert run.only("failed") == {THING}
    both = waivers(tmp_path, "DIC-THG-01", resource="'SQA_*'")
    run = audit(tmp_path, "single_thing", both, f"--dicfix-config={config}")
    assert run.only("skipped") == {THING}


def test_what_could_not_be_read_is_an_error_in_spite_of_waivers(tmp_path):
    file = waivers(tmp_path, "DIC-POL-01")
    run = run_features(tmp_path, *AUDIT, "policy_exists", f"--dicfix-waivers={file}", VARY_FAULT="iot:GetPolicy")
    assert run.only("failed") == {EXISTS}
    assert "FindingUnreadable" in run.out
    assert "cannot be waived" in run.out


def test_an_expired_waiver_waives_nothing_and_shows_the_old_reason(tmp_path):
    run = audit(tmp_path, "policy_exists", waivers(tmp_path, "DIC-POL-01", expires="2020-01-01"))
    assert run.only("failed") == {EXISTS}
    assert "expired" in run.out
    assert "switched off" in run.out


def test_workers_tell_the_controller_what_was_waived(tmp_path):
    run = audit(tmp_path, "policy_exists", waivers(tmp_path, "DIC-POL-01"), "-n", "1")
    assert run.only("skipped") == {EXISTS}
    assert "1 waivers, 1 used" in run.out


def test_a_file_that_is_malformed_ends_the_run_at_once(tmp_path):
    file = tmp_path / "waivers.yaml"
    file.write_text("waivers:\n  - control: DIC-POL-01\n")
    run = audit(tmp_path, "policy", file)
    assert run.code == 4
    assert run.outcomes == {}
    assert "waivers.yaml, waiver 1 has no resource" in run.out
    assert "Traceback" not in run.out


def test_waivers_are_for_audits(tmp_path):
    run = run_features(tmp_path, REGISTRATION, f"--dicfix-waivers={waivers(tmp_path, 'DIC-POL-01')}")
    assert run.code == 4
    assert "--dicfix-audit beside it" in run.out
