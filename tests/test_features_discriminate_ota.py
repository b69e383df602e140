"""The OTA scenarios of refusal can fail too: without its rule of the embedded cloud each turns red."""

from __future__ import annotations

import pytest
from test_features_discriminate import run

FAILED = "features/10_ota_refused_and_failed.feature"
CREATE = f"{FAILED}::test_an_update_ordered_how_ends_in_create_failed"
NO_REFUSAL = "the order ended with an update that was made"

CASES = [
    ("OTA-ID-ONCE", f"{FAILED}::test_a_second_update_of_the_same_name_is_refused", NO_REFUSAL),
    (
        "OTA-ROLE-RIGHTS",
        f"{CREATE}[with a role that may not pass itself-iam:PassRole-let the role pass itself]",
        NO_REFUSAL,
    ),
    (
        "OTA-ROLE-READS-AND-WRITES-BUCKET,SIGNING-SOURCE-ACCESSIBLE",
        f"{CREATE}[with a role that may not use the bucket-S3 object-let the role read and write]",
        NO_REFUSAL,
    ),
    (
        "RIGHTS-TRUST-CONDITIONS",
        f"{CREATE}[with a role that trusts AWS IoT for another account-sts:AssumeRole-let iot.amazonaws.com assume]",
        NO_REFUSAL,
    ),
    (
        "OTA-BUCKET-VERSIONED",
        f"{CREATE}[with a bucket that keeps no versions-versioning-switch the bucket's versioning]",
        "expected OtaUpdateFailed with versioning",
    ),
    ("JOBS-TARGET-EXISTS", f"{FAILED}::test_an_update_for_a_thing_that_is_not_there_ends_in_create_failed", NO_REFUSAL),
    (
        "OTA-SIGNATURE-KEY",
        f"{FAILED}::test_the_device_finds_no_right_signature_of_an_update_ordered_how[with SHA-256 spelt with a dash]",
        "expected FAILED with '0x000000e3'",
    ),
]


@pytest.mark.parametrize(("rule_id", "nodeid", "says"), CASES, ids=[case[0] for case in CASES])
def test_without_its_rule_the_ota_scenario_turns_red(rule_id: str, nodeid: str, says: str) -> None:
    done = run(nodeid, rule_id)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout[-3000:] + done.stderr
    assert "1 failed" in done.stdout
    assert says in done.stdout
