"""AWS IoT's MQTT-based file delivery: ``$aws/things/<thing>/streams/<stream>/...`` in CBOR and JSON.

Source: developer guide, mqtt-based-file-delivery-in-devices; facts, OTA 1.2. Replies go to subscribers.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from dicfix.offline.rules.stream_requests import StreamRefused, block_request, token_of
from dicfix.offline.rules.streams import Block, Streams
from dicfix.offline.services.messages import Reply, Request

PREFIX = "$aws/things/"
CBOR = "cbor"
JSON = "json"
Body = dict[str, Any]


class StreamsTopics:
    """The streams service on its reserved topics."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def __call__(self, request: Request) -> tuple[Reply, ...]:
        """One message a block, one description, or one error."""
        thing_name, stream_id, operation, data_format = _route(request.topic)
        base = f"{PREFIX}{thing_name}/streams/{stream_id}"
        token: str | None = None
        try:
            _check_route(request.topic, operation, data_format)
            asked = _decoded(request.payload, data_format)
            token = token_of(asked)
            if operation == "describe":
                return (_reply(f"{base}/description/{data_format}", self._description(stream_id, token), data_format),)
            stream = self._streams.for_device(stream_id)
            blocks = self._streams.blocks(stream, block_request(asked))
        except StreamRefused as refused:
            data_format = data_format if data_format in (CBOR, JSON) else JSON
            body = {"o": refused.code, "m": refused.message} | _given(token)
            return (_reply(f"{base}/rejected/{data_format}", body, data_format),)
        topic = f"{base}/data/{data_format}"
        return tuple(_reply(topic, _given(token) | _block(block, data_format), data_format) for block in blocks)

    def _description(self, stream_id: str, token: str | None) -> Body:
        stream = self._streams.for_device(stream_id)
        body = _given(token) | {"s": stream.version}
        if stream.description is not None:
            body["d"] = stream.description
        sizes = self._streams.sizes(stream)
        return body | {"r": [{"f": file_id, "z": size} for file_id, size in sizes.items()]}


def _route(topic: str) -> tuple[str, str, str, str]:
    match topic.split("/")[2:]:
        case [thing_name, "streams", stream_id, operation, data_format]:
            return thing_name, stream_id, operation, data_format
        case [thing_name, "streams", stream_id, *_]:
            return thing_name, stream_id, "", ""
    raise ValueError(f"{topic} is no topic of streams")


def _check_route(topic: str, operation: str, data_format: str) -> None:
    if operation not in ("get", "describe") or data_format not in (CBOR, JSON):
        raise StreamRefused("InvalidTopic", f"No operation of streams is on the topic {topic}")


def _given(token: str | None) -> Body:
    return {} if token is None else {"c": token}


def _block(block: Block, data_format: str) -> Body:
    payload = block.payload if data_format == CBOR else base64.b64encode(block.payload).decode()
    return {"f": block.file_id, "i": block.block_id, "l": len(block.payload), "p": payload}


def _reply(topic: str, body: Mapping[str, Any], data_format: str) -> Reply:
    if data_format == JSON:
        return Reply(topic, json.dumps(body, separators=(",", ":")).encode(), 0, direct=False)
    import cbor2

    return Reply(topic, cbor2.dumps(body), 0, direct=False)


def _decoded(payload: bytes, data_format: str) -> Body:
    asked = _cbor(payload) if data_format == CBOR else _json(payload)
    if data_format == JSON and isinstance(asked.get("b"), str):
        asked["b"] = _bitmap(asked["b"])
    return asked


def _cbor(payload: bytes) -> Body:
    import cbor2

    try:
        asked = cbor2.loads(payload)
    except (cbor2.CBORDecodeError, ValueError, TypeError) as error:
        raise StreamRefused("InvalidCbor", "The payload is not a CBOR document") from error
    if not isinstance(asked, dict):
        raise StreamRefused("InvalidRequest", "The payload is not a CBOR map")
    return asked


def _json(payload: bytes) -> Body:
    try:
        asked = json.loads(payload.decode("utf-8"))
    except ValueError as error:
        raise StreamRefused("InvalidJson", "The payload is not a JSON document") from error
    if not isinstance(asked, dict):
        raise StreamRefused("InvalidRequest", "The payload is not a JSON object")
    return asked


def _bitmap(text: str) -> bytes:
    try:
        return binascii.unhexlify(text.removeprefix("0x"))
    except (binascii.Error, ValueError) as error:
        raise StreamRefused("InvalidRequest", "b is not a hexadecimal text") from error
