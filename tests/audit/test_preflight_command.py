"""`dicfix preflight`: what a file is, wrong input of each kind as one line, exit codes, no key in anything printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from client_world import ClientWorld
from onboarded import ACCOUNT, DEVICE, NOW, good_build, good_inventory, material

from dicfix.__main__ import main
from dicfix.audit import build_files
from dicfix.audit.build_files import read_builds
from dicfix.audit.inventory import write_inventory
from dicfix.errors import MaterialError, UsageError
from dicfix.firmware import profile
from dicfix.images import gbl
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.records import NOT_ASKED

FIRMWARE = profile("2023-08")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file and no certificates where the command runs, and the day of the saved certificates."""
    from dicfix.cli import one_client

    class Day:
        @staticmethod
        def now(_zone: object) -> Any:
            return NOW

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(one_client, "datetime", Day)


def saved(**changes: Any) -> str:
    """A saved inventory of the good account."""
    about = {"devices": [DEVICE], "edition": "2024-04", "started": "2026-01-15T12:00:00Z"}
    inventory = replace(good_inventory("2024-04"), **{"local": NOT_ASKED, **changes})
    write_inventory(Path("inventory.jsonl"), inventory, about)
    return "inventory.jsonl"


def files(**changes: str) -> list[str]:
    """Header and certificate source of the first device of the good account."""
    texts = good_build("2024-04", **changes)
    names = {"header": "dic_config.h", "certificate_source": "dic_nvm_cert.cpp"}
    for field, text in texts.items():
        Path(names[field]).write_text(str(text), encoding="utf-8")
    return list(names.values())


def test_a_good_build_is_ok_against_a_saved_inventory(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", *files(), "--inventory", saved()]) == 0, capsys.readouterr().out
    out = capsys.readouterr().out
    assert out.startswith(f"dic_config.h, dic_nvm_cert.cpp in account {ACCOUNT}, eu-west-1 (an inventory of ")
    assert "checks are ok" in out
    assert "PRIVATE KEY" not in out
    assert material().device.key.pem.splitlines()[1] not in out


def test_a_certificate_that_only_a_list_of_the_account_names_is_known_by_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sweep describes certificates of the things in question alone; the lists name every one."""
    assert main(["preflight", *files(), "--inventory", saved(certificates={})]) == 0
    out = capsys.readouterr().out
    assert "BROKEN" not in out
    assert f"ok          certificate registered              {material().device.certificate.certificate_id}" in out


def test_a_certificate_that_the_inventory_does_not_hold_is_unreadable_without_a_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    inventory = saved(certificates={}, account_certificates=NOT_ASKED)
    assert main(["preflight", *files(), "--inventory", inventory]) == 3
    out = capsys.readouterr().out
    assert "BROKEN" not in out
    assert "was not asked for when it was saved" in out


def test_a_certificate_that_no_list_names_is_not_registered(capsys: pytest.CaptureFixture[str]) -> None:
    inventory = saved(certificates={}, account_certificates={})
    assert main(["preflight", *files(), "--inventory", inventory]) == 1
    assert "is not registered here" in capsys.readouterr().out


def test_a_wrong_host_is_exit_1_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", *files(server_host="elsewhere.example.com"), "--inventory", saved()]) == 1
    out = capsys.readouterr().out
    assert "BROKEN      host                                elsewhere.example.com; expected a1b2c3d4e5f6g7-ats" in out
    assert "Do: write them again" in out
    assert "checks wrong: host\n" in out


def test_a_client_id_that_no_thing_can_have_is_no_thing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", *files(client_id="my device"), "--inventory", saved()]) == 1
    assert "BROKEN      client ID is a thing                no such thing; expected a thing named my device" in (
        capsys.readouterr().out
    )


def test_control_characters_of_a_file_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    names = files()
    header = Path(names[0])
    header.write_text(header.read_text().replace(f'"{DEVICE}"', '"a\\033[2Jb"'))
    assert main(["preflight", *names, "--inventory", saved()]) == 1
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "[2Jb" in captured.out


def test_a_header_alone_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", files()[0], "--inventory", saved()]) == 3
    assert "not to be seen: host, root, certificate, key" in capsys.readouterr().out


def test_an_image_beside_the_files_is_a_build_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.gbl").write_bytes(gbl.make(b"nothing of interest", version=1))
    assert main(["preflight", *files(), "app.gbl", "--inventory", saved()]) == 3
    out = capsys.readouterr().out
    assert "app.gbl in account" in out
    assert "all 14 checks are ok" in out


def write(name: str, data: bytes) -> str:
    Path(name).write_bytes(data)
    return name


WRONG: dict[str, tuple[dict[str, bytes], str]] = {
    "nothing there": ({}, "nowhere.gbl cannot be read: No such file"),
    "an empty image": ({"empty.gbl": b""}, "empty.gbl begins with nothing"),
    "text that is named as an image": ({"text.gbl": b"hello, world"}, "text.gbl begins with 68 65"),
    "bytes that are neither": ({"some.bin": b"\xff\xfe\x00\x01"}, "some.bin is neither an image nor text"),
    "text of something else": ({"notes.txt": b"remember the milk"}, "notes.txt: no value of a device inside"),
    "an empty header": ({"dic_config.h": b""}, "dic_config.h: no value of a device inside"),
    "a header that cannot be followed": ({"dic_config.h": b"#if FOO(1)\n#endif\n"}, "cannot follow"),
    "an #if without #endif": ({"dic_config.h": b'#if 1\n#define DIC_CLIENT_ID "a"\n'}, "dic_config.h"),
    "a source with an array twice": (
        {"c.cpp": b'char device_key[] = "a";\nchar device_key[] = "b";\n'},
        "c.cpp gives device_key twice",
    ),
    "two headers": (
        {"a.h": b'#define DIC_CLIENT_ID "a"\n', "b.h": b'#define DIC_CLIENT_ID "b"\n'},
        "a.h and b.h are of one kind",
    ),
    "a certificate file": ({"device.crt": b"-----BEGIN CERTIFICATE-----"}, "no value of a device inside"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_one_line(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    contents, told = WRONG[what]
    names = [write(name, data) for name, data in contents.items()] or ["nowhere.gbl"]
    assert main(["preflight", *names]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err


def test_a_folder_and_a_huge_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_builds([tmp_path], FIRMWARE)
    huge = tmp_path / "huge.gbl"
    huge.write_bytes(b"12345")
    monkeypatch.setattr(build_files, "LARGEST_FILE_BYTES", 4)
    with pytest.raises(UsageError, match="more than 4 bytes"):
        read_builds([huge], FIRMWARE)


def test_no_key_is_in_the_message_of_a_file_that_cannot_be_read() -> None:
    key = material().device.key.pem
    source = "char device_key[] = " + "\n".join(f'"{line}\\n"' for line in key.splitlines())
    with pytest.raises(MaterialError) as caught:
        read_builds([Path(write("dic_nvm_cert.cpp", source.encode()))], FIRMWARE)
    assert key.splitlines()[1] not in str(caught.value)


def test_no_file_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight"]) == 2
    assert "FILE" in capsys.readouterr().err


def test_another_account_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", *files(), "--inventory", saved(), "--account", "999999999999"]) == 4
    assert f"of account {ACCOUNT}" in capsys.readouterr().err


def test_the_embedded_account_knows_no_foreign_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preflight", *files()]) == 1
    assert "is not registered here" in capsys.readouterr().out


def test_an_account_behind_an_endpoint_is_read_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from datetime import datetime

    from dicfix.cli import one_client
    from dicfix.trust import amazon_root_ca_1

    monkeypatch.setattr(one_client, "datetime", datetime)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    with EmbeddedCloud(http=True) as cloud:
        world = ClientWorld(cloud, tmp_path)
        names = [str(path) for path in world.files(tmp_path / "b", ca_certificate=amazon_root_ca_1().pem)]
        before = cloud.dump()
        options = ("--target", "aws", "--endpoint-url", str(cloud.http_url), "--edition", "2024-04")
        code = main(["preflight", *names, *options])
        assert code == 0, capsys.readouterr().out
        assert cloud.dump() == before
        world.lab.close()
