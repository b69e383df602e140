"""Which attachments a night reads again: what changed since the last run, what is new, and a seventh of the rest.

What changed is read from CloudTrail's event history. Where that cannot be known, everything is read: never a silent
assumption. May import ``aws`` and ``memory``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dicfix.audit.memory import Edge, Memory
from dicfix.audit.report import FULL, NIGHTLY
from dicfix.aws.session import AwsSession
from dicfix.errors import DicfixError, GuardRefused

NIGHTS = 7
"""Every attachment is read at least once in so many nights."""
HISTORY = timedelta(days=90)
"""How far CloudTrail's event history goes back. Source: AWS API LookupEvents."""
LATE = timedelta(hours=1)
"""Events may be listed late (AWS speaks of minutes, and promises none): the look-up begins so much earlier."""
PAGE = 50
EVENTS = ("AttachThingPrincipal", "DetachThingPrincipal", "RegisterThing", "CreateThing", "DeleteThing")
"""What changes which principals a thing has. New things and certificates show in the lists that are read each night."""
_PLAN, _DUE = "plan", "due"


@dataclass(frozen=True, slots=True)
class Plan:
    """``kind`` FULL or NIGHTLY, and ``why`` FULL; ``changed`` are the names of the things that events speak of."""

    kind: str
    why: str = ""
    changed: frozenset[str] = frozenset()


class _Unclear(Exception):
    """An event from which it cannot be told which thing it changed."""


def plan(session: AwsSession, memory: Memory | None, now: datetime) -> Plan:
    """How the run that begins ``now`` proceeds."""
    if memory is None:
        return Plan(FULL)
    last = memory.last_run()
    if last is None:
        return Plan(FULL, "no earlier run is remembered")
    started = datetime.fromisoformat(last["started"])
    if now < started:
        return Plan(FULL, "the last run is in the future of this machine's clock")
    if now - started + LATE > HISTORY:
        return Plan(FULL, f"the last run was {(now - started).days} days ago, and events are kept for {HISTORY.days}")
    try:
        return Plan(NIGHTLY, changed=frozenset(changed_things(session, started - LATE)))
    except GuardRefused:
        raise
    except DicfixError as error:
        return Plan(FULL, f"what changed since the last run could not be read: {error.observed}")
    except _Unclear as unclear:
        return Plan(FULL, f"an event does not tell which thing it changed: {unclear}")


def changed_things(session: AwsSession, since: datetime) -> Iterator[str]:
    """The names of the things whose principals changed since then. Source: CloudTrail LookupEvents."""
    for name in EVENTS:
        for event in _events(session, name, since):
            yield from _things(name, event)


def _events(session: AwsSession, name: str, since: datetime) -> Iterator[Mapping[str, Any]]:
    wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
    token: dict[str, str] = {}
    while True:
        answer = session.call(
            "cloudtrail", "LookupEvents", LookupAttributes=wanted, StartTime=since, MaxResults=PAGE, **token
        )
        yield from answer.get("Events", ())
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _things(name: str, event: Mapping[str, Any]) -> Iterator[str]:
    whole = _whole(event)
    request = whole.get("requestParameters") or {}
    resources = (whole.get("responseElements") or {}).get("resourceArns") or {}
    thing = request.get("thingName") or str(resources.get("thing", "")).rpartition("/")[2]
    if thing:
        yield str(thing)
    elif not whole.get("errorCode"):
        raise _Unclear(f"{name} {event.get('EventId', '')}".strip())


def _whole(event: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def due(names: Iterable[str], known: Mapping[str, Edge], plan: Plan, now: datetime) -> frozenset[str]:
    """The things whose principals are read in this run.

    In a nightly pass: those that are new or changed, those last read NIGHTS days ago, and of the rest the seventh that
    was read longest ago.
    """
    listed = list(names)
    if plan.kind == FULL:
        return frozenset(listed)
    changed = {one for one in listed if one not in known or one in plan.changed}
    rest = sorted((one for one in listed if one not in changed), key=lambda one: (known[one].verified, _spread(one)))
    seventh = rest[: -(-len(listed) // NIGHTS)]
    oldest = now - timedelta(days=NIGHTS)
    return frozenset((*changed, *seventh, *(one for one in rest if known[one].verified <= oldest)))


def _spread(name: str) -> str:
    """An order that has nothing to do with the name's own, so that a product line is not read all in one night."""
    return hashlib.sha256(name.encode()).hexdigest()


def keep(memory: Memory, chosen: Plan) -> None:
    """Leave the plan for the case that the run is interrupted."""
    row = {"kind": chosen.kind, "why": chosen.why, "changed": sorted(chosen.changed)}
    memory.set_note(_PLAN, json.dumps(row))


def kept(memory: Memory) -> Plan | None:
    """The plan of the interrupted run."""
    text = memory.note(_PLAN)
    if not text:
        return None
    row = json.loads(text)
    return Plan(row["kind"], row["why"], frozenset(row["changed"]))


def due_once(memory: Memory, names: Iterable[str], known: Mapping[str, Edge], plan: Plan, now: datetime) -> set[str]:
    """As ``due``; a run that resumes another has what was due in that one, and what has come since."""
    listed = list(names)
    text = memory.note(_DUE)
    if text:
        return set(json.loads(text)) | {one for one in listed if one not in known}
    chosen = set(due(listed, known, plan, now))
    if plan.kind == NIGHTLY:
        memory.set_note(_DUE, json.dumps(sorted(chosen)))
    return chosen


def forget(memory: Memory) -> None:
    """The run has ended."""
    memory.set_note(_PLAN, None)
    memory.set_note(_DUE, None)
