"""The performing scenarios of the real features: each goes red when its step does nothing, whatever the step says."""

from __future__ import annotations

import pytest
from feature_runs import ONBOARDING, run_features

PAGES = ("features/01_openssl_certificate_creation.feature", "features/02_aws_ca_certificate_registration.feature",
         "features/03_set_up_mqtt_explorer.feature")  # fmt: skip
DESK = (*PAGES, "features/04_dic_applications.feature")
VARY = ("-p", "run_variations")


@pytest.mark.parametrize(
    ("edition", "said"),
    [("2023-06", "found"), ("2023-08", "performed"), ("2023-08", "found"), ("2024-04", "performed")],
)
def test_a_step_that_does_nothing_turns_every_performing_scenario_red(tmp_path, edition, said):
    run = run_features(tmp_path, *VARY, "-m", "performs", "--dicfix-edition", edition, *DESK, VARY_NOOP=said)
    assert run.code == 1
    assert run.only("passed") == set()
    assert run.only("skipped") == set()
    assert run.count("failed") > 30


def test_a_device_and_an_explorer_that_say_nothing_turn_every_exchange_red(tmp_path):
    run = run_features(tmp_path, *VARY, "-m", "performs", DESK[3], VARY_NOOP="talk")
    assert run.only("passed") == run.only("skipped") == set()
    assert run.count("failed") >= 10


@pytest.mark.parametrize("edition", ["2023-08", "2024-04"])
def test_the_scenarios_pass_in_the_opposite_order_too(tmp_path, edition):
    """Each has an account of its own, so that any order and any single one will do."""
    run = run_features(tmp_path, *VARY, "--dicfix-edition", edition, *ONBOARDING, VARY_ORDER="reversed")
    assert run.code == 0, run.out[-3000:]
    assert run.count("failed") == 0


def test_two_processes_perform_what_one_performs(tmp_path):
    run = run_features(tmp_path, "-n", "2", *DESK)
    assert run.code == 0, run.out[-3000:]
    assert run.outcomes == run_features(tmp_path, *DESK).outcomes


def test_a_file_a_name_and_an_expression_select_real_scenarios(tmp_path):
    one = f"{PAGES[1]}::test_the_ca_certificate_is_active"
    assert run_features(tmp_path, one).outcomes == {"test_the_ca_certificate_is_active": "passed"}
    chosen = run_features(tmp_path, "-k", "policy", PAGES[1])
    assert chosen.code == 0
    assert chosen.outcomes
    assert all("policy" in name for name in chosen.outcomes)
    row = f"{DESK[3]}::test_the_state_of_a_light_is_seen[off-on]"
    assert run_features(tmp_path, row).outcomes == {"test_the_state_of_a_light_is_seen[off-on]": "passed"}


def test_the_last_failed_are_run_again(tmp_path):
    broken = run_features(tmp_path, *VARY, PAGES[0], VARY_NOOP="found")
    assert broken.count("failed") == 6
    again = run_features(tmp_path, "--lf", *ONBOARDING)
    assert again.code == 0
    assert again.only("passed") == broken.only("failed")
