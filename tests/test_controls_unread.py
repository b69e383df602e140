"""What was not read is never a PASS: every part and every field, replaced one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from onboarded import DEVICE, NOW, good_inventory, good_settings
from ota_onboarded import WAYS

from dicfix.controls import CONTROLS, run_control
from dicfix.findings import Finding, Status, worst
from dicfix.records import NOT_ASKED, Inventory, LocalFiles, Unread, known

DENIED = Unread("iot:SomeOperation", "AccessDeniedException", "not authorised", "iot:SomeAction")
PARTS = tuple(one.name for one in dataclasses.fields(Inventory))
EDITIONS = ("2023-08", "2024-04")
MODES = ("onboard", "audit")


@dataclass(frozen=True)
class Place:
    """Somewhere in an inventory: a name, and how to put another value there."""

    name: str
    put: Callable[[Inventory, Any], Inventory]


def _fields(record: Any) -> Iterator[str]:
    yield from (
        one.name for one in dataclasses.fields(record) if "Unread" in str(one.type) or "Field[" in str(one.type)
    )


def _places_of_mapping(part: str, mapping: Mapping[str, Any]) -> Iterator[Place]:
    for key, record in mapping.items():
        for name in _fields(record):

            def put(inventory: Inventory, value: Any, key: str = key, name: str = name) -> Inventory:
                records = dict(known(getattr(inventory, part)))
                records[key] = replace(records[key], **{name: value})
                return replace(inventory, **{part: records})

            yield Place(f"{part}[{key[:12]}].{name}", put)


def _places_of_local(local: LocalFiles) -> Iterator[Place]:
    for name in _fields(local):
        yield Place(
            f"local.{name}",
            lambda inventory, value, name=name: replace(
                inventory, local=replace(known(inventory.local), **{name: value})
            ),
        )
    for own in ("ca", "verification"):
        for name in _fields(getattr(local, own)):

            def put(inventory: Inventory, value: Any, own: str = own, name: str = name) -> Inventory:
                files = replace(getattr(known(inventory.local), own), **{name: value})
                return replace(inventory, local=replace(known(inventory.local), **{own: files}))

            yield Place(f"local.{own}.{name}", put)
    for client, files in local.clients.items():
        for name in _fields(files):

            def put_client(inventory: Inventory, value: Any, client: str = client, name: str = name) -> Inventory:
                clients = dict(known(inventory.local).clients)
                clients[client] = replace(clients[client], **{name: value})
                return replace(inventory, local=replace(known(inventory.local), clients=clients))

            yield Place(f"local.clients[{client}].{name}", put_client)


@cache
def places(edition: str) -> tuple[Place, ...]:
    """Every part and every field that may be Unread."""
    good = good_inventory(edition)
    found = [Place(part, lambda inventory, value, part=part: replace(inventory, **{part: value})) for part in PARTS]
    for part in ("ca_certificates", "certificates", "policies", "things", "sessions"):
        found += _places_of_mapping(part, known(getattr(good, part)))
    found += _places_of_local(known(good.local))
    return tuple(found)


class Garbage:
    """A value that nothing can be told from: whoever looks at it fails."""

    def __getattribute__(self, name: str) -> Any:
        raise LookedAtError(name)

    def __eq__(self, other: object) -> bool:
        raise LookedAtError("==")

    def __bool__(self) -> bool:
        raise LookedAtError("bool")

    def __iter__(self) -> Iterator[Any]:
        raise LookedAtError("iter")

    def __contains__(self, item: object) -> bool:
        raise LookedAtError("in")

    __hash__ = None  # type: ignore[assignment]


class LookedAtError(Exception):
    """A control looked at a value that was garbage."""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("control", CONTROLS)
def test_nothing_passes_on_what_was_not_read(control, edition, mode):
    """A control that still passes with a field unread passes with garbage there too: it did not look at it."""
    settings, good = good_settings(edition, mode), good_inventory(edition)
    before = worst(run_control(control, good, settings, NOW))
    for place in places(edition):
        findings = run_control(control, place.put(good, DENIED), settings, NOW)
        after = worst(findings)
        assert after in (before, Status.UNREADABLE, Status.FAIL if before is Status.FAIL else Status.UNREADABLE), (
            place.name
        )
        if any(one.status is Status.UNREADABLE for one in findings):
            told = next(one for one in findings if one.status is Status.UNREADABLE)
            assert "iot:SomeOperation" in told.observed
            assert "AccessDeniedException" in told.observed
            assert "iot:SomeAction" in told.observed + told.remedy
        else:
            assert run_control(control, place.put(good, Garbage()), settings, NOW) == findings, place.name


@pytest.mark.parametrize("control", CONTROLS)
def test_every_needed_part_makes_the_control_unreadable_in_some_mode(control):
    """A need that is never looked at would be read for nothing."""
    needed = set()
    for edition in (one for one in EDITIONS if one in CONTROLS[control].editions):
        for mode in MODES:
            for inventory, way in _inventories(edition):
                settings = good_settings(edition, mode, signing_choice=way)
                for part in CONTROLS[control].needs:
                    findings = run_control(control, replace(inventory, **{part: DENIED}), settings, NOW)
                    if any(one.status is Status.UNREADABLE for one in findings):
                        needed.add(part)
    # An expected root is compared only where a stand-in is presented.
    assert set(CONTROLS[control].needs) - needed <= {"server_root_pem"}


def _inventories(edition: str) -> Iterator[tuple[Inventory, str]]:
    """Good inventories, with the way to sign of each."""
    yield _without_files(edition), "new"
    yield _with_the_build_alone(edition), "new"
    yield _with_an_ended_certificate(edition), "new"
    yield from ((good_inventory(edition, way), way) for way in WAYS)


def _without_files(edition: str) -> Inventory:
    return replace(good_inventory(edition), local=LocalFiles())


def _with_the_build_alone(edition: str) -> Inventory:
    local = known(good_inventory(edition).local)
    build = LocalFiles(header=local.header, certificate_source=local.certificate_source)
    return replace(good_inventory(edition), local=build)


def _with_an_ended_certificate(edition: str) -> Inventory:
    good = good_inventory(edition)
    rows = dict(known(good.account_certificates))
    first = next(iter(rows))
    return replace(good, account_certificates={**rows, first: replace(rows[first], status="REVOKED")})


class Tracking:
    """An inventory that remembers which of its parts were looked at."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.seen.add(name)
        return getattr(self.inventory, name)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_looks_only_at_what_it_declares(control, mode):
    """``needs`` are fields of Inventory, and hold everything that the control looks at."""
    assert set(CONTROLS[control].needs) <= set(PARTS)
    for edition in EDITIONS:
        for inventory in (good_inventory(edition), _without_files(edition), Inventory()):
            tracking = Tracking(inventory)
            run_control(control, tracking, good_settings(edition, mode), NOW)  # type: ignore[arg-type]
            assert tracking.seen <= set(CONTROLS[control].needs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("control", [one for one in CONTROLS.values() if one.needs], ids=lambda one: one.id)
def test_nothing_read_at_all_is_never_green(control, mode):
    """With every part NOT_ASKED a control is UNREADABLE, or in an audit for a person to see."""
    for edition in control.editions:
        findings = run_control(control.id, Inventory(), good_settings(edition, mode), NOW)
        allowed = {Status.UNREADABLE}
        if mode == "audit":
            allowed |= {Status.MANUAL, Status.NOT_APPLICABLE}
        if control.id == "DIC-FIT-12" and mode == "audit":
            allowed |= {Status.FAIL}  # without a session the firmware profile tells
        assert worst(findings) in allowed


def test_an_unreadable_device_does_not_hide_the_other():
    """Each device is judged by itself: FAIL of one and UNREADABLE of another both show."""
    good = good_inventory()
    things = dict(known(good.things))
    things[DEVICE] = replace(things[DEVICE], principals=DENIED)
    del things["SQA_DIC_C3"]
    findings = run_control("DIC-CRT-01", replace(good, things=things), good_settings(), NOW)
    assert [(one.resource, one.status) for one in findings] == [
        (DEVICE, Status.UNREADABLE),
        ("SQA_DIC_C3", Status.FAIL),
    ]
    assert worst(findings) is Status.FAIL


def test_a_part_that_nobody_asked_for_says_so():
    """NOT_ASKED is told from a refusal."""
    (finding,) = run_control("DIC-POL-01", replace(good_inventory(), policies=NOT_ASKED), good_settings(), NOW)
    assert isinstance(finding, Finding)
    assert "NotAsked" in finding.observed
