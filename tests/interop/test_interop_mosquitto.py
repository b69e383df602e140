"""mosquitto_pub and mosquitto_sub connect with the guide's files, unmodified, and are refused without them."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.guide_cloud import (
    DEADLINE_S,
    DEVICE,
    EXPLORER,
    GuideCloud,
    guide_cloud,
    program,
    strangers_client,
    write_client,
)
from tests.tools import openssl_makes_the_guides_files, require_tool

PAYLOAD = "on"
TOPIC = "light/state"


def fingerprints(directory: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in directory.iterdir() if one.is_file()}


@pytest.fixture(scope="module", params=["dicfix", "openssl"])
def onboarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuideCloud]:
    """The guide performed with certificates of our own making, and with those of the real openssl."""
    directory = tmp_path_factory.mktemp(f"certificates-{request.param}")
    if request.param == "openssl":
        openssl_makes_the_guides_files(directory)
    before = fingerprints(directory)
    with guide_cloud(directory) as running:
        yield running
        assert before.items() <= fingerprints(directory).items(), "a file of openssl was changed"


def words(cloud: GuideCloud, thing: str, *more: str) -> list[str | Path]:
    """The arguments of a client that shows the guide's certificate and key of a thing."""
    shown = ("--cert", cloud.certificate(thing), "--key", cloud.key(thing))
    return ["-h", "localhost", "-p", str(cloud.port), "--cafile", cloud.root, *shown, "-i", thing, *more]


def publish(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [require_tool("mosquitto_pub"), *map(str, arguments), "-t", TOPIC, "-m", PAYLOAD, "-q", "1"]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


@pytest.mark.parametrize("qos", ["0", "1"])
def test_a_message_goes_from_the_device_to_the_explorer(onboarded: GuideCloud, qos: str) -> None:
    listen = words(onboarded, EXPLORER, "-t", "#", "-q", qos, "-C", "1", "-F", "%t %q %p", "-W", "20")
    mark = onboarded.mark()
    with program(require_tool("mosquitto_sub"), *listen) as subscriber:
        onboarded.wait_for_subscription(EXPLORER, "#", after=mark)
        published = publish(*words(onboarded, DEVICE))
        shown, complaint = subscriber.communicate(timeout=DEADLINE_S)
    assert (published.returncode, published.stderr) == (0, "")
    assert (subscriber.returncode, complaint) == (0, "")
    assert shown == f"{TOPIC} {qos} {PAYLOAD}\n"


def test_a_client_without_certificate_is_refused(onboarded: GuideCloud) -> None:
    mark = onboarded.mark()
    done = publish("-h", "localhost", "-p", str(onboarded.port), "--cafile", onboarded.root, "-i", DEVICE)
    assert done.returncode != 0
    onboarded.wait_for_refusal("NO_CLIENT_CERTIFICATE", after=mark)


def test_a_strangers_certificate_is_refused_under_the_devices_name(onboarded: GuideCloud, tmp_path: Path) -> None:
    certificate, key = write_client(strangers_client(), tmp_path)
    server = ("-h", "localhost", "-p", str(onboarded.port), "--cafile", onboarded.root)
    mark = onboarded.mark()
    done = publish(*server, "--cert", certificate, "--key", key, "-i", DEVICE)
    assert done.returncode != 0
    refused = onboarded.wait_for_refusal("CERTIFICATE_UNKNOWN", after=mark)
    assert "Stranger CA" in refused.text


def test_the_real_amazon_root_does_not_verify_the_stand_in(onboarded: GuideCloud) -> None:
    amazons = onboarded.directory / "AmazonRootCA1.pem"
    arguments = [amazons if one == onboarded.root else one for one in words(onboarded, DEVICE)]
    mark = onboarded.mark()
    done = publish(*arguments)
    assert done.returncode != 0
    onboarded.wait_for_refusal("SERVER_CERTIFICATE_REJECTED", after=mark)


def test_a_client_that_names_an_address_sends_it_as_sni_and_is_refused(onboarded: GuideCloud) -> None:
    arguments = ["127.0.0.1" if one == "localhost" else one for one in words(onboarded, DEVICE)]
    mark = onboarded.mark()
    done = publish(*arguments)
    assert done.returncode != 0
    onboarded.wait_for_refusal("SNI_FOREIGN", after=mark)


def test_a_subscription_to_the_brokers_own_topics_ends_the_connection(onboarded: GuideCloud) -> None:
    listen = words(onboarded, EXPLORER, "-t", "$SYS/#", "-C", "1", "-W", "5")
    mark = onboarded.mark()
    with program(require_tool("mosquitto_sub"), *listen):
        refused = onboarded.wait_for_refusal("TOPIC_RESERVED", after=mark)
    assert refused.client_id == EXPLORER
