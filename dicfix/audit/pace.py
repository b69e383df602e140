"""How fast an audit may ask: one token bucket per API operation, at a share of the account's quota.

A throttled operation is asked more slowly from then on and comes back by and by; nothing is dropped. The clock is
handed in. May import ``aws`` and ``errors``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from dicfix.aws.session import AwsSession
from dicfix.errors import DicfixError, GuardRefused

DEFAULT_SHARE = 0.5
"""What of a quota an audit takes: the same quota serves the production that provisions devices."""
SHRINK = 0.5
RECOVERY = 0.02
"""What of its full rate an operation gets back with each answer after it was throttled."""
SLOWEST_SHARE = 0.02
"""An operation is never asked more slowly than this share of its full rate."""
UNKNOWN_TPS = 10.0
"""For operations without a known quota: the lowest that AWS IoT has for reading."""

DEFAULT_TPS: Mapping[str, float] = {
    "iot:ListThings": 10,
    "iot:ListThingPrincipals": 10,
    "iot:ListThingPrincipalsV2": 10,
    "iot:ListPrincipalThings": 10,
    "iot:ListPrincipalThingsV2": 10,
    "iot:ListThingsInThingGroup": 25,
    "iot:DescribeThing": 350,
    "iot:DescribeCertificate": 10,
    "iot:ListCertificates": 10,
    "iot:ListCertificatesByCA": 10,
    "iot:ListCACertificates": 10,
    "iot:DescribeCACertificate": 10,
    "iot:GetPolicy": 10,
    "iot:GetPolicyVersion": 15,
    "iot:ListPolicies": 10,
    "iot:ListPolicyVersions": 10,
    "iot:ListTargetsForPolicy": 10,
    "iot:SearchIndex": 15,
    "iot:GetIndexingConfiguration": 20,
    "cloudtrail:LookupEvents": 2,
}
"""Calls per second, account and Region. Source: facts, controls 4.1: a Service Quotas listing of thing operations, the
developer guide's limits page of 2019 for the others; the two V2 operations have quotas of their own, whose value (10)
is assumed."""

QUOTA_CODES: Mapping[str, str] = {
    "L-57AAC135": "iot:ListThings",
    "L-FC3EF4D9": "iot:ListThingPrincipals",
    "L-00ACEBE9": "iot:ListThingPrincipalsV2",
    "L-C481616A": "iot:ListPrincipalThings",
    "L-ED45A70B": "iot:ListPrincipalThingsV2",
    "L-0EF0F5EE": "iot:DescribeThing",
    "L-FC864907": "iot:DescribeCertificate",
    "L-5A0AFD83": "iot:ListCertificatesByCA",
}
"""Quotas of Service Quotas, by code. Source: facts, controls 4.1."""
SERVICE = "service-quotas"
OPERATION = f"{SERVICE}:ListServiceQuotas"
BUILT_IN = "built-in defaults (AWS's documented ones)"


class Clock(Protocol):
    """Time as a pace sees it: seconds that only grow, and waiting."""

    def now(self) -> float:
        """Seconds since some start."""

    def wait(self, seconds: float) -> None:
        """Come back after so many seconds."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait on an event that nobody sets."""
        threading.Event().wait(seconds)


@dataclass(frozen=True, slots=True)
class Quotas:
    """Calls per second by operation, and where the figures come from."""

    tps: Mapping[str, float]
    source: str

    def of(self, operation: str) -> float:
        """The quota of an operation."""
        return self.tps.get(operation, UNKNOWN_TPS)


def default_quotas(reason: str = "") -> Quotas:
    """The built-in quotas; ``reason`` says why the account's own were not taken."""
    return Quotas(DEFAULT_TPS, f"{BUILT_IN}: {reason}" if reason else BUILT_IN)


def read_quotas(session: AwsSession) -> Quotas:
    """The account's quotas; the built-in ones, with the reason, when they cannot be read."""
    try:
        values = _account_values(session)
    except GuardRefused:
        raise
    except DicfixError as error:
        return default_quotas(getattr(error, "code", "") or error.observed)
    named = {QUOTA_CODES[code]: value for code, value in values.items() if code in QUOTA_CODES and value > 0}
    source = f"the account's own for {len(named)} operations (Service Quotas), {BUILT_IN} for the others"
    return Quotas({**DEFAULT_TPS, **named}, source)


def _account_values(session: AwsSession) -> dict[str, float]:
    found: dict[str, float] = {}
    token: dict[str, str] = {}
    while True:
        answer = session.call(SERVICE, "ListServiceQuotas", ServiceCode="iotcore", MaxResults=100, **token)
        for row in answer.get("Quotas", ()):
            found[str(row.get("QuotaCode"))] = float(row.get("Value", 0))
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}


class Bucket:
    """The token bucket of one operation: at most ``rate`` calls a second, and a second's worth at once.

    Not thread-safe by itself. Kept as the time at which the next call would be due were all calls spread evenly.
    """

    def __init__(self, rate: float) -> None:
        self.full_rate = rate
        self.rate = rate
        self._due = float("-inf")
        self._shrunk_at = float("-inf")

    def reserve(self, now: float) -> float:
        """Take a token and give the seconds until it may be used."""
        burst_s = max(1.0, self.rate) / self.rate
        self._due = max(self._due, now - burst_s) + 1 / self.rate
        return max(0.0, self._due - now)

    def throttled(self, now: float) -> None:
        """Ask more slowly: what was in flight together counts as one throttling."""
        if now - self._shrunk_at < 1.0:
            return
        self._shrunk_at = now
        self.rate = max(self.rate * SHRINK, self.full_rate * SLOWEST_SHARE)
        self._due = max(self._due, now + 1 / self.rate)

    def answered(self) -> None:
        """Ask a little faster again, up to the full rate."""
        if self.rate < self.full_rate:
            self.rate = min(self.full_rate, self.rate + self.full_rate * RECOVERY)


class Pace:
    """Buckets by operation, thread-safe; without quotas nothing is held back, as against the embedded cloud."""

    def __init__(
        self, quotas: Quotas | None = None, *, share: float = DEFAULT_SHARE, clock: Clock | None = None
    ) -> None:
        self.quotas = quotas
        self.share = share
        self.clock: Clock = clock or SystemClock()
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    @property
    def source(self) -> str:
        """Where the quotas come from, for the report."""
        if self.quotas is None:
            return "none: the embedded cloud is asked as fast as it answers"
        return f"{self.share:.0%} of {self.quotas.source}"

    def bucket(self, operation: str) -> Bucket | None:
        """The bucket of an operation, None when nothing is held back."""
        if self.quotas is None:
            return None
        if operation not in self._buckets:
            self._buckets[operation] = Bucket(self.quotas.of(operation) * self.share)
        return self._buckets[operation]

    def acquire(self, operation: str) -> None:
        """Come back when the operation may be called."""
        with self._lock:
            bucket = self.bucket(operation)
            wait_s = bucket.reserve(self.clock.now()) if bucket else 0.0
        if wait_s > 0:
            self.clock.wait(wait_s)

    def throttled(self, operation: str) -> None:
        """AWS throttled the operation."""
        with self._lock:
            if bucket := self.bucket(operation):
                bucket.throttled(self.clock.now())

    def answered(self, operation: str) -> None:
        """AWS answered the operation."""
        with self._lock:
            if bucket := self.bucket(operation):
                bucket.answered()
