"""The settings of a run: the guide's own names unless dic.toml or an option says otherwise, validated once.

May import ``guide`` and ``errors``; reads one file and nothing else.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicfix import settings_checks
from dicfix.errors import UsageError
from dicfix.scope import OtherAccount, Scope, accounts_from
from dicfix.settings_checks import each, empty_or, matches, one_of, subject, whole_endpoint, with_port, wrong

EDITIONS = ("2023-06", "2023-08", "2024-04")
DEFAULT_EDITION = "2023-08"
FIRMWARE_PROFILES = ("2023-06", "2023-08")
TARGETS = ("offline", "aws")
GUIDE_OTA_DEVICES = ("SQA_DIC_C2", "SQA_DIC_C3", "DIC_2")
"""The devices that the guide names as an example of several (OTA-7)."""
SIGNING_CHOICES = ("new", "previous", "custom")
"""Sign a new file for me; choose a previously signed file; use my custom signed file (OTA-9)."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a run waits for what AWS does late, in seconds; offline everything happens at once."""

    policy_effect_s: float = 600.0
    detach_s: float = 360.0
    deactivation_s: float = 600.0
    connect_s: float = 30.0
    message_s: float = 30.0
    poll_s: float = 2.0
    role_effect_s: float = 120.0
    """Until a role that was just made can be used, its updates may fail and are made again."""
    signing_s: float = 120.0
    ota_create_s: float = 300.0
    ota_delete_s: float = 300.0
    ota_start_s: float = 300.0
    """Until a device's job execution is IN_PROGRESS."""
    ota_progress_s: float = 120.0
    """From one sign of progress of a job execution to the next."""
    ota_end_s: float = 1800.0


OFFLINE_DEADLINES = Deadlines(10.0, 10.0, 10.0, 10.0, 10.0, 0.02, 0.0, 10.0, 10.0, 10.0, 30.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the user may choose. Names are those of the guide (AWS-5, AWS-6, EXP-5) unless given.

    ``mode`` is ``onboard`` or ``audit``; ``target`` ``offline`` or ``aws``; ``account`` the twelve digits that the run
    is meant for (empty: none named); ``ca_certificate_id`` which registered CA is ours when no CA.crt lies in
    ``directory``; ``crl`` the file of that CA's revocation list (empty: none). Subjects are OpenSSL's
    ``/C=DE/CN=name`` form.

    Of the OTA half: ``bucket`` empty stands for the derived name (``ota_bucket``), ``ota_update_id`` empty for a name
    that the run chooses, ``image`` empty for a synthetic image, ``ota_devices`` empty for ``devices`` (where neither is
    given, GUIDE_OTA_DEVICES); ``signing_choice`` is one of SIGNING_CHOICES.
    """

    mode: str = "onboard"
    target: str = "offline"
    edition: str = DEFAULT_EDITION
    region: str = "eu-west-1"
    account: str = ""
    endpoint_url: str = ""
    mqtt_endpoint: str = ""
    server_ca: str = ""
    policy_name: str = "DIC_POLICY"
    devices: tuple[str, ...] = ("SQA_DIC_C2",)
    explorer_name: str = "DIC_EXPLORER"
    directory: Path = Path("certificates")
    ca_certificate_id: str = ""
    crl: str = ""
    ca_subject: str = "/O=dicfix/CN=DIC CA"
    device_subject: str = "/O=dicfix/CN={thing}"
    explorer_subject: str = "/O=dicfix/CN={thing}"
    client_certificate_version: int = 1
    firmware_profile: str = "2023-08"
    real_boards: tuple[str, ...] = ()
    ota_devices: tuple[str, ...] = ()
    ota_thing_groups: tuple[str, ...] = ()
    ota_update_id: str = ""
    signing_choice: str = "new"
    signing_profile: str = "dic_ota_codesign"
    image: str = ""
    bucket: str = ""
    file_path_on_device: str = "file.txt"
    ota_role: str = "ota_demo"
    exclusive_account: bool = False
    keep: bool = False
    adopt: bool = False
    allow_rules: bool = False
    probe: bool = False
    scope_names: tuple[str, ...] = ()
    scope_prefix: str = ""
    scope_thing_group: str = ""
    scope_thing_type: str = ""
    accounts: tuple[OtherAccount, ...] = ()
    deadlines: Deadlines = OFFLINE_DEADLINES

    @property
    def scope(self) -> Scope:
        """What of a shared account is ours beside the things that are named."""
        return Scope(self.scope_names, self.scope_prefix, self.scope_thing_group, self.scope_thing_type)

    @property
    def ota_targets(self) -> tuple[str, ...]:
        """The things that an OTA update is for (OTA-7), beside those of ``ota_thing_groups``."""
        return self.ota_devices or self.devices


def ota_bucket(settings: Settings, account: str) -> str:
    """The bucket's name (OTA-12): the configured one, else ``ota-demo-<account>-<region>``.

    The guide's own name, ota_demo, is none that S3 allows.
    """
    return settings.bucket or f"ota-demo-{account}-{settings.region}"


_THING = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
_OTA_UPDATE_ID = re.compile(r"[A-Za-z0-9_-]{1,56}")
_SIGNING_PROFILE = re.compile(r"[a-zA-Z0-9_]{2,64}")
_ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_POLICY = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_CERTIFICATE_ID = re.compile(r"[0-9a-f]{64}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:([0-9]{1,5})")
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:([0-9]{1,5}))?(/[^\s?#]*)?")
_KINDS = {str: "a text", bool: "true or false", int: "a whole number"}

_thing_name = matches(_THING, "a thing name of 1 to 128 letters, digits, ':', '_' or '-'")
_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "mode": one_of(("onboard", "audit")),
    "target": one_of(TARGETS),
    "edition": one_of(EDITIONS),
    "firmware_profile": one_of(FIRMWARE_PROFILES),
    "client_certificate_version": one_of((1, 3)),
    "region": matches(_REGION, "an AWS Region such as eu-west-1"),
    "account": empty_or(matches(_ACCOUNT, "the twelve digits of an AWS account")),
    "endpoint_url": empty_or(with_port(_URL, 2, "an address such as http://127.0.0.1:5000")),
    "mqtt_endpoint": empty_or(with_port(_HOST_AND_PORT, 1, "HOST:PORT, such as 127.0.0.1:8883")),
    "policy_name": matches(_POLICY, "a policy name of 1 to 128 letters, digits or one of _+=,.@-"),
    "explorer_name": _thing_name,
    "devices": each(_thing_name),
    "real_boards": each(_thing_name),
    "ca_certificate_id": empty_or(matches(_CERTIFICATE_ID, "64 lower-case hexadecimal digits")),
    "ca_subject": subject,
    "device_subject": subject,
    "explorer_subject": subject,
    "ota_devices": each(_thing_name),
    "ota_thing_groups": each(matches(_THING, "a thing group's name of 1 to 128 letters, digits, ':', '_' or '-'")),
    "ota_update_id": empty_or(
        matches(
            _OTA_UPDATE_ID,
            "1 to 56 letters, digits, '_' or '-': no spaces (OTA-6), and the job ID AFR_OTA-<name> has 64 at most",
        )
    ),
    "signing_choice": one_of(SIGNING_CHOICES),
    "signing_profile": matches(_SIGNING_PROFILE, "a signing profile name of 2 to 64 letters, digits or '_'"),
    "image": empty_or(settings_checks.file_that_is_there),
    "crl": empty_or(settings_checks.file_that_is_there),
    "bucket": empty_or(settings_checks.bucket),
    "file_path_on_device": settings_checks.path_on_device,
    "ota_role": matches(_ROLE, "a role name of 1 to 64 letters, digits or one of _+=,.@-"),
    "scope_prefix": empty_or(_thing_name),
    "scope_thing_group": empty_or(_thing_name),
    "scope_thing_type": empty_or(_thing_name),
}

# Where each key of dic.toml goes; a table of the file is a prefix here.
_KEYS: dict[str, str] = {
    "edition": "edition",
    "directory": "directory",
    "aws.region": "region",
    "aws.account": "account",
    "aws.endpoint_url": "endpoint_url",
    "aws.mqtt_endpoint": "mqtt_endpoint",
    "aws.server_ca": "server_ca",
    "aws.exclusive_account": "exclusive_account",
    "ca.certificate_id": "ca_certificate_id",
    "ca.subject": "ca_subject",
    "ca.crl": "crl",
    "policy.name": "policy_name",
    "devices.names": "devices",
    "devices.subject": "device_subject",
    "devices.real_boards": "real_boards",
    "devices.firmware_profile": "firmware_profile",
    "devices.certificate_version": "client_certificate_version",
    "explorer.name": "explorer_name",
    "explorer.subject": "explorer_subject",
    "ota.devices": "ota_devices",
    "ota.thing_groups": "ota_thing_groups",
    "ota.update_id": "ota_update_id",
    "ota.signing": "signing_choice",
    "ota.signing_profile": "signing_profile",
    "ota.image": "image",
    "ota.bucket": "bucket",
    "ota.file_path_on_device": "file_path_on_device",
    "ota.role": "ota_role",
    "scope.names": "scope_names",
    "scope.prefix": "scope_prefix",
    "scope.thing_group": "scope_thing_group",
    "scope.thing_type": "scope_thing_type",
    "accounts": "accounts",
}


def _key(name: str) -> str:
    """What an error calls a setting: as dic.toml does where no option gives it (the OTA half, the revocation list)."""
    return next((key for key, field in _KEYS.items() if field == name and key.startswith(("ota.", "ca.crl"))), name)


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) and (value or any(one.startswith(f"{prefix}{key}.") for one in _KEYS)):
            flat.update(_flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _typed(key: str, name: str, value: Any) -> Any:
    default = getattr(Settings(), name)
    if name == "accounts":
        return accounts_from(value)
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise wrong(key, value, "a list of texts")
        return tuple(value)
    if isinstance(default, Path) and isinstance(value, str):
        return Path(value)
    if type(value) is not type(default):
        raise wrong(key, value, "a text" if isinstance(default, Path) else _KINDS[type(default)])
    return value


def read_file(path: Path) -> dict[str, Any]:
    """The settings that a dic.toml holds, by Settings field; its relative paths count from its own folder.

    Raises UsageError for a file that is missing, is not TOML, or has an unknown key or a value of the wrong type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else (error.strerror or "cannot be read")
        raise UsageError(f"{path.name} cannot be read: {why}", remedy="name a readable file") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path.name} is not TOML: {error}", remedy="correct the place that is named") from error
    values = {}
    for key, value in _flatten(table).items():
        if key not in _KEYS:
            raise settings_checks.unknown_key(path.name, key, _KEYS)
        settings_checks.refuse_nul(key, value)
        values[_KEYS[key]] = _typed(key, _KEYS[key], value)
    return from_folder(values, path.parent)


def from_folder(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The values with the paths among them, where they are relative, counted from ``folder``."""
    placed = dict(values)
    if placed.get("directory"):
        placed["directory"] = folder / placed["directory"]
    for key in ("server_ca", "image", "crl"):
        if placed.get(key):
            placed[key] = str(folder / placed[key])
    return placed


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Validated settings from values by field name; None means "not given".

    Raises UsageError for the first wrong one.
    """
    given = {name: value for name, value in values.items() if value is not None}
    target = given.get("target", "offline")
    given.setdefault("deadlines", OFFLINE_DEADLINES if target == "offline" else Deadlines())
    if given.get("edition") == "2023-06":
        given.setdefault("firmware_profile", "2023-06")
    if given.get("mode") == "audit" and any(given.get(name) for name in given if name.startswith("scope_")):
        given.setdefault("devices", ())  # the account's own things are found by the scope
    elif given.get("edition") == "2023-06":
        given.setdefault("devices", ("DIC_2",))
    elif "devices" not in given:
        given.setdefault("ota_devices", GUIDE_OTA_DEVICES)
    settings = Settings(**given)
    for field in dataclasses.fields(Settings):
        check = _CHECKS.get(field.name)
        if check:
            check(_key(field.name), getattr(settings, field.name))
    _refuse_contradictions(settings)
    return settings


def _refuse_contradictions(settings: Settings) -> None:
    if not settings.devices and not (settings.mode == "audit" and settings.scope):
        raise wrong("devices", [], "at least one device thing: a run that judges nothing is never green")
    names = (*settings.devices, settings.explorer_name)
    twice = {name for name, count in Counter(names).items() if count > 1}
    if twice:
        raise wrong("devices", sorted(twice), "thing names that are unique, since each is a client ID (AWS-7.2)")
    if settings.explorer_name in settings.ota_devices:
        raise wrong(_key("ota_devices"), settings.explorer_name, "devices: MQTT Explorer takes no image")
    impersonates = settings.mode == "onboard" and settings.target == "aws"
    boards = set(settings.real_boards) & set(names) if impersonates else set()
    if boards:
        raise wrong("real_boards", sorted(boards), "boards that this run does not impersonate")
    if settings.target != "offline":
        mqtt = (settings.mqtt_endpoint, settings.server_ca)
        whole_endpoint(settings.endpoint_url, mqtt, onboards=settings.mode == "onboard")
