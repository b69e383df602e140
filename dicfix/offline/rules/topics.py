"""AWS IoT's rules for topics and topic filters: lengths, levels, wildcards, and the names reserved by ``$``.

Pure functions of strings; imports nothing but the registry of rules.
"""

from __future__ import annotations

from dicfix.offline.rules import Level, rule
from dicfix.offline.rules.refusals import Refusal

TOPIC_BYTES = 256
TOPIC_SLASHES = 7
FILTERS_PER_SUBSCRIBE = 8
SUBSCRIPTIONS_PER_CONNECTION = 50

_QUOTAS = "general reference iot-core quotas"
_RESERVED = "developerguide reserved-topics"
_LIMITS = "tests/test_dataplane_limits.py::"
_ROUTING = "tests/test_dataplane_routing.py::"

PUBLISHABLE = (
    "$aws/things/+/jobs/get",
    "$aws/things/+/jobs/start-next",
    "$aws/things/+/jobs/+/get",
    "$aws/things/+/jobs/+/update",
    "$aws/things/+/streams/+/get/+",
    "$aws/things/+/streams/+/describe/+",
    "$aws/things/+/shadow/get",
    "$aws/things/+/shadow/update",
    "$aws/things/+/shadow/delete",
    "$aws/things/+/shadow/name/+/get",
    "$aws/things/+/shadow/name/+/update",
    "$aws/things/+/shadow/name/+/delete",
    "$aws/things/+/defender/metrics/+",
    "$aws/certificates/create/+",
    "$aws/certificates/create-from-csr/+",
    "$aws/provisioning-templates/+/provision/+",
    "$aws/sitewise/asset-models/+/assets/+/properties/+",
    "$aws/rules/#",
)
"""Reserved topics that a client may publish to. Source: developerguide reserved-topics."""

SUBSCRIBABLE = (
    "$aws/things/+/jobs/#",
    "$aws/things/+/streams/#",
    "$aws/things/+/shadow/#",
    "$aws/things/+/defender/metrics/#",
    "$aws/things/+/tunnels/notify",
    "$aws/events/#",
    "$aws/certificates/create/#",
    "$aws/certificates/create-from-csr/#",
    "$aws/provisioning-templates/+/provision/#",
    "$aws/sitewise/asset-models/#",
)
"""Families of reserved topics that a client may subscribe to. Source: developerguide reserved-topics.

A filter with wildcards is taken when it overlaps one of them (``$aws/things/T/#``); assumed, nothing read forbids it.
"""


@rule(
    "TOPIC-LENGTH",
    source=_QUOTAS,
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_256_bytes_of_topic_pass_and_one_more_ends_the_connection",),
)
def topic_too_long(topic: str) -> Refusal | None:
    """A topic or topic filter has at most 256 bytes of UTF-8, not counting a ``$aws/rules/<rule>/`` before it."""
    size = len(_without_basic_ingest(topic).encode())
    if size <= TOPIC_BYTES:
        return None
    return Refusal("TOPIC_TOO_LONG", f"a topic of {size} bytes; at most {TOPIC_BYTES} are allowed")


@rule(
    "TOPIC-SLASHES",
    source=_QUOTAS,
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_seven_slashes_pass_and_eight_end_the_connection",),
)
def topic_too_deep(topic: str) -> Refusal | None:
    """A topic or topic filter has at most seven slashes, not counting a ``$aws/rules/<rule>/`` before it."""
    slashes = _without_basic_ingest(topic).count("/")
    if slashes <= TOPIC_SLASHES:
        return None
    return Refusal("TOPIC_TOO_DEEP", f"a topic with {slashes} slashes; at most {TOPIC_SLASHES} are allowed")


def _without_basic_ingest(topic: str) -> str:
    if not topic.startswith("$aws/rules/"):
        return topic
    return topic.split("/", 3)[3] if topic.count("/") >= 3 else topic


@rule(
    "RESERVED-PUBLISH",
    source=_RESERVED,
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_a_publish_to_an_unknown_reserved_topic_ends_the_connection",),
)
def reserved_publish_refusal(topic: str) -> Refusal | None:
    """A publish to a ``$`` topic that AWS does not know, or only sends itself, ends the connection."""
    if not topic.startswith("$") or any(filter_matches(known, topic) for known in PUBLISHABLE):
        return None
    return Refusal("TOPIC_RESERVED", f"{topic} is reserved and not one that a client may publish to")


@rule(
    "RESERVED-SUBSCRIBE",
    source=_RESERVED + "; MQTT Explorer issue 17 for $SYS",
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_a_subscription_to_sys_or_an_unknown_reserved_topic_ends_the_connection",),
)
def reserved_subscribe_refusal(topic_filter: str) -> Refusal | None:
    """A subscription to ``$SYS`` or another ``$`` topic that AWS does not know ends the connection."""
    if not topic_filter.startswith("$") or any(filters_overlap(known, topic_filter) for known in SUBSCRIBABLE):
        return None
    return Refusal("TOPIC_RESERVED", f"{topic_filter} is reserved and not one that a client may subscribe to")


@rule(
    "FILTERS-PER-SUBSCRIBE",
    source=_QUOTAS,
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_eight_filters_in_a_subscribe_pass_and_nine_end_the_connection",),
)
def too_many_filters(count: int) -> Refusal | None:
    """A SUBSCRIBE holds at most eight topic filters."""
    if count <= FILTERS_PER_SUBSCRIBE:
        return None
    return Refusal(
        "TOO_MANY_FILTERS", f"{count} topic filters in one SUBSCRIBE; at most {FILTERS_PER_SUBSCRIBE} are allowed"
    )


@rule(
    "SUBSCRIPTIONS-PER-CONNECTION",
    source=_QUOTAS,
    level=Level.DOCUMENTED,
    held_by=(_LIMITS + "test_fifty_subscriptions_pass_and_one_more_ends_the_connection",),
)
def too_many_subscriptions(count: int) -> Refusal | None:
    """A connection has at most 50 subscriptions."""
    if count <= SUBSCRIPTIONS_PER_CONNECTION:
        return None
    text = f"{count} subscriptions; at most {SUBSCRIPTIONS_PER_CONNECTION} are allowed"
    return Refusal("TOO_MANY_SUBSCRIPTIONS", text)


@rule(
    "HASH-NOT-PARENT",
    source="developerguide mqtt: sensor/# does not match sensor",
    level=Level.DOCUMENTED,
    held_by=(_ROUTING + "test_a_hash_does_not_match_its_parent_level",),
    without=lambda: True,
)
def hash_matches_parent() -> bool:
    """``x/#`` does not match ``x``, other than in MQTT 3.1.1."""
    return False


@rule(
    "WILDCARD-NOT-DOLLAR",
    source="developerguide life-cycle-events; MQTT-4.7.2-1",
    level=Level.DOCUMENTED,
    held_by=(_ROUTING + "test_a_hash_alone_gets_no_lifecycle_events",),
    without=lambda: True,
)
def wildcard_matches_dollar() -> bool:
    """A wildcard in the first level does not match a ``$`` topic."""
    return False


def filter_matches(topic_filter: str, topic: str) -> bool:
    """Whether ``topic_filter`` matches ``topic`` level by level; ``x/#`` does not match ``x``."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return len(levels) > index
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def plain_filter_matches(topic_filter: str, topic: str) -> bool:
    """Whether ``topic_filter`` matches ``topic`` as MQTT 3.1.1 says: ``x/#`` matches ``x``, ``#`` no ``$`` topic."""
    if topic.startswith("$") and topic_filter[0] in "+#":
        return False
    parent = topic_filter.removesuffix("/#")
    return filter_matches(topic_filter, topic) or (parent != topic_filter and filter_matches(parent, topic))


def filters_overlap(one: str, other: str) -> bool:
    """Whether some topic could match both topic filters."""
    left, right = one.split("/"), other.split("/")
    for mine, theirs in zip(left, right, strict=False):
        if "#" in (mine, theirs):
            return True
        if mine != theirs and "+" not in (mine, theirs):
            return False
    return len(left) == len(right)
