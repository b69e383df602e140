"""`dicfix why THING`: the chain of what lets one client connect, its first break and the remedy."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from dicfix.cli.one_client_options import add_source_options

if TYPE_CHECKING:
    from dicfix.audit.why import Chain


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "why",
        help="tell why one device is not connected",
        description="Follows, read-only, everything that has to be right for one client to be connected: endpoint and "
        "Region, thing, certificate, server name, CA, status, dates, policy, connection, subscriptions. Exit codes: 0 "
        "whole, 1 broken, 2 usage, 3 something before a break could not be read, 4 no or wrong account.",
    )
    parser.add_argument("thing", metavar="THING", help="name of the device's thing, or of MQTT Explorer's")
    add_source_options(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the chain; the exit code is the chain's."""
    from dicfix.audit.device import NEEDS
    from dicfix.audit.why import of_saved, why
    from dicfix.cli.one_client import lines_of, read_for, title

    read = read_for(args, args.thing, NEEDS)
    inventory = of_saved(read.saved, args.thing, read.settings.explorer_name) if read.saved else read.inventory
    chain = why(inventory, read.settings, args.thing, read.now)
    print("\n".join([title(args.thing, read), *lines_of(chain.links), "", *_verdict(chain)]))
    return chain.exit_code


def _verdict(chain: Chain) -> list[str]:
    from dicfix.audit.identity import safe

    told = []
    for link in chain.unread_before:
        told += [f"could not be read: {link.name}: {link.observed}", f"Do: {link.remedy.rstrip('.')}."]
    found = chain.first_break
    if found:
        control = f" ({found.control})" if found.control else ""
        what = "first break that can be seen" if told else "first break"
        told += [f"{what}: {found.name}{control}: {found.observed}", f"Do: {found.remedy.rstrip('.')}."]
    return [safe(one) for one in told] or ["the chain is whole"]
