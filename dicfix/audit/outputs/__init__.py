"""What an audit leaves behind: JSONL, SARIF, JUnit and CSV files, and the summary on the terminal.

Every file appears whole or not at all. May import the parts of the audit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from dicfix.audit.outputs import csv, jsonl, junit, sarif
from dicfix.audit.run import AuditResult
from dicfix.errors import UsageError

Lines = Callable[[AuditResult], Iterable[str]]

FILES: Mapping[str, tuple[str, Lines]] = {
    "jsonl": ("findings.jsonl", lambda result: jsonl.lines_of(result.as_run(), result)),
    "sarif": ("findings.sarif", sarif.lines_of),
    "junit": ("junit.xml", junit.lines_of),
    "csv": ("findings.csv", csv.lines_of),
}
"""Each format with its file's name and what writes it."""


def write_outputs(result: AuditResult, directory: Path, formats: Iterable[str] = tuple(FILES)) -> tuple[Path, ...]:
    """Write the files of these formats; raises UsageError where the directory cannot be written."""
    written = []
    for one in formats:
        name, lines = FILES[one]
        write_whole(directory / name, lines(result))
        written.append(directory / name)
    return tuple(written)


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a text file in one go: a reader, and whoever comes after a crash, sees the old one or the new one."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{path.name}.*.unfinished"):  # of a run that was killed
            left.unlink(missing_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be written: {error.strerror}", remedy="name another directory") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
