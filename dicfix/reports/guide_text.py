"""A text of the guide as pages, numbered steps and statements, each statement known by a hash.

Belongs here: reading Markdown or plain text. The guide's own wording is not kept: hashes tell whether it changed. May
import the guide and ``errors``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from dicfix.errors import UsageError
from dicfix.guide import CLAUSES

HASH_DIGITS = 12
_CLOSE_ENOUGH = 0.78
"""How like a heading must be to the title of a page: the guide misspells some."""
_HEADING = re.compile(r"#{1,6}\s+(?P<title>.+)")
_STEP = re.compile(r"\s{0,3}(?P<number>\d{1,2})[.)]\s+(?P<text>.+)")
_LINK = re.compile(r"\[(?P<shown>[^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"^\s*(?:[-*+>]\s+)+|[`*]{1,3}|_{1,3}(?!\w)|(?<!\w)_{1,3}|\s+$")
"""What is markup; an underscore inside a word belongs to it."""

Statements = tuple[str, ...]
Steps = Mapping[str, Statements]
"""The statements of a page by the number of their step."""


def read_guide(path: Path) -> dict[str, Steps]:
    """The pages of a text by their title; raises UsageError for a text without a page of the guide's."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", remedy="name a readable file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text", remedy="save it as UTF-8") from error
    pages = steps_of(text)
    if not pages:
        raise UsageError(
            f"{path.name} has no numbered step under a heading of the guide",
            expected="Markdown with headings such as '## " + next(iter(_titles().values())) + "' and steps '1. ...'",
            remedy="give the text these headings, or name another file",
        )
    return pages


def steps_of(text: str) -> dict[str, Steps]:
    """Page title to step number to statements, in the order of the text; what is not of the guide is left out."""
    found: dict[str, dict[str, list[str]]] = {}
    page, number, code = "", "", False
    for line in text.splitlines():
        if line.strip().startswith("```"):
            code = not code
            continue
        if code:  # word for word: in a policy, * is no markup
            if page and number and line.strip():
                found[page][number].append(" ".join(line.split()))
            continue
        heading, step = _HEADING.fullmatch(line.strip()), _STEP.fullmatch(line)
        if heading:
            page, number = _page(heading["title"]), ""
        elif page and step:
            # Markdown may number every step "1.", and counts on by itself.
            number = str(max(int(step["number"]), int(number or 0) + 1))
            found.setdefault(page, {}).setdefault(number, []).append(plain(step["text"]))
        elif page and number and (statement := plain(line)):
            found[page][number].append(statement)
    return {title: {one: tuple(lines) for one, lines in steps.items()} for title, steps in found.items()}


def plain(line: str) -> str:
    """A statement without markup and spare spaces."""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\g<shown>", line)).split())


def hash_of(statement: str) -> str:
    """The hash that stands for a statement, whatever its case."""
    return hashlib.sha256(statement.casefold().encode()).hexdigest()[:HASH_DIGITS]


def _titles() -> dict[str, str]:
    return {one.page.casefold(): one.page for one in CLAUSES}


def _page(heading: str) -> str:
    titles = _titles()
    close = get_close_matches(plain(heading).casefold(), titles, n=1, cutoff=_CLOSE_ENOUGH)
    return titles[close[0]] if close else ""
