"""Run by a test in a process of its own: a client of AWS IoT's MQTT-based file delivery, by its public protocol alone.

Arguments: port, root, certificate, key, thing, stream, size, format (cbor or json), block size, blocks a request.
Asks for the blocks that are missing by bitmap, and prints ``<length> <SHA-256>`` of what arrived.
"""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import socket
import sys
from typing import Any

import cbor2
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

DEADLINE_S = 20.0


def bitmap_of(missing: set[int], first: int) -> bytes:
    """A bit for each missing block from ``first`` on, the lowest bit of a byte first."""
    bits = bytearray((max(missing) - first) // 8 + 1)
    for block in missing:
        bits[(block - first) // 8] |= 1 << (block - first) % 8
    return bytes(bits)


def encoded(request: dict[str, Any], data_format: str) -> bytes:
    """A request in CBOR, or in JSON with its bitmap in hexadecimal."""
    if data_format == "cbor":
        return cbor2.dumps(request)
    return json.dumps(request | {"b": "0x" + request["b"].hex()}).encode()


def decoded(payload: bytes, data_format: str) -> tuple[int, bytes]:
    """Block ID and data of a delivered block."""
    body = cbor2.loads(payload) if data_format == "cbor" else json.loads(payload)
    data = body["p"] if data_format == "cbor" else base64.b64decode(body["p"])
    if len(data) != body["l"]:
        raise SystemExit(f"block {body['i']} says {body['l']} bytes and has {len(data)}")
    return body["i"], data


def main(
    port: str, root: str, certificate: str, key: str, thing: str, stream: str, size: str, data_format: str,
    block_bytes: str, at_once: str,
) -> None:  # fmt: skip
    """Download the stream's file 0."""
    base = f"$aws/things/{thing}/streams/{stream}"
    arrived: queue.Queue[tuple[str, bytes]] = queue.Queue()
    ready: queue.Queue[str] = queue.Queue()
    client = Client(CallbackAPIVersion.VERSION2, client_id=thing, protocol=MQTTv311)
    client.on_connect = lambda *_: client.subscribe(
        [(f"{base}/data/{data_format}", 0), (f"{base}/rejected/{data_format}", 0)]
    )
    client.on_subscribe = lambda *_: ready.put("subscribed")
    client.on_message = lambda _client, _data, message: arrived.put((message.topic, message.payload))
    client.on_socket_open = lambda _c, _d, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.tls_set(root, certificate, key)
    client.connect("localhost", int(port))
    client.loop_start()
    ready.get(timeout=DEADLINE_S)
    length, count = int(block_bytes), int(at_once)
    blocks: dict[int, bytes] = {}
    missing = set(range(-(-int(size) // length)))
    while missing:
        first = min(missing)
        wanted = {block for block in missing if block < first + 8 * count}
        request = {"c": "any", "s": 1, "f": 0, "l": length, "o": first, "n": count, "b": bitmap_of(wanted, first)}
        client.publish(f"{base}/get/{data_format}", encoded(request, data_format))
        for _ in range(min(count, len(wanted))):
            topic, payload = arrived.get(timeout=DEADLINE_S)
            if "/rejected/" in topic:
                raise SystemExit(f"rejected: {payload!r}")
            number, data = decoded(payload, data_format)
            blocks[number] = data
            missing.discard(number)
    client.disconnect()
    client.loop_stop()
    image = b"".join(blocks[number] for number in sorted(blocks))
    print(len(image), hashlib.sha256(image).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
