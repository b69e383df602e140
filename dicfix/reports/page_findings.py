"""What the controls found on each axis and is still open, and what nobody judged: parts of the sign-off page.

May import the sign-off and its markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dicfix.audit.identity import Entry
from dicfix.audit.verdict import AxisVerdict, Outcome
from dicfix.findings import Axis, Severity, Status
from dicfix.reports.gather import uncoloured
from dicfix.reports.markup import badge, section, table_head, table_row, text
from dicfix.reports.runs import Outcome as Ended
from dicfix.reports.runs import Run
from dicfix.reports.signoff import SignOff

AUDIT_COMMANDS = ("dicfix audit --output-dir reports/audit", "dicfix report --audit reports/audit/findings.jsonl")
"""What judges fit and hardening, and puts it on the page."""

_AXIS_TEXT = {
    Axis.GUIDE: "Does the account match the guide?",
    Axis.FIT: "Can the published firmware live with it?",
    Axis.HARDENING: "Is it wise? Told, and never decides.",
}
_COLUMNS = ("Control", "Status", "Where", "What was found", "What to do")
_SHOWN = 20
"""How many open findings of an axis are shown unfolded."""
_STATUSES = tuple(Status)
_SEVERITIES = tuple(Severity)


def axis_card(signoff: SignOff, axis: AxisVerdict) -> str:
    """One axis: its outcome in a word and in a sentence, and where it is not judged the commands that judge it."""
    outcome, sentence = axis.outcome.value, text(_sentence(signoff, axis))
    failed = sum(one.outcome is Ended.FAILED for _, one in signoff.failures)
    if axis.axis is Axis.GUIDE and failed:
        outcome, sentence = "FAIL", f"{failed} scenario{'s' if failed > 1 else ''} failed; {sentence}"
    if axis.outcome is Outcome.NOT_JUDGED:
        first, then = (f"<code>{text(one)}</code>" for one in AUDIT_COMMANDS)
        sentence = f"Nobody judged it in these runs. To have it judged: {first}, then {then}"
    return (
        f'<div class="card"><div class="head"><span>{text(axis.axis.value.capitalize())}</span>{badge(outcome)}</div>'
        f'<p class="soft small">{text(_AXIS_TEXT[axis.axis])}</p><p class="small">{sentence}</p></div>'
    )


def _sentence(signoff: SignOff, axis: AxisVerdict) -> str:
    """The axis in words: those of an audit, but for its exit code, which decides nothing here."""
    told = [one for one in axis.sentence().split("; ") if "the run" not in one]
    if axis.axis is Axis.FIT and axis.failing:
        named = ", ".join(signoff.boards)
        told.append(f"decides: the release names {named}" if named else "does not decide: no board is named (--board)")
    return "; ".join(told)


def findings(signoff: SignOff) -> str:
    """Every open finding, axis by axis, worst first; nothing where none is open."""
    found = [(run, entry) for run in signoff.runs for entry in run.entries if entry.open]
    told = "".join(_axis(signoff, axis, [one for one in found if one[1].axis is axis]) for axis in Axis)
    if not told:
        return ""
    intro = '<p class="soft small">What the controls found that somebody has to do something about.</p>'
    return section("Open findings", intro + told, "findings")


def _axis(signoff: SignOff, axis: Axis, found: Sequence[tuple[Run, Entry]]) -> str:
    if not found:
        return ""
    ordered = sorted(found, key=lambda one: (_STATUSES.index(one[1].status), _SEVERITIES.index(one[1].severity)))
    rows = [_row(entry, run.label if len(signoff.runs) > 1 else "") for run, entry in ordered]
    title = f"<h3>{text(axis.value.capitalize())} <span class='soft small'>{len(rows)} open</span></h3>"
    more = f"<details><summary>{len(rows) - _SHOWN} more</summary>{_table(rows[_SHOWN:])}</details>"
    return title + _table(rows[:_SHOWN]) + (more if len(rows) > _SHOWN else "")


def _table(rows: Iterable[str]) -> str:
    return (
        f'<table class="stack found" role="table">{table_head(_COLUMNS)}'
        f'<tbody role="rowgroup">{"".join(rows)}</tbody></table>'
    )


def _row(entry: Entry, run: str) -> str:
    first = f'<span class="id">{text(entry.control)}</span><br><span class="small">{text(entry.title)}</span>'
    where = text(entry.resource) + (f'<br><span class="soft small">{text(run)}</span>' if run else "")
    what = text(uncoloured(entry.observed))
    if entry.expected not in ("", entry.title):
        what += f'<br><span class="soft small">expected: {text(entry.expected)}</span>'
    status = f'{badge(entry.status.value)}<br><span class="soft small">{text(entry.severity.value)}</span>'
    return table_row(_COLUMNS, (first, status, where, what, text(entry.remedy)))
