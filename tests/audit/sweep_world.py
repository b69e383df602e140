"""A fleet in the embedded cloud, and what a sweep of it needs: read-only sessions, a set day, a counting clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.fleet import Issuer, add, fill
from dicfix.audit.sweep import Swept, sweep
from dicfix.aws.session import AwsSession
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.settings import Settings, settings_from

GUIDE_PARTS = ("endpoint", "ca_certificates", "things", "certificates", "policies")
"""What the guide's own steps make."""
WIDE_PARTS = ("account_certificates", "account_things", "account_policies", "thing_edges", "certificate_edges")


class Day:
    """A time that is set by hand; every look at it is a millisecond later."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def pass_by(self, **much: float) -> None:
        self.now += timedelta(**much)


class SetClock:
    """Seconds that pass only by waiting; ``waited`` is how long anybody waited."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waited = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.waited += seconds


class SweepWorld:
    """One embedded account with a fleet in it."""

    _sessions: ClassVar[dict[int, Any]] = {}

    def __init__(self, cloud: EmbeddedCloud, folder: Path) -> None:
        cloud.reset()
        self.cloud = cloud
        self.state = folder / "state"
        self.day = Day()
        self.issuer: Issuer | None = None

    def fill(self, count: int) -> Issuer:
        """A fleet of so many things, MQTT Explorer's among them."""
        self.issuer = fill(self.cloud, count)
        return self.issuer

    def add(self, name: str) -> str:
        """One more device; gives its certificate's id."""
        assert self.issuer
        made = self.issuer.issue(name)
        with STATE_LOCK:
            add(self.backend, name, made, self.issuer.ca.certificate_id)
        return made.certificate_id

    @property
    def backend(self) -> Any:
        return self.cloud.registry.backend

    def settings(self, **given: Any) -> Settings:
        """Settings of an audit of every thing whose name begins as the fleet's."""
        return settings_from({"mode": "audit", "scope_prefix": "DIC_0", **given})

    def session(self) -> AwsSession:
        """A read-only session with no calls yet; its clients are made once a cloud, since that costs most."""
        made = self._sessions.setdefault(id(self.cloud), None) or self._new_session()
        made.calls.clear()
        return made

    def _new_session(self) -> AwsSession:
        self._sessions.clear()
        self._sessions[id(self.cloud)] = AwsSession(self.cloud.client_kwargs(), read_only=True, max_attempts=1)
        return self._sessions[id(self.cloud)]

    def writer(self) -> AwsSession:
        return AwsSession(self.cloud.client_kwargs(), max_attempts=1)

    def sweep(self, *, state: bool = False, settings: Settings | None = None, **given: Any) -> Swept:
        given = {"needs": (*GUIDE_PARTS, *WIDE_PARTS), "now": self.day, **given}
        session = given.pop("session", None) or self.session()
        return sweep(session, settings or self.settings(), state=self.state if state else None, **given)
