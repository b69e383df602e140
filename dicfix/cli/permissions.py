"""`dicfix permissions audit`: the least-privilege IAM policy of an audit. Imports the table of operations when run."""

from __future__ import annotations

import argparse
import json
from typing import Any

from dicfix.cli.settings_options import add_settings_options, settings_of

_PLACEHOLDER = "ACCOUNT"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("permissions", help="print the IAM policy that an audit needs, and no more")
    actions = parser.add_subparsers(title="actions", metavar="action", required=True)
    audit = actions.add_parser("audit", help="the policy of a caller who audits")
    add_settings_options(audit)
    audit.add_argument("--table", action="store_true", help="print operation, IAM action and resource instead")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the policy as JSON, or the table it comes from; both with the roles of [[accounts]] that are assumed."""
    from dicfix.aws.operations import ASSUME_ROLE, RIGHTS, audit_policy, resource_of
    from dicfix.settings import ota_bucket

    settings = settings_of(args)
    account = settings.account or _PLACEHOLDER
    names = {
        "account": account,
        "region": settings.region,
        "bucket": ota_bucket(settings, account),
        "role": settings.ota_role,
    }
    assumes = [one.role for one in settings.accounts if one.role]
    if args.table:
        rows = [(name, ", ".join(one.actions), resource_of(one, **names)) for name, one in RIGHTS.items()]
        for operation, actions, resource in (*rows, *((ASSUME_ROLE, ASSUME_ROLE, role) for role in assumes)):
            print(f"{operation:<36} {actions or '(none needed)':<52} {resource}")
    else:
        print(json.dumps(audit_policy(**names, assumes=assumes), indent=2))
    return 0
