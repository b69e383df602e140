"""What a tag in a feature file means: clause id, ``key:value`` pair, or plain mark.

Belongs here: reading one tag and turning it into a pytest mark. Imports pytest only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import pytest

SEVERITIES = ("blocker", "critical", "normal", "minor", "trivial")
BEYOND_GUIDE = "beyond-guide"
"""The tag of a feature that answers for no clause of the guide."""

_CLAUSE_ID = re.compile(r"(?P<page>SSL|AWS|EXP|E2E|OTA|PRE)-(?P<step>V?\d+)(?:\.(?P<part>\d+|V))?")
_PAGES = ("SSL", "AWS", "EXP", "E2E", "OTA", "PRE")
_KEY_VALUE = re.compile(r"(?P<key>[a-z][a-z0-9-]*):(?P<value>\S+)")


def is_clause_id(tag: str) -> bool:
    """True for a tag of the form of a clause id: ``AWS-4.1``, ``SSL-V2``, ``AWS-4.V``."""
    return _CLAUSE_ID.fullmatch(tag) is not None


def clause_order(clause_id: str) -> tuple[int, bool, int, int]:
    """Sort key that puts clause ids in the guide's reading order."""
    match = _CLAUSE_ID.fullmatch(clause_id)
    if match is None:
        return (len(_PAGES), False, 0, 0)
    step, part = match["step"], match["part"] or "0"
    number_of_part = 1_000 if part == "V" else int(part)
    return (_PAGES.index(match["page"]), step.startswith("V"), int(step.lstrip("V")), number_of_part)


def key_and_value(tag: str) -> tuple[str, str] | None:
    """``("severity", "critical")`` for ``severity:critical``; None for a tag without a key."""
    match = _KEY_VALUE.fullmatch(tag)
    return (match["key"], match["value"]) if match else None


def value_of(key: str, tags: Iterable[str]) -> str | None:
    """The value of the tag ``key:…`` among ``tags``, or None; the first in alphabetical order if there are several."""
    pairs = (key_and_value(tag) for tag in sorted(tags))
    return next((pair[1] for pair in pairs if pair and pair[0] == key), None)


def register_marks(config: pytest.Config, marks: Mapping[str, str]) -> None:
    """Register marks (signature and meaning) that are not yet registered; strict pytest refuses others, also in -m."""
    lines: list[str] = config.getini("markers")
    known = {_mark_name(line) for line in lines}
    for signature, meaning in marks.items():
        if _mark_name(signature) not in known:
            config.addinivalue_line("markers", f"{signature}: {meaning}")


def apply_tag(tag: str, function: Callable[..., object]) -> bool:
    """Mark ``function`` for a ``key:value`` tag: ``severity:critical`` is found by ``-m 'severity(value="critical")'``.

    Returns False for other tags, which pytest-bdd makes marks of their own name.
    """
    pair = key_and_value(tag)
    if pair is None:
        return False
    getattr(pytest.mark, pair[0])(value=pair[1])(function)
    return True


def plain_marks(config: pytest.Config) -> frozenset[str]:
    """Names of the registered marks that make sense as a bare tag (no ``parametrize``, which needs arguments)."""
    lines: list[str] = config.getini("markers")
    names = {_mark_name(line) for line in lines}
    needs_arguments = {"parametrize", "usefixtures", "filterwarnings", "skipif"}
    bare = (name for name in names - needs_arguments if not name.startswith("allure_") and not is_clause_id(name))
    return frozenset(bare)


def _mark_name(line: str) -> str:
    return re.split(r"[:(]", line, maxsplit=1)[0].strip()
