"""What a control says about a resource, and how it reaches pytest.

Imports ``errors`` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from dicfix.errors import DicfixError


class Status(Enum):
    """The six statuses of a finding."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    UNREADABLE = "UNREADABLE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    MANUAL = "MANUAL"
    WAIVED = "WAIVED"


class Axis(Enum):
    """What a control measures against: the guide's text, the published firmware, or good practice."""

    GUIDE = "guide"
    FIT = "fit"
    HARDENING = "hardening"


class Severity(Enum):
    """How bad a FAIL is, worst first; the names are Allure's."""

    BLOCKER = "blocker"
    CRITICAL = "critical"
    NORMAL = "normal"
    MINOR = "minor"
    TRIVIAL = "trivial"


class Evidence(Enum):
    """Where a finding was seen."""

    SIMULATED = "simulated"
    AWS = "AWS with virtual device"
    BOARD = "AWS with board"


_WORST_FIRST = (
    Status.FAIL,
    Status.UNREADABLE,
    Status.MANUAL,
    Status.WAIVED,
    Status.PASS,
    Status.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One control judged on one resource.

    ``resource`` names what was looked at (an ARN, a thing name, a file name); ``reason`` is one word for why a FAIL
    failed (``absent`` or ``differs``) or why nothing was judged; ``deviation`` is a recorded, accepted difference
    (a policy narrower than the guide's) that comes with a PASS.
    """

    control: str
    status: Status
    resource: str
    expected: str
    observed: str
    remedy: str = ""
    reason: str = ""
    deviation: str = ""

    def sentence(self) -> str:
        """The finding as one line: control, resource, observed, expected, remedy."""
        text = f"{self.control}: {self.resource}: observed {self.observed}; expected {self.expected}."
        return f"{text} Do: {self.remedy.rstrip('.')}." if self.remedy and self.status is not Status.PASS else text


class FindingFailed(AssertionError):
    """A finding is FAIL: the account (or the guide) is wrong."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(f.sentence() for f in self.findings))


class FindingUnreadable(DicfixError):
    """A finding is UNREADABLE: nobody knows, which is never a PASS."""

    exit_code = 3

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(" ".join(f"{f.control}: {f.resource}: {f.observed}." for f in self.findings))


def worst(findings: Iterable[Finding]) -> Status:
    """The status that a set of findings amounts to: FAIL outranks UNREADABLE outranks MANUAL; none at all is FAIL."""
    present = {finding.status for finding in findings}
    return next((status for status in _WORST_FIRST if status in present), Status.FAIL)


def raise_for(findings: Iterable[Finding]) -> None:
    """Raise FindingFailed when any is FAIL, else FindingUnreadable when any is UNREADABLE."""
    __tracebackhide__ = True
    judged = tuple(findings)
    failed = [f for f in judged if f.status is Status.FAIL]
    if failed:
        raise FindingFailed(failed)
    unread = [f for f in judged if f.status is Status.UNREADABLE]
    if unread:
        raise FindingUnreadable(unread)
