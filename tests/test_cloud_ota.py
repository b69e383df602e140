"""The OTA half of a running cloud: jobs and streams over MQTT, notices, timers, policies, state."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from cloud_account import Account
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from dataplane_registry import Closed, RawClient, allow, eventually
from ota_account import BUCKET, OtaAccount, device_answer, message, statement
from ota_update_world import IMAGE

pytest_plugins = ["cloud_fixtures"]

THING = "SQA_DIC_C2"
JOBS = f"$aws/things/{THING}/jobs"
STREAMS = f"$aws/things/{THING}/streams"
BLOCK_S = 0.02


@pytest.fixture
def ota(empty_account: Account) -> Iterator[OtaAccount]:
    account = OtaAccount(empty_account).prepare()
    yield account
    account.close()


def download(client: RawClient, stream: str, size: int, block: int, data_format: str) -> bytes:
    """Fetch a file block by block, each with a bitmap, as a stream client of no library would."""
    assert client.subscribe((f"{STREAMS}/{stream}/data/{data_format}", 0)) == (0,)
    parts = []
    for number in range(-(-size // block)):
        bitmap = b"\x01"
        if data_format == "cbor":
            asked = cbor2.dumps({"c": "t", "f": 0, "l": block, "o": number, "n": 1, "b": bitmap})
        else:
            asked = json.dumps({"c": "t", "f": 0, "l": block, "o": number, "n": 1, "b": f"0x{bitmap.hex()}"}).encode()
        client.publish(f"{STREAMS}/{stream}/get/{data_format}", asked)
        received = client.read()
        body = cbor2.loads(received.payload) if data_format == "cbor" else json.loads(received.payload)
        assert (received.topic, body["f"], body["i"], body["c"]) == (
            f"{STREAMS}/{stream}/data/{data_format}", 0, number, "t",
        )  # fmt: skip
        parts.append(body["p"] if data_format == "cbor" else base64.b64decode(body["p"]))
        assert len(parts[-1]) == body["l"]
    return b"".join(parts)


@pytest.mark.parametrize("data_format", ["cbor", "json"])
@pytest.mark.parametrize("way", ["sign_new", "signed_before", "signed_by_hand"])
def test_an_image_arrives_whole_and_its_signature_verifies(
    ota: OtaAccount, tmp_path: Path, way: str, data_format: str
) -> None:
    device = ota.device(tmp_path)
    info = ota.run("OTA_1", [ota.thing()], getattr(ota, way)())
    assert info["otaUpdateStatus"] == "CREATE_COMPLETE"
    kind, body = device_answer(device, f"{JOBS}/$next/get", {"clientToken": "0"})
    document = body["execution"]["jobDocument"]["afr_ota"]
    assert (kind, document) == ("accepted", ota.document("OTA_1"))
    (file,) = document["files"]
    image = download(device, document["streamname"], file["filesize"], 1024, data_format)
    assert image == IMAGE
    key = ota.certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(base64.b64decode(file["sig-sha256-ecdsa"]), image, ec.ECDSA(hashes.SHA256()))
    _, body = device_answer(
        device, f"{JOBS}/AFR_OTA-OTA_1/update", {"status": "SUCCEEDED", "statusDetails": {"reason": "accepted"}}
    )
    assert "executionState" not in body
    assert ota.execution("OTA_1")["status"] == "SUCCEEDED"
    assert ota.iot.describe_job(jobId="AFR_OTA-OTA_1")["job"]["status"] == "COMPLETED"


def test_the_answers_of_jobs_reach_nobody_but_the_client_that_asked(ota: OtaAccount, tmp_path: Path) -> None:
    device = ota.device(tmp_path)
    other = ota.device(tmp_path, "DIC_EXPLORER")
    other.subscribe((f"{JOBS}/#", 1))
    kind, body = device_answer(device, f"{JOBS}/get", {"clientToken": "mine"})
    assert (kind, body["clientToken"]) == ("accepted", "mine")
    assert other.messages_until_ping() == []
    kind, body = device_answer(device, f"{JOBS}/none/get", {})
    assert (kind, body["code"]) == ("rejected", "ResourceNotFound")
    assert other.messages_until_ping() == []


def test_blocks_and_errors_of_a_stream_reach_subscribers_only(ota: OtaAccount, tmp_path: Path) -> None:
    device = ota.device(tmp_path)
    ota.run("OTA_1", [ota.thing()])
    stream = ota.document("OTA_1")["streamname"]
    ask = cbor2.dumps({"f": 0, "l": 256, "n": 1})
    device.publish(f"{STREAMS}/{stream}/get/cbor", ask)
    assert device.messages_until_ping() == []
    device.subscribe((f"{STREAMS}/{stream}/+/cbor", 0))
    device.publish(f"{STREAMS}/{stream}/get/cbor", ask)
    assert device.read().topic == f"{STREAMS}/{stream}/data/cbor"
    device.publish(f"{STREAMS}/{stream}/get/cbor", cbor2.dumps({"f": 0, "l": 255, "c": "x"}))
    rejected = device.read()
    assert rejected.topic == f"{STREAMS}/{stream}/rejected/cbor"
    assert cbor2.loads(rejected.payload) == {
        "o": "BlockSizeOutOfBounds",
        "m": "The block size is out of bounds",
        "c": "x",
    }
    device.publish(f"{STREAMS}/{stream}/describe/cbor", cbor2.dumps({"c": "d"}))
    described = device.read()
    assert described.topic == f"{STREAMS}/{stream}/description/cbor"
    assert cbor2.loads(described.payload) == {"c": "d", "s": 1, "r": [{"f": 0, "z": len(IMAGE)}]}


def test_a_new_job_wakes_a_waiting_device(ota: OtaAccount, tmp_path: Path) -> None:
    device = ota.device(tmp_path)
    device.subscribe((f"{JOBS}/notify-next", 1), (f"{JOBS}/notify", 1))
    ota.create("OTA_1", [ota.thing()])
    told = dict([message(device), message(device)])
    execution = told[f"{JOBS}/notify-next"]["execution"]
    assert (execution["jobId"], execution["status"]) == ("AFR_OTA-OTA_1", "QUEUED")
    assert [one["jobId"] for one in told[f"{JOBS}/notify"]["jobs"]["QUEUED"]] == ["AFR_OTA-OTA_1"]
    ota.iot.cancel_job(jobId="AFR_OTA-OTA_1")
    told = dict([message(device), message(device)])
    assert "execution" not in told[f"{JOBS}/notify-next"]
    assert told[f"{JOBS}/notify"]["jobs"] == {}


def test_an_update_is_made_without_anybody_asking_for_it(ota: OtaAccount) -> None:
    ota.create("OTA_1", [ota.thing()])
    assert eventually(lambda: ota.cloud.ota.updates.updates["OTA_1"].status == "CREATE_COMPLETE")
    job_id = ota.start_signing_job()
    assert eventually(lambda: ota.cloud.ota.signing.jobs[job_id].status == "Succeeded")


def test_a_device_may_use_only_the_topics_that_its_policy_allows(ota: OtaAccount, tmp_path: Path) -> None:
    narrow = {
        "Version": "2012-10-17",
        "Statement": [
            allow("iot:Connect", "client/*"),
            allow("iot:Publish", f"topic/{JOBS}/*"),
            allow("iot:Subscribe", f"topicfilter/{STREAMS}/*"),
            allow("iot:Publish", f"topic/{STREAMS}/*"),
        ],
    }
    device = ota.device(tmp_path, policy=json.dumps(narrow))
    ota.run("OTA_1", [ota.thing()])
    stream = ota.document("OTA_1")["streamname"]
    kind, _ = device_answer(device, f"{JOBS}/$next/get", {})
    assert kind == "accepted"
    device.subscribe((f"{STREAMS}/{stream}/data/cbor", 0))
    device.publish(f"{STREAMS}/{stream}/get/cbor", cbor2.dumps({"f": 0, "l": 256, "n": 1}))
    assert device.messages_until_ping() == []
    refused = [one.reason for one in ota.cloud.transcript.refusals()]
    assert refused == ["RECEIVE_NOT_AUTHORIZED"]
    device.publish("$aws/things/DIC_2/jobs/$next/get", b"{}")
    with pytest.raises(Closed):
        device.read()


def test_a_role_that_loses_its_rights_stops_the_download(ota: OtaAccount, tmp_path: Path) -> None:
    device = ota.device(tmp_path)
    ota.run("OTA_1", [ota.thing()])
    stream = ota.document("OTA_1")["streamname"]
    device.subscribe((f"{STREAMS}/{stream}/#", 0))
    ask = cbor2.dumps({"f": 0, "l": 256, "n": 1})
    device.publish(f"{STREAMS}/{stream}/get/cbor", ask)
    assert device.read().topic.endswith("/data/cbor")
    document = statement(["s3:GetObject"], f"arn:aws:s3:::{BUCKET}/*", "Deny")
    ota.client("iam").put_role_policy(RoleName="ota_demo", PolicyName="no", PolicyDocument=document)
    device.publish(f"{STREAMS}/{stream}/get/cbor", ask)
    assert cbor2.loads(device.read().payload)["o"] == "Unauthorized"


def test_reset_forgets_jobs_streams_and_updates_and_dump_tells_them(ota: OtaAccount) -> None:
    ota.run("OTA_1", [ota.thing()])
    dump = ota.cloud.dump()["eu-west-1"]
    assert dump["otaUpdates"] == {"OTA_1": "CREATE_COMPLETE"}
    assert dump["jobs"]["AFR_OTA-OTA_1"]["executions"] == {f"{THING}#1": ["QUEUED", 1, {}]}
    (stream,) = dump["streams"].values()
    assert stream["files"]["0"][0] == BUCKET
    assert dump["signingProfiles"] == {"dic_ota_codesign": "Active"}
    assert list(dump["signingJobs"].values()) == ["Succeeded"]
    json.dumps(dump)
    ota.cloud.reset()
    assert ota.iot.list_ota_updates()["otaUpdates"] == []
    assert ota.iot.list_streams()["streams"] == []
    assert ota.iot.list_jobs()["jobs"] == []
    assert ota.client("signer").list_signing_profiles()["profiles"] == []


def test_the_answer_of_a_client_that_went_away_harms_nobody(ota: OtaAccount, tmp_path: Path) -> None:
    device = ota.device(tmp_path)
    ota.run("OTA_1", [ota.thing()])
    device.publish(f"{JOBS}/$next/get", b"{}")
    device.close()
    other = ota.device(tmp_path, "DIC_2")
    other.ping()
    assert ota.cloud.transcript.refusals() == []


def test_another_region_has_its_own_jobs(ota: OtaAccount) -> None:
    ota.cloud.other_region("eu-central-1")
    ota.run("OTA_1", [ota.thing()])
    assert ota.account.client("iot", "eu-central-1").list_jobs()["jobs"] == []
    assert ota.cloud.dump()["eu-central-1"].get("otaUpdates", {}) == {}


def test_one_block_costs_little_however_large_the_image_is(ota: OtaAccount, tmp_path: Path) -> None:
    device = ota.device(tmp_path)
    ota.run("OTA_1", [ota.thing()])
    stream = ota.document("OTA_1")["streamname"]
    device.subscribe((f"{STREAMS}/{stream}/data/cbor", 0))
    ask = cbor2.dumps({"f": 0, "l": 1024, "n": 1})
    began = time.process_time()
    for _ in range(100):
        device.publish(f"{STREAMS}/{stream}/get/cbor", ask)
        assert device.read().topic.endswith("/data/cbor")
    assert time.process_time() - began < 100 * BLOCK_S
