"""The constraints that the service model puts on each member: required, pattern, length, range, enumeration.

The model is data (botocore's), so every operation is held to it, whether written for it or not. May import nothing but
the standard library; shapes are used by their attributes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_rules_names.py::"


_CLASSES = {
    r"\p{L}\p{Z}\p{N}_": r"\w\s",
    r"\p{C}": r"\x00-\x1f\x7f-\x9f",
    r"\p{Cntrl}": r"\x00-\x1f\x7f",
    r"\p{Upper}": "A-Z",
    r"\p{Digit}": "0-9",
    r"\p{Graph}": "!-~",
}
"""The classes of Java's regular expressions that the service models use, as Python writes them."""


@functools.lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    r"""``pattern`` of a service model for Python, which knows no ``\p{...}`` classes."""
    for name, characters in _CLASSES.items():
        pattern = pattern.replace(name, characters)
    return re.compile(pattern)


@rule(
    "NAMES-MEMBER-CONSTRAINTS",
    source="the service model of botocore: pattern, min, max, enum and required of each member; the wording is that "
    "of AWS's request validation",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_thing_name_with_a_blank_is_refused",),
)
def member_constraints(shape: Any, params: Mapping[str, Any]) -> None:
    """Every member of a request satisfies its constraints in the service model."""
    found = list(violations(shape, params, ""))
    if found:
        count = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
        raise RuleViolation("InvalidRequestException", f"{count} detected: {'; '.join(found)}")


def violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    """What is wrong with ``value`` as ``shape``, one sentence each; ``path`` names the member."""
    kind = shape.type_name
    if kind == "structure":
        yield from _structure(shape, value, path)
    elif kind == "list":
        yield from _length(shape, len(value), path)
        for number, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{path}.{number}.member")
    elif kind == "map":
        for key, item in value.items():
            yield from violations(shape.key, key, f"{path}.key")
            yield from violations(shape.value, item, f"{path}.{key}")
    elif kind == "string":
        yield from _text(shape, value, path)
    elif kind in ("integer", "long"):
        yield from _range(shape, value, path)


def _structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _sentence(f"{path}.{name}".lstrip("."), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from violations(member, value[name], f"{path}.{name}".lstrip("."))


def _text(shape: Any, value: str, path: str) -> Iterator[str]:
    yield from _length(shape, len(value), path)
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield _sentence(path, f"Member must satisfy regular expression pattern: {pattern}")
    allowed: Sequence[str] = getattr(shape, "enum", None) or ()
    if allowed and value not in allowed:
        yield _sentence(path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def _length(shape: Any, length: int, path: str) -> Iterator[str]:
    if length < shape.metadata.get("min", 0):
        yield _sentence(path, f"Member must have length greater than or equal to {shape.metadata['min']}")
    if length > shape.metadata.get("max", length):
        yield _sentence(path, f"Member must have length less than or equal to {shape.metadata['max']}")


def _range(shape: Any, value: int, path: str) -> Iterator[str]:
    if value < shape.metadata.get("min", value):
        yield _sentence(path, f"Member must have value greater than or equal to {shape.metadata['min']}")
    if value > shape.metadata.get("max", value):
        yield _sentence(path, f"Member must have value less than or equal to {shape.metadata['max']}")


def _sentence(path: str, constraint: str) -> str:
    return f"Value at '{path}' failed to satisfy constraint: {constraint}"
