"""`dicfix cleanup`: what the journal holds is listed, removed and told, in the account that was named alone."""

from __future__ import annotations

import pytest
from account_world import EMPTY, World

from dicfix.__main__ import main
from dicfix.accounts.journal import Entry, Journal
from dicfix.aws import registry
from dicfix.offline.cloud import EmbeddedCloud

ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def cloud():
    with EmbeddedCloud(http=True) as running:
        yield running


@pytest.fixture
def world(cloud, tmp_path, monkeypatch):
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.chdir(tmp_path)
    cloud.reset()
    return World(cloud, tmp_path)


@pytest.fixture
def cleanup(world, capsys):
    def run(*arguments: str, directory: str = "certificates", endpoint: bool = True):
        url = ("--endpoint-url", world.cloud.http_url) if endpoint else ()
        code = main(["cleanup", "--directory", directory, *url, *arguments])
        return code, *capsys.readouterr()

    return run


def test_everything_of_ours_is_removed_one_line_each(world, cleanup):
    builder = world.builder()
    builder.onboard()
    code, out, err = cleanup("--account", ACCOUNT)
    assert (code, err) == (0, "")
    assert out.count("removed  ") == 10
    assert out.endswith(f"10 in account {ACCOUNT}, eu-west-1.\n")
    assert f"removed  policy attachment DIC_POLICY to certificate {certificate(builder)}" in out
    assert world.counts() == EMPTY


def certificate(builder) -> str:
    return builder.site.client("SQA_DIC_C2").certificate.certificate_id[:12]


def test_a_dry_run_lists_and_changes_nothing(world, cleanup):
    world.builder().onboard()
    before = world.cloud.dump()
    journal = (world.directory / "certificates" / "journal.jsonl").read_bytes()
    code, out, _ = cleanup("--account", ACCOUNT, "--dry-run")
    assert code == 0
    assert out.count("would remove  ") == 10
    assert world.cloud.dump() == before
    assert (world.directory / "certificates" / "journal.jsonl").read_bytes() == journal


def test_what_is_gone_already_is_told_so(world, cleanup):
    builder = world.builder()
    builder.ensure_policy()
    world.session.call("iot", "DeletePolicy", policyName="DIC_POLICY")
    code, out, _ = cleanup("--account", ACCOUNT)
    assert (code, out.splitlines()[0]) == (0, "gone     policy DIC_POLICY")


def test_what_is_not_in_the_journal_stays(world, cleanup):
    world.builder().ensure_policy()
    registry.create_thing(world.session, "theirs")
    assert cleanup("--account", ACCOUNT)[0] == 0
    assert world.counts() == {**EMPTY, "thing": 1}


def test_a_second_clean_up_has_nothing_to_do(world, cleanup):
    world.builder().ensure_policy()
    cleanup("--account", ACCOUNT)
    assert cleanup("--account", ACCOUNT)[:2] == (0, "The journal holds nothing that is not removed already.\n")


def test_what_the_journal_holds_of_another_account_is_named_and_left(world, cleanup):
    world.builder().ensure_policy()
    journal = Journal(world.directory / "certificates" / "journal.jsonl")
    journal.making(Entry("policy", "X", "999999999999", "eu-west-1"))
    code, out, _ = cleanup("--account", ACCOUNT)
    assert code == 0
    assert "also holds 1 of account 999999999999, eu-west-1" in out
    assert len(Journal(journal.path)) == 1


def test_account_region_and_endpoint_may_come_from_the_settings_file(world, cleanup):
    world.builder().ensure_policy()
    (world.directory / "mine.toml").write_text(
        f'directory = "certificates"\n[aws]\naccount = "{ACCOUNT}"\nendpoint_url = "{world.cloud.http_url}"\n'
        'mqtt_endpoint = "127.0.0.1:1"\nserver_ca = "root.pem"\n'
    )
    assert main(["cleanup", "--config", "mine.toml"]) == 0
    assert world.counts() == EMPTY


def test_dic_toml_in_this_folder_counts_without_being_named(world, cleanup):
    world.builder().ensure_policy()
    (world.directory / "dic.toml").write_text(f'[aws]\naccount = "{ACCOUNT}"\n')
    assert cleanup()[0] == 0
    assert world.counts() == EMPTY


REFUSED = {
    "no account named": ((), 4, "no account is named"),
    "another account": (("--account", "999999999999"), 4, f"logged in to account {ACCOUNT}"),
    "no account at all": (("--account", "12"), 2, "the twelve digits of an AWS account"),
    "no Region": (("--account", ACCOUNT, "--region", "Europe"), 2, "region is 'Europe'"),
    "no settings file": (("--account", ACCOUNT, "--config", "nope.toml"), 2, "nope.toml cannot be read"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_meant_changes_nothing_and_is_one_line(world, cleanup, what):
    world.builder().onboard()
    before = world.cloud.dump()
    arguments, expected, told = REFUSED[what]
    code, out, err = cleanup(*arguments)
    assert (code, out) == (expected, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert str(world.directory) not in err
    assert world.cloud.dump() == before


def test_a_directory_without_a_journal_is_a_usage_error(world, cleanup):
    code, _, err = cleanup("--account", ACCOUNT, directory="elsewhere")
    assert code == 2
    assert "there is no journal journal.jsonl in the directory elsewhere" in err


def test_a_broken_journal_is_a_usage_error(world, cleanup):
    world.builder().ensure_policy()
    with (world.directory / "certificates" / "journal.jsonl").open("a") as file:
        file.write("what?\n")
    code, _, err = cleanup("--account", ACCOUNT)
    assert code == 2
    assert "line 2 of the journal" in err


def test_an_unreachable_endpoint_is_refused(world, cleanup):
    world.builder().ensure_policy()
    code, _, err = cleanup("--account", ACCOUNT, "--endpoint-url", "http://127.0.0.1:9", endpoint=False)
    assert code == 4
    assert "it cannot be known who is logged in" in err
