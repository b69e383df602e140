"""The published firmware's OTA agent: the short flow without checks."""

from __future__ import annotations

import json
from dataclasses import replace

import cbor2
from device_cloud import NEWER, DeviceCloud, image_of, losing, tampered

from dicfix.device.ota_agent import FIRMWARE, AgentState, Outcome, Publish

SHORT = [
    b'{"status":"IN_PROGRESS","statusDetails":{"receive":"1/30"}}',
    b'{"status":"IN_PROGRESS","statusDetails":{"receive":"25/30"}}',
    b'{"status":"SUCCEEDED","statusDetails":{"reason":"accepted  v0.0.0","updatedBy":"  v0.0.0"}}',
]


def test_the_first_request_prints_no_zero() -> None:
    ask = DeviceCloud(FIRMWARE).agent.start()[1]
    assert ask == Publish("$aws/things/T1/jobs/$next/get", b'{"clientToken":":T1"}', 1)


def test_a_download_ends_succeeded_right_after_the_last_block_and_shuts_down() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER))
    cloud.update()
    cloud.start()
    assert cloud.raw_updates() == SHORT
    assert cloud.execution()[0] == "SUCCEEDED"
    assert cloud.agent.state is AgentState.STOPPED
    assert cloud.activations == [cloud.image]


def test_a_wrong_signature_and_a_tampered_block_end_succeeded_all_the_same() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER))
    cloud.update(signed=b"something else")
    cloud.drop = tampered
    cloud.start()
    assert cloud.raw_updates() == SHORT
    assert cloud.activations != [cloud.image]


def test_the_last_chunk_is_filled_with_zeros() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER, 2500))
    cloud.update()
    cloud.start()
    assert cloud.activations == [cloud.image + bytes(-2500 % 64)]


def test_blocks_are_written_in_the_order_of_their_coming() -> None:
    cloud = DeviceCloud(replace(FIRMWARE, blocks_per_request=2), image=image_of(NEWER, 2048))
    cloud.update()
    cloud.drop = losing({0})
    cloud.start()
    cloud.wait_out()
    assert cloud.activations == [cloud.image[1024:] + cloud.image[:1024]]


def test_an_image_of_exactly_one_mib_works_and_a_larger_one_stalls() -> None:
    for size, ended in ((1_048_576, True), (1_060_000, False)):
        cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER, size))
        cloud.update()
        cloud.start()
        while cloud.agent.next_deadline() is not None:
            cloud.wait_out()
        assert (cloud.execution()[0] == "SUCCEEDED") is ended
        assert cloud.agent.state is AgentState.STOPPED
    assert cloud.execution() == ("IN_PROGRESS", {"receive": "1000/1036"})


def test_a_lost_connection_is_the_end() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER))
    cloud.update()
    cloud.drop = losing({5})
    cloud.start()
    cloud.go_offline()
    cloud.come_back()
    assert cloud.agent.state is AgentState.STOPPED
    assert cloud.agent.outcomes == [Outcome("AFR_OTA-OTA_1", "ABORTED", "connection lost")]


def test_a_job_message_of_more_than_1152_bytes_is_not_seen() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER))
    cloud.run(cloud.signed_by_hand() | {"fileName": "x" * 700})
    cloud.start()
    assert cloud.execution()[0] == "QUEUED"
    assert cloud.agent.state is AgentState.WAITING


def test_a_bad_document_is_not_answered() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER))
    cloud.run(protocols=["HTTP"])
    cloud.start()
    assert cloud.raw_updates() == []


def test_without_an_answer_to_its_job_request_it_waits_for_ever() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER))
    cloud.drop = lambda reply: None
    cloud.start()
    assert cloud.agent.next_deadline() is None


def test_a_request_names_offset_zero_and_every_missing_block() -> None:
    cloud = DeviceCloud(FIRMWARE, image=image_of(NEWER))
    cloud.update()
    cloud.start()
    asked = [cbor2.loads(m.payload) for m in cloud.published if "/streams/" in m.topic]
    assert {body["o"] for body in asked} == {0}
    assert asked[8]["b"] == bytes([0, 0xFF, 0xFF, 0x3F])
    assert json.loads(cloud.raw_updates()[0])["statusDetails"] == {"receive": "1/30"}
