"""What a sweep makes of failures: an Unread in its place, per thing and certificate, and never a value made up."""

from __future__ import annotations

from typing import Any

import pytest
from sweep_world import GUIDE_PARTS, WIDE_PARTS, SweepWorld

from dicfix.audit.calls import PASSING_TRIES, SHUT_OUT_IN_A_ROW, THROTTLED_TRIES
from dicfix.audit.sweep import needs_of_controls
from dicfix.errors import GuardRefused, Unreadable, UsageError
from dicfix.fields import Unread
from dicfix.offline.faults import FaultKind
from dicfix.records import Inventory

pytest_plugins = ["sweep_fixtures"]

THING = "DIC_0000003"


def part(inventory: Inventory, name: str) -> Any:
    found = getattr(inventory, name)
    assert not isinstance(found, Unread), found
    return found


def test_one_thing_whose_principals_cannot_be_read_does_not_hide_the_others(sweep_world: SweepWorld) -> None:
    sweep_world.fill(6)
    with sweep_world.cloud.faults.inject("iot:ListThingPrincipals", FaultKind.ACCESS_DENIED, after=2, times=1):
        inventory, report = sweep_world.sweep()
    things = part(inventory, "things")
    unread = {name: one.principals for name, one in things.items() if isinstance(one.principals, Unread)}
    assert [(one.operation, one.code, one.permission) for one in unread.values()] == [
        ("iot:ListThingPrincipals", "AccessDeniedException", "iot:ListThingPrincipals")
    ]
    assert len(things) == 6
    assert report.freshness.unread == set(unread)
    assert "1 unreadable" in report.lines()[0]
    edges = part(inventory, "certificate_edges")
    assert all(isinstance(one, Unread) for one in edges.values()), "any certificate might have one thing more"


def test_one_certificate_that_cannot_be_described_has_what_the_list_tells(sweep_world: SweepWorld) -> None:
    sweep_world.fill(4)
    with sweep_world.cloud.faults.inject("iot:DescribeCertificate", FaultKind.INTERNAL_FAILURE, times=PASSING_TRIES):
        inventory, report = sweep_world.sweep()
    certificates = part(inventory, "certificates").values()
    broken = [one for one in certificates if isinstance(one.pem, Unread)]
    assert [(one.status, one.mode, one.pem.code) for one in broken] == [
        ("ACTIVE", "SNI_ONLY", "InternalFailureException")
    ]
    assert isinstance(broken[0].ca_certificate_id, Unread)
    assert len(certificates) == 4
    assert report.calls["iot:DescribeCertificate"] == 4 + PASSING_TRIES - 1


@pytest.mark.parametrize("kind", [FaultKind.UNAVAILABLE, FaultKind.CONNECTION_RESET, FaultKind.TIMEOUT])
def test_trouble_that_passes_leaves_nothing_unread(sweep_world: SweepWorld, kind: FaultKind) -> None:
    sweep_world.fill(4)
    calm = sweep_world.sweep()
    with sweep_world.cloud.faults.inject("iot:List*", kind, times=PASSING_TRIES - 1):
        swept = sweep_world.sweep()
    assert swept.inventory == calm.inventory
    assert swept.report.unread == {}


def test_throttled_for_good_it_is_unread_after_many_tries(sweep_world: SweepWorld) -> None:
    sweep_world.fill(3)
    with sweep_world.cloud.faults.inject("iot:ListTargetsForPolicy", FaultKind.THROTTLED):
        inventory, report = sweep_world.sweep(needs=("policies",))
    targets = part(inventory, "policies")["DIC_POLICY"].targets
    assert isinstance(targets, Unread)
    assert targets.code == "ThrottlingException"
    assert report.calls["iot:ListTargetsForPolicy"] == THROTTLED_TRIES
    assert report.throttles == {"iot:ListTargetsForPolicy": THROTTLED_TRIES}


def test_who_has_no_right_is_not_asked_for_every_thing(sweep_world: SweepWorld) -> None:
    sweep_world.fill(40)
    with sweep_world.cloud.faults.inject("iot:ListThingPrincipals", FaultKind.ACCESS_DENIED):
        inventory, report = sweep_world.sweep()
    assert report.calls["iot:ListThingPrincipals"] == SHUT_OUT_IN_A_ROW
    principals = [one.principals for one in part(inventory, "things").values()]
    assert {one.permission for one in principals if isinstance(one, Unread)} == {"iot:ListThingPrincipals"}
    assert all(isinstance(one, Unread) for one in principals)
    assert report.unread["iot:ListThingPrincipals"] == "AccessDeniedException, needs iot:ListThingPrincipals"


def test_named_things_are_described_where_the_list_is_denied(sweep_world: SweepWorld) -> None:
    sweep_world.fill(4)
    settings = sweep_world.settings(scope_prefix="", devices=(THING[:-1] + "1", "nobody"))
    with sweep_world.cloud.faults.inject("iot:ListThings", FaultKind.ACCESS_DENIED):
        inventory, _ = sweep_world.sweep(settings=settings)
    assert set(part(inventory, "things")) == {"DIC_0000001", "DIC_EXPLORER"}
    assert isinstance(inventory.account_things, Unread)
    assert isinstance(inventory.thing_edges, Unread)


def test_a_scope_that_cannot_be_listed_is_unreadable(sweep_world: SweepWorld) -> None:
    sweep_world.fill(4)
    with (
        sweep_world.cloud.faults.inject("iot:ListThings", FaultKind.ACCESS_DENIED),
        pytest.raises(Unreadable, match="ListThings"),
    ):
        sweep_world.sweep()


def test_certificates_are_described_one_by_one_where_every_list_is_denied(sweep_world: SweepWorld) -> None:
    sweep_world.fill(4)
    calm = sweep_world.sweep()
    with (
        sweep_world.cloud.faults.inject("iot:ListCertificates", FaultKind.ACCESS_DENIED),
        sweep_world.cloud.faults.inject("iot:ListCertificatesByCA", FaultKind.ACCESS_DENIED),
    ):
        inventory, _ = sweep_world.sweep()
    assert part(inventory, "certificates") == part(calm.inventory, "certificates")
    assert isinstance(inventory.account_certificates, Unread)


def test_a_ca_that_cannot_be_described_is_there_with_unread_fields(sweep_world: SweepWorld) -> None:
    sweep_world.fill(2)
    with sweep_world.cloud.faults.inject("iot:DescribeCACertificate", FaultKind.ACCESS_DENIED):
        inventory, _ = sweep_world.sweep(needs=GUIDE_PARTS)
    (ca,) = part(inventory, "ca_certificates").values()
    assert (ca.status, isinstance(ca.mode, Unread), isinstance(ca.pem, Unread)) == ("ACTIVE", True, True)


OPERATIONS = (
    "iot:DescribeEndpoint",
    "iot:ListCACertificates",
    "iot:DescribeCACertificate",
    "iot:ListThings",
    "iot:ListThingPrincipals",
    "iot:ListCertificates",
    "iot:DescribeCertificate",
    "iot:GetPolicy",
    "iot:ListPolicies",
    "iot:ListPolicyVersions",
    "iot:ListTargetsForPolicy",
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_denied_is_never_a_value(sweep_world: SweepWorld, operation: str) -> None:
    sweep_world.fill(3)
    settings = sweep_world.settings(scope_prefix="", devices=("DIC_0000000", "DIC_0000001"))
    calm = sweep_world.sweep(settings=settings)
    with sweep_world.cloud.faults.inject(operation, FaultKind.ACCESS_DENIED):
        inventory, report = sweep_world.sweep(settings=settings)
    assert operation in report.unread
    differing = [name for name in (*GUIDE_PARTS, *WIDE_PARTS) if _differs(inventory, calm.inventory, name)]
    for name in differing:
        assert _has_unread(getattr(inventory, name)), name
    assert differing or operation == "iot:ListThings" or operation == "iot:ListCertificates"


def _differs(one: Inventory, other: Inventory, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _has_unread(value: Any) -> bool:
    return isinstance(value, Unread) or "Unread(" in repr(value)


def test_a_token_that_expires_on_the_way_leaves_the_rest_unread(sweep_world: SweepWorld) -> None:
    sweep_world.fill(20)
    with sweep_world.cloud.faults.inject("iot:ListThingPrincipals", FaultKind.EXPIRED_TOKEN, after=5):
        inventory, _ = sweep_world.sweep(state=True)
    principals = list(part(inventory, "thing_edges").values())
    assert sum(isinstance(one, Unread) for one in principals) == 15
    assert {one.code for one in principals if isinstance(one, Unread)} == {"ExpiredTokenException"}
    again = sweep_world.sweep(state=True)
    assert not [one for one in part(again.inventory, "thing_edges").values() if isinstance(one, Unread)]


def test_another_account_is_refused_before_anything_is_read(sweep_world: SweepWorld) -> None:
    sweep_world.fill(2)
    session = sweep_world.session()
    with pytest.raises(GuardRefused, match="this is account 123456789012"):
        sweep_world.sweep(session=session, settings=sweep_world.settings(account="999999999999"))
    assert session.calls == ["sts:GetCallerIdentity"]


def test_a_session_that_may_write_is_refused(sweep_world: SweepWorld) -> None:
    with pytest.raises(GuardRefused, match="may write"):
        sweep_world.sweep(session=sweep_world.writer())


def test_a_scope_that_matches_nothing_is_a_usage_error(sweep_world: SweepWorld) -> None:
    sweep_world.fill(2)
    with pytest.raises(UsageError, match="no thing of the account is in scope"):
        sweep_world.sweep(settings=sweep_world.settings(scope_prefix="OTHER"))


def test_a_sweep_changes_nothing(sweep_world: SweepWorld) -> None:
    sweep_world.fill(5)
    before = dump(sweep_world)
    for _ in range(2):
        sweep_world.sweep(state=True, needs=needs_of_controls("2023-08"))
    assert dump(sweep_world) == before


def dump(world: SweepWorld) -> dict[str, Any]:
    """The account as values; services that were first asked for by the sweep, and hold nothing, count as not there."""
    return {region: {key: value for key, value in one.items() if value} for region, one in world.cloud.dump().items()}
