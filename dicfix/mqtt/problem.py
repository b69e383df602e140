"""One thing that is wrong with a connection profile. Imports ``dicfix.errors`` only."""

from __future__ import annotations

from dataclasses import dataclass

from dicfix.errors import UsageError


@dataclass(frozen=True, slots=True)
class Problem:
    """A wrong value: the profile's field, what is there, what is expected, what to do. Never holds key material."""

    field: str
    observed: str
    expected: str
    remedy: str

    def as_error(self) -> UsageError:
        """The same as an error for the user."""
        return UsageError(self.observed, expected=self.expected, remedy=self.remedy)
