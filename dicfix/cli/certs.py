"""`dicfix certs`: the guide's keys and certificates in a directory, made, found, told. Imports them only when run."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.cli.columns import wrapped
from dicfix.errors import UsageError
from dicfix.settings import FIRMWARE_PROFILES, Settings, from_folder, read_file, settings_from

if TYPE_CHECKING:
    from dicfix.keystore import Inspector, Kept, Keystore, Seen

_LABEL = 25
_FIRMWARE = "firmware"
_DEFAULTS = Settings()
_CONFIG = "dic.toml"
_WITH_VERIFICATION = "2024-04"
_CODE = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_MAKING_ONLY = ("same_subject", "registration_code", "firmware_profile", "host", "overwrite")
_FIELDS = {
    "dir": "directory",
    "edition": "edition",
    "device": "devices",
    "explorer": "explorer_name",
    "ca_subject": "ca_subject",
    "device_subject": "device_subject",
    "explorer_subject": "explorer_subject",
    "client_certificate_version": "client_certificate_version",
}
"""Which setting each option stands for."""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "certs",
        help="make the keys and certificates of the guide's OpenSSL page, and tell what each file is",
        description="Makes the files of the guide's OpenSSL page, and AmazonRootCA1.pem, and tells what each one is. "
        "What is there is kept and held to fit together. With --inspect nothing is made: every file that is there is "
        "told with kind of key, subject, issuer, validity, what it fits and its mode; exit code 1 if one does not fit. "
        f"Names, subjects, edition and directory come from the options, else from {_CONFIG}, else from the guide.",
    )
    add = parser.add_argument
    add("--inspect", action="store_true", help="make nothing: tell of every file that is there, and what does not fit")
    add("--config", type=Path, metavar="FILE", help=f"settings file (default: {_CONFIG}, if there)")
    add("--dir", type=Path, metavar="PATH", help=f"where the files lie ({_DEFAULTS.directory})")
    add("--edition", metavar="NAME", help=f"edition of the guide ({_DEFAULTS.edition})")
    add("--device", action="append", metavar="NAME", help="thing name; the first has the files device.*, more: NAME.*")
    add("--explorer", metavar="NAME", help=f"thing name of explorer.* ({_DEFAULTS.explorer_name})")
    add("--ca-subject", metavar="SUBJECT", help=f"({_DEFAULTS.ca_subject})")
    add("--device-subject", metavar="SUBJECT", help=f"of each device ({_DEFAULTS.device_subject})")
    add("--explorer-subject", metavar="SUBJECT", help=f"({_DEFAULTS.explorer_subject})")
    add("--client-certificate-version", type=int, metavar="N", help="1, as OpenSSL 3.0 makes it (default), or 3")
    making = parser.add_argument_group("for making").add_argument
    making("--same-subject", action="store_true", help="allow a client to have the CA's own subject")
    making("--registration-code", metavar="CODE", help="edition 2024-04: the code that AWS IoT gives for this account")
    making("--firmware-profile", choices=FIRMWARE_PROFILES, help="also write the C text for each device")
    making("--host", metavar="NAME", help="the account's data endpoint (ATS), for --firmware-profile")
    making("--overwrite", action="store_true", help="make every file anew, existing keys included")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Make or find every file, or only look; what each one is, then remarks. Keys are never printed."""
    from dicfix.keystore import Inspector, stems

    settings = _settings(args)
    _refuse_contradictions(args, settings)
    names = stems(settings.devices, settings.explorer_name)
    verification = settings.edition == _WITH_VERIFICATION
    inspector = Inspector(settings.directory, names.values(), now=lambda: datetime.now(UTC), verification=verification)
    return _inspect(inspector) if args.inspect else _make(args, settings, names, inspector)


def _settings(args: argparse.Namespace) -> Settings:
    file = args.config or Path(_CONFIG)
    values = read_file(file) if args.config or file.exists() else {}
    given = {field: getattr(args, option) for option, field in _FIELDS.items()}
    if args.device:
        given["devices"] = tuple(args.device)
    values |= {name: value for name, value in from_folder(given, Path()).items() if value is not None}
    return settings_from(values)


def _refuse_contradictions(args: argparse.Namespace, settings: Settings) -> None:
    options = [f"--{name.replace('_', '-')}" for name in _MAKING_ONLY if getattr(args, name)]
    if args.inspect and options:
        raise UsageError(f"--inspect makes nothing, and {options[0]} is for making", remedy="leave one of them out")
    if args.registration_code and settings.edition != _WITH_VERIFICATION:
        raise UsageError(
            f"The edition {settings.edition} has no verification certificate",
            remedy="give --edition 2024-04 with the code",
        )
    if args.firmware_profile and not args.host:
        raise UsageError("The firmware material needs the endpoint", remedy="give --host with --firmware-profile")
    if args.host and not args.firmware_profile:
        raise UsageError("--host goes into firmware material only", remedy="give --firmware-profile with --host")
    if args.host and any(character in args.host for character in ":/ "):
        expected = "the name alone, such as abc-ats.iot.<region>.amazonaws.com"
        raise UsageError(f"{args.host!r} is no host name", expected=expected, remedy="leave scheme and port out")
    if args.registration_code and not _CODE.fullmatch(args.registration_code.strip()):
        raise UsageError(
            "--registration-code is none that AWS IoT gives",
            expected="64 hexadecimal digits",
            remedy="copy all of what aws iot get-registration-code prints",
        )


def _inspect(inspector: Inspector) -> int:
    seen = list(inspector.everything())
    for one in seen:
        _print(one.file_name, "there" if one.there else "absent", one)
    problems = [problem for one in seen for problem in one.problems]
    for problem in problems:
        print(f"problem: {problem}")
    there = sum(one.there for one in seen)
    print(f"{there} files there, {len(seen) - there} absent, {len(problems) or 'no'} problems.")
    return 1 if problems else 0


def _make(args: argparse.Namespace, settings: Settings, names: dict[str, str], inspector: Inspector) -> int:
    from dicfix.keystore import Keystore

    store = Keystore(settings.directory)
    notes: list[str] = []
    for kept in _kept(store, args, settings, names):
        for name, word in _words(kept):
            _print(name, word, inspector.seen(name))
        notes += kept.notes
    for thing, kept in _firmware(store, args, {thing: names[thing] for thing in settings.devices}):
        for name, word in _words(kept):
            _print(f"{_FIRMWARE}/{thing}/{name}", word, None)
    if settings.edition == _WITH_VERIFICATION and not args.registration_code:
        notes.append("the verification certificate needs --registration-code (aws iot get-registration-code)")
    for note in notes:
        print(f"note: {note}")
    return 0


def _kept(store: Keystore, args: argparse.Namespace, settings: Settings, names: dict[str, str]) -> Iterator[Kept[Any]]:
    yield store.ensure_ca(settings.ca_subject, overwrite=args.overwrite)
    for thing, stem in names.items():
        template = settings.explorer_subject if thing == settings.explorer_name else settings.device_subject
        yield store.ensure_client(
            stem,
            template.replace("{thing}", thing),
            version=3 if settings.client_certificate_version == 3 else 1,
            same_subject=args.same_subject,
            overwrite=args.overwrite,
        )
    if args.registration_code:
        yield store.ensure_verification(args.registration_code, overwrite=args.overwrite)
    yield store.ensure_server_root(overwrite=args.overwrite)


def _firmware(store: Keystore, args: argparse.Namespace, names: dict[str, str]) -> Iterator[tuple[str, Kept[Path]]]:
    from dicfix.firmware import FirmwareMaterial, firmware_files, profile
    from dicfix.keystore import Keystore

    if not args.firmware_profile:
        return
    root = store.ensure_server_root().material.pem
    for thing, stem in names.items():
        client = store.client(stem)
        material = FirmwareMaterial(args.host, thing, root, client.certificate.pem, client.key.pem)
        at = Keystore(store.path(_FIRMWARE) / thing)
        for name, text in firmware_files(profile(args.firmware_profile), material).items():
            holds_key = material.device_key.splitlines()[1] in text
            yield thing, at.ensure_text(name, text, holds_key=holds_key, overwrite=args.overwrite)


def _words(kept: Kept[Any]) -> Iterator[tuple[str, str]]:
    for word, names in (("found", kept.found), ("made", kept.made)):
        yield from ((name, word) for name in names)


def _print(name: str, word: str, seen: Seen | None) -> None:
    """The file, what was done, and what it is: one fact after the other, in a hundred columns."""
    first = f"{name:<{_LABEL}} {word:<7}"
    print("\n".join(wrapped(first, "; ".join(seen.facts)) if seen and seen.facts else [first.rstrip()]))
