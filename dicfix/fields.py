"""A field of a record that could not be read, told from every value that could be. Imports ``errors`` only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from dicfix.errors import Unreadable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a value is not known: the operation, what happened, and the IAM action that would allow it."""

    operation: str
    code: str
    message: str = ""
    permission: str = ""

    def error(self) -> Unreadable:
        """The exception for code that needs the value."""
        return Unreadable(self.operation, self.code, self.message, permission=self.permission)


Field: TypeAlias = T | Unread


def known(value: T | Unread) -> T:
    """The value; raises Unreadable when it was not read."""
    if isinstance(value, Unread):
        raise value.error()
    return value


NOT_ASKED = Unread("none", "NotAsked", "this part of the account was not read in this run")
