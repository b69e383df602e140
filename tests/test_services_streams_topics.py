"""The stream topics on the wire: CBOR and JSON, data, description and rejected."""

from __future__ import annotations

import base64
import json

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ota_world import World

BASE = "$aws/things/T1/streams/S1"
STOCK_REQUEST = bytes.fromhex("a6 6163 63726479 6166 00 616c 190400 616f 00 6162 44ffffff3f 616e 01")
"""What AWS's agent asked at the start of a file of 30 blocks. Source: facts, OTA 1.2 (observed)."""


def test_the_stock_agents_request_gives_its_first_block_as_observed() -> None:
    world = World()
    image = bytes(n % 251 for n in range(30 * 1024))
    world.stream_of(image)
    (reply,) = world.publish_stream("get/cbor", STOCK_REQUEST)
    assert (reply.topic, reply.qos, reply.direct) == (f"{BASE}/data/cbor", 0, False)
    assert len(reply.payload) == 1024 + 23
    assert reply.payload.startswith(bytes.fromhex("a5 6163 63726479 6166 00 6169 00 616c 190400 6170 590400"))
    assert reply.payload.endswith(image[:1024])


def test_a_json_request_gives_base64_and_takes_a_hexadecimal_bitmap() -> None:
    world = World()
    world.stream_of(bytes(range(256)) * 48)
    asked = {"c": "1", "s": 1, "l": 256, "f": 0, "o": 20, "n": 32, "b": "0x130080"}
    replies = world.publish_stream("get/json", json.dumps(asked).encode())
    bodies = [json.loads(reply.payload) for reply in replies]
    assert [body["i"] for body in bodies] == [20, 21, 24, 43]
    assert {reply.topic for reply in replies} == {f"{BASE}/data/json"}
    assert base64.b64decode(bodies[0]["p"]) == bytes(range(256))
    assert {key: bodies[0][key] for key in "cfl"} == {"c": "1", "f": 0, "l": 256}


def test_the_newer_librarys_json_request_gives_its_block() -> None:
    world = World()
    world.stream_of(bytes(3000))
    (reply,) = world.publish_stream("get/json", b'{"s": 1,"f": 0,"l": 1024,"o": 2,"n": 1}')
    assert json.loads(reply.payload) | {"p": ""} == {"f": 0, "i": 2, "l": 3000 - 2048, "p": ""}


@pytest.mark.parametrize("data_format", ["cbor", "json"])
def test_a_description_names_version_text_files_and_sizes(data_format: str) -> None:
    world = World()
    world.stream_of(bytes(3000), description="why")
    coder = cbor2 if data_format == "cbor" else json
    payload = coder.dumps({"c": "tok"})
    sent = payload if isinstance(payload, bytes) else payload.encode()
    (reply,) = world.publish_stream(f"describe/{data_format}", sent)
    assert reply.topic == f"{BASE}/description/{data_format}"
    assert coder.loads(reply.payload) == {"c": "tok", "s": 1, "d": "why", "r": [{"f": 0, "z": 3000}]}


def test_a_refusal_has_code_message_and_token_under_short_names() -> None:
    world = World()
    world.stream_of(bytes(3000))
    (reply,) = world.publish_stream("get/cbor", cbor2.dumps({"c": "tok", "f": 0, "l": 1}))
    assert reply.topic == f"{BASE}/rejected/cbor"
    body = cbor2.loads(reply.payload)
    assert (body["o"], body["c"], set(body)) == ("BlockSizeOutOfBounds", "tok", {"o", "m", "c"})


@pytest.mark.parametrize(
    ("tail", "payload", "code", "answered"),
    [
        ("get/cbor", b"", "InvalidCbor", "rejected/cbor"),
        ("get/cbor", b"\xff\xff", "InvalidCbor", "rejected/cbor"),
        ("get/cbor", cbor2.dumps([1]), "InvalidRequest", "rejected/cbor"),
        ("get/json", b"{", "InvalidJson", "rejected/json"),
        ("get/json", b"\xff", "InvalidJson", "rejected/json"),
        ("get/json", b"[]", "InvalidRequest", "rejected/json"),
        ("get/json", b'{"f":0,"l":256,"b":"0xzz"}', "InvalidRequest", "rejected/json"),
        ("get/xml", b"{}", "InvalidTopic", "rejected/json"),
        ("fetch/json", b"{}", "InvalidTopic", "rejected/json"),
        ("data", b"{}", "InvalidTopic", "rejected/json"),
    ],
)
def test_what_cannot_be_read_or_routed_is_rejected(tail: str, payload: bytes, code: str, answered: str) -> None:
    world = World()
    world.stream_of(bytes(3000))
    (reply,) = world.publish_stream(tail, payload)
    body = cbor2.loads(reply.payload) if answered.endswith("cbor") else json.loads(reply.payload)
    assert (reply.topic, body["o"]) == (f"{BASE}/{answered}", code)


def test_an_unknown_stream_is_not_found() -> None:
    (reply,) = World().publish_stream("describe/json", b"{}", "S9")
    assert json.loads(reply.payload)["o"] == "ResourceNotFound"


@given(st.binary(max_size=80), st.sampled_from(["get", "describe"]), st.sampled_from(["cbor", "json"]))
def test_any_bytes_are_answered(payload: bytes, operation: str, data_format: str) -> None:
    world = World()
    world.stream_of(bytes(3000))
    for reply in world.publish_stream(f"{operation}/{data_format}", payload):
        assert reply.topic.startswith(BASE)
