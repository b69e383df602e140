"""AWS IoT's rules for retained messages. Pure functions; imports nothing but the registry of rules."""

from __future__ import annotations

from dicfix.offline.rules import Level, rule
from dicfix.offline.rules.refusals import Refusal

_RETAINED = "developerguide mqtt, retained messages"
_TESTS = "tests/test_dataplane_retained.py::"


@rule(
    "RETAINED-NOT-FOR-WILDCARDS",
    source=_RETAINED,
    level=Level.DOCUMENTED,
    held_by=(_TESTS + "test_a_subscription_with_a_wildcard_gets_no_retained_message",),
    without=lambda _topic_filter: True,
)
def retained_is_sent(topic_filter: str) -> bool:
    """A retained message is sent only to a subscription without wildcards."""
    return "+" not in topic_filter and "#" not in topic_filter


@rule(
    "RETAINED-CLEAR",
    source=_RETAINED,
    level=Level.DOCUMENTED,
    held_by=(_TESTS + "test_a_retained_message_of_zero_bytes_clears_and_is_forwarded",),
    without=lambda _size_bytes: False,
)
def retained_is_cleared(size_bytes: int) -> bool:
    """A retained publish of zero bytes clears the topic's retained message; it is forwarded like any other."""
    return size_bytes == 0


@rule(
    "RETAINED-NOT-RESERVED",
    source=_RETAINED + "; that the connection ends is assumed",
    level=Level.DOCUMENTED,
    held_by=(_TESTS + "test_a_retained_publish_to_a_reserved_topic_ends_the_connection",),
)
def retain_on_reserved_topic(topic: str) -> Refusal | None:
    """Nothing is retained on a reserved topic: a publish that asks for it ends the connection."""
    if not topic.startswith("$"):
        return None
    return Refusal("RETAIN_RESERVED", f"RETAIN asked for on the reserved topic {topic}")
