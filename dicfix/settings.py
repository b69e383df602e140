"""The settings of a run: the guide's own names unless dic.toml or an option says otherwise, validated once.

May import ``guide`` and ``errors``; reads one file and nothing else.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicfix.errors import UsageError

EDITIONS = ("2023-06", "2023-08", "2024-04")
DEFAULT_EDITION = "2023-08"
FIRMWARE_PROFILES = ("2023-06", "2023-08")
TARGETS = ("offline", "aws")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a run waits for what AWS does late, in seconds; offline everything happens at once."""

    policy_effect_s: float = 600.0
    detach_s: float = 360.0
    deactivation_s: float = 600.0
    connect_s: float = 30.0
    message_s: float = 30.0
    poll_s: float = 2.0


OFFLINE_DEADLINES = Deadlines(10.0, 10.0, 10.0, 10.0, 10.0, 0.02)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the user may choose. Names are those of the guide (AWS-5, AWS-6, EXP-5) unless given.

    ``mode`` is ``onboard`` or ``audit``; ``target`` ``offline`` or ``aws``; ``account`` the twelve digits that the run
    is meant for (empty: none named); ``ca_certificate_id`` which registered CA is ours when no CA.crt lies in
    ``directory``. Subjects are OpenSSL's ``/C=DE/CN=name`` form.
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
    ca_subject: str = "/O=dicfix/CN=DIC CA"
    device_subject: str = "/O=dicfix/CN={thing}"
    explorer_subject: str = "/O=dicfix/CN={thing}"
    client_certificate_version: int = 1
    firmware_profile: str = "2023-08"
    real_boards: tuple[str, ...] = ()
    exclusive_account: bool = False
    keep: bool = False
    adopt: bool = False
    allow_rules: bool = False
    deadlines: Deadlines = OFFLINE_DEADLINES


_THING = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
_POLICY = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_CERTIFICATE_ID = re.compile(r"[0-9a-f]{64}")
_ACCOUNT = re.compile(r"\d{12}")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:(\d{1,5})")
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:(\d{1,5}))?(/[^\s?#]*)?")
_SUBJECT = re.compile(r"/.*\bCN=[^/]+.*|(?!/).*\bCN=[^,]+.*")
_KINDS = {str: "a text", bool: "true or false", int: "a whole number"}


def _wrong(key: str, value: object, expected: str, remedy: str = "") -> UsageError:
    return UsageError(
        f"{key} is {value!r}", expected=expected, remedy=remedy or f"correct {key} in dic.toml or on the command line"
    )


def _matches(pattern: re.Pattern[str], expected: str) -> Callable[[str, Any], None]:
    def check(key: str, value: Any) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _wrong(key, value, expected)

    return check


def _one_of(choices: tuple[Any, ...]) -> Callable[[str, Any], None]:
    def check(key: str, value: Any) -> None:
        if value not in choices:
            raise _wrong(key, value, "one of " + ", ".join(str(c) for c in choices))

    return check


def _empty_or(inner: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    return lambda key, value: None if value == "" else inner(key, value)


def _each(inner: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    def check(key: str, value: Any) -> None:
        for index, one in enumerate(value):
            inner(f"{key}[{index}]", one)

    return check


def _with_port(pattern: re.Pattern[str], group: int, expected: str) -> Callable[[str, Any], None]:
    def check(key: str, value: Any) -> None:
        found = pattern.fullmatch(value) if isinstance(value, str) else None
        if found is None or not 0 < int(found[group] or 1) < 65536:
            raise _wrong(key, value, expected)

    return check


def _subject(key: str, value: Any) -> None:
    if not isinstance(value, str) or not value.isprintable() or not _SUBJECT.fullmatch(value):
        raise _wrong(key, value, "an X.500 name with a common name, such as /O=Example/CN=DIC CA")


_thing_name = _matches(_THING, "a thing name of 1 to 128 letters, digits, ':', '_' or '-'")
_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "mode": _one_of(("onboard", "audit")),
    "target": _one_of(TARGETS),
    "edition": _one_of(EDITIONS),
    "firmware_profile": _one_of(FIRMWARE_PROFILES),
    "client_certificate_version": _one_of((1, 3)),
    "region": _matches(_REGION, "an AWS Region such as eu-west-1"),
    "account": _empty_or(_matches(_ACCOUNT, "the twelve digits of an AWS account")),
    "endpoint_url": _empty_or(_with_port(_URL, 2, "an address such as http://127.0.0.1:5000")),
    "mqtt_endpoint": _empty_or(_with_port(_HOST_AND_PORT, 1, "HOST:PORT, such as 127.0.0.1:8883")),
    "policy_name": _matches(_POLICY, "a policy name of 1 to 128 letters, digits or one of _+=,.@-"),
    "explorer_name": _thing_name,
    "devices": _each(_thing_name),
    "real_boards": _each(_thing_name),
    "ca_certificate_id": _empty_or(_matches(_CERTIFICATE_ID, "64 lower-case hexadecimal digits")),
    "ca_subject": _subject,
    "device_subject": _subject,
    "explorer_subject": _subject,
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
    "policy.name": "policy_name",
    "devices.names": "devices",
    "devices.subject": "device_subject",
    "devices.real_boards": "real_boards",
    "devices.firmware_profile": "firmware_profile",
    "devices.certificate_version": "client_certificate_version",
    "explorer.name": "explorer_name",
    "explorer.subject": "explorer_subject",
}


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
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _wrong(key, value, "a list of texts")
        return tuple(value)
    if isinstance(default, Path) and isinstance(value, str):
        return Path(value)
    if type(value) is not type(default):
        raise _wrong(key, value, "a text" if isinstance(default, Path) else _KINDS[type(default)])
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
        raise UsageError(f"{path.name} is not TOML: {error}", remedy="correct the line that is named") from error
    values = {}
    for key, value in _flatten(table).items():
        if key not in _KEYS:
            raise UsageError(f"{path.name} has the unknown key {key!r}", expected="one of " + ", ".join(_KEYS))
        values[_KEYS[key]] = _typed(key, _KEYS[key], value)
    return from_folder(values, path.parent)


def from_folder(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The values with ``directory`` and ``server_ca``, where they are relative, counted from ``folder``."""
    placed = dict(values)
    if placed.get("directory"):
        placed["directory"] = folder / placed["directory"]
    if placed.get("server_ca"):
        placed["server_ca"] = str(folder / placed["server_ca"])
    return placed


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Validated settings from values by field name; None means "not given".

    Raises UsageError for the first wrong one.
    """
    given = {name: value for name, value in values.items() if value is not None}
    target = given.get("target", "offline")
    given.setdefault("deadlines", OFFLINE_DEADLINES if target == "offline" else Deadlines())
    if given.get("edition") == "2023-06":
        given.setdefault("devices", ("DIC_2",))
        given.setdefault("firmware_profile", "2023-06")
    settings = Settings(**given)
    for field in dataclasses.fields(Settings):
        check = _CHECKS.get(field.name)
        if check:
            check(field.name, getattr(settings, field.name))
    _refuse_contradictions(settings)
    return settings


def _refuse_contradictions(settings: Settings) -> None:
    if not settings.devices:
        raise _wrong("devices", [], "at least one device thing: a run that judges nothing is never green")
    names = (*settings.devices, settings.explorer_name)
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise _wrong("devices", sorted(twice), "thing names that are unique, since each is a client ID (AWS-7.2)")
    impersonates = settings.mode == "onboard" and settings.target == "aws"
    boards = set(settings.real_boards) & set(names) if impersonates else set()
    if boards:
        raise _wrong("real_boards", sorted(boards), "boards that this run does not impersonate")
    _refuse_half_an_endpoint(settings)


def _refuse_half_an_endpoint(settings: Settings) -> None:
    if settings.target == "offline":
        return
    mqtt = (settings.mqtt_endpoint, settings.server_ca)
    needed = settings.mode == "onboard" or any(mqtt)
    if any((settings.endpoint_url, *mqtt)) and needed and not all((settings.endpoint_url, *mqtt)):
        raise UsageError(
            "an endpoint is given in part",
            expected="--dicfix-endpoint-url together with --dicfix-mqtt-endpoint and --dicfix-server-ca",
            remedy="give all three, in dic.toml or on the command line",
        )
