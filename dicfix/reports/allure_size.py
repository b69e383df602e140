"""Keeps the Allure report below its limit: of a run with many long transcripts the longest are shortened in the page.

The results themselves stay whole. Standard library only.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

LIMIT_BYTES = 20_000_000
"""How big the page may get."""

_PROGRAM_BYTES = 4_500_000
"""What the page weighs without results; 3.6 MB with Allure 3.18."""
_RESULT_BYTES = 12_000
"""What a scenario weighs in the page without its attachments; 11.3 kB in a run of 158."""
_LEAST_BYTES = 1_000
"""No transcript is made shorter than this."""
_PATTERN = "*-attachment.txt"


def fitting(results_dir: Path, folder: Path) -> tuple[Path, int]:
    """Results whose page stays below the limit, and how many of their transcripts were shortened for that.

    These are the results as they are, or a copy below ``folder``.
    """
    sizes = {path: path.stat().st_size for path in results_dir.glob(_PATTERN)}
    count = sum(1 for _ in results_dir.glob("*-result.json"))
    room = (LIMIT_BYTES - _PROGRAM_BYTES - count * _RESULT_BYTES) * 3 // 4  # base64 takes four bytes for three
    longest = cap(sizes.values(), room)
    too_long = [path for path, size in sizes.items() if size > longest]
    if not too_long:
        return results_dir, 0
    copy = folder / results_dir.name
    shutil.copytree(results_dir, copy)
    for path in too_long:
        (copy / path.name).write_bytes(shortened(path, longest))
    return copy, len(too_long)


def cap(sizes: Iterable[int], room: int) -> int:
    """The size above which a transcript is cut, so that all of them together fit into the room."""
    ordered = sorted(sizes)
    for number, size in enumerate(ordered):
        share = max(_LEAST_BYTES, room // (len(ordered) - number))
        if size > share:
            return share
        room -= size
    return ordered[-1] if ordered else 0


def shortened(path: Path, size: int) -> bytes:
    """The beginning and the end of a transcript, and between them where the whole of it is."""
    whole = path.read_bytes()
    told = f"\n\n[... shortened: the whole is {path.parent.name}/{path.name}, {len(whole):,} bytes ...]\n\n".encode()
    kept = max(0, size - len(told))
    head, tail = whole[: kept * 2 // 3], whole[len(whole) - kept // 3 :]
    return b"".join((_whole_characters(head), told, _whole_characters(tail)))


def _whole_characters(cut: bytes) -> bytes:
    return cut.decode("utf-8", errors="ignore").encode()
