"""``signoff.html``: one page that a release manager reads, prints and signs; it asks nothing of the network.

Belongs here: the head of the page (verdict, reasons, failures) and its order. May import the sign-off and its markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dicfix.reports.gather import uncoloured
from dicfix.reports.markup import age, badge, day, facts, items, link, report_of, section, sign, text, tone
from dicfix.reports.matrix import Result
from dicfix.reports.page_findings import axis_card, findings
from dicfix.reports.page_parts import beyond_guide, changes, deviations, integrity, matrix, people, places
from dicfix.reports.page_style import STYLE
from dicfix.reports.runs import Outcome, Scenario
from dicfix.reports.signoff import SignOff
from dicfix.reports.verdict import Verdict

SHOWN_AT_ONCE = 600
"""How many characters of a failure's message are shown unfolded."""
LINES_AT_ONCE = 12
"""How many of its lines are."""
MAX_MESSAGE = 4000
"""How many are shown at all; the result file has the rest."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture for the page: ``svg`` is its markup, with a title of its own for those who cannot see it."""

    title: str
    svg: str


def page_of(
    signoff: SignOff, *, allure: Sequence[str] = (), figures: Sequence[Figure] = (), charts: Sequence[Figure] = ()
) -> str:
    """The whole page; ``allure`` are the addresses of the Allure reports beside it, run by run, empty for none.

    ``figures`` come before the clauses, ``charts`` after what was found.
    """
    parts = (
        _summary(signoff),
        _reasons(signoff),
        _failures(signoff, allure),
        *(_figure(one, f"figure-{number}", folded=number > 1) for number, one in enumerate(figures, 1)),
        matrix(signoff, allure),
        beyond_guide(signoff, allure),
        findings(signoff),
        *(_figure(one, f"chart-{number}") for number, one in enumerate(charts, 1)),
        changes(signoff),
        places(signoff, allure),
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
        f'<a class="skip" href="#reasons">Skip to what decided</a>{_header(signoff, allure, bool(charts))}'
        f"<main>{_verdict(signoff)}{''.join(parts)}</main>{_footer(signoff)}</body></html>\n"
    )


def _title(signoff: SignOff) -> str:
    return f"release {signoff.release}" if signoff.release else "acceptance of the DIC guide"


_CONTENTS = (
    ("reasons", "What decided"),
    ("failures", "Failures"),
    ("matrix", "Clauses"),
    ("findings", "Open findings"),
    ("chart-1", "Charts"),
    ("changes", "Changes"),
    ("places", "Where tested"),
    ("people", "Waivers and evidence"),
    ("integrity", "Digest"),
    ("approval", "Approval"),
)


def _figure(figure: Figure, anchor: str, *, folded: bool = False) -> str:
    """A picture under its heading. What it defines gets names of its own, as several stand on one page."""
    svg = figure.svg.replace('id="dicfix-', f'id="{anchor}-').replace("url(#dicfix-", f"url(#{anchor}-")
    hint = '<p class="soft small wider noprint">Wider than the screen: move it sideways.</p>'
    body = f'{hint}<div class="figure" role="region" aria-label="{text(figure.title)}" tabindex="0">{svg}</div>'
    return section(figure.title, f"<details><summary>Show it</summary>{body}</details>" if folded else body, anchor)


def _header(signoff: SignOff, allure: Sequence[str], charted: bool) -> str:
    wanted = {
        "failures": bool(signoff.failures),
        "changes": signoff.changes is not None,
        "findings": any(one.open for run in signoff.runs for one in run.entries),
        "chart-1": charted,
    }
    entries = "".join(f'<li><a href="#{a}">{text(t)}</a></li>' for a, t in _CONTENTS if wanted.get(a, True))
    named = ((signoff.runs[number].label, address) for number, address in enumerate(allure) if address)
    several = sum(map(bool, allure)) > 1
    entries += "".join(
        f'<li><a href="{text(address)}">Allure report{text(f" ({label})" if several else "")}</a></li>'
        for label, address in named
    )
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
    cards = "".join(axis_card(signoff, one) for one in signoff.axes)
    counts = [run.counts for run in signoff.runs]
    files_out = len({one for run in signoff.runs for one in run.left_out if "::" not in one})
    outcomes = Counter(one.outcome for run in signoff.runs for one in run.scenarios)
    numbers = [
        ("planned", sum(one.planned for one in counts)),
        ("executed", sum(one.executed for one in counts)),
        ("reported", sum(one.reported for one in counts)),
        *([("feature files left out", files_out)] if files_out else []),
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
        f"{_not_run(signoff)}"
    )
    return f'<div class="cards">{cards}</div>{section("Scenarios and clauses in numbers", body, "numbers")}'


def _not_run(signoff: SignOff) -> str:
    """The scenarios that judged nothing, each with its reason."""
    idle = (Outcome.SKIPPED, Outcome.MANUAL, Outcome.NOT_APPLICABLE)
    lines = [
        f"{badge(one.outcome.value)} {text(one.name)}"
        f' <span class="soft small">{text(run.label)}: {text(uncoloured(one.message) or "no reason given")}</span>'
        for run in signoff.runs
        for one in run.scenarios
        if one.outcome in idle
    ]
    if not lines:
        return ""
    title = f"{len(lines)} scenario{'s' if len(lines) > 1 else ''} without a judgement, and why"
    return f"<details><summary>{title}</summary>{items(lines)}</details>"


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


def _failures(signoff: SignOff, allure: Sequence[str]) -> str:
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
    beginning = "\n".join(message[:SHOWN_AT_ONCE].splitlines()[:LINES_AT_ONCE])
    if beginning == message:
        return f'<div class="message">{text(message)}</div>' if message else ""
    cut = message[:MAX_MESSAGE] + (" …" if len(message) > MAX_MESSAGE else "")
    return (
        f'<div class="message">{text(beginning)} …</div>'
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
