"""MQTT Explorer's profile: each wrong value has its own message; its defaults; its JSON."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicfix.certificates import make_ca_certificate, make_private_key
from dicfix.errors import UsageError
from dicfix.mqtt.explorer_file import CONNECTIONS_KEY, read_profile, write_profile
from dicfix.mqtt.profile import ExplorerProfile, Subscription, notes, problems, validate
from dicfix.mqtt.topics import matches, problem_of_filter
from dicfix.trust import amazon_root_ca_1
from tests.mqtt.world import ENDPOINT, World

THING = "DIC_EXPLORER"


@pytest.fixture
def right(world: World) -> ExplorerProfile:
    """The guide's profile with the stand-in root."""
    return ExplorerProfile.of_guide(
        endpoint=ENDPOINT,
        thing_name=THING,
        server_certificate=world.root.certificate.pem,
        client_certificate=world.explorer.certificate.pem,
        client_key=world.explorer.key.pem,
    )


def complain(profile: ExplorerProfile, world: World, **more: object) -> list[tuple[str, str]]:
    found = problems(profile, thing_name=THING, expected_root=world.root.certificate.pem, **more)  # type: ignore[arg-type]
    for one in found:
        assert one.expected
        assert one.remedy
        assert "PRIVATE KEY" not in f"{one}"
    return [(one.field, one.observed) for one in found]


def test_the_guides_profile_is_right(right: ExplorerProfile, world: World) -> None:
    assert complain(right, world, endpoint=ENDPOINT, at=datetime.now(UTC)) == []
    validate(right, thing_name=THING, expected_root=world.root.certificate.pem)
    assert notes(right) == ()


def test_the_guides_values_are_those_of_the_guide(right: ExplorerProfile) -> None:
    assert (right.host, right.port, right.encryption, right.validate_certificate) == (ENDPOINT, 8883, True, True)
    assert (right.client_id, right.protocol, right.username) == (THING, "mqtt://", "")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"protocol": "ws://"}, "protocol", "'ws://'"),
        ({"host": ""}, "host", "the host is empty"),
        ({"host": f"mqtts://{ENDPOINT}"}, "host", "holds a scheme"),
        ({"host": f"{ENDPOINT}:8883"}, "host", "holds a port"),
        ({"host": f"{ENDPOINT}/mqtt"}, "host", "holds a path"),
        ({"host": f" {ENDPOINT}"}, "host", "holds a space"),
        ({"host": ENDPOINT.replace("-ats", "")}, "host", "endpoint of type iot:Data, which AmazonRootCA1"),
        ({"host": "10.0.0.1"}, "host", "is an IP address"),
        ({"host": "::1"}, "host", "is an IP address"),
        ({"host": "test.mosquitto.org"}, "host", "is no AWS IoT data endpoint"),
        ({"host": f"{ENDPOINT}.example.com"}, "host", "is no AWS IoT data endpoint"),
        ({"port": 1883}, "port", "the port is 1883"),
        ({"port": 443}, "port", "the port is 443"),
        ({"encryption": False}, "encryption", "encryption (TLS) is off"),
        ({"validate_certificate": False}, "validate_certificate", "certificate validation is off"),
        ({"username": "admin"}, "username", "a username is given"),
        ({"password": "letmein"}, "password", "a password is given"),
        ({"client_id": ""}, "client_id", "the MQTT client ID is empty"),
        ({"client_id": "x" * 129}, "client_id", "129 bytes long"),
        ({"client_id": "ü" * 65}, "client_id", "130 bytes long"),
        ({"client_id": "SQA_DIC_C2"}, "client_id", "'SQA_DIC_C2' is not the thing name"),
        ({"client_id": "mqtt-explorer-1a2b3c4d"}, "client_id", "(MQTT Explorer's own default) is not the thing name"),
        ({"server_certificate": ""}, "server_certificate", "the server certificate (CA) is missing"),
        ({"server_certificate": "AmazonRootCA1"}, "server_certificate", "is not PEM"),
        ({"client_certificate": ""}, "client_certificate", "the client certificate is missing"),
        ({"client_certificate": "x"}, "client_certificate", "is not PEM"),
        ({"client_key": ""}, "client_key", "the client key is missing"),
        ({"client_key": "x"}, "client_key", "is not PEM"),
    ],
    ids=lambda value: f"{value!r:.24}" if isinstance(value, dict) else value[-24:],
)
def test_each_wrong_value_has_its_own_message(
    right: ExplorerProfile, world: World, changes: dict[str, object], field: str, words: str
) -> None:
    found = complain(replace(right, **changes), world)  # type: ignore[arg-type]
    assert [one for one, _words in found] == [field]
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("topics", "words"),
    [
        ((), "no topic is subscribed"),
        (("",), "a topic filter is empty"),
        (("#/light",), "'#' in level 1 of 2"),
        (("light#",), "'#' in level 1 of 1"),
        (("light/+state",), "'+' inside the level '+state'"),
        (("a\0b",), "null character"),
        (("$SYS/#",), "asks for a broker's own topics; AWS IoT Core ends the connection"),
        (("x" * 257,), "257 bytes long"),
        (("a/b/c/d/e/f/g/h/i",), "has 8 slashes"),
        (tuple("abcdefghi"), "9 topics are subscribed"),
    ],
    ids=["none", "empty", "early", "inside", "plus", "null", "SYS", "long", "deep", "many"],
)
def test_each_wrong_subscription_has_its_own_message(
    right: ExplorerProfile, world: World, topics: tuple[str, ...], words: str
) -> None:
    found = complain(replace(right, subscriptions=tuple(map(Subscription, topics))), world)
    assert [field for field, _words in found] == ["subscriptions"]
    assert words in found[0][1]


def test_a_subscription_with_qos_2_is_told(right: ExplorerProfile, world: World) -> None:
    found = complain(replace(right, subscriptions=(Subscription("#", 2),)), world)
    assert "QoS 2" in found[0][1]


def test_the_limits_themselves_are_allowed(right: ExplorerProfile, world: World) -> None:
    topics = ("x" * 256, "a/b/c/d/e/f/g/h", "+/+", "a/#", "#", "light/*", "+", "$aws/things/t/jobs/notify")
    assert complain(replace(right, subscriptions=tuple(map(Subscription, topics))), world) == []
    long = "x" * 128
    assert problems(replace(right, client_id=long), expected_root=world.root.certificate.pem) == ()


def test_an_own_default_client_id_is_told_even_if_no_thing_is_known(right: ExplorerProfile, world: World) -> None:
    found = problems(replace(right, client_id="mqtt-explorer-1a2b3c4d"), expected_root=world.root.certificate.pem)
    assert "MQTT Explorer's own" in found[0].observed


def test_the_endpoint_of_another_region_is_told(right: ExplorerProfile, world: World) -> None:
    found = complain(right, world, endpoint=ENDPOINT.replace("ap-southeast-1", "eu-west-1"))
    assert found == [("host", f"the host {ENDPOINT!r} is not the endpoint of this account and Region")]


def test_another_host_is_allowed_by_an_explicit_word(right: ExplorerProfile, world: World) -> None:
    assert complain(replace(right, host="iot.example.com"), world, custom_endpoint=True) == []


def test_a_china_endpoint_is_an_aws_iot_data_endpoint(right: ExplorerProfile, world: World) -> None:
    assert complain(replace(right, host="a1b2-ats.iot.cn-north-1.amazonaws.com.cn"), world) == []


def test_a_leaf_as_server_certificate_is_told(right: ExplorerProfile, world: World) -> None:
    found = complain(replace(right, server_certificate=world.server.certificate_pem), world)
    assert found[0][0] == "server_certificate"
    assert "is a leaf" in found[0][1]


def test_another_root_as_server_certificate_is_told(right: ExplorerProfile, world: World) -> None:
    found = complain(replace(right, server_certificate=world.other_root.certificate.pem), world)
    assert found == [("server_certificate", "the server certificate is CN=Another root, not the expected root")]


def test_without_a_stand_in_the_server_certificate_must_be_amazon_root_ca_1(
    right: ExplorerProfile, world: World
) -> None:
    found = problems(right, thing_name=THING)
    assert [one.observed for one in found] == ["the server certificate is CN=Stand-in root, not AmazonRootCA1"]
    assert problems(replace(right, server_certificate=amazon_root_ca_1().pem), thing_name=THING) == ()


def test_the_real_amazon_root_ca_1_is_not_the_stand_in(right: ExplorerProfile, world: World) -> None:
    found = complain(replace(right, server_certificate=amazon_root_ca_1().pem), world)
    assert found == [("server_certificate", "the server certificate is AmazonRootCA1, not the expected root")]


def test_a_key_of_another_set_is_told(right: ExplorerProfile, world: World) -> None:
    found = complain(replace(right, client_key=world.device.key.pem), world)
    assert found == [("client_key", "the client key does not belong to the client certificate (CN=explorer)")]


def test_certificate_and_key_in_each_others_place_are_told(right: ExplorerProfile, world: World) -> None:
    swapped = replace(right, client_certificate=right.client_key, client_key=right.client_certificate)
    assert [(field, words.split(" holds ")[1]) for field, words in complain(swapped, world)] == [
        ("client_certificate", "a private key"),
        ("client_key", "a certificate"),
    ]


def test_a_ca_certificate_as_client_certificate_is_told(right: ExplorerProfile, world: World) -> None:
    changed = replace(right, client_certificate=world.ca.certificate.pem, client_key=world.ca.key.pem)
    assert complain(changed, world) == [
        ("client_certificate", "the client certificate is a CA certificate (CN=DIC CA)")
    ]


def test_an_expired_client_certificate_is_told_when_a_time_is_given(right: ExplorerProfile, world: World) -> None:
    key = make_private_key()
    old = make_ca_certificate(key, "/CN=old", now=datetime.now(UTC) - timedelta(days=2), validity_days=1, is_ca=False)
    changed = replace(right, client_certificate=old.pem, client_key=key.pem)
    assert complain(changed, world) == []
    assert complain(changed, world, at=datetime.now(UTC)) == [
        ("client_certificate", "the client certificate (CN=old) has expired")
    ]
    early = complain(changed, world, at=datetime.now(UTC) - timedelta(days=9))
    assert "is not valid yet" in early[0][1]


def test_validate_raises_the_first_problem_with_its_remedy(right: ExplorerProfile, world: World) -> None:
    with pytest.raises(UsageError, match="the port is 1883") as caught:
        validate(replace(right, port=1883, client_key=""), thing_name=THING, expected_root=world.root.certificate.pem)
    assert caught.value.expected == "8883"
    assert "enter 8883" in caught.value.remedy


def test_mqtt_explorers_own_defaults_fail_in_every_field_that_the_guide_changes() -> None:
    profile = ExplorerProfile.defaults()
    assert (profile.port, profile.encryption, profile.validate_certificate) == (1883, False, True)
    assert [one.topic for one in profile.subscriptions] == ["#", "$SYS/#"]
    assert profile.client_id != ExplorerProfile.defaults().client_id
    assert [one.field for one in problems(profile, thing_name=THING)] == [
        "host",
        "port",
        "encryption",
        "client_id",
        "subscriptions",
        "server_certificate",
        "client_certificate",
        "client_key",
    ]


def test_an_asterisk_is_a_note_and_no_problem(right: ExplorerProfile, world: World) -> None:
    printed = replace(right, subscriptions=(Subscription("light/*"), Subscription("lock/#")))
    assert complain(printed, world) == []
    assert len(notes(printed)) == 1
    assert "'light/#' is meant" in notes(printed)[0]


def test_the_profile_never_shows_key_or_password(right: ExplorerProfile) -> None:
    text = repr(replace(right, password="letmein")) + repr(right.parameters())
    assert "PRIVATE KEY" not in text
    assert "letmein" not in text


def test_the_parameters_are_those_of_mqtt_explorer(right: ExplorerProfile) -> None:
    parameters = right.parameters()
    assert (parameters.keep_alive_s, parameters.clean_session, parameters.client_id) == (60, True, THING)
    assert parameters.tls is not None
    assert parameters.tls.sends_server_name
    assert replace(right, encryption=False).parameters().tls is None


# MQTT Explorer's JSON


def test_a_profile_survives_mqtt_explorers_json_without_key_and_password(right: ExplorerProfile) -> None:
    written = write_profile(replace(right, password="letmein"))
    assert "letmein" not in written
    assert "clientKey" not in written
    assert read_profile(written) == replace(right, client_key="")


def test_mqtt_explorers_json_has_its_own_field_names(right: ExplorerProfile) -> None:
    document = json.loads(write_profile(right))
    assert document["certValidation"] is True
    assert document["encryption"] is True
    assert document["protocol"] == "mqtt"
    assert document["subscriptions"] == [{"topic": "#", "qos": 0}]
    assert set(document["selfSignedCertificate"]) == {"name", "data"}


def test_one_of_several_connections_is_chosen_by_name(right: ExplorerProfile) -> None:
    one = json.loads(write_profile(right))
    settings = json.dumps({CONNECTIONS_KEY: {"1": one, "2": {**one, "name": "other", "port": 1883}}})
    assert read_profile(settings, name="other").port == 1883
    with pytest.raises(UsageError, match="holds 2 connections"):
        read_profile(settings)
    with pytest.raises(UsageError, match="no connection 'third'"):
        read_profile(settings, name="third")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not JSON", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "holds no connection"),
        ("{}", "holds no connection"),
        ('{"a": 1}', "holds no connection"),
        ('{"host": 5}', "wrong value for host"),
        ('{"host": "h", "port": "8883"}', "wrong value for port"),
        ('{"host": "h", "port": true}', "wrong value for port"),
        ('{"host": "h", "encryption": 1}', "wrong value for encryption"),
        ('{"host": "h", "subscriptions": "#"}', "wrong value for subscriptions"),
        ('{"host": "h", "subscriptions": ["#"]}', "wrong value for subscriptions"),
        ('{"host": "h", "clientKey": "PEM"}', "wrong value for clientKey"),
        ('{"host": "h", "clientKey": {"data": "%%%"}}', "wrong value for clientKey"),
    ],
    ids=range(13),
)
def test_what_mqtt_explorer_could_not_have_written_is_a_usage_error(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_profile(text)


def test_every_field_of_the_profile_is_compared_by_the_round_trip() -> None:
    profile = ExplorerProfile.defaults("mine")
    assert {one.name for one in fields(profile)} >= {"name", "host", "port", "client_id", "subscriptions", "protocol"}
    assert read_profile(write_profile(profile)) == profile


# Topic filters

LEVEL = st.text(st.characters(exclude_characters="/+#\0", exclude_categories=("Cs",)), max_size=4)


@given(st.text(st.sampled_from("ab/+#$*"), max_size=12))
def test_a_filter_is_wrong_exactly_where_mqtt_says_so(topic_filter: str) -> None:
    levels = topic_filter.split("/")
    legal = bool(topic_filter) and all(
        (level in ("+", "#") or not set(level) & {"+", "#"}) and (level != "#" or number == len(levels) - 1)
        for number, level in enumerate(levels)
    )
    assert (problem_of_filter(topic_filter) is None) == (legal and len(levels) <= 8)


@given(st.lists(LEVEL, min_size=1, max_size=5), st.data())
def test_a_filter_made_from_a_topic_matches_it(levels: list[str], data: st.DataObject) -> None:
    topic = "/".join(levels)
    wild = [data.draw(st.sampled_from([level, "+"])) for level in levels]
    cut = data.draw(st.integers(0, len(levels)))
    if not topic.startswith("$"):
        assert matches("/".join(wild), topic)
        assert matches("/".join([*wild[:cut], "#"]), topic)
    assert not matches("/".join([*levels, "more"]), topic)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("#", "light/state", True),
        ("#", "$aws/events/x", False),
        ("+/x", "$aws/x", False),
        ("$aws/#", "$aws/x", True),
        ("light/*", "light/state", False),
        ("light/*", "light/*", True),
        ("light/#", "light", True),
        ("light/+", "light", False),
        ("+", "a/b", False),
        ("/+", "/a", True),
    ],
)
def test_matching_follows_mqtt(topic_filter: str, topic: str, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected
