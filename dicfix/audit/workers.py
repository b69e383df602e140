"""Work shared among threads that draw from one line; the first thing that goes wrong ends it all.

Standard library only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def share_out(items: Iterable[T], hands: Sequence[Callable[[T], None]]) -> None:
    """Give every item to one of the hands, each of which works in a thread of its own; a single hand works here.

    Raises the first exception of any hand, once the others have finished what they hold.
    """
    if len(hands) == 1:
        for item in items:
            hands[0](item)
        return
    line, lock, ended = iter(items), threading.Lock(), threading.Event()

    def work(hand: Callable[[T], None]) -> None:
        while not ended.is_set():
            with lock:
                item = next(line, ended)
            if item is ended:
                return
            hand(item)  # type: ignore[arg-type]

    with ThreadPoolExecutor(len(hands)) as pool:
        futures = [pool.submit(work, hand) for hand in hands]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            ended.set()
        for future in futures:
            future.result()
