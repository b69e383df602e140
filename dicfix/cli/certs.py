"""`dicfix certs`: the guide's keys and certificates in a directory, made or found. Imports them only when run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.errors import UsageError
from dicfix.settings import EDITIONS, FIRMWARE_PROFILES, Settings

if TYPE_CHECKING:
    from dicfix.certificates import Certificate
    from dicfix.keystore import Kept, Keystore

_LABEL = 25
_FIRMWARE = "firmware"
_DEFAULTS = Settings()


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "certs",
        help="make the keys and certificates of the guide's OpenSSL page",
        description="Makes the files of the guide's OpenSSL page, and AmazonRootCA1.pem. What is there is kept.",
    )
    add = parser.add_argument
    add("--dir", type=Path, default=_DEFAULTS.directory, metavar="PATH", help="where the files lie (%(default)s)")
    add("--edition", choices=EDITIONS, default=_DEFAULTS.edition, help="edition of the guide (%(default)s)")
    add("--device", action="append", metavar="NAME", help="thing name; the first has the files device.*, more: NAME.*")
    add("--explorer", default=_DEFAULTS.explorer_name, metavar="NAME", help="thing name of explorer.* (%(default)s)")
    add("--ca-subject", default=_DEFAULTS.ca_subject, metavar="SUBJECT", help="(%(default)s)")
    add("--device-subject", default=_DEFAULTS.device_subject, metavar="SUBJECT", help="of each device (%(default)s)")
    add("--explorer-subject", default=_DEFAULTS.explorer_subject, metavar="SUBJECT", help="(%(default)s)")
    add("--same-subject", action="store_true", help="allow a client to have the CA's own subject")
    add("--registration-code", metavar="CODE", help="edition 2024-04: the code that AWS IoT gives for this account")
    add("--client-certificate-version", type=int, choices=(1, 3), default=_DEFAULTS.client_certificate_version)
    add("--firmware-profile", choices=FIRMWARE_PROFILES, help="also write the C text for each device")
    add("--host", metavar="NAME", help="the account's data endpoint (ATS), for --firmware-profile")
    add("--overwrite", action="store_true", help="make every file anew, existing keys included")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Make or find every file, one a line, with remarks after them; keys are never printed."""
    from dicfix.keystore import Keystore, stems

    _refuse_contradictions(args)
    devices = args.device or list(_DEFAULTS.devices)
    names = stems(devices, args.explorer)
    store = Keystore(args.dir)
    notes: list[str] = []
    for kept, certificate in _kept(store, args, names):
        _print(kept, certificate)
        notes += kept.notes
    for thing, kept in _firmware(store, args, {thing: names[thing] for thing in devices}):
        _print(kept, None, f"{_FIRMWARE}/{thing}/")
    if args.edition == "2024-04" and not args.registration_code:
        notes.append("the verification certificate needs --registration-code (aws iot get-registration-code)")
    for note in notes:
        print(f"note: {note}")
    return 0


def _refuse_contradictions(args: argparse.Namespace) -> None:
    if args.registration_code and args.edition != "2024-04":
        raise UsageError(
            f"The edition {args.edition} has no verification certificate", remedy="give --edition 2024-04 with the code"
        )
    if args.firmware_profile and not args.host:
        raise UsageError("The firmware material needs the endpoint", remedy="give --host with --firmware-profile")
    if args.host and not args.firmware_profile:
        raise UsageError("--host goes into firmware material only", remedy="give --firmware-profile with --host")
    if args.host and any(character in args.host for character in ":/ "):
        expected = "the name alone, such as abc-ats.iot.<region>.amazonaws.com"
        raise UsageError(f"{args.host!r} is no host name", expected=expected)


def _kept(store: Keystore, args: argparse.Namespace, names: dict[str, str]) -> Iterator[tuple[Kept[Any], Certificate]]:
    ca = store.ensure_ca(args.ca_subject, overwrite=args.overwrite)
    yield ca, ca.material.certificate
    for thing, stem in names.items():
        template = args.explorer_subject if thing == args.explorer else args.device_subject
        client = store.ensure_client(
            stem,
            template.replace("{thing}", thing),
            version=args.client_certificate_version,
            same_subject=args.same_subject,
            overwrite=args.overwrite,
        )
        yield client, client.material.certificate
    if args.registration_code:
        verification = store.ensure_verification(args.registration_code, overwrite=args.overwrite)
        yield verification, verification.material.certificate
    root = store.ensure_server_root(overwrite=args.overwrite)
    yield root, root.material


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


def _print(kept: Kept[Any], certificate: Certificate | None, prefix: str = "") -> None:
    for word, names in (("found", kept.found), ("made", kept.made)):
        for name in names:
            print(f"{prefix + name:<{_LABEL}} {word}{_about(name, certificate)}")


def _about(name: str, certificate: Certificate | None) -> str:
    if certificate is None or not name.endswith((".crt", ".pem")):
        return ""
    until = f"{certificate.not_after:%Y-%m-%d}"
    return f"  {certificate.subject}, version {certificate.version}, until {until}, {certificate.certificate_id[:16]}"
