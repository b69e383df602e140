"""The options with which a command names its account, beside dic.toml. Reads one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dicfix.errors import UsageError
from dicfix.settings import Settings, from_folder, read_file, settings_from

if TYPE_CHECKING:
    from dicfix.audit.inventory import Saved

_DEFAULTS = Settings()
_NAMES = ("target", "account", "region", "edition", "directory", "endpoint_url")
CONFIG = "dic.toml"
_ONLY_AWS = {
    "endpoint_url": "which has an endpoint of its own",
    "directory": "which makes certificates of its own",
}
"""Options that mean nothing for target offline, and why not; in dic.toml they wait for their turn."""


def add_settings_options(parser: argparse.ArgumentParser) -> None:
    """Add target, account, Region, edition, certificate directory, endpoint and settings file."""
    add = parser.add_argument_group("whose account").add_argument
    add("--target", metavar="TARGET", help="offline: an embedded account (default); aws: the real one")
    add("--account", metavar="DIGITS", help="the account that this run is meant for; any other is refused")
    add("--region", metavar="REGION", help=f"the AWS Region ({_DEFAULTS.region})")
    add("--edition", metavar="NAME", help=f"the edition of the guide ({_DEFAULTS.edition})")
    add("--directory", type=Path, metavar="PATH", help="where certificates lie, if they do (certificates; target aws)")
    add("--endpoint-url", metavar="URL", help="any AWS-compatible API endpoint instead of AWS (target aws)")
    add("--config", type=Path, metavar="FILE", help=f"settings file (default: {CONFIG}, if there)")


def settings_of(args: argparse.Namespace, saved: Saved | None = None) -> Settings:
    """The settings of an audit: option, file, saved inventory, the guide's own names, the first of them that says it.

    Raises UsageError.
    """
    file = args.config or Path(CONFIG)
    from_file = read_file(file) if args.config or file.exists() else {}
    values = {**(saved.unsaid(from_file) if saved else {}), **from_file}
    given = from_folder({name: getattr(args, name) for name in _NAMES}, Path())
    values |= {name: value for name, value in given.items() if value is not None}
    if values.get("target", "offline") == "offline":
        _refuse_what_only_aws_has(args)
    values["probe"] = probe = bool(getattr(args, "probe", False))
    for name in () if probe else ("mqtt_endpoint", "server_ca"):  # no MQTT: an endpoint may be given without them
        values.pop(name, None)
    return settings_from({**values, "mode": "audit"})


def _refuse_what_only_aws_has(args: argparse.Namespace) -> None:
    for name, why in _ONLY_AWS.items():
        if not getattr(args, name):
            continue
        option = f"--{name.replace('_', '-')}"
        if getattr(args, "inventory", None):
            raise UsageError(
                f"{option} is given for a saved inventory, which holds all that is judged",
                expected=f"--inventory without {option}",
                remedy=f"leave {option} out",
            )
        raise UsageError(
            f"{option} is given for target offline, {why}",
            expected="--target aws beside it",
            remedy="give both, or leave it out",
        )
