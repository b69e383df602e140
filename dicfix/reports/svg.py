"""Small pieces of SVG that pictures and charts share: text, the marks of the statuses, the colours of both themes.

A status is never told by colour alone: each has a shape and a word. Plain strings; may import ``findings``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from dicfix.findings import Status

LIGHT: Mapping[str, str] = {
    "ground": "#ffffff", "box": "#f6f8fa", "ink": "#1f2328", "soft": "#57606a", "line": "#6e7781",
    "pass": "#1a7f37", "fail": "#c0182b", "unreadable": "#8a5300", "waived": "#6639ba", "manual": "#0757b3",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "ground": "#0d1117", "box": "#161b22", "ink": "#e6edf3", "soft": "#9aa4af", "line": "#8b949e",
    "pass": "#4ac26b", "fail": "#ff7b72", "unreadable": "#e3a008", "waived": "#c297ff", "manual": "#79b8ff",
}  # fmt: skip

WORDS: Mapping[Status | None, tuple[str, str]] = {
    Status.PASS: ("pass", "as the guide says"),
    Status.FAIL: ("fail", "FAIL"),
    Status.UNREADABLE: ("unreadable", "UNREADABLE"),
    Status.WAIVED: ("waived", "WAIVED"),
    Status.MANUAL: ("manual", "for a person to see"),
    Status.NOT_APPLICABLE: ("soft", "not applicable"),
    None: ("soft", "not judged"),
}
"""The colour's name and the word of each status; None is a part that nobody judged."""

FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"


def document(width: int, height: int, title: str, description: str, body: Iterable[str]) -> str:
    """A whole SVG file of this size in pixels, in the theme that the reader's system asks for."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" class="dicfix-figure" style="max-width:100%;height:auto" font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(description)}</desc>",
            f"<style>{style()}</style>",
            f'<rect width="{width}" height="{height}" class="f-ground"/>',
            *body,
            "</svg>\n",
        ]
    )


def style() -> str:
    """The rules for both themes: ``f-NAME`` fills and ``s-NAME`` strokes with a colour."""

    def rules(colours: Mapping[str, str]) -> str:
        return "".join(
            f".dicfix-figure .f-{name}{{fill:{value}}}.dicfix-figure .s-{name}{{stroke:{value}}}"
            for name, value in colours.items()
        )

    return f"{rules(LIGHT)}@media screen and (prefers-color-scheme:dark){{{rules(DARK)}}}"


def text(x: float, y: float, content: str, *, colour: str = "ink", size: int = 13, **more: str) -> str:
    """A line of text; ``more`` are attributes such as ``anchor`` (text-anchor) and ``weight``."""
    names = {"anchor": "text-anchor", "weight": "font-weight"}
    attributes = "".join(f" {names.get(key, key)}={quoteattr(value)}" for key, value in more.items())
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" class="f-{colour}"{attributes}>{escape(content)}</text>'


def width_of(content: str, size: int) -> float:
    """About how wide a line of text is, in pixels; a little more than less."""
    return size * sum(0.74 if one.isupper() else 0.6 for one in content)


def shortened(content: str, limit: int) -> str:
    """The text with its middle left out where it is longer than ``limit`` characters."""
    if len(content) <= limit:
        return content
    head = (limit - 1) * 2 // 3
    return f"{content[:head]}…{content[len(content) - (limit - 1 - head) :]}"


def mark(x: float, y: float, status: Status | None) -> str:
    """The shape of a status, 18 pixels wide, around this middle: check, cross, question, flag, eye, dash."""
    colour, word = WORDS[status]
    return f'<g transform="translate({x:g} {y:g})" aria-label={quoteattr(word)}>{_SHAPES[status].format(c=colour)}</g>'


_ROUND = ' stroke-width="2.4" fill="none" stroke-linecap="round" stroke-linejoin="round"'
_SHAPES: Mapping[Status | None, str] = {
    Status.PASS: '<circle r="9" class="f-{c}"/><path d="M-4.5 0.5 -1.5 3.8 4.5 -3.5" class="s-ground"' + _ROUND + "/>",
    Status.FAIL: '<path d="M-3.9 -9.4H3.9L9.4 -3.9V3.9L3.9 9.4H-3.9L-9.4 3.9V-3.9Z" class="f-{c}"/>'
    '<path d="M-3.6 -3.6 3.6 3.6M3.6 -3.6 -3.6 3.6" class="s-ground"' + _ROUND + "/>",
    Status.UNREADABLE: '<path d="M0 -9.5 10 8.5H-10Z" class="f-{c}"/><text y="7" font-size="13" font-weight="700" '
    'text-anchor="middle" class="f-ground">?</text>',
    Status.WAIVED: '<path d="M-5 9V-8H8L4.5 -4 8 0H-5" class="s-{c}"' + _ROUND + "/>",
    Status.MANUAL: '<path d="M-9 0Q0 -9 9 0Q0 9 -9 0Z" class="s-{c}"' + _ROUND + '/><circle r="2.6" class="f-{c}"/>',
    Status.NOT_APPLICABLE: '<path d="M-6 0H6" class="s-{c}"' + _ROUND + "/>",
    None: '<circle r="8" class="s-{c}" stroke-width="2" fill="none" stroke-dasharray="3 3"/>',
}
