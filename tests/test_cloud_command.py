"""`dicfix cloud` as another program sees it: its output, its files, its end, its refusals."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import boto3
import pytest
from cloud_account import ONE_TRY

from tests.tools import require_tool

ROOT = Path(__file__).resolve().parent.parent
END_TIMEOUT_S = 20


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "dicfix", "cloud", *arguments]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command in the foreground of another process, with its lines up to the last."""
    process = subprocess.Popen(
        _command("--dir", str(tmp_path / "new")), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    lines = list(_until(process.stdout, "Ctrl-C"))
    yield process, lines
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=END_TIMEOUT_S)


def _until(stream: IO[str], last: str) -> Iterator[str]:
    for line in stream:
        yield line.rstrip("\n")
        if line.startswith(last):
            return


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_api_and_mqtt_until_a_signal(
    running: tuple[subprocess.Popen[str], list[str]], tmp_path: Path, number: signal.Signals
) -> None:
    process, lines = running
    text = "\n".join(lines)
    url = re.search(r"http://127\.0\.0\.1:\d+", text)
    route = re.search(r"(\S+):8883 -> 127\.0\.0\.1:(\d+)", text)
    assert url
    assert route
    iot = boto3.client(
        "iot",
        endpoint_url=url[0],
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=ONE_TRY,
    )
    assert iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"] == route[1]
    socket.create_connection(("127.0.0.1", int(route[2])), timeout=5).close()
    root = tmp_path / "new" / "AmazonRootCA1.pem"
    assert root.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert f"mosquitto_pub -h localhost -p {route[2]} --cafile {root}" in text
    assert f"aws --endpoint-url {url[0]}" in text
    assert "Nothing is registered yet" in text
    process.send_signal(number)
    out, err = process.communicate(timeout=END_TIMEOUT_S)
    assert (process.returncode, out, err) == (0, "stopping\n", "")


@pytest.fixture(scope="module")
def onboarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """The command with ``--onboard``, its lines, and the folder that its relative paths count from."""
    folder = tmp_path_factory.mktemp("a folder with a space")
    (folder / "dic.toml").write_text('[devices]\nnames = ["LAMP"]\n[explorer]\nname = "WATCH"\n')
    command = _command("--dir", "my cloud", "--onboard", "--region", "us-east-1")
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=settings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, "\n".join(_until(process.stdout, "Ctrl-C")), folder
        process.terminate()


def _pasted(text: str, program: str) -> list[str]:
    """The printed command of a program, as a shell would split it."""
    line = next(line for line in text.splitlines() if line.startswith(program + " "))
    return shlex.split(line.removesuffix(" </dev/null"))


def test_what_is_printed_for_mosquitto_works_when_it_is_pasted(
    onboarded: tuple[subprocess.Popen[str], str, Path],
) -> None:
    _, text, folder = onboarded
    listen = [require_tool("mosquitto_sub"), *_pasted(text, "mosquitto_sub")[1:], "-C", "1", "-W", "20"]
    say = [require_tool("mosquitto_pub"), *_pasted(text, "mosquitto_pub")[1:]]
    with subprocess.Popen(listen, cwd=folder, stdout=subprocess.PIPE, text=True) as subscriber:
        while subscriber.poll() is None:  # mosquitto_sub ends itself; it does not tell when it has subscribed
            subprocess.run(say, cwd=folder, check=True, timeout=END_TIMEOUT_S)
        assert subscriber.communicate(timeout=END_TIMEOUT_S)[0] == "light/state on\n"
    assert subscriber.returncode == 0


def test_what_is_printed_for_openssl_works_when_it_is_pasted(
    onboarded: tuple[subprocess.Popen[str], str, Path],
) -> None:
    _, text, folder = onboarded
    command = [require_tool("openssl"), *_pasted(text, "openssl")[1:]]
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=END_TIMEOUT_S
    )
    assert "Verify return code: 0 (ok)" in done.stdout


def test_an_address_is_refused_as_the_text_says_and_the_refusal_is_told(
    onboarded: tuple[subprocess.Popen[str], str, Path],
) -> None:
    process, text, folder = onboarded
    say = [require_tool("mosquitto_pub"), *_pasted(text, "mosquitto_pub")[1:]]
    done = subprocess.run(
        ["127.0.0.1" if word == "localhost" else word for word in say],
        cwd=folder, capture_output=True, text=True, check=False, timeout=END_TIMEOUT_S,
    )  # fmt: skip
    assert done.returncode != 0
    assert "SNI too, which is the name of no account and refused (SNI_FOREIGN)" in " ".join(text.split())
    assert process.stdout
    assert "REFUSED connect LAMP SNI_FOREIGN: SNI 127.0.0.1 is neither" in next(process.stdout)


def test_onboarding_takes_names_from_dic_toml_and_leaves_the_guides_files_without_a_journal(
    onboarded: tuple[subprocess.Popen[str], str, Path],
) -> None:
    _, text, folder = onboarded
    assert "MQTT client ID WATCH" in " ".join(text.split())
    assert "us-east-1.amazonaws.com:8883" in text
    kept = folder / "my cloud" / "certificates"
    assert {"CA.crt", "device.crt", "explorer.key", "AmazonRootCA1.pem"} <= {one.name for one in kept.iterdir()}
    assert not (kept / "journal.jsonl").exists()
    assert (kept / "AmazonRootCA1.pem").read_text() != (folder / "my cloud" / "AmazonRootCA1.pem").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--edition", "2023-08"), "--edition is for --onboard"),
        (("--onboard", "--edition", "1999"), "edition is '1999'. Expected: one of 2023-06"),
        (("--config", "nope.toml"), "nope.toml cannot be read"),
        (("--region", "Mars"), "region is 'Mars'. Expected: an AWS Region"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    ended = _ended("--dir", str(tmp_path), *arguments)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--http-port", "--mqtt-port"])
def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = _ended("--dir", str(tmp_path), option, port)
    assert ended.returncode == 2
    assert f"port {port} on 127.0.0.1 cannot be opened" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def _ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=END_TIMEOUT_S, check=False
    )


@pytest.mark.parametrize("value", ["x", "-1", "65536"])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    ended = _ended("--http-port", value)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_an_unknown_region_is_refused(tmp_path: Path) -> None:
    ended = _ended("--region", "nowhere-1", "--dir", str(tmp_path))
    assert ended.returncode == 2
    assert "nowhere-1" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_root_that_is_not_the_clouds_is_not_overwritten(tmp_path: Path) -> None:
    real = tmp_path / "AmazonRootCA1.pem"
    real.write_text("the real one")
    ended = _ended("--dir", str(tmp_path))
    assert ended.returncode == 2
    assert "is there already" in ended.stderr
    assert real.read_text() == "the real one"


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = _ended("--dir", str(tmp_path / "file"))
    assert ended.returncode == 2
    assert "cannot be written" in ended.stderr
