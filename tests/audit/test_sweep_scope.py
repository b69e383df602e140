"""What of a shared account is ours, and several accounts and Regions in one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sweep_world import SweepWorld

from dicfix.audit.fleet import Outcome, Site, over, session_of, sites
from dicfix.audit.sweep import resolved, sweep
from dicfix.errors import GuardRefused, Unreadable, UsageError
from dicfix.scope import OtherAccount, Scope
from dicfix.settings import read_file, settings_from

pytest_plugins = ["sweep_fixtures"]


@pytest.fixture
def shared_account(sweep_world: SweepWorld) -> SweepWorld:
    """Five things of ours, four of others, and one that is ours by its type, one by its group."""
    sweep_world.fill(6)
    for name in ("PUMP_1", "PUMP_2", "LAMP_1", "LAMP_2", "TYPED", "GROUPED"):
        sweep_world.add(name)
    writer = sweep_world.writer()
    writer.call("iot", "CreateThingType", thingTypeName="dic")
    writer.call("iot", "UpdateThing", thingName="TYPED", thingTypeName="dic")
    writer.call("iot", "CreateThingGroup", thingGroupName="dics")
    writer.call("iot", "AddThingToThingGroup", thingGroupName="dics", thingName="GROUPED")
    return sweep_world


OURS = tuple(f"DIC_000000{number}" for number in range(5))


@pytest.mark.parametrize(
    ("given", "devices"),
    [
        ({"scope_prefix": "DIC_0"}, OURS),
        ({"scope_prefix": "", "scope_names": ("PUMP_*", "LAMP_2")}, ("LAMP_2", "PUMP_1", "PUMP_2")),
        ({"scope_prefix": "", "scope_thing_type": "dic"}, ("TYPED",)),
        ({"scope_prefix": "", "scope_thing_group": "dics"}, ("GROUPED",)),
        ({"scope_prefix": "PUMP", "scope_thing_type": "dic"}, ("PUMP_1", "PUMP_2", "TYPED")),
        ({"scope_prefix": "PUMP", "devices": ("nobody", "LAMP_1")}, ("nobody", "LAMP_1", "PUMP_1", "PUMP_2")),
        ({"scope_prefix": "", "scope_names": ("*",)}, None),
    ],
)
def test_the_scope_says_which_things_are_devices(
    shared_account: SweepWorld, given: dict[str, Any], devices: tuple[str, ...] | None
) -> None:
    settings = shared_account.settings(**given)
    inventory, report = shared_account.sweep(settings=settings)
    everything = {*OURS, "PUMP_1", "PUMP_2", "LAMP_1", "LAMP_2", "TYPED", "GROUPED"}
    assert set(report.devices) == (everything if devices is None else set(devices))
    assert devices is None or report.devices == devices
    things: Any = inventory.things
    assert set(things) == (set(report.devices) - {"nobody"}) | {"DIC_EXPLORER"}
    assert set(inventory.account_things) == set(things)  # type: ignore[arg-type]
    assert resolved(settings, report.devices).devices == report.devices


def test_what_is_of_others_is_not_asked_for(shared_account: SweepWorld) -> None:
    inventory, report = shared_account.sweep()
    assert report.calls["iot:ListThingPrincipals"] == 6
    assert report.calls["iot:DescribeCertificate"] == 6
    assert "iot:ListCertificates" not in report.calls
    edges: Any = inventory.certificate_edges
    assert {name for names in edges.values() for name in names} >= {*OURS, "DIC_EXPLORER"}


def test_a_certificate_of_ours_on_a_thing_of_others_is_seen(shared_account: SweepWorld) -> None:
    arn = next(iter(shared_account.backend.principals_of[OURS[0]]))
    shared_account.backend.attach_principal("PUMP_1", arn, None)
    edges: Any = shared_account.sweep().inventory.certificate_edges
    assert set(edges[arn.rpartition("/")[2]]) == {OURS[0], "PUMP_1"}


def test_without_a_scope_the_account_is_ours_and_the_named_things_are_devices(shared_account: SweepWorld) -> None:
    settings = shared_account.settings(scope_prefix="", devices=OURS[:2])
    inventory, report = shared_account.sweep(settings=settings)
    assert report.devices == OURS[:2]
    assert set(inventory.things) == {*OURS[:2], "DIC_EXPLORER"}  # type: ignore[arg-type]
    assert len(inventory.thing_edges) == 12  # type: ignore[arg-type]


def test_a_scope_has_any_of_what_it_says() -> None:
    assert not Scope()
    scope = Scope(names=("A*",), prefix="B", thing_group="g", thing_type="t")
    assert scope
    assert [
        scope.has(name, kind, {"D"}) for name, kind in (("A1", ""), ("B1", ""), ("C", "t"), ("D", ""), ("E", ""))
    ] == [
        True,
        True,
        True,
        True,
        False,
    ]


def toml(folder: Path, text: str) -> dict[str, Any]:
    path = folder / "dic.toml"
    path.write_text(text)
    return read_file(path)


def test_dic_toml_takes_scope_and_accounts(tmp_path: Path) -> None:
    values = toml(
        tmp_path,
        """
        [scope]
        names = ["SQA_*"]
        thing_group = "dics"
        [[accounts]]
        account = "111111111111"
        role = "arn:aws:iam::111111111111:role/audit"
        regions = ["eu-west-1", "us-east-1"]
        name = "factory"
        [[accounts]]
        account = "222222222222"
        """,
    )
    settings = settings_from({**values, "mode": "audit", "region": "eu-central-1"})
    assert settings.scope == Scope(("SQA_*",), thing_group="dics")
    assert settings.devices == ()
    assert [(one.name, one.settings.account, one.settings.region, one.role) for one in sites(settings)] == [
        ("factory eu-west-1", "111111111111", "eu-west-1", "arn:aws:iam::111111111111:role/audit"),
        ("factory us-east-1", "111111111111", "us-east-1", "arn:aws:iam::111111111111:role/audit"),
        ("222222222222 eu-central-1", "222222222222", "eu-central-1", ""),
    ]
    assert settings_from({**values, "mode": "onboard"}).devices == ("SQA_DIC_C2",), "an onboarding needs names"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('accounts = "all"', "accounts is 'all'"),
        ("[[accounts]]\nregions = []", r"accounts\[0\].account is ''"),
        ('[[accounts]]\naccount = "1"', r"accounts\[0\].account is '1'"),
        ('[[accounts]]\naccount = "111111111111"\nregion = "x"', "unknown key 'region'"),
        ('[[accounts]]\naccount = "111111111111"\nregions = "eu-west-1"', "regions is 'eu-west-1'"),
        ('[[accounts]]\naccount = "111111111111"\nregions = ["EU"]', r"regions\[0\] is 'EU'"),
        ('[[accounts]]\naccount = "111111111111"\nrole = "audit"', "role is 'audit'"),
        (
            '[[accounts]]\naccount = "111111111111"\nrole = "arn:aws:iam::222222222222:role/audit"',
            "role is a role of account 222222222222",
        ),
        ('[[accounts]]\naccount = "111111111111"\n' * 2, "listed twice"),
        ("[scope]\nnames = 1", "scope.names is 1"),
        ('[scope]\nprefixes = "a"', "unknown key 'scope.prefixes'"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        toml(tmp_path, text)


def test_one_place_that_fails_does_not_hide_the_others() -> None:
    places = [Site(name, settings_from({})) for name in ("a", "b", "c")]

    def audit_one(site: Site) -> str:
        if site.name == "b":
            raise Unreadable("iot:ListThings", "AccessDeniedException")
        return site.name.upper()

    found = over(places, audit_one)
    assert [(one.site.name, one.result) for one in found] == [("a", "A"), ("b", None), ("c", "C")]
    assert isinstance(found[1].error, Unreadable)


def test_a_bug_in_one_place_is_not_hidden() -> None:
    def audit_one(site: Site) -> str:
        raise RuntimeError(site.name)

    with pytest.raises(RuntimeError):
        over([Site("a", settings_from({})), Site("b", settings_from({}))], audit_one)


def test_regions_and_another_account_by_its_role_are_read_apart(sweep_world: SweepWorld) -> None:
    sweep_world.fill(3)
    sweep_world.cloud.other_region("us-east-1")
    writer = sweep_world.writer()
    other = "222222222222"
    entries = (
        OtherAccount(sweep_world.cloud.account_id, regions=("eu-west-1", "us-east-1")),
        OtherAccount(other, f"arn:aws:iam::{other}:role/audit", ("eu-west-1",), "other"),
    )
    settings = sweep_world.settings(accounts=entries, scope_prefix="", devices=("DIC_0000000",))
    kwargs = sweep_world.cloud.client_kwargs()

    def audit_one(site: Site) -> Any:
        return sweep(session_of(site, kwargs), site.settings, needs=("things", "account_things")).inventory

    found: tuple[Outcome[Any], ...] = over(sites(settings), audit_one)
    assert [one.error for one in found] == [None, None, None]
    assert [(one.result.caller.account, one.result.caller.region) for one in found] == [
        (sweep_world.cloud.account_id, "eu-west-1"),
        (sweep_world.cloud.account_id, "us-east-1"),
        (other, "eu-west-1"),
    ]
    assert [len(one.result.account_things) for one in found] == [3, 0, 0]
    assert "sts:AssumeRole" not in writer.calls


def test_a_role_that_cannot_be_assumed_is_a_refusal(sweep_world: SweepWorld) -> None:
    from dicfix.offline.faults import FaultKind

    site = Site("x", sweep_world.settings(), "arn:aws:iam::222222222222:role/audit")
    with (
        sweep_world.cloud.faults.inject("sts:AssumeRole", FaultKind.ACCESS_DENIED),
        pytest.raises(GuardRefused, match=r"could not be assumed: AccessDenied"),
    ):
        session_of(site, sweep_world.cloud.client_kwargs())


ROLE = "arn:aws:iam::333333333333:role/audit"


def test_a_role_is_assumed_again_before_its_credentials_end(
    sweep_world: SweepWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep of a large fleet outlasts the hour that a chained role may be used; a refusal then is no answer."""
    from dicfix.aws import assuming
    from dicfix.offline.faults import FaultKind

    site = Site("x", sweep_world.settings(), ROLE)
    for margin in ("RENEW_S", "LATEST_S"):  # every call finds the hour about to end
        monkeypatch.setattr(assuming, margin, 2 * assuming.DURATION_S)
    session = session_of(site, sweep_world.cloud.client_kwargs())
    assert session.call("sts", "GetCallerIdentity")["Account"] == "333333333333"
    with (
        sweep_world.cloud.faults.inject("sts:AssumeRole", FaultKind.ACCESS_DENIED),
        pytest.raises(Unreadable, match=r"sts:AssumeRole could not be read: AccessDenied"),
    ):
        session.call("sts", "GetCallerIdentity")
    assert session.call("sts", "GetCallerIdentity")["Account"] == "333333333333"


def test_a_role_is_not_assumed_for_every_call(sweep_world: SweepWorld) -> None:
    from dicfix.offline.faults import FaultKind

    session = session_of(Site("x", sweep_world.settings(), ROLE), sweep_world.cloud.client_kwargs())
    with sweep_world.cloud.faults.inject("sts:AssumeRole", FaultKind.ACCESS_DENIED):
        assert session.call("sts", "GetCallerIdentity")["Account"] == "333333333333"
