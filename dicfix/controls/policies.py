"""Controls of step 5: the policy under the chosen name, and its document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicfix.controls.policy_document import Normal, Request, differences, not_allowed, parse_policy
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import find_policy
from dicfix.findings import Axis, Finding, Severity
from dicfix.guide import APPLICATIONS, Edition
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.guide.values import POLICY_DOCUMENT
from dicfix.records import known

_SHOWN = 3
"""How many differences a finding prints before it counts the rest."""

_JOB_TOPICS_PUBLISHED = ("jobs/$next/get", "jobs/AFR_OTA-x/update", "streams/AFR_OTA-x/get/cbor")
_JOB_TOPICS_SUBSCRIBED = ("jobs/notify-next", "streams/AFR_OTA-x/data/cbor")
_JOB_TOPICS_RECEIVED = ("jobs/notify-next", "jobs/$next/get/accepted", "streams/AFR_OTA-x/data/cbor")


def _state_topics(edition: Edition) -> list[str]:
    return sorted({topic for name in edition.applications for topic in APPLICATIONS[name].state_topics})


def device_requests(client: str, edition: Edition) -> list[Request]:
    """What the published firmware does on a connection, as far as the edition has it.

    Source: E2E-1, E2E-2; the OTA topics: iot developer guide, reserved-topics.html.
    """
    wanted = [("iot:Connect", f"client/{client}")]
    wanted += [("iot:Publish", f"topic/{topic}") for topic in _state_topics(edition)]
    if edition.commanded:
        wanted += [("iot:Subscribe", f"topicfilter/{COMMAND_TOPIC}"), ("iot:Receive", f"topic/{COMMAND_TOPIC}")]
    requests = [Request(client, action, resource) for action, resource in wanted]
    return requests + (ota_requests(client) if edition.ota else [])


def ota_requests(client: str) -> list[Request]:
    """What the OTA agent of a device does on its connection (PRE-6)."""
    root = f"$aws/things/{client}"
    wanted = [("iot:Publish", f"topic/{root}/{rest}") for rest in _JOB_TOPICS_PUBLISHED]
    wanted += [("iot:Subscribe", f"topicfilter/{root}/{rest}") for rest in _JOB_TOPICS_SUBSCRIBED]
    wanted += [("iot:Receive", f"topic/{root}/{rest}") for rest in _JOB_TOPICS_RECEIVED]
    return [Request(client, action, resource) for action, resource in wanted]


def explorer_requests(client: str, edition: Edition) -> list[Request]:
    """What MQTT Explorer does: watch the state topics and, where the edition has it, publish commands."""
    wanted = [("iot:Connect", f"client/{client}")]
    for topic in _state_topics(edition):
        wanted += [("iot:Subscribe", f"topicfilter/{topic}"), ("iot:Receive", f"topic/{topic}")]
    if edition.commanded:
        wanted.append(("iot:Publish", f"topic/{COMMAND_TOPIC}"))
    return [Request(client, action, resource) for action, resource in wanted]


@control(
    "DIC-POL-01",
    clauses=("AWS-5.1",),
    severity=Severity.BLOCKER,
    title="The policy exists under the chosen name",
    rationale="A certificate without a policy may not even connect.",
    remedy="Security > Policies > Create policy, or: aws iot create-policy",
    needs=("policies",),
    operations=("iot:GetPolicy",),
)
def policy_exists(look: Look) -> Iterator[Finding]:
    """AWS-5.1: a policy exists under the chosen name."""
    policy = find_policy(look)
    yield look.judge(policy.name, True, expected="a policy of this name", observed="a policy of this name")


@control(
    "DIC-POL-02",
    clauses=("AWS-5.2",),
    title="The policy's default version is the JSON of the guide",
    rationale="Another document may keep a device from connecting or from its topics; a narrower one may suffice.",
    remedy="aws iot create-policy-version --set-as-default --policy-name <name> --policy-document <the guide's JSON>",
    needs=("policies",),
    operations=("iot:GetPolicy",),
)
def policy_is_the_guides(look: Look) -> Iterator[Finding]:
    """AWS-5.2: equal after normalisation, or narrower and still enough for firmware and Explorer."""
    policy = find_policy(look)
    observed = parse_policy(known(policy.document))
    found = differences(parse_policy(POLICY_DOCUMENT), observed)
    expected = 'the JSON of the guide (Allow "*" on "*")'
    if not found:
        yield look.judge(policy.name, True, expected=expected, observed="the JSON of the guide")
        return
    missing = rights_missing(observed, _requests(look), known(policy.arn))
    text = shortened(found)
    yield look.judge(
        policy.name,
        not missing,
        expected=expected,
        observed=shortened([*missing, *found]) if missing else text,
        deviation="" if missing else f"narrower than the guide, enough for the firmware's topics: {text}",
    )


def rights_missing(document: Normal, requests: Iterable[Request], policy_arn: str) -> list[str]:
    """What a document, in the account and Region of ``policy_arn``, lacks for these requests; empty when nothing."""
    missing = [] if document["Version"] == "2012-10-17" else [f"Version is {document['Version']!r}"]
    prefix = policy_arn.rsplit(":policy/", 1)[0]
    return missing + [f"not allowed: {one.sentence()}" for one in not_allowed(document, requests, prefix)]


def _requests(look: Look) -> list[Request]:
    edition = look.edition
    devices = [one for name in look.settings.devices for one in device_requests(name, edition)]
    return devices + explorer_requests(look.settings.explorer_name, edition)


def shortened(texts: list[str]) -> str:
    """The first few texts, and how many more there are."""
    rest = len(texts) - _SHOWN
    return "; ".join(texts[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")


@control(
    "DIC-POL-03",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title="The policy's default version is its newest",
    rationale="Whoever reads the newest version believes it to be in force.",
    remedy="aws iot set-default-policy-version --policy-name <name> --policy-version-id <newest>",
    needs=("policies",),
    operations=("iot:GetPolicy", "iot:ListPolicyVersions"),
    source="docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html",
)
def default_version_is_the_newest(look: Look) -> Iterator[Finding]:
    """What the account enforces is what was written last."""
    policy = find_policy(look)
    default, versions = known(policy.default_version_id), known(policy.version_ids)
    newest = max((one for one in versions if one.isdigit()), key=int, default=default)
    yield look.judge(
        policy.name,
        default == newest,
        expected=f"version {newest}, the newest, as default",
        observed=f"version {default} as default",
    )
