"""Whether files that are about to be flashed go with the account: host, client ID, certificate, root, room, image.

Belongs here: the checks of one build, each by the judgement of the controls. May import ``device``, ``build_files``,
the reading of images, controls and records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from dicfix.accounts.ota_reading import image_record
from dicfix.audit.build_files import FIELDS, Build
from dicfix.audit.device import NEEDS as DEVICE_NEEDS
from dicfix.audit.device import Device, Link, State, link_of
from dicfix.audit.inventory import Saved
from dicfix.audit.why import left_out
from dicfix.audit.why import of_saved as client_of_saved
from dicfix.certificates import Certificate, read_certificate
from dicfix.controls import run_control
from dicfix.controls.material import address_findings, key_finding, root_findings
from dicfix.controls.registry import Look
from dicfix.errors import MaterialError, Unreadable
from dicfix.findings import Finding
from dicfix.firmware import FirmwareMaterial, profile, room_use
from dicfix.images import inspect
from dicfix.records import ClientFiles, DeviceCertificate, Inventory, LocalFiles, Unread, known
from dicfix.settings import Settings

NEEDS = (*DEVICE_NEEDS, "server_root_pem")
"""The parts of an inventory that a build is checked against."""
NOBODY = "unknown"
"""The name under which an account is read where a build gives no client ID."""
_NOT_HERE = "give the file of the build that has it, and look at the whole of it"
_REGISTER = (
    "register it in this account and Region (aws iot register-certificate), or build with the certificate of the thing"
)


def client_of(build: Build) -> str:
    """The client ID of a build, or NOBODY."""
    return build.found.client_id or NOBODY


def local_of(build: Build) -> LocalFiles:
    """The build's certificate as the client's file, so that the account is asked for it."""
    name = client_of(build)
    return LocalFiles(clients={name: ClientFiles(name, build.found.device_certificate)})


def preflight(build: Build, inventory: Inventory, settings: Settings, now: datetime) -> tuple[Link, ...]:
    """The checks of one build against an inventory that holds NEEDS; none stops the others."""
    seen = replace(inventory, local=local_of(build))
    certificate = _certificate(build)
    if isinstance(certificate, Certificate):
        seen = _with_listed(seen, certificate)
    device = Device(seen, settings, client_of(build), now)
    links: list[Link] = []
    if build.image is not None:
        links += _image(build, build.image, seen, settings, now)
    links += [*_address(build, device), *_identity(build, device, certificate), *_key(build, device, certificate)]
    return (*links, *_room(build, settings))


def _certificate(build: Build) -> Certificate | Link | None:
    """The build's certificate, the broken link that it is, or None without one."""
    pem = build.found.device_certificate
    try:
        return read_certificate(pem, "device_certificate") if pem else None
    except MaterialError as error:
        return Link("certificate", State.BROKEN, error.observed, error.expected, error.remedy or _NOT_HERE)


def _missing(build: Build, field: str, name: str) -> Link:
    return Link(name, State.UNREADABLE, build.missing.get(field, "not seen"), remedy=_NOT_HERE)


# The image itself


def _image(build: Build, data: bytes, inventory: Inventory, settings: Settings, now: datetime) -> Iterator[Link]:
    agent = profile(settings.firmware_profile).ota
    try:
        report = inspect(data, name=build.name, limit_bytes=agent.image_max_bytes if agent else None)
        version = "" if report.version is None else f", version {report.version}"
        told = "; ".join((f"{report.kind.value}, {report.size_bytes:,} bytes{version}", *report.notes))
        yield Link("format and size", State.OK, told)
    except MaterialError as error:
        yield Link("format and size", State.BROKEN, error.observed, error.expected, error.remedy)
    # A group that the update is for counts as one target more: its members are not read here.
    targets = (*settings.ota_targets, *settings.ota_thing_groups)
    alone = replace(settings, mode="audit", ota_devices=targets, ota_thing_groups=())
    shown = replace(inventory, images={build.name: image_record(build.name, data, targets)}, thing_groups={})
    yield link_of("no identity inside", run_control("DIC-FIT-13", shown, alone, now))


# Where it connects to


def _address(build: Build, device: Device) -> Iterator[Link]:
    found = device.judged("DIC-MAT-01", lambda look: address_findings(look, build.found))
    rows = (("host", "server_host", "DIC_SERVER_HOST"), ("port", "server_port", "DIC_SERVER_PORT"))
    for name, field, macro in rows:
        findings = [one for one in found if one.resource in (macro, device.name)]
        if getattr(build.found, field) is not None:
            yield link_of(name, findings)
        elif field in FIELDS:
            yield _missing(build, field, name)
    if build.found.ca_certificate:
        yield link_of("root", device.judged("DIC-MAT-01", lambda look: root_findings(look, build.found)))
    else:
        yield _missing(build, "ca_certificate", "root")


# Who it is


def _identity(build: Build, device: Device, certificate: Certificate | Link | None) -> Iterator[Link]:
    if build.found.client_id:
        yield replace(_thing(device), name="client ID is a thing")
    else:
        yield _missing(build, "client_id", "client ID is a thing")
    if isinstance(certificate, Link):
        yield certificate
    elif certificate is None:
        yield _missing(build, "device_certificate", "certificate")
    else:
        yield from _of_certificate(build, device, certificate)


def _thing(device: Device) -> Link:
    link = device.thing()
    return replace(link, observed=f"thing {device.name}") if link.state is State.OK else link


def _of_certificate(build: Build, device: Device, certificate: Certificate) -> Iterator[Link]:
    registered = _registered(device, certificate)
    yield registered
    if build.found.client_id:
        yield device.certificate()
    else:
        yield _missing(build, "client_id", "certificate of the thing")
    if registered.state is not State.OK:
        return
    yield from (one() for one in (device.server_name, device.ca_status, device.certificate_status))
    yield device.certificate_dates()
    yield device.policy_attached()
    if build.found.client_id:
        yield device.policy_allows()
    else:
        yield _missing(build, "client_id", "policy allows client ID and topics")


def _registered(device: Device, certificate: Certificate) -> Link:
    name = "certificate registered"
    try:
        record = known(device.inventory.certificates).get(certificate.certificate_id)
        if record is None:
            observed = f"{certificate.subject} ({certificate.certificate_id[:12]}) is not registered here"
            return Link(name, State.BROKEN, observed, "a certificate of this account and Region", _REGISTER)
        known(record.status)
        return Link(name, State.OK, certificate.certificate_id)
    except Unreadable as error:
        permission = f"; needs {error.permission}" if error.permission else ""
        return Link(name, State.UNREADABLE, f"{error.observed.rstrip('.')}{permission}", remedy=error.remedy)


def _with_listed(inventory: Inventory, certificate: Certificate) -> Inventory:
    """The inventory with the build's certificate where a list of the account names it: its text is the build's own."""
    asked, rows = inventory.certificates, inventory.account_certificates
    name = certificate.certificate_id
    if isinstance(asked, Unread) or name in asked or isinstance(rows, Unread) or name not in rows:
        return inventory
    row = rows[name]
    record = DeviceCertificate(name, row.arn, certificate.pem, row.status, row.mode, row.ca_certificate_id)
    return replace(inventory, certificates={**asked, name: record})


def of_saved(saved: Saved, build: Build, explorer_name: str) -> Inventory:
    """A saved inventory as one that was asked for the build: what its sweep left out is unread, not absent."""
    inventory = client_of_saved(saved, client_of(build), explorer_name)
    certificate, records = _certificate(build), inventory.certificates
    listed = not isinstance(inventory.account_certificates, Unread)
    if not isinstance(certificate, Certificate) or isinstance(records, Unread) or listed:
        return inventory
    name = certificate.certificate_id
    unread = left_out(f"certificate {name[:12]}")
    record = DeviceCertificate(name, unread, unread, unread, unread, unread)
    return replace(inventory, certificates={name: record, **records})


def _key(build: Build, device: Device, certificate: Certificate | Link | None) -> Iterator[Link]:
    key = build.found.device_key
    if build.image is not None:
        return
    if not key:
        yield _missing(build, "device_key", "key")
    elif isinstance(certificate, Certificate):
        yield link_of("key", device.judged("DIC-MAT-01", _fits(certificate, key)))


def _fits(certificate: Certificate, key: str) -> Callable[[Look], Iterable[Finding]]:
    return lambda look: iter((key_finding(look, certificate, key),))


# Whether the firmware has room for it

_OF_FIELD: Mapping[str, str] = {"ota_thing_name": "client_id"}


def _room(build: Build, settings: Settings) -> Iterator[Link]:
    firmware = profile(settings.firmware_profile)
    given = {name: getattr(build.found, name) or "" for name in FIELDS}
    used = [one for one in room_use(firmware, FirmwareMaterial(**given)) if given[_OF_FIELD.get(one.field, one.field)]]
    over = [one for one in used if one.bytes_too_many]
    if over:
        told = "; ".join(f"{one.field} needs {one.bytes_used} bytes, has {one.room_bytes}" for one in over)
        remedy = "use EC keys, one certificate per file and a thing name of 29 characters at most"
        yield Link("room in the firmware", State.BROKEN, told, f"what firmware {firmware.id} has room for", remedy)
    elif used:
        told = ", ".join(f"{one.field} {one.bytes_used} of {one.room_bytes}" for one in used)
        yield Link("room in the firmware", State.OK, f"{told} bytes")


def exit_code_of(links: Iterable[Link]) -> int:
    """1 when any check is broken, else 3 when any could not be read, else 0."""
    states = {one.state for one in links}
    return 1 if State.BROKEN in states else 3 if State.UNREADABLE in states else 0
