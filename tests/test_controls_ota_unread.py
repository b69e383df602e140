"""What was not read of the OTA half is never a PASS: every field of every record, replaced one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import pytest
from onboarded import NOW, good_inventory, good_settings
from ota_onboarded import WAYS

from dicfix.controls import CONTROLS, run_control
from dicfix.findings import Status, worst
from dicfix.records import Inventory, Unread, known

DENIED = Unread("iot:SomeOperation", "AccessDeniedException", "not authorised", "iot:SomeAction")
MAPPINGS = ("ota_jobs", "thing_groups", "signing_jobs", "images")
SINGLES = ("ota_update", "signing_profile", "bucket", "ota_role", "operator_rights", "code_signing_certificate")
OTA = [one.id for one in CONTROLS.values() if {*MAPPINGS, *SINGLES, "ota_updates"} & set(one.needs)]


@dataclass(frozen=True)
class Place:
    """Somewhere in the OTA half: a name, and how to put another value there."""

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


def in_mapping(part: str, name: str) -> Place:
    """A field of the one record of a mapping."""

    def put(inventory: Inventory, value: Any) -> Inventory:
        records = known(getattr(inventory, part))
        return replace(inventory, **{part: {key: replace(one, **{name: value}) for key, one in records.items()}})

    return Place(f"{part}[].{name}", put)


def in_execution(name: str) -> Place:
    """A field of every job execution."""

    def put(inventory: Inventory, value: Any) -> Inventory:
        jobs = {}
        for key, job in known(inventory.ota_jobs).items():
            executions = {thing: replace(one, **{name: value}) for thing, one in known(job.executions).items()}
            jobs[key] = replace(job, executions=executions)
        return replace(inventory, ota_jobs=jobs)

    return Place(f"ota_jobs[].executions[].{name}", put)


def put_size(inventory: Inventory, value: Any) -> Inventory:
    """The size of the update's file."""
    update = known(inventory.ota_update)
    return replace(
        inventory,
        ota_update=replace(update, files=tuple(replace(one, size_bytes=value) for one in known(update.files))),
    )


def put_right(inventory: Inventory, value: Any) -> Inventory:
    """What is known of one right of the caller, and of one of code signing."""
    rights = known(inventory.operator_rights)
    allowed = {**known(rights.allowed), "iam:PassRole": value, "signer:StartSigningJob": value}
    return replace(inventory, operator_rights=replace(rights, allowed=allowed))


@cache
def places(way: str) -> tuple[Place, ...]:
    """Every field of the OTA half that may be Unread."""
    good = good_inventory("2023-08", way)
    found = [in_single(part, name) for part in SINGLES for name in readable(getattr(good, part))]
    for part in MAPPINGS:
        (record,) = known(getattr(good, part)).values()
        found += [in_mapping(part, name) for name in readable(record)]
    found += [in_execution(name) for name in ("status", "details", "version")]
    return (*found, Place("ota_update.files[].size_bytes", put_size), Place("operator_rights.allowed[]", put_right))


@pytest.mark.parametrize("mode", ["onboard", "audit"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("control", OTA)
def test_no_ota_control_passes_on_a_field_that_it_would_need(control, way, mode):
    """Unread makes UNREADABLE, or changes nothing: then the field's value changes nothing either."""
    settings, good = good_settings(mode=mode, signing_choice=way), good_inventory("2023-08", way)
    before = run_control(control, good, settings, NOW)
    for place in places(way):
        findings = run_control(control, place.put(good, DENIED), settings, NOW)
        if findings == before:
            assert run_control(control, place.put(good, object()), settings, NOW) == before, place.name
            continue
        assert worst(findings) is Status.UNREADABLE, place.name
        told = next(one for one in findings if one.status is Status.UNREADABLE)
        for word in ("iot:SomeOperation", "AccessDeniedException", "iot:SomeAction"):
            assert word in told.observed + told.remedy


def looked_at(way: str) -> set[str]:
    """Names of the places that make some control UNREADABLE."""
    settings, good = good_settings(signing_choice=way), good_inventory("2023-08", way)
    return {
        place.name
        for place in places(way)
        for one in OTA
        if worst(run_control(one, place.put(good, DENIED), settings, NOW)) is Status.UNREADABLE
    }


def test_every_field_of_the_ota_half_is_looked_at_by_some_control_or_is_for_people():
    """A field that no control needs is there for a message, an identification or a later run."""
    everything = {place.name for way in WAYS for place in places(way)}
    unused = everything - set().union(*(looked_at(way) for way in WAYS))
    assert unused == {
        "ota_update.arn",
        "ota_update.target_selection",
        "ota_update.error_code",
        "ota_update.error_message",
        "ota_jobs[].status",
        "ota_jobs[].targets",
        "ota_jobs[].executions[].details",
        "ota_jobs[].executions[].version",
        "signing_profile.arn",
        "signing_profile.parameters",
        "signing_jobs[].status_reason",
        "signing_jobs[].signed_bucket",
        "signing_jobs[].signed_key",
        "images[].version",
    }


def test_a_device_that_could_not_be_read_does_not_hide_another_that_failed():
    """Each execution is judged by itself."""
    good = good_inventory()
    (job,) = known(good.ota_jobs).values()
    first, second = known(job.executions)
    executions = dict(known(job.executions))
    executions[first] = replace(executions[first], status=DENIED)
    executions[second] = replace(executions[second], status="FAILED")
    spoilt = replace(good, ota_jobs={job.job_id: replace(job, executions=executions)})
    findings = run_control("DIC-OTA-15", spoilt, good_settings(), NOW)
    assert {one.resource: one.status for one in findings} == {first: Status.UNREADABLE, second: Status.FAIL}


@pytest.mark.parametrize("control", OTA)
@pytest.mark.parametrize("edition", ["2023-06"])
def test_the_edition_without_ota_asks_for_none_of_it(control, edition):
    """NOT_APPLICABLE, with nothing of the OTA half read."""
    (finding,) = run_control(control, good_inventory(edition), good_settings(edition), NOW)
    assert finding.status is Status.NOT_APPLICABLE
    assert edition in finding.observed
