"""The rules of topics as pure functions."""

from __future__ import annotations

import pytest

from dicfix.offline.rules import retained, topics


@pytest.mark.parametrize(
    "topic",
    [
        "$aws/things/t/jobs/$next/get",
        "$aws/things/t/jobs/AFR_OTA-x/update",
        "$aws/things/t/streams/s/get/cbor",
        "$aws/things/t/shadow/name/n/update",
        "$aws/rules/r/any/thing",
        "$aws/certificates/create/json",
        "plain/topic",
    ],
)
def test_a_client_may_publish_to_known_reserved_topics(topic: str) -> None:
    assert topics.reserved_publish_refusal(topic) is None


@pytest.mark.parametrize(
    "topic",
    ["$aws", "$aws/things/t/jobs", "$aws/things/t/jobs/notify-next", "$aws/things/t/jobs/j/get/accepted", "$share/g/t"],
)
def test_a_client_may_not_publish_to_others(topic: str) -> None:
    refusal = topics.reserved_publish_refusal(topic)
    assert refusal is not None
    assert topic in refusal.text


def test_lengths_are_counted_in_bytes_without_the_basic_ingest_prefix() -> None:
    assert topics.topic_too_long("ü" * 128) is None
    assert topics.topic_too_long("ü" * 128 + "x") is not None
    assert topics.topic_too_long("$aws/rules/" + "r" * 200 + "/" + "x" * 256) is None
    assert topics.topic_too_long("$aws/rules/r/" + "x" * 257) is not None


def test_slashes_are_counted_without_the_basic_ingest_prefix() -> None:
    assert topics.topic_too_deep("/" * 7) is None
    assert topics.topic_too_deep("/" * 8) is not None
    assert topics.topic_too_deep("$aws/rules/r/" + "/" * 7) is None
    assert topics.topic_too_deep("$aws/things/t/jobs/j/update/a/b/c") is not None


def test_nothing_is_retained_on_reserved_topics_or_sent_to_wildcards() -> None:
    assert retained.retain_on_reserved_topic("$aws/rules/r/x") is not None
    assert retained.retain_on_reserved_topic("x") is None
    assert retained.retained_is_sent("a/b")
    assert not retained.retained_is_sent("a/+")
    assert retained.retained_is_cleared(0)
    assert not retained.retained_is_cleared(1)
