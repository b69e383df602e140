"""The firmware's own header and certificate source, read for the values that it would run with.

Imports dicfix.errors and this package only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dicfix.errors import MaterialError
from dicfix.firmware.c_text import active_text, macro_number, read_literals
from dicfix.firmware.material import FirmwareMaterial
from dicfix.firmware.profiles import ARRAYS, CERTIFICATE_SOURCE, HEADER, FirmwareProfile

_LITERAL = r'"(?:[^"\\\n]|\\.)*+"'
_ARRAY = re.compile(rf"\b({'|'.join(ARRAYS)})\s*(?:\[[^\]]*\]\s*)?=(?!=)\s*((?:{_LITERAL}|[^;\"])*+)(;?)")


@dataclass(frozen=True, slots=True)
class FirmwareText:
    """The values that a firmware file gives; None for each that it does not give. ``macros`` are all it defines."""

    server_host: str | None = None
    server_port: int | None = None
    keep_alive_s: int | None = None
    client_id: str | None = None
    ca_certificate: str | None = None
    device_certificate: str | None = None
    device_key: str | None = field(default=None, repr=False)
    macros: Mapping[str, str] = field(default_factory=dict, repr=False)

    def material(self, what: str = "the firmware's files") -> FirmwareMaterial:
        """The five values as one; a MaterialError names those that are missing."""
        values = {name: getattr(self, name) for name in ("server_host", "client_id", *ARRAYS)}
        missing = [name for name, value in values.items() if not value]
        if missing:
            raise MaterialError(f"{what}: no value for {', '.join(missing)}", expected="all five values")
        return FirmwareMaterial(**values)


def read_header(text: str, what: str = HEADER) -> FirmwareText:
    """The values of a dic_config.h; one that cannot be followed is a MaterialError. Source: AWS-6.7."""
    return _read(text, {}, what)


def read_certificate_source(
    text: str, header: FirmwareText | None = None, what: str = CERTIFICATE_SOURCE
) -> FirmwareText:
    """The values of a dic_nvm_cert.cpp; what ``header`` defines decides its conditions too, and fills what it lacks."""
    macros = dict(header.macros) if header is not None else {}
    found = _read(text, macros, what)
    if header is None:
        return found
    names = ("server_host", "server_port", "keep_alive_s", "client_id", *ARRAYS)
    filled = {name: getattr(header, name) if getattr(found, name) is None else getattr(found, name) for name in names}
    return FirmwareText(**filled, macros=found.macros)


def read_firmware(profile: FirmwareProfile, files: Mapping[str, str]) -> FirmwareText:
    """The values of all files of a profile, by file name; a missing file is a MaterialError."""
    for name in (profile.header, profile.certificate_source):
        if name is not None and name not in files:
            raise MaterialError(f"{name} is missing", expected=f"the files of the firmware {profile.id}")
    header = read_header(files[profile.header], profile.header)
    if profile.certificate_source is None:
        return header
    return read_certificate_source(files[profile.certificate_source], header, profile.certificate_source)


def _read(text: str, macros: dict[str, str], what: str) -> FirmwareText:
    active = active_text(text, macros, what)
    arrays: dict[str, str] = {}
    for match in _ARRAY.finditer(active):
        if match[1] in arrays:
            raise MaterialError(f"{what} gives {match[1]} twice")
        if not match[3]:
            raise MaterialError(f"{what}: {match[1]} is not ended by a semicolon")
        arrays[match[1]] = read_literals(match[2], macros, f"{match[1]} in {what}")
    return FirmwareText(
        server_host=_text("DIC_SERVER_HOST", macros, what),
        server_port=macro_number("DIC_SERVER_PORT", macros),
        keep_alive_s=macro_number("DIC_KEEP_ALIVE", macros),
        client_id=_text("DIC_CLIENT_ID", macros, what),
        ca_certificate=arrays.get("ca_certificate"),
        device_certificate=arrays.get("device_certificate"),
        device_key=arrays.get("device_key"),
        macros=macros,
    )


def _text(name: str, macros: Mapping[str, str], what: str) -> str | None:
    return read_literals(macros[name], macros, f"{name} in {what}") if name in macros else None
