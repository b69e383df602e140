"""What of a shared account is ours, and the other accounts to audit: the tables [scope] and [[accounts]] of dic.toml.

May import ``settings_checks`` and ``errors``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from dicfix.errors import UsageError
from dicfix.settings_checks import each, empty_or, matches

_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/[\w+=,.@/-]+", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_REMEDY = "correct [[accounts]] in dic.toml"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which things are ours beside those that dic.toml names: any of these says so.

    ``names`` are patterns (``SQA_*``); an empty scope adds none, and leaves the rest of the account to the controls of
    the account as a whole.
    """

    names: tuple[str, ...] = ()
    prefix: str = ""
    thing_group: str = ""
    thing_type: str = ""

    def __bool__(self) -> bool:
        return bool(self.names or self.prefix or self.thing_group or self.thing_type)

    def has(self, name: str, thing_type: str, in_group: Container[str] = ()) -> bool:
        """Whether a thing of this name and type is ours; ``in_group`` are the things of ``thing_group``."""
        return (
            bool(self.prefix and name.startswith(self.prefix))
            or bool(self.thing_type and thing_type == self.thing_type)
            or name in in_group
            or any(fnmatchcase(name, one) for one in self.names)
        )


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """One entry of [[accounts]]: its twelve digits, the role to assume there (empty: none), and its Regions.

    Without Regions it is the run's own one; ``name`` is for people.
    """

    account: str
    role: str = ""
    regions: tuple[str, ...] = ()
    name: str = ""
    external_id: str = ""


def accounts_from(value: Any) -> tuple[OtherAccount, ...]:
    """The entries of [[accounts]]; raises UsageError for one that cannot be used."""
    if not isinstance(value, Sequence) or not all(isinstance(one, Mapping) for one in value):
        raise UsageError(
            f"accounts is {value!r}", expected="tables [[accounts]] with account, role and regions", remedy=_REMEDY
        )
    found = tuple(_account(f"accounts[{index}]", one) for index, one in enumerate(value))
    twice = [one.account for one in found if sum(other.account == one.account for other in found) > 1]
    if twice:
        raise UsageError(
            f"account {twice[0]} is listed twice in [[accounts]]",
            expected="one entry with all its Regions",
            remedy=_REMEDY,
        )
    return found


def _account(key: str, table: Mapping[str, Any]) -> OtherAccount:
    names = [one.name for one in fields(OtherAccount)]
    for name, value in table.items():
        if name not in names:
            raise UsageError(
                f"{key} has the unknown key {name!r}", expected="one of " + ", ".join(names), remedy=_REMEDY
            )
        wanted = list if name == "regions" else str
        if not isinstance(value, wanted):
            raise UsageError(
                f"{key}.{name} is {value!r}", expected="a list of texts" if wanted is list else "a text", remedy=_REMEDY
            )
    entry = OtherAccount(**{"account": "", **table, "regions": tuple(table.get("regions", ()))})
    matches(_ACCOUNT, "the twelve digits of an AWS account")(f"{key}.account", entry.account)
    empty_or(matches(_ROLE_ARN, "the ARN of a role to assume"))(f"{key}.role", entry.role)
    each(matches(_REGION, "an AWS Region such as eu-west-1"))(f"{key}.regions", entry.regions)
    role = _ROLE_ARN.fullmatch(entry.role)
    if role and role[1] != entry.account:
        raise UsageError(
            f"{key}.role is a role of account {role[1]}", expected=f"a role of account {entry.account}", remedy=_REMEDY
        )
    return entry
