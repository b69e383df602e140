"""Which part of the onboarding a finding is about: CA certificate, policy, certificates, things, connections.

Belongs here: sorting the guide's findings to the parts that the picture shows. May import controls and findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from dicfix.controls import CONTROLS
from dicfix.findings import Axis, Finding, Status, worst


class Kind(Enum):
    """The kinds of parts, in the order of the guide."""

    CA = "CA certificate"
    POLICY = "policy"
    CERTIFICATE = "certificate"
    THING = "thing"
    CONNECTION = "connection"
    ENDPOINT = "AWS IoT endpoint"
    OTA_PREREQUISITES = "OTA prerequisites"
    OTA_JOB = "OTA job"


OF_CLIENTS = (Kind.CERTIFICATE, Kind.THING, Kind.CONNECTION)
"""The kinds that every device and MQTT Explorer have one of."""

_KINDS: tuple[tuple[str, Kind], ...] = (
    ("DIC-CA-", Kind.CA),
    ("DIC-POL-", Kind.POLICY),
    ("DIC-CRT-", Kind.CERTIFICATE),
    ("DIC-THG-02", Kind.CONNECTION),
    ("DIC-THG-", Kind.THING),
    ("DIC-MAT-", Kind.CONNECTION),
    ("DIC-EXP-01", Kind.THING),
    ("DIC-EXP-02", Kind.CERTIFICATE),
    ("DIC-EXP-03", Kind.THING),
    ("DIC-EXP-", Kind.CONNECTION),
    ("DIC-E2E-", Kind.CONNECTION),
    ("DIC-SRV-03", Kind.CONNECTION),
    ("DIC-SRV-04", Kind.CONNECTION),
    ("DIC-SRV-", Kind.ENDPOINT),
    ("DIC-ACC-03", Kind.OTA_JOB),
    ("DIC-ACC-", Kind.ENDPOINT),
    ("DIC-OTA-", Kind.OTA_JOB),
    ("DIC-OTP-", Kind.OTA_PREREQUISITES),
)
_OF_CA = frozenset(f"DIC-PKI-{number}" for number in ("01", "02", "05", "06", "09", "11", "12", "13"))
_OF_EXPLORER = ("DIC-EXP-", "DIC-SRV-03", "DIC-SRV-04", "DIC-PKI-10")
_OF_DEVICES = ("DIC-E2E-", "DIC-MAT-", "DIC-THG-", "DIC-CRT-")


@dataclass(frozen=True, slots=True)
class Cast:
    """The names of a run: policy, devices and MQTT Explorer's thing."""

    policy: str
    devices: tuple[str, ...]
    explorer: str

    @property
    def clients(self) -> tuple[str, ...]:
        """Every client: MQTT Explorer, then the devices."""
        return (self.explorer, *(one for one in self.devices if one != self.explorer))


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its kind, its name, and the findings about it."""

    kind: Kind
    name: str
    findings: tuple[Finding, ...] = ()

    @property
    def status(self) -> Status | None:
        """What the findings amount to; None when nothing was judged."""
        return worst(self.findings) if self.findings else None

    @property
    def bad(self) -> tuple[Finding, ...]:
        """The findings that somebody has to do something about, the FAILs first."""
        found = [one for one in self.findings if one.status in (Status.FAIL, Status.UNREADABLE)]
        return tuple(sorted(found, key=lambda one: one.status is not Status.FAIL))


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part of an onboarding; ``of_clients`` is by kind and client's name."""

    cast: Cast
    single: Mapping[Kind, Part]
    of_clients: Mapping[tuple[Kind, str], Part] = field(default_factory=dict)

    def all(self) -> tuple[Part, ...]:
        """The parts in the order of the guide."""
        found = [*self.single.values(), *self.of_clients.values()]
        order = list(Kind)
        return tuple(sorted(found, key=lambda one: order.index(one.kind)))

    def failed_controls(self, kind: Kind, client: str) -> frozenset[str]:
        """The controls that fail on a client's part."""
        part = self.of_clients[kind, client]
        return frozenset(one.control for one in part.findings if one.status is Status.FAIL)


def kind_of(control: str) -> Kind | None:
    """The kind of part that a control is about; None for one that the picture does not show."""
    if control.startswith("DIC-PKI-"):
        return Kind.CA if control in _OF_CA else Kind.CERTIFICATE
    return next((kind for beginning, kind in _KINDS if control.startswith(beginning)), None)


def parts_of(findings: Iterable[Finding], cast: Cast) -> Parts:
    """The findings of the guide's axis, sorted to the parts that they are about."""
    single: dict[Kind, list[Finding]] = {kind: [] for kind in Kind if kind not in OF_CLIENTS}
    of_clients: dict[tuple[Kind, str], list[Finding]] = {
        (kind, client): [] for kind in OF_CLIENTS for client in cast.clients
    }
    for finding in dict.fromkeys(findings):
        control = CONTROLS.get(finding.control)
        kind = kind_of(finding.control) if control and control.axis is Axis.GUIDE else None
        if kind is None:
            continue
        if kind is Kind.CERTIFICATE and finding.resource.startswith("CA"):
            kind = Kind.CA
        if kind in single:
            single[kind].append(finding)
        else:
            for client in _clients(finding, cast):
                of_clients[kind, client].append(finding)
    names = {Kind.POLICY: cast.policy}
    return Parts(
        cast,
        {kind: Part(kind, names.get(kind, kind.value), tuple(found)) for kind, found in single.items()},
        {(kind, client): Part(kind, client, tuple(found)) for (kind, client), found in of_clients.items()},
    )


def _clients(finding: Finding, cast: Cast) -> tuple[str, ...]:
    """The clients that a finding is about: those that it names, else those that its control is for."""
    named = [one for one in cast.clients if re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", finding.resource)]
    if named:
        return (max(named, key=len),)
    if finding.control.startswith(_OF_EXPLORER):
        return (cast.explorer,)
    if finding.control.startswith(_OF_DEVICES):
        return cast.devices
    return cast.clients
