"""One MQTT 3.1.1 connection whose every wait ends: with what was awaited, a refusal, or a named deadline.

Public face over ``link``. Imports paho's types only.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TypeVar

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode

from dicfix.errors import ConnectionRefused, DeadlineExceeded, UsageError
from dicfix.mqtt.link import Ended, Link
from dicfix.mqtt.messages import Message, UnexpectedMessage
from dicfix.mqtt.parameters import ConnectionParameters, Deadlines
from dicfix.mqtt.refusals import Reason
from dicfix.mqtt.route import Route
from dicfix.mqtt.topics import matches
from dicfix.mqtt.transcript import Transcript, payload_text

T = TypeVar("T")

_SUBACK_FAILURE = 0x80


class Connection(Link):
    """A connection that was accepted by the server. Made by ``connect``; a context manager that disconnects.

    A message satisfies one wait only. Safe to use from several threads. ``transcript`` holds what passed.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disconnect()

    # Requests

    def subscribe(self, *topic_filters: str, qos: int = 0) -> tuple[int, ...]:
        """Subscribe in one SUBSCRIBE; gives the granted QoS of each filter.

        Raises ConnectionRefused (stage subscribe) for the answer 0x80 and when the server closes instead, as AWS
        IoT Core does for a subscription that the policy does not allow.
        """
        names = ", ".join(repr(name) for name in topic_filters)
        self.transcript.sent(f"SUBSCRIBE {names} QoS {qos}")
        code, number = self._request(lambda: self._live.subscribe([(name, qos) for name in topic_filters]))
        self._check(code, "subscribe")
        granted = self._await(
            "subscribe_s", f"SUBACK for {names}", lambda: self._granted.pop(number or 0, None), stage="subscribe"
        )
        self._refuse_failures(topic_filters, granted)
        with self._changed:
            self._filters.update(topic_filters)
        return tuple(granted)

    def _refuse_failures(self, topic_filters: tuple[str, ...], granted: list[int]) -> None:
        refused = [name for name, code in zip(topic_filters, granted, strict=True) if code == _SUBACK_FAILURE]
        if refused:
            raise ConnectionRefused(
                f"the server refused the subscription to {', '.join(map(repr, refused))}",
                stage="subscribe",
                reason=f"{Reason.SUBACK} 0x80",
                server_reason=self._reason_kept_by_server(),
                remedy="allow iot:Subscribe on these topic filters",
            )

    def unsubscribe(self, *topic_filters: str) -> None:
        """Unsubscribe and wait for UNSUBACK."""
        self.transcript.sent(f"UNSUBSCRIBE {', '.join(map(repr, topic_filters))}")
        code, number = self._request(lambda: self._live.unsubscribe(list(topic_filters)))
        self._check(code, "session")
        self._await("subscribe_s", "UNSUBACK", lambda: True if number in self._unsubscribed else None, stage="session")
        with self._changed:
            self._filters.difference_update(topic_filters)

    def publish(
        self, topic: str, payload: bytes | str = b"", *, qos: int = 0, retain: bool = False, wait: bool = True
    ) -> None:
        """Publish and wait: at QoS 1 for PUBACK, at QoS 0 until the bytes are handed to the network.

        At QoS 0 nothing more is known: a refusal shows only in what happens next. ``wait`` False returns at once, for
        a request whose answer is awaited anyway.
        """
        data = payload.encode() if isinstance(payload, str) else payload
        flags = f"QoS {qos}{', retain' if retain else ''}"
        self.transcript.sent(f"PUBLISH {topic!r} {payload_text(data)} {flags}")
        info = self._request(lambda: self._live.publish(topic, data, qos, retain))
        self._check(info.rc, "session")
        if wait:
            self._await("publish_s", f"the publish to {topic!r}", lambda: _is_out(info), stage="session")

    def _request(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ValueError as error:
            raise UsageError(f"MQTT cannot carry this request: {error}") from error

    def _check(self, code: MQTTErrorCode, stage: str) -> None:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.wait_until_ended()
            raise self._refusal(stage)

    # Waiting

    def mark(self) -> int:
        """The number that the next message will have: give it as ``since`` to leave earlier ones out."""
        with self._changed:
            return self._inbox.count

    def wait_for(
        self,
        topic_filter: str,
        predicate: Callable[[Message], bool] | None = None,
        *,
        since: int = 0,
        timeout_s: float | None = None,
    ) -> Message:
        """Take the first fitting message that nothing took before, waiting for it if need be.

        Raises DeadlineExceeded (``message_s``), or ConnectionRefused (stage session) once the connection is over.
        """
        position = since

        def next_message() -> Message | None:
            nonlocal position
            found = self._inbox.take(topic_filter, predicate, since=position)
            position = self._inbox.count
            return found

        what = f"a message on {topic_filter!r}"
        return self._await("message_s", what, next_message, stage="session", timeout_s=timeout_s)

    def messages(self, topic_filter: str) -> Iterator[Message]:
        """Take every fitting message as it comes, until the connection is over."""
        position = 0
        while True:
            with self._changed:
                while self._inbox.count <= position and self._ended is None:
                    self._changed.wait()
                found = self._inbox.take(topic_filter, since=position)
                if found is None and self._ended is not None:
                    return
                position = self._inbox.count if found is None else found.number + 1
            if found is not None:
                yield found

    def expect_nothing(
        self, topic_filter: str, *, since: int, marker_topic: str, publisher: Connection | None = None
    ) -> None:
        """Show that no message on ``topic_filter`` arrived from number ``since`` on.

        A marker is published last by ``publisher`` (the client whose message must not come; this one if None) on
        ``marker_topic``, which this connection is subscribed to; what was published before it would be here before
        it. Raises UnexpectedMessage, or what ``wait_for`` raises: silence on a dead connection proves nothing.
        """
        with self._changed:
            subscribed = any(matches(name, marker_topic) for name in self._filters)
        if not subscribed:
            raise UsageError(
                f"the marker topic {marker_topic!r} is not subscribed", expected="a topic that certainly arrives"
            )
        marker = f"marker {uuid.uuid4()}".encode()
        (publisher or self).publish(marker_topic, marker)
        self.wait_for(marker_topic, lambda message: message.payload == marker, since=since)
        with self._changed:
            unwanted = tuple(self._inbox.waiting(topic_filter, since=since))
        if unwanted:
            topics = ", ".join(sorted({repr(message.topic) for message in unwanted}))
            raise UnexpectedMessage(
                f"{len(unwanted)} message(s) arrived on {topics}", unwanted, expected=f"none on {topic_filter!r}"
            )

    def wait_until_ended(self, timeout_s: float | None = None) -> Ended:
        """Wait until the connection is over, by whatever cause; raises DeadlineExceeded (``end_s``) if it lasts."""
        limit_s = self.deadlines.end_s if timeout_s is None else timeout_s
        with self._changed:
            self._changed.wait_for(lambda: self._ended is not None, limit_s)
            if self._ended is not None:
                return self._ended
        raise DeadlineExceeded("end_s", limit_s, f"the end of the connection of {self.parameters.client_id!r}")


def connect(
    parameters: ConnectionParameters,
    *,
    route: Route | None = None,
    deadlines: Deadlines | None = None,
    before_connect: Callable[[str], None] | None = None,
    server_reason: Callable[[str], str] | None = None,
    on_transcript: Callable[[Transcript], None] | None = None,
) -> Connection:
    """Connect and wait for CONNACK 0; dials ``route``, or the documented host itself without one.

    ``before_connect(client_id)`` is called before anything is dialled and may raise to forbid it.
    ``server_reason(client_id)`` is asked after a refusal for what the embedded cloud kept about it.
    ``on_transcript`` is given the transcript at once, so that a refused connection leaves one as well.
    Raises ConnectionRefused, DeadlineExceeded, or MaterialError for unusable TLS material.
    """
    if before_connect is not None:
        before_connect(parameters.client_id)
    chosen = route or Route.direct(parameters.host, parameters.port)
    connection = Connection(parameters, chosen, deadlines or Deadlines(), server_reason)
    if on_transcript is not None:
        on_transcript(connection.transcript)
    connection.open()
    return connection


def _is_out(info: paho.MQTTMessageInfo) -> bool | None:
    done = info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and info.is_published()
    return True if done else None
