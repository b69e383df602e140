"""The data plane with a real MQTT client."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from dataplane_registry import DEADLINE_S, client_context, eventually
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _client(plane: Plane, client_id: str, inbox: queue.Queue[Any]) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False)
    client.tls_set_context(client_context(plane.identity.root_pem, plane.device.write(plane.folder, "device")))
    client.on_connect = lambda *details: inbox.put(("connected", details[3]))
    client.on_disconnect = lambda *details: inbox.put(("disconnected", details[3]))
    client.on_message = lambda _client, _data, message: inbox.put((message.topic, message.payload))
    client.on_subscribe = lambda *details: inbox.put(("subscribed", [int(code.value) for code in details[3]]))
    return client


def test_paho_connects_subscribes_publishes_and_leaves(plane: Plane) -> None:
    inbox: queue.Queue[Any] = queue.Queue()
    client = _client(plane, "device", inbox)
    client.connect("localhost", plane.dp.port, keepalive=60)
    client.loop_start()
    try:
        assert inbox.get(timeout=DEADLINE_S) == ("connected", 0)
        client.subscribe("light/#", qos=1)
        assert inbox.get(timeout=DEADLINE_S) == ("subscribed", [1])
        client.publish("light/state", b"on", qos=1).wait_for_publish(DEADLINE_S)
        assert inbox.get(timeout=DEADLINE_S) == ("light/state", b"on")
        client.disconnect()
        assert inbox.get(timeout=DEADLINE_S) == ("disconnected", 0)
    finally:
        client.loop_stop()
    end = eventually(lambda: plane.dp.transcript.entries(client_id="device", kind="end"))
    assert [entry.reason for entry in end] == ["CLIENT_INITIATED_DISCONNECT"]


def test_paho_sees_a_refused_subscription_as_a_lost_connection(plane: Plane) -> None:
    inbox: queue.Queue[Any] = queue.Queue()
    client = _client(plane, "device", inbox)
    client.connect("localhost", plane.dp.port)
    client.loop_start()
    try:
        assert inbox.get(timeout=DEADLINE_S)[0] == "connected"
        client.subscribe("$SYS/#")
        word, reason = inbox.get(timeout=DEADLINE_S)
        assert word == "disconnected"
        assert reason != 0
    finally:
        client.loop_stop()
    assert plane.newest_refusal("TOPIC_RESERVED").topic == "$SYS/#"
