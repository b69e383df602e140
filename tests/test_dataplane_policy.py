"""Policies on a living connection: connect, publish, subscribe, receive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dataplane_registry import (
    ALLOW_ALL,
    Issued,
    allow,
    arn,
    connect_packet,
    issue,
    publish_packet,
    subscribe_packet,
)

from dicfix.offline.registry import AttachedThing

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _with(plane: Plane, *statements: object, things: tuple[AttachedThing, ...] = ()) -> Issued:
    issued = issue("limited", plane.ca)
    plane.registry.register(issued, {"Version": "2012-10-17", "Statement": list(statements)}, things=things)
    return issued


def _connect_refused(plane: Plane, issued: Issued, client_id: str, reason: str, **options: object) -> str:
    client = plane.client(issued)
    client.send(connect_packet(client_id, **options))
    assert client.expect_closed() == []
    entry = plane.newest_refusal(reason)
    assert entry.client_id == client_id
    return entry.text


def test_a_certificate_without_a_policy_may_not_connect(plane: Plane) -> None:
    bare = issue("bare", plane.ca)
    plane.registry.register(bare)
    text = _connect_refused(plane, bare, "device", "CONNECT_NOT_AUTHORIZED")
    assert "no policy is attached" in text


def test_a_client_id_that_no_policy_allows_is_refused_without_connack(plane: Plane) -> None:
    issued = _with(plane, allow("iot:Connect", "client/device"))
    plane.connected("device", issued)
    text = _connect_refused(plane, issued, "other", "CONNECT_NOT_AUTHORIZED")
    assert arn("client/other") in text


def test_a_denied_publish_ends_the_connection(plane: Plane) -> None:
    issued = _with(plane, allow("iot:Connect"), allow("iot:Publish", "topic/mine"))
    client = plane.connected("device", issued)
    client.publish("mine", b"1", qos=1)
    client.send(publish_packet("other", b"2", qos=1))
    assert client.expect_closed() == []
    entry = plane.newest_refusal("PUBLISH_NOT_AUTHORIZED")
    assert (entry.topic, entry.qos, entry.size_bytes) == ("other", 1, 1)


def test_a_denied_subscribe_ends_the_connection(plane: Plane) -> None:
    issued = _with(plane, allow("iot:Connect"), allow("iot:Subscribe", "topicfilter/mine/*"))
    client = plane.connected("device", issued)
    assert client.subscribe(("mine/#", 1)) == (1,)
    client.send(subscribe_packet(("other", 0)))
    assert client.expect_closed() == []
    assert plane.newest_refusal("SUBSCRIBE_NOT_AUTHORIZED").topic == "other"


def test_a_message_that_no_policy_lets_a_client_receive_is_not_delivered(plane: Plane) -> None:
    issued = _with(plane, allow(["iot:Connect", "iot:Subscribe"]), allow("iot:Receive", "topic/open"))
    client, sender = plane.connected("device", issued), plane.connected("sender")
    client.subscribe(("#", 1))
    for topic in ("secret", "secret", "open"):
        sender.publish(topic, b"x", qos=1)
    assert [message.topic for message in client.messages_until_ping()] == ["open"]
    [entry] = plane.dp.transcript.refusals(client_id="device")
    assert (entry.topic, entry.reason) == ("secret", "RECEIVE_NOT_AUTHORIZED")


def test_a_subscription_with_a_wildcard_leaks_past_a_deny_of_the_narrower_filter(plane: Plane) -> None:
    issued = _with(
        plane,
        allow(["iot:Connect", "iot:Receive"]),
        allow("iot:Subscribe", "topicfilter/a/*"),
        allow("iot:Subscribe", "topicfilter/a/restricted/*", effect="Deny"),
    )
    client, sender = plane.connected("device", issued), plane.connected("sender")
    client.subscribe(("a/#", 0))
    sender.publish("a/restricted/x", b"leak", qos=1)
    assert [message.payload for message in client.messages_until_ping()] == [b"leak"]


def test_a_deny_wins_over_an_allow(plane: Plane) -> None:
    issued = _with(plane, allow("*"), allow("iot:Connect", "client/banned", effect="Deny"))
    plane.connected("device", issued)
    text = _connect_refused(plane, issued, "banned", "CONNECT_NOT_AUTHORIZED")
    assert "statement 2 denies" in text


def test_a_retained_publish_needs_retain_publish(plane: Plane) -> None:
    issued = _with(plane, allow(["iot:Connect", "iot:Publish"]))
    client = plane.connected("device", issued)
    client.publish("t", b"x", qos=1)
    client.send(publish_packet("t", b"x", retain=True))
    plane.refused(client, "RETAIN_NOT_AUTHORIZED")
    assert plane.registry.retained == {}


def test_a_will_on_a_topic_that_no_policy_allows_is_refused(plane: Plane) -> None:
    issued = _with(plane, allow("iot:Connect"), allow("iot:Publish", "topic/will/mine"))
    plane.connected("device", issued, will=("will/mine", b"", 0, False))
    _connect_refused(plane, issued, "other", "WILL_NOT_AUTHORIZED", will=("will/other", b"", 0, False))


def test_thing_variables_need_a_thing_of_the_client_ids_name(plane: Plane) -> None:
    by_thing = allow("iot:Connect", "client/${iot:Connection.Thing.ThingName}")
    issued = _with(plane, by_thing, things=(AttachedThing("lamp"), AttachedThing("plug")))
    plane.connected("lamp", issued)
    plane.connected("plug", issued)
    _connect_refused(plane, issued, "lock", "CONNECT_NOT_AUTHORIZED")
    state = plane.dp.connection("plug")
    assert state is not None
    assert state.thing_name == "plug"


def test_thing_variables_stand_for_the_thing_while_the_client_id_differs_from_the_first(plane: Plane) -> None:
    own_topic = allow("iot:Publish", "topic/${iot:Connection.Thing.ThingName}/state")
    issued = _with(plane, allow("iot:Connect"), own_topic, things=(AttachedThing("lamp"),))
    plane.connected("lamp", issued).publish("lamp/state", b"on", qos=1)
    client = plane.connected("other", issued)
    client.send(publish_packet("lamp/state", b"on"))
    plane.refused(client, "PUBLISH_NOT_AUTHORIZED")


def test_an_exclusive_thing_is_meant_whatever_the_client_id(plane: Plane) -> None:
    own_topic = allow("iot:Publish", "topic/${iot:Connection.Thing.ThingName}/state")
    attached = allow("iot:Connect", Condition={"Bool": {"iot:Connection.Thing.IsAttached": "true"}})
    issued = _with(plane, attached, own_topic, things=(AttachedThing("lamp", exclusive=True),))
    plane.connected("any-client-id", issued).publish("lamp/state", b"on", qos=1)
    state = plane.dp.connection("any-client-id")
    assert state is not None
    assert state.thing_name == "lamp"


def test_a_condition_on_the_session_kind_is_kept(plane: Plane) -> None:
    persistent = {"ForAnyValue:StringEquals": {"iot:ConnectAttributes": ["PersistentConnect"]}}
    issued = _with(plane, allow("*"), allow("iot:Connect", effect="Deny", Condition=persistent))
    plane.connected("device", issued, clean=True)
    _connect_refused(plane, issued, "device", "CONNECT_NOT_AUTHORIZED", clean=False)


def test_a_changed_policy_takes_effect_on_the_next_decision(plane: Plane) -> None:
    client = plane.connected("device")
    client.publish("t", b"x", qos=1)
    plane.registry.set_policies(plane.device, {"Statement": allow("iot:Connect")})
    client.send(publish_packet("t", b"x"))
    plane.refused(client, "PUBLISH_NOT_AUTHORIZED")


def test_a_policy_attached_later_lets_a_message_through(plane: Plane) -> None:
    issued = _with(plane, allow(["iot:Connect", "iot:Subscribe"]))
    client, sender = plane.connected("device", issued), plane.connected("sender")
    client.subscribe(("t", 0))
    sender.publish("t", b"before", qos=1)
    plane.registry.set_policies(issued, ALLOW_ALL)
    sender.publish("t", b"after", qos=1)
    assert [message.payload for message in client.messages_until_ping()] == [b"after"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("${iot:ClientId}", "device"),
        ("${iot:Certificate.Subject.CommonName}", "limited"),
        ("${iot:Certificate.Issuer.CommonName}", "Tests CA"),
        ("${aws:SourceIp}", "127.0.0.1"),
    ],
)
def test_variables_of_connection_and_certificate_are_put_in(plane: Plane, variable: str, value: str) -> None:
    issued = _with(plane, allow("iot:Connect"), allow("iot:Publish", f"topic/of/{variable}"))
    plane.connected("device", issued).publish(f"of/{value}", b"x", qos=1)


def test_the_certificate_id_is_a_variable(plane: Plane) -> None:
    issued = _with(plane, allow("iot:Connect", "client/${iot:CertificateId}"))
    plane.connected(issued.certificate_id, issued)


def test_a_resumed_session_is_judged_by_the_new_certificate(plane: Plane) -> None:
    limited = _with(plane, allow("iot:Connect"))
    first = plane.connected("device", clean=False)
    first.subscribe(("secret", 1))
    first.send(b"\xe0\x00")
    first.expect_closed()
    plane.connected("sender").publish("secret", b"stored", qos=1)
    second = plane.client(limited)
    assert second.connect("device", clean=False)
    plane.connected("sender").publish("secret", b"live", qos=1)
    assert second.messages_until_ping() == []
    second.send(publish_packet("t", b"x"))
    plane.refused(second, "PUBLISH_NOT_AUTHORIZED")
