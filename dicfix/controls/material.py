"""Controls of what is built into a device: its client ID, and the header and certificate source (AWS-6.2, AWS-6.7)."""

from __future__ import annotations

from collections.abc import Iterator

from dicfix.certificates import Certificate, read_certificate, read_private_key
from dicfix.controls.copies import client_copies
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import CERTIFICATE_NEEDS, CERTIFICATE_OPERATIONS, local_files
from dicfix.findings import Finding, Severity
from dicfix.firmware import CERTIFICATE_SOURCE, HEADER, FirmwareText, profile, read_firmware, read_header
from dicfix.guide.values import MQTT_PORT, SERVER_ROOT_NAME
from dicfix.records import known
from dicfix.trust import AMAZON_ROOT_CA_1, AMAZON_ROOTS


@control(
    "DIC-THG-02",
    clauses=("AWS-6.2",),
    severity=Severity.CRITICAL,
    title="The device's client ID is its thing's name",
    rationale="Policy variables, jobs and the OTA agent take the client ID for the thing name.",
    remedy=f"write the thing's name as DIC_CLIENT_ID in {HEADER} and build again, or create a thing of that name",
    needs=("local", "sessions"),
    operations=("iot-data:GetConnection",),
)
def client_id_is_the_thing_name(look: Look) -> Iterator[Finding]:
    """AWS-6.2: seen in the header of the build, else (in an audit) in a live session of that client ID."""
    text = look.given(local_files(look).header)
    if text is not None:
        client_id = read_header(text).client_id
        yield look.judge(
            HEADER,
            client_id in look.settings.devices,
            expected=f"DIC_CLIENT_ID {' or '.join(look.settings.devices)}",
            observed=f"DIC_CLIENT_ID {client_id or 'not given'}",
        )
    elif look.auditing:
        yield from look.each(look.settings.devices, lambda name: _client_id_seen_live(look, name))
    else:
        yield look.absent(HEADER, "the client ID of the build", "no file")


def _client_id_seen_live(look: Look, name: str) -> Iterator[Finding]:
    session = (look.given(look.inventory.sessions) or {}).get(name)
    if session is not None and known(session.connected):
        yield look.judge(name, True, expected=f"client ID {name}", observed=f"client ID {name} connected")
    else:
        yield look.manual(f"{HEADER} of the build, or the device's log with its client ID", name)


@control(
    "DIC-MAT-01",
    clauses=("AWS-6.7",),
    severity=Severity.CRITICAL,
    title="Header and certificate source hold the device's own material",
    rationale="What the firmware is built with decides which server it calls and who it is.",
    remedy="write them again: python -m dicfix certs, or copy endpoint, client ID and PEM texts by hand",
    needs=(*CERTIFICATE_NEEDS, "endpoint", "server_root_pem"),
    operations=("iot:DescribeEndpoint", *CERTIFICATE_OPERATIONS),
)
def material_is_the_devices_own(look: Look) -> Iterator[Finding]:
    """AWS-6.7: what dic_config.h and the certificate source of the application take."""
    firmware, files = profile(look.settings.firmware_profile), local_files(look)
    texts = {HEADER: look.given(files.header)}
    if firmware.certificate_source:
        texts[CERTIFICATE_SOURCE] = look.given(files.certificate_source)
    given = {name: text for name, text in texts.items() if text is not None}
    if len(given) < len(texts):
        missing = " and ".join(name for name in texts if name not in given)
        if look.auditing:
            yield look.manual(f"{missing} of the build, its key taken out", missing)
        else:
            yield look.absent(missing, "the device's material", "no file")
        return
    found = read_firmware(firmware, given)
    yield from look.settled(HEADER, lambda: address_findings(look, found))
    yield from look.settled("ca_certificate", lambda: root_findings(look, found))
    yield from look.settled("device_certificate", lambda: _identity(look, found))


def address_findings(look: Look, found: FirmwareText) -> Iterator[Finding]:
    """Host, port and client ID of a build, each under the name of its macro."""
    endpoint = known(look.inventory.endpoint)
    rows = (
        ("DIC_SERVER_HOST", found.server_host, found.server_host == endpoint, endpoint),
        ("DIC_SERVER_PORT", found.server_port, found.server_port == MQTT_PORT, str(MQTT_PORT)),
        (
            "DIC_CLIENT_ID",
            found.client_id,
            found.client_id in look.settings.devices,
            " or ".join(look.settings.devices),
        ),
    )
    for name, observed, ok, expected in rows:
        yield look.judge(name, ok, expected=expected, observed=str(observed or "not given"))


def root_findings(look: Look, found: FirmwareText) -> Iterator[Finding]:
    """The root of a build: AmazonRootCA1, or its stand-in where there is one."""
    given = _read(found.ca_certificate, "ca_certificate")
    ok = given is not None and given.certificate_id == AMAZON_ROOT_CA_1
    deviation = ""
    if given and not ok and (look.settings.target == "offline" or look.settings.endpoint_url):
        root = look.given(look.inventory.server_root_pem)
        ok = bool(root) and read_certificate(root or "").certificate_id == given.certificate_id
        deviation = f"{given.subject} stands in for {SERVER_ROOT_NAME}" if ok else ""
    observed = AMAZON_ROOTS.get(given.certificate_id, given.subject) if given else "not given"
    yield look.judge("ca_certificate", ok, expected=SERVER_ROOT_NAME, observed=observed, deviation=deviation)


def _identity(look: Look, found: FirmwareText) -> Iterator[Finding]:
    given = _read(found.device_certificate, "device_certificate")
    if given is None:
        yield look.absent("device_certificate", "the device's certificate", "not given")
        return
    name = found.client_id or look.settings.devices[0]
    own = {copy.certificate_id for _, copy in client_copies(look, name)}
    yield look.judge(
        "device_certificate",
        given.certificate_id in own,
        expected=f"the certificate of {name}",
        observed=f"{given.subject} ({given.certificate_id[:12]})",
    )
    if not found.device_key:
        yield look.absent("device_key", "the key of the device's certificate", "not given")
    else:
        yield key_finding(look, given, found.device_key)


def key_finding(look: Look, certificate: Certificate, key_pem: str) -> Finding:
    """Whether the key of a build is that of its certificate; raises MaterialError for one that is no key."""
    fits = certificate.public_key_matches(read_private_key(key_pem, "device_key"))
    observed = "its key" if fits else "another key"
    return look.judge("device_key", fits, expected="the key of the device's certificate", observed=observed)


def _read(pem: str | None, what: str) -> Certificate | None:
    return read_certificate(pem, what) if pem else None
