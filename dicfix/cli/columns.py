"""Text in a hundred columns, for every command. Imports nothing of dicfix."""

from __future__ import annotations

import textwrap

WIDTH = 100


def wrapped(first: str, text: str) -> list[str]:
    """The text behind ``first``, its further lines set in below it; words are never broken."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
