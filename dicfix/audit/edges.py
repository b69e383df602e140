"""Which things there are, and which principals each has: the one fact of a fleet that no list tells.

May import ``aws``, ``memory``, ``nightly`` and the modules below them.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dicfix.account_records import AccountThing
from dicfix.audit import nightly
from dicfix.audit.calls import SweepSession
from dicfix.audit.memory import Edge, Memory
from dicfix.audit.nightly import Plan
from dicfix.audit.report import Freshness
from dicfix.audit.workers import share_out
from dicfix.aws import bulk
from dicfix.aws.answers import tried
from dicfix.aws.bulk import PAGE, EdgeApi
from dicfix.errors import AwsRefused, DicfixError, GuardRefused, Unreadable
from dicfix.fields import Field, Unread
from dicfix.scope import Scope

Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and of what."""
Principals = Field[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """The things that were found by name; ``whole`` when these are all things of the account that are listed."""

    rows: dict[str, AccountThing]
    whole: bool


def all_things(session: SweepSession) -> Found:
    """Every thing of the account."""
    return Found({row.name: row for row in bulk.list_things(session)}, whole=True)


def named_things(session: SweepSession, names: Iterable[str]) -> Found:
    """The things of these names: listed, or described one by one where that takes fewer calls.

    The account may hold far more things than are ours, which nobody knows before the last page: pages are read until
    they are as many as the names that are still missing, so that at most twice the fewest calls are made.
    """
    missing, rows = set(names), {}
    try:
        for count, row in enumerate(bulk.list_things(session), 1):
            if row.name in missing:
                missing.discard(row.name)
                rows[row.name] = row
            if count % PAGE == 0 and count // PAGE >= len(missing):
                break
        else:
            return Found(rows, whole=True)
    except GuardRefused:
        raise
    except DicfixError:
        missing, rows = set(names), {}
    for name in sorted(missing):
        described = bulk.describe_thing(session, name)
        if described is not None:
            rows[name] = described
    return Found(rows, whole=False)


def in_scope(session: SweepSession, scope: Scope, rows: Iterable[AccountThing]) -> tuple[str, ...]:
    """The names of the things that the scope says are ours, sorted."""
    if not scope:
        return ()
    group = bulk.things_in_group(session, scope.thing_group) if scope.thing_group else frozenset()
    return tuple(sorted(row.name for row in rows if scope.has(row.name, _type_of(row), group)))


def _type_of(row: AccountThing) -> str:
    return row.thing_type if isinstance(row.thing_type, str) else ""


class EdgeSweep:
    """Reads the principals of things, each once in a run, and remembers when.

    ``begun`` is when this run, or the interrupted one that it resumes (``resumed``), began; ``hands`` are the
    operations that share the work, one thread each.
    """

    def __init__(
        self,
        session: SweepSession,
        plan: Plan,
        *,
        memory: Memory | None,
        begun: datetime,
        resumed: bool,
        now: Callable[[], datetime],
        hands: Sequence[EdgeApi],
        progress: Progress,
    ) -> None:
        self._session = session
        self._plan = plan
        self._memory = memory
        self._begun = begun
        self._resumed = resumed
        self._now = now
        self._hands = hands
        self._progress = progress
        self._known = memory.edges() if memory else {}
        self._lock = threading.Lock()
        self._count = itertools.count(1)
        self.found: dict[str, Principals] = {}
        self.gone: set[str] = set()
        self._verified: dict[str, datetime] = {}

    def read(self, names: Iterable[str]) -> None:
        """Put the principals of every thing of these names into ``found``, read now or known from an earlier night."""
        listed = [one for one in dict.fromkeys(names) if one not in self.found]
        due = nightly.due_once(self._memory, listed, self._known, self._plan, self._begun) if self._memory else None
        unread = [one for one in listed if (due is None or one in due) and not self._is_done(one)]
        for name in set(listed) - set(unread):
            edge = self._known[name]
            self.found[name], self._verified[name] = edge.principals, edge.verified
        self.read_again(unread)

    def _is_done(self, name: str) -> bool:
        edge = self._known.get(name)
        return self._resumed and edge is not None and edge.verified >= self._begun

    def read_again(self, names: Sequence[str]) -> None:
        """Read the principals of these things, whatever is known of them."""
        total = len(names)
        self._count = itertools.count(1)

        def hand(api: EdgeApi) -> Callable[[str], None]:
            return lambda name: self._read_one(name, api, total)

        share_out(names, [hand(api) for api in self._hands])

    def _read_one(self, name: str, api: EdgeApi, total: int) -> None:
        found = self._principals(name, api)
        with self._lock:
            if found is None:
                self.gone.add(name)
                self.found.pop(name, None)
            else:
                self._keep(name, found)
            self._progress(next(self._count), total, "principals of things")

    def _keep(self, name: str, found: Principals) -> None:
        self.found[name] = found
        if isinstance(found, Unread):
            self._verified.pop(name, None)
            return
        self._verified[name] = self._now()
        if self._memory:
            self._memory.keep_edge(name, Edge(found, self._verified[name]))

    def _principals(self, name: str, api: EdgeApi) -> Principals | None:
        """None for a thing that is gone since it was listed."""
        try:
            return bulk.read_principals(self._session, name, api)
        except AwsRefused as error:
            if error.code == "ResourceNotFoundException":
                return None
            return Unread(api.operation, error.code, error.message)
        except Unreadable as error:
            if api is EdgeApi.V2:
                return self._principals(name, EdgeApi.V1)
            return Unread(error.operation, error.code, error.message, error.permission)
        except (KeyError, TypeError) as error:
            return Unread(api.operation, "StrangeAnswer", f"the answer has not the documented shape ({error})")

    def look_for_late(self, certificate_arns: Sequence[str]) -> None:
        """Read again the things of certificates that are new and that no thing seems to have.

        Something may have been attached in a way of which no event tells.
        """
        attached = {arn for one in self.found.values() if not isinstance(one, Unread) for arn in one}
        names: dict[str, None] = {}
        for arn in certificate_arns:
            if arn not in attached:
                things = tried("iot:ListPrincipalThings", lambda arn=arn: bulk.read_things_of(self._session, arn))  # type: ignore[misc]
                names.update(dict.fromkeys(() if isinstance(things, Unread) else things))
        self.read_again([one for one in names if one in self.found])

    @property
    def freshness(self) -> Freshness:
        """When each was read, and which could not be."""
        unread = frozenset(name for name, one in self.found.items() if isinstance(one, Unread))
        return Freshness(dict(self._verified), unread)

    def forget_gone(self, *, whole: bool) -> None:
        """Forget the attachments of things that are no longer there."""
        if self._memory:
            self._memory.forget_edges(self.gone | (set(self._known) - set(self.found) if whole else set()))
