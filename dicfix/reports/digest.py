"""Hashes over what a sign-off rests on, in the format of sha256sum. Standard library only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from dicfix.reports.runs import Run

SUMS = "SHA256SUMS"


def kept_name(number: int, name: str) -> str:
    """Where a file of the run with this number (from 1) lies in a frozen release."""
    return f"runs/{number}/{name}"


def sums_of_runs(runs: Sequence[Run]) -> str:
    """One line for each file of each run, as a frozen release keeps them."""
    files = ((kept_name(number, name), path) for number, run in enumerate(runs, 1) for name, path in run.files)
    return sums(files)


def sums(files: Iterable[tuple[str, Path]]) -> str:
    """Lines of ``sha256sum``, in the order of names."""
    return "".join(f"{sha256_of(path)}  {name}\n" for name, path in sorted(files))


def sums_of_folder(folder: Path, without: Iterable[str] = ()) -> str:
    """The lines for every file below a folder, but for ``without``."""
    skipped = set(without)
    paths = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    return sums((name, path) for name, path in paths if name not in skipped)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(lines: str) -> str:
    """The one number that stands for all lines."""
    return hashlib.sha256(lines.encode()).hexdigest()
