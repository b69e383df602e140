"""A pytest plugin for runs of the features in a process of their own: ``-p run_variations``, chosen by environment.

``VARY_ORDER=reversed`` runs the scenarios backwards; ``VARY_NOOP=performed`` (or ``found``) turns every step of the
Builder into one that does nothing and says so, ``VARY_NOOP=talk`` those of the lab; ``VARY_FAULT=operation`` denies one
API operation once the audited account is onboarded; ``VARY_EMPTY=1`` audits an account that nobody onboarded.
``VARY_DUMP`` compares the account before and after an audit.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

CHOSEN = {name: os.environ.get(f"VARY_{name}", "") for name in ("ORDER", "NOOP", "FAULT", "EMPTY", "DUMP")}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Turn the order round."""
    if CHOSEN["ORDER"] == "reversed":
        items.reverse()


def pytest_configure() -> None:
    """Do nothing in steps, and break or empty the audited account."""
    if CHOSEN["NOOP"]:
        _do_nothing(CHOSEN["NOOP"])
    if CHOSEN["FAULT"] or CHOSEN["EMPTY"] or CHOSEN["DUMP"]:
        _change_audited_account()


def _do_nothing(how: str) -> None:
    from dicfix.accounts import Done, How
    from dicfix.accounts.builder import Builder
    from dicfix.lab import Lab

    said = How.FOUND if how == "found" else How.PERFORMED

    def nothing(*_: Any, **__: Any) -> Done:
        return Done.of("nothing", [("nothing", said)])

    names = [name for name in vars(Builder) if name.startswith("ensure_")]
    assert len(names) >= 12, names
    for owner, listed in ((Lab, ("device_changes", "command")),) if how == "talk" else ((Builder, names),):
        for name in listed:
            setattr(owner, name, nothing)


def _change_audited_account() -> None:
    from dicfix import wiring
    from dicfix.offline import cloud
    from dicfix.offline.faults import FaultKind

    after = wiring.audit_after
    before: list[Any] = []

    def audit_after(onboarding: Any, surroundings: Any, *rest: Any) -> Any:
        running = cloud._running
        assert running is not None
        if CHOSEN["EMPTY"]:
            running.reset()
        if CHOSEN["FAULT"]:
            running.faults.add(CHOSEN["FAULT"], FaultKind.ACCESS_DENIED)
        before.append(running.dump())
        return after(onboarding, surroundings, *rest)

    stop = cloud.EmbeddedCloud.stop

    def compared(self: Any) -> None:
        if CHOSEN["DUMP"] and before:
            print("\nDUMP", "equal" if self.dump() == before[0] else "changed")
        stop(self)

    wiring.audit_after = audit_after
    cloud.EmbeddedCloud.stop = compared  # type: ignore[method-assign]
