"""`dicfix certs` as a user runs it."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dicfix.__main__ import main
from dicfix.certificates import read_certificate
from dicfix.firmware import profile, read_firmware
from dicfix.keystore import CertificateDirectory
from tests.tools import openssl, openssl_makes_the_guides_files

HOST = "abc123-ats.iot.eu-west-1.amazonaws.com"
CODE = "0123456789abcdef" * 4
GUIDE = {
    "CA.key", "CA.crt", "CA.srl", "device.key", "device.csr", "device.crt", "explorer.key", "explorer.csr",
    "explorer.crt", "AmazonRootCA1.pem",
}  # fmt: skip


def certs(directory: Path, *arguments: str) -> int:
    return main(["certs", "--dir", str(directory), *arguments])


def words(printed: str) -> dict[str, str]:
    """The word (made, found) of each file name printed."""
    return dict(re.findall(r"^(\S+) +(made|found)\b", printed, re.MULTILINE))


def test_one_command_makes_the_guides_files_and_openssl_verifies_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert certs(tmp_path / "certificates") == 0
    printed = words(capsys.readouterr().out)
    assert printed == dict.fromkeys(GUIDE, "made")
    assert {path.name for path in (tmp_path / "certificates").iterdir()} == GUIDE
    for client in ("device.crt", "explorer.crt"):
        assert "OK" in openssl(f"verify -CAfile CA.crt {client}", cwd=tmp_path / "certificates")


def test_a_second_run_finds_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certs(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    capsys.readouterr()
    assert certs(tmp_path) == 0
    assert words(capsys.readouterr().out) == dict.fromkeys(GUIDE - {"CA.srl"}, "found")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_overwrite_makes_new_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certs(tmp_path)
    before = (tmp_path / "device.key").read_bytes()
    capsys.readouterr()
    assert certs(tmp_path, "--overwrite") == 0
    assert words(capsys.readouterr().out) == dict.fromkeys(GUIDE - {"CA.srl"}, "made")
    assert (tmp_path / "device.key").read_bytes() != before


def test_names_subjects_and_version_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--device", "LAMP", "--device", "PLUG", "--explorer", "WATCH", "--client-certificate-version", "3"]
    subjects = ["--ca-subject", "/C=IN/CN=Root", "--device-subject", "CN={thing},O=Acme", "--explorer-subject", "/CN=e"]
    assert certs(tmp_path, *arguments, *subjects) == 0
    directory = CertificateDirectory(tmp_path)
    stems = ("device", "PLUG", "explorer")
    made = [directory.client(stem).certificate for stem in stems]
    assert [each.subject for each in made] == ["CN=LAMP,O=Acme", "CN=PLUG,O=Acme", "CN=e"]
    assert {each.version for each in made} == {3}
    assert directory.ca_certificate().subject == "CN=Root,C=IN"
    assert words(capsys.readouterr().out)["PLUG.crt"] == "made"


def test_edition_2024_04_makes_the_verification_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert certs(tmp_path, "--edition", "2024-04") == 0
    assert "note: the verification certificate needs --registration-code" in capsys.readouterr().out
    assert certs(tmp_path, "--edition", "2024-04", "--registration-code", CODE) == 0
    assert words(capsys.readouterr().out)["verification_cert.pem"] == "made"
    assert CertificateDirectory(tmp_path).verification().certificate.common_name == CODE


@pytest.mark.parametrize("profile_id", ["2023-06", "2023-08"])
def test_firmware_material_is_written_for_each_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], profile_id: str
) -> None:
    arguments = ["--device", "LAMP", "--device", "PLUG", "--firmware-profile", profile_id, "--host", HOST]
    assert certs(tmp_path, *arguments) == 0
    assert words(capsys.readouterr().out)["firmware/PLUG/dic_config.h"] == "made"
    directory = CertificateDirectory(tmp_path)
    for thing, stem in (("LAMP", "device"), ("PLUG", "PLUG")):
        files = {path.name: path for path in (tmp_path / "firmware" / thing).iterdir()}
        found = read_firmware(profile(profile_id), {name: path.read_text() for name, path in files.items()}).material()
        assert (found.client_id, found.server_host) == (thing, HOST)
        assert found.device_key == directory.client(stem).key.pem
        assert read_certificate(found.ca_certificate).common_name == "Amazon Root CA 1"
        holder = files["dic_config.h" if profile_id == "2023-06" else "dic_nvm_cert.cpp"]
        assert stat.S_IMODE(holder.stat().st_mode) == 0o600
    assert certs(tmp_path, *arguments) == 0
    assert words(capsys.readouterr().out)["firmware/PLUG/dic_config.h"] == "found"


def test_keys_are_never_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--edition", "2024-04", "--registration-code", CODE, "--firmware-profile", "2023-08", "--host", HOST]
    assert certs(tmp_path, *arguments) == 0
    printed = "".join(capsys.readouterr())
    keys = list(tmp_path.glob("*.key"))
    assert len(keys) == 4
    for key in keys:
        assert not any(line in printed for line in key.read_text().splitlines())


def test_files_of_the_real_openssl_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    openssl_makes_the_guides_files(tmp_path)
    assert certs(tmp_path) == 0
    out = capsys.readouterr().out
    assert words(out) == {**dict.fromkeys(GUIDE - {"CA.srl"}, "found"), "AmazonRootCA1.pem": "made"}
    assert "note: CA.crt keeps its subject CN=DIC CA\n" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ca-subject", "x"], "The subject 'x' cannot be used"),
        (["--device-subject", "/O=dicfix/CN=DIC CA"], "is the CA's own"),
        (["--device", "a/b"], "'a/b' is no thing name"),
        (["--device", "a", "--device", "a"], "given twice"),
        (["--registration-code", CODE], "The edition 2023-08 has no verification certificate"),
        (["--firmware-profile", "2023-08"], "needs the endpoint"),
        (["--host", HOST], "goes into firmware material only"),
        (["--host", "https://" + HOST, "--firmware-profile", "2023-08"], "is no host name"),
        (
            ["--device", "x" * 30, "--firmware-profile", "2023-08", "--host", HOST],
            "client_id needs 31 bytes and has 30",
        ),
    ],
    ids=lambda value: None if isinstance(value, list) else value[:30],
)
def test_wrong_input_gives_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert certs(tmp_path, *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("dicfix: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--edition", "2022-01"], ["--client-certificate-version", "2"]])
def test_unknown_choice_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert certs(tmp_path, *arguments) == 2
    assert "invalid choice" in capsys.readouterr().err


def test_spoiled_set_gives_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certs(tmp_path)
    (tmp_path / "device.key").write_text((tmp_path / "explorer.key").read_text())
    assert certs(tmp_path) == 2
    assert "device.csr was not made from device.key" in capsys.readouterr().err
    assert certs(tmp_path, "--overwrite") == 0


def test_module_of_the_command_is_light() -> None:
    code = "import sys, dicfix.cli.certs; print(sorted({'cryptography', 'certifi', 'boto3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
