"""Topic names and topic filters: AWS IoT Core's limits, and which filter matches which topic.

Pure text; imports the problem only.
"""

from __future__ import annotations

from dicfix.mqtt.problem import Problem

MAX_TOPIC_BYTES = 256
"""Source: AWS IoT Core quotas, "Maximum topic size"."""
MAX_TOPIC_SLASHES = 7
"""Forward slashes in a topic or topic filter. Source: AWS IoT Core quotas, "Maximum number of slashes"."""
MAX_FILTERS_PER_SUBSCRIBE = 8
"""Source: AWS IoT Core quotas, "Maximum subscriptions per subscribe request"."""
MAX_CLIENT_ID_BYTES = 128
"""Source: AWS IoT Core quotas, "Client ID size"."""


def problem_of_filter(topic_filter: str) -> Problem | None:
    """What is wrong with ``topic_filter``, or None. Source: MQTT 3.1.1 section 4.7; AWS IoT Core quotas."""
    if not topic_filter:
        return Problem(
            "subscriptions", "a topic filter is empty", "at least one character", "remove it or write a topic"
        )
    if "\0" in topic_filter:
        return Problem(
            "subscriptions", "a topic filter holds a null character", "printable text", "remove the character"
        )
    return _problem_of_wildcards(topic_filter) or _problem_of_reserved(topic_filter) or _problem_of_size(topic_filter)


def _problem_of_wildcards(topic_filter: str) -> Problem | None:
    levels = topic_filter.split("/")
    for number, level in enumerate(levels, start=1):
        if "#" in level and (level != "#" or number != len(levels)):
            return Problem(
                "subscriptions",
                f"the topic filter {topic_filter!r} has '#' in level {number} of {len(levels)}",
                "'#' alone, as the last level",
                f"write {'/'.join([*levels[: number - 1], '#'])!r}",
            )
        if "+" in level and level != "+":
            return Problem(
                "subscriptions",
                f"the topic filter {topic_filter!r} has '+' inside the level {level!r}",
                "'+' alone in its level",
                f"write {'/'.join([*levels[: number - 1], '+', *levels[number:]])!r}",
            )
    return None


def _problem_of_reserved(topic_filter: str) -> Problem | None:
    if topic_filter.split("/")[0] != "$SYS":
        return None
    return Problem(
        "subscriptions",
        f"the topic filter {topic_filter!r} asks for a broker's own topics; AWS IoT Core ends the connection for it",
        "no subscription under $SYS",
        f"remove {topic_filter!r} from the subscriptions (MQTT Explorer puts $SYS/# there by itself)",
    )


def _problem_of_size(topic_filter: str) -> Problem | None:
    size = len(topic_filter.encode("utf-8", "surrogatepass"))
    if size > MAX_TOPIC_BYTES:
        return Problem(
            "subscriptions",
            f"the topic filter {topic_filter[:20]!r}... is {size} bytes long",
            f"{MAX_TOPIC_BYTES} bytes at most",
            "shorten it",
        )
    slashes = topic_filter.count("/")
    if slashes > MAX_TOPIC_SLASHES:
        return Problem(
            "subscriptions",
            f"the topic filter {topic_filter!r} has {slashes} slashes",
            f"{MAX_TOPIC_SLASHES} slashes at most",
            "use fewer levels",
        )
    return None


def matches(topic_filter: str, topic: str) -> bool:
    """Whether ``topic_filter`` matches ``topic``. Source: MQTT 3.1.1 section 4.7.

    On the wire AWS IoT Core does not let ``a/#`` match ``a``; a client that waits is content with either.
    """
    if topic.startswith("$") and topic_filter[:1] in ("#", "+"):
        return False
    wanted, given = topic_filter.split("/"), topic.split("/")
    for position, level in enumerate(wanted):
        if level == "#":
            return True
        if position >= len(given) or level not in ("+", given[position]):
            return False
    return len(wanted) == len(given)
