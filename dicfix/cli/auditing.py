"""What `dicfix audit` does: whose accounts, one read, the controls, what changed, the reports, what is remembered.

Imports boto3 and the embedded cloud only where an account is read.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dicfix.audit.compare import Run
from dicfix.audit.evidence import read_evidence
from dicfix.audit.identity import safe
from dicfix.audit.inventory import Saved, about_of, read_inventory, write_inventory
from dicfix.audit.outputs import FORMATS, write_outputs, write_whole
from dicfix.audit.outputs.jsonl import lines_of, read_run, remembered_at
from dicfix.audit.outputs.terminal import notices, summaries
from dicfix.audit.run import (
    AuditResult,
    Choices,
    Effort,
    Reading,
    audit,
    chosen_controls,
    exit_code_of,
    needs_of,
    place_of,
    stamp,
)
from dicfix.audit.verdict import thresholds
from dicfix.audit.waivers import read_waivers
from dicfix.cli.settings_options import CONFIG, settings_of
from dicfix.errors import DicfixError, UsageError
from dicfix.findings import Axis
from dicfix.settings import Settings


def audit_account(args: argparse.Namespace) -> int:
    """Read, judge, tell, write; the exit code is the verdict's."""
    if "list" in args.plant:
        return _list_defects()
    _refuse_contradictions(args)
    for path in (args.output_dir, args.state, args.save_inventory and args.save_inventory.parent):
        _refuse_unwritable(path)
    if args.save_inventory and not args.save_inventory.parent.is_dir():
        raise UsageError(f"there is no directory for {args.save_inventory.name}", remedy="make it, or name another")
    started = datetime.now(UTC)
    saved = read_inventory(args.inventory) if args.inventory else None
    settings = settings_of(args, saved)
    choices = _choices(args, settings, started)
    readings, errors = _read(args, settings, choices, saved, started)
    kept = [_kept(args, reading) for reading in readings]
    results = [
        audit(reading, choices, finished=datetime.now(UTC), before=before)
        for reading, (_, before) in zip(readings, kept, strict=True)
    ]
    _tell(args, results, errors)
    if args.save_inventory:
        _save(readings, args.save_inventory)
    for result, (path, _) in zip(results, kept, strict=True):
        if path:  # last, so that a run that is killed before is done again in full
            write_whole(path, lines_of(result.as_run()))
    return exit_code_of([*(one.verdict.exit_code for one in results), *(one.exit_code for one in errors.values())])


def _refuse_contradictions(args: argparse.Namespace) -> None:
    if args.plant and args.inventory:
        raise UsageError(
            "a saved inventory has no account to plant a defect in",
            expected="--plant or --inventory",
            remedy="leave one of the two out",
        )
    if args.probe and args.inventory:
        raise UsageError(
            "a saved inventory is judged without any connection",
            expected="--probe or --inventory",
            remedy="leave one of the two out",
        )
    if args.format and not args.output_dir:
        raise UsageError(
            "--format is given without a place to write to",
            expected="--output-dir DIR beside it",
            remedy="add --output-dir, or leave --format out",
        )


def _refuse_unwritable(directory: Path | None) -> None:
    """Raise UsageError for a directory that cannot be written or made, before an account is read for nothing."""
    if directory is None:
        return
    place = next(one for one in (directory.absolute(), *directory.absolute().parents) if one.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise UsageError(f"the directory {directory.name} cannot be written", remedy="name another directory")


def _choices(args: argparse.Namespace, settings: Settings, now: datetime) -> Choices:
    return Choices(
        axes=tuple(one for one in Axis if not args.axis or one.value in args.axis),
        fail_on=thresholds(args.fail_on),
        waivers=read_waivers(args.waivers, now.date()) if args.waivers else (),
        evidence=read_evidence(args.evidence, now.date()) if args.evidence else None,
        measured_against=args.config.name if args.config else CONFIG,
        read_from="a saved inventory" if args.inventory else f"target {settings.target}",
    )


def _read(
    args: argparse.Namespace, settings: Settings, choices: Choices, saved: Saved | None, started: datetime
) -> tuple[list[Reading], Mapping[str, DicfixError]]:
    """What was read, and the errors of the accounts and Regions that were not; a single one's error is raised."""
    if saved:
        made = saved.about.get("started")
        lines = (f"read from an inventory of {made}",) if made else ()
        return [Reading(settings, saved.inventory, started, Effort(lines=lines))], {}
    from dicfix.cli import audit_sources

    needs = needs_of(chosen_controls(choices.axes))
    if settings.target == "offline":
        return [audit_sources.embedded(settings, needs, args.plant)], {}
    if args.plant:
        raise UsageError(
            "a defect can be planted in an embedded account only",
            expected="--target offline",
            remedy="leave --plant out, or choose --target offline",
        )
    outcomes = audit_sources.on_aws(settings, needs, args.state)
    errors = {one.site.name: one.error for one in outcomes if one.error}
    readings = [one.result for one in outcomes if one.result]
    if not readings:
        raise next(iter(errors.values()))
    return readings, errors


def _kept(args: argparse.Namespace, reading: Reading) -> tuple[Path | None, Run | None]:
    """Where the run is remembered, and the run that is remembered there."""
    if not args.state:
        return None, None
    place = place_of(reading.inventory, reading.settings)
    embedded = not args.inventory and reading.settings.target == "offline"
    path = remembered_at(args.state, place, embedded=embedded)
    return path, read_run(path) if path.exists() else None


HTML = "html"
"""The format that is a page for people, with charts over the last audits."""


def _tell(args: argparse.Namespace, results: Sequence[AuditResult], errors: Mapping[str, DicfixError]) -> None:
    if args.output_dir:
        missed = {name: safe(str(error)) for name, error in errors.items()}
        formats = args.format or (*FORMATS, HTML)
        write_outputs(results, args.output_dir, [one for one in formats if one != HTML], missed)
        if HTML in formats:
            from dicfix.reports.nightly import write_nightly

            write_nightly(args.output_dir, results)
    lines = notices(results) if args.only_changes else list(summaries(results))
    if lines:
        print("\n".join(lines))
    for name, error in errors.items():
        print(f"dicfix: {name}: {error}", file=sys.stderr)


def _save(readings: Sequence[Reading], path: Path) -> None:
    """Save what was read; of several accounts and Regions each in a file of its own beside ``path``."""
    for reading in readings:
        place = place_of(reading.inventory, reading.settings)
        name = f"{path.stem}-{place.account}-{place.region}{path.suffix}" if len(readings) > 1 else path.name
        write_inventory(path.with_name(name), reading.inventory, about_of(reading.settings, stamp(reading.started)))


def _list_defects() -> int:
    """Print every defect that can be planted, with the controls that it flips."""
    from dicfix.cli.columns import wrapped
    from dicfix.offline.defects import table

    rows = list(table())
    for name, spoils, how, flips in rows:
        print(name)
        print("\n".join(wrapped("    ", f"{spoils} (by {how}): {flips}")))
    print(f"{len(rows)} defects. Plant one with: dicfix audit --plant NAME; 'nothing' is the good account they lie in.")
    return 0
