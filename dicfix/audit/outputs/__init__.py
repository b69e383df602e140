"""What an audit leaves behind: JSONL, SARIF, JUnit and CSV files, and the summary on the terminal.

Every file appears whole or not at all. May import the parts of the audit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dicfix.audit.outputs import csv, jsonl, junit, sarif
from dicfix.audit.run import AuditResult
from dicfix.errors import UsageError

Missed = Mapping[str, str]
"""The accounts and Regions that were not read, each with why."""
Lines = Callable[[Sequence[AuditResult], Missed], Iterable[str]]

JSONL = ("jsonl", "findings.jsonl")
TOGETHER: Mapping[str, tuple[str, Lines]] = {
    "sarif": ("findings.sarif", sarif.lines_of),
    "junit": ("junit.xml", junit.lines_of),
    "csv": ("findings.csv", lambda results, _missed: csv.lines_of(results)),
}
"""The formats of which one file tells of all accounts and Regions: the file's name and what writes it."""
FORMATS = (JSONL[0], *TOGETHER)


def write_outputs(
    results: Sequence[AuditResult], directory: Path, formats: Iterable[str] = FORMATS, missed: Missed | None = None
) -> tuple[Path, ...]:
    """Write the files of these formats; raises UsageError where the directory cannot be written.

    Of several accounts and Regions each has its own findings.jsonl, in a folder of its name.
    """
    written = []
    for one in formats:
        if one == JSONL[0]:
            for result in results:
                path = (directory / name_of(result) if len(results) > 1 else directory) / JSONL[1]
                write_whole(path, jsonl.lines_of(result.as_run(), result))
                written.append(path)
        else:
            name, lines = TOGETHER[one]
            write_whole(directory / name, lines(results, missed or {}))
            written.append(directory / name)
    return tuple(written)


def name_of(result: AuditResult) -> str:
    """The folder of one account and Region among several."""
    return f"{result.place.account}-{result.place.region}"


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
