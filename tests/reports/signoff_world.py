"""Runs as pytest leaves them, made by hand: a folder with manifest, findings and results, to be spoilt one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dicfix.audit.identity import hash_of
from dicfix.controls import CONTROLS, controls_of
from dicfix.findings import Axis
from dicfix.guide import clauses_of
from dicfix.reports.guide_identity import edition_sha256
from dicfix.reports.signoff import Choices, SignOff, sign_off

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
EDITION = "2023-08"
ACCOUNT = "123456789012"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/tester/anna"
FAILED_STEP = "Then the CA certificate is ACTIVE"


def finding(control: str, status: str = "PASS", **more: str) -> dict[str, str]:
    """A row of findings.json."""
    row = {
        "resource": CALLER if control == "DIC-ACC-01" else f"resource of {control}",
        "expected": "so",
        "observed": "so",
    }
    return {"control": control, "status": status, "remedy": "", "reason": "", "deviation": "", **row, **more}


@dataclass
class World:
    """One run in ``folder``: a passed scenario for each clause of the edition, and one beyond the guide.

    What a test changes in ``manifest``, ``findings`` and ``results`` is written by ``write``.
    """

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, str]] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    def scenario(self, clause: str, n: int = 0, *, tags: tuple[str, ...] = ()) -> str:
        """Plan a scenario that passes, with a PASS of each control of its clause; gives its node id."""
        name = f"{clause or 'Beyond the guide'} holds" + (f" number {n}" if n else "")
        function = "test_" + name.lower().replace(" ", "_").replace("-", "_").replace(".", "_")
        nodeid = f"features/01.feature::{function}"
        place = f"features/01.feature:{len(self.manifest['collected']) + 1}"
        self.manifest["scenarios"][nodeid] = {
            "name": name,
            "feature": "A feature",
            "rule": "",
            "place": place,
            "severity": "",
            "editions": [],
            "clauses": [clause] if clause else [],
            "tags": list(tags),
            "parameters": {},
        }
        self.manifest["collected"].append(nodeid)
        self.manifest["executed"].append(nodeid)
        self.manifest["reported"][nodeid] = "passed"
        self.results[nodeid] = self._result(function, name)
        controls = [one for one in controls_of(clause) if one.axis is Axis.GUIDE] if clause else []
        self.findings += [{"scenario": nodeid, **finding(one.id)} for one in controls]
        return nodeid

    def _result(self, function: str, name: str) -> dict[str, Any]:
        started = datetime.fromisoformat(self.manifest["started"]).timestamp() * 1000
        return {
            "name": name,
            "status": "passed",
            "uuid": f"uuid-of-{function}",
            "start": int(started) + 5,
            "fullName": f"features.01#{function}",
            "titlePath": ["features", "01.feature"],
            "steps": [{"name": "When the step is done", "status": "passed"}, {"name": FAILED_STEP, "status": "passed"}],
        }

    def end(self, clause: str, reported: str, status: str, message: str = "", *, judged: str = "") -> str:
        """Let the scenario of a clause end otherwise; ``judged`` is the status of its first control."""
        nodeid = next(one for one, row in self.manifest["scenarios"].items() if row["clauses"] == [clause])
        self.manifest["reported"][nodeid] = reported
        result = self.results[nodeid]
        result |= {"status": status, "statusDetails": {"message": message}}
        if status != "passed":
            result["steps"][1] |= {"status": status, "statusDetails": {"message": message}}
        mine = [row for row in self.findings if row["scenario"] == nodeid]
        if judged:
            mine[0] |= {"status": judged, "observed": "INACTIVE", "expected": "ACTIVE"}
        elif reported not in ("passed", "failed"):
            self.findings = [row for row in self.findings if row not in mine]
        return nodeid

    def fail(self, clause: str) -> str:
        """Let the scenario of a clause fail by a finding."""
        return self.end(clause, "failed", "failed", "dicfix.findings.FindingFailed: it is INACTIVE", judged="FAIL")

    def write(self) -> Path:
        """Write the run and give its folder."""
        results = self.folder / "allure-results"
        results.mkdir(parents=True, exist_ok=True)
        self.manifest["findings"] = len(self.findings)
        (self.folder / "run.json").write_text(json.dumps(self.manifest))
        (self.folder / "findings.json").write_text(json.dumps({"format": 1, "findings": self.findings}))
        for number, result in enumerate(self.results.values()):
            (results / f"{number:04}-result.json").write_text(json.dumps(result))
        return self.folder


def world(folder: Path, *, evidence: str = "simulated", age_days: float = 0, **fields: Any) -> World:
    """A run in which every clause of the edition passed; on AWS with other ``evidence``."""
    stopped = NOW - timedelta(days=age_days, minutes=5)
    target = "offline" if evidence == "simulated" else "aws"
    made = World(folder)
    made.manifest = {
        "format": 1,
        "started": (stopped - timedelta(minutes=2)).isoformat(),
        "stopped": stopped.isoformat(),
        "exit_code": 0,
        "command": ["pytest", "features"],
        "workers": 0,
        "plugins": {},
        "git": {"revision": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
        "versions": {"python": "3.11.7", "dicfix": "0.1.0", "pytest": "9.2.0"},
        "collected": [],
        "deselected": [],
        "executed": [],
        "reported": {},
        "missing": [],
        "scenarios": {},
        "collection_errors": [],
        "crashes": [],
        "lost_workers": [],
        "files_not_asked": [],
        "run": {
            "edition": EDITION,
            "guide_sha256": edition_sha256(EDITION),
            "mode": "onboard",
            "target": target,
            "account": "",
            "region": "eu-west-1",
            "firmware_profile": EDITION,
            "real_boards": [],
            "evidence": evidence,
            **fields,
        },
    }
    for clause in clauses_of(EDITION):
        made.scenario(clause.id)
    made.scenario("")
    return made


def audited(folder: Path, *found: dict[str, str], source: str = "target offline", nights: int = 0) -> Path:
    """findings.jsonl of an audit with these findings, and as many nights before it."""
    from dicfix.audit.compare import Run as Audited
    from dicfix.audit.identity import Place, entries_of
    from dicfix.audit.outputs.jsonl import lines_of
    from dicfix.findings import Finding, Status

    values = [{**one, "status": Status(one["status"])} for one in (finding("DIC-ACC-01"), *found)]
    started = (NOW - timedelta(hours=3)).isoformat(timespec="seconds")
    entries = entries_of([Finding(**one) for one in values], Place(ACCOUNT, "eu-west-1"), {}, started)
    head, *rest = lines_of(Audited(started, ACCOUNT, "eu-west-1", EDITION, entries))
    told = {**json.loads(head), "read_from": source, "seconds": 65.0}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "findings.jsonl"
    path.write_text(json.dumps(told) + "\n" + "".join(rest))
    if nights:
        days = (NOW - timedelta(days=back, hours=3) for back in range(nights))
        rows = ({"place": f"{ACCOUNT} eu-west-1", "started": one.isoformat(), "counts": {"FAIL": 2}} for one in days)
        (folder / "nights.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def waiver(*, expires: str = "2026-06-30", observed: str = "INACTIVE", control: str = "DIC-CA-03") -> str:
    """A file with one waiver."""
    lines = {
        "control": control,
        "resource": f"resource of {control}",
        "account": f'"{ACCOUNT}"',
        "justification": "The factory switches it on at delivery.",
        "approver": "Berta Owner",
        "observed": f'"{hash_of(observed)}"',
        "expires": expires,
    }
    return "waivers:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in lines.items()) + "\n"


def evidence_yaml(folder: Path, subjects: tuple[str, ...], *, expires: str = "2026-12-31") -> Path:
    """A file with a person's evidence for these clauses, and the photograph that it names."""
    import hashlib

    photo = folder / "board.jpg"
    photo.write_bytes(b"a board, lit")
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    items = (
        f"  - clause: {one}\n    who: Carla Tester\n    when: 2026-03-08\n    file: board.jpg\n    sha256: {digest}\n"
        f"    expires: {expires}\n"
        for one in subjects
    )
    path = folder / "evidence.yaml"
    path.write_text("evidence:\n" + "".join(items))
    return path


def judged(*runs: Path, **choices: Any) -> SignOff:
    """The sign-off of these runs at NOW."""
    if runs:
        choices.setdefault("reports", runs[0].parent / "no-reports")
    return sign_off(Choices(runs, **choices), NOW)


def rules(signoff: SignOff) -> Iterator[str]:
    """The ids of the rules that applied."""
    return (one.rule.id for one in signoff.decision.reasons)


FIT_CONTROL = next(one.id for one in CONTROLS.values() if one.axis is Axis.FIT)
