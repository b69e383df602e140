"""Audits of a good onboarding and of spoilt ones, without an account: for tests of waivers, outputs, comparison."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from onboarded import DEVICE, NOW, SECOND, good_inventory, good_settings

from dicfix.audit.compare import Run
from dicfix.audit.identity import Entry
from dicfix.audit.run import AuditResult, Choices, Effort, Reading, audit
from dicfix.findings import Axis
from dicfix.records import Inventory, Unread, known

TODAY = NOW.date()
DENIED = Unread("iot:DescribeCACertificate", "AccessDeniedException", "no", "iot:DescribeCACertificate")
GUIDE_AND_FIT = (Axis.GUIDE, Axis.FIT)
"""The axes that a good onboarding shows; hardening looks at more of an account than these records hold."""
JUDGED = Choices(axes=GUIDE_AND_FIT, read_from="target offline")
INACTIVE = "DIC-CRT-04"
"""The control that FAILs for both devices of ``bad_inventory``."""


@cache
def inventory() -> Inventory:
    """A good account."""
    return good_inventory()


def with_status(status: Any, *names: str) -> Inventory:
    """The certificates of these things (both devices by default) have another status."""
    good = inventory()
    arns = {arn for name in names or (DEVICE, SECOND) for arn in known(known(good.things)[name].principals)}
    certificates = {
        key: replace(one, status=status) if one.arn in arns else one for key, one in known(good.certificates).items()
    }
    return replace(good, certificates=certificates)


def bad_inventory() -> Inventory:
    """The certificates of both devices are INACTIVE."""
    return with_status("INACTIVE")


def denied_inventory() -> Inventory:
    """Nobody may read the CA certificate."""
    good = inventory()
    denied = {key: replace(one, status=DENIED) for key, one in known(good.ca_certificates).items()}
    return replace(good, ca_certificates=denied)


def audited(
    given: Inventory | None = None,
    choices: Choices | None = None,
    *,
    before: Run | None = None,
    days: int = 0,
    settings: Any = None,
) -> AuditResult:
    """An audit, ``days`` after the usual day."""
    started = NOW + timedelta(days=days)
    effort = Effort({"iot:DescribeCertificate": 3, "iot:DescribeThing": 2}, 1, 2.0, ("7 of 7 things read",))
    chosen = settings or good_settings(mode="audit")
    reading = Reading(chosen, inventory() if given is None else given, started, effort)
    return audit(reading, choices or JUDGED, finished=started + timedelta(seconds=2), before=before)


def of(result: AuditResult | Iterable[Entry], control: str) -> dict[str, Entry]:
    """The entries of one control by resource."""
    entries = result.entries if isinstance(result, AuditResult) else result
    return {one.resource: one for one in entries if one.control == control}


def waiver_text(**changes: object) -> str:
    """A file with one waiver for the inactive certificate of the first device; None leaves a field out."""
    entry = of(audited(bad_inventory()), INACTIVE)[DEVICE]
    fields: dict[str, object] = {
        "control": INACTIVE,
        "resource": DEVICE,
        "account": f'"{entry.account}"',
        "justification": "the device is in the laboratory, switched off",
        "approver": "Ada Example",
        "observed": f'"{entry.observed_hash}"',
        "expires": (TODAY + timedelta(days=60)).isoformat(),
        **changes,
    }
    lines = [f"    {key}: {value}" for key, value in fields.items() if value is not None]
    return "\n".join(["waivers:", "  -" + lines[0][3:], *lines[1:]]) + "\n"


def written(path: Path, text: str) -> Path:
    """The file with this text."""
    path.write_text(text, encoding="utf-8")
    return path


def at(day: datetime) -> str:
    """A moment as the reports write it."""
    return day.strftime("%Y-%m-%dT%H:%M:%SZ")
