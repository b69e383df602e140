"""Allure results as the plugin writes them, made by hand: a few of every kind, or a thousand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

_SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
STARTED_MS = 1_795_000_000_000
WAIVED = "WAIVED: DIC-POL-02: DIC_POLICY: observed another document; expected the JSON of the guide."
FAILED = "FindingFailed: DIC-CRT-05: SQA_DIC_C2: observed no policy; expected policy DIC_POLICY attached."
UNREADABLE = "dicfix.findings.FindingUnreadable: DIC-CA-01: CA: iot:ListCACertificates AccessDenied."
CRASHED = "worker 'gw1' crashed while running the scenario"
CATEGORIES = (
    {"name": "Waived", "matchedStatuses": ["failed"], "messageRegex": r"WAIVED: [\s\S]*"},
    {"name": "Guide deviation", "matchedStatuses": ["failed"], "messageRegex": r"^(?!WAIVED: )[\s\S]*"},
    {"name": "Unreadable", "matchedStatuses": ["broken"], "messageRegex": r"[\s\S]*Unreadable[\s\S]*"},
    {"name": "Environment", "matchedStatuses": ["broken"]},
)


class Results:
    """A folder of results; ``run`` makes the uuids of one run differ from those of the next."""

    def __init__(self, folder: Path, run: int = 1) -> None:
        self.folder = folder
        self.run = run
        folder.mkdir(parents=True)
        self._write("categories.json", CATEGORIES)
        self._write("executor.json", {"name": "pytest", "type": "dicfix", "reportName": "DIC guide 2023-08, a run"})
        (folder / "environment.properties").write_text("Guide\\ edition=2023-08\nEvidence=simulated\n")

    def uuid(self, name: str) -> str:
        """The uuid of the result of this name."""
        return str(uuid5(_SPACE, f"{self.run} {name}"))

    def add(self, name: str, status: str, message: str = "", **details: Any) -> None:
        """A scenario of two steps that ended so, the failing one last."""
        at = STARTED_MS + self.run * 86_400_000
        last = {"name": f"Then {name} is as the guide says", "status": status, "start": at + 20, "stop": at + 90}
        told = {"message": message, **details} if message else {}
        steps = [{"name": "When the step is done", "status": "passed", "start": at, "stop": at + 20}, last]
        labels = {"epic": "DIC guide 2023-08", "feature": "AWS CA certificate registration", "story": "Step 6 - Things"}
        labels |= {"severity": "critical", "clause": "AWS-6.6"}
        row = {
            "uuid": self.uuid(name),
            "name": name,
            "fullName": f"features.02#{name}",
            "historyId": hashlib.sha256(name.encode()).hexdigest(),
            "testCaseId": hashlib.sha256(name.encode()).hexdigest(),
            "status": status,
            "statusDetails": told,
            "steps": steps if status != "skipped" else [],
            "start": at,
            "stop": at + 100,
            "labels": [{"name": key, "value": value} for key, value in labels.items()],
            "links": [{"type": "guide", "name": "AWS-6.6", "url": "https://guide.example/registration"}],
        }
        if told:
            last["statusDetails"] = {"message": message}
        self._write(f"{self.uuid(name)}-result.json", row)

    def attach(self, name: str, text: str) -> None:
        """A text attached to the scenario of this name."""
        path = self.folder / f"{self.uuid(name)}-result.json"
        source = f"{self.uuid(name)}-attachment.txt"
        row = json.loads(path.read_text())
        row["attachments"] = [{"name": "transcript", "source": source, "type": "text/plain"}]
        path.write_text(json.dumps(row))
        (self.folder / source).write_text(text)

    def _write(self, name: str, value: object) -> None:
        (self.folder / name).write_text(json.dumps(value))


def one_of_every_kind(folder: Path, run: int = 1) -> Results:
    """A scenario for each way to end."""
    results = Results(folder, run)
    results.add("The policy is attached", "failed", FAILED)
    results.add("The policy has the guide's JSON", "failed", WAIVED, known=True)
    results.add("The CA certificate is registered", "broken", UNREADABLE)
    results.add("The thing exists", "broken", CRASHED)
    results.add("A person has seen it", "skipped", "MANUAL: DIC-X: nobody")
    results.add("The port is 8883", "passed")
    results.attach("The port is 8883", "CONNECT client ID 'DIC_EXPLORER'")
    return results


def a_thousand(folder: Path) -> Results:
    """1,000 scenarios as a run has them: each with an attachment of 2 KB, every tenth with a transcript of 80 KB."""
    results = Results(folder)
    for number in range(1000):
        failed = number % 50 == 0
        results.add(f"Scenario {number}", "failed" if failed else "passed", FAILED if failed else "")
        length = 3400 if number % 10 == 0 else 85
        results.attach(f"Scenario {number}", f"{number} " + "PUBLISH light/state on; " * length)
    return results
