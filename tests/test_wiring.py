"""Target aws from end to end, against an embedded cloud in another process over HTTP and MQTT."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from feature_runs import ACCOUNT, CREDENTIALS, ONBOARDING, ROOT, Served, environment, run_features, served_cloud

from dicfix.aws.session import AwsSession

DESK = ("features/01_openssl_certificate_creation.feature", "features/02_aws_ca_certificate_registration.feature",
        "features/03_set_up_mqtt_explorer.feature", "features/04_dic_applications.feature")  # fmt: skip
ONE = "features/02_aws_ca_certificate_registration.feature"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with served_cloud(tmp_path_factory.mktemp("cloud")) as found:
        yield found


def session(served: Served) -> AwsSession:
    kwargs = {"region_name": "eu-west-1", "endpoint_url": served.api}
    return AwsSession({**kwargs, "aws_access_key_id": "AKIA0", "aws_secret_access_key": "x"}, max_attempts=1)


def left(served: Served) -> list[str]:
    """What is registered in the served account."""
    lists = (
        ("ListCACertificates", "certificates", "certificateId"),
        ("ListCertificates", "certificates", "certificateId"),
        ("ListPolicies", "policies", "policyName"),
        ("ListThings", "things", "thingName"),
    )
    return [row[name] for operation, key, name in lists for row in session(served).pages("iot", operation, key)]


def cleanup(served: Served, directory, *more: str):
    command = [sys.executable, "-m", "dicfix", "cleanup", "--directory", str(directory), "--endpoint-url", served.api]
    return subprocess.run(
        [*command, *more], cwd=ROOT, env=environment(directory, **CREDENTIALS),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def exclusive(tmp_path):
    """Settings that say that no board hangs on the account."""
    path = tmp_path / "dic.toml"
    path.write_text("[aws]\nexclusive_account = true\n")
    return ("--dicfix-config", str(path))


def test_the_whole_guide_is_performed_on_target_aws_and_cleaned_up(served, tmp_path, exclusive):
    run = run_features(tmp_path, *served.options(tmp_path / "certificates"), *exclusive, *ONBOARDING, **CREDENTIALS)
    assert run.code == 0, run.out[-3000:]
    assert run.count("failed") == 0
    assert run.count("passed") > 45
    assert left(served) == []
    events = [json.loads(line) for line in (tmp_path / "certificates" / "journal.jsonl").read_text().splitlines()]
    made, removed = ([e for e in events if e["event"] == word] for word in ("made", "removed"))
    assert len(made) == len(removed) >= 10
    assert {event["account"] for event in events} == {ACCOUNT}


def test_every_scenario_may_come_in_any_order_on_one_lasting_account(served, tmp_path, exclusive):
    run = run_features(
        tmp_path, *served.options(tmp_path / "certificates"), *exclusive, "-p", "run_variations", *ONBOARDING,
        VARY_ORDER="reversed", **CREDENTIALS,
    )  # fmt: skip
    assert run.code == 0, run.out[-3000:]
    assert left(served) == []


def test_kept_then_audited_found_by_a_second_run_and_cleaned_up_by_the_command(served, tmp_path, exclusive):
    directory = tmp_path / "certificates"
    options = (*served.options(directory), *exclusive, *DESK)
    first = run_features(tmp_path, *options, "--dicfix-keep", **CREDENTIALS)
    assert first.code == 0, first.out[-3000:]
    kept = left(served)
    assert len(kept) == 6

    audit = run_features(tmp_path, *options, "--dicfix-audit", **CREDENTIALS)
    assert audit.code == 0, audit.out[-3000:]
    assert audit.count("passed") > 20
    assert left(served) == kept

    journal = (directory / "journal.jsonl").read_text()
    second = run_features(tmp_path, *options, "--dicfix-keep", **CREDENTIALS)
    assert second.code == 0, second.out[-3000:]
    assert left(served) == kept
    assert (directory / "journal.jsonl").read_text() == journal

    dry = cleanup(served, directory, "--account", ACCOUNT, "--dry-run")
    assert (dry.returncode, dry.stdout.count("would remove  ")) == (0, 10)
    assert left(served) == kept
    done = cleanup(served, directory, "--account", ACCOUNT)
    assert (done.returncode, done.stdout.count("removed  ")) == (0, 10), done.stderr
    assert left(served) == []


def test_an_audit_of_an_empty_account_is_red_and_writes_nothing(served, tmp_path):
    """Every clause that the API shows is FAIL because it is absent: none is skipped, none passes."""
    options = (*served.options(tmp_path / "nothing"), "--dicfix-audit")
    run = run_features(tmp_path, *options, ONE, **CREDENTIALS)
    assert run.code == 1
    assert run.only("passed") == {"test_aws_is_reachable", "test_somebody_is_logged_in_with_aws_credentials"}
    assert run.count("failed") >= 14
    assert left(served) == []
    assert not (tmp_path / "nothing").exists()


def test_two_processes_are_refused_to_an_onboarding_and_allowed_to_an_audit(served, tmp_path):
    options = served.options(tmp_path / "certificates")
    run = run_features(tmp_path, *options, "-n", "2", *ONBOARDING, **CREDENTIALS)
    assert run.code == 4
    assert "cannot be shared among processes (-n)" in run.out
    assert left(served) == []
    audit = run_features(tmp_path, *options, "-n", "2", "--dicfix-audit", ONE, **CREDENTIALS)
    assert audit.code == 1
    assert audit.count("failed") >= 14


def test_a_command_to_every_board_takes_an_account_of_our_own(served, tmp_path):
    options = served.options(tmp_path / "certificates")
    run = run_features(tmp_path, *options, "features/04_dic_applications.feature", "-k", "obeys", "-rs", **CREDENTIALS)
    assert run.code == 0
    assert run.count("passed") == 0
    assert "every board of the account would obey" in run.out


def test_topic_rules_that_would_fire_are_named_and_refuse_the_run(served, tmp_path):
    client = session(served)
    payload = {"sql": "SELECT * FROM 'light/#'", "actions": []}
    client.call("iot", "CreateTopicRule", ruleName="to_the_dashboard", topicRulePayload=payload)
    try:
        options = (*served.options(tmp_path / "certificates"), ONE)
        refused = run_features(tmp_path, *options, **CREDENTIALS)
        assert refused.code == 4
        assert "would fire on this run's messages: to_the_dashboard" in refused.out
        assert run_features(tmp_path, *options, "--dicfix-allow-rules", **CREDENTIALS).code == 0
        assert run_features(tmp_path, *options, "--dicfix-audit", **CREDENTIALS).code == 1
    finally:
        client.call("iot", "DeleteTopicRule", ruleName="to_the_dashboard")


REFUSED = {
    "another account": (("--dicfix-account", "999999999999"), "logged in to account 123456789012"),
    "an unreachable endpoint": (("--dicfix-endpoint-url", "http://127.0.0.1:9"), "cannot be known who is logged in"),
    "a server CA that is not there": (("--dicfix-server-ca", "nowhere.pem"), "server CA nowhere.pem cannot be read"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_run_that_cannot_be_meant_ends_before_the_first_scenario(served, tmp_path, what):
    arguments, told = REFUSED[what]
    run = run_features(tmp_path, *served.options(tmp_path / "certificates"), *arguments, *ONBOARDING, **CREDENTIALS)
    assert run.code == 4
    assert told in run.out
    assert run.out.count("ERROR: dicfix: ") == 1
    assert "Traceback" not in run.out
    assert str(tmp_path) not in run.out
    assert run.outcomes == {}
    assert left(served) == []


@pytest.mark.parametrize("mode", [(), ("--dicfix-audit",)], ids=["onboard", "audit"])
def test_nobody_logged_in_is_one_line(served, tmp_path, mode):
    run = run_features(tmp_path, *served.options(tmp_path / "certificates"), *mode, *ONBOARDING)
    assert (run.code, run.out.count("no AWS credentials were found")) == (4, 1)
    assert "Traceback" not in run.out


def test_no_account_named_is_one_line(tmp_path):
    run = run_features(tmp_path, "--dicfix-target", "aws", *ONBOARDING, **CREDENTIALS)
    assert run.code == 4
    assert "no account is named for a run that writes to AWS" in run.out
