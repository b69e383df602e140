"""A virtual device on a real broker: its state reaches the Explorer, commands reach the device."""

from __future__ import annotations

import pytest

from dicfix.device.board import FIRMWARE, Board, DeviceProfile
from dicfix.device.virtual import VirtualDevice, device_parameters, switch_on
from dicfix.errors import ConnectionRefused, DeadlineExceeded, UsageError
from dicfix.mqtt.parameters import ConnectionParameters
from tests.mqtt.world import ENDPOINT, SHORT, Broker, World


def parameters_of(board: Board, world: World, client_id: str = "SQA_DIC_C2") -> ConnectionParameters:
    return device_parameters(
        board,
        host=ENDPOINT,
        client_id=client_id,
        root_pem=world.root.certificate.pem,
        certificate_pem=world.device.certificate.pem,
        key_pem=world.device.key.pem,
    )


def on(board: Board, broker: Broker, client_id: str = "SQA_DIC_C2") -> VirtualDevice:
    return switch_on(board, parameters_of(board, broker.world, client_id), route=broker.route, deadlines=SHORT)


@pytest.mark.parametrize(
    ("name", "command", "topic", "text"),
    [
        ("lighting", "on", "light/state", "on"),
        ("plug", "toggle", "light/state", "on"),
        ("lock", "unlock", "lock/state", "unlock"),
        ("window", "Tilt/2500", "tilt/position set", "2500"),
        ("thermostat", "Cooling/2500", "OccupiedCoolingSetpoint/coolingTemp", "25"),
    ],
)
def test_a_command_of_the_explorer_comes_back_as_state(
    broker: Broker, name: str, command: str, topic: str, text: str
) -> None:
    with broker.connect() as explorer, on(Board(name, edition="2024-04"), broker) as device:
        explorer.subscribe("#")
        explorer.publish("command", command)
        message = explorer.wait_for(topic)
        assert (message.text, message.qos, message.retain) == (text, 0, False)
        assert device.board.obeyed == (command.encode(),)
        assert device.failure is None


def test_a_change_at_the_device_reaches_the_explorer(broker: Broker) -> None:
    with broker.connect() as explorer, on(Board("lighting", edition="2023-06"), broker) as device:
        explorer.subscribe("light/#")
        device.operate("power", "on")
        assert explorer.wait_for("light/state").text == "on"


def test_the_firmware_of_2023_06_sends_no_subscribe(broker: Broker) -> None:
    with on(Board("lighting", edition="2023-06"), broker) as device:
        assert "SUBSCRIBE" not in device.connection.transcript.render()
    with on(Board("lighting", edition="2023-08"), broker) as device:
        assert "SUBSCRIBE 'command' QoS 0" in device.connection.transcript.render()


def test_an_ignored_command_is_waited_for_and_changes_nothing(broker: Broker) -> None:
    with broker.connect() as explorer, on(Board("lighting", edition="2023-08"), broker) as device:
        explorer.publish("command", "x" * 30)
        device.wait_for(lambda board: bool(board.ignored), "a command that is ignored")
        assert device.board.state == {"power": "off"}
        with pytest.raises(DeadlineExceeded, match="the light going on"):
            device.wait_for(lambda board: board.state["power"] == "on", "the light going on", timeout_s=0.1)


def test_the_firmware_profile_sends_no_server_name_and_no_ping(broker: Broker) -> None:
    board = Board("lighting", edition="2023-08", profile=FIRMWARE)
    with on(board, broker) as device:
        text = device.connection.transcript.render()
    assert "no server name (SNI)" in text
    assert "keep alive 0 s" in text


def test_the_firmware_profile_does_not_notice_a_wrong_host_name_and_the_strict_one_does(broker: Broker) -> None:
    for profile, accepted in ((FIRMWARE, True), (DeviceProfile("strict", True, True, True), False)):
        board = Board("lighting", edition="2023-08", profile=profile)
        parameters = device_parameters(
            board,
            host="b-ats.iot.eu-west-1.amazonaws.com",
            client_id="DIC_2",
            root_pem=broker.world.root.certificate.pem,
            certificate_pem=broker.world.device.certificate.pem,
            key_pem=broker.world.device.key.pem,
        )
        if accepted:
            switch_on(board, parameters, route=broker.route, deadlines=SHORT).switch_off()
        else:
            with pytest.raises(ConnectionRefused, match="another host name"):
                switch_on(board, parameters, route=broker.route, deadlines=SHORT)


def test_a_taken_over_device_stays_away(broker: Broker) -> None:
    with broker.connect() as explorer, on(Board("lighting", edition="2023-08"), broker, "twin") as device:
        explorer.subscribe("light/#", "end")
        with broker.connect("twin"):
            assert device.connection.wait_until_ended().reason == "dropped"
            mark = explorer.mark()
            explorer.publish("command", "on")
            explorer.expect_nothing("light/#", since=mark, marker_topic="end")
        assert device.board.state == {"power": "off"}


def test_a_device_that_loses_its_power_can_be_switched_on_again(broker: Broker) -> None:
    on(Board("lighting", edition="2023-08"), broker).lose_power()
    with on(Board("lighting", edition="2023-08"), broker) as again:
        assert again.connection.is_connected


@pytest.mark.parametrize("client_id", ["", "x" * 30, "ü" * 15])
def test_a_client_id_without_room_in_the_firmware_is_refused(world: World, client_id: str) -> None:
    with pytest.raises(UsageError, match="bytes long"):
        parameters_of(Board("lighting", edition="2023-08"), world, client_id)


def test_a_client_id_of_29_bytes_fits(broker: Broker) -> None:
    with on(Board("lighting", edition="2023-08"), broker, "x" * 29) as device:
        assert device.connection.is_connected
