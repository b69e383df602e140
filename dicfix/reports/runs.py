"""What a sign-off knows of a run: its place, its scenarios with their findings, and what does not add up.

Plain values; may import ``findings`` and the audit's entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from dicfix.audit.identity import Entry, Place
from dicfix.findings import Evidence, Finding, Status
from dicfix.reports.results import Step


class Outcome(Enum):
    """How a scenario ended; ACCEPTED is a failure that consists of waived FAILs alone."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not applicable"
    MANUAL = "manual"
    ACCEPTED = "failed, accepted"
    MISSING = "not reported"


def run_label(mode: str, target: str, evidence: Evidence | None = None) -> str:
    """A run in words: what was done, and where."""
    where = {"aws": "AWS", "offline": "embedded cloud"}.get(target, target)
    where = evidence.value if evidence is Evidence.BOARD else where
    return f"{'audit' if mode == 'audit' else 'onboarding'}, {where}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario in one run; ``uuid`` is that of its Allure result, empty where there is none."""

    nodeid: str
    name: str
    feature: str
    rule: str
    place: str
    clauses: tuple[str, ...]
    tags: frozenset[str]
    severity: str
    outcome: Outcome
    message: str = ""
    steps: tuple[Step, ...] = ()
    uuid: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def judged(self) -> tuple[Status, ...]:
        """The statuses of its findings."""
        return tuple(one.status for one in self.findings)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many scenarios were planned (left out ones included), executed, and reported with a result file."""

    planned: int
    executed: int
    reported: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the features, or one audit (``kind``): where, when, with what, and what came of it.

    ``left_out`` are scenarios and feature files of the edition that the command line took out; ``wrong`` says in
    sentences what does not add up; ``files`` are all files that it was read from, by their name inside the run.
    """

    label: str
    kind: str
    edition: str
    guide_sha256: str
    mode: str
    target: str
    place: Place
    evidence: Evidence
    firmware_profile: str
    boards: tuple[str, ...]
    started: datetime
    stopped: datetime
    command: str
    git: str
    versions: Mapping[str, str]
    workers: int
    counts: Counts
    scenarios: tuple[Scenario, ...]
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...] = ()
    collection_errors: tuple[str, ...] = ()
    crashes: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    files: tuple[tuple[str, Path], ...] = ()

    @property
    def where(self) -> str:
        """Its label without what was done."""
        return self.label.partition(", ")[2] or self.label

    def level_of(self, scenario: Scenario) -> Evidence:
        """What the scenario is worth as evidence: on AWS, one that is tagged ``board`` was run by a board."""
        return Evidence.BOARD if self.evidence is Evidence.AWS and "board" in scenario.tags else self.evidence
