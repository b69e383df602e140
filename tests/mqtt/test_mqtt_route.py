"""Routes, and the transcript of a client: small values that reports and guards lean on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dicfix.errors import ConnectionRefused
from dicfix.mqtt.route import Route, Routes
from dicfix.mqtt.transcript import KEPT_AT_EACH_END, Transcript, payload_text
from tests.mqtt.world import ENDPOINT

ROUTE = Route(ENDPOINT, 8883, "127.0.0.1", 40123)


def test_a_route_says_where_the_documented_endpoint_is_really_dialled() -> None:
    assert str(ROUTE) == f"{ENDPOINT}:8883 -> 127.0.0.1:40123"
    assert str(Route.direct(ENDPOINT, 8883)) == f"{ENDPOINT}:8883"
    assert not ROUTE.is_direct


def test_the_route_of_a_host_is_found_whatever_its_case() -> None:
    assert Routes.offline([ROUTE]).find(ENDPOINT.upper(), 8883) == ROUTE


@pytest.mark.parametrize(("host", "port"), [("b-ats.iot.eu-west-1.amazonaws.com", 8883), (ENDPOINT, 443)])
def test_offline_no_other_host_or_port_is_ever_dialled(host: str, port: int) -> None:
    with pytest.raises(ConnectionRefused, match="no route leads to") as caught:
        Routes.offline([ROUTE]).find(host, port)
    assert (caught.value.stage, caught.value.reason) == ("tcp", "no route")


def test_without_offline_routes_the_documented_host_is_dialled() -> None:
    assert Routes().find(ENDPOINT, 8883) == Route.direct(ENDPOINT, 8883)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"", "0 bytes"),
        (b"x", "'x' (1 byte)"),
        (b"on", "'on' (2 bytes)"),
        ("grün".encode(), "'grün' (5 bytes)"),
        (b"\x00\x01", "2 bytes"),
        (b"\xff\xfe", "2 bytes"),
        (b"a\nb", "3 bytes"),
        (b"x" * 65, "65 bytes"),
    ],
    ids=["empty", "one", "text", "utf-8", "control", "no utf-8", "newline", "long"],
)
def test_a_payload_is_shown_only_when_short_and_printable(payload: bytes, text: str) -> None:
    assert payload_text(payload) == text


def test_a_long_transcript_keeps_both_ends_and_says_what_it_left_out() -> None:
    transcript = Transcript("title")
    for number in range(2 * KEPT_AT_EACH_END + 7):
        transcript.sent(f"packet {number}")
    lines = transcript.render().splitlines()
    assert lines[0].startswith("title, from 2")
    assert lines[1].endswith("packet 0")
    assert "7 lines left out" in lines[1 + KEPT_AT_EACH_END]
    assert lines[-1].endswith(f"packet {2 * KEPT_AT_EACH_END + 6}")
    assert len(transcript.entries) == 2 * KEPT_AT_EACH_END


def test_a_profile_is_judged_without_paho() -> None:
    code = "import sys, dicfix.mqtt.profile, dicfix.mqtt.route, dicfix.device.board; print('paho' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
