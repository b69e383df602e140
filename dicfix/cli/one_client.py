"""What `dicfix why` and `dicfix preflight` share: reading an account for one client, and a link as lines of text.

Imports boto3 and the embedded cloud only where an account is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from dicfix.audit.device import Link, State, narrowed
from dicfix.audit.identity import Place, safe
from dicfix.audit.inventory import Saved, read_inventory
from dicfix.audit.run import place_of
from dicfix.cli.settings_options import settings_of
from dicfix.errors import UsageError
from dicfix.records import Inventory, LocalFiles
from dicfix.settings import Settings, settings_from

_NAME_WIDTH = 36
_STATE_WIDTH = 12
_MARGIN = " " * (2 + _STATE_WIDTH)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: for whose account, when, by which settings; ``saved`` where it was a file."""

    inventory: Inventory
    settings: Settings
    place: Place
    now: datetime
    source: str
    saved: Saved | None = None


def read_for(
    args: argparse.Namespace, name: str, needs: Iterable[str], *, local: Callable[[], LocalFiles] | None = None
) -> Read:
    """Read what is needed about one client. Raises GuardRefused for the wrong account, UsageError for a wrong name."""
    _refuse_contradictions(args)
    saved = read_inventory(args.inventory) if args.inventory else None
    settings = settings_of(args, saved)
    _refuse_wrong_name(name)
    if saved:
        inventory, source = saved.inventory, f"an inventory of {saved.about.get('started', 'an unknown day')}"
    else:
        inventory, source = _live(args, settings, name, needs, local), f"target {settings.target}"
    return Read(inventory, settings, place_of(inventory, settings), datetime.now(UTC), source, saved)


def _refuse_contradictions(args: argparse.Namespace) -> None:
    if args.plant and args.inventory:
        raise UsageError(
            "a saved inventory has no account to plant a defect in",
            expected="--plant or --inventory",
            remedy="leave one of the two out",
        )


def is_thing_name(name: str) -> bool:
    """Whether AWS IoT could have a thing of this name."""
    try:
        _refuse_wrong_name(name)
    except UsageError:
        return False
    return True


def _refuse_wrong_name(name: str) -> None:
    settings_from({"devices": (name,), "explorer_name": "x" if name != "x" else "y"})


def _live(
    args: argparse.Namespace,
    settings: Settings,
    name: str,
    needs: Iterable[str],
    local: Callable[[], LocalFiles] | None,
) -> Inventory:
    from dicfix.cli import audit_sources

    judged = narrowed(settings, name)
    if settings.target == "offline":
        return audit_sources.embedded(settings, needs, args.plant, judged=judged, local=local).inventory
    if args.plant:
        raise UsageError(
            "a defect can be planted in an embedded account only",
            expected="--target offline",
            remedy="leave --plant out, or choose --target offline",
        )
    return audit_sources.one_on_aws(settings, needs, judged=judged, local=local).inventory


def title(what: str, read: Read) -> str:
    """The first line: what is looked at, and where."""
    return f"{safe(what)} in account {read.place.account}, {read.place.region} ({read.source})"


def lines_of(links: Iterable[Link], *, remedies: bool = False) -> Iterator[str]:
    """Each link in one line, with ``remedies`` its remedy below it."""
    for link in links:
        expected = f"; expected {link.expected}" if link.expected and link.state is State.BROKEN else ""
        yield safe(f"  {link.state.value:{_STATE_WIDTH}}{link.name:{_NAME_WIDTH}}{link.observed}{expected}")
        if remedies and link.remedy and link.state in (State.BROKEN, State.UNREADABLE):
            yield safe(f"{_MARGIN}Do: {link.remedy.rstrip('.')}.")
