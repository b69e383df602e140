"""The registry of controls, and how one is run over an inventory.

A control is a generator of findings over a ``Look``. What it cannot know arrives as an exception and leaves as a
finding: ``Unreadable`` as UNREADABLE, ``Absent`` as FAIL, ``MaterialError`` (a PEM or document that is none) as FAIL.
Any other exception is a mistake in dicfix itself: nobody knows then, so it is UNREADABLE and says where it happened.
May import records, findings, settings, guide and errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from traceback import extract_tb
from typing import Any, TypeVar

from dicfix.errors import MaterialError, Unreadable, UsageError
from dicfix.findings import Axis, Finding, Severity, Status
from dicfix.guide import EDITIONS, Edition, clause, edition
from dicfix.records import NOT_ASKED, Inventory, Unread
from dicfix.settings import Settings

T = TypeVar("T")

Judgement = Callable[["Look"], Iterator[Finding]]

BROKEN = "broken"
"""The reason of a finding that a mistake in dicfix itself left unjudged."""


class Absent(Exception):
    """What a control looks for is not there (``reason`` absent), or cannot be told from others (``ambiguous``)."""

    def __init__(self, resource: str, expected: str, observed: str = "nothing", *, reason: str = "absent") -> None:
        self.resource = resource
        self.expected = expected
        self.observed = observed
        self.reason = reason
        super().__init__(f"{resource}: {observed}")


_TOLD = (Absent, MaterialError, Unreadable)
"""What a control cannot know arrives as one of these."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control: what it states, why it matters, what puts it right, and what it needs to see.

    ``needs`` are fields of ``Inventory``; ``operations`` the API operations whose answers prove it; ``source`` what
    a control of the fit or hardening axis rests on; ``editions`` those in which it is judged.
    """

    id: str
    clauses: tuple[str, ...]
    axis: Axis
    severity: Severity
    title: str
    rationale: str
    remedy: str
    needs: tuple[str, ...]
    operations: tuple[str, ...]
    source: str
    editions: tuple[str, ...]
    judgement: Judgement


CONTROLS: dict[str, Control] = {}
"""Every control by id, in catalogue order."""


def control(
    control_id: str,
    *,
    clauses: tuple[str, ...] = (),
    axis: Axis = Axis.GUIDE,
    severity: Severity = Severity.NORMAL,
    title: str,
    rationale: str,
    remedy: str,
    needs: tuple[str, ...],
    operations: tuple[str, ...] = (),
    source: str = "",
    editions: tuple[str, ...] = (),
) -> Callable[[Judgement], Judgement]:
    """Register a generator of findings as the control ``control_id``.

    Without ``editions`` it is judged in those of its clauses, or in all when it cites none.
    """

    def register(judgement: Judgement) -> Judgement:
        if control_id in CONTROLS:
            raise ValueError(f"control {control_id} is registered twice")
        if (axis is Axis.GUIDE) != bool(clauses) or (axis is not Axis.GUIDE) != bool(source):
            raise ValueError(f"control {control_id}: the guide axis cites clauses, the others a source")
        cited = {name for one in clauses for name in clause(one).editions}
        judged_in = editions or tuple(name for name in EDITIONS if not clauses or name in cited)
        CONTROLS[control_id] = Control(
            control_id,
            clauses,
            axis,
            severity,
            title,
            rationale,
            remedy,
            needs,
            operations,
            source,
            judged_in,
            judgement,
        )
        return judgement

    return register


@dataclass(frozen=True, slots=True)
class Look:
    """What a control sees: the inventory, the settings, the time, and builders of its findings.

    ``memo`` keeps what is found out once for all devices, by name.
    """

    control: Control
    inventory: Inventory
    settings: Settings
    now: datetime
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, find: Callable[[], T]) -> T:
        """What ``find`` gives, or raises, the first time."""
        if name not in self.memo:
            try:
                self.memo[name] = find()
            except _TOLD as error:
                self.memo[name] = error
        found = self.memo[name]
        if isinstance(found, _TOLD):
            raise found.with_traceback(None)
        return found  # type: ignore[no-any-return]

    @property
    def edition(self) -> Edition:
        """The edition of the guide that is judged."""
        return edition(self.settings.edition)

    @property
    def auditing(self) -> bool:
        """Whether this is an audit: what local files alone would show is then for a person to see."""
        return self.settings.mode == "audit"

    def given(self, value: T | Unread) -> T | None:
        """The value, or None when nobody gave it; raises Unreadable when it was given and could not be read."""
        if not isinstance(value, Unread):
            return value
        if value.code == "NotGiven" or (value == NOT_ASKED and self.auditing):
            return None
        raise value.error()

    def judge(self, resource: str, ok: bool, *, expected: str, observed: str, deviation: str = "") -> Finding:
        """PASS when ``ok`` (with its recorded deviation, if any), else FAIL because it differs."""
        if ok:
            return Finding(self.control.id, Status.PASS, resource, expected, observed, deviation=deviation)
        return self._finding(Status.FAIL, resource, expected, observed, reason="differs")

    def absent(self, resource: str, expected: str, observed: str = "nothing") -> Finding:
        """FAIL because what should be there is not."""
        return self._finding(Status.FAIL, resource, expected, observed, reason="absent")

    def not_applicable(self, reason: str, resource: str = "") -> Finding:
        """NOT_APPLICABLE, with the premise that does not hold."""
        return self._finding(Status.NOT_APPLICABLE, resource or "all", self.control.title, reason)

    def manual(self, evidence: str, resource: str = "") -> Finding:
        """MANUAL, with the evidence that a person should attach."""
        return self._finding(
            Status.MANUAL,
            resource or "all",
            self.control.title,
            f"not visible from here; evidence to attach: {evidence}",
        )

    def each(self, resources: Iterable[str], judge_one: Callable[[str], Iterable[Finding]]) -> Iterator[Finding]:
        """The findings of every resource; what is absent or unreadable of one does not hide the others."""
        for resource in resources:
            try:
                yield from judge_one(resource)
            except Exception as error:  # noqa: BLE001 - told as a finding, whatever it is
                yield self._ended_by(resource, error)

    def settled(self, resource: str, findings: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
        """The findings, ended by one that tells what was absent, unreadable or malformed, if anything was."""
        return self.each((resource,), lambda _: findings())

    def _ended_by(self, resource: str, error: Exception) -> Finding:
        """What ended a judgement, as a finding; a mistake of ours is no FAIL, and must not end the other controls."""
        if isinstance(error, Absent):
            return self._finding(Status.FAIL, error.resource, error.expected, error.observed, reason=error.reason)
        if isinstance(error, MaterialError):
            expected = error.expected or self.control.title
            return self._finding(Status.FAIL, resource, expected, error.observed, reason="differs")
        if isinstance(error, Unreadable):
            return self._unreadable(resource, error)
        return self._broken(resource, error)

    def _broken(self, resource: str, error: Exception) -> Finding:
        """UNREADABLE, with the kind and place of the mistake; its text may quote what it worked on, and is left out."""
        frame = extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename.rpartition('/')[2]}, line {frame.lineno}"
        return self._finding(
            Status.UNREADABLE,
            resource,
            self.control.title,
            f"not judged: a mistake in dicfix itself ({type(error).__name__} in {where})",
            reason=BROKEN,
            remedy="report this line to whoever maintains dicfix; until then judge it by hand",
        )

    def _unreadable(self, resource: str, error: Unreadable) -> Finding:
        permission = f"; needs {error.permission}" if error.permission else ""
        return self._finding(
            Status.UNREADABLE,
            resource,
            self.control.title,
            f"{error.observed.rstrip('.')}{permission}",
            remedy=error.remedy,
        )

    def _finding(
        self,
        status: Status,
        resource: str,
        expected: str,
        observed: str,
        *,
        reason: str = "",
        deviation: str = "",
        remedy: str = "",
    ) -> Finding:
        todo = remedy or ("" if status in (Status.PASS, Status.NOT_APPLICABLE) else self.control.remedy)
        return Finding(self.control.id, status, resource, expected, observed, todo, reason, deviation)


def find_control(control_id: str) -> Control:
    """The control of this id; raises UsageError for an unknown one."""
    try:
        return CONTROLS[control_id]
    except KeyError:
        raise UsageError(
            f"{control_id!r} is no control",
            expected="an id such as DIC-CA-01",
            remedy="python -m dicfix controls lists them",
        ) from None


def controls_of(clause_id: str) -> tuple[Control, ...]:
    """The controls that answer for a clause, in catalogue order."""
    return tuple(one for one in CONTROLS.values() if clause_id in one.clauses)


def run_control(
    control_id: str, inventory: Inventory, settings: Settings, now: datetime, memo: dict[str, Any] | None = None
) -> tuple[Finding, ...]:
    """The findings of one control, never none: a control that judged nothing is a FAIL.

    ``now`` is timezone-aware; ``memo`` may be shared among the controls that judge the same inventory with the same
    settings at the same time, and by nobody else. Raises UsageError for an unknown control or edition.
    """
    chosen = find_control(control_id)
    look = Look(chosen, inventory, settings, now, {} if memo is None else memo)
    if look.edition.name not in chosen.editions:
        return (look.not_applicable(f"edition {look.edition.name} does not ask for it"),)
    findings = tuple(look.settled("the account", lambda: chosen.judgement(look)))
    return findings or (look.absent("the account", chosen.title, "nothing judged"),)
