"""Checks of single settings: each takes the key and the value, and raises UsageError. Imports ``errors`` only."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dicfix.errors import UsageError

_BUCKET = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PLACE = re.compile(r"\{[^{}]*\}")
_FOR_THINGS = ("device_subject", "explorer_subject")
_SUBJECT = re.compile(r"/.*\bCN=[^/]+.*|(?!/).*\bCN=[^,]+.*")


def wrong(key: str, value: object, expected: str, remedy: str = "") -> UsageError:
    """The error for a value that is not what is ``expected``."""
    return UsageError(
        f"{key} is {value!r}", expected=expected, remedy=remedy or f"correct {key} in dic.toml or on the command line"
    )


def unknown_key(file_name: str, key: str, keys: Collection[str]) -> UsageError:
    """The error for a key that no setting has, with the right one where it can be guessed."""
    of_table = [one for one in keys if one.startswith(f"{key}.")]  # a value where a table belongs
    return UsageError(
        f"{file_name} has the unknown key {key!r}",
        expected=", ".join(get_close_matches(key, keys, n=1) or ["one of " + ", ".join(of_table or keys)]),
        remedy="correct it or take it out; README lists all keys",
    )


def refuse_nul(key: str, value: Any) -> None:
    """Refuse a text, or a list with one, that no file name can hold."""
    if any(isinstance(one, str) and "\0" in one for one in (value if isinstance(value, list) else [value])):
        raise wrong(key, value, "a text without the character U+0000")


def matches(pattern: re.Pattern[str], expected: str) -> Callable[[str, Any], None]:
    """A check that a value is a text of this pattern."""

    def check(key: str, value: Any) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise wrong(key, value, expected)

    return check


def one_of(choices: tuple[Any, ...]) -> Callable[[str, Any], None]:
    """A check that a value is one of the choices."""

    def check(key: str, value: Any) -> None:
        if value not in choices:
            raise wrong(key, value, "one of " + ", ".join(str(c) for c in choices))

    return check


def empty_or(inner: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    """A check that a value is empty or passes another check."""
    return lambda key, value: None if value == "" else inner(key, value)


def each(inner: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    """A check that every value of a list passes another check, and is there once."""

    def check(key: str, value: Any) -> None:
        for index, one in enumerate(value):
            inner(f"{key}[{index}]", one)
            if one in value[:index]:
                why = "" if "groups" in key else ", since each is a client ID (AWS-7.2)"
                raise wrong(f"{key}[{index}]", one, f"a name that is unique{why}")

    return check


def with_port(pattern: re.Pattern[str], group: int, expected: str) -> Callable[[str, Any], None]:
    """A check that a value is a text of this pattern whose ``group`` is a port, if it is there."""

    def check(key: str, value: Any) -> None:
        found = pattern.fullmatch(value) if isinstance(value, str) else None
        if found is None or not 0 < int(found[group] or 1) < 65536:
            raise wrong(key, value, expected)

    return check


def subject(key: str, value: Any) -> None:
    """Refuse what is no X.500 name with a common name, or has a place in braces that nothing is put into."""
    if not isinstance(value, str) or not value.isprintable() or not _SUBJECT.fullmatch(value):
        raise wrong(key, value, "an X.500 name with a common name, such as /O=Example/CN=DIC CA")
    places = set(_PLACE.findall(value))
    if places - ({"{thing}"} if key in _FOR_THINGS else set()):
        raise wrong(key, value, "no braces but {thing}, which stands for the thing's name in a client's subject")


def bucket(key: str, value: Any) -> None:
    """Refuse what S3 refuses as a bucket's name, the guide's ota_demo with its reason."""
    if isinstance(value, str) and "_" in value:
        raise wrong(
            key,
            value,
            "a bucket name without an underscore: S3 refuses the guide's ota_demo",
            "leave bucket out (ota-demo-<account>-<region> is then used), or choose a name such as afr-ota-<company>",
        )
    matches(_BUCKET, "3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit first and last")(
        key, value
    )


def file_that_is_there(key: str, value: Any) -> None:
    """Refuse the path of no file."""
    if not isinstance(value, str) or not Path(value).is_file():
        raise wrong(key, value, "a file that is there; a relative path counts from the folder of dic.toml")


def path_on_device(key: str, value: Any) -> None:
    """Refuse an empty path name and one that cannot be printed."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise wrong(key, value, "the path name of the file on the device: any name will do, but not none (OTA-13)")


def whole_endpoint(endpoint_url: str, mqtt: tuple[str, str], *, onboards: bool) -> None:
    """Refuse another endpoint than AWS's that is given in part; ``mqtt`` is its address and its root."""
    given = (endpoint_url, *mqtt)
    if any(given) and (onboards or any(mqtt)) and not all(given):
        raise UsageError(
            "an endpoint is given in part",
            expected="--dicfix-endpoint-url together with --dicfix-mqtt-endpoint and --dicfix-server-ca",
            remedy="give all three, in dic.toml or on the command line",
        )
