"""A first audit by the same features: green on an onboarded account, red on an empty one, never a PASS unread."""

from __future__ import annotations

import pytest
from feature_runs import run_features

from dicfix.aws.operations import permission_for

PAGES = ("features/01_openssl_certificate_creation.feature", "features/02_aws_ca_certificate_registration.feature",
         "features/03_set_up_mqtt_explorer.feature")  # fmt: skip
AUDIT = ("-p", "run_variations", "--dicfix-audit", *PAGES)
FROM_FILES = {
    "test_the_signing_requests_are_made_from_the_client_keys",
    "test_aws_is_reachable",
    "test_somebody_is_logged_in_with_aws_credentials",
    "test_the_things_name_is_the_devices_client_id",
    "test_amazonrootca1_is_stored_as_a_pem_file",
}
"""What an audit sees in files, profile and login, whatever the account holds."""
EXPLORER = {
    "test_the_host_is_the_accounts_data_endpoint",
    "test_the_port_is_8883",
    "test_encryption_and_certificate_validation_are_on",
    "test_the_topics_of_the_guide_are_subscribed",
    "test_the_client_id_is_the_thing_name_of_the_certificate_set",
    "test_server_certificate_client_certificate_and_client_key_are_given",
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """An audit of an onboarded account."""
    return run_features(tmp_path_factory.mktemp("good"), *AUDIT, "-s", VARY_DUMP="1")


def test_an_onboarded_account_passes_and_is_left_as_it_was(good):
    assert good.code == 0, good.out[-3000:]
    assert good.count("failed") == 0
    assert "DUMP equal" in good.out
    assert "audit on offline" in good.out


def test_what_only_a_person_can_see_is_skipped_and_named(tmp_path):
    run = run_features(tmp_path, *AUDIT, "-rs")
    assert run.only("skipped") == {
        "test_mqtt_explorer_verifies_the_endpoint_with_the_server_certificate",
        "test_the_connection_is_made",
    }
    assert "MANUAL: DIC-SRV-02" in run.out
    assert "MANUAL: DIC-EXP-08" in run.out


@pytest.mark.parametrize("edition", ["2023-06", "2023-08", "2024-04"])
def test_an_onboarded_account_of_every_edition_passes(tmp_path, edition):
    run = run_features(tmp_path, *AUDIT, "--dicfix-edition", edition)
    assert run.code == 0, run.out[-3000:]


def test_an_empty_account_fails_every_clause_that_the_api_shows(tmp_path, good):
    run = run_features(tmp_path, *AUDIT, VARY_EMPTY="1")
    assert run.code == 1
    assert run.only("passed") == FROM_FILES | EXPLORER
    assert run.only("skipped") == good.only("skipped")
    assert run.only("failed") == good.only("passed") - FROM_FILES - EXPLORER
    assert "UNREADABLE" not in run.out


@pytest.mark.parametrize("operation", ["sts:GetCallerIdentity", "iot:DescribeEndpoint", "iot:ListCACertificates",
    "iot:DescribeCACertificate", "iot:DescribeCertificate", "iot:GetPolicy", "iot:ListTargetsForPolicy",
    "iot:DescribeThing", "iot:ListThingPrincipals", "iot-data:GetConnection"])  # fmt: skip
def test_a_denied_operation_is_unreadable_with_its_permission_and_passes_nowhere(tmp_path, good, operation):
    run = run_features(tmp_path, *AUDIT, "--tb=line", VARY_FAULT=operation)
    turned = good.only("passed") - run.only("passed")
    assert run.code == 1 or operation == "iot-data:GetConnection"
    assert f"needs {permission_for(operation)}" in run.out
    assert "FAIL DIC" not in run.out
    assert turned or operation == "iot-data:GetConnection"
    assert turned <= run.only("failed")


def test_everything_denied_passes_only_what_lies_in_files(tmp_path):
    run = run_features(tmp_path, *AUDIT, VARY_FAULT="*")
    assert run.code == 1
    assert run.only("passed") <= FROM_FILES | EXPLORER
    assert "test_aws_is_reachable" not in run.only("passed")
    assert "test_the_host_is_the_accounts_data_endpoint" not in run.only("passed")
