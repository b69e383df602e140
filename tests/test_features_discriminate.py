"""The scenarios of refusal can fail: with a rule of the embedded cloud taken out, the scenario that it makes turns red.

Each case runs one scenario in a process of its own, by DICFIX_WITHOUT_RULES.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dicfix.offline import rules

ROOT = Path(__file__).resolve().parents[1]
REFUSED = "features/05_refused_connections.feature"
LIFE = "features/06_life_after_onboarding.feature"
AGAIN = "features/07_onboarding_again.feature"

CASES = [
    (
        "ADMIT-UNKNOWN",
        f"{REFUSED}::test_a_client_without_its_own_registered_certificate_is_refused"
        "[with a stranger's certificate-connect-closed without CONNACK-CERTIFICATE_UNKNOWN]",
        "the cloud kept 'CONNECT_NOT_AUTHORIZED'",
    ),
    ("ADMIT-INACTIVE", f"{REFUSED}::test_a_client_whose_certificate_is_inactive_is_refused", "the client saw"),
    ("DENIED-CONNECT", f"{REFUSED}::test_a_client_whose_certificate_has_no_policy_is_refused", "the client saw"),
    (
        "RESERVED-SUBSCRIBE",
        f"{REFUSED}::test_a_subscription_to_sys_ends_the_connection_and_mqtt_explorer_has_it_by_default",
        "the client saw",
    ),
    (
        "TAKE-OVER",
        f"{REFUSED}::test_a_second_connection_with_a_client_id_in_use_drops_the_first",
        "the end of the connection",
    ),
    ("SNI-REQUIRED", f"{REFUSED}::test_the_published_firmware_is_refused_under_multiaccount_mode", "the client saw"),
    (
        "JITR-DROP",
        f"{REFUSED}::test_an_unknown_certificate_of_the_ca_waits_for_activation_and_works_once_it_is_activated",
        "the cloud kept",
    ),
    (
        "CERTIFICATE-CA-ACTIVE",
        f"{LIFE}::test_a_ca_certificate_that_is_inactive_registers_no_certificate",
        "AWS refused nothing",
    ),
    (
        "CERTIFICATE-INACTIVE-BEFORE-DELETION",
        f"{LIFE}::test_aws_refuses_that_what_is_deleted_too_early_and_the_remedy_is_told[an ACTIVE certificate-"
        "iot:DeleteCertificate-CertificateStateException-set the certificate INACTIVE]",
        "AWS refused nothing",
    ),
    (
        "JITR-ENABLED",
        f"{LIFE}::test_with_automatic_registration_off_a_deleted_certificate_stays_away",
        "the cloud kept 'CERTIFICATE_REGISTERED_NOW'",
    ),
]


def run(nodeid: str, without: str = "") -> subprocess.CompletedProcess[str]:
    """One scenario in a process of its own; ``without`` are ids of rules."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV", "DICFIX"))}
    command = [sys.executable, "-m", "pytest", nodeid, "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
    return subprocess.run(
        [*command, "-p", "no:allure_pytest_bdd", "--tb=short"],
        cwd=ROOT,
        env={**inherited, rules.WITHOUT_RULES: without},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("rule_id", "nodeid", "says"), CASES, ids=[case[0] for case in CASES])
def test_without_its_rule_the_scenario_turns_red_and_says_what_was_seen(rule_id: str, nodeid: str, says: str) -> None:
    done = run(nodeid, rule_id)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert says in done.stdout
    assert f"NOT A REAL RUN, without the rules {rule_id}" in done.stdout


def test_a_failing_scenario_shows_both_ends_and_no_key() -> None:
    done = run(CASES[0][1], CASES[0][0])
    assert "the client saw 'connect: closed without CONNACK'" in done.stdout
    assert "the cloud kept 'CONNECT_NOT_AUTHORIZED'" in done.stdout
    assert "expected 'CERTIFICATE_UNKNOWN'" in done.stdout
    assert "FAIL  And the server's reason is CERTIFICATE_UNKNOWN" in done.stdout
    assert "Captured MQTT transcript" in done.stdout
    assert "CONNECT client ID 'DIC_EXPLORER'" in done.stdout
    assert "PRIVATE KEY" not in done.stdout + done.stderr


def test_with_every_rule_the_same_scenario_is_green_and_no_rule_is_named() -> None:
    done = run(CASES[1][1])
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert "NOT A REAL RUN" not in done.stdout


def test_every_named_rule_is_registered() -> None:
    import dicfix.offline.rules.certificate_admission
    import dicfix.offline.rules.connection
    import dicfix.offline.rules.device_admission
    import dicfix.offline.rules.policy_evaluation
    import dicfix.offline.rules.topics  # noqa: F401

    assert {case[0] for case in CASES} <= rules.RULES.keys()
    assert rules.taken_out() == ()
