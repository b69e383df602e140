"""Makes a report page keep to itself: its analytics block goes, and a content security policy forbids any request.

Source: facts, making the HTML (Allure 3 has no way to turn the block off).
"""

from __future__ import annotations

import re

from dicfix.errors import DicfixError

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; "
    "img-src data: blob:; font-src data:; media-src data: blob:; connect-src data: blob:; frame-src data: blob:; "
    "worker-src data: blob:; base-uri 'self'; form-action 'none'"
)
"""What the page may load: only what lies in the page itself."""
VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
"""Allure's page leaves it out, and a telephone would show it as wide as a desk."""

_BLOCK = re.compile(
    r"[ \t]*<script async src=\"https://www\.googletagmanager\.com/gtag/js\?id=[^\"]+\"></script>\s*"
    r"<script>\s*window\.dataLayer = (?:(?!</script>).)*</script>[ \t]*\n?",
    re.DOTALL,
)
_CHARSET = re.compile(r"<meta charset=\"?utf-8\"?\s*/?>", re.IGNORECASE)


class NotPrivate(DicfixError):
    """A page is not built as it is known to be, so that nobody can say what it would send."""


def keep_private(page: str) -> str:
    """The page without its analytics block, with the policy, and as wide as the screen that shows it.

    Raises NotPrivate unless there was exactly one block and exactly one place for the policy: a page of another make
    has to be looked at first.
    """
    stripped, blocks = _BLOCK.subn("", page)
    if blocks != 1:
        raise NotPrivate(
            f"the Allure report has {blocks} analytics blocks of the known form",
            expected="exactly one, which is taken out",
            remedy="use the version of Allure that dicfix pins",
        )
    head, found, rest = _split(stripped)
    more = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n    {VIEWPORT}'
    return f"{head}{found}\n    {more}{rest}"


def _split(page: str) -> tuple[str, str, str]:
    places = list(_CHARSET.finditer(page.partition("<script")[0]))
    if len(places) != 1:
        raise NotPrivate(
            f"the Allure report has {len(places)} places for a content security policy", expected="exactly one"
        )
    place = places[0]
    return page[: place.start()], place[0], page[place.end() :]
