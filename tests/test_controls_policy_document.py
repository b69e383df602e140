"""Policy documents: another spelling is the same, narrower is told from insufficient, nonsense is a FAIL."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onboarded import DEVICE, EXPLORER, NOW, PREFIX, SECOND, good_inventory, good_settings

from dicfix.controls import run_control
from dicfix.controls.policies import device_requests, explorer_requests
from dicfix.controls.policy_document import Request, differences, normalise, not_allowed, parse_policy
from dicfix.errors import MaterialError
from dicfix.findings import Finding, Status
from dicfix.guide import EDITIONS
from dicfix.guide.values import POLICY_DOCUMENT
from dicfix.records import known

GUIDE = json.loads(POLICY_DOCUMENT)
ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def judged(document: object, edition: str = "2023-08") -> Finding:
    """The finding of AWS-5.2 on a policy with this document."""
    good = good_inventory(edition)
    (policy,) = known(good.policies).values()
    text = document if isinstance(document, str) else json.dumps(document)
    inventory = replace(good, policies={policy.name: replace(policy, document=text)})
    (finding,) = run_control("DIC-POL-02", inventory, good_settings(edition), NOW)
    return finding


def allow(action: object, resource: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def minimum(edition: str = "2023-08") -> dict[str, object]:
    """The least that firmware and Explorer need, with policy variables."""
    thing = "${iot:Connection.Thing.ThingName}"
    states = ["light/state", "lock/state", "lift/position set", "tilt/position set", "thermostat/*"]
    states += ["LocalTemperature/Temp", "OccupiedCoolingSetpoint/coolingTemp", "OccupiedHeatingSetpoint/heatingTemp"]
    own = [f"$aws/things/{thing}/jobs/*", f"$aws/things/{thing}/streams/*"]
    topics = [f"{PREFIX}:topic/{one}" for one in (*states, "command", *own)]
    filters = [f"{PREFIX}:topicfilter/{one}" for one in (*states, "command", *own)]
    return policy(
        allow("iot:Connect", f"{PREFIX}:client/{thing}"),
        allow(["iot:Publish", "iot:Receive"], topics),
        allow("iot:Subscribe", filters),
    )


@pytest.mark.parametrize(
    "document",
    [
        POLICY_DOCUMENT,
        json.dumps(GUIDE, indent=7),
        {"Statement": [ANY], "Version": "2012-10-17"},
        {"Version": "2012-10-17", "Statement": ANY},
        policy({"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}),
        policy(ANY, ANY),
        policy({"Sid": "All", **ANY}),
        {"Id": "x", **GUIDE},
    ],
)
def test_another_spelling_of_the_guides_json_is_the_same(document):
    """White space, order, single values, repetition and labels make no difference."""
    finding = judged(document)
    assert (finding.status, finding.deviation) == (Status.PASS, "")


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(
    "document",
    [
        policy(allow("iot:*", "*")),
        policy(allow(["iot:Connect", "iot:Publish", "iot:Subscribe", "iot:Receive"], "*")),
        policy(allow("IOT:*", "arn:aws:iot:*:*:*")),
        policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),
        policy(ANY, {"Effect": "Deny", "Action": "iot:DeleteThingShadow", "Resource": "*"}),
        policy(allow("iot:*", "*", Condition={"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}})),
        minimum(),
    ],
)
def test_a_narrower_policy_that_is_enough_passes_with_its_deviation(document, edition):
    """The deviation says that it is narrower and where."""
    finding = judged(document, edition)
    assert finding.status is Status.PASS, finding.observed
    assert finding.deviation.startswith("narrower than the guide, enough for the firmware's topics: Statement")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (policy(allow("iot:Connect", "*")), f"not allowed: iot:Publish on topic/light/state for {DEVICE}"),
        (policy(ANY, {"Effect": "Deny", "Action": "iot:Publish", "Resource": "*"}), "not allowed: iot:Publish"),
        (policy(ANY, {"Effect": "Deny", "Action": "*", "Resource": f"{PREFIX}:client/{EXPLORER}"}), EXPLORER),
        (policy(allow("iot:*", "arn:aws:iot:us-east-1:*:*")), "not allowed: iot:Connect"),
        (policy(allow("iot:*", f"{PREFIX}:client/*")), "not allowed: iot:Publish"),
        (policy(allow("iot:*", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})), "not allowed"),
        (policy(allow("iot:*", "*", Condition={"Bool": {"iot:Connection.Thing.IsAttached": "false"}})), "not allowed"),
        ({"Version": "2008-10-17", "Statement": [ANY]}, "Version is '2008-10-17'"),
        ({"Statement": [ANY]}, "Version is None"),
        (policy(allow("iot:*", f"{PREFIX}:topic/light/*")), "not allowed: iot:Connect"),
    ],
)
def test_a_policy_that_is_not_enough_fails_and_says_what_is_missing(document, told):
    """The first of what the firmware or the Explorer could not do, then the difference itself."""
    finding = judged(document)
    assert (finding.status, finding.reason) == (Status.FAIL, "differs")
    assert told in finding.observed


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "no JSON object"),
        ('"*"', "no JSON object"),
        ("{}", "no Statement"),
        (policy(), "no Statement"),
        ({"Version": "2012-10-17", "Statement": ["*"]}, "no object"),
        (policy({**ANY, "Effect": "allow"}), "Effect 'allow'"),
        (policy({"Effect": "Allow", "Resource": "*"}), "exactly one of Action and NotAction"),
        (policy({**ANY, "NotResource": "*"}), "exactly one of Resource and NotResource"),
        (policy({**ANY, "Action": 1}), "Action is no text"),
        (policy({**ANY, "Action": []}), "Action is no text"),
        (policy({**ANY, "Principal": "*"}), "unknown member 'Principal'"),
        ({**GUIDE, "Extra": 1}, "unknown member 'Extra'"),
        (policy({**ANY, "Condition": "x"}), "Condition is no object"),
    ],
)
def test_a_malformed_document_is_a_fail_with_its_reason(document, told):
    """Nothing that the account holds makes a control crash."""
    finding = judged(document)
    assert finding.status is Status.FAIL
    assert told in finding.observed


def test_the_devices_of_the_whole_fleet_are_asked():
    """A policy for the first device only is not enough."""
    finding = judged(
        policy(allow("iot:Connect", f"{PREFIX}:client/{DEVICE}"), allow(["iot:P*", "iot:S*", "iot:R*"], "*"))
    )
    assert finding.status is Status.FAIL
    assert f"client/{SECOND}" in finding.observed


def test_what_is_needed_grows_with_the_edition():
    """2023-06 only publishes; 2023-08 takes commands and updates; 2024-04 has more state topics."""
    counts = [len(device_requests(DEVICE, one)) + len(explorer_requests(EXPLORER, one)) for one in EDITIONS.values()]
    assert counts == sorted(counts)
    june = {one.action for one in device_requests(DEVICE, EDITIONS["2023-06"])}
    assert june == {"iot:Connect", "iot:Publish"}


def test_a_wildcard_in_a_pattern_is_no_wildcard_in_what_is_asked():
    """``?`` is one character, ``*`` any number, the rest is taken literally."""
    document = normalise(policy(allow("iot:Publish", f"{PREFIX}:topic/a?c/d.e")))
    asked = [Request("x", "iot:Publish", f"topic/{one}") for one in ("abc/d.e", "ac/d.e", "abc/dxe")]
    assert not_allowed(document, asked, PREFIX) == asked[1:]


TEXTS = st.sampled_from(["*", "iot:Connect", "iot:Publish", f"{PREFIX}:topic/a", f"{PREFIX}:client/${{iot:ClientId}}"])
VALUES = st.one_of(TEXTS, st.lists(TEXTS, min_size=1, max_size=4))
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": VALUES, "Resource": VALUES},
    optional={"Sid": st.text(max_size=5), "Condition": st.just({"Bool": {"iot:Connection.Thing.IsAttached": True}})},
)
DOCUMENTS = st.lists(STATEMENTS, min_size=1, max_size=4).map(lambda one: policy(*one))


@given(DOCUMENTS)
def test_normal_form_is_reached_in_one_step(document):
    """Normalising twice gives what normalising once gives, through JSON or not."""
    normal = normalise(document)
    assert normalise(normal) == normal
    assert parse_policy(json.dumps(normal)) == normal
    assert differences(normal, normal) == []


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_order_repetition_and_spelling_never_matter(document, random):
    """Shuffled statements and values, single values as lists, and repetitions have the same normal form."""
    statements = []
    for one in document["Statement"]:
        lists = {key: [one[key]] if isinstance(one[key], str) else list(one[key]) for key in ("Action", "Resource")}
        for values in lists.values():
            values.append(values[0])
            random.shuffle(values)
        statements.append({**one, **lists, "Sid": "other"})
    statements.append(statements[0])
    random.shuffle(statements)
    assert normalise(policy(*statements)) == normalise(document)


@given(DOCUMENTS, STATEMENTS)
def test_two_documents_differ_exactly_when_a_difference_is_told(document, statement):
    """No difference is silent, and none is made up."""
    first, second = normalise(document), normalise(policy(*document["Statement"], statement))
    assert (first == second) == (differences(first, second) == [])


@given(DOCUMENTS)
def test_a_deny_of_everything_allows_nothing(document):
    """An explicit Deny outranks every Allow."""
    denied = normalise(policy(*document["Statement"], {"Effect": "Deny", "Action": "*", "Resource": "*"}))
    asked = device_requests(DEVICE, EDITIONS["2024-04"])
    assert not_allowed(denied, asked, PREFIX) == asked


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda one: (
            st.lists(one, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Version", "Statement", "Effect", "Action", "Resource", "Condition", "x"]),
                one,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_json_is_judged_or_refused_in_one_sentence(value):
    """Whatever JSON a policy holds, the answer is a normal form or a MaterialError."""
    try:
        told = f"{parse_policy(json.dumps(value))['Statement'][0]['Effect']} Statement"
    except MaterialError as error:
        told = error.observed
    assert "policy document" in told or told in ("Allow Statement", "Deny Statement")
