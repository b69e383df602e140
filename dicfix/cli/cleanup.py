"""`dicfix cleanup`: removes from an AWS account what the journal says was made there. Imports boto3 when run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.errors import UsageError
from dicfix.settings import Settings, from_folder, read_file, settings_from

if TYPE_CHECKING:
    from dicfix.accounts.journal import Journal
    from dicfix.accounts.site import Site

_DEFAULTS = Settings()


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "cleanup",
        help="remove from an AWS account what an onboarding made there",
        description="Removes what the journal in the certificate directory says this project made, and nothing else. "
        "Certificates and keys on this machine stay.",
    )
    add = parser.add_argument
    add("--directory", type=Path, metavar="PATH", help="where certificates and journal lie (certificates)")
    add("--account", metavar="DIGITS", help="the account that may be changed (default: dic.toml's)")
    add("--region", metavar="REGION", help=f"the AWS Region ({_DEFAULTS.region})")
    add("--endpoint-url", metavar="URL", help="any AWS-compatible API endpoint instead of AWS")
    add("--config", type=Path, metavar="FILE", help="settings file (default: dic.toml, if there)")
    add("--dry-run", action="store_true", help="list what would be removed, and change nothing")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Remove what is ours, one line each; nothing to remove is no error."""
    from dicfix.accounts.journal import Journal
    from dicfix.wiring import JOURNAL

    settings = _settings(args)
    path = settings.directory / JOURNAL
    if not path.exists():
        raise UsageError(
            f"there is no journal {JOURNAL} in the directory {settings.directory.name}",
            expected="the certificate directory of the onboarding",
            remedy="name it with --directory",
        )
    journal = Journal(path)
    if not len(journal):
        print("The journal holds nothing that is not removed already.")
        return 0
    return _clean(_site(settings, journal), dry_run=args.dry_run)


def _settings(args: argparse.Namespace) -> Settings:
    file = args.config or Path("dic.toml")
    values = read_file(file) if args.config or file.exists() else {}
    given = {name: getattr(args, name) for name in ("directory", "account", "region", "endpoint_url")}
    values |= {name: value for name, value in from_folder(given, Path()).items() if value is not None}
    for name in ("mqtt_endpoint", "server_ca"):  # no MQTT here: an endpoint may be given without them
        values.pop(name, None)
    return settings_from({**values, "target": "aws", "mode": "audit"})


def _site(settings: Settings, journal: Journal) -> Site:
    from dataclasses import replace

    from dicfix.accounts.guards import require_login
    from dicfix.accounts.reading import Reader
    from dicfix.accounts.site import Site
    from dicfix.aws.session import AwsSession
    from dicfix.keystore import Keystore
    from dicfix.records import LocalFiles
    from dicfix.wiring import now_utc

    settings = replace(settings, mode="onboard")  # it writes: the account must be named
    endpoint = {"endpoint_url": settings.endpoint_url} if settings.endpoint_url else {}
    session = AwsSession({"region_name": settings.region, **endpoint})
    require_login(session, settings)
    reader = Reader(session, settings, LocalFiles)
    return Site(session, settings, Keystore(settings.directory), journal, reader, now_utc)


def _clean(site: Site, *, dry_run: bool) -> int:
    from dicfix.accounts import offboarding

    entries = offboarding.ours(site)
    where = f"account {site.caller.account}, {site.session.region}"
    elsewhere = {(one.account, one.region) for one in site.journal} - {(site.caller.account, site.session.region)}
    if dry_run:
        for entry in entries:
            print(f"would remove  {offboarding.label(entry)}")
    else:
        for name, removed in offboarding.removals(site):
            print(f"{'removed' if removed else 'gone':8} {name}", flush=True)
    print(f"{len(entries)} in {where}{' would be removed' if dry_run else ''}.")
    for account, region in sorted(elsewhere):
        count = sum((one.account, one.region) == (account, region) for one in site.journal)
        print(f"The journal also holds {count} of account {account}, {region}: run again for that one.")
    return 0
