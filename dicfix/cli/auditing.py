"""What `dicfix audit` does: whose account, one read, the controls, what changed, the reports, and what is remembered.

Imports boto3 and the embedded cloud only where an account is read.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from dicfix.audit.compare import Run
from dicfix.audit.evidence import read_evidence
from dicfix.audit.outputs import FILES, write_outputs, write_whole
from dicfix.audit.outputs.jsonl import lines_of, read_run
from dicfix.audit.outputs.terminal import notice, summary
from dicfix.audit.run import AuditResult, Choices, Effort, audit, chosen_controls, needs_of, place_of
from dicfix.audit.verdict import thresholds
from dicfix.audit.waivers import read_waivers
from dicfix.cli.settings_options import CONFIG, settings_of
from dicfix.errors import UsageError
from dicfix.findings import Axis
from dicfix.records import Caller, Inventory
from dicfix.settings import Settings


def audit_account(args: argparse.Namespace) -> int:
    """Read, judge, tell, write; the exit code is the verdict's."""
    if "list" in args.plant:
        return _list_defects()
    _refuse_contradictions(args)
    started = datetime.now(UTC)
    saved = _saved(args.inventory) if args.inventory else None
    settings = settings_of(args, {"region": _region_of(saved)} if saved else {})
    choices = _choices(args, settings, started)
    inventory, effort = (saved, Effort()) if saved else _read(args, settings, choices)
    kept, before = _kept(args, inventory, settings)
    result = audit(
        inventory, settings, choices, started=started, finished=datetime.now(UTC), effort=effort, before=before
    )
    _tell(args, result)
    if args.save_inventory:
        _save(inventory, args.save_inventory)
    if kept:  # last, so that a run that is killed before is done again in full
        write_whole(kept, lines_of(result.as_run()))
    return result.verdict.exit_code


def _refuse_contradictions(args: argparse.Namespace) -> None:
    if args.plant and args.inventory:
        raise UsageError("a saved inventory has no account to plant a defect in", expected="--plant or --inventory")
    if args.format and not args.output_dir:
        raise UsageError("--format is given without a place to write to", expected="--output-dir DIR beside it")


def _choices(args: argparse.Namespace, settings: Settings, now: datetime) -> Choices:
    return Choices(
        axes=tuple(one for one in Axis if not args.axis or one.value in args.axis),
        fail_on=thresholds(args.fail_on),
        waivers=read_waivers(args.waivers, now.date()) if args.waivers else (),
        evidence=read_evidence(args.evidence, now.date()) if args.evidence else None,
        measured_against=args.config.name if args.config else CONFIG,
        read_from="a saved inventory" if args.inventory else f"target {settings.target}",
    )


def _read(args: argparse.Namespace, settings: Settings, choices: Choices) -> tuple[Inventory, Effort]:
    from dicfix.cli import audit_sources

    if args.plant and settings.target != "offline":
        raise UsageError("a defect can be planted in an embedded account only", expected="--target offline")
    needs = needs_of(chosen_controls(choices.axes))
    if settings.target == "aws":
        return audit_sources.on_aws(settings, needs)
    return audit_sources.embedded(settings, needs, args.plant)


def _region_of(inventory: Inventory) -> str | None:
    return inventory.caller.region if isinstance(inventory.caller, Caller) else None


def _kept(args: argparse.Namespace, inventory: Inventory, settings: Settings) -> tuple[Path | None, Run | None]:
    """Where the run is remembered, and the run that is remembered there."""
    if not args.state:
        return None, None
    place = place_of(inventory, settings)
    path = args.state / f"{place.account}-{place.region}.findings.jsonl"
    return path, read_run(path) if path.exists() else None


def _tell(args: argparse.Namespace, result: AuditResult) -> None:
    if args.output_dir:
        write_outputs(result, args.output_dir, args.format or tuple(FILES))
    lines = notice(result) if args.only_changes else list(summary(result))
    if lines:
        print("\n".join(lines))


def _list_defects() -> int:
    raise UsageError("defects cannot be planted in this version")


def _saved(path: Path) -> Inventory:
    raise UsageError(f"{path.name} cannot be read in this version")


def _save(inventory: Inventory, path: Path) -> None:
    raise UsageError(f"{path.name} cannot be written in this version")
