"""The picture of the onboarding tells what failed by shape, word and colour, in both themes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

import pytest

from dicfix.controls import CONTROLS
from dicfix.findings import Axis, Finding, Status
from dicfix.reports.onboarding_parts import OF_CLIENTS, Cast, Kind, kind_of, parts_of
from dicfix.reports.picture import MAX_CLIENTS, onboarding_picture
from dicfix.reports.svg import DARK, LIGHT, WORDS, shortened
from tests.browser import browser

CAST = Cast("DIC_POLICY", ("SQA_DIC_C2", "SQA_DIC_C3"), "DIC_EXPLORER")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "reports" / "screenshots"


def finding(control: str, status: Status, resource: str) -> Finding:
    return Finding(control, status, resource, "what the guide says", "something else", "put it right")


def good() -> list[Finding]:
    """Every control of the guide PASSes on every client."""
    guide = [one.id for one in CONTROLS.values() if one.axis is Axis.GUIDE]
    return [finding(control, Status.PASS, client) for control in guide for client in CAST.clients]


BAD = (
    finding("DIC-CRT-05", Status.FAIL, "SQA_DIC_C2"),
    finding("DIC-E2E-01", Status.FAIL, "lighting"),
    finding("DIC-POL-02", Status.UNREADABLE, "DIC_POLICY"),
    finding("DIC-CA-02", Status.WAIVED, "CA certificate 0123456789ab"),
)


def words_of(picture: str) -> list[str]:
    """Every text that the picture shows, in order."""
    root = ElementTree.fromstring(picture)  # noqa: S314 - our own file
    return [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]


def test_every_control_of_the_guide_has_its_part() -> None:
    guide = [one.id for one in CONTROLS.values() if one.axis is Axis.GUIDE]
    assert [one for one in guide if kind_of(one) is None] == []
    assert {kind_of(one) for one in guide} == set(Kind)


@pytest.mark.parametrize(
    ("control", "resource", "kind", "clients"),
    [
        ("DIC-PKI-14", "CA.crt", Kind.CA, ()),
        ("DIC-PKI-04", "key beside certificate file of SQA_DIC_C2", Kind.CERTIFICATE, ("SQA_DIC_C2",)),
        ("DIC-PKI-10", "explorer.crt", Kind.CERTIFICATE, ("DIC_EXPLORER",)),
        ("DIC-THG-01", "SQA_DIC_C3", Kind.THING, ("SQA_DIC_C3",)),
        ("DIC-MAT-01", "device_key", Kind.CONNECTION, ("SQA_DIC_C2", "SQA_DIC_C3")),
        ("DIC-E2E-01", "device and Explorer", Kind.CONNECTION, ("SQA_DIC_C2", "SQA_DIC_C3")),
        ("DIC-EXP-07", "MQTT Explorer: client key", Kind.CONNECTION, ("DIC_EXPLORER",)),
        ("DIC-SRV-02", "the endpoint", Kind.ENDPOINT, ()),
    ],
)
def test_a_finding_belongs_to_the_part_that_it_is_about(
    control: str, resource: str, kind: Kind, clients: tuple[str, ...]
) -> None:
    parts = parts_of([finding(control, Status.FAIL, resource)], CAST)
    bad = [(part.kind, part.name) for part in parts.all() if part.bad]
    assert [one for one, _ in bad] == [kind] * max(1, len(clients))
    if clients:
        assert tuple(name for _, name in bad) == clients


def test_a_device_whose_name_begins_another_is_not_taken_for_it() -> None:
    cast = Cast("P", ("lamp", "lamp-2"), "X")
    parts = parts_of([finding("DIC-THG-01", Status.FAIL, "lamp-2")], cast)
    assert not parts.of_clients[Kind.THING, "lamp"].findings
    assert parts.of_clients[Kind.THING, "lamp-2"].bad


def test_fit_and_hardening_are_not_in_the_picture() -> None:
    parts = parts_of([finding("DIC-HRD-01", Status.FAIL, "DIC_POLICY"), finding("DIC-FIT-01", Status.FAIL, "x")], CAST)
    assert not [part for part in parts.all() if part.findings]


def test_a_good_onboarding_says_so_and_shows_no_cross() -> None:
    picture = onboarding_picture(good(), CAST)
    assert "Nothing failed." in words_of(picture)
    assert picture.count('aria-label="FAIL"') == 1, "the legend's alone"
    assert "s-fail" not in re.sub(r"<style>.*?</style>", "", picture, flags=re.DOTALL)


def test_nothing_judged_is_not_good() -> None:
    words = words_of(onboarding_picture([], CAST))
    assert "Nothing was judged." in words
    boxes = 3 + len(OF_CLIENTS) * len(CAST.clients)
    assert words.count("not judged") == boxes + 1
    assert words.count("as the guide says") == 1, "the legend's alone"


def test_what_failed_is_told_by_shape_word_and_colour() -> None:
    picture = onboarding_picture([*good(), *BAD], CAST)
    words = words_of(picture)
    assert words.count("FAIL") == 1 + 3, "legend, the certificate, and both devices' connections"
    assert words.count("UNREADABLE") == 1 + 1
    assert words.count("WAIVED") == 1 + 1
    assert picture.count('aria-label="FAIL"') == 1 + 3 + 3, "legend, three boxes, and the three lines that are broken"
    assert len(re.findall(r'class="f-box s-fail" stroke-width="3.6"', picture)) == 3
    assert any(one.startswith("FAIL  DIC-CRT-05: SQA_DIC_C2: observed something else") for one in words)
    told = [one for one in words if re.match(r"(FAIL|UNREADABLE)  ", one)]
    assert told[-1].startswith("UNREADABLE"), "FAIL comes first"
    assert "thing SQA_DIC_C2: as the guide says" in picture, "the description has it in words"


def test_no_line_runs_through_a_word_and_the_legend_keeps_its_distance() -> None:
    picture = onboarding_picture(good(), CAST)
    assert picture.rindex('fill="none" class="s-line"') < picture.index(">principal<")
    assert picture.count('paint-order="stroke"') == len(re.findall(r">(?:signs|allows|principal|client ID)<", picture))
    boxes = [float(y) + 76 for y in re.findall(r'<rect x="\S+" y="(\S+)" width="186"', picture)]
    marks = [float(y) for y in re.findall(r"translate\(29 (\S+)\)", picture)]
    assert max(marks) - 9 >= max(boxes) + 14


def test_of_a_fleet_those_that_failed_are_drawn() -> None:
    devices = tuple(f"device-{number:03}" for number in range(40))
    picture = onboarding_picture([finding("DIC-THG-01", Status.FAIL, "device-033")], Cast("P", devices, "X"))
    words = words_of(picture)
    assert "thing device-033" in words
    assert f"and {41 - MAX_CLIENTS} more devices without a failure of their own" in words


def test_names_are_escaped_and_shortened() -> None:
    name = "<b>" + "x" * 120
    picture = onboarding_picture([finding("DIC-POL-01", Status.FAIL, name)], Cast(name, ("a&b",), "X"))
    assert ElementTree.fromstring(picture) is not None  # noqa: S314 - our own file
    assert "<b>" not in picture
    assert shortened("x" * 40, 11) == "x" * 6 + "…" + "x" * 4


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("behind", ["ground", "box"])
def test_every_text_has_enough_contrast(theme: Mapping[str, str], behind: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    for name in {"ink", "soft", *(colour for colour, _ in WORDS.values())}:
        one, other = sorted((luminance(theme[name]), luminance(theme[behind])), reverse=True)
        assert (one + 0.05) / (other + 0.05) >= 4.5, name


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_picture_shows_in_a_browser_in_both_themes(tmp_path: Path, dark: bool) -> None:
    path = tmp_path / "onboarding.svg"
    path.write_text(onboarding_picture([*good(), *BAD], CAST, where="guide edition 2023-08, offline, eu-west-1"))
    with browser() as page:
        page.size(1200, 640, dark=dark)
        page.open(path)
        ground = "getComputedStyle(document.querySelector('rect.f-ground')).fill"
        seen = page.run(f"new Promise(done => setInterval(() => document.querySelector('rect') && done({ground}), 30))")
        page.picture(SCREENSHOTS / f"onboarding-{'dark' if dark else 'light'}.png")
        assert seen == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
        overlapping = page.run(OVERLAPPING)
        assert overlapping == []
        assert page.requests == []


OVERLAPPING = """
(() => { const boxes = [...document.querySelectorAll('text')].map(e => [e.textContent, e.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (x > 1 && y > 4) found.push([a, b]) }));
  return found })()
"""
"""Pairs of texts that lie on each other."""
