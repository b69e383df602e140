"""Clause by clause, in the guide's order: which scenarios and controls answered, with what result and what evidence.

Belongs here: the rows of the matrix. May import the runs, the controls and the guide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum

from dicfix.audit.evidence import Evidence as Piece
from dicfix.audit.evidence import is_closed
from dicfix.audit.identity import Entry
from dicfix.controls import Control, controls_of
from dicfix.findings import Axis, Evidence, Status
from dicfix.guide import Clause, clauses_of
from dicfix.reports.runs import Outcome, Run, Scenario

BOARD_CLAUSES = frozenset({"E2E-1", "E2E-2", "E2E-3", "OTA-15.2"})
"""The clauses that only a real board can prove."""

LEVELS = (Evidence.SIMULATED, Evidence.AWS, Evidence.BOARD)
"""Weakest first."""


class Result(Enum):
    """What a clause comes to, worst first."""

    FAIL = "FAIL"
    UNREADABLE = "UNREADABLE"
    NOT_TESTED = "NOT TESTED"
    SKIPPED = "SKIPPED"
    MANUAL = "MANUAL"
    WAIVED = "WAIVED"
    PASS = "PASS"  # noqa: S105
    NOT_APPLICABLE = "NOT APPLICABLE"


SETTLED = frozenset({Result.PASS, Result.WAIVED, Result.NOT_APPLICABLE})
"""The results that block nothing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where and when something was seen; ``by`` is the person who recorded it, empty for a run."""

    level: Evidence
    when: datetime
    run: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A control of the guide axis and the worst that it said; None when it was not judged."""

    control: Control
    status: Status | None


@dataclass(frozen=True, slots=True)
class Row:
    """One clause. ``scenarios`` come with the number of their run; ``seen`` is the best evidence, None without any."""

    clause: Clause
    result: Result
    scenarios: tuple[tuple[int, Scenario], ...]
    controls: tuple[Judged, ...]
    seen: Seen | None
    note: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the row stands in the way of a GO by itself."""
        return self.result not in SETTLED


def rows_of(
    edition: str, runs: Sequence[Run], pieces: Iterable[Piece], now: datetime, max_age: timedelta
) -> tuple[Row, ...]:
    """A row for each clause of the edition; ``pieces`` is the evidence that persons recorded."""
    scenarios: dict[str, list[tuple[int, Scenario]]] = defaultdict(list)
    for number, run in enumerate(runs):
        for scenario in run.scenarios:
            for clause_id in scenario.clauses:
                scenarios[clause_id].append((number, scenario))
    entries: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    for number, run in enumerate(runs):
        for entry in run.entries:
            entries[entry.control].append((number, entry))
    valid = {one.subject: one for one in pieces if not one.trouble}
    maker = _Maker(runs, entries, valid, now, max_age)
    return tuple(maker.row(one, scenarios[one.id]) for one in clauses_of(edition))


@dataclass(frozen=True, slots=True)
class _Maker:
    runs: Sequence[Run]
    entries: Mapping[str, list[tuple[int, Entry]]]
    valid: Mapping[str, Piece]
    now: datetime
    max_age: timedelta

    def row(self, clause: Clause, scenarios: list[tuple[int, Scenario]]) -> Row:
        controls = [one for one in controls_of(clause.id) if one.axis is Axis.GUIDE]
        found = [pair for one in controls for pair in self.entries.get(one.id, ())]
        result = self._result(clause, [one for _, one in scenarios], found)
        seen = self._seen(clause, scenarios, found, result)
        judged = tuple(Judged(one, self._worst(one.id)) for one in controls)
        return Row(clause, result, tuple(scenarios), judged, seen, _note(result, scenarios, found))

    def _worst(self, control_id: str) -> Status | None:
        order = (Status.FAIL, Status.UNREADABLE, Status.MANUAL, Status.WAIVED, Status.PASS, Status.NOT_APPLICABLE)
        present = {entry.status for _, entry in self.entries.get(control_id, ())}
        return next((one for one in order if one in present), None)

    def _result(self, clause: Clause, scenarios: list[Scenario], found: list[tuple[int, Entry]]) -> Result:
        entries = [one for _, one in found]
        outcomes, statuses = {one.outcome for one in scenarios}, {one.status for one in entries}
        # An audit finds NOT_APPLICABLE what it cannot see: that says nothing of the clause.
        onboarding = {one.status for number, one in found if self.runs[number].mode != "audit"}
        open_manual = any(one.status is Status.MANUAL and not is_closed(one) for one in entries)
        closed = any(is_closed(one) for one in entries) or self._by_person(clause) is not None
        passed = Outcome.PASSED in outcomes or Status.PASS in statuses
        rules = (
            (Outcome.FAILED in outcomes or Status.FAIL in statuses, Result.FAIL),
            (bool({Outcome.BROKEN, Outcome.CRASHED, Outcome.MISSING} & outcomes), Result.UNREADABLE),
            (Status.UNREADABLE in statuses, Result.UNREADABLE),
            (open_manual and not (clause.id in BOARD_CLAUSES and closed), Result.MANUAL),
            (Outcome.ACCEPTED in outcomes or Status.WAIVED in statuses, Result.WAIVED),
            (passed or closed, Result.PASS),
            (Outcome.NOT_APPLICABLE in outcomes, Result.NOT_APPLICABLE),
            (bool(outcomes), Result.SKIPPED),
            (Status.NOT_APPLICABLE in onboarding, Result.NOT_APPLICABLE),
        )
        return next((result for holds, result in rules if holds), Result.NOT_TESTED)

    def _by_person(self, clause: Clause, entries: Iterable[Entry] = ()) -> Piece | None:
        """The evidence that a person gave of a board, or of what only a person can see; it replaces no test."""
        wanted = clause.id in BOARD_CLAUSES or any(is_closed(one) for one in entries)
        return self.valid.get(clause.id) if wanted else None

    def _seen(
        self,
        clause: Clause,
        scenarios: list[tuple[int, Scenario]],
        entries: list[tuple[int, Entry]],
        result: Result,
    ) -> Seen | None:
        good = (Outcome.PASSED, Outcome.ACCEPTED, Outcome.NOT_APPLICABLE)
        fine = (Status.PASS, Status.WAIVED)
        found = [self._of_run(number, one) for number, one in scenarios if one.outcome in good]
        audits = {number for number, one in entries if one.status in fine and self.runs[number].kind == "audit"}
        found += [self._of_run(number, None) for number in sorted(audits)]
        if piece := self._by_person(clause, [one for _, one in entries]):
            when = datetime.combine(piece.when, time(), self.now.tzinfo)
            level = Evidence.BOARD if clause.id in BOARD_CLAUSES else Evidence.AWS
            found.append(Seen(level, when, piece.file, piece.who))
        if not found or result in (Result.NOT_TESTED, Result.SKIPPED):
            return None
        fresh = [one for one in found if self.now - one.when <= self.max_age]
        return max(fresh or found, key=lambda one: (LEVELS.index(one.level), one.when))

    def _of_run(self, number: int, scenario: Scenario | None) -> Seen:
        run = self.runs[number]
        return Seen(run.level_of(scenario) if scenario else run.evidence, run.stopped, run.label)


def _note(result: Result, scenarios: list[tuple[int, Scenario]], entries: list[tuple[int, Entry]]) -> str:
    """Why the row is what it is, where that is not plain."""
    if result is Result.NOT_TESTED:
        return "no scenario and no control of these runs answers for it"
    if result is Result.SKIPPED:
        return next((one.message for _, one in scenarios if one.message), "skipped")
    wanted = {Result.WAIVED: Status.WAIVED, Result.MANUAL: Status.MANUAL, Result.NOT_APPLICABLE: Status.NOT_APPLICABLE}
    if result in wanted:
        of_it = [one for _, one in entries if one.status is wanted[result]]
        return next((one.note or one.observed for one in of_it), "")
    return ""
