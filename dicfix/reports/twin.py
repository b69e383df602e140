"""``signoff.json``: everything that the page says, for programs. May import the sign-off."""

from __future__ import annotations

import json
from typing import Any

from dicfix.audit.identity import as_json
from dicfix.reports.gather import uncoloured
from dicfix.reports.runs import Run, Scenario
from dicfix.reports.signoff import SignOff

SCHEMA = "dicfix-signoff"
VERSION = 1
"""Raised by every change that a reader of version 1 would not understand."""


def twin_of(signoff: SignOff) -> dict[str, Any]:
    """The sign-off as JSON values; times are ISO 8601."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "release": signoff.release,
        "created": signoff.created.isoformat(timespec="seconds"),
        "verdict": signoff.decision.verdict.value,
        "decided_by": signoff.decision.sentence(),
        "reasons": [
            {"rule": one.rule.id, "verdict": one.rule.verdict.value, "text": one.rule.text, "items": list(one.items)}
            for one in signoff.decision.reasons
        ],
        "axes": [_axis(signoff, number) for number in range(len(signoff.axes))],
        "guide": {"edition": signoff.edition, "sha256": signoff.guide_sha256},
        "boards": list(signoff.boards),
        "max_age_days": signoff.max_age_days,
        "runs": [_run(one) for one in signoff.runs],
        "matrix": _matrix(signoff),
        "scenarios": [_scenario(run, one) for run in signoff.runs for one in run.scenarios],
        "open_findings": [as_json(one) for run in signoff.runs for one in run.entries if one.open],
        **_people(signoff),
        "changes": _changes(signoff),
        "digest": signoff.digest,
    }


def twin_text(signoff: SignOff) -> str:
    """The twin as it is written."""
    return json.dumps(twin_of(signoff), indent=2, ensure_ascii=False) + "\n"


def _axis(signoff: SignOff, number: int) -> dict[str, Any]:
    one = signoff.axes[number]
    return {
        "axis": one.axis.value,
        "outcome": one.outcome.value,
        "controls": one.controls,
        "failing": list(one.failing),
        "counts": {status.value: count for status, count in one.counts.items() if count},
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "label": run.label,
        "kind": run.kind,
        "mode": run.mode,
        "target": run.target,
        "evidence": run.evidence.value,
        "account": run.place.account,
        "region": run.place.region,
        "caller": run.place.caller,
        "firmware_profile": run.firmware_profile,
        "boards": list(run.boards),
        "started": run.started.isoformat(timespec="seconds"),
        "stopped": run.stopped.isoformat(timespec="seconds"),
        "command": run.command,
        "git": run.git,
        "workers": run.workers,
        "versions": dict(run.versions),
        "planned": run.counts.planned,
        "executed": run.counts.executed,
        "reported": run.counts.reported,
        "left_out": list(run.left_out),
        "collection_errors": [uncoloured(one) for one in run.collection_errors],
        "crashes": list(run.crashes),
        "wrong": list(run.wrong),
    }


def _matrix(signoff: SignOff) -> list[dict[str, Any]]:
    return [
        {
            "clause": row.clause.id,
            "page": row.clause.page,
            "step": row.clause.step_in(signoff.edition),
            "text": row.clause.text,
            "result": row.result.value,
            "blocks": row.blocks,
            "note": uncoloured(row.note),
            "evidence": row.seen.level.value if row.seen else "",
            "seen": row.seen.when.isoformat(timespec="seconds") if row.seen else "",
            "seen_in": row.seen.run if row.seen else "",
            "seen_by": row.seen.by if row.seen else "",
            "scenarios": [
                {"run": signoff.runs[number].label, "id": one.nodeid, "outcome": one.outcome.value}
                for number, one in row.scenarios
            ],
            "controls": [
                {"control": one.control.id, "status": one.status.value if one.status else "not judged"}
                for one in row.controls
            ],
        }
        for row in signoff.rows
    ]


def _scenario(run: Run, scenario: Scenario) -> dict[str, Any]:
    told: dict[str, Any] = {
        "run": run.label,
        "id": scenario.nodeid,
        "name": scenario.name,
        "place": scenario.place,
        "clauses": list(scenario.clauses),
        "outcome": scenario.outcome.value,
    }
    if scenario.message:
        told["message"] = uncoloured(scenario.message)
    return told


def _people(signoff: SignOff) -> dict[str, Any]:
    return {
        "waivers": [
            {
                "control": one.control,
                "resource": one.resource,
                "account": one.account,
                "justification": one.justification,
                "approver": one.approver,
                "expires": one.expires.isoformat(),
                "doubts": [doubt.trouble.value for doubt in signoff.waivers.doubts if doubt.waiver.name == one.name],
            }
            for one in signoff.waivers.waivers
        ],
        "manual_evidence": [
            {
                "subject": one.subject,
                "who": one.who,
                "when": one.when.isoformat(),
                "file": one.file,
                "sha256": one.sha256,
                "expires": one.expires.isoformat(),
                "trouble": one.trouble,
            }
            for one in signoff.pieces
        ],
        "evidence_doubts": list(signoff.evidence_doubts),
        "deviations": [
            {"control": one.control, "resource": one.resource, "deviation": one.deviation} for one in signoff.deviations
        ],
    }


def _changes(signoff: SignOff) -> dict[str, Any] | None:
    one = signoff.changes
    if one is None:
        return None
    return {
        "since": one.record,
        "signed": one.signed,
        "created": one.created,
        "verdict": one.verdict,
        "fixed": list(one.fixed),
        "regressed": list(one.regressed),
        "evidence": list(one.evidence),
        "added": list(one.added),
        "removed": list(one.removed),
    }
