"""What AWS IoT demands of messages that come in through the iot-data API.

The limits themselves are those of MQTT (``topics``, ``connection``, ``retained``); here they become error codes. Pure.
"""

from __future__ import annotations

from dicfix.offline.rules import Level, RuleViolation, rule
from dicfix.offline.rules.connection import payload_too_large
from dicfix.offline.rules.refusals import Refusal
from dicfix.offline.rules.retained import retain_on_reserved_topic
from dicfix.offline.rules.topics import topic_too_deep, topic_too_long

SUBSCRIPTIONS_DEFAULT = 20
"""Page size of ListSubscriptions. Source: AWS API ListSubscriptions, member maxResults."""
RETAINED_DEFAULT = 200
"""Page size of ListRetainedMessages, for which no page names a default (assumed: its maximum)."""


def check_publish(topic: str, size_bytes: int, *, retain: bool) -> None:
    """Refuse a topic that no message can have, a payload that is too large, RETAIN on a reserved topic."""
    no_wildcards(topic)
    for refusal in (topic_too_long(topic), topic_too_deep(topic), payload_too_large(size_bytes)):
        _raise(refusal)
    if retain:
        _raise(retain_on_reserved_topic(topic))


def _raise(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise RuleViolation("InvalidRequestException", refusal.text)


@rule(
    "DATA-PUBLISH-NO-WILDCARDS",
    source="MQTT 3.1.1 section 3.3.2.1 (MQTT-3.3.2-2): a topic name must not contain wildcard characters",
    level=Level.DOCUMENTED,
    held_by=("tests/test_rules_names.py::test_a_message_is_not_published_to_a_topic_with_wildcards",),
)
def no_wildcards(topic: str) -> None:
    """A message is published to a topic without wildcards."""
    if not topic or any(character in topic for character in "+#\0"):
        raise RuleViolation("InvalidRequestException", f"{topic!r} is not a topic that a message can have")
