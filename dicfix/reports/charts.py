"""Charts of the nightly audits: when certificates expire, and what was found over the last nights.

Every bar has its number, and every kind its pattern: colour says nothing alone. Each chart is one SVG file, light and
dark. May import its neighbour for SVG, and ``findings``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dicfix.findings import Status
from dicfix.reports.svg import document, text, width_of

MONTHS = 18
"""How far ahead the chart of the expiries looks, this month included."""
SOON_DAYS = 90
"""What expires within these days has to be renewed now. Source: facts, controls HRD-03."""
NIGHTS = 30
COUNTED = (Status.FAIL, Status.UNREADABLE, Status.WAIVED)
"""What is charted of a night, from the bottom up."""

_WIDTH, _HEIGHT = 1000, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 66, 56
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate by the name of its client, and the day on which it ends."""

    name: str
    ends: date


@dataclass(frozen=True, slots=True)
class Night:
    """One audit: when it began, and how many findings had each status."""

    started: datetime
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label and its segments from the bottom up, each a kind of look with a number."""

    label: str
    segments: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """How high it is."""
        return sum(number for _, number in self.segments)


def expiry_bars(expiries: Iterable[Expiry], today: date) -> tuple[Bar, ...]:
    """How many certificates end in each month, after those that have ended and before those that end later."""
    first = today.year * 12 + today.month - 1
    months: list[dict[str, int]] = [{} for _ in range(MONTHS)]
    expired = later = 0
    for one in expiries:
        month = one.ends.year * 12 + one.ends.month - 1 - first
        if one.ends < today:
            expired += 1
        elif month >= MONTHS:
            later += 1
        else:
            look = "soon" if (one.ends - today).days <= SOON_DAYS else "good"
            months[month][look] = months[month].get(look, 0) + 1
    looks = ("soon", "good")
    bars = [Bar("expired", (("expired", expired),))]
    for number, counts in enumerate(months):
        year, month = divmod(first + number, 12)
        label = f"{_NAMES[month]} {year}" if number == 0 or month == 0 else _NAMES[month]
        bars.append(Bar(label, tuple((look, counts[look]) for look in looks if look in counts)))
    return (*bars, Bar("later", (("good", later),)))


def expiry_chart(expiries: Sequence[Expiry], today: date) -> str:
    """The expiries by month as an SVG document."""
    bars = expiry_bars(expiries, today)
    counts = {look: sum(number for bar in bars for kind, number in bar.segments if kind == look) for look in _LOOKS}
    whose = "certificate expires" if len(expiries) == 1 else f"{len(expiries):,} certificates expire"
    title = f"When the {whose}, seen on {today.isoformat()}"
    legend = (
        ("expired", f"expired: {counts['expired']:,}"),
        ("soon", f"within {SOON_DAYS} days: {counts['soon']:,}"),
        ("good", f"in more than {SOON_DAYS} days: {counts['good']:,}"),
    )
    return _chart(title, bars, legend, "No certificate's end is known.")


def findings_chart(nights: Sequence[Night]) -> str:
    """The findings of the last nights as an SVG document."""
    shown = sorted(nights, key=lambda one: one.started)[-NIGHTS:]
    days = Counter(one.started.date() for one in shown)
    bars = tuple(
        Bar(
            f"{_NAMES[one.started.month - 1]} {one.started.day}"
            + (f" {one.started:%H:%M}" if days[one.started.date()] > 1 else ""),
            tuple((status.value, one.counts[status]) for status in COUNTED if one.counts.get(status)),
        )
        for one in shown
    )
    legend = tuple((status.value, f"{status.value}, last: {_last(shown, status):,}") for status in COUNTED)
    nights_word = "audit" if len(bars) == 1 else f"{len(bars)} audits"
    nothing = "Nothing was found." if bars else "No audit is remembered."
    return _chart(f"Findings over the last {nights_word}", bars, legend, nothing)


def _last(nights: Sequence[Night], status: Status) -> int:
    return nights[-1].counts.get(status, 0) if nights else 0


_LOOKS: Mapping[str, tuple[str, str]] = {
    "expired": ("fail", "cross"),
    "soon": ("unreadable", "slant"),
    "good": ("pass", "plain"),
    Status.FAIL.value: ("fail", "cross"),
    Status.UNREADABLE.value: ("unreadable", "slant"),
    Status.WAIVED.value: ("waived", "dots"),
}
"""Colour and pattern of each kind of bar."""

_PATTERNS: Mapping[str, str] = {
    "plain": "",
    "slant": '<path d="M0 8L8 0M-2 2L2 -2M6 10L10 6" class="s-ground" stroke-width="2"/>',
    "cross": '<path d="M0 0L8 8M8 0L0 8" class="s-ground" stroke-width="1.2"/>',
    "dots": '<circle cx="4" cy="4" r="1.7" class="f-ground"/>',
}


def _chart(title: str, bars: Sequence[Bar], legend: Sequence[tuple[str, str]], nothing: str) -> str:
    highest = max((bar.total for bar in bars), default=0)
    in_words = ", ".join(f"{bar.label} {_numbers(bar)}" for bar in bars if bar.total) or nothing
    body = [_definitions(), text(20, 26, title, size=16, weight="600"), *_legend(legend)]
    body += _grid(highest) if highest else [text(_WIDTH / 2, 180, nothing, colour="soft", size=15, anchor="middle")]
    body += _drawn(bars, highest) if highest else []
    return document(_WIDTH, _HEIGHT, title, in_words, body)


def _numbers(bar: Bar) -> str:
    return " and ".join(f"{number} {look}" for look, number in bar.segments)


def _definitions() -> str:
    patterns = (
        f'<pattern id="dicfix-{look}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" class="f-{colour}"/>{_PATTERNS[pattern]}</pattern>'
        for look, (colour, pattern) in _LOOKS.items()
    )
    return f"<defs>{''.join(patterns)}</defs>"


def _legend(entries: Sequence[tuple[str, str]]) -> Iterator[str]:
    x = 20.0
    for look, words in entries:
        yield _rectangle(x, 38, 22, 13, look)
        yield text(x + 29, 49, words, size=13)
        x += 60 + width_of(words, 13)


def _rectangle(x: float, y: float, width: float, height: float, look: str) -> str:
    colour = _LOOKS[look][0]
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="url(#dicfix-{look})" '
        f'class="s-{colour}" stroke-width="1.2"/>'
    )


def _grid(highest: int) -> Iterator[str]:
    step = _step(highest)
    for value in range(0, highest + 1, step):
        y = _y(value, highest)
        thick = 0.3 if value else 0.9
        yield f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" class="s-line" stroke-width="{thick}"/>'
        yield text(_LEFT - 8, y + 4, f"{value:,}", colour="soft", size=11, anchor="end")


def _step(highest: int) -> int:
    """A round distance between lines, so that there are at most five above zero."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if highest / (size * factor) <= 5:
                return size * factor
        size *= 10


def _y(value: float, highest: int) -> float:
    return _HEIGHT - _BOTTOM - value / highest * (_HEIGHT - _TOP - _BOTTOM - 16)


def _drawn(bars: Sequence[Bar], highest: int) -> Iterator[str]:
    room = (_WIDTH - _LEFT - _RIGHT) / len(bars)
    width = min(46.0, room * 0.72)
    every = -(-len(bars) * 44 // (_WIDTH - _LEFT - _RIGHT))
    for number, bar in enumerate(bars):
        middle, below = _LEFT + room * (number + 0.5), 0
        yield f"<g><title>{bar.label}: {_numbers(bar) or 'none'}</title>"
        for look, count in bar.segments:
            top = _y(below + count, highest)
            if count:
                yield _rectangle(middle - width / 2, top, width, _y(below, highest) - top, look)
            below += count
        if bar.total:
            yield text(middle, _y(bar.total, highest) - 5, f"{bar.total:,}", size=11, anchor="middle", weight="600")
        yield "</g>"
        if number % every == 0 or number == len(bars) - 1:
            for line, word in enumerate(bar.label.split(" ")):
                yield text(middle, _HEIGHT - _BOTTOM + 17 + 14 * line, word, colour="soft", size=11, anchor="middle")
