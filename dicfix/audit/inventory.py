"""An inventory as a file, and back: JSON Lines, one record a line, so that a fleet needs no more room than its records.

The first line says what it is (kind, schema, about), the last one how many lines came between, so that a file that was
cut off is told from a whole one. Key material stays out: the firmware's own files and the Explorer's profile.
May import ``records``, ``settings`` and ``errors``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from dicfix.errors import UsageError
from dicfix.fields import NOT_ASKED, Unread
from dicfix.records import Caller, Inventory, LocalFiles
from dicfix.settings import Settings

KIND = "dicfix inventory"
SCHEMA = 1
LEFT_OUT = frozenset({"explorer", "exchanges", "registration_code"})
"""Parts that are not saved: the profile has the Explorer's key inside, the others belong to an onboarding."""
NOT_SAVED = Unread("the inventory file", "NotGiven", "firmware files hold the device's key and are not saved")
_UNREAD = "$unread"
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)

Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]


DEVICES = ("devices", "ota_devices", "ota_thing_groups")
"""Settings that a saved inventory brings along: what is a device in it."""


class Saved(NamedTuple):
    """What a file holds: the inventory, and what its maker said about it (``devices``, ``started``, ``edition``)."""

    inventory: Inventory
    about: Mapping[str, Any]

    def defaults(self) -> dict[str, Any]:
        """What it says of itself by the name of the setting, for where neither option nor file says otherwise."""
        caller = self.inventory.caller
        found: dict[str, Any] = {"region": caller.region} if isinstance(caller, Caller) else {}
        for name in DEVICES:
            if isinstance(self.about.get(name), list):
                found[name] = tuple(map(str, self.about[name]))
        if self.about.get("edition"):
            found["edition"] = str(self.about["edition"])
        return found

    def unsaid(self, file: Mapping[str, Any]) -> dict[str, Any]:
        """Of its defaults what a settings file leaves open: one that names any device says which devices there are."""
        told = set(DEVICES) if set(DEVICES) & set(file) else set()
        return {name: value for name, value in self.defaults().items() if name not in told}


def about_of(settings: Settings, started: str) -> dict[str, Any]:
    """What the maker of an inventory says about it; ``started`` is ISO 8601."""
    return {
        **{name: list(getattr(settings, name)) for name in DEVICES},
        "edition": settings.edition,
        "started": started,
    }


def write_inventory(path: Path, inventory: Inventory, about: Mapping[str, Any] | None = None) -> None:
    """Save an inventory; the file is its owner's alone. Raises UsageError when it cannot be written."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            _write(file, inventory, about or {})
        os.replace(partial, path)
    except OSError as error:
        raise UsageError(
            f"the inventory {path.name} cannot be written: {error.strerror}", remedy="name a file in a folder of yours"
        ) from error


def _write(file: TextIO, inventory: Inventory, about: Mapping[str, Any]) -> None:
    count = 0
    file.write(_line({"kind": KIND, "schema": SCHEMA, "about": dict(about)}))
    for row in rows(inventory):
        file.write(_line(row))
        count += 1
    file.write(_line({"end": count}))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n"


def rows(inventory: Inventory) -> Iterator[dict[str, Any]]:
    """The inventory as JSON values: a row for each part, and for each member of a part that is a mapping."""
    for field in dataclasses.fields(Inventory):
        value = getattr(inventory, field.name)
        if field.name in LEFT_OUT or value == NOT_ASKED:
            continue
        if isinstance(value, LocalFiles):
            value = dataclasses.replace(
                value, header=_left_out(value.header), certificate_source=_left_out(value.certificate_source)
            )
        if isinstance(value, Mapping):
            yield {"part": field.name, "mapping": len(value)}
            for key, member in value.items():
                yield {"in": field.name, "key": key, "value": _plain(member)}
        else:
            yield {"part": field.name, "value": _plain(value)}


def _left_out(text: Any) -> Any:
    return text if text is None or isinstance(text, Unread) else NOT_SAVED


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _KEY.sub("<private key>", value) if "PRIVATE KEY" in value else value
    if value is None or isinstance(value, int | float | bool):
        return value
    if isinstance(value, Unread):
        return {_UNREAD: [value.operation, value.code, value.message, value.permission]}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(member) for member in value)
    if isinstance(value, tuple | list):
        return [_plain(member) for member in value]
    kind: Any = type(value)
    return {name: _plain(getattr(value, name)) for name in _names(kind)}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def read_inventory(path: Path) -> Saved:
    """The inventory of a file. Raises UsageError when it cannot be read, is none, of another schema or was cut off."""
    try:
        with path.open(encoding="utf-8") as file:
            return _read(file, path.name)
    except OSError as error:
        raise UsageError(
            f"the inventory {path.name} cannot be read: {error.strerror}", remedy="name a readable file"
        ) from error
    except UnicodeDecodeError as error:
        raise _no_inventory(path.name, "it is not UTF-8 text") from error


def _no_inventory(name: str, why: str) -> UsageError:
    return UsageError(
        f"{name} is no whole inventory of dicfix: {why}",
        expected=f"a file of schema {SCHEMA} as `dicfix audit --save-inventory` writes it",
        remedy="save the inventory again",
    )


def _read(file: Iterable[str], name: str) -> Saved:
    lines = _parsed(file, name)
    first = next(lines, {})
    if first.get("kind") != KIND:
        raise _no_inventory(name, "its first line does not say that it is one")
    if first.get("schema") != SCHEMA:
        raise _no_inventory(name, f"it is of schema {first.get('schema')!r}")
    parts: dict[str, Any] = {}
    for count, row in enumerate(lines):
        if "end" in row:
            if row["end"] != count or next(lines, None) is not None:
                raise _no_inventory(name, f"line {count + 2} ends it, and does not fit the lines that are there")
            return Saved(_inventory(parts, name), first.get("about") or {})
        try:
            _take(row, parts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _no_inventory(name, f"line {count + 2} does not fit the records ({error})") from error
    raise _no_inventory(name, "it was cut off: its last line is missing")


def _parsed(file: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _no_inventory(name, f"line {number} is not JSON, or was cut off") from error
        if not isinstance(row, dict):
            raise _no_inventory(name, f"line {number} is no object")
        yield row


def _take(row: Mapping[str, Any], parts: dict[str, Any]) -> None:
    if "in" in row:
        parts[row["in"]][row["key"]] = _member_decoder(row["in"])(row["value"])
    elif "mapping" in row:
        _part_decoder(row["part"])
        parts[row["part"]] = {}
    else:
        parts[row["part"]] = _part_decoder(row["part"])(row["value"])


def _inventory(parts: Mapping[str, Any], name: str) -> Inventory:
    try:
        return Inventory(**parts)
    except TypeError as error:
        raise _no_inventory(name, str(error)) from error


@cache
def _part_decoder(part: str) -> Decode:
    if part in LEFT_OUT:
        raise KeyError(part)
    return _decoder(_hints(Inventory)[part])


@cache
def _member_decoder(part: str) -> Decode:
    kinds = typing.get_args(_hints(Inventory)[part])
    mapping = next(one for one in kinds if typing.get_origin(one) is Mapping)
    return _decoder(typing.get_args(mapping)[1])


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _decoder(kind: Any) -> Decode:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _of_union(arguments)
    if origin is Mapping:
        member = _decoder(arguments[1])
        return lambda value: {key: member(one) for key, one in value.items()}
    if origin in (tuple, frozenset):
        member = _decoder(arguments[0])
        return lambda value: origin(member(one) for one in value)
    if dataclasses.is_dataclass(kind):
        return _of_record(kind)  # type: ignore[arg-type]
    if kind is datetime:
        return datetime.fromisoformat
    return _of_plain(kind)


def _of_plain(kind: Any) -> Decode:
    kinds = {float: (int, float)}.get(kind, (kind,))

    def decode(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError(f"{value!r:.40} is no {kind.__name__}")
        return value

    return decode


def _of_union(kinds: Iterable[Any]) -> Decode:
    """A field: its value, or an Unread, or None where nothing may be."""
    others = [one for one in kinds if one not in (Unread, type(None))]
    optional = type(None) in kinds
    decode = _decoder(others[0])

    def decode_field(value: Any) -> Any:
        if value is None and optional:
            return None
        if isinstance(value, dict) and value.keys() == {_UNREAD} and isinstance(value[_UNREAD], list):
            return Unread(*value[_UNREAD])
        return decode(value)

    return decode_field


def _of_record(kind: type) -> Decode:
    members = [(name, _decoder(_hints(kind)[name])) for name in _names(kind)]

    def decode(value: Any) -> Any:
        return kind(**{name: member(value[name]) for name, member in members if name in value})

    return decode
