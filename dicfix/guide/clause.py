"""What a clause is, and which clauses still wait to be built. Imports nothing of dicfix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NOT_YET_BUILT: frozenset[str] = frozenset()
"""The clauses without scenarios and controls so far; `dicfix clauses` prints them under their own heading."""


class Audit(Enum):
    """How a read-only audit can see a clause."""

    API = "api"
    """The account's API shows it."""
    FILE = "file"
    """The local files named in dic.toml show it."""
    LIVE = "live"
    """Only an opt-in probe, or a session that AWS reports, shows it."""
    MANUAL = "manual"
    """Only a person can see it."""
    NONE = "none"
    """An audit cannot see it and does not try: NOT_APPLICABLE there."""


ALL = ("2023-06", "2023-08", "2024-04")
TWO_SOURCES = ("2023-06", "2023-08")
WITH_OTA = ("2023-08", "2024-04")
LATEST = ("2024-04",)


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement of the guide that can be done, seen or refused.

    ``step`` is the number under which the page has it; ``steps_by_edition`` tells where an edition numbers it
    otherwise. ``console_path`` is the way to click, ``slips`` what the guide prints wrongly and how it is read here.
    ``manual_reason`` is given when only a person can see the clause, in any mode.
    """

    id: str
    editions: tuple[str, ...]
    page: str
    step: str
    text: str
    audit: tuple[Audit, ...]
    console_path: str = ""
    slips: tuple[str, ...] = ()
    manual_reason: str = ""
    steps_by_edition: tuple[tuple[str, str], ...] = ()

    @property
    def built(self) -> bool:
        """Whether scenarios and controls answer for this clause already."""
        return self.id not in NOT_YET_BUILT

    def step_in(self, edition_name: str) -> str:
        """The step's number in this edition."""
        return dict(self.steps_by_edition).get(edition_name, self.step)
