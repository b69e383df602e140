"""An audit by the features over one sweep, from run to run, by several processes, and over a saved inventory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from audit_world import INACTIVE, bad_inventory, inventory
from feature_runs import ACCOUNT, CREDENTIALS, Served, run_features, served_cloud
from onboarded import DEVICE, GROUP, REGION, SECOND

from dicfix.audit.inventory import write_inventory
from dicfix.audit.outputs.jsonl import read_run
from dicfix.records import Inventory

REGISTRATION = "features/02_aws_ca_certificate_registration.feature"
ACTIVE = "test_the_certificate_is_active"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_cloud(tmp_path_factory.mktemp("served")) as running:
        yield running


def saved(folder: Path, given: Inventory) -> Path:
    """An inventory as `dicfix audit --save-inventory` leaves it."""
    about = {"devices": [DEVICE, SECOND], "ota_devices": [DEVICE], "ota_thing_groups": [GROUP], "edition": "2023-08"}
    write_inventory(folder / "inventory.jsonl", given, {**about, "started": "2026-01-15T12:00:00Z"})
    return folder / "inventory.jsonl"


def test_a_saved_inventory_is_judged_without_credentials_and_compared_with_the_last(tmp_path):
    """Two nights: the second tells the one thing that changed, and the exit code is the scenarios' own."""
    options = ("--dicfix-audit", "--dicfix-state", str(tmp_path / "state"), REGISTRATION, "--dicfix-inventory")
    good = run_features(tmp_path, *options, str(saved(tmp_path, inventory())))
    assert good.code == 0, good.out[-3000:]
    assert good.count("passed") > 10
    assert "audit of a saved inventory" in good.out
    assert "read from an inventory of 2026-01-15T12:00:00Z" in good.out
    assert "this is the first run that is kept" in good.out
    bad = run_features(tmp_path, *options, str(saved(tmp_path, bad_inventory())))
    assert bad.code == 1
    assert bad.only("failed") == {ACTIVE}
    assert f"new                  FAIL critical {INACTIVE} {DEVICE}: INACTIVE" in bad.out
    (kept,) = (tmp_path / "state").iterdir()
    assert kept.name == f"{ACCOUNT}-{REGION}.findings.jsonl"
    assert {one.resource for one in read_run(kept).entries if one.control == INACTIVE} == {DEVICE, SECOND}


def test_an_inventory_of_another_account_ends_the_run_before_the_first_scenario(tmp_path):
    path = saved(tmp_path, inventory())
    options = ("--dicfix-audit", "--dicfix-inventory", str(path), "--dicfix-account", "210987654321", REGISTRATION)
    run = run_features(tmp_path, *options)
    assert (run.code, run.outcomes) == (4, {})
    assert "what was read is of account 123456789012" in run.out


def test_on_target_aws_the_account_is_swept_once_and_the_workers_read(served, tmp_path):
    """One sweep by the controlling process: the account sees as many calls with two workers as with none."""
    options = (*served.options(tmp_path / "nothing"), "--dicfix-audit", REGISTRATION)
    state = ("--dicfix-state", str(tmp_path / "state"))
    alone = run_features(tmp_path, *options, *state, **CREDENTIALS)
    assert alone.code == 1
    shared = run_features(tmp_path, *options, "-n", "2", **CREDENTIALS)
    assert shared.outcomes == alone.outcomes
    assert [line for line in shared.out.splitlines() if " calls, " in line] != []
    assert (tmp_path / "state" / f"{ACCOUNT}-{REGION}.findings.jsonl").exists()
    again = run_features(tmp_path, *options, *state, **CREDENTIALS)
    assert "Since " in again.out
    assert " 0 new," in again.out


REFUSED = {
    "an onboarding with an inventory": (
        ("--dicfix-inventory", "FILE"),
        "--dicfix-audit beside it. Do: add --dicfix-audit, or leave --dicfix-inventory out.",
    ),
    "an onboarding with a state": (("--dicfix-state", "state"), "--dicfix-audit beside it"),
    "an inventory on AWS": (
        ("--dicfix-audit", "--dicfix-inventory", "FILE", "--dicfix-target", "aws"),
        "no --dicfix-target aws beside it. Do: leave --dicfix-target out, or",
    ),
    "a probe with an inventory": (
        ("--dicfix-audit", "--dicfix-inventory", "FILE", "--dicfix-probe"),
        "no --dicfix-probe beside it. Do: leave --dicfix-probe out, or",
    ),
    "a certificate directory with an inventory": (
        ("--dicfix-audit", "--dicfix-inventory", "FILE", "--dicfix-directory", "x"),
        "Expected: --dicfix-inventory without --dicfix-directory. Do: leave --dicfix-directory out.",
    ),
    "no such inventory": (("--dicfix-audit", "--dicfix-inventory", "gone.jsonl"), "gone.jsonl cannot be read"),
    "embedded accounts of several processes": (
        ("--dicfix-audit", "--dicfix-state", "state", "-n", "2"),
        "embedded accounts of several processes",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_meant_is_one_line(tmp_path, what):
    arguments, told = REFUSED[what]
    path = saved(tmp_path, inventory())
    run = run_features(tmp_path, *(str(path) if one == "FILE" else one for one in arguments), REGISTRATION)
    assert (run.code, run.out.count("ERROR: dicfix: ")) == (4, 1), run.out
    assert told in run.out
    assert "Traceback" not in run.out
