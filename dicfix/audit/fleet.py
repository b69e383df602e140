"""Several accounts and Regions in one run: each read on its own, in parallel, and none hiding what another told.

May import ``aws``, ``settings`` and ``errors``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from dicfix.audit.workers import share_out
from dicfix.aws.assuming import assumed
from dicfix.aws.session import AwsSession
from dicfix.errors import DicfixError
from dicfix.scope import OtherAccount
from dicfix.settings import Settings

T = TypeVar("T")

AT_ONCE = 8
"""How many places are read at the same time. Quotas are per account and Region, so that none slows another down."""


@dataclass(frozen=True, slots=True)
class Site:
    """One account and Region to audit: its settings name both; ``role`` is empty where no role is assumed."""

    name: str
    settings: Settings
    role: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one place: its result, or the error that ended it."""

    site: Site
    result: T | None = None
    error: DicfixError | None = None


def sites(settings: Settings) -> tuple[Site, ...]:
    """Every account and Region of dic.toml: those of [[accounts]], or the run's own when there are none."""
    if not settings.accounts:
        return (Site(settings.account or "this account", settings),)
    return tuple(
        _site(settings, one, region) for one in settings.accounts for region in one.regions or (settings.region,)
    )


def _site(settings: Settings, entry: OtherAccount, region: str) -> Site:
    there = replace(settings, account=entry.account, region=region, accounts=())
    return Site(f"{entry.name or entry.account} {region}", there, entry.role, entry.external_id)


def session_of(site: Site, client_kwargs: Mapping[str, Any]) -> AwsSession:
    """A read-only session for a place, by its role where one is named; each call is tried once, since a sweep retries.

    Raises GuardRefused when the role cannot be assumed.
    """
    kwargs = {**client_kwargs, "region_name": site.settings.region}
    if site.role:
        kwargs = assumed(kwargs, site.role, site.external_id)
    return AwsSession(kwargs, read_only=True, max_attempts=1)


def over(places: Sequence[Site], audit_one: Callable[[Site], T], *, at_once: int = AT_ONCE) -> tuple[Outcome[T], ...]:
    """What ``audit_one`` gives for every place, in the order given; an error of one place ends that place alone."""
    found: dict[int, Outcome[T]] = {}
    lock = threading.Lock()

    def work(numbered: tuple[int, Site]) -> None:
        number, site = numbered
        try:
            outcome = Outcome(site, audit_one(site))
        except DicfixError as error:
            outcome = Outcome(site, error=error)
        with lock:
            found[number] = outcome

    share_out(list(enumerate(places)), [work] * min(at_once, max(1, len(places))))
    return tuple(found[number] for number in range(len(places)))
