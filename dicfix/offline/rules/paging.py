"""Pages of a list as AWS IoT hands them out.

A marker names the last item given, not a count, so that deleting while paging skips nothing. Pure standard library.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from dicfix.offline.rules import Level, RuleViolation, rule

T = TypeVar("T")
TESTS = "tests/test_rules_names.py::"
MARKER_DEFAULT = 25
"""Page size of the operations with pageSize and marker. Source: AWS API ListCertificates and others."""
TOKEN_DEFAULT = 50
"""Page size of the operations with maxResults and nextToken, for which no page names a default (assumed)."""


def marker_of(operation: str, position: int) -> str:
    """The marker that continues ``operation`` after the item at ``position``."""
    return base64.b64encode(f"{operation}:{position}".encode()).decode()


def position_in(marker: str, operation: str) -> int:
    """The position inside a marker; a marker of another operation or no marker at all is refused."""
    try:
        name, _, number = base64.b64decode(marker, validate=True).decode().partition(":")
        position = int(number)
    except (binascii.Error, ValueError) as error:
        raise RuleViolation("InvalidRequestException", "The marker is not valid") from error
    same_operation(name, operation)
    return position


@rule(
    "PAGING-MARKER-OF-THIS-OPERATION",
    source="AWS API ListCertificates, member marker: the marker for the next set of results",
    level=Level.ASSUMED,
    held_by=(f"{TESTS}test_a_marker_of_another_operation_is_refused",),
)
def same_operation(made_for: str, operation: str) -> None:
    """A marker continues only the operation that gave it."""
    if made_for != operation:
        raise RuleViolation("InvalidRequestException", "The marker is not valid")


def page(
    items: Sequence[T],
    position: Callable[[T], int],
    *,
    operation: str,
    marker: str | None,
    size: int,
    ascending: bool = True,
) -> tuple[Sequence[T], str | None]:
    """One page of ``items``, which are sorted by ``position``, and the marker of the next page if there is one."""
    size = page_size(size, len(items))
    if ascending:
        start = bisect_right(items, position_in(marker, operation), key=position) if marker else 0
        chosen = items[start : start + size]
        more = start + size < len(items)
    else:
        end = bisect_left(items, position_in(marker, operation), key=position) if marker else len(items)
        chosen = items[max(0, end - size) : end][::-1]
        more = end - size > 0
    return chosen, marker_of(operation, position(chosen[-1])) if more and chosen else None


@rule(
    "PAGING-PAGE-SIZE",
    source="AWS API ListCertificates: the results are paginated with a default page size of 25",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_page_has_at_most_the_size_asked_for",),
    without=lambda size, total: max(size, total),
)
def page_size(size: int, total: int) -> int:
    """An answer holds at most the page size."""
    return min(size, total) or 1
