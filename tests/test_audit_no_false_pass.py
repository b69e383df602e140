"""What could not be read is never a PASS, end to end: every read operation denied, and every other fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from defects_world import GoodAccount, failing, judged, statuses

from dicfix.audit.sweep import Swept, resolved
from dicfix.aws.operations import READ_OPERATIONS, permission_for
from dicfix.aws.session import AwsSession
from dicfix.controls import CONTROLS
from dicfix.errors import GuardRefused
from dicfix.fields import Unread
from dicfix.findings import Finding, Status
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.faults import FaultKind

SENT_BY_OTHERS = {
    "acm:GetCertificate",  # where a custom signature is made
    "acm:ListCertificates",
    "cloudtrail:LookupEvents",  # a nightly pass
    "iot:DescribeThing",  # a scope or a name that the list does not hold
    "iot:DescribeThingGroup",
    "iot:ListThingsInThingGroup",
    "iot:ListCertificatesByCA",  # certificates that were not described
    "iot:ListPrincipalThings",  # target aws
    "iot:ListThingPrincipalsV2",
    "s3:HeadBucket",
    "service-quotas:ListServiceQuotas",
}
"""Read operations that a first sweep of this account does not send, with who sends them."""
JUDGED_BY_NOBODY = {"iot-data:ListSubscriptions"}
"""Operations whose answer no control judges: it is for people (dicfix why)."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoodAccount]:
    with EmbeddedCloud() as cloud:
        account = GoodAccount(cloud, tmp_path_factory.mktemp("good"))
        explorer = account.connected_explorer()
        yield account
        explorer.close()


@pytest.fixture(scope="module")
def undisturbed(good: GoodAccount) -> dict[str, tuple[Finding, ...]]:
    return good.findings()


@pytest.fixture(scope="module")
def sent(good: GoodAccount) -> Swept:
    return good.swept()


def passing(findings: dict[str, tuple[Finding, ...]]) -> dict[str, set[str]]:
    """The resources that each control passes."""
    return {name: {one.resource for one in found if one.status is Status.PASS} for name, found in findings.items()}


def unreadable(findings: dict[str, tuple[Finding, ...]]) -> list[Finding]:
    """Every UNREADABLE finding."""
    return [one for found in findings.values() for one in found if one.status is Status.UNREADABLE]


def test_the_sweep_sends_every_operation_that_the_controls_declare(sent: Swept):
    """What is not sent is named with the run that sends it; what is sent is in the table of read operations."""
    assert READ_OPERATIONS - set(sent.report.calls) == SENT_BY_OTHERS
    assert set(sent.report.calls) <= READ_OPERATIONS
    declared = {one for control in CONTROLS.values() for one in control.operations}
    assert declared <= READ_OPERATIONS


@pytest.mark.parametrize("operation", sorted(READ_OPERATIONS - SENT_BY_OTHERS - {"sts:GetCallerIdentity"}))
def test_a_denied_operation_is_unread_and_makes_no_control_pass(good, undisturbed, sent, operation: str):
    """Of what was read nothing is another value, only Unread; nothing more passes, and the permission is named."""
    with good.cloud.faults.inject(operation, FaultKind.ACCESS_DENIED):
        swept = good.swept()
    lost = set(differences("", sent.inventory, swept.inventory))
    assert all(one.startswith("Unread ") for one in lost), lost
    findings = judged(swept.inventory, resolved(good.settings, swept.report.devices))
    before = passing(undisturbed)
    assert all(resources <= before[name] for name, resources in passing(findings).items())
    assert failing(findings) <= failing(undisturbed), "a refusal is no FAIL"
    told = [one for one in unreadable(findings) if operation in one.observed]
    assert told or operation in JUDGED_BY_NOBODY, f"nothing is UNREADABLE without {operation}"
    assert operation in swept.report.unread or told
    assert all(permission_for(operation) in one.observed + one.remedy for one in told)


def differences(path: str, before: Any, after: Any) -> Iterator[str]:
    """Where two values differ, as ``Unread path`` where the second was not read, else as ``changed path``."""
    if isinstance(after, Unread):
        yield from () if before == after else (f"Unread {path}",)
    elif is_dataclass(before) and type(before) is type(after):
        for one in fields(before):
            yield from differences(f"{path}.{one.name}", getattr(before, one.name), getattr(after, one.name))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from differences(f"{path}[{key}]", before.get(key, MISSING), after.get(key, MISSING))
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(f"{path}[{number}]", *pair)
    elif before != after:
        yield f"changed {path}"


MISSING = object()


def test_a_denied_identity_ends_the_audit(good: GoodAccount):
    """Whose account it is must be known."""
    with good.cloud.faults.inject("sts:GetCallerIdentity", FaultKind.ACCESS_DENIED):
        findings = good.findings()
    assert {one.status for one in findings["DIC-ACC-01"]} == {Status.UNREADABLE}


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (FaultKind.THROTTLED, "ThrottlingException"),
        (FaultKind.UNAVAILABLE, "ServiceUnavailableException"),
        (FaultKind.INTERNAL_FAILURE, "InternalFailureException"),
        (FaultKind.EXPIRED_TOKEN, "ExpiredTokenException"),
        (FaultKind.TIMEOUT, "ReadTimeoutError"),
        (FaultKind.CONNECTION_RESET, "ConnectionClosedError"),
    ],
)
def test_another_fault_is_unreadable_with_its_name(good, undisturbed, kind: FaultKind, word: str):
    """Throttled for ever, out of order, logged out, too slow or cut off: UNREADABLE, never PASS, never FAIL."""
    with good.cloud.faults.inject("iot:DescribeCACertificate", kind):
        findings = good.findings()
    assert all(resources <= passing(undisturbed)[name] for name, resources in passing(findings).items())
    told = [one for one in unreadable(findings) if "iot:DescribeCACertificate" in one.observed]
    assert told
    assert all(word in one.observed for one in told)
    assert failing(findings) <= failing(undisturbed)


def test_a_slow_answer_is_an_answer(good, undisturbed):
    """Nothing but time is lost."""
    with good.cloud.faults.inject("iot:ListPolicies", FaultKind.SLOW, delay_s=0.3):
        assert statuses(good.findings()) == statuses(undisturbed)


def test_a_fault_that_ends_is_forgotten(good, undisturbed):
    """An operation that is throttled twice and then answers is read."""
    with good.cloud.faults.inject("iot:ListCertificates", FaultKind.THROTTLED, times=2):
        assert statuses(good.findings()) == statuses(undisturbed)


def test_a_write_is_refused_before_it_leaves(good: GoodAccount):
    """The auditor's session lets no write through, whatever the credentials allow."""
    session: AwsSession = good.session()
    before = good.cloud.dump()
    for service, operation, parameters in (
        ("iot", "UpdateCertificate", {"certificateId": "a" * 64, "newStatus": "REVOKED"}),
        ("iot", "GetRegistrationCode", {}),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k"}),
        ("signer", "CancelSigningProfile", {"profileName": "dic_ota_codesign"}),
    ):
        with pytest.raises(GuardRefused, match=operation):
            session.call(service, operation, **parameters)
    assert good.cloud.dump() == before


def test_an_audit_changes_nothing(good: GoodAccount):
    """The whole account is equal before and after a sweep and its controls."""
    before = good.cloud.dump()
    events = len(good.planting.account.events)
    good.findings()
    assert good.cloud.dump() == before
    assert len(good.planting.account.events) == events
