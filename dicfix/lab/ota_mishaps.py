"""What goes wrong on the way to a device: blocks lost or altered, a connection cut, a download held.

Everything happens at the device's own end, so that it can be done to a download from anywhere. Imports cbor2 when used.
"""

from __future__ import annotations

import threading

from dicfix.errors import DeadlineExceeded, DicfixError

HELD_S = 30.0
"""The longest that a download is held; a scenario lets it go long before."""


class Mishaps:
    """The mishaps of one device, by the number of the data message (from 1) that they happen at."""

    def __init__(self) -> None:
        self.lost: set[int] = set()
        self.altered: set[int] = set()
        self.cut_at: int | None = None
        self.hold_at: int | None = None
        self._count = 0
        self._cuts = False
        self._held = threading.Event()
        self._go_on = threading.Event()

    def arrival(self, topic: str, payload: bytes) -> bytes | None:
        """What arrives of a message: None when it is lost on the way."""
        if "/streams/" not in topic or "/data/" not in topic:
            return payload
        self._count += 1
        self._cuts = self._count == self.cut_at
        if self._cuts or self._count in self.lost:
            return None
        return _altered(topic, payload) if self._count in self.altered else payload

    def cuts_now(self) -> bool:
        """Whether the connection breaks at the message that arrived last; asked once."""
        cuts, self._cuts = self._cuts, False
        return cuts

    def hold(self, received_blocks: int) -> None:
        """Stop the device's thread at the block to hold at, until ``let_go``."""
        if received_blocks == self.hold_at:
            self.hold_at = None
            self._held.set()
            self._go_on.wait(HELD_S)

    def await_held(self, timeout_s: float) -> None:
        """Wait until the download is held; raises DeadlineExceeded (``message_s``)."""
        if not self._held.wait(timeout_s):
            raise DeadlineExceeded("message_s", timeout_s, "the block at which the download is held")

    def let_go(self) -> None:
        """Let a held download go on."""
        self._go_on.set()


def _altered(topic: str, payload: bytes) -> bytes:
    """The data message with one bit of its block turned over."""
    if not topic.endswith("/cbor"):
        raise DicfixError(f"a block on {topic} cannot be altered here", expected="CBOR")
    import cbor2

    body = cbor2.loads(payload)
    block = bytearray(body["p"])
    block[len(block) // 2] ^= 1
    return cbor2.dumps({**body, "p": bytes(block)})
