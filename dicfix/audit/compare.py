"""Two runs side by side: what is new, fixed, still open or changed, and what was not evaluated any more.

A finding that vanished (its control or its resource is gone, or it could not be judged) is never called fixed.
May import the entries and ``errors``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from dicfix.audit.identity import Entry
from dicfix.errors import UsageError
from dicfix.findings import Status

KEEP_DAYS = 30
"""How long a finding that is no longer evaluated is remembered, so that it is not new when it comes back."""

_SETTLED = frozenset({Status.PASS, Status.WAIVED})


class Change(Enum):
    """What became of a finding since the run before."""

    NEW = "new"
    FIXED = "fixed"
    WAIVED = "waived"
    CHANGED = "changed"
    STILL = "still"
    GONE = "no longer evaluated"


@dataclass(frozen=True, slots=True)
class Changed:
    """One finding and what became of it; ``before`` or ``after`` is None when it was, or is, not there."""

    change: Change
    before: Entry | None
    after: Entry | None

    @property
    def entry(self) -> Entry:
        """The finding as it is now, or as it was last."""
        entry = self.after or self.before
        assert entry is not None  # noqa: S101 - a change is of something
        return entry


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its JSONL file tells it; ``gone`` are findings of earlier runs that it did not evaluate."""

    started: str
    account: str
    region: str
    edition: str
    entries: tuple[Entry, ...]
    gone: tuple[Entry, ...] = ()

    def by_uid(self) -> dict[str, Entry]:
        """Every finding that is remembered."""
        return {one.uid: one for one in (*self.gone, *self.entries)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes since ``before`` (its start, ISO 8601), in the order of the kinds."""

    before: str
    changes: tuple[Changed, ...]
    notes: tuple[str, ...] = ()
    counts: Mapping[Change, int] = field(default_factory=dict)

    def of(self, *kinds: Change) -> tuple[Changed, ...]:
        """The changes of some kinds."""
        return tuple(one for one in self.changes if one.change in kinds)

    @property
    def quiet(self) -> bool:
        """Whether nothing has changed that anybody should be told of."""
        return all(one.change is Change.STILL for one in self.changes)


def compare(before: Run, after: Run) -> Comparison:
    """What changed from one run to a later one; raises UsageError for runs of different accounts or Regions."""
    if (before.account, before.region) != (after.account, after.region):
        raise UsageError(
            f"the runs are of account {before.account}, {before.region} and of {after.account}, {after.region}",
            expected="two runs of one account and Region",
            remedy="name two files of the same account and Region",
        )
    past, forgotten = before.by_uid(), {one.uid for one in before.gone}
    found = [_change(past.get(entry.uid), entry) for entry in after.entries]
    now = {one.uid for one in after.entries}
    found += [
        Changed(Change.GONE, one, None)
        for one in before.entries
        if one.uid not in now and one.status is not Status.NOT_APPLICABLE
    ]
    order = list(Change)
    changes = [one for one in found if one and not (one.change is Change.GONE and one.entry.uid in forgotten)]
    changes.sort(key=lambda one: order.index(one.change))
    counts = {kind: sum(one.change is kind for one in changes) for kind in Change}
    notes = () if before.edition == after.edition else (f"the run before judged edition {before.edition}",)
    return Comparison(before.started, tuple(changes), notes, counts)


def _change(before: Entry | None, after: Entry) -> Changed | None:
    kind = _kind(before, after)
    return Changed(kind, before, after) if kind else None


def _kind(before: Entry | None, after: Entry) -> Change | None:
    if after.open:
        if before is None or not before.open:
            return Change.NEW
        same = (before.status, before.severity, before.observed) == (after.status, after.severity, after.observed)
        return Change.STILL if same else Change.CHANGED
    if before is None:
        return None
    if after.status is Status.WAIVED:
        return Change.WAIVED if before.status is not Status.WAIVED else None
    if after.status is Status.PASS:
        return Change.FIXED if before.open or before.status is Status.WAIVED else None
    return Change.GONE if before.open or before.status in _SETTLED else None


def remembered(before: Run | None, entries: Iterable[Entry], now: str) -> tuple[Entry, ...]:
    """The findings of earlier runs that this one (at ``now``) did not evaluate, as they were last seen, for a month."""
    if before is None:
        return ()
    evaluated = {one.uid for one in entries}
    oldest = (datetime.fromisoformat(now) - timedelta(days=KEEP_DAYS)).date().isoformat()
    return tuple(
        one
        for uid, one in before.by_uid().items()
        if uid not in evaluated and one.last_seen >= oldest and one.status is not Status.NOT_APPLICABLE
    )
