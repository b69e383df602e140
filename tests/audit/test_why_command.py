"""`dicfix why`: exit codes, one line for an error, saved inventories, an account over HTTP; it never writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from client_world import DEVICE, EXPLORER, ClientWorld
from onboarded import ACCOUNT, good_inventory

from dicfix.__main__ import main
from dicfix.audit.device import NEEDS
from dicfix.audit.inventory import read_inventory, write_inventory
from dicfix.fields import Unread
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.records import NOT_ASKED, LiveSession, known

pytest_plugins = ["client_fixtures"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file and no certificates where the command runs."""
    monkeypatch.chdir(tmp_path)


def saved(folder: Path, **changes: Any) -> str:
    """A saved inventory of the good account, its first device connected."""
    session = LiveSession(DEVICE, True, 60, 8883, ("command",), DEVICE, "", "")
    parts = {"local": NOT_ASKED, "sessions": {DEVICE: session}, **changes}
    path = folder / "inventory.jsonl"
    about = {"devices": [DEVICE], "edition": "2024-04", "started": "2026-01-15T12:00:00Z"}
    write_inventory(path, replace(good_inventory("2024-04"), **parts), about)
    return str(path)


@pytest.fixture
def in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day of the saved certificates."""
    from onboarded import NOW

    from dicfix.cli import one_client

    class Day:
        @staticmethod
        def now(_zone: object) -> Any:
            return NOW

    monkeypatch.setattr(one_client, "datetime", Day)


@pytest.mark.usefixtures("in_time")
def test_a_saved_inventory_of_a_connected_device_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", DEVICE, "--inventory", saved(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert f"{DEVICE} in account {ACCOUNT}, eu-west-1 (an inventory of 2026-01-15T12:00:00Z)" in out
    assert out.endswith("the chain is whole\n")
    assert out.count("  ok  ") == 11


@pytest.mark.usefixtures("in_time")
def test_the_first_break_and_its_remedy_end_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = LiveSession(DEVICE, False, 60, 8883, (), DEVICE, "DUPLICATE_CLIENTID", "2026-01-15T11:59:00Z")
    assert main(["why", DEVICE, "--inventory", saved(tmp_path, sessions={DEVICE: gone})]) == 1
    last, remedy = capsys.readouterr().out.splitlines()[-2:]
    assert last == (
        "first break: connection: not connected since 2026-01-15T11:59:00Z; last disconnect: DUPLICATE_CLIENTID"
    )
    assert remedy.startswith("Do: find the second client")


@pytest.mark.usefixtures("in_time")
def test_something_unread_is_exit_3_and_names_the_permission(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = Unread("iot-data:GetConnection", "AccessDeniedException", "no", "iot:GetConnection")
    assert main(["why", DEVICE, "--inventory", saved(tmp_path, sessions=denied)]) == 3
    assert "needs iot:GetConnection" in capsys.readouterr().out


@pytest.mark.usefixtures("in_time")
def test_a_thing_that_the_inventory_does_not_hold_is_unreadable_unless_a_list_denies_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "stranger", "--inventory", saved(tmp_path)]) == 1
    assert "first break: thing (DIC-THG-01): no such thing" in capsys.readouterr().out
    assert main(["why", "stranger", "--inventory", saved(tmp_path, account_things=NOT_ASKED)]) == 3
    assert "stranger was not asked for when it was saved" in capsys.readouterr().out


def test_a_session_that_the_sweep_did_not_ask_for_is_unreadable(tmp_path: Path) -> None:
    from dicfix.audit.why import of_saved

    path = saved(tmp_path, sessions={})
    found = read_inventory(Path(path))
    assert of_saved(found, DEVICE).sessions == {}
    assert of_saved(found, EXPLORER, EXPLORER).sessions == {}
    assert isinstance(of_saved(found, "another").sessions, Unread)


WRONG: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no thing": ((), 2, "THING"),
    "a name that is none": (("no body",), 2, "'no body'"),
    "a name with an escape": (("a\x1b[2J",), 2, "Expected: a thing name"),
    "an unknown option": ((DEVICE, "--nonsense"), 2, "--nonsense"),
    "no inventory": ((DEVICE, "--inventory", "nowhere.jsonl"), 2, "nowhere.jsonl cannot be read"),
    "both sources": ((DEVICE, "--inventory", "x", "--plant", "y"), 2, "no account to plant a defect in"),
    "a defect on aws": ((DEVICE, "--target", "aws", "--plant", "y"), 2, "embedded account only"),
    "a wrong region": ((DEVICE, "--region", "nowhere"), 2, "eu-west-1"),
    "a wrong edition": ((DEVICE, "--edition", "1999-01"), 2, "2023-08"),
    "no settings file": ((DEVICE, "--config", "none.toml"), 2, "none.toml cannot be read"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_one_line(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, code, told = WRONG[what]
    assert main(["why", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert "Traceback" not in captured.err
    assert "\x1b" not in captured.err


def test_another_account_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", DEVICE, "--inventory", saved(tmp_path), "--account", "999999999999"]) == 4
    assert f"of account {ACCOUNT}" in capsys.readouterr().err


def test_an_inventory_that_does_not_say_whose_it_is_is_refused(tmp_path: Path) -> None:
    assert main(["why", DEVICE, "--inventory", saved(tmp_path, caller=NOT_ASKED)]) == 4


def test_nobody_logged_in_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    assert main(["why", DEVICE, "--target", "aws"]) == 4
    assert "no AWS credentials were found" in capsys.readouterr().err


def test_the_embedded_account_is_onboarded_and_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is switched on there, and the guide's own CA mode does not suit the published firmware."""
    assert main(["why", DEVICE]) == 1
    out = capsys.readouterr().out
    assert "first break: server name (SNI) and CA mode (DIC-FIT-08)" in out
    assert "target offline" in out


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An account that is reached over HTTP as any endpoint is."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    with EmbeddedCloud(http=True) as cloud:
        world = ClientWorld(cloud, tmp_path)
        yield world
        world.lab.close()


def test_an_account_behind_an_endpoint_is_read_and_left_as_it_was(
    served: ClientWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    served.lab.switch_on("lighting")
    before = served.cloud.dump()
    options = ("--target", "aws", "--endpoint-url", str(served.cloud.http_url), "--edition", "2024-04")
    assert main(["why", DEVICE, *options]) == 0, capsys.readouterr().out
    assert main(["why", DEVICE, *options, "--account", "999999999999"]) == 4
    assert main(["why", EXPLORER, *options]) == 1
    assert "no connection of this client ID" in capsys.readouterr().out
    assert served.cloud.dump() == before


def test_of_an_account_with_other_things_one_client_is_read(client_world: ClientWorld) -> None:
    inventory, _ = client_world.read(DEVICE, NEEDS)
    assert list(known(inventory.things)) == [DEVICE]
    assert list(known(inventory.certificates)) == [client_world.certificate_id()]
    assert list(known(inventory.sessions)) == []
