"""Which records of the whole account a control means, and what it calls them in a finding.

Nothing here judges. May import records and the registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dicfix.account_records import AccountCertificate
from dicfix.controls.registry import Look
from dicfix.controls.subjects import all_clients, registered_certificate
from dicfix.findings import Finding
from dicfix.records import Policy, known

ROW_OPERATIONS = ("iot:ListCertificates", "iot:ListCertificatesByCA")
POLICY_OPERATIONS = ("iot:ListPolicies", "iot:GetPolicy")
TARGET_OPERATIONS = ("iot:ListPolicies", "iot:ListTargetsForPolicy")
EDGE_OPERATIONS = ("iot:ListThings", "iot:ListThingPrincipals")


def short(certificate_id: str) -> str:
    """What a finding calls a certificate of the account: long enough for nobody to mistake it."""
    return f"certificate {certificate_id[:12]}"


def each_certificate(look: Look, judge_one: Callable[[AccountCertificate], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of every certificate of the account; NOT_APPLICABLE without any."""
    rows = known(look.inventory.account_certificates)
    if not rows:
        yield look.not_applicable("the account has no certificates")
    yield from look.each(
        (short(one) for one in rows), _by_short({short(one): row for one, row in rows.items()}, judge_one)
    )


def _by_short(
    rows: dict[str, AccountCertificate], judge_one: Callable[[AccountCertificate], Iterable[Finding]]
) -> Callable[[str], Iterable[Finding]]:
    return lambda name: judge_one(rows[name])


def each_policy(look: Look, judge_one: Callable[[Policy], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of every policy of the account; NOT_APPLICABLE without any."""
    policies = known(look.inventory.account_policies)
    if not policies:
        yield look.not_applicable("the account has no policies")
    yield from look.each(policies, lambda name: judge_one(policies[name]))


def policies_by_target(look: Look) -> dict[str, list[str]]:
    """The names of the policies that are attached to a certificate or thing group itself, by its ARN."""
    found: dict[str, list[str]] = {}
    for policy in known(look.inventory.account_policies).values():
        for target in known(policy.targets):
            found.setdefault(target, []).append(policy.name)
    return found


def client_ids(look: Look) -> dict[str, str]:
    """The certificate id of every client by its name; raises Absent or Unreadable where one has none to be told."""
    return {name: registered_certificate(look, name).certificate_id for name in all_clients(look)}
