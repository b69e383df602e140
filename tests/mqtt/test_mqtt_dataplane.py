"""The Explorer and the devices against the embedded data plane: state, commands, and each refusal of AWS IoT Core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dicfix.device.board import FIRMWARE, STRICT, Board, DeviceProfile
from dicfix.device.virtual import VirtualDevice, device_parameters, switch_on
from dicfix.errors import ConnectionRefused
from dicfix.mqtt.connection import Connection
from dicfix.mqtt.explorer import open_explorer
from dicfix.mqtt.profile import ExplorerProfile, Subscription, validate
from dicfix.mqtt.route import Route
from dicfix.offline.dataplane import DataPlane, make_identity
from dicfix.trust import amazon_root_ca_1
from tests.dataplane_registry import ALLOW_ALL, ENDPOINT, REGION, DictRegistry, Issued, allow, eventually, issue
from tests.mqtt.world import SHORT

EXPLORER, DEVICE = "DIC_EXPLORER", "SQA_DIC_C2"


@dataclass
class Cloud:
    """A data plane with one CA, an Explorer and a device, as after the onboarding."""

    plane: DataPlane
    registry: DictRegistry
    ca: Issued
    explorer: Issued
    device: Issued
    folder: Path

    @property
    def route(self) -> Route:
        return Route(ENDPOINT, 8883, "127.0.0.1", self.plane.port)

    @property
    def root(self) -> str:
        return self.plane.identity.root_pem.decode()

    def pems(self, issued: Issued) -> tuple[str, str]:
        certificate, key = issued.write(self.folder, issued.certificate_id)
        return Path(certificate).read_text(), Path(key).read_text()

    def profile(self, issued: Issued | None = None, *, topics: tuple[str, ...] = ("#",)) -> ExplorerProfile:
        certificate, key = self.pems(issued or self.explorer)
        return ExplorerProfile.of_guide(
            endpoint=ENDPOINT,
            thing_name=EXPLORER,
            server_certificate=self.root,
            client_certificate=certificate,
            client_key=key,
            topics=topics,
        )

    def open(self, profile: ExplorerProfile | None = None) -> Connection:
        return open_explorer(
            profile or self.profile(), route=self.route, deadlines=SHORT, server_reason=self.server_reason
        )

    def server_reason(self, client_id: str) -> str:
        refusals = eventually(lambda: self.plane.transcript.refusals(client_id=client_id))
        return str(refusals[-1].reason)

    def switch_on(self, application: str, *, profile: DeviceProfile = STRICT) -> VirtualDevice:
        board = Board(application, edition="2024-04", profile=profile)
        certificate, key = self.pems(self.device)
        parameters = device_parameters(
            board,
            host=ENDPOINT,
            client_id=DEVICE,
            root_pem=self.root,
            certificate_pem=certificate,
            key_pem=key,
        )
        return switch_on(board, parameters, route=self.route, deadlines=SHORT)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """An onboarded account in multi-account mode with the guide's policy."""
    registry = DictRegistry()
    ca = issue("DIC CA")
    registry.register_ca(ca, mode="SNI_ONLY", auto_registration=True)
    explorer, device = issue("explorer", ca), issue("device", ca)
    for one in (explorer, device):
        registry.register(one, ALLOW_ALL, mode="SNI_ONLY", ca=ca)
    with DataPlane(registry, make_identity(ENDPOINT, region=REGION)) as plane:
        yield Cloud(plane, registry, ca, explorer, device, tmp_path)


def refused(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ConnectionRefused) as caught:
        act()
    return caught.value.stage, caught.value.reason


def test_the_guides_profile_is_valid_and_connects(cloud: Cloud) -> None:
    profile = cloud.profile()
    validate(profile, thing_name=EXPLORER, endpoint=ENDPOINT, expected_root=cloud.root)
    with cloud.open(profile) as explorer:
        assert explorer.is_connected
        state = cloud.plane.connection(EXPLORER)
        assert state is not None
        assert state.connected


@pytest.mark.parametrize(
    ("application", "command", "topic", "text"),
    [
        ("lighting", "on", "light/state", "on"),
        ("plug", "toggle", "light/state", "on"),
        ("lock", "unlock", "lock/state", "unlock"),
        ("window", "Lift/5000", "lift/position set", "5000"),
        ("thermostat", "SetMode/4", "thermostat/systemMode", "HEAT"),
    ],
)
def test_a_command_reaches_the_device_and_its_state_the_explorer(
    cloud: Cloud, application: str, command: str, topic: str, text: str
) -> None:
    with cloud.open() as explorer, cloud.switch_on(application) as device:
        explorer.publish("command", command)
        assert explorer.wait_for(topic).text == text
        assert device.board.obeyed == (command.encode(),)


def test_light_with_an_asterisk_gets_nothing_while_light_with_a_hash_does(cloud: Cloud) -> None:
    profile = cloud.profile(topics=("light/*", "test_publish"))
    with cloud.open(profile) as explorer, cloud.switch_on("lighting") as device:
        device.operate("power", "on")
        explorer.expect_nothing("light/#", since=0, marker_topic="test_publish", publisher=device.connection)
        explorer.subscribe("light/#")
        device.operate("power", "off")
        assert explorer.wait_for("light/state").text == "off"


def test_the_default_subscription_to_sys_ends_the_connection(cloud: Cloud) -> None:
    profile = replace(cloud.profile(), subscriptions=(Subscription("#"), Subscription("$SYS/#")))
    assert refused(lambda: cloud.open(profile)) == ("subscribe", "dropped")


def test_the_real_amazon_root_ca_1_does_not_verify_the_stand_in(cloud: Cloud) -> None:
    profile = replace(cloud.profile(), server_certificate=amazon_root_ca_1().pem)
    assert refused(lambda: cloud.open(profile)) == ("tls", "untrusted server certificate")


def test_a_host_of_another_region_is_told_from_the_certificate(cloud: Cloud) -> None:
    profile = replace(cloud.profile(), host=ENDPOINT.replace(REGION, "us-east-1"))
    assert refused(lambda: cloud.open(profile)) == ("tls", "wrong host name")


def test_no_client_certificate_is_told(cloud: Cloud) -> None:
    profile = replace(cloud.profile(), client_certificate="", client_key="")
    with pytest.raises(ConnectionRefused) as caught:
        open_explorer(profile, route=cloud.route, deadlines=SHORT)
    assert (caught.value.stage, caught.value.reason) == ("tls", "no client certificate")


def test_each_refusal_of_the_registry_comes_with_the_servers_reason(cloud: Cloud) -> None:
    stranger, inactive, without_policy = issue("stranger"), issue("old", cloud.ca), issue("bare", cloud.ca)
    cloud.registry.register(inactive, ALLOW_ALL, mode="SNI_ONLY", ca=cloud.ca, status="INACTIVE")
    cloud.registry.register(without_policy, mode="SNI_ONLY", ca=cloud.ca)
    reasons = []
    for issued in (stranger, inactive, without_policy):
        with pytest.raises(ConnectionRefused) as caught:
            cloud.open(cloud.profile(issued))
        assert caught.value.stage in ("tls", "connect")
        assert caught.value.server_reason in str(caught.value)
        reasons.append(caught.value.server_reason)
        cloud.plane.transcript.clear()
    assert len(set(reasons)) == 3, reasons


def test_a_refused_connect_has_no_connack_as_with_aws(cloud: Cloud) -> None:
    bare = issue("bare", cloud.ca)
    cloud.registry.register(bare, mode="SNI_ONLY", ca=cloud.ca)
    assert refused(lambda: cloud.open(cloud.profile(bare))) == ("connect", "closed without CONNACK")


def test_a_subscription_that_the_policy_does_not_allow_ends_the_connection(cloud: Cloud) -> None:
    narrow = issue("narrow", cloud.ca)
    cloud.registry.register(narrow, {"Version": "2012-10-17", "Statement": allow("iot:Connect")}, ca=cloud.ca)
    stage, _reason = refused(lambda: cloud.open(cloud.profile(narrow)))
    assert stage == "subscribe"


def test_a_publish_that_the_policy_does_not_allow_ends_the_connection(cloud: Cloud) -> None:
    narrow = issue("narrow", cloud.ca)
    cloud.registry.register(narrow, {"Version": "2012-10-17", "Statement": allow("iot:Connect")}, ca=cloud.ca)
    with cloud.open(replace(cloud.profile(narrow), subscriptions=())) as explorer:
        assert refused(lambda: explorer.publish("command", "on", qos=1)) == ("session", "dropped")


def test_deactivation_ends_a_live_connection(cloud: Cloud) -> None:
    with cloud.open() as explorer:
        cloud.registry.set_status(cloud.explorer, "INACTIVE")
        assert explorer.wait_until_ended().reason == "dropped"


def test_a_second_connection_with_a_client_id_in_use_drops_the_first(cloud: Cloud) -> None:
    with cloud.open() as first, cloud.open() as second:
        assert first.wait_until_ended().reason == "dropped"
        assert second.is_connected


def test_the_firmware_sends_no_sni_and_the_strict_profile_does(cloud: Cloud) -> None:
    cloud.registry.register(cloud.device, ALLOW_ALL, mode="DEFAULT", ca=cloud.ca)
    cloud.switch_on("lighting", profile=FIRMWARE).switch_off()
    cloud.switch_on("lighting", profile=STRICT).switch_off()
    told = [entry.text for entry in cloud.plane.transcript.entries(kind="tls")]
    assert "no SNI" in told[0]
    assert f"SNI {ENDPOINT}" in told[1]


def test_the_firmware_is_refused_with_a_certificate_of_multi_account_mode(cloud: Cloud) -> None:
    with pytest.raises(ConnectionRefused) as caught:
        cloud.switch_on("lighting", profile=FIRMWARE)
    assert caught.value.stage in ("tls", "connect")
    assert cloud.plane.transcript.refusals()


def test_fifty_connections_one_after_the_other_leave_no_refusal_behind(cloud: Cloud) -> None:
    for _round in range(50):
        cloud.open().disconnect()
    eventually(lambda: (state := cloud.plane.connection(EXPLORER)) is not None and not state.connected)
    assert cloud.plane.transcript.refusals() == []
