"""The strict OTA agent against the embedded services: its texts, and what it lives through."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import replace

import cbor2
import pytest
from device_cloud import NEWER, DeviceCloud, image_of, losing, tampered
from hypothesis import given, settings
from hypothesis import strategies as st
from ota_update_world import IMAGE, OtaWorld

from dicfix.device.ota.verification import version_of
from dicfix.device.ota_agent import STRICT, AgentState, Outcome, Progress, Publish, Subscribe, Version
from dicfix.images import gbl
from dicfix.offline.services import Reply


def test_a_start_listens_for_jobs_and_asks_for_the_next_one() -> None:
    cloud = DeviceCloud()
    subscribe, ask = cloud.agent.start()
    assert subscribe == Subscribe("$aws/things/T1/jobs/notify-next", 1)
    assert ask == Publish("$aws/things/T1/jobs/$next/get", b'{"clientToken":"0:T1"}', 1)


def test_a_good_update_ends_succeeded_with_the_agents_own_texts() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.start()
    assert cloud.agent.state is AgentState.READY
    assert cloud.activations == [cloud.image]
    cloud.reboot()
    assert cloud.raw_updates() == [
        b'{"status":"IN_PROGRESS","statusDetails":{"receive":"1/30"}}',
        b'{"status":"IN_PROGRESS","statusDetails":{"receive":"25/30"}}',
        b'{"status":"IN_PROGRESS","statusDetails":{"self_test":"ready","updatedBy":"0x00090002"}}',
        b'{"status":"IN_PROGRESS","statusDetails":{"self_test":"active","updatedBy":"0x00090003"}}',
        b'{"status":"SUCCEEDED","statusDetails":{"reason":"accepted  v0.9.3","updatedBy":"  v0.9.2"}}',
    ]
    assert [qos for _status, _details, qos in cloud.updates_sent()] == [0, 0, 1, 1, 1]
    assert cloud.execution() == ("SUCCEEDED", {"reason": "accepted  v0.9.3", "updatedBy": "  v0.9.2"})
    assert cloud.status_of("AFR_OTA-OTA_1") == "COMPLETED"
    assert cloud.agent.version == NEWER


def test_the_first_request_is_the_stock_agents_byte_for_byte() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.start()
    first = next(message for message in cloud.published if "/streams/" in message.topic)
    assert first.payload == bytes.fromhex("a6 6163 63726479 6166 00 616c 190400 616f 00 6162 44ffffff3f 616e 01")
    assert first.qos == 0


def test_progress_is_told_block_by_block() -> None:
    cloud = DeviceCloud(image=image_of(NEWER, 2500))
    cloud.update()
    cloud.start()
    assert cloud.progress == [
        Progress("AFR_OTA-OTA_1", 1, 3, 1024, 2500),
        Progress("AFR_OTA-OTA_1", 2, 3, 2048, 2500),
        Progress("AFR_OTA-OTA_1", 3, 3, 2500, 2500),
    ]


@pytest.mark.parametrize("data_format", ["cbor", "json"])
@pytest.mark.parametrize(("block_bytes", "count"), [(1024, 1), (4096, 8), (256, 3), (131072, 1)])
def test_any_block_size_count_and_format_give_the_image(data_format: str, block_bytes: int, count: int) -> None:
    with_blocks = replace(STRICT.with_blocks(block_bytes, count), data_format=data_format)
    cloud = DeviceCloud(with_blocks, image=image_of(NEWER))
    cloud.update()
    cloud.start()
    assert cloud.activations == [cloud.image]


def test_an_image_of_more_blocks_than_the_bitmap_is_asked_for_in_windows() -> None:
    image = image_of(NEWER, 700_001)
    cloud = DeviceCloud(STRICT.with_blocks(256, 64), image=image)
    cloud.update()
    cloud.start()
    assert cloud.activations == [image]
    asked = [cbor2.loads(m.payload) for m in cloud.published if "/streams/" in m.topic]
    assert max(len(body["b"]) for body in asked) == 128
    assert max(body["o"] for body in asked) > 0


@pytest.mark.parametrize("signed", [b"something else", b""])
def test_a_wrong_signature_ends_failed(signed: bytes) -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update(signed=signed)
    cloud.start()
    assert cloud.execution() == ("FAILED", {"reason": "0x000000e3: 0x00000000"})
    assert cloud.activations == []


def test_a_hash_spelt_with_a_dash_ends_failed_because_no_signature_is_found() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update(hashAlgorithm="SHA-256")
    cloud.start()
    assert cloud.execution() == ("FAILED", {"reason": "0x000000e3: 0x00000000"})


def test_a_signature_encoded_twice_ends_failed() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    once = cloud.signed_by_hand()["codeSigning"]["customCodeSigning"]["signature"]["inlineDocument"]
    cloud.run(cloud.signed_by_hand(base64.b64encode(once)))
    cloud.start()
    assert cloud.execution()[0] == "FAILED"


def test_an_rsa_sha1_profile_ends_failed() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.add_profile(certificate="rsa", platformId="AmazonFreeRTOS-TI-CC3220SF")
    cloud.run(cloud.signed_by_profile())
    cloud.start()
    assert cloud.execution() == ("FAILED", {"reason": "0x000000e3: 0x00000000"})


def test_a_file_signed_by_a_profile_succeeds() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.add_profile()
    cloud.run(cloud.signed_by_profile())
    cloud.start()
    cloud.reboot()
    assert cloud.execution()[0] == "SUCCEEDED"


def test_an_unsigned_file_ends_failed() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.run({"fileLocation": cloud.location()})
    cloud.start()
    assert cloud.execution() == ("FAILED", {"reason": "0x000000e3: 0x00000000"})


def test_a_tampered_block_ends_failed() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = tampered
    cloud.start()
    assert cloud.execution() == ("FAILED", {"reason": "0x000000e3: 0x00000000"})


def test_a_truncated_image_ends_failed() -> None:
    whole = image_of(NEWER)
    cloud = DeviceCloud(image=whole[:-500])
    cloud.update(signed=whole)
    cloud.start()
    assert cloud.execution()[0] == "FAILED"


@pytest.mark.parametrize(
    ("version", "reason"), [(Version(0, 9, 2), "rejected: 0x00000010"), (Version(0, 9, 1), "rejected: 0x0000000f")]
)
def test_the_same_and_an_older_version_are_rejected_after_the_reboot(version: Version, reason: str) -> None:
    cloud = DeviceCloud(image=image_of(version))
    cloud.update()
    cloud.start()
    cloud.reboot()
    assert cloud.execution() == ("FAILED", {"reason": reason})
    assert cloud.agent.version == Version(0, 9, 2)


def test_an_image_that_the_bootloader_refuses_comes_up_as_the_same_version() -> None:
    cloud = DeviceCloud(image=b"no gbl at all" * 100)
    cloud.update()
    cloud.start()
    cloud.reboot()
    assert cloud.execution() == ("FAILED", {"reason": "rejected: 0x00000010"})


def test_an_encrypted_image_hides_its_version_and_comes_up_as_the_next_one() -> None:
    hidden = gbl.tag_bytes(gbl.ENCRYPTED_DATA, b"not to be read " * 200)
    cloud = DeviceCloud(image=gbl.closed(gbl.tag_bytes(gbl.HEADER, struct.pack("<II", gbl.VERSION_3, 1)) + hidden))
    cloud.update()
    cloud.start()
    cloud.reboot()
    assert cloud.execution()[0] == "SUCCEEDED"
    assert cloud.agent.version == Version(0, 9, 3)


def test_an_image_in_the_clear_without_an_application_comes_up_as_the_same_version() -> None:
    header = gbl.tag_bytes(gbl.HEADER, struct.pack("<II", gbl.VERSION_3, 0))
    assert version_of(gbl.closed(header + gbl.tag_bytes(gbl.METADATA, b"notes")), Version(0, 9, 2)) is None


def test_a_job_in_self_test_without_an_update_before_is_rejected() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.device.update("T1", "AFR_OTA-OTA_1", status="IN_PROGRESS", details={"self_test": "ready"})
    cloud.start()
    assert cloud.execution() == ("FAILED", {"reason": "rejected: 0x00000011"})


def test_a_file_of_another_type_succeeds_without_a_reboot() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.run(cloud.signed_by_hand() | {"fileType": 5})
    cloud.start()
    assert cloud.execution() == ("SUCCEEDED", {"reason": "accepted  v0.0.5", "updatedBy": "  v0.9.2"})
    assert cloud.activations == []


def test_http_alone_is_refused_by_the_device() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.run(protocols=["HTTP"])
    cloud.start()
    assert cloud.execution() == ("FAILED", {"reason": "0x0000000c: 0x00000004"})


def test_a_job_that_is_no_ota_job_is_left_alone() -> None:
    cloud = DeviceCloud()
    cloud.create()
    cloud.start()
    assert cloud.agent.state is AgentState.WAITING
    assert cloud.jobs.describe_execution({"jobId": "J1", "thingName": "T1"})["execution"]["status"] == "QUEUED"


def test_an_update_that_comes_while_the_agent_waits_is_taken_from_notify_next() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.start()
    assert cloud.agent.state is AgentState.WAITING
    cloud.update()
    cloud.flush()
    assert cloud.agent.state is AgentState.READY


def test_two_updates_are_done_one_after_the_other() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update("FIRST", signed=b"wrong")
    cloud.update("SECOND")
    cloud.start()
    cloud.reboot()
    assert cloud.execution("FIRST")[0] == "FAILED"
    assert cloud.execution("SECOND")[0] == "SUCCEEDED"


def test_lost_blocks_are_asked_for_again_after_ten_seconds() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({0, 7, 29})
    began = cloud.clock.now
    cloud.start()
    for _ in range(3):
        assert cloud.agent.state is AgentState.DOWNLOADING
        cloud.wait_out()
    assert cloud.agent.state is AgentState.READY
    assert cloud.clock.now - began == 30.0
    assert cloud.activations == [cloud.image]


def test_before_its_deadline_a_tick_does_nothing() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({0})
    cloud.start()
    cloud.clock.advance(9.9)
    assert cloud.agent.tick() == ()


def test_after_32_requests_without_an_answer_the_agent_gives_up_silently() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = lambda reply: None if "/data/" in reply.topic else reply
    cloud.start()
    waits = 0
    while cloud.agent.next_deadline() is not None:
        cloud.wait_out()
        waits += 1
    assert waits == 32
    assert sum("/streams/" in message.topic for message in cloud.published) == 32
    assert cloud.agent.state is AgentState.STOPPED
    assert cloud.agent.outcomes == [Outcome("AFR_OTA-OTA_1", "ABORTED", "momentum abort")]
    assert cloud.execution()[0] == "QUEUED"


def test_a_job_request_without_an_answer_is_repeated() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = lambda reply: None
    cloud.start()
    cloud.drop = lambda reply: reply
    cloud.wait_out()
    assert cloud.agent.state is AgentState.READY


def test_a_download_goes_on_after_a_reconnect_where_it_was() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({12})
    cloud.start()
    asked_before = sum("/streams/" in message.topic for message in cloud.published)
    cloud.go_offline()
    assert cloud.agent.next_deadline() is None
    cloud.clock.advance(3600)
    cloud.come_back()
    assert cloud.activations == [cloud.image]
    asked = sum("/streams/" in message.topic for message in cloud.published)
    assert (asked_before, asked) == (13, 31)


def test_a_device_that_was_offline_gets_its_job_when_it_comes_back() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.start()
    cloud.go_offline()
    cloud.update()
    cloud.come_back()
    assert cloud.agent.state is AgentState.READY


def test_a_job_canceled_while_downloading_is_let_go() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({12})
    cloud.start()
    cloud.jobs.cancel({"jobId": "AFR_OTA-OTA_1", "force": True})
    cloud.flush()
    assert cloud.agent.state is AgentState.WAITING
    assert cloud.agent.outcomes == [Outcome("AFR_OTA-OTA_1", "ABORTED", "another job or none is next")]
    assert cloud.execution()[0] == "CANCELED"


def test_a_job_canceled_while_offline_is_let_go_on_return() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({12})
    cloud.start()
    cloud.go_offline()
    cloud.jobs.cancel({"jobId": "AFR_OTA-OTA_1", "force": True})
    cloud.notices.clear()
    cloud.come_back()
    assert cloud.agent.state is AgentState.WAITING
    assert cloud.activations == []


def test_a_refused_progress_report_ends_the_download() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({12})
    cloud.start()
    body = json.dumps({"code": "InvalidStateTransition"}).encode()
    cloud.agent.receive("$aws/things/T1/jobs/AFR_OTA-OTA_1/update/rejected", body)
    assert cloud.agent.state is AgentState.WAITING


def test_messages_that_make_no_sense_change_nothing() -> None:
    cloud = DeviceCloud(image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({12})
    cloud.start()
    data = next(topic for topic in cloud.subscriptions if "/data/" in topic)
    blocks = [
        b"",
        b"\xff",
        cbor2.dumps([1]),
        cbor2.dumps({"f": 1, "i": 12, "l": 1024, "p": bytes(1024)}),
        cbor2.dumps({"f": 0, "i": 99, "l": 1024, "p": bytes(1024)}),
        cbor2.dumps({"f": 0, "i": -1, "l": 1024, "p": bytes(1024)}),
        cbor2.dumps({"f": 0, "i": 12, "l": 1023, "p": bytes(1023)}),
        cbor2.dumps({"f": 0, "i": 12, "l": 1024, "p": bytes(1023)}),
        cbor2.dumps({"f": 0, "i": 12, "l": 1024, "p": "text"}),
        cbor2.dumps({"f": 0, "i": 3, "l": 1024, "p": bytes(1024)}),
    ]
    for block in blocks:
        assert cloud.agent.receive(data, block) == ()
    for junk in (b"", b"{", b"[]", b'"x"'):
        assert cloud.agent.receive("$aws/things/T1/jobs/notify-next", junk) == ()
    assert cloud.agent.receive("command", b"ota") == ()
    assert cloud.agent.download is not None
    assert cloud.agent.download.dropped_blocks == len(blocks)
    cloud.wait_out()
    assert cloud.activations == [cloud.image]


@settings(max_examples=25, deadline=None)
@given(lost=st.sets(st.integers(0, 39)), block_bytes=st.integers(256, 2048), count=st.integers(1, 9), seed=st.randoms())
def test_whatever_is_lost_or_comes_twice_the_image_is_right(
    lost: set[int], block_bytes: int, count: int, seed: object
) -> None:
    cloud = DeviceCloud(STRICT.with_blocks(block_bytes, count), image=image_of(NEWER, 9_999))
    cloud.update()
    once = losing(lost)
    late: list[Reply] = []

    def disturbed(reply: Reply) -> Reply | None:
        kept = once(reply)
        if kept is not None and "/data/" in reply.topic and seed.random() < 0.2:  # type: ignore[attr-defined]
            late.append(reply)
        return kept

    cloud.drop = disturbed
    cloud.start()
    while cloud.agent.state is AgentState.DOWNLOADING:
        for reply in late:
            cloud.do(cloud.agent.receive(reply.topic, reply.payload))
        if cloud.agent.state is AgentState.DOWNLOADING:
            cloud.wait_out()
    assert cloud.activations == [cloud.image]


def test_the_default_image_of_the_worlds_is_a_newer_version() -> None:
    assert OtaWorld().image == IMAGE
    cloud = DeviceCloud()
    cloud.update()
    cloud.start()
    cloud.reboot()
    assert cloud.execution()[0] == "SUCCEEDED"
