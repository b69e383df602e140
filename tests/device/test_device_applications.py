"""What each application publishes for each command, and what it ignores with which reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicfix.device.applications import APPLICATIONS, MAX_COMMAND_BYTES, Ignored, Obeyed, application
from dicfix.errors import UsageError
from dicfix.guide.applications import APPLICATIONS as DOCUMENTED


@pytest.mark.parametrize(
    ("name", "commands", "published"),
    [
        ("lighting", ["on"], [("light/state", "on")]),
        ("lighting", ["on", "off"], [("light/state", "on"), ("light/state", "off")]),
        ("lighting", ["toggle", "toggle"], [("light/state", "on"), ("light/state", "off")]),
        ("plug", ["on", "toggle"], [("light/state", "on"), ("light/state", "off")]),
        ("lock", ["unlock", "lock"], [("lock/state", "unlock"), ("lock/state", "lock")]),
        ("window", ["Lift/1000"], [("lift/position set", "1000")]),
        ("window", ["Lift/10000", "Tilt/5000"], [("lift/position set", "10000"), ("tilt/position set", "5000")]),
        ("thermostat", ["SetMode/1"], [("thermostat/systemMode", "HEAT&COOL"), ("thermostat/currentTemp", "20")]),
        ("thermostat", ["SetMode/2"], [("thermostat/systemMode", "INVALID MODE"), ("thermostat/currentTemp", "20")]),
        ("thermostat", ["SetMode/3"], [("thermostat/systemMode", "COOL"), ("thermostat/currentTemp", "20")]),
        ("thermostat", ["SetMode/4"], [("thermostat/systemMode", "HEAT"), ("thermostat/currentTemp", "20")]),
        ("thermostat", ["Heating/2500"], [("OccupiedHeatingSetpoint/heatingTemp", "25")]),
        ("thermostat", ["Cooling/2500"], [("OccupiedCoolingSetpoint/coolingTemp", "25")]),
    ],
)
def test_a_command_changes_the_state_and_is_published(
    name: str, commands: list[str], published: list[tuple[str, str]]
) -> None:
    one = APPLICATIONS[name]
    state, seen = one.initial, []
    for command in commands:
        outcome = one.obey(state, command.encode())
        assert isinstance(outcome, Obeyed)
        assert outcome.state != state
        state = outcome.state
        seen += outcome.publications
    assert seen == published


@pytest.mark.parametrize(
    ("name", "payload", "reason"),
    [
        ("lighting", b"", "empty"),
        ("lighting", b"/", "empty"),
        ("lighting", b"lock", "'lock' is no command of the application lighting"),
        ("lighting", b"ON", "'ON' is no command"),
        ("lighting", b"on ", "'on ' is no command"),
        ("lighting", b"off", "power is off already"),
        ("lock", b"toggle", "'toggle' is no command"),
        ("lock", b"lock", "lock is lock already"),
        ("window", b"Lift", "Lift needs a number"),
        ("window", b"Lift/", "Lift needs a number"),
        ("window", b"Lift/half", "Lift needs a number"),
        ("window", b"Lift/999", "out of range: 1000 to 10000"),
        ("window", b"Tilt/10001", "out of range: 1000 to 10000"),
        ("window", b"Tilt/-5", "out of range: 1000 to 10000"),
        ("window", b"on", "'on' is no command of the application window"),
        ("thermostat", b"SetMode/0", "out of range: 1 to 4"),
        ("thermostat", b"SetMode/5", "out of range: 1 to 4"),
        ("thermostat", b"Heating/3001", "out of range: 700 to 3000"),
        ("thermostat", b"Cooling/1599", "out of range: 1600 to 3200"),
        ("lighting", b"\xff\xfe", "is no command"),
    ],
)
def test_what_is_no_command_is_ignored_with_its_reason(name: str, payload: bytes, reason: str) -> None:
    one = APPLICATIONS[name]
    outcome = one.obey(one.initial, payload)
    assert isinstance(outcome, Ignored)
    assert reason in outcome.reason


def test_a_command_of_29_bytes_is_read_and_one_of_30_is_dropped() -> None:
    lighting = APPLICATIONS["lighting"]
    assert isinstance(lighting.obey(lighting.initial, b"on/" + b"0" * 26), Obeyed)
    dropped = lighting.obey(lighting.initial, b"on/" + b"0" * 27)
    assert isinstance(dropped, Ignored)
    assert "30 bytes long" in dropped.reason


def test_a_text_after_a_zero_byte_is_not_read() -> None:
    lighting = APPLICATIONS["lighting"]
    outcome = lighting.obey(lighting.initial, b"on\0off")
    assert isinstance(outcome, Obeyed)
    assert outcome.publications == (("light/state", "on"),)


@pytest.mark.parametrize("name", list(APPLICATIONS))
def test_every_application_of_the_guide_exists_with_its_commands_and_topics(name: str) -> None:
    documented = DOCUMENTED[name]
    one = APPLICATIONS[name]
    assert {command.split("/")[0] for command in documented.commands} == set(one.commands)
    assert one.state_topics == documented.state_topics
    assert set(APPLICATIONS) == set(DOCUMENTED)


@pytest.mark.parametrize("name", list(APPLICATIONS))
def test_a_change_at_the_device_itself_is_published_on_a_topic_of_the_application(name: str) -> None:
    one = APPLICATIONS[name]
    for attribute, value in one.initial.items():
        changed = value + 100 if isinstance(value, int) else "other"
        outcome = one.change(one.initial, attribute, changed)
        assert isinstance(outcome, Obeyed)
        assert outcome.publications
        assert {topic for topic, _text in outcome.publications} <= set(one.state_topics)


def test_the_temperature_of_the_room_is_published_in_whole_degrees() -> None:
    one = APPLICATIONS["thermostat"]
    outcome = one.change(one.initial, "temperature", 2199)
    assert isinstance(outcome, Obeyed)
    assert outcome.publications == (("LocalTemperature/Temp", "21"),)
    cold = one.change(one.initial, "temperature", -150)
    assert isinstance(cold, Obeyed)
    assert cold.publications == (("LocalTemperature/Temp", "-1"),)


def test_an_unknown_attribute_or_application_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no attribute 'colour'"):
        APPLICATIONS["lighting"].change(APPLICATIONS["lighting"].initial, "colour", "red")
    with pytest.raises(UsageError, match="'radio' is no DIC application"):
        application("radio")


@given(name=st.sampled_from(sorted(APPLICATIONS)), payload=st.binary(max_size=40))
def test_any_payload_is_obeyed_or_ignored_with_a_reason(name: str, payload: bytes) -> None:
    one = APPLICATIONS[name]
    outcome = one.obey(one.initial, payload)
    if isinstance(outcome, Ignored):
        assert outcome.reason
    else:
        assert len(payload) <= MAX_COMMAND_BYTES
        assert set(outcome.state) == set(one.initial)


@given(number=st.integers(-100_000, 100_000))
def test_a_position_is_taken_exactly_within_its_range(number: int) -> None:
    window = APPLICATIONS["window"]
    outcome = window.obey(window.initial, f"Lift/{number}".encode())
    if 1000 <= number <= 10000:
        assert isinstance(outcome, Obeyed)
        assert outcome.state["lift"] == number
    else:
        assert isinstance(outcome, Ignored)
