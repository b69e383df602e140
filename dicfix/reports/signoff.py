"""A sign-off: several runs, waivers and evidence put together, judged, and compared with the last signed release.

Belongs here: the order of the parts; the page, its twin and a frozen release are made from what this gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from dicfix.audit import evidence as pieces_of
from dicfix.audit import waivers as waivers_of
from dicfix.audit.evidence import Evidence as Piece
from dicfix.audit.evidence import EvidenceReport
from dicfix.audit.identity import Entry, safe, uid_of
from dicfix.audit.verdict import AxisVerdict, judge, thresholds
from dicfix.audit.waivers import Waiver, WaiverReport
from dicfix.errors import UsageError
from dicfix.findings import Status
from dicfix.reports.changes import Changes, changes_since, last_record
from dicfix.reports.digest import digest_of, sums_of_runs
from dicfix.reports.gather import read_audit, read_run
from dicfix.reports.matrix import BOARD_CLAUSES, LEVELS, Row, rows_of
from dicfix.reports.runs import Outcome, Run, Scenario
from dicfix.reports.verdict import MAX_AGE_DAYS, Case, Decision, decide


@dataclass(frozen=True, slots=True)
class Choices:
    """What a sign-off is made of: folders of runs, findings.jsonl of audits, and the files that people wrote.

    ``boards`` are the boards that the release names, ``reports`` where earlier releases lie.
    """

    runs: tuple[Path, ...]
    audits: tuple[Path, ...] = ()
    waivers: Path | None = None
    evidence: Path | None = None
    boards: tuple[str, ...] = ()
    release: str = ""
    max_age_days: int = MAX_AGE_DAYS
    reports: Path = Path("reports")


@dataclass(frozen=True, slots=True)
class SignOff:
    """Everything that the page tells. ``digest`` stands for every file of every run."""

    release: str
    created: datetime
    edition: str
    guide_sha256: str
    boards: tuple[str, ...]
    max_age_days: int
    runs: tuple[Run, ...]
    rows: tuple[Row, ...]
    decision: Decision
    axes: tuple[AxisVerdict, ...]
    waivers: WaiverReport
    pieces: tuple[Piece, ...]
    evidence_doubts: tuple[str, ...]
    deviations: tuple[Entry, ...]
    changes: Changes | None
    sums: str
    digest: str

    @property
    def failures(self) -> tuple[tuple[int, Scenario], ...]:
        """The scenarios that did not pass, with the number of their run, worst first."""
        order = (Outcome.FAILED, Outcome.MISSING, Outcome.CRASHED, Outcome.BROKEN, Outcome.ACCEPTED)
        found = [(n, one) for n, run in enumerate(self.runs) for one in run.scenarios if one.outcome in order]
        return tuple(sorted(found, key=lambda pair: order.index(pair[1].outcome)))

    @property
    def beyond_guide(self) -> tuple[tuple[int, Scenario], ...]:
        """The scenarios that answer for no clause, with the number of their run."""
        return tuple((n, one) for n, run in enumerate(self.runs) for one in run.scenarios if not one.clauses)


def sign_off(choices: Choices, now: datetime) -> SignOff:
    """Read, apply waivers and evidence, judge; raises UsageError for what cannot be one sign-off."""
    runs = _read(choices)
    edition = runs[0].edition
    waivers, pieces = _by_people(choices, now)
    runs, waived, closed = _applied(runs, waivers, pieces, now)
    runs = _seen_by_performing(runs)
    boards = tuple(dict.fromkeys((*choices.boards, *(board for run in runs for board in run.boards))))
    max_age = timedelta(days=choices.max_age_days)
    rows = rows_of(edition, runs, pieces, now, max_age)
    record, lines = last_record(choices.reports), sums_of_runs(runs)
    return SignOff(
        release=choices.release,
        created=now,
        edition=edition,
        guide_sha256=next((one.guide_sha256 for one in runs if one.guide_sha256), ""),
        boards=boards,
        max_age_days=choices.max_age_days,
        runs=runs,
        rows=rows,
        decision=decide(Case(runs, rows, waived.doubts, boards, now, max_age)),
        axes=_axes(runs, boards),
        waivers=waived,
        pieces=pieces,
        evidence_doubts=_doubts(closed, pieces),
        deviations=tuple(_deviations(runs)),
        changes=changes_since(record, rows) if record else None,
        sums=lines,
        digest=digest_of(lines),
    )


def _by_people(choices: Choices, now: datetime) -> tuple[tuple[Waiver, ...], tuple[Piece, ...]]:
    """Waivers and evidence; what people wrote there leaves the house without keys and paths of their machines."""
    waivers = waivers_of.read_waivers(choices.waivers, now.date()) if choices.waivers else ()
    pieces = pieces_of.read_evidence(choices.evidence, now.date()) if choices.evidence else ()
    shown = (replace(one, justification=safe(one.justification), approver=safe(one.approver)) for one in waivers)
    return tuple(shown), tuple(replace(one, who=safe(one.who)) for one in pieces)


def _read(choices: Choices) -> tuple[Run, ...]:
    if not choices.runs and not choices.audits:
        raise UsageError(
            "no run is named", expected="at least one folder with run.json", remedy="name one with --run or --audit"
        )
    runs = (*(read_run(one) for one in choices.runs), *(read_audit(one) for one in choices.audits))
    editions = dict.fromkeys(one.edition for one in runs)
    if len(editions) > 1:
        raise UsageError(
            f"the runs are of the editions {', '.join(editions)}",
            expected="runs of one edition of the guide",
            remedy="make one report for each edition",
        )
    return _distinct(runs)


def _distinct(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs with labels that differ."""
    labels = [one.label for one in runs]
    named = [
        replace(one, label=f"{one.label} ({labels[: n + 1].count(one.label)})") if labels.count(one.label) > 1 else one
        for n, one in enumerate(runs)
    ]
    return tuple(named)


def _applied(
    runs: Sequence[Run], waivers: tuple[Waiver, ...], pieces: tuple[Piece, ...], now: datetime
) -> tuple[tuple[Run, ...], WaiverReport, EvidenceReport]:
    """The runs after waivers and evidence, which look at all of them together."""
    together = tuple(entry for run in runs for entry in run.entries)
    judged, waived = waivers_of.apply(together, waivers, now.date())
    judged, closed = pieces_of.apply(judged, pieces or None)
    applied, at = [], 0
    for run in runs:
        entries = judged[at : at + len(run.entries)]
        at += len(entries)
        applied.append(replace(run, entries=entries, scenarios=_scenarios(run, entries)))
    return tuple(applied), waived, closed


def _seen_by_performing(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs, where an audit leaves nothing to a person that a run with as good evidence performed and saw."""
    performing = sorted((one for one in runs if one.mode != "audit"), key=_worth)
    entries = [(one, run) for run in performing for one in run.entries]
    doubtful = {one.control for one, _ in entries if one.status not in (Status.PASS, Status.NOT_APPLICABLE)}
    seen = {one.control: run for one, run in entries if one.status is Status.PASS and one.control not in doubtful}
    return tuple(replace(run, entries=tuple(_seen(run, one, seen) for one in run.entries)) for run in runs)


def _seen(run: Run, entry: Entry, seen: Mapping[str, Run]) -> Entry:
    by = seen.get(entry.control)
    left = run.mode == "audit" and entry.status is Status.MANUAL and not pieces_of.is_closed(entry)
    if by is None or not left or _worth(by) < _worth(run):
        return entry
    return replace(entry, status=Status.NOT_APPLICABLE, note=f"seen in another run: {by.label}")


def _worth(run: Run) -> int:
    return LEVELS.index(run.evidence)


def _scenarios(run: Run, entries: Sequence[Entry]) -> tuple[Scenario, ...]:
    by_uid = {one.uid: one for one in entries}
    return tuple(_scenario(run, one, by_uid) for one in run.scenarios)


def _scenario(run: Run, scenario: Scenario, by_uid: dict[str, Entry]) -> Scenario:
    """The scenario, accepted where all that failed in it is waived, done where its evidence is given."""
    found = [by_uid[uid_of(one.control, *_where(run), safe(one.resource))] for one in scenario.findings]
    if scenario.outcome is Outcome.FAILED and _is_waived(scenario, found):
        return replace(scenario, outcome=Outcome.ACCEPTED)
    if scenario.outcome is Outcome.MANUAL:
        manual = [one for one in found if one.status is Status.MANUAL]
        return replace(scenario, outcome=Outcome.PASSED) if all(map(pieces_of.is_closed, manual)) else scenario
    return scenario


def _where(run: Run) -> tuple[str, str]:
    return run.place.account, run.place.region


def _is_waived(scenario: Scenario, found: Sequence[Entry]) -> bool:
    """Whether findings alone failed the scenario, and each of them is waived."""
    by_findings = "FindingFailed" in scenario.message or "WAIVED: " in scenario.message
    failed = [entry for entry, one in zip(found, scenario.findings, strict=True) if one.status is Status.FAIL]
    return by_findings and bool(failed) and all(one.status is Status.WAIVED for one in failed)


def _axes(runs: Sequence[Run], boards: Sequence[str]) -> tuple[AxisVerdict, ...]:
    entries = [entry for run in runs for entry in run.entries]
    levels = thresholds(f"fit={'low' if boards else 'never'}")
    return judge(entries, levels, {one.axis for one in entries}, evidence_asked=True).axes


def _doubts(closed: EvidenceReport, pieces: Sequence[Piece]) -> tuple[str, ...]:
    """What is to be said of the evidence; for a board's clauses it counts although no finding is MANUAL."""
    of_boards = {one.name for one in pieces if one.subject in BOARD_CLAUSES and not one.trouble}
    return tuple(one for one in closed.doubts if one.partition(": ")[0] not in of_boards)


def _deviations(runs: Sequence[Run]) -> list[Entry]:
    """Every recorded deviation once."""
    found = {(one.control, one.deviation): one for run in runs for one in run.entries if one.deviation}
    return list(found.values())
