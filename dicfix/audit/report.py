"""What a sweep tells of itself: calls, throttling, time, and how old each attachment is that was not read tonight.

Plain values; standard library only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

FULL = "full"
NIGHTLY = "nightly"


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the principals of each thing were read, by thing name; those that could not be read are in ``unread``."""

    verified: Mapping[str, datetime] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    def ages_days(self, started: datetime) -> dict[int, int]:
        """How many attachments are how many whole days old, seen from the start of the run."""
        ages = Counter(max(0, (started - when).days) if when < started else -1 for when in self.verified.values())
        return dict(sorted(ages.items()))

    def sentence(self, started: datetime) -> str:
        """Of how many things the principals were read in this run, and how old the others are."""
        total = len(self.verified) + len(self.unread)
        tonight = sum(when >= started for when in self.verified.values())
        text = f"principals of {tonight:,} of {total:,} things read in this run"
        older = [when for when in self.verified.values() if when < started]
        if older:
            days = (started - min(older)).total_seconds() / 86400
            text += f", {len(older):,} known from earlier runs (the oldest {days:.1f} days ago)"
        return text + (f", {len(self.unread):,} unreadable" if self.unread else "")


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep took and how far it went.

    ``calls``, ``throttles`` and ``replayed`` (answers of the interrupted run that it resumed) are by operation;
    ``plan`` is FULL or NIGHTLY, ``why`` the reason for a full pass where an earlier run is known; ``devices`` are the
    things that are judged as devices: those of the settings and those in scope; ``unread`` says of every operation that
    gave no answer why.
    """

    started: datetime
    finished: datetime
    seconds: float
    calls: Mapping[str, int]
    throttles: Mapping[str, int]
    replayed: Mapping[str, int]
    plan: str
    why: str
    quotas: str
    devices: tuple[str, ...]
    freshness: Freshness = Freshness()
    unread: Mapping[str, str] = field(default_factory=dict)
    resumed: datetime | None = None

    @property
    def total_calls(self) -> int:
        """Every call that was sent."""
        return sum(self.calls.values())

    def lines(self) -> tuple[str, ...]:
        """Coverage, plan, resumption and what could not be read, for people."""
        found = [self.freshness.sentence(self.started)] if self.freshness.verified or self.freshness.unread else []
        found.append(f"{self.plan} pass" + (f": {self.why}" if self.why else ""))
        if self.resumed:
            count = sum(self.replayed.values())
            found.append(
                f"resumed the run begun at {self.resumed.isoformat(timespec='seconds')}: {count:,} answers kept"
            )
        found.append(f"pace: {self.quotas}")
        found += [f"{operation} gave no answer: {why}" for operation, why in sorted(self.unread.items())]
        return tuple(found)
