"""Messages that arrived, kept in order until something takes them.

Imports ``dicfix.errors`` and topics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dicfix.errors import DicfixError
from dicfix.mqtt.topics import matches


@dataclass(frozen=True, slots=True)
class Message:
    """One PUBLISH that arrived; ``number`` counts from 0 on its connection, ``at_s`` is ``time.monotonic()``."""

    number: int
    topic: str
    payload: bytes
    qos: int
    retain: bool
    at_s: float

    @property
    def text(self) -> str:
        """The payload as text, undecodable bytes replaced."""
        return self.payload.decode("utf-8", "replace")


class UnexpectedMessage(DicfixError, AssertionError):
    """A message came where none may come; ``messages`` are those that did."""

    def __init__(self, observed: str, messages: tuple[Message, ...], *, expected: str) -> None:
        self.messages = messages
        super().__init__(observed, expected=expected)


class Inbox:
    """Messages of one connection in order of arrival. Not locked: the connection guards it."""

    def __init__(self) -> None:
        self._waiting: dict[int, Message] = {}
        self._oldest = 0
        self.count = 0

    def add(self, topic: str, payload: bytes, *, qos: int, retain: bool, at_s: float) -> Message:
        """Keep a new message and give it its number."""
        message = Message(self.count, topic, payload, qos, retain, at_s)
        self._waiting[message.number] = message
        self.count += 1
        return message

    def take(
        self, topic_filter: str, predicate: Callable[[Message], bool] | None = None, *, since: int = 0
    ) -> Message | None:
        """The first fitting message from number ``since`` on, removed; None if there is none."""
        for message in self.waiting(topic_filter, since=since):
            if predicate is None or predicate(message):
                del self._waiting[message.number]
                while self._oldest < self.count and self._oldest not in self._waiting:
                    self._oldest += 1
                return message
        return None

    def waiting(self, topic_filter: str, *, since: int = 0) -> Iterator[Message]:
        """The messages from number ``since`` on that nothing took yet."""
        for number in range(max(since, self._oldest), self.count):
            message = self._waiting.get(number)
            if message is not None and matches(topic_filter, message.topic):
                yield message
