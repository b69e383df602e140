"""An answer's members as fields of records: what is missing or cannot be read becomes an ``Unread`` in its place.

May import ``fields`` and ``errors``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from dicfix.errors import AwsRefused, DicfixError, GuardRefused, Unreadable
from dicfix.fields import Field, Unread

T = TypeVar("T")


def member(answer: Mapping[str, Any], name: str, operation: str) -> Any:
    """The answer's member, or an Unread when the answer has none."""
    value = answer.get(name)
    return Unread(operation, "FieldMissing", f"the answer has no {name}") if value is None else value


def tried(operation: str, read: Callable[[], T]) -> Field[T]:
    """What ``read`` gives, or an Unread that says why not; a guard's refusal is raised."""
    try:
        return read()
    except GuardRefused:
        raise
    except Unreadable as error:
        return Unread(operation, error.code, error.message, error.permission)
    except DicfixError as error:
        return Unread(operation, getattr(error, "code", type(error).__name__), error.observed)


def unless_absent(call: Callable[[], T], codes: Collection[str]) -> T | None:
    """What ``call`` gives, or None when AWS refuses it with one of ``codes``, its words for "there is none"."""
    try:
        return call()
    except AwsRefused as error:
        if error.code in codes:
            return None
        raise
