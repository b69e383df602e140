"""SARIF 2.1.0: rules from the controls, results for what is open, waived or MANUAL, with baseline and suppressions.

PASS and NOT_APPLICABLE are told as counts in the run's properties. The physical location is the file that says what is
expected; the resource is a logical location. Source: OASIS SARIF Version 2.1.0, sections 3.14 to 3.58.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dicfix.audit.compare import Change, Changed
from dicfix.audit.evidence import is_closed
from dicfix.audit.identity import Entry
from dicfix.audit.run import AuditResult, stamp
from dicfix.controls import CONTROLS
from dicfix.findings import Severity, Status

VERSION = "2.1.0"
FINGERPRINT = "dicfixFinding/v1"
_LEVELS = {
    Severity.BLOCKER: "error",
    Severity.CRITICAL: "error",
    Severity.NORMAL: "warning",
    Severity.MINOR: "note",
    Severity.TRIVIAL: "note",
}
_SECURITY = {
    Severity.BLOCKER: "9.5",
    Severity.CRITICAL: "8.0",
    Severity.NORMAL: "5.5",
    Severity.MINOR: "3.0",
    Severity.TRIVIAL: "1.0",
}
"""What code scanning orders by (its property security-severity), from our severities."""
_KINDS = {Status.FAIL: "fail", Status.WAIVED: "fail", Status.UNREADABLE: "open", Status.MANUAL: "review"}
_BASELINE = {
    Change.NEW: "new",
    Change.CHANGED: "updated",
    Change.WAIVED: "updated",
    Change.STILL: "unchanged",
    Change.FIXED: "absent",
    Change.GONE: "updated",
}


def lines_of(results: Iterable[AuditResult], missed: Mapping[str, str] | None = None) -> Iterator[str]:
    """The document, a result a line; ``missed`` are accounts and Regions that were not read, with why."""
    yield f'{{"version": "{VERSION}", "runs": ['
    for number, run in enumerate(document(results, missed)["runs"]):
        found = run.pop("results", [])
        yield (",\n" if number else "\n") + json.dumps(run, ensure_ascii=False)[:-1] + ', "results": ['
        for place, one in enumerate(found):
            yield (",\n" if place else "\n") + json.dumps(one, ensure_ascii=False)
        yield "]}"
    yield "\n]}\n"


def document(results: Iterable[AuditResult], missed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document as JSON values: a run for each account and Region."""
    unread = [_unread(name, why) for name, why in (missed or {}).items()]
    return {"version": VERSION, "runs": [*(_run(one) for one in results), *unread]}


def _unread(name: str, why: str) -> dict[str, Any]:
    notification = {"level": "error", "message": {"text": why}}
    return {
        "tool": {"driver": {"name": "dicfix"}},
        "automationDetails": {"id": f"dicfix/{name}/"},
        "invocations": [{"executionSuccessful": False, "toolExecutionNotifications": [notification]}],
        "results": [],
    }


def _run(result: AuditResult) -> dict[str, Any]:
    told = [one for one in result.entries if one.status in _KINDS]
    past = _past(result)
    by_control = {one.control: one for one in (*(one.entry for one in past), *told)}
    index = {one: number for number, one in enumerate(by_control)}
    changes = {one.entry.uid: one.change for one in result.comparison.changes} if result.comparison else {}
    results = [_current(one, index, result, changes.get(one.uid)) for one in told]
    results += [_former(one, index, result) for one in past]
    return {
        "tool": {"driver": {"name": "dicfix", "rules": [_rule(one) for one in by_control.values()]}},
        "automationDetails": {"id": f"dicfix/{result.place.account}/{result.place.region}/"},
        "invocations": [_invocation(result)],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "edition": result.edition,
            "readFrom": result.read_from,
            "statuses": {one.value: n for one, n in Counter(e.status for e in result.entries).items()},
            "verdict": {one.axis.value: one.outcome.value for one in result.verdict.axes},
        },
    }


def _past(result: AuditResult) -> list[Changed]:
    """What the run before told and this one has no result for: fixed, or no longer evaluated."""
    changes = result.comparison.of(Change.FIXED, Change.GONE) if result.comparison else ()
    return [
        one
        for one in changes
        if one.before and one.before.status in _KINDS and not (one.after and one.after.status in _KINDS)
    ]


def _rule(entry: Entry) -> dict[str, Any]:
    control = CONTROLS.get(entry.control)
    rule: dict[str, Any] = {
        "id": entry.control,
        "shortDescription": {"text": entry.title},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        "properties": {
            "tags": [entry.axis.value, *entry.clauses],
            "security-severity": _SECURITY[entry.severity],
            "severity": entry.severity.value,
        },
    }
    if control:
        rule["fullDescription"] = {"text": control.rationale}
        rule["help"] = {"text": control.remedy}
    return rule


def _result(entry: Entry, index: dict[str, int], result: AuditResult) -> dict[str, Any]:
    kind = _KINDS[entry.status]
    properties = {
        "status": entry.status.value,
        "firstSeen": entry.first_seen,
        "observedHash": entry.observed_hash,
        "remedy": entry.remedy,
        "note": entry.note,
    }
    return {
        "ruleId": entry.control,
        "ruleIndex": index[entry.control],
        "kind": kind,
        "level": _LEVELS[entry.severity] if kind == "fail" else "none",
        "message": {"text": f"{entry.resource}: observed {entry.observed}; expected {entry.expected}"},
        "locations": [_location(entry, result)],
        "partialFingerprints": {FINGERPRINT: entry.uid},
        "suppressions": _suppressions(entry),
        "properties": properties,
    }


def _current(entry: Entry, index: dict[str, int], result: AuditResult, change: Change | None) -> dict[str, Any]:
    found = _result(entry, index, result)
    if result.comparison:
        unchanged = "new" if entry.first_seen == entry.last_seen else "unchanged"
        found["baselineState"] = _BASELINE[change] if change else unchanged
    return found


def _former(changed: Changed, index: dict[str, int], result: AuditResult) -> dict[str, Any]:
    entry = changed.before or changed.entry
    found = _result(entry, index, result)
    found["baselineState"] = _BASELINE[changed.change]
    found["properties"]["change"] = changed.change.value
    if changed.change is Change.GONE:
        found |= {"kind": "open", "level": "none"}
        found["message"] = {"text": f"{entry.resource}: no longer evaluated; it was: observed {entry.observed}"}
    return found


def _location(entry: Entry, result: AuditResult) -> dict[str, Any]:
    name = entry.arn or f"{entry.account}/{entry.region}/{entry.resource}"
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": result.measured_against},
            "region": {"startLine": 1},
        },
        "logicalLocations": [{"name": entry.resource, "fullyQualifiedName": name, "kind": "resource"}],
    }


def _suppressions(entry: Entry) -> list[dict[str, str]]:
    if entry.status is Status.WAIVED or is_closed(entry):
        return [{"kind": "external", "status": "accepted", "justification": entry.note}]
    return []


def _invocation(result: AuditResult) -> dict[str, Any]:
    unread = [one for one in result.entries if one.status is Status.UNREADABLE]
    texts = dict.fromkeys(one.observed for one in unread)
    return {
        "executionSuccessful": not unread,
        "exitCode": result.verdict.exit_code,
        "startTimeUtc": stamp(result.started),
        "endTimeUtc": stamp(result.finished),
        "toolExecutionNotifications": [{"level": "error", "message": {"text": one}} for one in texts],
    }
