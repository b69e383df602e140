"""What contradicts itself or is no such file, in several commands: one line, exit code 2, nothing done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicfix.__main__ import main
from dicfix.certificates import issue_client, make_ca
from dicfix.errors import UsageError
from dicfix.settings import settings_from
from dicfix.wiring import Surroundings

ENDPOINT = {"target": "aws", "endpoint_url": "http://127.0.0.1:1", "mqtt_endpoint": "127.0.0.1:2"}


@pytest.mark.parametrize("command", [("audit",), ("why", "SQA_DIC_C2")])
def test_an_endpoint_for_the_embedded_cloud_is_refused(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--endpoint-url", "http://127.0.0.1:1"]) == 2
    captured = capsys.readouterr()
    assert "--endpoint-url is given for target offline" in captured.err
    assert "Expected: --target aws beside it. Do: " in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize("command", [("audit",), ("why", "SQA_DIC_C2"), ("preflight", "light.gbl")])
def test_a_certificate_directory_for_the_embedded_cloud_is_refused(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--directory", "mine"]) == 2
    captured = capsys.readouterr()
    assert captured.err == (
        "dicfix: --directory is given for target offline, which makes certificates of its own. "
        "Expected: --target aws beside it. Do: give both, or leave it out.\n"
    )
    assert captured.out == ""


@pytest.mark.parametrize("option", [("--directory", "mine"), ("--endpoint-url", "http://127.0.0.1:1")])
def test_what_only_an_account_needs_is_refused_for_a_saved_inventory(
    option: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["preflight", "light.gbl", "--inventory", "inventory.jsonl", *option]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"dicfix: {option[0]} is given for a saved inventory, which holds all that is judged. ")
    assert f"Do: leave {option[0]} out." in told


def test_a_directory_in_dic_toml_waits_for_target_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dic.toml").write_text('directory = "mine"\n', encoding="utf-8")
    assert main(["permissions", "audit"]) == 0
    assert capsys.readouterr().err == ""


def test_a_revocation_list_that_is_not_there_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dicfix.cli.auditing._read", lambda *_: pytest.fail("the account was read"))
    (tmp_path / "dic.toml").write_text('[ca]\ncrl = "gone.pem"\n', encoding="utf-8")
    assert main(["audit"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("dicfix: ca.crl is 'gone.pem'. Expected: a file that is there; ")
    assert "Do: correct ca.crl in dic.toml" in told
    assert told.count("\n") == 1


MISTAKES = {
    "an unknown level": (("audit", "--fail-on", "guide=loud"), "correct --fail-on, such as --fail-on guide=high"),
    "an unknown defect": (("audit", "--plant", "nonsense"), "copy a name from that list, in quotes."),
    "a defect for an inventory": (("audit", "--plant", "x", "--inventory", "y"), "leave one of the two out."),
    "a probe for an inventory": (("audit", "--probe", "--inventory", "y"), "leave one of the two out."),
    "a format without a place": (("audit", "--format", "csv"), "add --output-dir, or leave --format out."),
    "a file that is neither": (("preflight", "notes.txt"), "name the image, or the files that the firmware is built"),
    "findings that are none": (("diff", "notes.txt", "notes.txt"), "name a file as `dicfix audit --output-dir` writes"),
    "an unknown word": (("diff", "notes.txt", "notes.txt", "--fail-on", "old"), "correct --fail-on."),
    "waivers that are none": (("waivers", "lint", "notes.txt"), "begin the file with waivers: and nothing else beside"),
    "a waiver without fields": (("waivers", "lint", "waivers.yaml"), "correct the fields of this item."),
    "no release": (("signoff",), "add --release NAME to freeze a release, or verify."),
    "a release to verify by its option": (("signoff", "verify", "--release", "1"), "leave --release and --key out, or"),
    "a release that is no folder": (("signoff", "--release", ".."), "correct --release."),
    "a key that is none": (("signoff", "--release", "1", "--key", "notes.txt"), "name such a key with --key, or leave"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_what_is_expected_comes_with_what_to_do(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("remember the milk", encoding="utf-8")
    (tmp_path / "waivers.yaml").write_text("waivers:\n  - control: DIC-CA-01\n", encoding="utf-8")
    arguments, remedy = MISTAKES[what]
    assert main(list(arguments)) == 2
    told = capsys.readouterr().err
    assert "Expected: " in told
    assert f" Do: {remedy}" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: None, "root.pem cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "root.pem cannot be read: Is a directory"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "root.pem is UTF-16 text"),
        (lambda path: path.write_text(_leaf_pem()), "root.pem (CN=leaf) is a leaf"),
    ],
)
def test_a_server_ca_that_can_be_none_is_refused(spoil, told: str, tmp_path: Path) -> None:
    path = tmp_path / "root.pem"
    spoil(path)
    with pytest.raises(UsageError) as caught:
        Surroundings.aws(settings_from({**ENDPOINT, "account": "123456789012", "server_ca": str(path)}))
    assert told in str(caught.value)
    assert "Expected: " in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def _leaf_pem() -> str:
    now = datetime.now(UTC)
    return issue_client(make_ca("/CN=root", now=now), "/CN=leaf", now=now).certificate.pem
