"""Room, header and certificate source, compiled by the real compilers."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicfix.certificates import issue_client, make_ca, make_rsa_private_key
from dicfix.errors import MaterialError, UsageError
from dicfix.firmware import (
    PROFILES,
    FirmwareMaterial,
    check_room,
    firmware_files,
    profile,
    profile_of_edition,
    read_firmware,
    render_certificate_source,
    room_use,
)
from dicfix.firmware.c_text import c_lines
from dicfix.trust import amazon_root_ca_1
from tests.tools import run_tool

NOW = datetime(2026, 3, 4, tzinfo=UTC)
_DEVICE = issue_client(make_ca("/CN=CA", now=NOW), "/CN=SQA_DIC_C2", now=NOW)
MATERIAL = FirmwareMaterial(
    server_host="a2m21kovu9tcsh-ats.iot.ap-southeast-1.amazonaws.com",
    client_id="SQA_DIC_C2",
    ca_certificate=amazon_root_ca_1().pem,
    device_certificate=_DEVICE.certificate.pem,
    device_key=_DEVICE.key.pem,
)
_PRINT = """
#include <stdio.h>
#include "{include}"
static void show(const char *name, const char *text, unsigned long size) {{
    printf("%s %lu", name, size);
    for (; *text; text++) printf(" %d", (int)(unsigned char)*text);
    printf("\\n");
}}
int main(void) {{
    show("server_host", DIC_SERVER_HOST, sizeof(DIC_SERVER_HOST));
    show("client_id", DIC_CLIENT_ID, sizeof(DIC_CLIENT_ID));
    show("ca_certificate", ca_certificate, sizeof(ca_certificate));
    show("device_certificate", device_certificate, sizeof(device_certificate));
    show("device_key", device_key, sizeof(device_key));
    printf("numbers %d %d %d %d %d\\n", DIC_SERVER_PORT, DIC_KEEP_ALIVE, USE_AWS, USE_MOSQUITTO,
           DIC_CLIENT_USER == NULL && DIC_CLIENT_PASS == NULL);
    return 0;
}}
"""


def compiled(directory: Path, files: dict[str, str], main: str, compiler: str) -> list[str]:
    """The lines that a program prints which was compiled from these files without a warning."""
    suffix = ".c" if compiler == "gcc" else ".cpp"
    for name, text in {**files, f"main{suffix}": main}.items():
        (directory / name).write_text(text)
    flags = ["-Wall", "-Wextra", "-Werror", "-pedantic", *([] if compiler == "g++" else ["-std=c99"])]
    run_tool(compiler, *flags, f"main{suffix}", "-o", "main", cwd=directory)
    return run_tool(str(directory / "main")).splitlines()


@pytest.mark.parametrize(
    ("profile_id", "compiler"), [("2023-06", "gcc"), ("2023-06", "g++"), ("2023-08", "gcc"), ("2023-08", "g++")]
)
def test_compiler_reads_the_values_that_were_written(tmp_path: Path, profile_id: str, compiler: str) -> None:
    chosen = profile(profile_id)
    files = firmware_files(chosen, MATERIAL)
    lines = compiled(tmp_path, files, _PRINT.format(include=chosen.certificate_source or chosen.header), compiler)
    printed = {line.split()[0]: [int(word) for word in line.split()[1:]] for line in lines}
    for name, value in dataclasses.asdict(MATERIAL).items():
        assert bytes(printed[name][1:]).decode() == value
        assert printed[name][0] == len(value) + 1
    assert printed["numbers"] == [8883, 0, 1, 0, 1]
    sizes = {use.field: use.bytes_used for use in room_use(chosen, MATERIAL)}
    assert all(printed[name][0] == size for name, size in sizes.items() if name in printed)


def test_compiler_reads_awkward_characters_as_they_were_written(tmp_path: Path) -> None:
    awkward = 'a"b\\c??=d?\te\rf\x01g7\x7fé漢"\nend??/\n//*x*/ %d'
    body = "int main(void) { return fputs(text, stdout) < 0; }"
    (tmp_path / "main.c").write_text(f"#include <stdio.h>\nchar text[] =\n{c_lines(awkward)};\n{body}\n")
    run_tool("gcc", "-Wall", "-Werror", "-std=c99", "main.c", "-o", "main", cwd=tmp_path)
    shown = run_tool("sh", "-c", "./main | od -An -v -tu1", cwd=tmp_path)
    assert bytes(int(word) for word in shown.split()).decode() == awkward


@pytest.mark.parametrize("profile_id", PROFILES)
def test_files_of_a_profile_are_read_back(profile_id: str) -> None:
    chosen = profile(profile_id)
    found = read_firmware(chosen, firmware_files(chosen, MATERIAL))
    assert found.material() == MATERIAL
    assert (found.server_port, found.keep_alive_s) == (8883, 0)


def test_each_profile_has_the_files_that_the_firmware_has() -> None:
    assert set(firmware_files(profile("2023-06"), MATERIAL)) == {"dic_config.h"}
    later = firmware_files(profile("2023-08"), MATERIAL)
    assert set(later) == {"dic_config.h", "dic_nvm_cert.cpp"}
    assert "PRIVATE KEY" not in later["dic_config.h"]
    assert "DIC_SERVER_HOST" not in later["dic_config.h"]
    with pytest.raises(MaterialError, match="has no certificate source"):
        render_certificate_source(profile("2023-06"), MATERIAL)


def test_room_is_that_of_the_firmware() -> None:
    uses = {use.field: (use.bytes_used, use.room_bytes) for use in room_use(profile("2023-08"), MATERIAL)}
    assert uses == {
        "ca_certificate": (1189, 1212),
        "device_certificate": (len(MATERIAL.device_certificate) + 1, 1212),
        "device_key": (228, 1212),
        "server_host": (52, 55),
        "client_id": (11, 30),
        "ota_thing_name": (11, 64),
    }
    assert room_use(profile("2023-06"), MATERIAL) == ()


_WIDEST = {
    "ca_certificate": 1211,
    "device_certificate": 1211,
    "device_key": 1211,
    "server_host": 54,
    "client_id": 29,
}


@pytest.mark.parametrize("name", _WIDEST)
def test_value_fits_up_to_its_room_less_the_terminating_zero(name: str) -> None:
    check_room(profile("2023-08"), dataclasses.replace(MATERIAL, **{name: "x" * _WIDEST[name]}))
    over = dataclasses.replace(MATERIAL, **{name: "x" * (_WIDEST[name] + 1)})
    needed = _WIDEST[name] + 2
    with pytest.raises(MaterialError) as refused:
        firmware_files(profile("2023-08"), over)
    assert f"{name} needs {needed} bytes and has {needed - 1}: 1 too many" in refused.value.observed
    firmware_files(profile("2023-06"), over)


def test_room_is_counted_in_bytes() -> None:
    over = dataclasses.replace(MATERIAL, client_id="é" * 15)
    with pytest.raises(MaterialError, match="client_id needs 31 bytes and has 30: 1 too many"):
        check_room(profile("2023-08"), over)


def test_rsa_key_is_refused_with_the_bytes_too_many_and_without_the_key() -> None:
    key = make_rsa_private_key().pem
    over = dataclasses.replace(MATERIAL, device_key=key, client_id="x" * 70)
    with pytest.raises(MaterialError) as refused:
        check_room(profile("2023-08"), over)
    assert f"device_key needs {len(key) + 1} bytes and has 1212: {len(key) - 1211} too many" in str(refused.value)
    assert "client_id needs 71 bytes and has 30: 41 too many" in str(refused.value)
    assert "ota_thing_name needs 71 bytes and has 64: 7 too many" in str(refused.value)
    assert key.splitlines()[1] not in str(refused.value)
    assert key.splitlines()[1] not in repr(over)


@pytest.mark.parametrize("name", ["server_host", "client_id", "device_key"])
def test_value_that_is_missing_is_refused(name: str) -> None:
    with pytest.raises(MaterialError, match=f"has no {name}"):
        firmware_files(profile("2023-08"), dataclasses.replace(MATERIAL, **{name: ""}))


def test_each_edition_has_its_firmware() -> None:
    by_edition = {edition: profile_of_edition(edition).id for edition in ("2023-06", "2023-08", "2024-04")}
    assert by_edition == {"2023-06": "2023-06", "2023-08": "2023-08", "2024-04": "2023-08"}
    with pytest.raises(UsageError, match="There is no edition '2022-01'"):
        profile_of_edition("2022-01")
    with pytest.raises(UsageError, match="There is no firmware profile 'x'"):
        profile("x")


def test_ota_agent_settings_are_those_of_the_firmware() -> None:
    assert profile("2023-06").ota is None
    ota = profile("2023-08").ota
    assert ota is not None
    assert json.loads(json.dumps(dataclasses.asdict(ota))) == {
        "block_size_bytes": 1024,
        "blocks_per_request": 1,
        "request_wait_s": 10.0,
        "unanswered_requests_max": 32,
        "progress_every_blocks": 25,
        "signature_key": "sig-sha256-ecdsa",
        "downgrade_allowed": False,
        "control_protocol": "MQTT",
        "data_protocol": "MQTT",
        "self_test_wait_s": 16.0,
        "thing_name_room_bytes": 64,
        "file_path_room_bytes": 260,
        "files_max": 1,
        "image_max_bytes": 128 * 8 * 1024,
        "signature_verified": False,
    }
