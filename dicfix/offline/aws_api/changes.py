"""What changed in the registry of one account and Region: a version number, and calls after certificate changes.

A feed outlives ``reset``, since data plane and caches hold on to it while moto's backends come and go. May import
``state_lock`` and the standard library.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from dicfix.offline.aws_api.state_lock import STATE_LOCK

Listener = Callable[[str], None]


class ChangeFeed:
    """The version and the listeners of one account and Region."""

    def __init__(self) -> None:
        self.version = 0
        self._listeners: dict[int, Listener] = {}
        self._numbers = itertools.count()

    def changed(self, *certificate_ids: str) -> None:
        """Note a change; listeners hear of each certificate once the state lock is free."""
        with STATE_LOCK:
            self.version += 1
            for certificate_id in dict.fromkeys(certificate_ids):
                for listener in self._listeners.values():
                    STATE_LOCK.after(lambda call=listener, name=certificate_id: call(name))  # type: ignore[misc]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with a certificate ID after each status change, deletion or detach; gives the way out."""
        with STATE_LOCK:
            number = next(self._numbers)
            self._listeners[number] = listener
        return lambda: self._forget(number)

    def _forget(self, number: int) -> None:
        with STATE_LOCK:
            self._listeners.pop(number, None)


_feeds: dict[tuple[str, str], ChangeFeed] = {}


def feed_of(account_id: str, region: str) -> ChangeFeed:
    """The feed of this account and Region, made when first asked for."""
    with STATE_LOCK:
        return _feeds.setdefault((account_id, region), ChangeFeed())
