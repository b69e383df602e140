"""``dicfix cloud`` in a process of its own: the guide by plain boto3 calls over HTTP, then a connection over MQTT."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dicfix.guide.values import POLICY_DOCUMENT
from dicfix.keystore import Keystore
from tests.interop.guide_cloud import DEADLINE_S, DEVICE, EXPLORER, program
from tests.tools import require_tool

POLICY = "DIC_POLICY"


@dataclass(frozen=True)
class Running:
    """What ``dicfix cloud`` printed."""

    process: subprocess.Popen[str]
    url: str
    endpoint: str
    mqtt_port: str
    root: Path

    def client(self, service: str) -> Any:
        credentials = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        return boto3.client(service, region_name="eu-west-1", endpoint_url=self.url, **credentials)


def read_description(process: subprocess.Popen[str]) -> dict[str, str]:
    """The first lines of ``dicfix cloud``, up to the empty one, by what each begins with."""
    assert process.stdout
    lines: dict[str, str] = {}
    while line := process.stdout.readline().strip():
        label, text = re.split(r"\s{2,}", line, maxsplit=1)
        lines[label] = text
    return lines


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("cloud")
    with program(sys.executable, "-m", "dicfix", "cloud", "--dir", directory) as process:
        lines = read_description(process)
        assert "route" in lines, process.communicate(timeout=DEADLINE_S)[1]
        port = re.search(r"127\.0\.0\.1:(\d+)", lines["route"])
        assert port
        url, endpoint = lines["AWS API"].split()[0], lines["MQTT endpoint"].partition(":")[0]
        yield Running(process, url, endpoint, port[1], directory / "AmazonRootCA1.pem")


@pytest.fixture(scope="module")
def directory(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's certificates, registered by calls that the guide's console pages stand for."""
    keystore, iot = Keystore(tmp_path_factory.mktemp("certificates")), running.client("iot")
    ca = keystore.ensure_ca().material.certificate.pem
    iot.register_ca_certificate(
        caCertificate=ca, certificateMode="SNI_ONLY", setAsActive=True, allowAutoRegistration=True
    )
    iot.create_policy(policyName=POLICY, policyDocument=POLICY_DOCUMENT)
    for thing, stem in ((DEVICE, "device"), (EXPLORER, "explorer")):
        pem = keystore.ensure_client(stem).material.certificate.pem
        arn = iot.register_certificate(certificatePem=pem, caCertificatePem=ca, status="ACTIVE")["certificateArn"]
        iot.attach_policy(policyName=POLICY, target=arn)
        iot.create_thing(thingName=thing)
        iot.attach_thing_principal(thingName=thing, principal=arn)
    return keystore.directory


def client_words(running: Running, directory: Path, thing: str, stem: str) -> list[str | Path]:
    files = ["--cafile", running.root, "--cert", directory / f"{stem}.crt", "--key", directory / f"{stem}.key"]
    return ["-h", "localhost", "-p", running.mqtt_port, *files, "-i", thing]


def test_the_endpoint_that_the_api_gives_is_the_printed_one(running: Running) -> None:
    answer = running.client("iot").describe_endpoint(endpointType="iot:Data-ATS")
    assert answer["endpointAddress"] == running.endpoint


@pytest.mark.usefixtures("directory")
def test_what_was_registered_over_http_is_listed_over_http(running: Running) -> None:
    iot = running.client("iot")
    (ca,) = iot.list_ca_certificates()["certificates"]
    described = iot.describe_ca_certificate(certificateId=ca["certificateId"])["certificateDescription"]
    assert (described["status"], described["certificateMode"]) == ("ACTIVE", "SNI_ONLY")
    assert described["autoRegistrationStatus"] == "ENABLE"
    assert {one["thingName"] for one in iot.list_things()["things"]} == {DEVICE, EXPLORER}


@pytest.mark.usefixtures("directory")
def test_an_error_over_http_has_the_code_of_the_service_model(running: Running) -> None:
    with pytest.raises(ClientError) as refused:
        running.client("iot").create_policy(policyName=POLICY, policyDocument=POLICY_DOCUMENT)
    assert refused.value.response["Error"]["Code"] == "ResourceAlreadyExistsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_message_published_over_http_reaches_a_subscriber_over_mqtt(running: Running, directory: Path) -> None:
    words = client_words(running, directory, EXPLORER, "explorer")
    listen = [*words, "-t", "#", "-C", "1", "-W", "20", "-F", "%t %p", "-d"]
    with program("stdbuf", "-oL", require_tool("mosquitto_sub"), *listen) as subscriber:
        assert subscriber.stdout
        for line in subscriber.stdout:
            if "SUBACK" in line:
                break
        running.client("iot-data").publish(topic="light/state", qos=0, payload=b"on")
        shown, complaint = subscriber.communicate(timeout=DEADLINE_S)
    assert subscriber.returncode == 0, complaint
    assert "light/state on" in shown.splitlines()


def test_a_device_that_was_registered_over_http_connects_and_publishes(running: Running, directory: Path) -> None:
    device = client_words(running, directory, DEVICE, "device")
    command = [require_tool("mosquitto_pub"), *map(str, device), "-t", "light/state", "-m", "on", "-q", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_cloud_ends_at_a_signal_with_code_zero(tmp_path: Path) -> None:
    with program(sys.executable, "-m", "dicfix", "cloud", "--dir", tmp_path) as process:
        assert "AWS API" in read_description(process)
        process.send_signal(signal.SIGTERM)
        shown, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, complaint) == (0, "")
    assert shown.splitlines()[-1] == "stopping"
