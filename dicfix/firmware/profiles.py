"""What the published DIC firmware takes, has room for and does, as data by version. Imports dicfix.errors only.

Source: linked-pages ("Firmware profiles", "What the firmware has room for", "OTA agent settings"), facts/controls 2.3,
facts/ota-over-mqtt 1.7.
"""

from __future__ import annotations

from dataclasses import dataclass

from dicfix.errors import UsageError

HEADER = "dic_config.h"
CERTIFICATE_SOURCE = "dic_nvm_cert.cpp"
ARRAYS = ("ca_certificate", "device_certificate", "device_key")
"""The C string arrays that hold the PEM texts."""


@dataclass(frozen=True, slots=True)
class OtaAgentSettings:
    """The OTA agent as the firmware builds it; rooms count the terminating zero."""

    block_size_bytes: int = 1024
    blocks_per_request: int = 1
    request_wait_s: float = 10.0
    unanswered_requests_max: int = 32
    progress_every_blocks: int = 25
    signature_key: str = "sig-sha256-ecdsa"
    downgrade_allowed: bool = False
    control_protocol: str = "MQTT"
    data_protocol: str = "MQTT"
    self_test_wait_s: float = 16.0
    thing_name_room_bytes: int = 64
    file_path_room_bytes: int = 260
    files_max: int = 1
    image_max_bytes: int = 1_048_576
    """A 128-byte bitmap of 1024-byte blocks; nothing checks it. Source: facts/controls finding 6."""
    signature_verified: bool = False
    """Source: facts/controls finding 5."""


@dataclass(frozen=True, slots=True)
class Room:
    """The fixed buffer of one value: ``room_bytes`` includes the terminating zero."""

    field: str
    room_bytes: int


@dataclass(frozen=True, slots=True)
class FirmwareProfile:
    """One version of the firmware. ``certificate_source`` is None where the header holds everything."""

    id: str
    editions: tuple[str, ...]
    certificate_source: str | None
    sample_client_id: str
    rooms: tuple[Room, ...]
    ota: OtaAgentSettings | None
    header: str = HEADER
    server_port: int = 8883
    keep_alive_s: int = 0
    command_payload_room_bytes: int = 30
    """A command of this many bytes or more is dropped."""
    sends_server_name: bool = False
    """SNI: facts/controls finding 3."""
    sends_pingreq: bool = False
    reconnects: bool = False

    def room_of(self, field: str) -> int | None:
        """The room of a field in bytes, None where there is no fixed buffer."""
        return next((room.room_bytes for room in self.rooms if room.field == field), None)


PROFILES: dict[str, FirmwareProfile] = {
    profile.id: profile
    for profile in (
        FirmwareProfile("2023-06", ("2023-06",), None, "DIC_2", rooms=(), ota=None),
        FirmwareProfile(
            "2023-08",
            ("2023-08", "2024-04"),
            CERTIFICATE_SOURCE,
            "SQA_DIC_C2",
            rooms=(
                Room("ca_certificate", 1212),
                Room("device_certificate", 1212),
                Room("device_key", 1212),
                Room("server_host", 55),
                Room("client_id", 30),
                Room("ota_thing_name", 64),
            ),
            ota=OtaAgentSettings(),
        ),
    )
}


def profile(profile_id: str) -> FirmwareProfile:
    """The profile of this id; an unknown one is a UsageError."""
    if profile_id not in PROFILES:
        raise UsageError(f"There is no firmware profile {profile_id!r}", expected="one of " + ", ".join(PROFILES))
    return PROFILES[profile_id]


def profile_of_edition(edition: str) -> FirmwareProfile:
    """The profile of the firmware that an edition of the guide came with."""
    for each in PROFILES.values():
        if edition in each.editions:
            return each
    known = ", ".join(each for one in PROFILES.values() for each in one.editions)
    raise UsageError(f"There is no edition {edition!r}", expected=f"one of {known}")
