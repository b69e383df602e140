"""Reads runs back: the manifest, the findings beside it and the Allure results of a folder, and audits' findings.

Belongs here: what a folder must hold to be a run, and what does not add up in it. The verdict is drawn elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dicfix.audit.identity import Entry, Place, entries_of, safe
from dicfix.audit.waivers import unwaived
from dicfix.controls import CONTROLS
from dicfix.errors import UsageError
from dicfix.findings import Evidence, Finding, Status
from dicfix.guide import clauses_of
from dicfix.reports.results import Key, Result, key_of, read_results
from dicfix.reports.runs import Counts, Outcome, Run, Scenario, run_label

MANIFEST = "run.json"
FINDINGS = "findings.json"
RESULTS = "allure-results"
PICTURE = "onboarding.svg"
NIGHTS = "nights.jsonl"
"""What an audit remembers of the audits before it, beside its findings."""
FORMAT = 1

_CALLER_CONTROL = "DIC-ACC-01"
_ARN_ACCOUNT = re.compile(r"\barn:aws[\w-]*:[^:\s]*:[^:\s]*:(\d{12}):")
_ALLURE_WORDS = {
    "passed": {"passed"},
    "failed": {"failed", "broken"},
    "error": {"broken", "failed"},
    "crashed": {"broken"},
    "skipped": {"skipped"},
    "xfailed": {"skipped", "failed"},
    "xpassed": {"passed", "failed"},
}
"""What Allure may say of a scenario of which pytest said this."""


def read_run(folder: Path) -> Run:
    """The run of a folder with run.json, findings.json and allure-results; raises UsageError where there is none."""
    manifest = _json(folder / MANIFEST)
    try:
        return _Reading(folder, manifest).run()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{MANIFEST} is no manifest of this version ({error})", expected=f"format {FORMAT}", remedy="run again"
        ) from error


def read_audit(path: Path) -> Run:
    """The run that an audit's findings.jsonl tells; its waivers are taken back, the sign-off has its own."""
    from dicfix.audit.outputs.jsonl import read_run as read_findings

    told = read_findings(path)
    head = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    source, when = str(head.get("read_from", "")), moment(told.started)
    level = Evidence.AWS if source == "target aws" else Evidence.SIMULATED
    entries = tuple(unwaived(told.entries))
    nights = path.with_name(NIGHTS)
    arns = (one.resource for one in entries if one.control == _CALLER_CONTROL)
    caller = next((one for one in arns if one.startswith("arn:")), "")
    return Run(
        label=run_label("audit", source.removeprefix("target ") or "an account"),
        kind="audit",
        edition=told.edition,
        guide_sha256="",
        mode="audit",
        target=source.removeprefix("target "),
        place=Place(told.account, told.region, caller),
        evidence=level,
        firmware_profile="",
        boards=(),
        started=when,
        stopped=when + timedelta(seconds=float(head.get("seconds", 0))),
        command="dicfix audit",
        git="",
        versions={},
        workers=0,
        counts=Counts(0, 0, 0),
        scenarios=(),
        entries=entries,
        files=((path.name, path), *(((NIGHTS, nights),) if nights.is_file() else ())),
    )


def moment(text: str) -> datetime:
    """A timestamp of a report, with its zone (UTC where it names none)."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no {path.name} in {path.parent.name or '.'}",
            expected="a folder that a run of the features wrote",
            remedy="run pytest features first, or name the folder with --run",
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path.name} cannot be read as JSON", remedy="run again") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UsageError(f"{path.name} is not of format {FORMAT}", remedy="run again with this version")
    return value


class _Reading:
    """One folder while it is read; ``wrong`` gathers what does not add up."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self._folder = folder
        self._manifest = manifest
        self._fields: Mapping[str, Any] = manifest["run"]
        self.wrong: list[str] = []

    def run(self) -> Run:
        manifest, fields = self._manifest, self._fields
        findings = self._findings()
        results = self._results()
        scenarios = tuple(self._scenarios(results, findings))
        every = [finding for found in findings.values() for finding in found]
        place, stopped = self._place(every), moment(manifest["stopped"])
        left_out = self._left_out()
        return Run(
            label=run_label(fields["mode"], fields["target"], Evidence(fields["evidence"])),
            kind="features",
            edition=fields["edition"],
            guide_sha256=fields.get("guide_sha256", ""),
            mode=fields["mode"],
            target=fields["target"],
            place=place,
            evidence=Evidence(fields["evidence"]),
            firmware_profile=fields.get("firmware_profile", ""),
            boards=tuple(fields.get("real_boards", ())),
            started=moment(manifest["started"]),
            stopped=stopped,
            command=" ".join(manifest["command"]),
            git=_git(manifest["git"]),
            versions=manifest["versions"],
            workers=manifest["workers"],
            counts=self._counts(scenarios, left_out),
            scenarios=scenarios,
            entries=self._entries(every, place, stopped),
            left_out=left_out,
            collection_errors=tuple(f"{one['id']}: {one['message']}" for one in manifest["collection_errors"]),
            crashes=self._crashes(),
            wrong=tuple(self.wrong),
            files=tuple(self._files()),
        )

    def _crashes(self) -> tuple[str, ...]:
        told = [f"{one['worker']} while running {one['while_running']}" for one in self._manifest["crashes"]]
        named = {one["worker"] for one in self._manifest["crashes"]}
        return (*told, *(f"{one} was lost" for one in self._manifest["lost_workers"] if one not in named))

    def _counts(self, scenarios: tuple[Scenario, ...], left_out: tuple[str, ...]) -> Counts:
        planned = len(scenarios) + sum("::" in one for one in left_out)
        return Counts(planned, len(self._manifest["executed"]), sum(bool(one.uuid) for one in scenarios))

    def _findings(self) -> dict[str, tuple[Finding, ...]]:
        path, expected = self._folder / FINDINGS, self._manifest["findings"]
        if not path.exists():
            self.wrong.append(f"{FINDINGS} is missing; the manifest counts {expected} findings")
            return {}
        rows = _json(path)["findings"]
        if len(rows) != expected:
            self.wrong.append(f"{FINDINGS} holds {len(rows)} findings; the manifest counts {expected}")
        found: dict[str, list[Finding]] = {}
        for row in rows:
            values = {key: value for key, value in row.items() if key != "scenario"}
            if values["control"] in CONTROLS:
                found.setdefault(row["scenario"], []).append(_finding(values))
            else:
                self.wrong.append(f"{values['control']} is a control that this version does not know")
        return {key: tuple(values) for key, values in found.items()}

    def _results(self) -> dict[Key, list[Result]]:
        began_ms = moment(self._manifest["started"]).timestamp() * 1000 - 1000
        found: dict[Key, list[Result]] = {}
        results, unreadable = read_results(self._folder / RESULTS)
        self.wrong += [f"{name} is no Allure result" for name in unreadable]
        for result in results:
            if result.key and not 0 < result.start_ms < began_ms:  # an older run's, in a folder that was not cleaned
                found.setdefault(result.key, []).append(result)
        return found

    def _scenarios(
        self, results: dict[Key, list[Result]], findings: Mapping[str, tuple[Finding, ...]]
    ) -> Iterable[Scenario]:
        for nodeid in self._manifest["collected"]:
            row = self._manifest["scenarios"].get(nodeid)
            if row is None:
                continue  # a test that is no scenario
            found = results.pop(key_of(nodeid, row["parameters"]), [])
            yield self._scenario(nodeid, row, found, findings.get(nodeid, ()))
        unknown = sum(map(len, results.values()))
        if unknown:
            self.wrong.append(f"{unknown} result files belong to no scenario that was planned")

    def _scenario(
        self, nodeid: str, row: Mapping[str, Any], found: list[Result], findings: tuple[Finding, ...]
    ) -> Scenario:
        reported = self._manifest["reported"].get(nodeid)
        result = found[-1] if found else None
        if reported is None:
            self.wrong.append(f"{row['name']}: planned, and never reported")
        elif result is None:
            self.wrong.append(f"{row['name']}: reported {reported}, and its result file is missing")
        elif len(found) > 1:
            self.wrong.append(f"{row['name']}: {len(found)} result files for one scenario")
        elif result.status not in _ALLURE_WORDS.get(reported, ()):
            self.wrong.append(f"{row['name']}: reported {reported}, and its result file says {result.status}")
        return Scenario(
            nodeid=nodeid,
            name=_named(row),
            feature=row["feature"],
            rule=row["rule"],
            place=row["place"],
            clauses=tuple(row["clauses"]),
            tags=frozenset(row.get("tags", ())),
            severity=row["severity"],
            outcome=_outcome(reported, result, findings, self._fields["mode"]),
            message=result.message if result else "",
            steps=result.steps if result else (),
            uuid=result.uuid if result else "",
            findings=findings,
        )

    def _place(self, findings: list[Finding]) -> Place:
        caller = next((one.resource for one in findings if one.control == _CALLER_CONTROL), "")
        caller = caller if caller.startswith("arn:") else ""
        texts = (text for one in findings for text in (one.resource, one.observed))
        arn = next((found for text in (caller, *texts) if (found := _ARN_ACCOUNT.search(text))), None)
        return Place(self._fields.get("account") or (arn[1] if arn else ""), self._fields["region"], caller)

    def _entries(self, findings: list[Finding], place: Place, when: datetime) -> tuple[Entry, ...]:
        return entries_of(findings, place, {}, when.isoformat(timespec="seconds"))

    def _left_out(self) -> tuple[str, ...]:
        known = {one.id for one in clauses_of(self._fields["edition"])}
        rows = self._manifest["scenarios"]
        gone = [one for one in self._manifest["deselected"] if one in rows]
        ours = [one for one in gone if self._of_the_edition(rows[one], known)]
        return (*ours, *self._manifest["files_not_asked"])

    def _of_the_edition(self, row: Mapping[str, Any], known: set[str]) -> bool:
        named = row["editions"]
        return known.issuperset(row["clauses"]) and (not named or self._fields["edition"] in named)

    def _files(self) -> Iterable[tuple[str, Path]]:
        names = [MANIFEST, FINDINGS, PICTURE]
        paths = [self._folder / name for name in names if (self._folder / name).is_file()]
        paths += sorted(path for path in (self._folder / RESULTS).glob("*") if path.is_file())
        return ((path.relative_to(self._folder).as_posix(), path) for path in paths)


def _named(row: Mapping[str, Any]) -> str:
    """The scenario's name, with what its name does not tell of its row of Examples."""
    untold = [str(one) for one in row["parameters"].values() if str(one) not in row["name"]]
    return f"{row['name']} ({', '.join(untold)})" if untold else str(row["name"])


def _finding(row: Mapping[str, Any]) -> Finding:
    """A finding as it was before the waivers of its run: the sign-off has its own."""
    status = Status(row["status"])
    if status is Status.WAIVED:
        return Finding(**{**row, "status": Status.FAIL, "deviation": ""})
    return Finding(**{**row, "status": status})


def _outcome(reported: str | None, result: Result | None, findings: tuple[Finding, ...], mode: str) -> Outcome:
    if reported is None:
        return Outcome.MISSING
    if reported == "crashed":
        return Outcome.CRASHED
    if reported in ("passed", "xpassed"):
        return Outcome.PASSED
    if reported == "skipped":
        return _skipped({one.status for one in findings}, mode)
    failed = reported == "xfailed" or (result is not None and result.status == "failed")
    return Outcome.FAILED if failed else Outcome.BROKEN


def _skipped(judged: set[Status], mode: str) -> Outcome:
    """What a skip says: a control saw that only a person can see it, or that it does not apply; else nothing."""
    if Status.MANUAL in judged:
        return Outcome.MANUAL
    if judged and judged <= {Status.NOT_APPLICABLE, Status.PASS} and mode == "onboard":
        return Outcome.NOT_APPLICABLE
    return Outcome.SKIPPED


def _git(state: Mapping[str, Any] | None) -> str:
    if not state:
        return "not a git checkout"
    return f"{state['revision']}{', with local changes' if state['dirty'] else ''}"


def uncoloured(text: str) -> str:
    """A message without terminal colours, control characters and private keys."""
    return "\n".join(safe(line) for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines())
