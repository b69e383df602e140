"""C string literals, written and read back, and the part of the C preprocessor that decides which lines count.

Imports dicfix.errors only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dicfix.errors import MaterialError

_SIMPLE = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, '"': 34, "'": 39, "?": 63}
_WRITTEN = {10: "\\n", 9: "\\t", 13: "\\r", 92: "\\\\", 34: '\\"', 63: "\\?"}  # \? keeps trigraphs out
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]+)|(.))", re.DOTALL)
_LITERAL = r'"(?:[^"\\\n]|\\.)*+"'
_COMMENT = re.compile(rf"({_LITERAL})|('(?:[^'\\\n]|\\.)*+')|//[^\n]*|/\*.*?\*/", re.DOTALL)
_DIRECTIVE = re.compile(r"\s*#\s*(\w+)\s*(.*)")
_DEFINE = re.compile(r"(\w+)(\([^)]*\))?\s*(.*)")
_TERM = re.compile(r"(!?)\s*(?:defined\s*\(\s*(\w+)\s*\)|defined\s+(\w+)|\(?\s*(\w+)\s*\)?(?:\s*(==|!=)\s*(\w+))?)")
_VALUE = re.compile(rf"(?:({_LITERAL})|(\w+)|[\s()]+)")
_MACRO_DEPTH = 8


def c_literal(text: str) -> str:
    """One C string literal for a text, in UTF-8; a zero character, which would end it early, is a MaterialError."""
    if "\0" in text:
        raise MaterialError("A text with a zero character cannot be a C string")
    return '"' + "".join(_written(byte) for byte in text.encode()) + '"'


def c_lines(text: str) -> str:
    """A text as C string literals, one for each of its lines, put together by the compiler."""
    return "\n".join(c_literal(line) for line in text.splitlines(keepends=True)) or '""'


def read_literals(expression: str, macros: Mapping[str, str], what: str, depth: int = 0) -> str:
    """The text that adjacent literals, and macros that stand for such, make; anything else is a MaterialError."""
    parts, position = [], 0
    while position < len(expression):
        match = _VALUE.match(expression, position)
        if match is None or (match[2] and (match[2] not in macros or depth == _MACRO_DEPTH)):
            raise MaterialError(f"{what} is not given as C strings", expected='"..." literals, one or several')
        if match[1]:
            parts.append(_decoded(match[1][1:-1], what))
        elif match[2]:
            parts.append(read_literals(macros[match[2]], macros, what, depth + 1))
        position = match.end()
    if not parts:
        raise MaterialError(f"{what} has no value", expected='"..." literals, one or several')
    return "".join(parts)


def active_text(text: str, macros: dict[str, str], what: str) -> str:
    """The lines that the compiler would see, without comments and directives; ``macros`` takes what they define.

    Unknown names are 0 in a condition, as C has it; two different values of one macro are a MaterialError.
    """
    kept: list[str] = []
    taken: list[bool | None] = []  # for each open #if: True in its active branch, False before it, None after it
    for line in _without_comments(text).splitlines():
        match = _DIRECTIVE.match(line)
        if match is None:
            if all(taken):
                kept.append(line)
        elif match[1] in ("if", "ifdef", "ifndef", "elif", "else", "endif"):
            _branch(match[1], match[2].strip(), taken, macros, what)
        elif all(taken):
            _define(match[1], match[2].strip(), macros, what)
    if taken:
        raise MaterialError(f"{what} has an #if without #endif")
    return "\n".join(kept)


def _written(byte: int) -> str:
    if byte in _WRITTEN:
        return _WRITTEN[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _decoded(body: str, what: str) -> str:
    data, position = bytearray(), 0
    for match in _ESCAPE.finditer(body):
        data += body[position : match.start()].encode()
        data.append(_escaped(match, what))
        position = match.end()
    data += body[position:].encode()
    if 0 in data:
        raise MaterialError(f"{what} holds a zero byte, which ends a C string early")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MaterialError(f"{what} is not UTF-8 text") from None


def _escaped(match: re.Match[str], what: str) -> int:
    octal, hexadecimal, character = match.groups()
    number = int(octal, 8) if octal else int(hexadecimal or "0", 16)
    value = _SIMPLE.get(character, 256) if character else number
    if value > 255:
        raise MaterialError(f"{what} has an escape that C does not know: {match[0]!r}")
    return value


def _without_comments(text: str) -> str:
    spliced = re.sub(r"\\[ \t]*\r?\n", "", text.replace("\r\n", "\n"))
    return _COMMENT.sub(lambda match: match[1] or match[2] or " ", spliced)


def _define(directive: str, rest: str, macros: dict[str, str], what: str) -> None:
    match = _DEFINE.match(rest)
    if match is None or match[2] or directive not in ("define", "undef"):
        return
    if directive == "undef":
        macros.pop(match[1], None)
        return
    if macros.get(match[1], match[3]) != match[3]:
        raise MaterialError(f"{what} defines {match[1]} twice with different values")
    macros[match[1]] = match[3]


def _branch(directive: str, condition: str, taken: list[bool | None], macros: Mapping[str, str], what: str) -> None:
    if directive in ("if", "ifdef", "ifndef"):
        if not all(taken):
            taken.append(None)
        elif directive == "if":
            taken.append(_holds(condition, macros, what))
        else:
            taken.append((condition in macros) == (directive == "ifdef"))
        return
    if not taken:
        raise MaterialError(f"{what} has an #{directive} without #if")
    if directive == "endif":
        taken.pop()
    elif taken[-1] is not False:
        taken[-1] = None
    else:
        taken[-1] = directive == "else" or _holds(condition, macros, what)


def _holds(condition: str, macros: Mapping[str, str], what: str) -> bool:
    return any(
        all(_term(term.strip(), macros, what) for term in alternative.split("&&"))
        for alternative in condition.split("||")
    )


def _term(term: str, macros: Mapping[str, str], what: str) -> bool:
    match = _TERM.fullmatch(term)
    if match is None:
        raise MaterialError(f"{what} has a condition that dicfix cannot follow: #if {term}")
    if match[2] or match[3]:
        value = (match[2] or match[3]) in macros
    elif match[5]:
        value = (_number(match[4], macros) == _number(match[6], macros)) == (match[5] == "==")
    else:
        value = _number(match[4], macros) != 0
    return value != bool(match[1])


def macro_number(name: str, macros: Mapping[str, str]) -> int | None:
    """The number that a macro stands for, None where it is not defined."""
    return _number(name, macros) if name in macros else None


def _number(word: str, macros: Mapping[str, str]) -> int:
    for _ in range(_MACRO_DEPTH):
        word = macros.get(word, word).strip("() \t")
    digits = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*", word)
    return int(digits[1], 0 if "x" in digits[1].lower() else 10) if digits else 0
