"""`dicfix cloud` as another program sees it: its output, its files, its end, its refusals."""

from __future__ import annotations

import re
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
    assert f"mosquitto_sub -h localhost -p {route[2]} --cafile {root}" in text
    assert f"aws --endpoint-url {url[0]}" in text
    process.send_signal(number)
    out, err = process.communicate(timeout=END_TIMEOUT_S)
    assert (process.returncode, out, err) == (0, "stopping\n", "")


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
