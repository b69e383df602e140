"""The DIC applications as the firmware has them: state, what a command does to it, what is then published.

Pure: a state and a command give a new state or the reason why nothing happens. Topics come from ``dicfix.guide``.
Source: Direct Internet Connectivity page and the published firmware (dic_control.cpp), E2E-1 and E2E-2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dicfix.errors import UsageError
from dicfix.guide.applications import APPLICATIONS as DOCUMENTED

MAX_COMMAND_BYTES = 29
"""A command of 30 bytes or more is dropped (kMaxCommandStrLength)."""
POSITION_RANGE = (1000, 10000)
"""Lift and tilt in hundredths of a per cent, as the page gives them."""
MODE_RANGE = (1, 4)
"""SetMode/N as the page gives it; 2 has no name in the firmware."""
HEATING_RANGE = (700, 3000)
"""Hundredths of a degree. Assumed: the Matter thermostat cluster's default absolute limits."""
COOLING_RANGE = (1600, 3200)
"""Hundredths of a degree. Assumed: the Matter thermostat cluster's default absolute limits."""

MODE_TEXTS = MappingProxyType({0: "OFF", 1: "HEAT&COOL", 3: "COOL", 4: "HEAT"})
INVALID_MODE_TEXT = "INVALID MODE"

_NUMBER = re.compile(r"[+-]?[0-9]+")

State = Mapping[str, int | str]
Publication = tuple[str, str]
"""Topic and payload text."""


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A command that was carried out: the state after it and what the device publishes, in order."""

    state: State
    publications: tuple[Publication, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A command that changed nothing, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Word:
    """A command without number: it gives ``attribute`` a fixed value, or the other of two (``toggles``)."""

    attribute: str
    value: str = ""
    toggles: tuple[str, str] | None = None

    def new_value(self, state: State) -> str:
        """The attribute's value after the command."""
        if self.toggles is None:
            return self.value
        first, second = self.toggles
        return second if state[self.attribute] == first else first


@dataclass(frozen=True, slots=True)
class Number:
    """A command ``Name/N``: it gives ``attribute`` the value N, which lies in ``allowed`` (both ends included)."""

    attribute: str
    allowed: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Application:
    """One application: its state after a start, its commands, and how an attribute is published.

    An attribute is published when it changes, never otherwise.
    """

    name: str
    initial: State
    commands: Mapping[str, Word | Number]
    publications: Callable[[State, str], tuple[Publication, ...]]

    @property
    def state_topics(self) -> tuple[str, ...]:
        """The topics on which it publishes."""
        return DOCUMENTED[self.name].state_topics

    def obey(self, state: State, payload: bytes) -> Obeyed | Ignored:
        """What the text that arrived on ``command`` does."""
        if len(payload) > MAX_COMMAND_BYTES:
            return Ignored(f"{len(payload)} bytes long, {MAX_COMMAND_BYTES} are the most that the firmware takes")
        # The firmware takes the text up to a zero byte, and the two parts that strtok finds around slashes.
        text = payload.split(b"\0")[0].decode("utf-8", "replace")
        parts = [part for part in text.split("/") if part]
        if not parts:
            return Ignored("empty")
        command = self.commands.get(parts[0])
        if command is None:
            return Ignored(f"{parts[0]!r} is no command of the application {self.name}")
        if isinstance(command, Word):
            return self.change(state, command.attribute, command.new_value(state))
        return self._set_number(state, command, parts)

    def _set_number(self, state: State, command: Number, parts: list[str]) -> Obeyed | Ignored:
        low, high = command.allowed
        if len(parts) < 2 or not _NUMBER.fullmatch(parts[1]):
            return Ignored(f"{parts[0]} needs a number: {parts[0]}/N")
        value = int(parts[1])
        if not low <= value <= high:
            return Ignored(f"{parts[0]}/{value} is out of range: {low} to {high}")
        return self.change(state, command.attribute, value)

    def change(self, state: State, attribute: str, value: int | str) -> Obeyed | Ignored:
        """What happens when ``attribute`` gets ``value``, by command or at the device itself."""
        if attribute not in state:
            raise UsageError(f"the application {self.name} has no attribute {attribute!r}", expected=", ".join(state))
        if state[attribute] == value:
            return Ignored(f"{attribute} is {value} already")
        after = MappingProxyType({**state, attribute: value})
        return Obeyed(after, self.publications(after, attribute))


def _switch(name: str, attribute: str, words: tuple[str, str], *, toggles: bool) -> Application:
    topic = DOCUMENTED[name].state_topics[0]
    commands: dict[str, Word | Number] = {word: Word(attribute, word) for word in words}
    if toggles:
        commands["toggle"] = Word(attribute, toggles=words)
    return Application(
        name,
        MappingProxyType({attribute: words[0]}),
        MappingProxyType(commands),
        lambda state, changed: ((topic, str(state[changed])),),
    )


def _window() -> Application:
    lift, tilt = DOCUMENTED["window"].state_topics
    topics = {"lift": lift, "tilt": tilt}
    return Application(
        "window",
        MappingProxyType({"lift": 0, "tilt": 0}),
        MappingProxyType({"Lift": Number("lift", POSITION_RANGE), "Tilt": Number("tilt", POSITION_RANGE)}),
        lambda state, changed: ((topics[changed], str(state[changed])),),
    )


def _thermostat_publications(state: State, changed: str) -> tuple[Publication, ...]:
    mode_topic, current_topic, local_topic, cooling_topic, heating_topic = DOCUMENTED["thermostat"].state_topics
    if changed == "mode":
        mode = MODE_TEXTS.get(int(state["mode"]), INVALID_MODE_TEXT)
        return (mode_topic, mode), (current_topic, _degrees(state["temperature"]))
    topic = {"temperature": local_topic, "cooling": cooling_topic, "heating": heating_topic}[changed]
    return ((topic, _degrees(state[changed])),)


def _degrees(hundredths: int | str) -> str:
    # The firmware publishes whole degrees.
    return str(int(int(hundredths) / 100))


def _thermostat() -> Application:
    return Application(
        "thermostat",
        MappingProxyType({"mode": 0, "temperature": 2000, "cooling": 2600, "heating": 2000}),
        MappingProxyType(
            {
                "SetMode": Number("mode", MODE_RANGE),
                "Heating": Number("heating", HEATING_RANGE),
                "Cooling": Number("cooling", COOLING_RANGE),
            }
        ),
        _thermostat_publications,
    )


APPLICATIONS: Mapping[str, Application] = MappingProxyType(
    {
        one.name: one
        for one in (
            _switch("lighting", "power", ("off", "on"), toggles=True),
            _switch("plug", "power", ("off", "on"), toggles=True),
            _switch("lock", "lock", ("lock", "unlock"), toggles=False),
            _window(),
            _thermostat(),
        )
    }
)


def application(name: str) -> Application:
    """The application of this name; raises UsageError that names the right ones."""
    try:
        return APPLICATIONS[name]
    except KeyError:
        raise UsageError(f"{name!r} is no DIC application", expected="one of " + ", ".join(APPLICATIONS)) from None
