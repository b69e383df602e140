"""The picture of an onboarding: CA certificate, policy, certificates, things and connections, and what of it failed.

A failed part is red, thicker, and says FAIL under a cross; below the picture the failures stand in words. One SVG file,
light and dark. May import its neighbours for parts and SVG, and ``findings``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from dicfix.findings import Finding, Status
from dicfix.reports.onboarding_parts import OF_CLIENTS, Cast, Kind, Part, Parts, parts_of
from dicfix.reports.svg import WORDS, document, mark, shortened, text, width_of

WIDTH = 1180
MAX_CLIENTS = 8
"""More clients than these are counted, not drawn; those that failed come first."""
MAX_FAILURES = 12

_BOX_W, _BOX_H = 186, 76
_COLUMNS = (20, 262, 504, 746, 974)
_TOP, _ROW = 64, 100
_LINE_H, _LINE_CHARS = 19, 150
_HEADS = ("Account", "Certificates", "Things", "Connections", "AWS IoT")
_BORDERS = {
    Status.FAIL: (3.6, ""),
    Status.UNREADABLE: (2.4, "9 4"),
    Status.WAIVED: (2.4, "2 4"),
    Status.MANUAL: (1.8, ""),
    Status.PASS: (1.6, ""),
    Status.NOT_APPLICABLE: (1.2, "3 4"),
    None: (1.2, "3 4"),
}
_HALO = {"stroke-width": "5", "stroke-linejoin": "round", "paint-order": "stroke"}
"""Lets lines end around a word."""
_SIGNED = frozenset({"DIC-PKI-04", "DIC-CRT-02"})
_ALLOWED = frozenset({"DIC-CRT-05", "DIC-EXP-02"})
_PRINCIPAL = frozenset({"DIC-CRT-01", "DIC-CRT-03"})
_CONNECTED = frozenset({"DIC-EXP-08", "DIC-E2E-01", "DIC-E2E-02"})
"""The controls that fail when the line between two parts is what is wrong."""


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float

    @property
    def left(self) -> tuple[float, float]:
        return self.x, self.y + _BOX_H / 2

    @property
    def right(self) -> tuple[float, float]:
        return self.x + _BOX_W, self.y + _BOX_H / 2


def onboarding_picture(findings: Iterable[Finding], cast: Cast, *, where: str = "") -> str:
    """The picture as an SVG document; ``where`` tells edition, account and Region, or is empty."""
    parts = parts_of(findings, cast)
    shown, more = _shown(parts)
    rows = max(2, len(shown))
    lines = list(_failures(parts))
    foot = _TOP + rows * _ROW + 12
    with_ota = any(parts.single[kind].findings for kind in (Kind.OTA_PREREQUISITES, Kind.OTA_JOB))
    lines_y = foot + (_BOX_H + 40 if with_ota else 0) + (22 if more else 0)
    height = int(lines_y + 44 + len(lines) * _LINE_H)
    body = [
        text(20, 26, "The onboarding" + (f": {where}" if where else ""), size=16, weight="600"),
        *(text(x, 52, head, colour="soft", size=12) for x, head in zip(_COLUMNS, _HEADS, strict=True)),
        *_edges(parts, shown, rows),
        *_boxes(parts, shown, rows),
        *(_ota(parts, foot) if with_ota else ()),
        *(
            [text(_COLUMNS[1], foot + 6, f"and {more} more devices without a failure of their own", colour="soft")]
            * bool(more)
        ),
        *_legend(lines_y + 6),
        *(text(20, lines_y + 40 + n * _LINE_H, line, colour=colour, size=13) for n, (colour, line) in enumerate(lines)),
    ]
    return document(WIDTH, height, f"Picture of the onboarding. {where}".strip(), _in_words(parts), body)


def _shown(parts: Parts) -> tuple[tuple[str, ...], int]:
    """The clients that are drawn, and how many are not: MQTT Explorer, then devices, those with a failure first."""
    explorer, *devices = parts.cast.clients
    devices.sort(key=lambda one: not any(parts.of_clients[kind, one].bad for kind in OF_CLIENTS))
    shown = (explorer, *devices[: MAX_CLIENTS - 1])
    return shown, len(parts.cast.clients) - len(shown)


def _places(shown: Sequence[str], rows: int) -> dict[tuple[Kind, str], _Place]:
    middle = _TOP + (rows * _ROW - (_ROW - _BOX_H)) / 2 - _BOX_H / 2
    found = {
        (Kind.CA, ""): _Place(_COLUMNS[0], max(_TOP, middle - _ROW / 2)),
        (Kind.POLICY, ""): _Place(_COLUMNS[0], max(_TOP, middle - _ROW / 2) + _ROW),
        (Kind.ENDPOINT, ""): _Place(_COLUMNS[4], middle),
    }
    for row, client in enumerate(shown):
        for column, kind in enumerate(OF_CLIENTS, 1):
            found[kind, client] = _Place(_COLUMNS[column], _TOP + row * _ROW)
    return found


def _boxes(parts: Parts, shown: Sequence[str], rows: int) -> Iterator[str]:
    for (kind, client), place in _places(shown, rows).items():
        part = parts.of_clients[kind, client] if client else parts.single[kind]
        yield _box(part, place, _label(part, parts.cast))


def _label(part: Part, cast: Cast) -> str:
    if part.kind is Kind.THING:
        return f"thing {part.name}"
    if part.kind is Kind.CERTIFICATE:
        return f"of {part.name}"
    if part.kind is Kind.CONNECTION:
        return "MQTT Explorer" if part.name == cast.explorer else f"device {part.name}"
    return part.name


def _box(part: Part, place: _Place, label: str) -> str:
    colour, word = WORDS[part.status]
    width, dashes = _BORDERS[part.status]
    number = len({one.control for one in part.bad}) or len({one.control for one in part.findings})
    counted = f"{number} control{'' if number == 1 else 's'}" if part.findings else ""
    told = "\n".join([f"{part.kind.value} {label}: {word}", *(one.sentence() for one in part.bad)])
    stroke = f' stroke-dasharray="{dashes}"' if dashes else ""
    x, y = place.x, place.y
    return (
        f'<g><title>{escape(told)}</title><rect x="{x:g}" y="{y:g}" width="{_BOX_W}" height="{_BOX_H}" rx="8" '
        f'class="f-box s-{colour}" stroke-width="{width}"{stroke}/>'
        + mark(x + 20, y + 55, part.status)
        + text(x + 12, y + 19, part.kind.value, colour="soft", size=11)
        + text(x + _BOX_W - 10, y + 19, counted, colour="soft", size=11, anchor="end")
        + text(x + 12, y + 36, shortened(label, 23), size=13, weight="600")
        + text(x + 38, y + 60, word, colour=colour, size=13, weight="600")
        + "</g>"
    )


def _edges(parts: Parts, shown: Sequence[str], rows: int) -> Iterator[str]:
    """Every line, and on top of them their words and crosses."""
    places, edges = _places(shown, rows), list[tuple[str, str]]()
    for client in shown:
        certificate, thing, connection = (places[kind, client] for kind in OF_CLIENTS)
        failed = parts.failed_controls(Kind.CERTIFICATE, client)
        lost = parts.failed_controls(Kind.CONNECTION, client) & _CONNECTED
        edges += [
            _edge(places[Kind.CA, ""].right, certificate.left, "signs", broken=bool(failed & _SIGNED)),
            _edge(places[Kind.POLICY, ""].right, certificate.left, "allows", broken=bool(failed & _ALLOWED)),
            _edge(certificate.right, thing.left, "principal", broken=bool(failed & _PRINCIPAL)),
            _edge(thing.right, connection.left, "client ID", broken=False),
            _edge(connection.right, places[Kind.ENDPOINT, ""].left, "", broken=bool(lost)),
        ]
    yield from (line for line, _ in edges)
    yield from (words for _, words in edges if words)


def _edge(start: tuple[float, float], end: tuple[float, float], word: str, *, broken: bool) -> tuple[str, str]:
    """A line, and what stands on it: its word, or a cross."""
    (x1, y1), (x2, y2) = start, end
    look = 'class="s-fail" stroke-width="3" stroke-dasharray="7 5"' if broken else 'class="s-line" stroke-width="1.3"'
    line = f'<path d="M{x1:g} {y1:g}C{x1 + 28:g} {y1:g} {x2 - 28:g} {y2:g} {x2:g} {y2:g}" fill="none" {look}/>'
    if broken:
        return line, mark((x1 + x2) / 2, (y1 + y2) / 2, Status.FAIL)
    if not word or abs(y1 - y2) >= 1:
        return line, ""
    return line, text((x1 + x2) / 2, y1 - 6, word, colour="soft s-ground", size=10, anchor="middle", **_HALO)


def _ota(parts: Parts, y: float) -> Iterator[str]:
    for column, kind in ((0, Kind.OTA_PREREQUISITES), (1, Kind.OTA_JOB)):
        part = parts.single[kind]
        yield _box(part, _Place(_COLUMNS[column], y + 14), "bucket, role, profile" if column == 0 else "update and job")


def _legend(y: float) -> Iterator[str]:
    x = 29.0
    for status in (Status.PASS, Status.FAIL, Status.UNREADABLE, Status.WAIVED, Status.MANUAL, None):
        colour, word = WORDS[status]
        yield mark(x, y, status)
        yield text(x + 15, y + 4, word, colour=colour, size=12)
        x += 50 + width_of(word, 12)


def _failures(parts: Parts) -> Iterator[tuple[str, str]]:
    """What failed, as lines with their colour."""
    found = dict.fromkeys(one for part in parts.all() for one in part.bad)
    bad = sorted(found, key=lambda one: one.status is not Status.FAIL)
    if not bad:
        judged = any(part.findings for part in parts.all())
        yield "ink", "Nothing failed." if judged else "Nothing was judged."
    for finding in bad[:MAX_FAILURES]:
        colour, word = WORDS[finding.status]
        for number, line in enumerate(textwrap.wrap(f"{word}  {finding.sentence()}", _LINE_CHARS)):
            yield (colour if number == 0 else "ink"), line if number == 0 else f"    {line}"
    if len(bad) > MAX_FAILURES:
        yield "ink", f"and {len(bad) - MAX_FAILURES} more"


def _in_words(parts: Parts) -> str:
    """The picture for those who cannot see it."""
    told = [f"{part.kind.value} {part.name}: {WORDS[part.status][1]}" for part in parts.all()]
    return ". ".join([*told, *(line for _, line in _failures(parts))])
