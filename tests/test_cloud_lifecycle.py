"""The embedded cloud from start to stop: account, ports, the guard around it, its speed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from cloud_account import ONE_TRY, Account, code_of
from dataplane_registry import eventually

from dicfix.errors import GuardRefused, UsageError
from dicfix.offline import loopback_guard
from dicfix.offline.aws_api.binding import ApiChoices
from dicfix.offline.cloud import EmbeddedCloud

if TYPE_CHECKING:
    import threading

pytest_plugins = ["cloud_fixtures"]
ROOT = Path(__file__).resolve().parent.parent
MakeCloud = Callable[..., EmbeddedCloud]


def test_importing_the_facade_imports_neither_moto_nor_boto3() -> None:
    code = "import sys, dicfix.offline.cloud; print(sorted({'moto','boto3','botocore','OpenSSL'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_stopped_cloud_leaves_moto_sockets_and_environment_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.iot.models import IoTBackend, iot_backends

    before = (dict(os.environ), socket.socket.connect, socket.getaddrinfo, BotocoreStubber.process_request)
    with EmbeddedCloud(account_id="210987654321") as cloud:
        assert os.environ["AWS_ACCESS_KEY_ID"] == "mine"
        assert cloud.client_kwargs()["aws_access_key_id"] != "mine"
    assert (dict(os.environ), socket.socket.connect, socket.getaddrinfo, BotocoreStubber.process_request) == before
    assert iot_backends.backend is IoTBackend


def test_a_cloud_runs_as_the_account_that_it_is_given(quiet_cloud: MakeCloud) -> None:
    empty_account = Account(quiet_cloud(account_id="210987654321"))
    assert empty_account.client("sts").get_caller_identity()["Account"] == "210987654321"
    assert ":210987654321:" in empty_account.iot.create_thing(thingName="t")["thingArn"]


@pytest.mark.parametrize("account_id", ["1", "x" * 12, ""])
def test_an_account_id_is_12_digits(account_id: str) -> None:
    with pytest.raises(UsageError, match="12 digits"):
        EmbeddedCloud(account_id=account_id)


def test_an_unknown_region_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="nowhere-1"):
        EmbeddedCloud(region="nowhere-1").start()
    with EmbeddedCloud() as cloud, pytest.raises(UsageError, match="nowhere-1"):
        cloud.other_region("nowhere-1")


def test_a_second_cloud_in_the_process_is_refused_and_harms_nothing(quiet_cloud: MakeCloud) -> None:
    empty_account = Account(quiet_cloud())
    empty_account.iot.create_thing(thingName="t")
    with pytest.raises(UsageError, match="already running"):
        EmbeddedCloud().start()
    assert empty_account.iot.describe_thing(thingName="t")["thingName"] == "t"


@pytest.mark.parametrize("which", ["http_port", "mqtt_port"])
def test_a_port_in_use_is_one_clear_error_and_nothing_stays_behind(which: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}"):
            EmbeddedCloud(http=True, **{which: port}).start()
    with EmbeddedCloud() as cloud:
        assert cloud.mqtt_port


def test_a_cloud_that_is_not_running_says_so() -> None:
    cloud = EmbeddedCloud()
    with pytest.raises(UsageError, match="not running"):
        _ = cloud.endpoint
    cloud.stop()


def test_the_choices_that_no_page_settles_are_configurable(quiet_cloud: MakeCloud) -> None:
    empty_account = Account(quiet_cloud(choices=ApiChoices(legacy_data_endpoint=False, jobs_endpoint=True)))
    refused = ("InvalidRequestException", 400)
    assert code_of(empty_account.iot.describe_endpoint) == refused
    assert code_of(lambda: empty_account.iot.describe_endpoint(endpointType="iot:Data")) == refused
    assert ".jobs.iot." in empty_account.iot.describe_endpoint(endpointType="iot:Jobs")["endpointAddress"]


def test_by_default_the_endpoint_without_type_has_no_ats(quiet_cloud: MakeCloud) -> None:
    empty_account = Account(quiet_cloud())
    assert "-ats" not in empty_account.iot.describe_endpoint()["endpointAddress"]
    assert code_of(lambda: empty_account.iot.describe_endpoint(endpointType="iot:Jobs")) == (
        "InvalidRequestException",
        400,
    )


@pytest.mark.parametrize("host", ["iot.eu-west-1.amazonaws.com", "192.0.2.1", "example.org"])
def test_while_a_cloud_runs_nothing_leaves_the_machine(quiet_cloud: MakeCloud, host: str) -> None:
    quiet_cloud()
    with pytest.raises(GuardRefused, match="leave this machine"):
        socket.create_connection((host, 443), timeout=1)
    with pytest.raises(GuardRefused), socket.socket() as sock:
        sock.connect(("192.0.2.1", 443))
    with pytest.raises(GuardRefused), socket.socket() as sock:
        sock.connect_ex(("192.0.2.1", 443))


def test_a_request_of_boto3_that_moto_does_not_know_stays_here(quiet_cloud: MakeCloud) -> None:
    cloud = quiet_cloud()
    kwargs = {**cloud.client_kwargs(), "endpoint_url": "https://device.example.org"}
    data = boto3.client("iot-data", config=ONE_TRY, **kwargs)
    with pytest.raises(Exception, match="leave this machine"):
        data.publish(topic="a", payload=b"")


def test_the_guard_lets_this_machine_through(quiet_cloud: MakeCloud) -> None:
    cloud = quiet_cloud()
    for host in ("127.0.0.1", "localhost"):
        socket.create_connection((host, cloud.mqtt_port), timeout=5).close()
    assert loopback_guard.is_local("::1")
    assert loopback_guard.is_local(b"127.0.0.1")
    assert not loopback_guard.is_local("localhost.example.org")


def test_other_programs_reset_the_account_over_http(quiet_cloud: MakeCloud) -> None:
    cloud = quiet_cloud(http=True)
    empty_account = Account(cloud)
    empty_account.iot.create_thing(thingName="t")
    assert cloud.http_url
    urllib.request.urlopen(f"{cloud.http_url}/moto-api/reset", data=b"", timeout=5).close()  # noqa: S310 - loopback
    assert empty_account.iot.list_things()["things"] == []


def test_an_unsigned_request_is_answered_with_an_error_and_not_a_traceback(quiet_cloud: MakeCloud) -> None:
    cloud = quiet_cloud(http=True)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{cloud.http_url}/some/where", timeout=5)  # noqa: S310 - loopback
    assert refused.value.code in (403, 404, 501)
    refused.value.close()


def test_deleting_one_certificate_among_10_000_takes_less_than_50_ms(quiet_cloud: MakeCloud) -> None:
    empty_account = Account(quiet_cloud())
    ca, ca_id = empty_account.register_ca()
    device = empty_account.onboard("t", ca)
    backend: Any = empty_account.cloud.registry.backend
    for number in range(10_000):
        name = f"{number:064x}"
        backend.keep_certificate(device.certificate, name, "INACTIVE", "SNI_ONLY", ca_id)
        backend.make_thing(f"d{number}", thing_type=None, attributes={}, billing_group=None)
        backend.attach_principal(f"d{number}", backend.certificates[name].arn, None)
        backend.attach("allow_all", backend.certificates[name].arn)
    arn = f"arn:aws:iot:eu-west-1:123456789012:cert/{5_000:064x}"
    empty_account.iot.detach_thing_principal(thingName="d5000", principal=arn)
    calls: list[Callable[[], Any]] = [
        lambda: empty_account.iot.describe_certificate(certificateId=f"{5_000:064x}"),
        lambda: empty_account.iot.describe_thing(thingName="d5000"),
        lambda: empty_account.iot.list_thing_principals(thingName="d4999"),
        lambda: empty_account.iot.list_attached_policies(target=arn),
        lambda: empty_account.iot.delete_certificate(certificateId=f"{5_000:064x}", forceDelete=True),
    ]
    for call in calls:
        begin = time.perf_counter()
        call()
        assert time.perf_counter() - begin < 0.05
    assert len(empty_account.cloud.registry.policies(device.certificate_id)) == 1


def test_threads_of_a_cloud_end_with_it() -> None:
    import threading

    before = set(threading.enumerate())
    with EmbeddedCloud(http=True) as cloud:
        cloud.other_region("eu-central-1")
        Account(cloud).iot.list_things()
    assert eventually(lambda: _only_these_left(before, threading.enumerate()))


def _only_these_left(before: set[threading.Thread], now: list[threading.Thread]) -> bool:
    return not [thread for thread in now if thread not in before and thread.name.startswith("dicfix")]
