"""The tables of the sign-off page: clauses, runs, waivers and evidence, deviations, changes, digest.

May import the sign-off and its markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from dicfix.audit.waivers import Trouble
from dicfix.reports.gather import uncoloured
from dicfix.reports.markup import (
    age,
    badge,
    day,
    dot,
    duration,
    facts,
    items,
    link,
    report_of,
    section,
    table,
    table_head,
    table_row,
    text,
)
from dicfix.reports.matrix import LEVELS, Result, Row
from dicfix.reports.runs import Outcome, Run, Scenario
from dicfix.reports.signoff import SignOff

_MATRIX = ("Clause", "Result", "Scenarios", "Controls", "Evidence")
_TOOLS = ("python", "pytest", "pytest-bdd", "allure-pytest", "boto3", "moto", "cryptography", "openssl", "platform")


def matrix(signoff: SignOff, allure: Sequence[str]) -> str:
    """Every clause in the guide's order, page by page."""
    pages = dict.fromkeys(row.clause.page for row in signoff.rows)
    tables = (_page(signoff, page, allure) for page in pages)
    intro = (
        '<p class="soft small">In the guide\'s order. A tinted row stands in the way of a GO. Evidence is the best '
        f"that these runs give: {', '.join(text(one.value) for one in LEVELS)}; older than {signoff.max_age_days} days "
        "it does not count.</p>"
    )
    return section("Clause by clause", intro + "".join(tables), "matrix")


def _page(signoff: SignOff, page: str, allure: Sequence[str]) -> str:
    rows = [row for row in signoff.rows if row.clause.page == page]
    body = "".join(_clause(signoff, row, allure) for row in rows)
    return (
        f'<table class="stack matrix" role="table"><caption>{text(page)}</caption>'
        f'{table_head(_MATRIX)}<tbody role="rowgroup">{body}</tbody></table>'
    )


def _clause(signoff: SignOff, row: Row, allure: Sequence[str]) -> str:
    first = (
        f'<span class="id" id="{text(row.clause.id)}">{text(row.clause.id)}</span> '
        f'<span class="soft small">step {text(row.clause.step_in(signoff.edition))}</span><br>{text(row.clause.text)}'
    )
    note = f'<br><span class="soft small">{text(uncoloured(row.note))}</span>' if row.note else ""
    scenarios = items(_scenarios(signoff, row.scenarios, allure), "list")
    controls = items(
        (
            f'{dot(one.status.value if one.status else "NOT JUDGED")}<span title="{text(one.control.title)}">'
            f"{text(one.control.id)}</span>"
            for one in row.controls
        ),
        "list mono",
    )
    cells = (
        first,
        badge(row.result.value) + note,
        scenarios if row.scenarios else '<span class="soft">none</span>',
        controls if row.controls else '<span class="soft">none</span>',
        _seen(signoff, row),
    )
    classes = ("blocks fails" if row.result is Result.FAIL else "blocks") if row.blocks else ""
    return table_row(_MATRIX, cells, classes)


def _scenarios(signoff: SignOff, found: Iterable[tuple[int, Scenario]], allure: Sequence[str]) -> Iterator[str]:
    """A line for each scenario: how it ended, and its name; of several runs, how it ended in each of them."""
    if sum(one.kind == "features" for one in signoff.runs) == 1:
        for number, one in found:
            yield f"{dot(one.outcome.value)}{link(one.uuid, one.name, report_of(number, allure))}"
        return
    together: dict[str, list[tuple[int, Scenario]]] = {}
    for number, one in found:
        together.setdefault(one.nodeid, []).append((number, one))
    for same in together.values():
        ends = (
            f"<span>{dot(one.outcome.value)}"
            f"{link(one.uuid, signoff.runs[number].where, report_of(number, allure))}</span>"
            for number, one in same
        )
        worst, name = _worst(one for _, one in same), same[0][1].name
        yield f'{dot(worst)}{text(name)}<span class="runs small">{"".join(ends)}</span>'


def _worst(scenarios: Iterable[Scenario]) -> str:
    """The outcome that a line of several runs stands under: what did not pass comes first."""
    order = (Outcome.FAILED, Outcome.MISSING, Outcome.CRASHED, Outcome.BROKEN, Outcome.ACCEPTED, Outcome.PASSED)
    present = {one.outcome for one in scenarios}
    return next((one for one in order if one in present), next(iter(present))).value


def _seen(signoff: SignOff, row: Row) -> str:
    if row.seen is None:
        return '<span class="soft">none</span>'
    by = f"recorded by {row.seen.by}" if row.seen.by else (row.seen.run if len(signoff.runs) > 1 else "")
    old = (signoff.created - row.seen.when).days > signoff.max_age_days
    when = badge("NOT TESTED", f"{age(row.seen.when, signoff.created)}, too old") if old else ""
    shown = (when or text(age(row.seen.when, signoff.created)), text(by))
    return f'{text(row.seen.level.value)}<br><span class="soft small">{"<br>".join(filter(None, shown))}</span>'


def beyond_guide(signoff: SignOff, allure: Sequence[str]) -> str:
    """Scenarios that answer for no clause: refusals, failures, what comes after; they count all the same."""
    by_feature: dict[str, list[tuple[int, Scenario]]] = {}
    for number, one in signoff.beyond_guide:
        by_feature.setdefault(one.feature, []).append((number, one))
    if not by_feature:
        return ""
    rows = (_feature(signoff, name, found, allure) for name, found in by_feature.items())
    intro = '<p class="soft small">They answer for no single clause, and block a release like any other.</p>'
    return section("Scenarios beyond the guide", intro + table(("Feature", "Results", "Scenarios"), rows), "beyond")


def _feature(
    signoff: SignOff, name: str, found: Sequence[tuple[int, Scenario]], allure: Sequence[str]
) -> tuple[str, ...]:
    counts = Counter(one.outcome.value for _, one in found)
    badges = " ".join(badge(word, f"{number} {word}") for word, number in counts.items())
    lines = [f"<li>{one}</li>" for one in _scenarios(signoff, found, allure)]
    told = f"{len(lines)} scenario{'' if len(lines) == 1 else 's'}"
    return (
        text(name),
        badges,
        f'<details><summary>{told}</summary><ul class="list">{"".join(lines)}</ul></details>',
    )


def places(signoff: SignOff, allure: Sequence[str]) -> str:
    """Where, when and with what each run was made."""
    told = "".join(
        f"<h3>{text(one.label[0].upper() + one.label[1:])} {badge(one.evidence.value)}</h3>"
        f"{_run(signoff, one, report_of(number, allure))}"
        for number, one in enumerate(signoff.runs)
    )
    guide = facts(
        [
            ("Guide", f"edition {text(signoff.edition)}"),
            (
                "Its clauses, SHA-256",
                f"<code>{text(signoff.guide_sha256)}</code>" if signoff.guide_sha256 else "unknown",
            ),
        ]
    )
    return section("What was tested, where and with what", guide + told, "places")


def _run(signoff: SignOff, run: Run, report: str) -> str:
    tools = ", ".join(f"{name} {run.versions[name]}" for name in _TOOLS if name in run.versions)
    counts, took = run.counts, duration(run.stopped - run.started)
    troubles = (*run.wrong, *run.crashes, *(uncoloured(one).partition("\n")[0] for one in run.collection_errors))
    return facts(
        [
            ("When", f"{day(run.started)}, took {took}; ended {age(run.stopped, signoff.created)}"),
            ("Account", text(run.place.account or "not known")),
            ("Region", text(run.place.region)),
            ("Caller", f"<code>{text(run.place.caller)}</code>" if run.place.caller else "not read in this run"),
            ("Firmware profile", text(run.firmware_profile)),
            ("Real boards", text(", ".join(run.boards))),
            (
                "Scenarios",
                f"{counts.planned} planned, {counts.executed} executed, {counts.reported} reported"
                if run.scenarios
                else "",
            ),
            ("Allure report", f'<a href="{text(report)}">{text(report)}</a>' if report else ""),
            (
                "Findings",
                f"{len(run.entries)} of {len({one.control for one in run.entries})} controls, each control and "
                "resource once",
            ),
            ("Command line", f"<code>{text(run.command)}</code>"),
            ("git revision", f"<code>{text(run.git)}</code>" if run.git else ""),
            ("Tools", text(tools)),
            ("Does not add up", items(map(text, troubles)) if troubles else ""),
        ]
    )


def people(signoff: SignOff) -> str:
    """Waivers and manual evidence: who, when, until."""
    return section("Waivers and manual evidence", _waivers(signoff) + _pieces(signoff), "people")


def _waivers(signoff: SignOff) -> str:
    doubts = {doubt.waiver.name: doubt.trouble for doubt in signoff.waivers.doubts}
    soon = {one.name for one in signoff.waivers.ending_soon}
    rows = [
        (
            f"<span class='id'>{text(one.control)}</span><br>"
            f"<span class='soft small'>{text(one.resource)}, account {text(one.account)}</span>",
            text(one.justification),
            text(one.approver),
            f"{_date(one.expires)}{' (soon)' if one.name in soon else ''}",
            _state(doubts[one.name]) if one.name in doubts else badge("WAIVED", "in force"),
        )
        for one in signoff.waivers.waivers
    ]
    if not rows:
        return "<p>No waiver is given: every FAIL counts.</p>"
    return table(("Waived", "Why", "Approved by", "Until", "State"), rows, caption="Waivers")


def _state(trouble: Trouble) -> str:
    """What is wrong with a waiver; red where its FAIL counts again."""
    return badge("FAIL" if trouble in (Trouble.EXPIRED, Trouble.LAPSED) else "SKIPPED", trouble.value)


def _date(day: date) -> str:
    return f'<span class="id">{day.isoformat()}</span>'


def _pieces(signoff: SignOff) -> str:
    rows = [
        (
            text(one.subject),
            text(one.who),
            _date(one.when),
            _date(one.expires),
            f"{text(one.file)}<br><code>{text(one.sha256[:16])}</code>",
            badge("FAIL", one.trouble) if one.trouble else badge("PASS", "valid"),
        )
        for one in signoff.pieces
    ]
    told = {one.name for one in signoff.pieces if one.trouble}  # the table says so
    left = [one for one in signoff.evidence_doubts if one.partition(": ")[0] not in told]
    doubts = items(map(text, left)) if left else ""
    if not rows:
        return f"<p>No manual evidence is given.</p>{doubts}"
    columns = ("Clause or control", "Seen by", "On", "Until", "File", "State")
    return table(columns, rows, caption="Manual evidence") + doubts


def deviations(signoff: SignOff) -> str:
    """Recorded, accepted differences that come with a PASS."""
    if not signoff.deviations:
        return section("Deviations", "<p>None is recorded.</p>", "deviations")
    rows = (
        (f'<span class="id">{text(one.control)}</span>', text(one.resource), text(one.deviation))
        for one in signoff.deviations
    )
    return section("Deviations", table(("Control", "Where", "Deviation"), rows), "deviations")


def changes(signoff: SignOff) -> str:
    """What changed since the last release that was signed off."""
    one = signoff.changes
    if one is None:
        body = "<p>There is no earlier sign-off under reports/signoff to compare with.</p>"
        return section("What changed since the last signed release", body, "changes")
    kind = "signed" if one.signed else "sealed, not signed"
    record = f"<strong>{text(one.record)}</strong> ({kind}, {text(one.created[:10])})"
    head = f"<p>Compared with {record}: {badge(one.verdict)} then, {badge(signoff.decision.verdict.value)} now</p>"
    groups = (
        ("Regressed", one.regressed),
        ("Fixed", one.fixed),
        ("Evidence changed", one.evidence),
        ("New clauses", one.added),
        ("Clauses gone", one.removed),
    )
    told = "".join(_group(name, lines) for name, lines in groups if lines)
    return section(
        "What changed since the last signed release", head + (told or "<p>No clause changed.</p>"), "changes"
    )


def _group(name: str, lines: Iterable[str]) -> str:
    return f"<h3>{text(name)}</h3>{items(map(text, lines))}"


def integrity(signoff: SignOff) -> str:
    """The digest over the results, and how it is checked."""
    count = signoff.sums.count("\n")
    body = (
        facts([("SHA-256 over the results", f"<code>{signoff.digest}</code>"), ("Files", f"{count:,}")])
        + "<p class='soft small'>The digest is the SHA-256 of the lines of <code>sha256sum</code> for all files of all "
        "runs. <code>dicfix signoff --release NAME</code> freezes them with this page; "
        "<code>dicfix signoff verify NAME</code> checks them later.</p>"
    )
    return section("Digest", body, "integrity")
