"""The state of a running cloud: reset, dump, what the registry tells, other Regions."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

import pytest
from cloud_account import code_of
from dataplane_registry import Closed
from pki_fixtures import ec_key, mint, mint_ca

if TYPE_CHECKING:
    from pathlib import Path

    from cloud_account import Account

pytest_plugins = ["cloud_fixtures"]


def test_reset_gives_an_empty_account_in_milliseconds_and_keeps_clients(account: Account, tmp_path: Path) -> None:
    ca, _ = account.register_ca()
    empty = account.cloud.dump()
    device = account.onboard("t", ca)
    account.client("iot-data").publish(topic="light", payload=b"on", retain=True)
    account.client("s3").create_bucket(Bucket="abc", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client = account.connection(device, tmp_path)
    client.connect("t", clean=False)
    begin = time.perf_counter()
    account.cloud.reset()
    assert time.perf_counter() - begin < 0.25
    with pytest.raises(Closed):
        client.read()
    client.close()
    (dump,) = account.cloud.dump().values()
    assert not any(value for value in dump.values() if value is not None), dump
    assert dump.keys() == next(iter(empty.values())).keys()
    assert account.cloud.transcript.entries() == []
    assert account.iot.list_things()["things"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []


def test_equal_dumps_mean_that_nothing_changed(account: Account, tmp_path: Path) -> None:
    ca, _ = account.register_ca()
    device = account.onboard("t", ca)
    with account.connection(device, tmp_path) as client:
        client.connect("t", clean=False)
        client.subscribe(("light/#", 1))
        before = account.cloud.dump()
        account.iot.list_certificates()
        account.iot.describe_thing(thingName="t")
        assert account.cloud.dump() == before
        assert json.loads(json.dumps(before)) == before
        dumps = [before]
        for change in (
            lambda: account.iot.create_thing(thingName="t", attributePayload={"attributes": {}}) and None,
            lambda: account.iot.update_thing(thingName="t", attributePayload={"attributes": {"a": "b"}}),
            lambda: account.client("iot-data").publish(topic="light", payload=b"on", retain=True),
            lambda: account.iot.update_ca_certificate(certificateId=_only_ca(account), newStatus="INACTIVE"),
            lambda: account.iot.get_registration_code() and None,
        ):
            change()
            dumps.append(account.cloud.dump())
    assert dumps[1] == dumps[0]
    assert all(dumps[number] != dumps[number - 1] for number in range(2, len(dumps)))


def _only_ca(account: Account) -> str:
    (ca,) = account.iot.list_ca_certificates()["certificates"]
    return str(ca["certificateId"])


def test_the_registry_tells_of_status_changes_deletions_and_detaches(account: Account) -> None:
    heard: list[str] = []
    registry = account.cloud.registry
    unsubscribe = registry.on_certificate_change(heard.append)
    ca, _ = account.register_ca()
    device = account.onboard("t", ca)
    assert heard == []
    version = registry.version()
    arn = f"arn:aws:iot:eu-west-1:123456789012:cert/{device.certificate_id}"
    for change in (
        lambda: account.iot.detach_thing_principal(thingName="t", principal=arn),
        lambda: account.iot.detach_policy(policyName="allow_all", target=arn),
        lambda: account.iot.update_certificate(certificateId=device.certificate_id, newStatus="INACTIVE"),
        lambda: account.iot.delete_certificate(certificateId=device.certificate_id),
    ):
        change()
        assert heard.pop() == device.certificate_id
        assert heard == []
        assert registry.version() > version
        version = registry.version()
    unsubscribe()
    other = account.onboard("u", ca)
    account.iot.update_certificate(certificateId=other.certificate_id, newStatus="INACTIVE")
    assert heard == []
    account.cloud.reset()
    assert registry.version() > version
    assert registry.certificate(other.certificate_id) is None


def test_just_in_time_registration_twice_gives_the_same_certificate(account: Account) -> None:
    account.register_ca(ca := mint_ca(), allowAutoRegistration=True)
    registry = account.cloud.registry
    (registered,) = registry.ca_certificates()
    device = mint("new", ca)
    first = registry.register_automatically(device.der, registered)
    assert first.status == "PENDING_ACTIVATION"
    assert registry.register_automatically(device.der, registered) == first
    assert first.certificate_id == hashlib.sha256(device.der).hexdigest()


def test_a_bug_of_moto_becomes_an_internal_failure_that_is_logged(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    answer = code_of(lambda: account.client("signer").get_signing_profile(profileName="none"))
    assert answer == ("InternalFailure", 500)
    assert "signer:GetSigningProfile failed inside the embedded cloud" in caplog.text


def test_another_region_can_be_opened_later_and_is_reset_with_the_rest(account: Account, tmp_path: Path) -> None:
    other = account.cloud.other_region("eu-central-1")
    assert account.cloud.other_region("eu-central-1") is other
    assert other.mqtt_port != account.cloud.mqtt_port
    assert other.server_root_pem != account.cloud.server_root_pem
    elsewhere = account.client("iot", "eu-central-1")
    elsewhere.register_ca_certificate(caCertificate=mint_ca(key=ec_key(1)).pem, certificateMode="SNI_ONLY")
    assert account.cloud.dump()["eu-central-1"]["caCertificates"]
    assert not account.cloud.dump()["eu-west-1"]["caCertificates"]
    account.cloud.reset()
    assert elsewhere.list_ca_certificates()["certificates"] == []
