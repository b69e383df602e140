"""One sweep of an account into an inventory: only what the controls need, nothing twice, every failure in its place.

The lists are read by page, the attachments and certificates as ``edges`` and ``certificate_sweep`` say, and everything
else by the readers of an Auditor. May import ``accounts``' readers, ``aws`` and the modules of this package below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dicfix.accounts.reading import attempt
from dicfix.audit import nightly
from dicfix.audit.calls import SweepSession
from dicfix.audit.checkpoint import Checkpoint
from dicfix.audit.edges import EdgeSweep, Progress
from dicfix.audit.memory import Memory
from dicfix.audit.nightly import Plan
from dicfix.audit.pace import Pace, read_quotas
from dicfix.audit.parts import SweepReader
from dicfix.audit.report import FULL, Freshness, SweepReport
from dicfix.aws.bulk import EdgeApi
from dicfix.aws.registry import read_caller
from dicfix.aws.session import AwsSession
from dicfix.controls import CONTROLS
from dicfix.errors import GuardRefused, UsageError
from dicfix.fields import Unread
from dicfix.records import Caller, Inventory
from dicfix.settings import Settings

READ_BY_NOBODY = frozenset({"registration_code", "exchanges", "probe"})
"""Parts that no audit reads from the account: asking would create, or needs a session of MQTT or TLS."""
OPERATIONS = frozenset(
    {
        "cloudtrail:LookupEvents",
        "iot:DescribeThing",
        "iot:ListCertificates",
        "iot:ListCertificatesByCA",
        "iot:ListPrincipalThings",
        "iot:ListThingPrincipals",
        "iot:ListThingPrincipalsV2",
        "iot:ListThings",
        "iot:ListThingsInThingGroup",
        "service-quotas:ListServiceQuotas",
        "sts:GetCallerIdentity",
    }
)
"""What a sweep may send of its own accord, beside the operations that the controls declare."""
ALONE = (EdgeApi.V1,)
"""Who reads attachments where nothing is gained by several: the embedded cloud answers in this process."""
TOGETHER = (EdgeApi.V1, EdgeApi.V2, EdgeApi.V1, EdgeApi.V2)
"""Both operations at once, since each has a quota of its own; two threads each, since an answer takes its time."""


class Swept(NamedTuple):
    """What a sweep gives."""

    inventory: Inventory
    report: SweepReport


def resolved(settings: Settings, devices: tuple[str, ...]) -> Settings:
    """The settings with the devices that a sweep has found in scope, for the controls."""
    return replace(settings, devices=devices, mode="audit")


def needs_of_controls(edition: str) -> tuple[str, ...]:
    """The parts of an inventory that the controls judge in an edition of the guide."""
    needs = (need for one in CONTROLS.values() if edition in one.editions for need in one.needs)
    return tuple(dict.fromkeys(need for need in needs if need not in READ_BY_NOBODY))


def pace_of(session: AwsSession, settings: Settings) -> Pace:
    """Half of the account's quotas; as fast as it goes against the embedded cloud."""
    if settings.target == "offline":
        return Pace()
    return Pace(read_quotas(session))


def _silent(_done: int, _total: int, _what: str) -> None:
    """No progress is shown."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class _Run:
    """What one sweep works with."""

    session: SweepSession
    settings: Settings
    needs: tuple[str, ...]
    now: Callable[[], datetime]
    progress: Progress
    hands: Sequence[EdgeApi]
    begun: datetime
    clock_start: float
    memory: Memory | None = None
    checkpoint: Checkpoint | None = None
    plan: Plan = field(default_factory=lambda: Plan(FULL))

    def begin(self) -> None:
        """Decide on the plan: that of the interrupted run, or a new one."""
        if self.memory is None:
            return
        self.checkpoint = Checkpoint(self.memory, self.now())
        self.session.answers = self.checkpoint
        self.begun = self.checkpoint.begun
        kept = nightly.kept(self.memory) if self.checkpoint.resumed else None
        if kept is None:
            nightly.forget(self.memory)
        self.plan = kept or nightly.plan(self.session, self.memory, self.begun)
        nightly.keep(self.memory, self.plan)
        self.memory.flush()

    def readers(self, beside: Mapping[str, Callable[[], Any]]) -> tuple[EdgeSweep, SweepReader]:
        """Who reads the attachments, and who reads the parts."""
        edges = EdgeSweep(
            self.session,
            self.plan,
            memory=self.memory,
            begun=self.begun,
            resumed=self.resumed,
            now=self.now,
            hands=self.hands,
            progress=self.progress,
        )
        reader = SweepReader(
            self.session,
            self.settings,
            edges,
            needs=self.needs,
            nightly=self.plan.kind != FULL,
            memory=self.memory,
            progress=self.progress,
        )
        reader.beside.update({name: cache(read) for name, read in beside.items()})
        if "things" in self.needs:
            reader.settle()
        return edges, reader

    @property
    def resumed(self) -> bool:
        """Whether an interrupted run is gone on with."""
        return self.checkpoint is not None and self.checkpoint.resumed

    def report(self, edges: EdgeSweep, devices: tuple[str, ...]) -> SweepReport:
        """What the run took and how far it went."""
        session = self.session
        return SweepReport(
            started=self.begun,
            finished=self.now(),
            seconds=session.pace.clock.now() - self.clock_start,
            calls=dict(sorted(session.sent.items())),
            throttles=dict(session.throttles),
            replayed=dict(session.replayed),
            plan=self.plan.kind,
            why=self.plan.why,
            quotas=session.pace.source,
            devices=devices,
            freshness=edges.freshness if edges.found else Freshness(),
            unread=dict(session.unread),
            resumed=self.begun if self.resumed else None,
        )

    def end(self, reader: SweepReader) -> None:
        """Turn what was read into memory, in one transaction, and forget the checkpoint."""
        if self.memory is None or self.checkpoint is None:
            return
        reader.remember(self.memory)
        self.memory.set_last_run({"started": self.begun.isoformat(), "plan": self.plan.kind})
        nightly.forget(self.memory)
        self.checkpoint.end()


def sweep(
    session: AwsSession,
    settings: Settings,
    *,
    progress: Progress | None = None,
    state: Path | None = None,
    needs: Iterable[str] | None = None,
    beside: Mapping[str, Callable[[], Any]] | None = None,
    pace: Pace | None = None,
    now: Callable[[], datetime] = _now,
    hands: Sequence[EdgeApi] | None = None,
) -> Swept:
    """Read what the controls need of one account and Region.

    ``session`` is read-only and should try each call once: trying again is this function's own. ``state`` is the
    directory of what is remembered from run to run; ``needs`` are parts of the inventory (all that the controls judge
    by default); ``beside`` gives the parts that no account holds (``local``, ``explorer``, ``server_root_pem``, and
    ``probe`` where it is asked for). A
    sweep that is interrupted leaves a checkpoint in ``state``, and the next one resumes it.

    Raises GuardRefused for the wrong account, and UsageError when nothing is in scope.
    """
    started = now()
    wanted = tuple(needs) if needs is not None else needs_of_controls(settings.edition)
    wanted += tuple(one for one in READ_BY_NOBODY if one in (beside or {}))
    swift = SweepSession(session, pace or Pace())
    caller = _caller(swift, settings)
    swift.pace = pace or pace_of(swift, settings)
    chosen = hands or (ALONE if swift.pace.quotas is None else TOGETHER)
    run = _Run(swift, settings, wanted, now, progress or _silent, chosen, started, swift.pace.clock.now())
    with _remembering(run, state, caller):
        run.begin()
        edges, reader = run.readers(beside or {})
        inventory = replace(reader.read(wanted), caller=caller)
        devices = _devices(reader, settings, wanted)
        run.end(reader)
    return Swept(inventory, run.report(edges, devices))


def _caller(session: SweepSession, settings: Settings) -> Caller | Unread:
    caller: Caller | Unread = attempt("sts:GetCallerIdentity", lambda: read_caller(session))
    if isinstance(caller, Caller) and settings.account and caller.account != settings.account:
        raise GuardRefused(
            f"this is account {caller.account}",
            expected=f"account {settings.account}, which this run is meant for",
            remedy="log in to the other account, or name this one",
        )
    return caller


@contextmanager
def _remembering(run: _Run, state: Path | None, caller: Caller | Unread) -> Iterator[None]:
    """Open the memory for the length of the block; what was read stays in it, however the block is left."""
    if state is None or isinstance(caller, Unread):
        yield
        return
    clock = run.session.pace.clock.now
    with Memory(state, caller.account, caller.region, clock=clock) as run.memory:
        yield


def _devices(reader: SweepReader, settings: Settings, needs: Iterable[str]) -> tuple[str, ...]:
    """The things that are judged as devices. UsageError for none, Unreadable when nobody could list them."""
    if not settings.scope or "things" not in needs:
        return settings.devices
    devices = reader.devices()
    if devices:
        return devices
    raise UsageError(
        "no thing of the account is in scope",
        expected="at least one device: a run that judges nothing is never green",
        remedy="correct [scope] in dic.toml",
    )
