"""Run by a test in a process of its own: AWS's device SDK connects, subscribes and publishes over MQTT 3.1.1.

Arguments: port, root, certificate, key, client ID, topic. Prints ``CONNACK session_present=...`` and what arrived.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from awscrt import mqtt
from awsiot import mqtt_connection_builder

DEADLINE_S = 20.0


def main(port: str, root: str, certificate: str, key: str, client_id: str, topic: str) -> None:
    """Send one message to itself."""
    arrived = threading.Event()

    def show(topic: str, payload: bytes, **_more: Any) -> None:
        print(f"{topic} {payload.decode()}", flush=True)
        arrived.set()

    connection = mqtt_connection_builder.mtls_from_path(
        endpoint="localhost", port=int(port), cert_filepath=certificate, pri_key_filepath=key, ca_filepath=root,
        client_id=client_id, clean_session=True, keep_alive_secs=60,
    )  # fmt: skip
    answer = connection.connect().result(DEADLINE_S)
    print(f"CONNACK session_present={answer['session_present']}", flush=True)
    subscribed, _packet_id = connection.subscribe(topic=topic, qos=mqtt.QoS.AT_LEAST_ONCE, callback=show)
    subscribed.result(DEADLINE_S)
    published, _packet_id = connection.publish(topic=topic, payload="on", qos=mqtt.QoS.AT_LEAST_ONCE)
    published.result(DEADLINE_S)
    if not arrived.wait(DEADLINE_S):
        raise SystemExit(f"nothing arrived within {DEADLINE_S} s")
    connection.disconnect().result(DEADLINE_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
