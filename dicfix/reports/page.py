"""``signoff.html``: one page that a release manager reads, prints and signs; it asks nothing of the network.

Belongs here: the head of the page (verdict, reasons, failures) and its order. May import the sign-off and its markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dicfix.audit.verdict import AxisVerdict
from dicfix.findings import Axis
from dicfix.reports.gather import uncoloured
from dicfix.reports.markup import age, badge, day, facts, items, link, report_of, section, sign, text, tone
from dicfix.reports.matrix import Result
from dicfix.reports.page_parts import beyond_guide, changes, deviations, integrity, matrix, people, places
from dicfix.reports.page_style import STYLE
from dicfix.reports.runs import Outcome, Scenario
from dicfix.reports.signoff import SignOff
from dicfix.reports.verdict import Verdict

SHOWN_AT_ONCE = 600
"""How many characters of a failure's message are shown unfolded."""
MAX_MESSAGE = 4000
"""How many are shown at all; the result file has the rest."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_AXIS_TEXT = {
    Axis.GUIDE: "Does the account match the guide?",
    Axis.FIT: "Can the published firmware live with it?",
    Axis.HARDENING: "Is it wise? Told, and never decides.",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture for the page: ``svg`` is its markup, with a title of its own for those who cannot see it."""

    title: str
    svg: str


def page_of(signoff: SignOff, *, allure: str = "", figures: Sequence[Figure] = ()) -> str:
    """The whole page; ``allure`` is the address of the Allure report beside it, empty where there is none."""
    parts = (
        _summary(signoff),
        _reasons(signoff),
        _failures(signoff, allure),
        *(
            section(
                one.title,
                f'<div class="figure" role="region" aria-label="{text(one.title)}" tabindex="0">{one.svg}</div>',
                f"figure-{n}",
            )
            for n, one in enumerate(figures, 1)
        ),
        matrix(signoff, allure),
        beyond_guide(signoff, allure),
        changes(signoff),
        places(signoff),
        people(signoff),
        deviations(signoff),
        integrity(signoff),
        _approval(),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="referrer" content="no-referrer">'
        f"<title>{text(signoff.decision.verdict.value)}: {text(_title(signoff))}</title>"
        f"<style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#reasons">Skip to what decided</a>{_header(signoff)}'
        f"<main>{_verdict(signoff)}{''.join(parts)}</main>{_footer(signoff)}</body></html>\n"
    )


def _title(signoff: SignOff) -> str:
    return f"release {signoff.release}" if signoff.release else "acceptance of the DIC guide"


_CONTENTS = (
    ("reasons", "What decided"),
    ("failures", "Failures"),
    ("matrix", "Clauses"),
    ("changes", "Changes"),
    ("places", "Where tested"),
    ("people", "Waivers and evidence"),
    ("integrity", "Digest"),
    ("approval", "Approval"),
)


def _header(signoff: SignOff) -> str:
    wanted = {"failures": bool(signoff.failures), "changes": signoff.changes is not None}
    entries = "".join(f'<li><a href="#{a}">{text(t)}</a></li>' for a, t in _CONTENTS if wanted.get(a, True))
    title = _title(signoff)
    boards = f" · board {text(', '.join(signoff.boards))}" if signoff.boards else ""
    return (
        f'<header><p class="eyebrow">Release sign-off</p><h1>{text(title[0].upper() + title[1:])}</h1>'
        f'<p class="soft">Guide edition {text(signoff.edition)}{boards} · drawn up {day(signoff.created)}</p>'
        f'<nav aria-label="Contents"><ul>{entries}</ul></nav></header>'
    )


def _verdict(signoff: SignOff) -> str:
    word, decision = signoff.decision.verdict.value, signoff.decision
    count = len(decision.reasons[0].items) if decision.reasons else 0
    more = f' <span class="soft">({count} in all)</span>' if count > 1 else ""
    return (
        f'<div class="verdict {tone(word)}" id="verdict"><div class="sign" aria-hidden="true">{sign(word)}</div>'
        f'<p class="word">{text(word)}</p><p class="why">{text(decision.sentence())}{more}</p></div>'
    )


def _summary(signoff: SignOff) -> str:
    cards = "".join(_card(signoff, one) for one in signoff.axes)
    counts = [run.counts for run in signoff.runs]
    outcomes = Counter(one.outcome for run in signoff.runs for one in run.scenarios)
    numbers = [
        ("planned", sum(one.planned for one in counts)),
        ("executed", sum(one.executed for one in counts)),
        ("reported", sum(one.reported for one in counts)),
        *((one.value, outcomes[one]) for one in Outcome if outcomes[one]),
    ]
    told = "".join(f"<div><dt>{text(name)}</dt><dd>{number:,}</dd></div>" for name, number in numbers)
    results = Counter(row.result for row in signoff.rows)
    shown = [one for one in Result if results[one]]
    bar = "".join(f'<span class="{tone(one.value)}" style="flex:{results[one]}"></span>' for one in shown)
    legend = "".join(f"<li>{badge(one.value, f'{results[one]} {one.value}')}</li>" for one in shown)
    body = (
        f'<dl class="numbers">{told}</dl><p class="soft small">{len(signoff.rows)} clauses of the guide</p>'
        f'<div class="bar" aria-hidden="true">{bar}</div><ul class="legend">{legend}</ul>'
    )
    return f'<div class="cards">{cards}</div>{section("Scenarios and clauses in numbers", body, "numbers")}'


def _card(signoff: SignOff, axis: AxisVerdict) -> str:
    outcome, sentence = axis.outcome.value, axis.sentence() or "not judged in these runs"
    failed = sum(one.outcome is Outcome.FAILED for _, one in signoff.failures)
    if axis.axis is Axis.GUIDE and failed:
        outcome, sentence = "FAIL", f"{failed} scenario{'s' if failed > 1 else ''} failed; {sentence}"
    return (
        f'<div class="card"><div class="head"><span>{text(axis.axis.value.capitalize())}</span>{badge(outcome)}</div>'
        f'<p class="soft small">{text(_AXIS_TEXT[axis.axis])}</p><p class="small">{text(sentence)}</p></div>'
    )


def _reasons(signoff: SignOff) -> str:
    told = [
        f"<li><div>{badge(one.rule.verdict.value)}</div><div><strong>{text(one.rule.text)}</strong> "
        f'<span class="soft small">rule <code>{one.rule.id}</code></span>'
        f"{items(text(uncoloured(item)) for item in one.items)}</div></li>"
        for one in signoff.decision.reasons
    ]
    if not told:
        told = [
            f"<li><div>{badge(Verdict.GO.value)}</div><div><strong>{text(signoff.decision.sentence())}</strong></div></li>"
        ]
    note = '<p class="soft small">NO-GO outranks INCOMPLETE, INCOMPLETE outranks REHEARSED; GO is what is left.</p>'
    return section("What decided", f'<ol class="reasons">{"".join(told)}</ol>{note}', "reasons")


def _failures(signoff: SignOff, allure: str) -> str:
    if not signoff.failures:
        return ""
    told = "".join(_failure(signoff.runs[n].label, one, report_of(n, allure)) for n, one in signoff.failures)
    return section("Scenarios that did not pass", told, "failures")


def _failure(run: str, scenario: Scenario, allure: str) -> str:
    words = {"passed": "passed", "failed": "failed", "broken": "broken", "skipped": "skipped"}
    steps = "".join(
        f'<li class="{f"now {tone(words[one.status])}" if one.status in ("failed", "broken") else ""}">'
        f'<span aria-hidden="true">{sign(words.get(one.status, ""))}</span> {text(one.text)}'
        f"{' <em>(this step)</em>' if one.status in ('failed', 'broken') else _not_reached(one.status)}</li>"
        for one in scenario.steps
    )
    classes = "failure" if scenario.outcome in (Outcome.FAILED, Outcome.MISSING) else "failure w"
    clauses = " ".join(f'<a href="#{text(one)}"><code>{text(one)}</code></a>' for one in scenario.clauses)
    return (
        f'<article class="{classes}"><h3>{badge(scenario.outcome.value)}<span>'
        f"{link(scenario.uuid, scenario.name, allure)}</span></h3>"
        f'<p class="soft small">{clauses} {text(scenario.feature)} · {text(scenario.place)} · {text(run)}</p>'
        f"{f'<ol class=steps>{steps}</ol>' if steps else ''}{_message(uncoloured(scenario.message))}"
        "</article>"
    )


def _message(message: str) -> str:
    """The message, a long one folded behind its beginning."""
    if len(message) <= SHOWN_AT_ONCE:
        return f'<div class="message">{text(message)}</div>' if message else ""
    cut = message[:MAX_MESSAGE] + (" …" if len(message) > MAX_MESSAGE else "")
    return (
        f'<div class="message">{text(message[:SHOWN_AT_ONCE])} …</div>'
        f'<details><summary>The whole message</summary><div class="message">{text(cut)}</div></details>'
    )


def _not_reached(status: str) -> str:
    return ' <span class="soft">(not reached)</span>' if status == "skipped" else ""


def _approval() -> str:
    rows = "".join(
        f'<tr role="row"><th scope="row" role="rowheader">{role}</th>'
        + "".join(f'<td role="cell" data-label="{one}">&nbsp;</td>' for one in ("Name", "Date", "Signature"))
        + "</tr>"
        for role in ("Test lead", "Product owner", "Release manager")
    )
    head = "".join(f'<th scope="col" role="columnheader">{one}</th>' for one in ("Role", "Name", "Date", "Signature"))
    body = (
        f'<table class="stack sign-here" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )
    return section("Approval", body, "approval", "approval")


def _footer(signoff: SignOff) -> str:
    versions = next((run.versions for run in signoff.runs if run.versions), {})
    newest = max((run.stopped for run in signoff.runs), default=signoff.created)
    pairs = [
        ("Made by", text(f"dicfix {versions.get('dicfix', '')}".strip())),
        ("Last run", age(newest, signoff.created)),
        ("Digest", f"<code>{signoff.digest}</code>"),
    ]
    return f"<footer>{facts(pairs)}</footer>"
