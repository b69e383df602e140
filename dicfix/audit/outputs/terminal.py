"""The summary of an audit for people: the verdict, what changed, what is open with its remedy, what was covered.

PASS is told as a count. May import the parts of the audit.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dicfix.audit.compare import Change, Changed, Comparison
from dicfix.audit.evidence import is_closed
from dicfix.audit.identity import Entry
from dicfix.audit.run import AuditResult, stamp
from dicfix.findings import Severity, Status

WIDTH = 110
MAX_RESOURCES = 5
MAX_CHANGES = 10
MAX_NOTICE_LINES = 20
_ORDER = tuple(Severity)


def summaries(results: Sequence[AuditResult]) -> Iterator[str]:
    """The whole summary, line by line; of several accounts and Regions first one line each."""
    if len(results) > 1:
        for one in results:
            verdict = ", ".join(f"{axis.axis.value} {axis.outcome.value}" for axis in one.verdict.axes)
            yield f"{one.place.account} {one.place.region}: {verdict}"
        yield ""
    for number, one in enumerate(results):
        yield from [""] if number else []
        yield from _summary(one)


def _summary(result: AuditResult) -> Iterator[str]:
    yield from _head(result)
    yield ""
    yield from _changes(result)
    yield from _open(result)
    yield from _waivers(result)
    yield from _rest(result)


def notices(results: Iterable[AuditResult]) -> list[str]:
    """What to tell people of a nightly run: nothing when nothing has changed, else twenty lines at most."""
    changed = [one for one in results if not (one.comparison and one.comparison.quiet)]
    lines = [line for one in changed for line in (*_head(one), *_changes(one))]
    if len(lines) > MAX_NOTICE_LINES:
        more = len(lines) - MAX_NOTICE_LINES + 1
        lines = [*lines[: MAX_NOTICE_LINES - 1], f"... {more} more lines in the report"]
    return lines


def _head(result: AuditResult) -> Iterator[str]:
    place = result.place
    yield f"dicfix audit of account {place.account}, {place.region} ({result.read_from}), edition {result.edition}"
    yield f"by {place.caller or 'an unknown caller'} at {stamp(result.started)}"
    for one in result.verdict.axes:
        yield f"  {one.axis.value:<10} {one.outcome.value:<11} {one.sentence()}".rstrip()


def _changes(result: AuditResult) -> Iterator[str]:
    if result.comparison:
        yield from changes(result.comparison)
    else:
        yield "Nothing to compare with: this is the first run that is kept (--state)."


def changes(comparison: Comparison, limit: int | None = MAX_CHANGES) -> Iterator[str]:
    """What changed: the counts, then the changes by kind, the worst first, ``limit`` of each (None: all)."""
    counts = ", ".join(f"{comparison.counts[kind]} {kind.value}" for kind in Change)
    yield f"Since {comparison.before}: {counts}."
    yield from (f"  note: {one}" for one in comparison.notes)
    for kind in (Change.NEW, Change.CHANGED, Change.FIXED, Change.WAIVED, Change.GONE):
        of_kind = sorted(comparison.of(kind), key=lambda one: _ORDER.index(one.entry.severity))
        for one in of_kind[:limit]:
            yield from _wrapped(f"  {kind.value:<20} ", _change(one))
        if limit is not None and len(of_kind) > limit:
            yield f"  {'':<20} and {len(of_kind) - limit} more {kind.value}"


def _change(changed: Changed) -> str:
    entry = changed.entry
    if changed.change is Change.GONE:
        was = changed.before.status.value if changed.before else "judged"
        return f"{entry.control} {entry.resource}: was {was}"
    was = f" (was {changed.before.observed})" if changed.change is Change.CHANGED and changed.before else ""
    return f"{entry.status.value} {entry.severity.value} {entry.control} {entry.resource}: {entry.observed}{was}"


def _open(result: AuditResult) -> Iterator[str]:
    groups: dict[str, list[Entry]] = {}
    for entry in result.entries:
        if entry.open:
            groups.setdefault(entry.control, []).append(entry)
    if not groups:
        return
    yield ""
    yield f"Open ({len(groups)} controls)"
    for entries in sorted(groups.values(), key=lambda group: _ORDER.index(group[0].severity)):
        yield from _group(entries)


def _group(entries: list[Entry]) -> Iterator[str]:
    first = entries[0]
    counts = Counter(one.status for one in entries)
    told = ", ".join(f"{counts[one]} {one.value}" for one in Status if counts[one])
    cited = f" [{', '.join(first.clauses)}]" if first.clauses else ""
    yield from _wrapped(
        f"  {first.control} ", f"{first.severity.value}, {first.axis.value}{cited}: {first.title} ({told})"
    )
    ordered = sorted(entries, key=lambda one: one.status is not Status.FAIL)
    for one in ordered[:MAX_RESOURCES]:
        since = f" since {one.first_seen[:10]}" if one.first_seen != one.last_seen else ""
        text = f"{one.resource}: observed {one.observed}; expected {one.expected}"
        yield from _wrapped(f"    {one.status.value}{since}  ", text)
        if one.note:
            yield from _wrapped("      note: ", one.note)
    if len(entries) > MAX_RESOURCES:
        yield f"    and {len(entries) - MAX_RESOURCES} more resources"
    for remedy in dict.fromkeys(one.remedy for one in ordered[:MAX_RESOURCES] if one.remedy):
        yield from _wrapped("    do: ", remedy)


def _waivers(result: AuditResult) -> Iterator[str]:
    report = result.waivers
    lines = [
        ("ends soon: ", f"{one.name}: {one.control} {one.resource}: {one.decision()}") for one in report.ending_soon
    ]
    lines += [("waiver ", doubt.sentence()) for doubt in report.doubts]
    lines += [("evidence ", doubt) for doubt in result.evidence.doubts]
    if lines:
        yield ""
        yield "Waivers and evidence"
    for first, text in lines:
        yield from _wrapped(f"  {first}", text)


def _rest(result: AuditResult) -> Iterator[str]:
    counts = Counter(one.status for one in result.entries)
    yield ""
    quiet = (Status.PASS, Status.WAIVED, Status.NOT_APPLICABLE)
    yield ", ".join(f"{counts[one]} {one.value}" for one in quiet)
    manual = [one for one in result.entries if one.status is Status.MANUAL]
    still = list(dict.fromkeys(one.control for one in manual if not is_closed(one)))
    if manual:
        closed = sum(map(is_closed, manual))
        yield from _wrapped(
            f"{len(manual)} MANUAL, {closed} closed by evidence", f"; open: {', '.join(still)}" if still else "."
        )
    yield from coverage(result)
    yield effort(result)


def effort(result: AuditResult) -> str:
    """Calls, throttles and seconds of reading."""
    calls = sum(result.effort.calls.values())
    return f"{calls:,} calls, {result.effort.throttles} throttled, {result.effort.seconds:.1f} s"


def coverage(result: AuditResult) -> Iterator[str]:
    """How much was judged, and which call or permission was missing."""
    judged = [one for one in result.entries if one.status is not Status.NOT_APPLICABLE]
    unread = [one for one in judged if one.status is Status.UNREADABLE]
    seen = sum(one.status in (Status.PASS, Status.FAIL, Status.WAIVED) for one in judged)
    yield f"coverage: {seen:,}/{len(judged):,} judged, {len(unread):,} UNREADABLE"
    causes = Counter(one.observed for one in unread)
    for text, number in causes.most_common(MAX_RESOURCES):
        yield from _wrapped(f"  {number} x ", text)
    if len(causes) > MAX_RESOURCES:
        yield f"  and {len(causes) - MAX_RESOURCES} other causes"
    yield from result.effort.lines


def _wrapped(first: str, text: str) -> Iterable[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * min(len(first), 8),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]
