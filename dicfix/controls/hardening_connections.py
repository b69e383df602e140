"""Hardening of what connects: client IDs, take-overs, automatic registration, endpoints, and the one topic for all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dicfix.account_records import Connectivity, DomainConfiguration, TopicRule
from dicfix.controls.account_subjects import short
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import CA_NEEDS, CA_OPERATIONS, all_clients, registered_ca
from dicfix.findings import Axis, Finding, Severity
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.records import CaCertificate, known

_REGISTERED = "$aws/events/certificates/registered/"
_FROM = re.compile(r"\bFROM\s+'([^']+)'", re.IGNORECASE)
_SECURITY_POLICY = re.compile(r"IoTSecurityPolicy_TLS\d+_(\d)_(\d)_\d{4}_\d{2}")
_INDEX_NEEDS = ("indexing", "connectivity")
_INDEX_OPERATIONS = ("iot:GetIndexingConfiguration", "iot:SearchIndex")
_TAKEN_OVER = "DUPLICATE_CLIENTID"


def _each_indexed(look: Look, judge_one: Callable[[Connectivity], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of every client that the index knows; MANUAL while connectivity is not indexed."""
    if known(known(look.inventory.indexing).connectivity) == "OFF":
        yield look.manual(
            "AWS IoT's connection logs (CloudWatch, AWSIotLogsV2), or fleet indexing with connectivity on"
        )
        return
    found = known(look.inventory.connectivity)

    def judge_name(name: str) -> Iterator[Finding]:
        if name in found:
            yield from judge_one(found[name])
        else:
            yield look.not_applicable("not in the fleet index", name)

    yield from look.each(all_clients(look), judge_name)


@control(
    "DIC-HRD-07",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="Every client is connected under its thing's name",
    rationale="Policies with thing variables, jobs and shadows take the client ID for the thing's name.",
    remedy="set DIC_CLIENT_ID to the thing's name and build again",
    needs=_INDEX_NEEDS,
    operations=_INDEX_OPERATIONS,
    source="docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html",
)
def clients_connect_under_their_thing_name(look: Look) -> Iterator[Finding]:
    """The index's client ID, of those that are connected."""

    def judge_one(one: Connectivity) -> Iterator[Finding]:
        if not known(one.connected):
            yield look.not_applicable("not connected", one.thing_name)
        elif not known(one.client_id):
            yield look.manual("the client ID of its connection: the index tells none", one.thing_name)
        else:
            client_id = known(one.client_id)
            yield look.judge(
                one.thing_name,
                client_id == one.thing_name,
                expected=f"client ID {one.thing_name}",
                observed=f"client ID {client_id}",
            )

    yield from _each_indexed(look, judge_one)


@control(
    "DIC-HRD-08",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="No client was last disconnected by another with its client ID",
    rationale="Two clients with one client ID disconnect each other for ever, and the firmware does not come back.",
    remedy="find the second client: one image on two boards, or a test with a board's name",
    needs=_INDEX_NEEDS,
    operations=_INDEX_OPERATIONS,
    source="AWS IoT Device Defender developer guide, audit-chk-conflicting-client-ids.html",
)
def no_client_is_taken_over(look: Look) -> Iterator[Finding]:
    """The index's last reason for a disconnect."""

    def judge_one(one: Connectivity) -> Iterator[Finding]:
        reason = known(one.disconnect_reason)
        yield look.judge(
            one.thing_name,
            reason != _TAKEN_OVER,
            expected=f"no {_TAKEN_OVER}",
            observed=f"last disconnect: {reason}" if reason else "no disconnect known",
        )

    yield from _each_indexed(look, judge_one)


@control(
    "DIC-HRD-14",
    axis=Axis.HARDENING,
    title="Somebody acts on automatic registration, or it is off",
    rationale="A new device is registered and left waiting; nobody is told, neither of ours nor of a stranger.",
    remedy="make a topic rule on $aws/events/certificates/registered/<CA id>, or a provisioning template (JITP)",
    needs=(*CA_NEEDS, "topic_rules", "provisioning_templates"),
    operations=(*CA_OPERATIONS, "iot:ListTopicRules", "iot:GetTopicRule", "iot:ListProvisioningTemplates"),
    source="docs.aws.amazon.com/iot/latest/developerguide/auto-register-device-cert.html",
)
def automatic_registration_is_acted_on(look: Look) -> Iterator[Finding]:
    """An enabled JITP template that the CA names, or an enabled rule on its registration events."""
    ca = registered_ca(look)
    resource = f"CA {short(ca.certificate_id)}"
    if known(ca.auto_registration) != "ENABLE":
        yield look.judge(resource, True, expected="off, or acted on", observed="automatic registration is off")
        return
    template, rule = _template(look, ca), _rule(look, ca.certificate_id)
    who = f"template {template}" if template else f"topic rule {rule}" if rule else "nobody"
    yield look.judge(
        resource, bool(template or rule), expected="a template or a topic rule", observed=f"{who} acts on it"
    )


def _template(look: Look, ca: CaCertificate) -> str:
    templates, name = known(look.inventory.provisioning_templates), known(ca.template)
    if name and name not in templates:
        return name if name.startswith("(") else ""
    return name if name and known(templates[name].enabled) else ""


def _rule(look: Look, ca_certificate_id: str) -> str:
    rules = known(look.inventory.topic_rules).values()
    return next((one.name for one in rules if _hears(one, ca_certificate_id)), "")


def _hears(rule: TopicRule, ca_certificate_id: str) -> bool:
    found = _FROM.search(known(rule.sql))
    disabled, actions = known(rule.disabled), known(rule.actions)
    heard = found is not None and found[1] in (
        f"{_REGISTERED}{ca_certificate_id}",
        *(f"{_REGISTERED}{one}" for one in "+#"),
    )
    return heard and not disabled and bool(actions)


@control(
    "DIC-HRD-25",
    axis=Axis.HARDENING,
    severity=Severity.TRIVIAL,
    title="No two devices obey one topic",
    rationale=f"Every device of the published firmware obeys {COMMAND_TOPIC}: one message switches all of them.",
    remedy="build a firmware with a topic of its own per device, such as <thing name>/command",
    needs=(),
    source="MQTT_SUBSCRIBE_TOPIC of the published firmware (dic.cpp)",
    editions=("2023-08", "2024-04"),
)
def devices_do_not_share_the_command_topic(look: Look) -> Iterator[Finding]:
    """A fact of the firmware, from the second device on."""
    names = look.settings.devices
    yield look.judge(
        f"topic {COMMAND_TOPIC}",
        len(names) < 2,
        expected="one device",
        observed=f"{len(names)} devices obey it" if len(names) != 1 else "one device obeys it",
    )


@control(
    "DIC-HRD-28",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title="Every data endpoint asks for TLS 1.2 at least",
    rationale="Older versions of TLS are broken; nothing that the guide builds needs them.",
    remedy=(
        "aws iot update-domain-configuration --domain-configuration-name <name> "
        "--tls-config securityPolicy=IoTSecurityPolicy_TLS13_1_2_2022_10"
    ),
    needs=("domain_configurations",),
    operations=("iot:ListDomainConfigurations", "iot:DescribeDomainConfiguration"),
    source="docs.aws.amazon.com/iot/latest/developerguide/transport-security.html",
)
def endpoints_ask_for_tls_1_2(look: Look) -> Iterator[Finding]:
    """The lowest version in the name of the security policy, of each enabled domain configuration."""
    found = known(look.inventory.domain_configurations)
    if not found:
        yield look.not_applicable("no domain configuration is listed")
    yield from look.each(found, lambda name: _lowest_version(look, found[name]))


def _lowest_version(look: Look, domain: DomainConfiguration) -> Iterator[Finding]:
    if known(domain.status) != "ENABLED":
        yield look.not_applicable("disabled", domain.name)
        return
    policy = known(domain.security_policy)
    parsed = _SECURITY_POLICY.fullmatch(policy)
    enough = parsed is not None and (int(parsed[1]), int(parsed[2])) >= (1, 2)
    yield look.judge(domain.name, enough, expected="a security policy of TLS 1.2 or above", observed=policy)
