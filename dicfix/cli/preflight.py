"""`dicfix preflight FILE...`: an image or the firmware's own files, checked against the account before the flashing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.cli.one_client_options import add_source_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dicfix.audit.build_files import Build
    from dicfix.audit.device import Link


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "preflight",
        help="check an image or the firmware's files against the account",
        description="Looks for host, client ID and certificate in an image (.gbl, .rps), a dic_config.h or a "
        "certificate source, and checks them read-only against the account. Header and certificate source together are "
        "one build. Keys are never printed. Exit codes: 0 ok, 1 something is wrong, 2 usage, 3 something cannot be "
        "seen or read, 4 no or wrong account.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="image, dic_config.h or certificate source")
    add_source_options(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the checks of each build; the exit code is that of the worst."""
    from dicfix.audit.build_files import read_builds
    from dicfix.cli.settings_options import settings_of
    from dicfix.firmware import profile

    settings = settings_of(args)
    names = tuple(dict.fromkeys((*settings.devices, *settings.ota_targets, settings.explorer_name)))
    builds = read_builds(args.files, profile(settings.firmware_profile), names)
    codes = [_check(args, build) for build in builds]
    return next(one for one in (1, 3, 0) if one in codes)


def _check(args: argparse.Namespace, build: Build) -> int:
    from dicfix.audit.preflight import NEEDS, NOBODY, client_of, exit_code_of, local_of, of_saved, preflight
    from dicfix.cli.one_client import is_thing_name, lines_of, read_for, title

    name = client_of(build)
    asked = name if is_thing_name(name) else NOBODY  # what is no thing's name is no thing: nothing to ask for
    read = read_for(args, asked, NEEDS, local=lambda: local_of(build))
    inventory = of_saved(read.saved, build, read.settings.explorer_name) if read.saved else read.inventory
    links = preflight(build, inventory, read.settings, read.now)
    print("\n".join([title(build.name, read), *lines_of(links, remedies=True), "", *_verdict(links), ""]))
    return exit_code_of(links)


def _verdict(links: tuple[Link, ...]) -> Iterator[str]:
    from dicfix.audit.device import State

    for state, words in ((State.BROKEN, "wrong"), (State.UNREADABLE, "not to be seen")):
        names = [one.name for one in links if one.state is state]
        if names:
            yield f"{len(names)} of {len(links)} checks {words}: {', '.join(names)}"
    if all(one.state is State.OK for one in links):
        yield f"all {len(links)} checks are ok"
