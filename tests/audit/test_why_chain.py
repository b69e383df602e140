"""The chain of one client: whole when it is connected, else its first break with the remedy, and never ok unread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from client_world import DEVICE, ELSEWHERE, EXPLORER, SECOND, ClientWorld, states
from onboarded import NOW, good_inventory, good_settings

from dicfix.audit.device import NEEDS, State
from dicfix.audit.why import Chain, connection, subscriptions, why
from dicfix.aws.operations import permission_for
from dicfix.offline.faults import FaultKind
from dicfix.records import Inventory, LiveSession, Unread, known

pytest_plugins = ["client_fixtures"]

DENIED = Unread("iot:Something", "AccessDeniedException", "no", "iot:Something")


@pytest.fixture
def connected(client_world: ClientWorld) -> ClientWorld:
    """The account with its first device switched on."""
    client_world.lab.switch_on("lighting")
    return client_world


def test_a_connected_device_of_a_good_account_is_a_whole_chain(connected: ClientWorld) -> None:
    before = connected.cloud.dump()
    chain = connected.why()
    assert set(states(chain).values()) == {State.OK}
    assert (chain.exit_code, chain.first_break, len(chain.links)) == (0, None, 11)
    assert connected.cloud.dump() == before


def test_the_explorer_is_a_client_like_any_other(client_world: ClientWorld) -> None:
    client_world.lab.connect_explorer()
    chain = client_world.why(EXPLORER)
    assert chain.exit_code == 0, chain.links


def no_thing(world: ClientWorld) -> None:
    no_certificate(world)
    world.call("DeleteThing", thingName=DEVICE)


def no_certificate(world: ClientWorld) -> None:
    world.call("DetachThingPrincipal", thingName=DEVICE, principal=world.arn())


def disabled_ca(world: ClientWorld) -> None:
    ca = world.builder.site.keystore.ca().certificate.certificate_id
    world.call("UpdateCACertificate", certificateId=ca, newStatus="INACTIVE")


def inactive(world: ClientWorld) -> None:
    world.call("UpdateCertificate", certificateId=world.certificate_id(), newStatus="INACTIVE")


def revoked(world: ClientWorld) -> None:
    world.call("UpdateCertificate", certificateId=world.certificate_id(), newStatus="REVOKED")


def no_policy(world: ClientWorld) -> None:
    world.call("DetachPolicy", policyName="DIC_POLICY", target=world.arn())


def wrong_policy(world: ClientWorld) -> None:
    no_policy(world)
    somebody = "arn:aws:iot:eu-west-1:123456789012:client/somebody"
    world.policy("FOR_SOMEBODY", {"Effect": "Allow", "Action": "iot:Connect", "Resource": somebody})


def denying_policy(world: ClientWorld) -> None:
    world.policy("NO_COMMANDS", {"Effect": "Deny", "Action": "iot:Subscribe", "Resource": "*"})


BREAKS: dict[str, tuple[Callable[[ClientWorld], None], str, str, str]] = {
    "no thing": (no_thing, "thing", "no such thing", f"create-thing --thing-name {DEVICE}"),
    "no attachment": (no_certificate, "certificate of the thing", "no certificate attached", "attach-thing-principal"),
    "disabled CA": (disabled_ca, "CA certificate", "INACTIVE", "update-ca-certificate"),
    "INACTIVE": (inactive, "certificate status", "INACTIVE", "update-certificate --certificate-id"),
    "REVOKED": (revoked, "certificate status", "REVOKED", "--new-status ACTIVE"),
    "no policy": (
        no_policy,
        "policy on the certificate",
        "no policy attached",
        "attach-policy --policy-name DIC_POLICY",
    ),
    "wrong policy": (
        wrong_policy,
        "policy allows client ID and topics",
        f"not allowed: iot:Connect on client/{DEVICE}",
        "allow what is missing",
    ),
    "denying policy": (
        denying_policy,
        "policy allows client ID and topics",
        "not allowed: iot:Subscribe on topicfilter/command",
        "allow what is missing",
    ),
}


def assert_first_break(chain: Chain, name: str, observed: str, remedy: str) -> None:
    """The chain is ok up to the link, breaks there with these words, and judges nothing behind it."""
    found = chain.first_break
    assert found is not None
    assert (found.name, chain.exit_code, chain.unread_before) == (name, 1, ())
    assert observed in found.observed
    assert remedy in found.remedy
    at = chain.links.index(found)
    assert {one.state for one in chain.links[:at]} <= {State.OK}
    assert {one.state for one in chain.links[at + 1 :]} <= {State.OBSERVED}
    assert all(one.observed for one in chain.links)


@pytest.mark.parametrize("what", BREAKS)
def test_the_first_break_is_named_with_its_remedy(client_world: ClientWorld, what: str) -> None:
    spoil, name, observed, remedy = BREAKS[what]
    spoil(client_world)
    assert_first_break(client_world.why(), name, observed, remedy)


def test_what_is_filled_in_a_remedy_is_of_this_device(client_world: ClientWorld) -> None:
    inactive(client_world)
    found = client_world.why().first_break
    assert found is not None
    assert client_world.certificate_id() in found.remedy
    assert "<" not in found.remedy


def test_the_other_device_is_not_touched_by_the_break(client_world: ClientWorld) -> None:
    inactive(client_world)
    client_world.lab.switch_on("lighting", thing_name=SECOND)
    assert client_world.why(SECOND).exit_code == 0


@pytest.mark.parametrize(("days", "what"), [(800, "expired"), (-2, "not yet valid")])
def test_a_certificate_out_of_its_dates_is_the_break(client_world: ClientWorld, days: int, what: str) -> None:
    assert_first_break(client_world.why(days=days), "certificate dates", "valid ", "issue a new certificate")


def test_in_another_region_the_thing_is_missing(client_world: ClientWorld) -> None:
    client_world.cloud.other_region(ELSEWHERE)
    chain = client_world.why(region=ELSEWHERE)
    assert_first_break(chain, "thing", "no such thing", "create-thing")
    assert ELSEWHERE in chain.links[0].observed


def test_a_certificate_of_another_region_is_the_break(client_world: ClientWorld) -> None:
    """The thing is here; its file's certificate is registered elsewhere alone."""
    client_world.cloud.other_region(ELSEWHERE)
    there = {**client_world.surroundings.client_kwargs, "region_name": ELSEWHERE}
    session = type(client_world.surroundings.session)(there)
    session.call("iot", "CreateThing", thingName=DEVICE)
    answer = session.call("iot", "CreateKeysAndCertificate", setAsActive=True)
    session.call("iot", "AttachThingPrincipal", thingName=DEVICE, principal=answer["certificateArn"])
    chain = client_world.why(region=ELSEWHERE, local=client_world.local())
    assert_first_break(chain, "certificate of the thing", "attached: ", "attach")


def test_the_certificate_of_a_file_that_is_not_the_things_is_the_break(client_world: ClientWorld) -> None:
    local = client_world.local()
    clients = {**local.clients, DEVICE: replace(local.clients[SECOND], name=DEVICE)}
    chain = client_world.why(local=replace(local, clients=clients))
    assert_first_break(chain, "certificate of the thing", client_world.certificate_id()[:12], "")


def test_a_certificate_without_a_ca_has_no_ca_to_be_disabled(client_world: ClientWorld) -> None:
    no_certificate(client_world)
    answer = client_world.call("CreateKeysAndCertificate", setAsActive=True)
    client_world.call("AttachThingPrincipal", thingName=DEVICE, principal=answer["certificateArn"])
    found = {one.name: one for one in client_world.why().links}
    assert "without a CA" in found["CA certificate"].observed


# The connection


def test_a_device_that_never_connected_is_broken_at_the_connection(client_world: ClientWorld) -> None:
    assert_first_break(client_world.why(), "connection", "no connection of this client ID", "switch it on")


def test_a_device_that_went_by_itself_says_so(connected: ClientWorld) -> None:
    connected.lab.device.switch_off()
    assert_first_break(connected.why(), "connection", "CLIENT_INITIATED_DISCONNECT", "switch it on again")


def test_a_connection_that_somebody_ended_says_so(connected: ClientWorld) -> None:
    connected.call("DeleteConnection", "iot-data", clientId=DEVICE)
    assert_first_break(connected.why(), "connection", "API_INITIATED_DISCONNECT", "DeleteConnection")


def test_a_take_over_asks_for_the_second_client() -> None:
    assert "second client" in live(connected=False, disconnect_reason="DUPLICATE_CLIENTID").links[-2].remedy


def test_an_unknown_reason_is_told_and_asks_for_a_restart() -> None:
    link = live(connected=False, disconnect_reason="SOLAR_FLARE").links[-2]
    assert "SOLAR_FLARE" in link.observed
    assert "never connects again by itself" in link.remedy


def live(**changes: Any) -> Chain:
    """The chain of a good account in which AWS reports the device's connection so."""
    good = good_inventory("2024-04")
    session = LiveSession(DEVICE, True, 60, 8883, ("command",), DEVICE, "", "2026-01-15T11:00:00Z")
    return pure(replace(good, sessions={DEVICE: replace(session, **changes)}))


def pure(inventory: Inventory, name: str = DEVICE, edition: str = "2024-04") -> Chain:
    return why(inventory, good_settings(edition, mode="audit"), name, NOW)


def test_the_good_records_are_a_whole_chain() -> None:
    assert live().exit_code == 0


def test_another_things_certificate_under_this_client_id_is_the_break() -> None:
    chain = live(thing_name=SECOND)
    assert_first_break(chain, "connection", f"by the certificate of {SECOND}", "its own name")


def test_a_device_that_hears_no_command_is_broken_at_the_subscriptions() -> None:
    assert_first_break(live(subscriptions=("light/#",)), "subscriptions", "light/#", "switch the device off and on")


def test_a_wildcard_subscription_covers_the_command() -> None:
    assert live(subscriptions=("#",)).exit_code == 0


def test_the_first_edition_asks_for_no_subscription() -> None:
    good = good_inventory("2023-06")
    session = LiveSession(DEVICE, True, 60, 8883, (), DEVICE, "", "")
    chain = pure(replace(good, sessions={DEVICE: session}), edition="2023-06")
    assert states(chain)["subscriptions"] is State.OK


# SNI


def test_multi_account_mode_breaks_a_firmware_without_sni(sni_world: ClientWorld) -> None:
    assert_first_break(
        sni_world.why(), "server name (SNI) and CA mode", "SNI_ONLY; firmware 2023-08 sends no server name", "single"
    )


def test_who_is_connected_does_send_the_server_name(sni_world: ClientWorld) -> None:
    sni_world.lab.switch_on("lighting")
    assert sni_world.why().exit_code == 0


# What cannot be read


@pytest.mark.parametrize("part", [one for one in NEEDS if one != "caller"])
def test_a_part_that_was_not_read_is_never_whole(part: str) -> None:
    good = live_inventory()
    for missing in (DENIED, type(good)().caller):
        chain = pure(replace(good, **{part: missing}))
        expected = 0 if part == "local" and missing is not DENIED else 3
        assert chain.exit_code == expected, (part, chain.links)


def live_inventory() -> Inventory:
    session = LiveSession(DEVICE, True, 60, 8883, ("command",), DEVICE, "", "")
    return replace(good_inventory("2024-04"), sessions={DEVICE: session})


FIELDS = (
    ("certificates", "status"),
    ("certificates", "mode"),
    ("certificates", "ca_certificate_id"),
    ("certificates", "pem"),
    ("certificates", "arn"),
    ("ca_certificates", "status"),
    ("things", "principals"),
    ("account_policies", "document"),
    ("account_policies", "targets"),
    ("account_policies", "arn"),
    ("sessions", "connected"),
    ("sessions", "subscriptions"),
    ("sessions", "thing_name"),
)


@pytest.mark.parametrize(("part", "name"), FIELDS)
def test_a_field_that_was_not_read_is_never_whole(part: str, name: str) -> None:
    good = live_inventory()
    records = {key: replace(one, **{name: DENIED}) for key, one in known(getattr(good, part)).items()}
    chain = pure(replace(good, **{part: records}))
    local_free = pure(replace(good, **{part: records}, local=type(good)().local))
    assert {chain.exit_code, local_free.exit_code} <= {3} or (name == "pem" and local_free.exit_code == 3), chain.links


@pytest.mark.parametrize("name", ["disconnect_reason", "disconnected_since"])
def test_a_reason_that_was_not_told_is_unknown_and_not_connected(name: str) -> None:
    assert_first_break(
        live(connected=False, **{"disconnect_reason": "AUTH_ERROR", name: DENIED}), "connection", "unknown", ""
    )


def test_a_break_behind_something_unread_is_exit_3_and_still_shown() -> None:
    good = live_inventory()
    records = {key: replace(one, status=DENIED) for key, one in known(good.certificates).items()}
    chain = pure(replace(good, certificates=records, sessions={}))
    assert chain.exit_code == 3
    assert [one.name for one in chain.unread_before] == ["certificate status"]
    assert chain.first_break is not None
    assert chain.first_break.name == "connection"


def test_a_break_before_something_unread_is_exit_1() -> None:
    good = live_inventory()
    chain = pure(replace(good, things={}, sessions=DENIED))
    assert chain.exit_code == 1
    assert states(chain)["connection"] is State.UNREADABLE


def with_group_policy(effect: str) -> Inventory:
    """A policy of a thing group beside the good one."""
    good = live_inventory()
    policies = dict(known(good.account_policies))
    one = next(iter(policies.values()))
    document = f'{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"iot:Connect","Resource":"*"}}]}}'
    group = frozenset({"arn:aws:iot:eu-west-1:123456789012:thinggroup/ALL"})
    policies["OF_GROUP"] = replace(one, name="OF_GROUP", document=document, targets=group)
    return replace(good, account_policies=policies)


def test_a_group_policy_that_may_deny_is_unreadable_and_one_that_allows_changes_nothing() -> None:
    assert states(pure(with_group_policy("Deny")))["policy allows client ID and topics"] is State.UNREADABLE
    assert pure(with_group_policy("Allow")).exit_code == 0


def test_a_policy_that_is_no_document_is_the_break() -> None:
    good = live_inventory()
    policies = {key: replace(one, document="nonsense") for key, one in known(good.account_policies).items()}
    assert_first_break(
        pure(replace(good, account_policies=policies)), "policy allows client ID and topics", "no JSON", "allow"
    )


OPERATIONS = (
    "iot:DescribeEndpoint",
    "iot:ListThingPrincipals",
    "iot:DescribeCertificate",
    "iot:ListCACertificates",
    "iot:ListPolicies",
    "iot:GetPolicy",
    "iot:ListTargetsForPolicy",
    "iot-data:GetConnection",
    "iot-data:ListSubscriptions",
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_denied_operation_is_unreadable_with_its_permission(connected: ClientWorld, operation: str) -> None:
    connected.cloud.faults.add(operation, FaultKind.ACCESS_DENIED)
    chain = connected.why()
    assert chain.exit_code == 3, chain.links
    assert chain.first_break is None
    told = " ".join(one.observed + one.remedy for one in chain.unread_before)
    assert permission_for(operation) in told


def test_the_mode_of_the_ca_counts_while_nobody_is_connected(client_world: ClientWorld) -> None:
    """Its status is in the list of CA certificates, its mode in its description alone."""
    client_world.cloud.faults.add("iot:DescribeCACertificate", FaultKind.ACCESS_DENIED)
    chain = client_world.why()
    assert chain.exit_code == 3
    assert [one.name for one in chain.unread_before] == ["server name (SNI) and CA mode"]


@pytest.mark.parametrize("name", [DEVICE, "nobody"])
def test_a_thing_that_may_neither_be_listed_nor_described_is_unreadable(connected: ClientWorld, name: str) -> None:
    connected.cloud.faults.add("iot:ListThings", FaultKind.ACCESS_DENIED)
    assert states(connected.why(name))["thing"] is (State.OK if name == DEVICE else State.BROKEN)
    connected.cloud.faults.add("iot:DescribeThing", FaultKind.ACCESS_DENIED)
    chain = connected.why(name)
    assert chain.exit_code == 3
    assert states(chain)["thing"] is State.UNREADABLE


@pytest.mark.parametrize("kind", [one for one in FaultKind if one not in (FaultKind.ACCESS_DENIED, FaultKind.SLOW)])
def test_every_other_trouble_is_unreadable_too(connected: ClientWorld, kind: FaultKind) -> None:
    connected.cloud.faults.add("iot:DescribeCertificate", kind)
    chain = connected.why()
    assert chain.exit_code == 3
    assert states(chain)["certificate status"] is State.UNREADABLE


def test_connection_and_subscriptions_can_be_asked_alone() -> None:
    from dicfix.audit.device import Device

    device = Device(live_inventory(), good_settings("2024-04", mode="audit"), DEVICE, datetime.now(UTC))
    assert {connection(device).state, subscriptions(device).state} == {State.OK}
