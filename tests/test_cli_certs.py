"""`dicfix certs` as a user runs it."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dicfix.__main__ import main
from dicfix.certificates import read_certificate
from dicfix.firmware import profile, read_firmware
from dicfix.keystore import CertificateDirectory, Keystore
from tests.tools import openssl, openssl_makes_the_guides_files

HOST = "abc123-ats.iot.eu-west-1.amazonaws.com"
NOBODY = 65534
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
        (["--ca-subject", "x"], "ca_subject is 'x'"),
        (["--ca-subject", "/CN=a/XX=b"], "cannot be used"),
        (["--device-subject", "/O=dicfix/CN=DIC CA"], "is the CA's own"),
        (["--device", "a/b"], "devices[0] is 'a/b'. Expected: a thing name"),
        (["--device", "a", "--device", "a"], "since each is a client ID (AWS-7.2)"),
        (["--device", "explorer", "--device", "device"], "The files device.* would belong to two things"),
        (["--edition", "2022-01"], "edition is '2022-01'. Expected: one of 2023-06, 2023-08, 2024-04"),
        (["--client-certificate-version", "2"], "client_certificate_version is 2. Expected: one of 1, 3"),
        (["--client-certificate-version", "x"], "invalid int value: 'x'"),
        (["--firmware-profile", "x"], "invalid choice: 'x'"),
        (["--device"], "expected one argument"),
        (["--inspect", "--overwrite"], "--inspect makes nothing, and --overwrite is for making"),
        (["--config", "nope.toml"], "nope.toml cannot be read: No such file or directory"),
        (["--registration-code", CODE], "The edition 2023-08 has no verification certificate"),
        (["--edition", "2024-04", "--registration-code", CODE[1:]], "Expected: 64 hexadecimal digits. Do: copy all of"),
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


def test_spoiled_set_gives_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certs(tmp_path)
    (tmp_path / "device.key").write_text((tmp_path / "explorer.key").read_text())
    assert certs(tmp_path) == 2
    assert "device.csr was not made from device.key" in capsys.readouterr().err
    assert certs(tmp_path, "--overwrite") == 0


def inspected(directory: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = certs(directory, "--inspect", *arguments)
    return code, " ".join(capsys.readouterr().out.split())


def test_inspecting_tells_what_each_file_is_and_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certs(tmp_path, "--device", "LAMP")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    code, told = inspected(tmp_path, capsys, "--device", "LAMP")
    assert code == 0
    assert "device.key there EC P-256; mode 0600" in told
    assert "CA.crt there EC P-256, version 3; mode 0644; subject CN=DIC CA,O=dicfix; its own issuer" in told
    assert "device.crt there EC P-256, version 1; mode 0644; subject CN=LAMP,O=dicfix; issuer CN=DIC CA" in told
    assert "(360 days); matches device.key; certificate ID " in told
    assert CertificateDirectory(tmp_path).client("device").certificate.certificate_id in told
    assert "AmazonRootCA1.pem there RSA 2048" in told
    assert told.endswith("10 files there, 0 absent, no problems.")
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


SPOILT = {
    "a key that others may read": (lambda at: (at / "device.key").chmod(0o644), "Do: chmod 600 device.key."),
    "a key of another set": (
        lambda at: (at / "device.key").write_text((at / "explorer.key").read_text()),
        "device.crt was not made from device.key",
    ),
    "a CA that is a leaf": (
        lambda at: (at / "CA.crt").write_text((at / "device.crt").read_text()),
        "CA.crt (CN=SQA_DIC_C2,O=dicfix) is a leaf",
    ),
    "a PEM that is none": (lambda at: (at / "device.crt").write_bytes(b"\xff\xfe"), "device.crt is UTF-16 text"),
    "an empty file": (lambda at: (at / "explorer.key").write_text(""), "explorer.key is empty"),
    "a directory for a file": (
        lambda at: ((at / "device.crt").unlink(), (at / "device.crt").mkdir()),
        "device.crt is a directory",
    ),
    "another root": (
        lambda at: (at / "AmazonRootCA1.pem").write_text((at / "CA.crt").read_text()),
        "AmazonRootCA1.pem",
    ),
    "a serial file that holds none": (lambda at: (at / "CA.srl").write_text("x"), "CA.srl does not hold a serial"),
    "a certificate that is gone": (lambda at: (at / "device.crt").unlink(), "device.crt is not there"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_inspecting_tells_what_does_not_fit_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    spoil, told = SPOILT[what]
    certs(tmp_path)
    spoil(tmp_path)
    code, out = inspected(tmp_path, capsys)
    assert code == 1
    assert f"problem: {told}" in out or f" {told}" in out
    assert "no problems" not in out


def test_inspecting_goes_on_after_the_first_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certs(tmp_path)
    (tmp_path / "CA.crt").write_text("nothing")
    (tmp_path / "explorer.key").write_text("nothing")
    code, out = inspected(tmp_path, capsys)
    assert code == 1
    assert {"problem: CA.crt is not PEM", "problem: explorer.key is not PEM"} <= set(
        re.findall(r"problem: \S+ is not PEM", out)
    )
    assert out.endswith("10 files there, 0 absent, 2 problems.")


def test_inspecting_a_directory_that_is_not_there_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert certs(tmp_path / "none", "--inspect") == 2
    assert "the directory none cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Permissions mean nothing to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Path]:
    """A directory with the guide's files that belong to nobody, where nobody can get at it."""
    with TemporaryDirectory(prefix="dicfix-") as name:
        Path(name).chmod(0o755)
        directory = Path(name) / "c"
        certs(directory)
        if os.geteuid() == 0:
            for path in (*directory.iterdir(), directory):
                os.chown(path, NOBODY, NOBODY)
        yield directory
        directory.chmod(0o700)


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o444], ids=oct)
@pytest.mark.parametrize("arguments", [(), ("--overwrite",), ("--device", "X", "--device", "Y")], ids=" ".join)
def test_a_directory_that_cannot_be_used_is_one_line_and_exit_code_2(
    shut: Path, capsys: pytest.CaptureFixture[str], mode: int, arguments: tuple[str, ...]
) -> None:
    shut.chmod(mode)
    with as_nobody():
        assert certs(shut, *arguments) == 2
    error = capsys.readouterr().err
    assert re.match(r"dicfix: \S+ cannot be (read|removed): Permission denied\. Do: give this user the right", error)
    assert error.count("\n") == 1


@pytest.mark.parametrize(("mode", "code"), [(0o000, 2), (0o300, 2), (0o444, 1)])
def test_a_directory_that_cannot_be_read_is_inspected_with_a_message(
    shut: Path, capsys: pytest.CaptureFixture[str], mode: int, code: int
) -> None:
    shut.chmod(mode)
    with as_nobody():
        assert certs(shut, "--inspect") == code
    captured = capsys.readouterr()
    assert "Permission denied" in captured.err + captured.out
    assert "mistake" not in captured.err


def test_inspecting_tells_of_an_expired_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Keystore(tmp_path, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC)).ensure_ca("/CN=old")
    _, out = inspected(tmp_path, capsys)
    assert "CA.crt is not valid today" in out


def test_dic_toml_names_directory_devices_and_subjects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ['directory = "keys"', '[ca]', 'subject = "/CN=Ours"', '[devices]', 'names = ["LAMP", "PLUG"]',
             'subject = "/OU=x/CN={thing}"', '[explorer]', 'name = "WATCH"']  # fmt: skip
    (tmp_path / "dic.toml").write_text("\n".join(lines))
    assert main(["certs"]) == 0
    assert words(capsys.readouterr().out)["PLUG.crt"] == "made"
    directory = CertificateDirectory(tmp_path / "keys")
    made = [directory.client(stem).certificate.subject for stem in ("device", "PLUG", "explorer")]
    assert made == ["CN=LAMP,OU=x", "CN=PLUG,OU=x", "CN=WATCH,O=dicfix"]
    assert directory.ca_certificate().subject == "CN=Ours"
    assert main(["certs", "--ca-subject", "/CN=Mine", "--dir", "other"]) == 0
    assert CertificateDirectory(tmp_path / "other").ca_certificate().subject == "CN=Mine"


def test_a_malformed_dic_toml_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dic.toml").write_text("[ca\n")
    assert main(["certs", "--inspect"]) == 2
    assert capsys.readouterr().err.startswith("dicfix: dic.toml is not TOML: ")


@pytest.mark.parametrize("arguments", [(), ("--inspect",)])
def test_nothing_told_is_wider_than_a_hundred_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    certs(tmp_path)
    capsys.readouterr()
    certs(tmp_path, *arguments)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_module_of_the_command_is_light() -> None:
    code = "import sys, dicfix.cli.certs; print(sorted({'cryptography', 'certifi', 'boto3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
