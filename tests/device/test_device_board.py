"""A board by edition and profile: what it hears, obeys, ignores and publishes."""

from __future__ import annotations

import threading

import pytest

from dicfix.device.board import FIRMWARE, STRICT, Board
from dicfix.errors import UsageError
from dicfix.guide import EDITIONS


class Paper:
    """A link that writes down what is published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str]] = []

    def publish(self, topic: str, payload: str) -> None:
        self.published.append((topic, payload))


@pytest.mark.parametrize(
    ("edition", "names"),
    [
        ("2023-06", {"lighting"}),
        ("2023-08", {"lighting", "plug", "lock"}),
        ("2024-04", {"lighting", "plug", "lock", "window", "thermostat"}),
    ],
)
def test_each_edition_has_its_own_applications(edition: str, names: set[str]) -> None:
    for name in ("lighting", "plug", "lock", "window", "thermostat"):
        if name in names:
            assert Board(name, edition=edition).subscribes is (edition != "2023-06")
        else:
            with pytest.raises(UsageError, match=f"edition {edition} has no application {name}"):
                Board(name, edition=edition)
    assert edition in EDITIONS


def test_a_command_is_obeyed_published_and_recorded() -> None:
    board, paper = Board("lighting", edition="2023-08"), Paper()
    board.command(b"on", paper)
    assert board.state == {"power": "on"}
    assert paper.published == [("light/state", "on")]
    assert board.obeyed == (b"on",)
    assert board.ignored == ()


def test_an_ignored_command_is_recorded_and_publishes_nothing() -> None:
    board, paper = Board("lock", edition="2023-08"), Paper()
    board.command(b"toggle", paper)
    assert board.state == {"lock": "lock"}
    assert paper.published == []
    assert [(one.payload, one.reason) for one in board.ignored] == [
        (b"toggle", "'toggle' is no command of the application lock")
    ]


def test_the_firmware_of_2023_06_hears_nothing_but_publishes_its_state() -> None:
    board, paper = Board("lighting", edition="2023-06"), Paper()
    board.command(b"on", paper)
    assert board.ignored[0].reason == "the firmware of edition 2023-06 subscribes to nothing"
    board.operate("power", "on", paper)
    assert paper.published == [("light/state", "on")]


def test_a_change_that_changes_nothing_is_not_published() -> None:
    board, paper = Board("lighting", edition="2023-08"), Paper()
    board.operate("power", "off", paper)
    assert paper.published == []


def test_ota_starts_the_agent_once_per_boot() -> None:
    started: list[str] = []
    board, paper = Board("lighting", edition="2023-08", on_ota=lambda: started.append("agent")), Paper()
    assert not board.ota_started
    board.command(b"ota", paper)
    board.command(b"ota", paper)
    assert started == ["agent"]
    assert board.ota_started
    assert board.ignored[0].reason == "the OTA agent starts once per boot"
    board.command(b"on", paper)
    assert board.state == {"power": "on"}


def test_ota_without_an_agent_is_recorded_as_such() -> None:
    board = Board("lighting", edition="2023-08")
    board.command(b"ota", Paper())
    assert not board.ota_started
    assert board.ignored[0].reason == "no OTA agent is in this build"


def test_ota_is_exactly_this_text() -> None:
    started: list[str] = []
    board = Board("lighting", edition="2023-08", on_ota=lambda: started.append("agent"))
    for text in (b"ota/1", b"OTA", b"ota "):
        board.command(text, Paper())
    assert started == []
    assert len(board.ignored) == 3


def test_the_firmware_does_not_hear_commands_once_ota_has_started() -> None:
    board, paper = Board("lighting", edition="2023-08", profile=FIRMWARE, on_ota=lambda: None), Paper()
    board.command(b"ota", paper)
    board.command(b"on", paper)
    assert board.state == {"power": "off"}
    assert board.ignored[0].reason == "the firmware does not hear command once ota has started"


def test_the_profiles_differ_as_the_published_firmware_does() -> None:
    assert (STRICT.sends_server_name, STRICT.checks_host_name) == (True, True)
    assert (FIRMWARE.sends_server_name, FIRMWARE.checks_host_name, FIRMWARE.keep_alive_s) == (False, False, 0)


def test_commands_of_many_threads_are_all_counted() -> None:
    board, paper = Board("lighting", edition="2023-08"), Paper()
    threads = [threading.Thread(target=lambda: [board.command(b"toggle", paper) for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(board.obeyed) == len(paper.published) == 400
    assert board.state == {"power": "off"}


def test_an_unknown_edition_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no edition"):
        Board("lighting", edition="2022-01")
