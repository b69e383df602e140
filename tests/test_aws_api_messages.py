"""The iot-data operations: what they say and do is what the data plane knows and does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import boto3
import pytest
from cloud_account import ONE_TRY, code_of
from dataplane_registry import Closed, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from cloud_account import Account

pytest_plugins = ["cloud_fixtures"]


@pytest.mark.parametrize("topic", ["light", "light/living room/1", "$aws/things/t/jobs/notify", "ä/%2F/?x=1&y"])
def test_a_published_message_reaches_a_subscriber(empty_account: Account, tmp_path: Path, topic: str) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    with empty_account.connection(device, tmp_path) as client:
        client.connect("t")
        client.subscribe((topic, 1))
        empty_account.client("iot-data").publish(topic=topic, payload=b"\x00\xff on", qos=1)
        message = client.read()
    assert (message.topic, message.payload, message.qos) == (topic, b"\x00\xff on", 1)


def test_the_endpoint_of_describe_endpoint_answers_iot_data(empty_account: Account) -> None:
    if empty_account.cloud.http_url:
        return  # over HTTP every service has the same address
    host = empty_account.iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
    kwargs = {**empty_account.cloud.client_kwargs(), "endpoint_url": f"https://{host}"}
    data = boto3.client("iot-data", config=ONE_TRY, **kwargs)
    data.publish(topic="light", payload=b"on", retain=True)
    assert data.get_retained_message(topic="light")["payload"] == b"on"


def test_retained_messages_are_kept_listed_and_cleared(empty_account: Account) -> None:
    data = empty_account.client("iot-data")
    for number in range(3):
        data.publish(topic=f"light/{number}", payload=b"on", qos=1, retain=True)
    kept = data.get_retained_message(topic="light/0")
    assert (kept["topic"], kept["payload"], kept["qos"]) == ("light/0", b"on", 1)
    assert kept["lastModifiedTime"] > 1_600_000_000_000
    pages = list(data.get_paginator("list_retained_messages").paginate(PaginationConfig={"PageSize": 2}))
    assert [[one["topic"] for one in page["retainedTopics"]] for page in pages] == [["light/0", "light/1"], ["light/2"]]
    assert pages[0]["retainedTopics"][0]["payloadSize"] == 2
    data.publish(topic="light/0", payload=b"", retain=True)
    assert code_of(lambda: data.get_retained_message(topic="light/0")) == ("ResourceNotFoundException", 404)


def test_a_connection_is_described_while_it_lasts_and_after(empty_account: Account, tmp_path: Path) -> None:
    data = empty_account.client("iot-data")
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    with empty_account.connection(device, tmp_path) as client:
        client.connect("t", keep_alive_s=60)
        client.subscribe(("light/#", 1), ("lock", 0))
        state = data.get_connection(clientId="t", includeSocketInformation=True)
        assert (state["connected"], state["thingName"], state["cleanSession"]) == (True, "t", True)
        assert (state["keepAliveDuration"], state["sourceIp"]) == (60, "127.0.0.1")
        assert state["targetPort"] == empty_account.cloud.mqtt_port
        assert state["connectedSince"] > 1_600_000_000_000
        assert "disconnectReason" not in state
        assert "sourceIp" not in data.get_connection(clientId="t")
        subscriptions = data.list_subscriptions(clientId="t")["subscriptions"]
        assert subscriptions == [{"topicFilter": "light/#", "qos": 1}, {"topicFilter": "lock", "qos": 0}]
        data.delete_connection(clientId="t")
        with pytest.raises(Closed):
            client.read()
    ended = data.get_connection(clientId="t")
    assert (ended["connected"], ended["disconnectReason"]) == (False, "API_INITIATED_DISCONNECT")
    assert code_of(lambda: data.delete_connection(clientId="t")) == ("ResourceNotFoundException", 404)


def test_a_direct_message_reaches_its_client_without_subscription(empty_account: Account, tmp_path: Path) -> None:
    data = empty_account.client("iot-data")
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    with empty_account.connection(device, tmp_path) as client:
        client.connect("t")
        answer = data.send_direct_message(clientId="t", topic="command", payload=b"on")
        message = client.read()
    assert (message.topic, message.payload) == ("command", b"on")
    assert answer["traceId"]
    confirmed = code_of(lambda: data.send_direct_message(clientId="t", topic="a", payload=b"", confirmation=True))
    assert confirmed == ("NotImplemented", 501)


def test_a_client_id_that_begins_with_a_dollar_is_refused(empty_account: Account) -> None:
    refused = code_of(lambda: empty_account.client("iot-data").get_connection(clientId="$aws"))
    assert refused == ("InvalidRequestException", 400)


def test_deactivation_by_the_api_ends_the_connection(empty_account: Account, tmp_path: Path) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    with empty_account.connection(device, tmp_path) as client:
        client.connect("t")
        empty_account.iot.update_certificate(certificateId=device.certificate_id, newStatus="INACTIVE")
        with pytest.raises(Closed):
            client.read()
    with empty_account.connection(device, tmp_path) as again, pytest.raises(Closed):
        again.connect("t")


def test_an_unknown_certificate_of_the_ca_becomes_pending_activation_and_works_once_activated(
    empty_account: Account, tmp_path: Path
) -> None:
    from pki_fixtures import mint

    ca, ca_id = empty_account.register_ca(allowAutoRegistration=True)
    device = mint("new", ca)
    with empty_account.connection(device, tmp_path) as client, pytest.raises(Closed):
        client.connect("new")
    described = empty_account.iot.describe_certificate(certificateId=device.certificate_id)["certificateDescription"]
    assert (described["status"], described["caCertificateId"]) == ("PENDING_ACTIVATION", ca_id)
    empty_account.iot.update_certificate(certificateId=device.certificate_id, newStatus="ACTIVE")
    empty_account.iot.create_policy(policyName="p", policyDocument=_ALLOW)
    empty_account.iot.attach_policy(policyName="p", target=described["certificateArn"])
    with empty_account.connection(device, tmp_path) as client:
        client.connect("new")


_ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def test_another_region_knows_neither_certificate_nor_messages(empty_account: Account, tmp_path: Path) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    other = empty_account.cloud.other_region("eu-central-1")
    assert other.endpoint != empty_account.cloud.endpoint
    assert empty_account.client("iot", "eu-central-1").list_certificates()["certificates"] == []
    with empty_account.connection(device, tmp_path, other) as client, pytest.raises(Closed):
        client.connect("t")
    assert eventually(other.transcript.refusals)
    empty_account.client("iot-data").publish(topic="light", payload=b"on", retain=True)
    elsewhere = empty_account.client("iot-data", "eu-central-1")
    assert code_of(lambda: elsewhere.get_retained_message(topic="light")) == ("ResourceNotFoundException", 404)


def test_a_region_without_data_plane_has_no_messages(empty_account: Account) -> None:
    refused = code_of(lambda: empty_account.client("iot-data", "us-east-2").publish(topic="a", payload=b""))
    assert refused == ("NotImplemented", 501)


def test_shadows_are_motos(empty_account: Account) -> None:
    empty_account.iot.create_thing(thingName="t")
    data = empty_account.client("iot-data")
    data.update_thing_shadow(thingName="t", payload=b'{"state": {"desired": {"on": true}}}')
    assert b'"on": true' in data.get_thing_shadow(thingName="t")["payload"].read()


def test_the_data_plane_reads_while_the_api_writes(empty_account: Account, tmp_path: Path) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    errors: list[Exception] = []
    stop = threading.Event()

    def write(number: int) -> None:
        try:
            for turn in range(25):
                name = f"w{number}-{turn}"
                empty_account.iot.create_thing(thingName=name)
                certificate = empty_account.register_device(ca, name, status="INACTIVE")
                empty_account.iot.attach_thing_principal(thingName=name, principal=certificate["certificateArn"])
                empty_account.iot.detach_thing_principal(thingName=name, principal=certificate["certificateArn"])
                empty_account.iot.delete_certificate(certificateId=certificate["certificateId"])
                empty_account.iot.list_things(maxResults=250)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    def talk() -> None:
        try:
            while not stop.is_set():
                with empty_account.connection(device, tmp_path) as client:
                    client.connect("t")
                    client.subscribe(("a", 0))
                    client.publish("a", b"x")
                    assert client.read().payload == b"x"
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    talker = threading.Thread(target=talk)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in [talker, *writers]:
        thread.start()
    for thread in writers:
        thread.join(60)
    stop.set()
    talker.join(10)
    assert errors == []
    assert empty_account.cloud.transcript.refusals() == []
