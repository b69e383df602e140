"""GO, REHEARSED, INCOMPLETE or NO-GO, and the rules that decided, worst first.

Belongs here: the rules of a sign-off, each as one entry of RULES. May import the matrix and the runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from dicfix.audit.evidence import is_closed
from dicfix.audit.identity import Entry
from dicfix.audit.waivers import Doubt, Trouble
from dicfix.findings import Axis, Evidence, Status
from dicfix.reports.guide_identity import edition_sha256
from dicfix.reports.matrix import BOARD_CLAUSES, Result, Row
from dicfix.reports.runs import Outcome, Run, Scenario

MAX_AGE_DAYS = 30
"""How old evidence for a GO may be, unless the sign-off says otherwise."""


class Verdict(Enum):
    """What a sign-off comes to, worst first."""

    NO_GO = "NO-GO"
    INCOMPLETE = "INCOMPLETE"
    REHEARSED = "REHEARSED"
    GO = "GO"


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that the rules look at; ``boards`` are those that the release names."""

    runs: tuple[Run, ...]
    rows: tuple[Row, ...]
    doubts: tuple[Doubt, ...]
    boards: tuple[str, ...]
    now: datetime
    max_age: timedelta = timedelta(days=MAX_AGE_DAYS)

    @property
    def scenarios(self) -> Iterable[Scenario]:
        """Every scenario of every run."""
        return (one for run in self.runs for one in run.scenarios)

    @property
    def entries(self) -> Iterable[Entry]:
        """Every finding of every run."""
        return (one for run in self.runs for one in run.entries)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where ``applies`` gives anything, the verdict is no better than ``verdict``."""

    id: str
    verdict: Verdict
    text: str
    applies: Callable[[Case], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that applied, and to what."""

    rule: Rule
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict and every rule that applied, worst first; the first one decided."""

    verdict: Verdict
    reasons: tuple[Reason, ...]

    def sentence(self) -> str:
        """The rule that decided, in words."""
        if not self.reasons:
            return "Every clause is proven on AWS, in time, and with a board where one is needed."
        return self.reasons[0].rule.text


def decide(case: Case) -> Decision:
    """Apply every rule; GO is what is left when none applies."""
    found = (Reason(rule, tuple(dict.fromkeys(rule.applies(case)))) for rule in RULES)
    reasons = sorted((one for one in found if one.items), key=lambda one: _ORDER.index(one.rule.verdict))
    return Decision(reasons[0].rule.verdict if reasons else Verdict.GO, tuple(reasons))


_ORDER = tuple(Verdict)


def _findings(axis: Axis, *statuses: Status) -> Callable[[Case], Iterable[str]]:
    return lambda case: (
        f"{one.control} {one.title}: {one.resource}"
        for one in case.entries
        if one.axis is axis and one.status in statuses
    )


def _ended(*outcomes: Outcome) -> Callable[[Case], Iterable[str]]:
    return lambda case: (_named(one) for one in case.scenarios if one.outcome in outcomes)


def _named(scenario: Scenario) -> str:
    clauses = f"{', '.join(scenario.clauses)}: " if scenario.clauses else ""
    return f"{clauses}{scenario.name}"


def _fit_failures(case: Case) -> Iterable[str]:
    return _findings(Axis.FIT, Status.FAIL)(case) if case.boards else ()


def _expired(case: Case) -> Iterable[str]:
    return (one.sentence() for one in case.doubts if one.trouble is Trouble.EXPIRED)


def _sums(case: Case) -> Iterable[str]:
    if not any(run.scenarios for run in case.runs if run.kind == "features"):
        yield "no run of the features has any scenario"
    for run in case.runs:
        yield from (f"{run.label}: {text}" for text in run.wrong)


def _unproven(case: Case) -> Iterable[str]:
    """Scenarios that one run skipped and no other passed; a board's are the business of the evidence rules."""
    settled = (Outcome.PASSED, Outcome.ACCEPTED, Outcome.FAILED, Outcome.NOT_APPLICABLE)
    proven = {one.nodeid for one in case.scenarios if one.outcome in settled}
    for one in case.scenarios:
        if one.outcome is Outcome.SKIPPED and one.nodeid not in proven and "board" not in one.tags:
            yield f"{_named(one)} ({one.message or 'no reason given'})"


def _left_out(case: Case) -> Iterable[str]:
    ran = {name for one in case.scenarios for name in (one.nodeid, one.nodeid.partition("::")[0])}
    for run in case.runs:
        yield from (one for one in run.left_out if one not in ran)


def _untested(case: Case) -> Iterable[str]:
    wanted = (Result.NOT_TESTED, Result.SKIPPED)
    board_only = {row.clause.id for row in case.rows if _only_a_board(row)}
    return (
        f"{one.clause.id} {one.clause.text}"
        for one in case.rows
        if one.result in wanted and one.clause.id not in board_only
    )


def _only_a_board(row: Row) -> bool:
    return bool(row.scenarios) and all("board" in one.tags for _, one in row.scenarios)


def _manual(case: Case) -> Iterable[str]:
    yield from (f"{one.clause.id} {one.clause.text}" for one in case.rows if one.result is Result.MANUAL)


def _fit_unknown(case: Case) -> Iterable[str]:
    if case.boards and not any(one.axis is Axis.FIT for one in case.entries):
        yield f"the release names {', '.join(case.boards)}: dicfix audit judges fit, --audit FILE takes what it found"
    if case.boards:
        yield from _findings(Axis.FIT, Status.UNREADABLE)(case)
        left = (one for one in case.entries if one.axis is Axis.FIT and one.status is Status.MANUAL)
        yield from (f"{one.control} {one.title}: {one.observed}" for one in left if not is_closed(one))


def _editions(case: Case) -> Iterable[str]:
    told = [(one.label, one.guide_sha256) for one in case.runs if one.guide_sha256]
    here = edition_sha256(case.runs[0].edition)
    if {one for _, one in told} - {here}:
        yield ", ".join(f"{label}: {one[:12]}" for label, one in (*told, ("this version", here)))


def _on_aws(case: Case) -> bool:
    return any(run.evidence is not Evidence.SIMULATED for run in case.runs)


def _only_simulated(case: Case) -> Iterable[str]:
    return () if _on_aws(case) else ("no run was made on AWS",)


def _without_aws(case: Case) -> Iterable[str]:
    if _on_aws(case):
        for row in case.rows:
            if not row.blocks and (row.seen is None or row.seen.level is Evidence.SIMULATED):
                yield f"{row.clause.id} {row.clause.text}"


def _too_old(case: Case) -> Iterable[str]:
    for row in case.rows:
        if row.seen and row.seen.level is not Evidence.SIMULATED and case.now - row.seen.when > case.max_age:
            yield f"{row.clause.id}: seen {row.seen.when.date().isoformat()}"


def _without_board(case: Case) -> Iterable[str]:
    if _on_aws(case):
        for row in case.rows:
            board = row.seen is not None and row.seen.level is Evidence.BOARD
            if row.clause.id in BOARD_CLAUSES and not board:
                yield f"{row.clause.id} {row.clause.text}"


_NO, _INC, _REH = Verdict.NO_GO, Verdict.INCOMPLETE, Verdict.REHEARSED
RULES: tuple[Rule, ...] = (
    Rule("guide-scenario", _NO, "A scenario shows that the guide is not met.", _ended(Outcome.FAILED)),
    Rule("guide-fail", _NO, "A control finds that the guide is not met.", _findings(Axis.GUIDE, Status.FAIL)),
    Rule("fit-fail", _NO, "The firmware of a named board cannot live with what was found.", _fit_failures),
    Rule("waiver-expired", _NO, "A waiver has expired.", _expired),
    Rule("sums", _NO, "What was planned, reported and kept does not add up.", _sums),
    Rule("guide-text", _INC, "A run was measured against other clauses of the guide.", _editions),
    Rule("crash", _INC, "A worker crashed or was lost.",
         lambda case: (one for run in case.runs for one in run.crashes)),
    Rule("not-collected", _INC, "A feature file could not be read.",
         lambda case: (one for run in case.runs for one in run.collection_errors)),
    Rule("broken", _INC, "A scenario broke before it could judge.", _ended(Outcome.BROKEN, Outcome.CRASHED)),
    Rule("unreadable", _INC, "Something could not be read.", _findings(Axis.GUIDE, Status.UNREADABLE)),
    Rule("skipped", _INC, "A scenario was skipped, and no other run proves it.", _unproven),
    Rule("left-out", _INC, "Scenarios of the edition were left out by the command line.", _left_out),
    Rule("untested", _INC, "A clause of the guide was not tested.", _untested),
    Rule("manual", _INC, "Only a person can see it, and no valid evidence is given.", _manual),
    Rule("fit-unknown", _INC, "The release names a board, and not all of its fit is judged.", _fit_unknown),
    Rule("aws-missing", _INC, "Some clauses were never proven on AWS.", _without_aws),
    Rule("evidence-old", _INC, "Evidence from AWS is too old.", _too_old),
    Rule("board-missing", _INC, "What only a real board can prove was not proven with one.", _without_board),
    Rule("simulated", _REH, "All of it was rehearsed in the embedded cloud; nothing was seen on AWS.", _only_simulated),
)  # fmt: skip
"""Every rule; within a verdict the first that applies is the one that decided."""
