"""Material for the published DIC firmware: profiles, room, header and certificate source.

Imports dicfix.errors only.
"""

from dicfix.firmware.material import (
    FirmwareMaterial,
    RoomUse,
    check_room,
    firmware_files,
    render_certificate_source,
    render_header,
    room_use,
)
from dicfix.firmware.profiles import (
    CERTIFICATE_SOURCE,
    HEADER,
    PROFILES,
    FirmwareProfile,
    OtaAgentSettings,
    Room,
    profile,
    profile_of_edition,
)
from dicfix.firmware.reading import FirmwareText, read_certificate_source, read_firmware, read_header

__all__ = [
    "CERTIFICATE_SOURCE",
    "HEADER",
    "PROFILES",
    "FirmwareMaterial",
    "FirmwareProfile",
    "FirmwareText",
    "OtaAgentSettings",
    "Room",
    "RoomUse",
    "check_room",
    "firmware_files",
    "profile",
    "profile_of_edition",
    "read_certificate_source",
    "read_firmware",
    "read_header",
    "render_certificate_source",
    "render_header",
    "room_use",
]
