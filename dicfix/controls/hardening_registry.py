"""Hardening of the registry as a whole: who shares, who is left over, who waits, and who came from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from dicfix.account_records import AccountCertificate
from dicfix.controls.account_subjects import (
    EDGE_OPERATIONS,
    ROW_OPERATIONS,
    TARGET_OPERATIONS,
    each_certificate,
    each_policy,
    policies_by_target,
    short,
)
from dicfix.controls.registry import Absent, Look, control
from dicfix.controls.subjects import ACTIVE, CA_NEEDS, CA_OPERATIONS, registered_ca
from dicfix.findings import Axis, Finding, Severity
from dicfix.records import CaCertificate, Policy, known

_ENDED = ("INACTIVE", "REVOKED")
_WAITING = "PENDING_ACTIVATION"
LONGEST_WAIT_DAYS = 1
_REGISTRY = "docs.aws.amazon.com/iot/latest/developerguide/"


def _things_of(look: Look, row: AccountCertificate) -> tuple[str, ...]:
    edges = known(look.inventory.certificate_edges)
    if row.certificate_id not in edges:
        raise Absent(short(row.certificate_id), "its things read", "not read with the others")
    return known(edges[row.certificate_id])


@control(
    "DIC-HRD-06",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="No certificate is attached to more than one thing",
    rationale="Who shares a certificate shares an identity, and all of them go when one is revoked.",
    remedy="aws iot detach-thing-principal, then attach with --thing-principal-type EXCLUSIVE_THING",
    needs=("account_certificates", "certificate_edges"),
    operations=("iot:ListCertificates", *EDGE_OPERATIONS),
    source="AWS IoT Device Defender developer guide, audit-chk-device-cert-shared.html",
)
def no_certificate_is_shared(look: Look) -> Iterator[Finding]:
    """One thing for each certificate of the account."""

    def judge_one(row: AccountCertificate) -> Iterator[Finding]:
        things = _things_of(look, row)
        observed = f"attached to {', '.join(sorted(things))}" if things else "attached to no thing"
        yield look.judge(short(row.certificate_id), len(things) < 2, expected="one thing at most", observed=observed)

    yield from each_certificate(look, judge_one)


@control(
    "DIC-HRD-09",
    axis=Axis.HARDENING,
    title="Nothing is attached to a certificate that is revoked or inactive",
    rationale="One change of status would let it in again, with everything that it had.",
    remedy="aws iot detach-policy and detach-thing-principal, then delete-certificate",
    needs=("account_certificates", "certificate_edges", "account_policies"),
    operations=("iot:ListCertificates", *EDGE_OPERATIONS, *TARGET_OPERATIONS),
    source=f"{_REGISTRY}manage-device-certs.html",
)
def ended_certificates_are_bare(look: Look) -> Iterator[Finding]:
    """No thing and no policy with a certificate that is INACTIVE or REVOKED."""
    targets = cache(lambda: policies_by_target(look))

    def judge_one(row: AccountCertificate) -> Iterator[Finding]:
        status = known(row.status)
        if status not in _ENDED:
            yield look.judge(short(row.certificate_id), True, expected="in use", observed=status)
            return
        held = [*_things_of(look, row), *targets().get(known(row.arn), ())]
        observed = f"{status}, attached: {', '.join(held)}" if held else f"{status}, bare"
        yield look.judge(short(row.certificate_id), not held, expected="attached to nothing", observed=observed)

    yield from each_certificate(look, judge_one)


@control(
    "DIC-HRD-11",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="No CA certificate is INACTIVE while certificates that it has signed are ACTIVE",
    rationale="Taking a CA out of use does not touch its devices: they stay let in.",
    remedy="aws iot update-certificate --new-status INACTIVE for each of them, or take the CA into use again",
    needs=("ca_certificates", "account_certificates"),
    operations=(*CA_OPERATIONS, *ROW_OPERATIONS),
    source=f"{_REGISTRY}manage-your-CA-certs.html",
)
def inactive_cas_have_no_active_certificates(look: Look) -> Iterator[Finding]:
    """The status of each CA against those of its certificates."""
    cas, rows = known(look.inventory.ca_certificates), known(look.inventory.account_certificates)
    if not cas:
        yield look.not_applicable("the account has no CA certificates")

    def judge_one(name: str) -> Iterator[Finding]:
        status = known(cas[name].status)
        active = [] if status == ACTIVE else [one for one in rows.values() if _is_active_of(one, name)]
        observed = f"{status}, {len(active)} ACTIVE certificates" if active else status
        yield look.judge(
            f"CA {short(name)}", not active, expected="ACTIVE, or no ACTIVE certificates", observed=observed
        )

    yield from look.each(cas, judge_one)


def _is_active_of(row: AccountCertificate, ca_certificate_id: str) -> bool:
    return known(row.ca_certificate_id) == ca_certificate_id and known(row.status) == ACTIVE


@control(
    "DIC-HRD-12",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title="Nothing is left over: certificates have things, things certificates, policies and CAs a use",
    rationale="What nobody uses nobody watches, and it may still let somebody in.",
    remedy="delete what is left over, or attach it to what it was made for",
    needs=("ca_certificates", "account_certificates", "account_policies", "certificate_edges", "thing_edges"),
    operations=(*CA_OPERATIONS, *ROW_OPERATIONS, *EDGE_OPERATIONS, *TARGET_OPERATIONS),
    source=f"{_REGISTRY}security-best-practices.html",
)
def nothing_is_left_over(look: Look) -> Iterator[Finding]:
    """Set algebra over the account's lists."""
    yield from each_certificate(look, lambda row: _used_certificate(look, row))
    edges = known(look.inventory.thing_edges)
    yield from look.each(edges, lambda name: _used_thing(look, name))
    yield from each_policy(look, lambda policy: _used_policy(look, policy))
    yield from look.each(known(look.inventory.ca_certificates), lambda name: _used_ca(look, name))


def _used(look: Look, resource: str, count: int, what: str) -> Finding:
    return look.judge(resource, count > 0, expected=f"{what} or more", observed=f"{count} of them" if count else "none")


def _used_certificate(look: Look, row: AccountCertificate) -> Iterator[Finding]:
    yield _used(look, short(row.certificate_id), len(_things_of(look, row)), "one thing")


def _used_thing(look: Look, name: str) -> Iterator[Finding]:
    principals = known(known(look.inventory.thing_edges)[name])
    yield _used(look, f"thing {name}", sum(":cert/" in one for one in principals), "one certificate")


def _used_policy(look: Look, policy: Policy) -> Iterator[Finding]:
    yield _used(look, f"policy {policy.name}", len(known(policy.targets)), "one target")


def _used_ca(look: Look, name: str) -> Iterator[Finding]:
    rows = known(look.inventory.account_certificates).values()
    yield _used(look, f"CA {short(name)}", sum(known(one.ca_certificate_id) == name for one in rows), "one certificate")


@control(
    "DIC-HRD-13",
    axis=Axis.HARDENING,
    title=f"No certificate has waited for activation for more than {LONGEST_WAIT_DAYS} day",
    rationale="It was registered by connecting: a device that nobody expected, or one that nobody has activated.",
    remedy="aws iot update-certificate --new-status ACTIVE when it is ours, REVOKED when it is not",
    needs=("account_certificates",),
    operations=("iot:ListCertificates",),
    source=f"{_REGISTRY}auto-register-device-cert.html",
)
def nothing_waits_for_activation(look: Look) -> Iterator[Finding]:
    """PENDING_ACTIVATION, by the day of registration."""

    def judge_one(row: AccountCertificate) -> Iterator[Finding]:
        status = known(row.status)
        waiting = status == _WAITING and look.now - known(row.created) > timedelta(days=LONGEST_WAIT_DAYS)
        since = f" since {known(row.created):%Y-%m-%d}" if waiting else ""
        yield look.judge(
            short(row.certificate_id), not waiting, expected="activated within a day", observed=f"{status}{since}"
        )

    yield from each_certificate(look, judge_one)


@control(
    "DIC-HRD-15",
    axis=Axis.HARDENING,
    title="Every certificate of the account was signed by our CA",
    rationale="Any ACTIVE certificate with a policy lets somebody in, and the guide's one is for all devices.",
    remedy="find out whose it is; aws iot update-certificate --new-status INACTIVE when nobody knows",
    needs=(*CA_NEEDS, "account_certificates"),
    operations=(*CA_OPERATIONS, *ROW_OPERATIONS),
    source=f"{_REGISTRY}x509-client-certs.html",
)
def certificates_are_of_our_ca(look: Look) -> Iterator[Finding]:
    """Each certificate in ListCertificates is in ListCertificatesByCA of our CA."""
    ours: CaCertificate = registered_ca(look)

    def judge_one(row: AccountCertificate) -> Iterator[Finding]:
        signer = known(row.ca_certificate_id)
        yield look.judge(
            short(row.certificate_id),
            signer == ours.certificate_id,
            expected=f"registered with CA {short(ours.certificate_id)}",
            observed=f"registered with CA {short(signer)}" if signer else "registered without a CA",
        )

    yield from each_certificate(look, judge_one)
