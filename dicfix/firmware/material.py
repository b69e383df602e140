"""What goes into the firmware, whether it has room for it, and its C text.

Imports dicfix.errors and this package only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dicfix.errors import MaterialError
from dicfix.firmware.c_text import c_lines, c_literal
from dicfix.firmware.profiles import ARRAYS, FirmwareProfile

_NOTE = "/* Written by dicfix for the firmware {profile}: the values to take over into the firmware's own {file}. */"


@dataclass(frozen=True, slots=True)
class FirmwareMaterial:
    """The values of one device: endpoint, client ID (its thing name) and three PEM texts. Source: AWS-6.7."""

    server_host: str
    client_id: str
    ca_certificate: str
    device_certificate: str
    device_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoomUse:
    """How much of its buffer a value takes, the terminating zero included on both sides."""

    field: str
    bytes_used: int
    room_bytes: int

    @property
    def bytes_too_many(self) -> int:
        """0 where it fits."""
        return max(0, self.bytes_used - self.room_bytes)


def room_use(profile: FirmwareProfile, material: FirmwareMaterial) -> tuple[RoomUse, ...]:
    """The use of each fixed buffer of the profile; a profile without fixed buffers gives nothing."""
    values = {
        "server_host": material.server_host,
        "client_id": material.client_id,
        "ota_thing_name": material.client_id,
        "ca_certificate": material.ca_certificate,
        "device_certificate": material.device_certificate,
        "device_key": material.device_key,
    }
    return tuple(RoomUse(each.field, len(values[each.field].encode()) + 1, each.room_bytes) for each in profile.rooms)


def check_room(profile: FirmwareProfile, material: FirmwareMaterial) -> None:
    """Refuse material that the firmware has no room for, with the number of bytes too many of each value."""
    over = [use for use in room_use(profile, material) if use.bytes_too_many]
    if over:
        told = "; ".join(
            f"{use.field} needs {use.bytes_used} bytes and has {use.room_bytes}: {use.bytes_too_many} too many"
            for use in over
        )
        raise MaterialError(
            f"The firmware {profile.id} has no room for this material: {told}",
            expected="values that fit with their terminating zero",
            remedy="use EC keys, one certificate per file and a thing name of 29 characters at most",
        )


def render_header(profile: FirmwareProfile, material: FirmwareMaterial) -> str:
    """The values of dic_config.h as C text; in a profile without certificate source it holds host and PEM texts too."""
    _check(profile, material)
    lines = [
        _NOTE.format(profile=profile.id, file=profile.header),
        "#ifndef DIC_CONFIG_H",
        "#define DIC_CONFIG_H",
        "",
        "#include <stddef.h>",
        "",
        "#define USE_AWS 1",
        "#define USE_MOSQUITTO 0",
        f"#define DIC_SERVER_PORT {profile.server_port}",
        f"#define DIC_KEEP_ALIVE {profile.keep_alive_s}",
        f"#define DIC_CLIENT_ID {c_literal(material.client_id)}",
        "#define DIC_CLIENT_USER NULL",
        "#define DIC_CLIENT_PASS NULL",
        "",
    ]
    if profile.certificate_source is None:
        lines += _host_and_arrays(material)
    return "\n".join([*lines, "#endif", ""])


def render_certificate_source(profile: FirmwareProfile, material: FirmwareMaterial) -> str:
    """The values of dic_nvm_cert.cpp as C text: host and PEM texts. It holds the device's key."""
    if profile.certificate_source is None:
        raise MaterialError(f"The firmware {profile.id} has no certificate source: {profile.header} holds all")
    _check(profile, material)
    head = [
        _NOTE.format(profile=profile.id, file=profile.certificate_source),
        f'#include "{profile.header}"',
        "",
    ]
    return "\n".join(head + _host_and_arrays(material))


def firmware_files(profile: FirmwareProfile, material: FirmwareMaterial) -> dict[str, str]:
    """All files of the profile by name; the one that holds the device's key is to be written 0600."""
    made = {profile.header: render_header(profile, material)}
    if profile.certificate_source is not None:
        made[profile.certificate_source] = render_certificate_source(profile, material)
    return made


def _check(profile: FirmwareProfile, material: FirmwareMaterial) -> None:
    for name in ("server_host", "client_id", *ARRAYS):
        if not getattr(material, name):
            raise MaterialError(f"The firmware material has no {name}", expected="all five values")
    check_room(profile, material)


def _host_and_arrays(material: FirmwareMaterial) -> list[str]:
    lines = [f"#define DIC_SERVER_HOST {c_literal(material.server_host)}", ""]
    for name in ARRAYS:
        lines += [f"char {name}[] =", f"{c_lines(getattr(material, name))};", ""]
    return lines
