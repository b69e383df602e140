"""JUnit XML for CI servers: a suite for each step of the guide, one case a control whatever the size of the fleet.

A control that FAILs is a failure, an UNREADABLE one an error; WAIVED, MANUAL and NOT_APPLICABLE are skipped with why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dicfix.audit.identity import Entry
from dicfix.audit.run import AuditResult
from dicfix.findings import Axis, Status

MAX_RESOURCES = 50
_WORST_FIRST = (Status.FAIL, Status.UNREADABLE, Status.MANUAL, Status.WAIVED, Status.PASS, Status.NOT_APPLICABLE)
_ELEMENT = {Status.FAIL: "failure", Status.UNREADABLE: "error"}


def lines_of(results: Sequence[AuditResult], missed: Mapping[str, str] | None = None) -> Iterator[str]:
    """The lines of the document; with several accounts or Regions a suite's name says whose it is.

    ``missed`` are accounts and Regions that were not read, with why: an error each.
    """
    unread = missed or {}
    suites: dict[str, dict[str, list[Entry]]] = {}
    for result in results:
        prefix = f"{result.place.account} {result.place.region} " if len(results) > 1 else ""
        for entry in result.entries:
            suites.setdefault(prefix + _suite(entry), {}).setdefault(entry.control, []).append(entry)
    seconds = sum((one.finished - one.started).total_seconds() for one in results)
    cases = [entries for suite in suites.values() for entries in suite.values()]
    yield "<?xml version='1.0' encoding='utf-8'?>\n"
    yield f'<testsuites name="dicfix audit" {_counts(cases, len(unread))} time="{seconds:.3f}">\n'
    for name, controls in suites.items():
        yield f'<testsuite name={_quoted(name)} {_counts(list(controls.values()))} time="0">\n'
        for entries in controls.values():
            yield from _case(name, entries)
        yield "</testsuite>\n"
    for name, why in unread.items():
        yield f'<testsuite name={_quoted(name)} {_counts([], 1)} time="0">'
        yield f'<testcase classname="dicfix" name="the account is read" time="0"><error message={_quoted(why)}/>'
        yield "</testcase></testsuite>\n"
    yield "</testsuites>\n"


_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_QUOTES = str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _escaped(text: str) -> str:
    """A text between tags. xml.sax would do it, and loads a client of HTTP for it."""
    return text.translate(_MARKUP)


def _quoted(text: str) -> str:
    """The value of an attribute, with its quotes."""
    return f'"{_escaped(text).translate(_IN_QUOTES)}"'


def _suite(entry: Entry) -> str:
    return f"guide {entry.clauses[0].partition('.')[0]}" if entry.axis is Axis.GUIDE else entry.axis.value


def _status(entries: list[Entry]) -> Status:
    present = {one.status for one in entries}
    return next(one for one in _WORST_FIRST if one in present)


def _counts(cases: list[list[Entry]], unread: int = 0) -> str:
    found = [_status(one) for one in cases]
    skipped = sum(one not in (Status.FAIL, Status.UNREADABLE, Status.PASS) for one in found)
    numbers = {
        "tests": len(found) + unread,
        "failures": found.count(Status.FAIL),
        "errors": found.count(Status.UNREADABLE) + unread,
        "skipped": skipped,
    }
    return " ".join(f'{name}="{number}"' for name, number in numbers.items())


def _case(suite: str, entries: list[Entry]) -> Iterator[str]:
    first, status = entries[0], _status(entries)
    place, title = "dicfix." + suite.replace(" ", "."), f"{first.control} {first.title}"
    names = f"classname={_quoted(place)} name={_quoted(title)}"
    if status is Status.PASS:
        yield f'<testcase {names} time="0"/>\n'
        return
    told = [one for one in entries if one.status is status]
    element = _ELEMENT.get(status, "skipped")
    message = _quoted(f"{status.value}: {_summary(told)}")
    body = _escaped("\n".join(_sentences(told))) if element != "skipped" else ""
    yield f'<testcase {names} time="0">'
    yield f"<{element} message={message}>{body}</{element}>" if body else f"<{element} message={message}/>"
    yield "</testcase>\n"


def _summary(entries: list[Entry]) -> str:
    first = entries[0]
    text = first.note if first.status is Status.WAIVED else f"{first.resource}: {first.observed}"
    return f"{text} (and {len(entries) - 1} more)" if len(entries) > 1 else text


def _sentences(entries: list[Entry]) -> Iterator[str]:
    for one in entries[:MAX_RESOURCES]:
        yield f"{one.resource}: observed {one.observed}; expected {one.expected}"
    if len(entries) > MAX_RESOURCES:
        yield f"and {len(entries) - MAX_RESOURCES} more resources"
    if entries[0].remedy:
        yield f"do: {entries[0].remedy}"
