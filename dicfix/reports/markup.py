"""Small pieces of HTML that every part of the sign-off page is made of; all text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape

from dicfix.reports.allure_history import id_of

TONES: dict[str, tuple[str, str]] = {
    "GO": ("good", "✓"),
    "REHEARSED": ("info", "≈"),
    "INCOMPLETE": ("warn", "…"),
    "NO-GO": ("bad", "✕"),
    "PASS": ("good", "✓"),
    "passed": ("good", "✓"),
    "FAIL": ("bad", "✕"),
    "failed": ("bad", "✕"),
    "not reported": ("bad", "✕"),
    "UNREADABLE": ("warn", "?"),
    "broken": ("warn", "?"),
    "crashed": ("warn", "!"),
    "NOT TESTED": ("warn", "○"),
    "SKIPPED": ("warn", "»"),
    "skipped": ("warn", "»"),
    "MANUAL": ("warn", "☐"),
    "manual": ("warn", "☐"),
    "WAIVED": ("info", "≈"),
    "failed, accepted": ("info", "≈"),
    "NOT APPLICABLE": ("calm", "-"),
    "not applicable": ("calm", "-"),
    "NOT_APPLICABLE": ("calm", "-"),
    "NOT JUDGED": ("calm", "○"),
    "simulated": ("info", "≈"),
    "AWS with virtual device": ("good", "✓"),
    "AWS with board": ("good", "✓"),
}
"""The tone and the sign of each word that is shown as a badge."""

SHOWN_AT_ONCE = 6
"""From how many items on a list is folded."""


def text(value: object) -> str:
    """The value as HTML text."""
    return escape(str(value))


def tone(word: str) -> str:
    """The class of a word's colour."""
    return TONES.get(word, ("calm", "○"))[0]


def sign(word: str) -> str:
    """The sign of a word."""
    return TONES.get(word, ("calm", "○"))[1]


def badge(word: str, shown: str = "") -> str:
    """A word with its sign and colour."""
    return f'<span class="badge {tone(word)}"><span aria-hidden="true">{sign(word)}</span>{text(shown or word)}</span>'


def dot(word: str) -> str:
    """The sign alone, with the word for those who cannot see it."""
    return (
        f'<span class="dot {tone(word)}" role="img" aria-label="{text(word)}" title="{text(word)}">{sign(word)}</span>'
    )


def section(title: str, body: str, anchor: str, classes: str = "") -> str:
    """A section under its heading."""
    extra = f' class="{classes}"' if classes else ""
    head = f'<h2 id="{anchor}-h">{text(title)}</h2>'
    return f'<section id="{anchor}"{extra} aria-labelledby="{anchor}-h">{head}{body}</section>'


def items(lines: Iterable[str], classes: str = "items") -> str:
    """A list of HTML lines; a long one shows its beginning and folds the rest."""
    told = [f"<li>{one}</li>" for one in lines]
    head, rest = told[:SHOWN_AT_ONCE], told[SHOWN_AT_ONCE:]
    shown = f'<ul class="{classes}">{"".join(head)}</ul>'
    if not rest:
        return shown
    return f'{shown}<details><summary>{len(rest)} more</summary><ul class="{classes}">{"".join(rest)}</ul></details>'


def table_head(columns: Sequence[str]) -> str:
    """The head of a table, each column with a class of its number (``c1``)."""
    cells = "".join(
        f'<th scope="col" role="columnheader" class="c{n}">{text(one)}</th>' for n, one in enumerate(columns, 1)
    )
    return f'<thead role="rowgroup"><tr role="row">{cells}</tr></thead>'


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "", classes: str = "") -> str:
    """A table of HTML cells, each row headed by its first; on a narrow screen every row becomes a card."""
    body = "".join(table_row(columns, row) for row in rows)
    title = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<table class="stack {classes}" role="table">{title}{table_head(columns)}'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )


def table_row(columns: Sequence[str], cells: Sequence[str], classes: str = "") -> str:
    """One row of a table."""
    first, *others = cells
    told = (
        f'<td role="cell" data-label="{text(name)}">{cell}</td>' if cell else '<td role="cell"></td>'
        for name, cell in zip(columns[1:], others, strict=True)
    )
    extra = f' class="{classes}"' if classes else ""
    return f'<tr role="row"{extra}><th scope="row" role="rowheader">{first}</th>{"".join(told)}</tr>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and HTML values."""
    return (
        f'<dl class="facts">{"".join(f"<dt>{text(name)}</dt><dd>{value}</dd>" for name, value in pairs if value)}</dl>'
    )


def link(uuid: str, shown: str, report: str) -> str:
    """The name of a scenario, leading into the Allure report where there is one."""
    if not uuid or not report:
        return text(shown)
    return f'<a href="{text(report)}#{id_of(uuid)}">{text(shown)}</a>'


def report_of(number: int, allure: Sequence[str]) -> str:
    """The address of the Allure report of the run with this number, empty where there is none."""
    return allure[number] if number < len(allure) else ""


def age(when: datetime, now: datetime) -> str:
    """How long ago, in whole days."""
    days = max(0, (now - when).days)
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days} days ago"


def day(when: datetime) -> str:
    """The date and time, to the minute, in UTC or the zone that it has."""
    return f'<time datetime="{when.isoformat(timespec="seconds")}">{when.strftime("%Y-%m-%d %H:%M %Z").strip()}</time>'


def duration(lasted: timedelta) -> str:
    """How long something took, in minutes and seconds."""
    minutes, seconds = divmod(round(lasted.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
