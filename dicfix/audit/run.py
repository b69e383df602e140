"""One audit: the controls over an inventory, the findings with what waivers, evidence and the run before say of them.

Belongs here: the order of the parts. Reading the account is handed in as an inventory with what it took (``Effort``).
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dicfix.audit import evidence as evidence_of
from dicfix.audit import waivers as waivers_of
from dicfix.audit.compare import Comparison, Run, compare, remembered
from dicfix.audit.evidence import Evidence, EvidenceReport
from dicfix.audit.identity import Entry, Place, arns_of, entries_of, since
from dicfix.audit.verdict import Verdict, judge, thresholds
from dicfix.audit.waivers import Waiver, WaiverReport
from dicfix.controls import CONTROLS, Control, run_control
from dicfix.errors import GuardRefused, UsageError
from dicfix.findings import Axis, Finding
from dicfix.records import Inventory, Unread
from dicfix.settings import Settings


@dataclass(frozen=True, slots=True)
class Effort:
    """What reading took: calls by operation, throttled ones, seconds; ``lines`` tell of freshness and coverage."""

    calls: Mapping[str, int] = field(default_factory=dict)
    throttles: int = 0
    seconds: float = 0.0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One account and Region as it was read: the settings name its devices, ``started`` is when reading began."""

    settings: Settings
    inventory: Inventory
    started: datetime
    effort: Effort = Effort()


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose beside the settings; ``evidence`` None means that no file was named.

    ``measured_against`` is the name of the file that says what is expected, ``read_from`` what was read, in words.
    """

    axes: tuple[Axis, ...] = tuple(Axis)
    fail_on: Mapping[Axis, str] = field(default_factory=thresholds)
    waivers: tuple[Waiver, ...] = ()
    evidence: tuple[Evidence, ...] | None = None
    measured_against: str = "dic.toml"
    read_from: str = "an account"


@dataclass(frozen=True, slots=True)
class AuditResult:
    """Everything that the outputs tell; times are timezone-aware, ``gone`` is remembered from earlier runs."""

    place: Place
    read_from: str
    edition: str
    started: datetime
    finished: datetime
    entries: tuple[Entry, ...]
    gone: tuple[Entry, ...]
    verdict: Verdict
    waivers: WaiverReport
    evidence: EvidenceReport
    comparison: Comparison | None
    effort: Effort
    measured_against: str = "dic.toml"

    def as_run(self) -> Run:
        """This run as a later one will see it."""
        return Run(stamp(self.started), self.place.account, self.place.region, self.edition, self.entries, self.gone)


def stamp(moment: datetime) -> str:
    """ISO 8601 to the second, in UTC."""
    return (moment - (moment.utcoffset() or timedelta())).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def chosen_controls(axes: Iterable[Axis] = tuple(Axis)) -> tuple[Control, ...]:
    """The controls of these axes in catalogue order; UsageError for none: nothing judged is never green."""
    wanted = set(axes)
    found = tuple(one for one in CONTROLS.values() if one.axis in wanted)
    if not found:
        raise UsageError("no control is chosen", expected="at least one axis", remedy="name an axis")
    return found


def needs_of(controls: Iterable[Control]) -> tuple[str, ...]:
    """The parts of an inventory that these controls judge."""
    return tuple(dict.fromkeys(need for one in controls for need in one.needs))


def run_controls(
    inventory: Inventory, settings: Settings, now: datetime, axes: Iterable[Axis] = tuple(Axis)
) -> tuple[Finding, ...]:
    """The findings of every control of these axes, judged as in an audit."""
    auditing = replace(settings, mode="audit")
    memo: dict[str, Any] = {}
    with _nothing_collected():
        found = (run_control(one.id, inventory, auditing, now, memo) for one in chosen_controls(axes))
        return tuple(finding for findings in found for finding in findings)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """No search for garbage meanwhile: every finding of a fleet is kept, and the search takes a sixth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def place_of(inventory: Inventory, settings: Settings) -> Place:
    """Whose account it is; raises GuardRefused when nobody knows, or when it is not the one that was named."""
    caller = inventory.caller
    if isinstance(caller, Unread):
        raise GuardRefused(
            f"it cannot be known whose account this is: {caller.error().observed}",
            expected="an answer to sts:GetCallerIdentity",
        )
    if settings.account and caller.account != settings.account:
        raise GuardRefused(
            f"what was read is of account {caller.account}",
            expected=f"account {settings.account}, which this run is meant for",
            remedy="name the other account with --account, or take its inventory",
        )
    return Place(caller.account, caller.region, caller.arn)


def audit(reading: Reading, choices: Choices, *, finished: datetime, before: Run | None = None) -> AuditResult:
    """Judge what was read. Raises GuardRefused for the wrong account and UsageError for an unfit run before."""
    inventory, settings, started = reading.inventory, reading.settings, reading.started
    place, now = place_of(inventory, settings), stamp(started)
    findings = run_controls(inventory, settings, started, choices.axes)
    entries = since(entries_of(findings, place, arns_of(inventory), now), before.by_uid() if before else {})
    entries, waived = waivers_of.apply(entries, choices.waivers, started.date())
    entries, closed = evidence_of.apply(entries, choices.evidence)
    run = Run(now, place.account, place.region, settings.edition, entries)
    return AuditResult(
        place,
        choices.read_from,
        settings.edition,
        started,
        finished,
        entries,
        remembered(before, entries, now),
        judge(entries, choices.fail_on, choices.axes, evidence_asked=closed.given),
        waived,
        closed,
        compare(before, run) if before else None,
        reading.effort,
        choices.measured_against,
    )


def exit_code_of(codes: Iterable[int]) -> int:
    """The exit code of several accounts: FAIL outranks a refusal, that a usage error, that what was incomplete."""
    found = set(codes)
    return next((one for one in (1, 4, 2, 3) if one in found), 0)
