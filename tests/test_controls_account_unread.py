"""What was not read of the account as a whole is never a PASS: every field of every record, replaced one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any

import pytest
from account_onboarded import defender_finding, permission, revoking
from onboarded import DEVICE, NOW, good_inventory, good_settings, material

from dicfix.account_records import things_by_certificate
from dicfix.controls import CONTROLS, run_control
from dicfix.findings import Finding, Status, worst
from dicfix.records import Inventory, Unread, known

DENIED = Unread("iot:SomeOperation", "AccessDeniedException", "not authorised", "iot:SomeAction")
FIRST = "account_certificates"
PARTS = tuple(one.name for one in fields(Inventory))[[one.name for one in fields(Inventory)].index(FIRST) :]
JUDGING = [one.id for one in CONTROLS.values() if set(PARTS) & set(one.needs)]
FOR_OTHERS = {
    "account_certificates[].mode",  # told in a report of the sweep
    "account_things[].arn",
    "account_things[].thing_type",  # decides what is in scope
    "provisioning_templates[].enabled",  # looked at where a CA names a template
    "provisioning_templates[].kind",
    "scheduled_audits[].frequency",
    "indexing.things",
    "account_jobs[].status",
    "quotas[].value",  # paces the sweep
    "domain_configurations[].domain",
    "domain_configurations[].kind",
    "account_policies[].default_version_id",  # DIC-POL-03 looks at our policy
    "account_policies[].arn",
    "logging.role_arn",  # named in a message
    "defender_findings[].severity",  # told of a finding about what is ours
    "defender_findings[].reason",
    "account_things",
    "quotas",
}


@dataclass(frozen=True)
class Place:
    """Somewhere in an inventory: a name, and how to put another value there."""

    name: str
    put: Callable[[Inventory, Any], Inventory]


def readable(record: Any) -> Iterator[str]:
    """The fields that may be Unread."""
    yield from (one.name for one in fields(record) if str(one.type).startswith("Field["))


def in_single(part: str, name: str) -> Place:
    """A field of a part that is one record."""
    return Place(
        f"{part}.{name}",
        lambda inventory, value: replace(
            inventory, **{part: replace(known(getattr(inventory, part)), **{name: value})}
        ),
    )


def in_first(part: str, name: str) -> Place:
    """A field of the first record of a mapping or tuple."""

    def put(inventory: Inventory, value: Any) -> Inventory:
        records = known(getattr(inventory, part))
        if isinstance(records, Mapping):
            key = next(iter(records))
            return replace(inventory, **{part: {**records, key: replace(records[key], **{name: value})}})
        return replace(inventory, **{part: (replace(records[0], **{name: value}), *records[1:])})

    return Place(f"{part}[].{name}", put)


def in_edges(part: str) -> Place:
    """The things or principals of the first one."""

    def put(inventory: Inventory, value: Any) -> Inventory:
        edges = dict(known(getattr(inventory, part)))
        return replace(inventory, **{part: {**edges, next(iter(edges)): value}})

    return Place(f"{part}[]", put)


def put_right(inventory: Inventory, value: Any) -> Inventory:
    """What is known of one right of the auditor."""
    rights = known(inventory.caller_rights)
    return replace(inventory, caller_rights=replace(rights, allowed={**known(rights.allowed), "iot:Publish": value}))


@cache
def places() -> tuple[Place, ...]:
    """Every part of the account as a whole, and every field of it that may be Unread."""
    good = good_inventory()
    found = [Place(part, lambda inventory, value, part=part: replace(inventory, **{part: value})) for part in PARTS]
    for part in PARTS:
        value = known(getattr(good, part))
        if part.endswith("_edges"):
            found.append(in_edges(part))
        elif is_dataclass(value):
            found += [in_single(part, name) for name in readable(value)]
        elif value and isinstance(value, Mapping | tuple):
            first = next(iter(value.values())) if isinstance(value, Mapping) else value[0]
            found += [in_first(part, name) for name in readable(first)]
    return (*found, Place("caller_rights.allowed[]", put_right), in_first("ca_certificates", "template"))


@pytest.mark.parametrize("mode", ["onboard", "audit"])
@pytest.mark.parametrize("control", JUDGING)
def test_no_control_of_the_account_passes_on_what_it_would_need(control, mode):
    """Unread makes UNREADABLE, or changes nothing: then the field's value changes nothing either."""
    settings, good = good_settings(mode=mode), good_inventory()
    before = run_control(control, good, settings, NOW)
    for place in places():
        findings = run_control(control, place.put(good, DENIED), settings, NOW)
        if findings == before:
            assert run_control(control, place.put(good, object()), settings, NOW) == before, place.name
            continue
        told = [one for one in findings if one.status is Status.UNREADABLE]
        assert told, place.name
        assert passes(findings) <= passes(before), place.name
        for word in ("iot:SomeOperation", "AccessDeniedException", "iot:SomeAction"):
            assert word in told[0].observed + told[0].remedy


def passes(findings: tuple[Finding, ...]) -> set[str]:
    """The resources that are PASS."""
    return {one.resource for one in findings if one.status is Status.PASS}


def test_every_field_is_looked_at_by_some_control_or_is_for_others():
    """A field that no control needs is there for a message, for the sweep or for the scope."""
    settings, good = good_settings(mode="audit"), good_inventory()
    looked_at = {
        place.name
        for place in places()
        for one in JUDGING
        if any(f.status is Status.UNREADABLE for f in run_control(one, place.put(good, DENIED), settings, NOW))
    }
    everything = {place.name for place in places()}
    assert everything - looked_at == FOR_OTHERS


def test_a_certificate_may_have_a_thing_that_was_not_read():
    """While one thing's principals are unread, no certificate is known to be attached to no other thing."""
    arn = "arn:aws:iot:eu-west-1:123456789012:cert/a"
    assert things_by_certificate({"x": (arn,), "y": ()}, ("b",)) == {"a": ("x",), "b": ()}
    assert things_by_certificate({"x": (arn,), "y": DENIED}, ("b",)) == {"a": DENIED, "b": DENIED}


def test_an_unread_policy_makes_the_attachments_of_every_certificate_unknown():
    """Whether a revoked certificate is bare cannot be told without every policy's targets."""
    good = good_inventory()
    rows = {one: replace(row, status="REVOKED") for one, row in known(good.account_certificates).items()}
    policies = {"DIC_POLICY": replace(known(good.account_policies)["DIC_POLICY"], targets=DENIED)}
    spoilt = replace(good, account_certificates=rows, account_policies=policies)
    assert {one.status for one in run_control("DIC-HRD-09", spoilt, good_settings(), NOW)} == {Status.UNREADABLE}


def test_a_template_that_the_ca_names_is_asked_whether_it_is_enabled():
    """A CA with a template of its own needs the template's state."""
    good = good_inventory()
    (ca,) = known(good.ca_certificates).values()
    named = replace(good, ca_certificates={ca.certificate_id: replace(ca, template="fleet")}, topic_rules={})
    assert worst(run_control("DIC-HRD-14", named, good_settings(), NOW)) is Status.FAIL
    templates = {"fleet": replace(known(good.provisioning_templates)["fleet"], enabled=DENIED)}
    unread = replace(named, provisioning_templates=templates)
    assert worst(run_control("DIC-HRD-14", unread, good_settings(), NOW)) is Status.UNREADABLE
    enabled = {"fleet": replace(templates["fleet"], enabled=True)}
    passing = replace(named, provisioning_templates=enabled)
    assert worst(run_control("DIC-HRD-14", passing, good_settings(), NOW)) is Status.PASS


def test_a_list_of_another_ca_revokes_nothing_of_ours():
    """A revocation list counts only when our CA has signed it."""
    good = good_inventory()
    serial = material().device.certificate.serial
    other = replace(good, revocations=revoking(serial, by_other_ca=True))
    (finding,) = run_control("DIC-HRD-10", other, good_settings(), NOW)
    assert (finding.status, finding.resource) == (Status.FAIL, "the revocation list")
    ours = run_control("DIC-HRD-10", replace(good, revocations=revoking(serial)), good_settings(), NOW)
    assert [one.status for one in ours].count(Status.FAIL) == 1
    none = run_control("DIC-HRD-10", replace(good, revocations=None), good_settings(), NOW)
    assert {one.status for one in none} == {Status.NOT_APPLICABLE}


def test_a_finding_of_an_earlier_audit_of_the_same_check_is_closed():
    """Of each check only the findings of its last audit are open, and only those about what is ours."""
    good = good_inventory()
    old = defender_finding("X", DEVICE, task_started=NOW.replace(day=1))
    new = defender_finding("X", "somebody_elses")
    assert worst(run_control("DIC-HRD-19", replace(good, defender_findings=(old, new)), good_settings(), NOW)) is (
        Status.PASS
    )
    assert worst(run_control("DIC-HRD-19", replace(good, defender_findings=(old,)), good_settings(), NOW)) is (
        Status.FAIL
    )
    quiet = replace(old, suppressed=True)
    assert worst(run_control("DIC-HRD-19", replace(good, defender_findings=(quiet,)), good_settings(), NOW)) is (
        Status.PASS
    )


def test_another_account_that_may_sign_is_named():
    """The principal is in what was observed."""
    good = replace(good_inventory(), signing_permissions=(permission("999999999999"),))
    failed = [one for one in run_control("DIC-HRD-22", good, good_settings(), NOW) if one.status is Status.FAIL]
    assert [("999999999999" in one.observed) for one in failed] == [True]
