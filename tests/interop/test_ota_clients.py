"""OTA clients of others against the embedded cloud: streams, AWS's jobs clients, a device of foreign parts.

Each runs in a process of its own and imports nothing of dicfix.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

import pytest
from cloud_account import Account
from cryptography.hazmat.primitives.serialization import Encoding
from dataplane_registry import eventually
from ota_account import OtaAccount
from ota_update_world import IMAGE
from signing_world import ecdsa_key

from dicfix.offline.rules.signing_material import signer_of
from tests.interop.guide_cloud import DEADLINE_S, DEVICE, GuideCloud, program
from tests.interop.mqtt_js import install
from tests.tools import missing, require_tool

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def ota(onboarded: GuideCloud) -> Iterator[OtaAccount]:
    """The onboarded account with the prerequisites of OTA."""
    account = OtaAccount(Account(onboarded.cloud)).prepare()
    (onboarded.directory / "signer.crt").write_bytes(account.certificate.public_bytes(Encoding.PEM))
    yield account
    account.close()


@pytest.fixture
def jobless(ota: OtaAccount) -> Iterator[OtaAccount]:
    """Afterwards no job of the test is left."""
    yield ota
    for row in ota.iot.list_jobs()["jobs"]:
        ota.iot.delete_job(jobId=row["jobId"], force=True)


def files(cloud: GuideCloud) -> list[str]:
    """Root, certificate and key of the device."""
    return [str(one) for one in (cloud.root, cloud.certificate(DEVICE), cloud.key(DEVICE))]


def device_arn(ota: OtaAccount) -> str:
    return str(ota.iot.describe_thing(thingName=DEVICE)["thingArn"])


@pytest.mark.parametrize(("block_bytes", "at_once"), [(1024, 1), (4096, 8), (256, 40)])
@pytest.mark.parametrize("data_format", ["cbor", "json"])
def test_a_stream_client_downloads_the_image(
    onboarded: GuideCloud, jobless: OtaAccount, data_format: str, block_bytes: int, at_once: int
) -> None:
    update_id = f"stream_{data_format}_{block_bytes}"
    jobless.run(update_id, [device_arn(jobless)])
    document = jobless.document(update_id)
    size = document["files"][0]["filesize"]
    words = [DEVICE, document["streamname"], size, data_format, block_bytes, at_once]
    command = [sys.executable, HERE / "stream_client.py", onboarded.port, *files(onboarded), *words]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + onboarded.cloud.transcript.render()
    assert done.stdout == f"{len(IMAGE)} {hashlib.sha256(IMAGE).hexdigest()}\n"


def test_the_jobs_clients_of_awss_device_sdk_work_through_two_jobs(onboarded: GuideCloud, jobless: OtaAccount) -> None:
    if find_spec("awsiot") is None:
        missing("awsiotsdk is not installed (PyPI)")
    command = [sys.executable, HERE / "aws_jobs_sdk.py", str(onboarded.port), *files(onboarded), DEVICE]
    document = json.dumps({"operation": "reboot"})
    with program(*command) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
        for job_id in ("first", "second"):
            jobless.iot.create_job(jobId=job_id, targets=[device_arn(jobless)], document=document)
        said, errors = process.communicate(timeout=DEADLINE_S * 2)
    assert said.splitlines() == [
        "told first QUEUED reboot",
        "start_next_pending_job_execution_accepted one first 2",
        "update_job_execution_rejected VersionMismatch",
        "update_job_execution_accepted SUCCEEDED",
        "pending ['second']",
        "described second QUEUED reboot",
        "updated IN_PROGRESS",
        "updated FAILED",
        said.splitlines()[-1],
    ], errors
    assert said.splitlines()[-1].startswith("refused ")
    assert jobless.iot.describe_job_execution(jobId="first", thingName=DEVICE)["execution"]["statusDetails"] == {
        "detailsMap": {"by": "the SDK"}
    }
    assert jobless.iot.describe_job(jobId="second")["job"]["jobProcessDetails"]["numberOfFailedThings"] == 1


@pytest.mark.parametrize("waits", [True, False], ids=["already waiting", "coming later"])
def test_a_device_of_foreign_parts_takes_the_update_and_ends_succeeded(
    onboarded: GuideCloud, jobless: OtaAccount, *, waits: bool
) -> None:
    update_id = f"foreign_{waits}"
    install()
    if not waits:
        jobless.run(update_id, [device_arn(jobless)])
    with foreign_device(onboarded) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        if waits:
            jobless.create(update_id, [device_arn(jobless)])
        said, errors = process.communicate(timeout=DEADLINE_S)
    digest = hashlib.sha256(IMAGE).hexdigest()
    assert said.splitlines() == [f"job AFR_OTA-{update_id} {len(IMAGE)}", f"image {digest} good", "SUCCEEDED"], errors
    execution = jobless.execution(update_id)
    assert (execution["status"], execution["statusDetails"]["detailsMap"]) == ("SUCCEEDED", {"reason": "accepted"})


def test_a_device_of_foreign_parts_fails_an_image_with_a_broken_signature(
    onboarded: GuideCloud, jobless: OtaAccount
) -> None:
    install()
    broken = base64.b64encode(signer_of(ecdsa_key())(IMAGE + b"x", "SHA256"))
    jobless.run("broken", [device_arn(jobless)], jobless.signed_by_hand(signature={"inlineDocument": broken}))
    with foreign_device(onboarded) as process:
        said, errors = process.communicate(timeout=DEADLINE_S)
    assert said.splitlines()[-2:] == [f"image {hashlib.sha256(IMAGE).hexdigest()} bad", "FAILED"], errors
    assert eventually(lambda: jobless.execution("broken")["status"] == "FAILED")
    assert jobless.execution("broken")["statusDetails"]["detailsMap"] == {"reason": "signature"}


def foreign_device(cloud: GuideCloud) -> AbstractContextManager[subprocess.Popen[str]]:
    """The Node device of ``ota_device.mjs``, running."""
    script, signer = HERE / "ota_device.mjs", cloud.directory / "signer.crt"
    return program(require_tool("node"), script, str(cloud.port), *files(cloud), DEVICE, signer)
