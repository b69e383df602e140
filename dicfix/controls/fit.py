"""Controls of the fit axis: whether the published firmware can live with what the guide makes.

The figures are the firmware profile's (``dicfix.firmware``), by version.
"""

from __future__ import annotations

from collections.abc import Iterator

from dicfix.controls.copies import client_copies
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import (
    CA_NEEDS,
    CA_OPERATIONS,
    CERTIFICATE_NEEDS,
    CERTIFICATE_OPERATIONS,
    client_files,
    local_files,
    registered_ca,
)
from dicfix.findings import Axis, Finding, Severity
from dicfix.firmware import FirmwareProfile, profile
from dicfix.guide.values import MULTI_ACCOUNT
from dicfix.records import known

_ROOM_SOURCE = "dic_nvm_cert.h of the published firmware; facts of the linked pages, room table"
_SMALLEST_RSA_TOO_LARGE_BITS = 2048
"""An RSA 2048 key is 1704 bytes of PEM; an EC P-256 key 227. Measured with OpenSSL 3.0."""


def _firmware(look: Look) -> FirmwareProfile:
    return profile(look.settings.firmware_profile)


def _fits(look: Look, resource: str, field: str, text: str) -> Iterator[Finding]:
    room = _firmware(look).room_of(field)
    if room is None:
        yield look.not_applicable(f"firmware {look.settings.firmware_profile} has no fixed buffer for it", resource)
        return
    used = len(text.encode()) + 1
    too_many = f", {used - room} too many" if used > room else ""
    yield look.judge(
        resource,
        used <= room,
        expected=f"{room} bytes at most, the terminating zero included",
        observed=f"{used} bytes{too_many}",
    )


@control(
    "DIC-FIT-01",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="Every thing name fits the firmware's client ID",
    rationale="AWS allows 128 characters; a longer client ID than the firmware's buffer overruns it.",
    remedy="give the thing a name of 29 characters at most",
    needs=(),
    source=_ROOM_SOURCE,
)
def thing_names_fit(look: Look) -> Iterator[Finding]:
    """DIC_CLIENTID_LENGTH."""
    yield from look.each(look.settings.devices, lambda name: _fits(look, name, "client_id", name))


@control(
    "DIC-FIT-02",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="The endpoint fits the firmware's host name",
    rationale="A custom domain may be longer than the firmware's buffer; AWS's own names are not.",
    remedy="use the account's own data endpoint, or a shorter custom domain",
    needs=("endpoint",),
    operations=("iot:DescribeEndpoint",),
    source=_ROOM_SOURCE,
)
def endpoint_fits(look: Look) -> Iterator[Finding]:
    """DIC_HOSTNAME_LENGTH."""
    endpoint = known(look.inventory.endpoint)
    yield from _fits(look, endpoint, "server_host", endpoint)


@control(
    "DIC-FIT-03",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="Every device's certificate and key fit the firmware",
    rationale="An RSA 2048 key never fits, so that certificates made by AWS cannot be used.",
    remedy="use an EC prime256v1 key and the certificate alone, without a chain",
    needs=CERTIFICATE_NEEDS,
    operations=CERTIFICATE_OPERATIONS,
    source=_ROOM_SOURCE,
)
def certificates_and_keys_fit(look: Look) -> Iterator[Finding]:
    """DIC_DEV_CERT_LENGTH and DIC_DEV_KEY_LENGTH."""

    def judge_one(name: str) -> Iterator[Finding]:
        for resource, certificate in client_copies(look, name):
            yield from _fits(look, resource, "device_certificate", certificate.pem)
            yield from _key_fits(look, name, known(client_files(look, name).key_kind) or certificate.public_key_kind)

    yield from look.each(look.settings.devices, judge_one)


def _key_fits(look: Look, name: str, kind: str) -> Iterator[Finding]:
    if _firmware(look).room_of("device_key") is None:
        return
    family, _, size = kind.partition(" ")
    small = family == "EC" or (family == "RSA" and size.isdigit() and int(size) < _SMALLEST_RSA_TOO_LARGE_BITS)
    yield look.judge(f"key of {name}", small, expected="a key that fits, such as EC P-256", observed=kind)


@control(
    "DIC-FIT-04",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="The server certificate fits the firmware",
    rationale="AmazonRootCA1 fits with a few bytes to spare; RootCA2, or two roots in one file, do not.",
    remedy="use AmazonRootCA1 alone",
    needs=("local",),
    source=_ROOM_SOURCE,
)
def server_certificate_fits(look: Look) -> Iterator[Finding]:
    """DIC_CA_CERT_LENGTH."""
    pem = known(local_files(look).server_certificate_pem)
    if pem is not None:
        yield from _fits(look, "AmazonRootCA1.pem", "ca_certificate", pem)
    elif look.auditing:
        yield look.manual("the root CA certificate that the firmware is built with", "AmazonRootCA1.pem")
    else:
        yield look.absent("AmazonRootCA1.pem", "the root CA certificate", "no file")


@control(
    "DIC-FIT-08",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="The firmware can connect with a certificate of this CA",
    rationale="Certificates of a multi-account CA need the TLS server name, and the published firmware sends none.",
    remedy="register the CA in single account mode (edition 2024-04), or build a firmware that sends the server name",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
    source="docs.aws.amazon.com/iot/latest/apireference/API_CACertificateDescription.html",
)
def firmware_can_connect(look: Look) -> Iterator[Finding]:
    """SNI_ONLY needs SNI."""
    ca = registered_ca(look)
    yield mode_suits_the_firmware(look, f"CA certificate {ca.certificate_id[:12]}", known(ca.mode))


def mode_suits_the_firmware(look: Look, resource: str, mode: str) -> Finding:
    """Whether the firmware sends the server name where the mode of a CA, or of a certificate, asks for it."""
    firmware = _firmware(look)
    sends = "sends the server name" if firmware.sends_server_name else "sends no server name"
    return look.judge(
        resource,
        mode != MULTI_ACCOUNT or firmware.sends_server_name,
        expected=f"a mode that suits a firmware that {sends}",
        observed=f"{mode}; firmware {firmware.id} {sends}",
    )


@control(
    "DIC-FIT-12",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="An idle device stays connected",
    rationale="With keep alive 0 an idle device leaves after half an hour, and it needs a restart to come back.",
    remedy="build with DIC_KEEP_ALIVE between 30 and 1200 and a client that sends PINGREQ and reconnects",
    needs=("sessions",),
    operations=("iot-data:GetConnection",),
    source="dic_config.h and MQTT_transport.c of the published firmware; AWS IoT Core quotas, keep alive",
)
def idle_devices_stay_connected(look: Look) -> Iterator[Finding]:
    """Keep alive of the live session, else of the firmware profile."""
    yield from look.each(look.settings.devices, lambda name: _keep_alive(look, name))


def _keep_alive(look: Look, name: str) -> Iterator[Finding]:
    session = (look.given(look.inventory.sessions) or {}).get(name)
    firmware = _firmware(look)
    if session is not None and known(session.connected):
        seconds, seen = known(session.keep_alive_s), "live session"
    else:
        seconds, seen = firmware.keep_alive_s, f"firmware {firmware.id}"
    yield look.judge(
        name, seconds > 0, expected="a keep alive of 30 s or more", observed=f"keep alive {seconds} s ({seen})"
    )
