"""Client libraries of others: AWS's device SDK, and paho as its own documentation has it."""

from __future__ import annotations

import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from tests.interop.guide_cloud import DEADLINE_S, DEVICE, GuideCloud
from tests.tools import missing

HERE = Path(__file__).resolve().parent
TOPIC = "light/state"


def test_the_aws_device_sdk_publishes_and_subscribes(onboarded: GuideCloud) -> None:
    if find_spec("awsiot") is None:
        missing("awsiotsdk is not installed (PyPI)")
    files = [str(one) for one in (onboarded.root, onboarded.certificate(DEVICE), onboarded.key(DEVICE))]
    command = [sys.executable, str(HERE / "aws_iot_sdk.py"), str(onboarded.port), *files, DEVICE, TOPIC]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"CONNACK session_present=False\n{TOPIC} on\n"


@pytest.fixture
def paho_client() -> Client:
    return Client(CallbackAPIVersion.VERSION2, client_id=DEVICE, protocol=MQTTv311)


def test_paho_publishes_and_subscribes(onboarded: GuideCloud, paho_client: Client) -> None:
    arrived: list[tuple[str, bytes]] = []
    done = threading.Event()

    def on_connect(client: Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        assert not code.is_failure
        client.subscribe("light/#", qos=1)

    def on_subscribe(client: Client, *_rest: Any) -> None:
        client.publish(TOPIC, b"on", qos=1)

    def on_message(_client: Client, _data: Any, message: Any) -> None:
        arrived.append((message.topic, message.payload))
        done.set()

    paho_client.on_connect, paho_client.on_subscribe, paho_client.on_message = on_connect, on_subscribe, on_message
    paho_client.tls_set(str(onboarded.root), str(onboarded.certificate(DEVICE)), str(onboarded.key(DEVICE)))
    paho_client.connect("localhost", onboarded.port)
    paho_client.loop_start()
    try:
        assert done.wait(DEADLINE_S), onboarded.cloud.transcript.render()
    finally:
        paho_client.disconnect()
        paho_client.loop_stop()
    assert arrived == [(TOPIC, b"on")]
