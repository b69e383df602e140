"""The state of a running cloud: reset, dump, what the registry tells, other Regions."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

import pytest
from cloud_account import code_of
from dataplane_registry import Closed
from moto.iot.models import IoTBackend
from pki_fixtures import ec_key, mint, mint_ca

if TYPE_CHECKING:
    from pathlib import Path

    from cloud_account import Account

pytest_plugins = ["cloud_fixtures"]


def test_reset_gives_an_empty_account_in_milliseconds_and_keeps_clients(empty_account: Account, tmp_path: Path) -> None:
    ca, _ = empty_account.register_ca()
    empty = empty_account.cloud.dump()
    device = empty_account.onboard("t", ca)
    empty_account.client("iot-data").publish(topic="light", payload=b"on", retain=True)
    empty_account.client("s3").create_bucket(
        Bucket="abc", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client = empty_account.connection(device, tmp_path)
    client.connect("t", clean=False)
    begin = time.perf_counter()
    empty_account.cloud.reset()
    assert time.perf_counter() - begin < 0.25
    with pytest.raises(Closed):
        client.read()
    client.close()
    (dump,) = empty_account.cloud.dump().values()
    assert not any(value for value in dump.values() if value is not None), dump
    assert dump.keys() == next(iter(empty.values())).keys()
    assert empty_account.cloud.transcript.entries() == []
    assert empty_account.iot.list_things()["things"] == []
    assert empty_account.client("s3").list_buckets()["Buckets"] == []


def test_equal_dumps_mean_that_nothing_changed(empty_account: Account, tmp_path: Path) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    with empty_account.connection(device, tmp_path) as client:
        client.connect("t", clean=False)
        client.subscribe(("light/#", 1))
        before = empty_account.cloud.dump()
        empty_account.iot.list_certificates()
        empty_account.iot.describe_thing(thingName="t")
        assert empty_account.cloud.dump() == before
        assert json.loads(json.dumps(before)) == before
        dumps = [before]
        for change in (
            lambda: empty_account.iot.create_thing(thingName="t", attributePayload={"attributes": {}}) and None,
            lambda: empty_account.iot.update_thing(thingName="t", attributePayload={"attributes": {"a": "b"}}),
            lambda: empty_account.client("iot-data").publish(topic="light", payload=b"on", retain=True),
            lambda: empty_account.iot.update_ca_certificate(
                certificateId=_only_ca(empty_account), newStatus="INACTIVE"
            ),
            lambda: empty_account.iot.get_registration_code() and None,
        ):
            change()
            dumps.append(empty_account.cloud.dump())
    assert dumps[1] == dumps[0]
    assert all(dumps[number] != dumps[number - 1] for number in range(2, len(dumps)))


def _only_ca(empty_account: Account) -> str:
    (ca,) = empty_account.iot.list_ca_certificates()["certificates"]
    return str(ca["certificateId"])


def test_the_registry_tells_of_status_changes_deletions_and_detaches(empty_account: Account) -> None:
    heard: list[str] = []
    registry = empty_account.cloud.registry
    unsubscribe = registry.on_certificate_change(heard.append)
    ca, _ = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    assert heard == []
    version = registry.version()
    arn = f"arn:aws:iot:eu-west-1:123456789012:cert/{device.certificate_id}"
    for change in (
        lambda: empty_account.iot.detach_thing_principal(thingName="t", principal=arn),
        lambda: empty_account.iot.detach_policy(policyName="allow_all", target=arn),
        lambda: empty_account.iot.update_certificate(certificateId=device.certificate_id, newStatus="INACTIVE"),
        lambda: empty_account.iot.delete_certificate(certificateId=device.certificate_id),
    ):
        change()
        assert heard.pop() == device.certificate_id
        assert heard == []
        assert registry.version() > version
        version = registry.version()
    unsubscribe()
    other = empty_account.onboard("u", ca)
    empty_account.iot.update_certificate(certificateId=other.certificate_id, newStatus="INACTIVE")
    assert heard == []
    empty_account.cloud.reset()
    assert registry.version() > version
    assert registry.certificate(other.certificate_id) is None


def test_just_in_time_registration_twice_gives_the_same_certificate(empty_account: Account) -> None:
    empty_account.register_ca(ca := mint_ca(), allowAutoRegistration=True)
    registry = empty_account.cloud.registry
    (registered,) = registry.ca_certificates()
    device = mint("new", ca)
    first = registry.register_automatically(device.der, registered)
    assert first.status == "PENDING_ACTIVATION"
    assert registry.register_automatically(device.der, registered) == first
    assert first.certificate_id == hashlib.sha256(device.der).hexdigest()


def test_a_bug_of_moto_becomes_an_internal_failure_that_is_logged(
    empty_account: Account, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(_backend: object, billing_group_name: str) -> None:
        raise KeyError(billing_group_name)

    monkeypatch.setattr(IoTBackend, "describe_billing_group", bug)
    answer = code_of(lambda: empty_account.iot.describe_billing_group(billingGroupName="none"))
    assert answer == ("InternalFailure", 500)
    assert "iot:DescribeBillingGroup failed inside the embedded cloud" in caplog.text


def test_another_region_can_be_opened_later_and_is_reset_with_the_rest(empty_account: Account, tmp_path: Path) -> None:
    other = empty_account.cloud.other_region("eu-central-1")
    assert empty_account.cloud.other_region("eu-central-1") is other
    assert other.mqtt_port != empty_account.cloud.mqtt_port
    assert other.server_root_pem != empty_account.cloud.server_root_pem
    elsewhere = empty_account.client("iot", "eu-central-1")
    elsewhere.register_ca_certificate(caCertificate=mint_ca(key=ec_key(1)).pem, certificateMode="SNI_ONLY")
    assert empty_account.cloud.dump()["eu-central-1"]["caCertificates"]
    assert not empty_account.cloud.dump()["eu-west-1"]["caCertificates"]
    empty_account.cloud.reset()
    assert elsewhere.list_ca_certificates()["certificates"] == []
