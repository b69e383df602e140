"""The verdict of an audit: always three lines, guide, fit and hardening, and one exit code.

May import the entries, the evidence and ``errors``. Source: the project's own words on axes, statuses and exit codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from dicfix.audit.evidence import is_closed
from dicfix.audit.identity import Entry
from dicfix.errors import UsageError
from dicfix.findings import Axis, Severity, Status

LEVELS: Mapping[str, Severity | None] = {
    "critical": Severity.BLOCKER,
    "high": Severity.CRITICAL,
    "medium": Severity.NORMAL,
    "low": Severity.TRIVIAL,
    "never": None,
}
"""From which severity on a FAIL fails the run: low is any FAIL, never none."""

DEFAULT_FAIL_ON = "guide=low,fit=never,hardening=never"
_WORST_FIRST = tuple(Severity)


class Outcome(Enum):
    """What an axis comes to."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"
    NOT_JUDGED = "NOT JUDGED"


@dataclass(frozen=True, slots=True)
class AxisVerdict:
    """One line: counts by status, the controls that FAIL, the worst severity among them, what it does to the run."""

    axis: Axis
    outcome: Outcome
    level: str
    counts: Mapping[Status, int]
    controls: int
    failing: tuple[str, ...] = ()
    worst: Severity | None = None
    open_manual: int = 0
    breaks: bool = False

    def sentence(self) -> str:
        """In words, without the axis and the outcome."""
        parts = []
        if self.failing:
            worst = self.worst.value if self.worst else ""
            parts.append(f"{len(self.failing)} of {self.controls} controls fail (worst: {worst})")
        elif self.controls:
            parts.append(f"{self.controls} controls")
        for status, word in ((Status.UNREADABLE, "UNREADABLE"), (Status.WAIVED, "WAIVED")):
            if self.counts.get(status):
                parts.append(f"{self.counts[status]} {word}")
        if self.open_manual:
            parts.append(f"{self.open_manual} MANUAL without evidence")
        if self.failing:
            parts.append("fails the run" if self.breaks else f"does not fail the run (--fail-on {self._choice()})")
        return "; ".join(parts)

    def _choice(self) -> str:
        return f"{self.axis.value}={self.level}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The three lines and the exit code: 0 ok, 1 FAIL, 3 incomplete."""

    axes: tuple[AxisVerdict, ...]
    exit_code: int


def thresholds(text: str = "") -> dict[Axis, str]:
    """The level of each axis from ``guide=low,fit=never``; an axis that is not named keeps its default.

    Levels are critical (blocker), high (critical), medium (normal), low (any), never; our own names of severities count
    too. Raises UsageError for anything else.
    """
    chosen = _parsed(DEFAULT_FAIL_ON)
    if text:
        chosen.update(_parsed(text))
    return chosen


def _parsed(text: str) -> dict[Axis, str]:
    found: dict[Axis, str] = {}
    levels = (*LEVELS, *(one.value for one in Severity if one.value not in LEVELS))
    for part in text.split(","):
        name, _, level = (one.strip() for one in part.partition("="))
        axis = next((one for one in Axis if one.value == name), None)
        if axis is None or level not in levels or axis in found:
            raise UsageError(
                f"--fail-on has {part.strip()!r}",
                expected=f"{DEFAULT_FAIL_ON}, each axis once; levels {', '.join(levels)}",
                remedy="correct --fail-on, such as --fail-on guide=high,hardening=critical",
            )
        found[axis] = level
    return found


def breaks_at(level: str) -> frozenset[Severity]:
    """The severities whose FAIL fails the run at this level."""
    least = LEVELS[level] if level in LEVELS else Severity(level)
    return frozenset() if least is None else frozenset(_WORST_FIRST[: _WORST_FIRST.index(least) + 1])


def judge(
    entries: Iterable[Entry], levels: Mapping[Axis, str], axes: Iterable[Axis], *, evidence_asked: bool
) -> Verdict:
    """The verdict. With ``evidence_asked`` a MANUAL finding without evidence leaves its axis incomplete."""
    by_axis: dict[Axis, list[Entry]] = {axis: [] for axis in Axis}
    for entry in entries:
        by_axis[entry.axis].append(entry)
    judged = set(axes)
    lines = tuple(_axis(axis, by_axis[axis], levels[axis], axis in judged, evidence_asked) for axis in Axis)
    incomplete = any(one.outcome is Outcome.INCOMPLETE or one.counts.get(Status.UNREADABLE) for one in lines)
    code = 1 if any(one.breaks for one in lines) else 3 if incomplete else 0
    return Verdict(lines, code)


def _axis(axis: Axis, entries: list[Entry], level: str, judged: bool, evidence_asked: bool) -> AxisVerdict:
    counts = Counter(one.status for one in entries)
    failed = [one for one in entries if one.status is Status.FAIL]
    worst = min((one.severity for one in failed), key=_WORST_FIRST.index, default=None)
    manual = sum(one.status is Status.MANUAL and not is_closed(one) for one in entries)
    unknown = counts[Status.UNREADABLE] or (evidence_asked and manual)
    nothing = not any(counts[one] for one in Status if one is not Status.NOT_APPLICABLE)
    outcome = (
        Outcome.NOT_JUDGED
        if not judged
        else Outcome.FAIL
        if failed
        else Outcome.INCOMPLETE
        if unknown or nothing
        else Outcome.PASS
    )
    breaking = breaks_at(level)
    return AxisVerdict(
        axis,
        outcome,
        level,
        dict(counts),
        len({one.control for one in entries}),
        tuple(dict.fromkeys(one.control for one in failed)),
        worst,
        manual,
        any(one.severity in breaking for one in failed),
    )
