"""The Builder: each step performed once and found ever after, and nothing touched that is not ours."""

from __future__ import annotations

from collections import Counter

import pytest
from account_world import EMPTY, World, fresh

from dicfix.accounts import How
from dicfix.aws import policies, registry
from dicfix.certificates import issue_client, read_certificate
from dicfix.errors import AwsRefused, GuardRefused, Unreadable, UsageError
from dicfix.lab import Lab
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.faults import FaultKind

DEVICE, EXPLORER = "SQA_DIC_C2", "DIC_EXPLORER"
ONBOARDED = {"CA certificate": 1, "certificate": 2, "policy": 1, "thing": 2}
STEPS = {
    "ensure_ca_files": (),
    "ensure_client_files": (DEVICE,),
    "ensure_all_files": (),
    "ensure_ca_certificate": (),
    "ensure_policy": (),
    "ensure_thing": (DEVICE,),
    "ensure_firmware_material": (DEVICE,),
    "ensure_server_certificate": (),
    "ensure_explorer_profile": (),
}
OTHER_DOCUMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'


@pytest.fixture(scope="module")
def cloud():
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def world(cloud, tmp_path):
    with fresh(cloud, tmp_path) as made:
        yield made


# Performed, then found


@pytest.mark.parametrize("edition", ["2023-06", "2023-08", "2024-04"])
@pytest.mark.parametrize("step", [*STEPS, "ensure_verification_files"])
def test_every_step_is_performed_once_and_then_found_without_a_write(world: World, step, edition):
    arguments = tuple(builder_name(edition) for _ in STEPS.get(step, ()))
    builder = world.builder(edition=edition)
    assert getattr(builder, step)(*arguments).how is How.PERFORMED
    before, sent = world.cloud.dump(), len(world.session.calls)
    assert getattr(builder, step)(*arguments).how is How.FOUND
    assert world.cloud.dump() == before
    assert [one for one in world.written(sent) if one != "iot:GetRegistrationCode"] == []


def test_what_was_just_made_is_not_looked_at_again(world: World):
    builder = world.builder()
    builder.ensure_things([DEVICE, EXPLORER])
    asked = Counter(one for one in world.session.calls if one.split(":")[1].startswith(("Describe", "Get", "List")))
    assert asked == {
        "sts:GetCallerIdentity": 1,
        "iot:DescribeCACertificate": 1,
        "iot:GetPolicy": 1,
        "iot:DescribeThing": 2,
        "iot:DescribeCertificate": 2,
    }


def test_things_that_are_there_are_found_by_one_look_at_each_and_one_at_the_policy(world: World):
    builder = world.builder()
    builder.ensure_things([DEVICE, EXPLORER])
    sent = len(world.session.calls)
    assert {done.how for done in builder.ensure_things([DEVICE, EXPLORER])} == {How.FOUND}
    assert Counter(world.session.calls[sent:]) == {
        "iot:DescribeCACertificate": 1,
        "iot:GetPolicy": 1,
        "iot:ListPolicyVersions": 1,
        "iot:ListTargetsForPolicy": 2,  # for the policy's own record, and for what it is attached to
        "iot:DescribeThing": 2,
        "iot:ListThingPrincipals": 2,
        "iot:DescribeCertificate": 2,
    }


@pytest.mark.parametrize("undo", ["policy", "thing"])
def test_an_attachment_that_somebody_undid_is_made_again(world: World, undo):
    builder = world.builder()
    builder.ensure_things([DEVICE, EXPLORER])
    arn = registry.read_principals(world.session, DEVICE)[0]
    if undo == "policy":
        policies.detach_policy(world.session, "DIC_POLICY", arn)
    else:
        registry.detach_from_thing(world.session, DEVICE, arn)
    assert [done.how for done in builder.ensure_things([DEVICE, EXPLORER])] == [How.PERFORMED, How.FOUND]
    assert arn in policies.read_targets(world.session, "DIC_POLICY")
    assert registry.read_principals(world.session, DEVICE) == (arn,)


def builder_name(edition):
    return "DIC_2" if edition == "2023-06" else DEVICE


@pytest.mark.parametrize("step", [one for one in STEPS if one != "ensure_explorer_profile"])
def test_every_step_is_found_by_another_process_too(world: World, step):
    getattr(world.builder(), step)(*STEPS[step])
    assert getattr(world.builder(), step)(*STEPS[step]).how is How.FOUND


def test_the_login_is_always_found_and_nothing_is_written(world: World):
    before = world.cloud.dump()
    assert world.builder().ensure_login().how is How.FOUND
    assert world.cloud.dump() == before


def test_an_onboarding_makes_what_the_guide_says_and_a_second_one_nothing(world: World):
    first = world.builder()
    first.onboard()
    assert world.counts() == ONBOARDED
    sent = len(world.session.calls)
    again = world.builder().onboard()
    assert {done.step: done.how for done in again if done.how is How.PERFORMED} == {
        "MQTT Explorer profile": How.PERFORMED  # a form that is filled in, not a resource
    }
    assert world.written(sent) == []


def test_a_second_device_of_the_run_has_a_set_of_its_own(world: World):
    builder = world.builder(devices=("A", "B"))
    builder.onboard()
    ids = [builder.site.client(name).certificate.certificate_id for name in ("A", "B", EXPLORER)]
    assert len(set(ids)) == 3
    assert world.counts()["certificate"] == 3


def test_a_connection_takes_a_lab(world: World):
    builder = world.builder()
    with pytest.raises(UsageError, match="no lab"):
        builder.ensure_connection()
    lab = Lab(builder, world.surroundings.network)
    try:
        assert builder.ensure_connection().how is How.PERFORMED
        assert builder.ensure_connection().how is How.FOUND
    finally:
        lab.close()


def connect_first(world: World, pem: str) -> None:
    """What AWS does when a device connects before its certificate is registered."""
    plane = world.cloud.registry
    plane.register_automatically(read_certificate(pem).der, plane.ca_certificates()[0])


def test_a_certificate_that_aws_registered_by_itself_is_activated_and_ours(world: World):
    builder = world.builder()
    builder.ensure_ca_certificate()
    builder.ensure_client_files(DEVICE)
    certificate = builder.site.client(DEVICE).certificate
    connect_first(world, certificate.pem)
    builder.ensure_thing(DEVICE)
    assert registry.read_certificate(world.session, certificate.certificate_id).status == "ACTIVE"
    builder.clean_up()
    assert world.counts() == EMPTY


# What is not ours


def stranger_made(world: World, **given):
    """An account that somebody else onboarded from the same certificates: nothing is in our journal."""
    other = world.builder(**given)
    other.onboard()
    other.site.journal.path.unlink()
    return world.builder(**given)


def test_somebody_elses_equal_onboarding_is_found_and_never_cleaned_up(world: World):
    builder = stranger_made(world)
    builder.onboard()
    builder.clean_up()
    assert world.counts() == ONBOARDED


def _other_policy(world: World, _builder) -> None:
    policies.replace_document(world.session, "DIC_POLICY", OTHER_DOCUMENT)


def _ca_inactive(world: World, builder) -> None:
    registry.update_ca_certificate(
        world.session, builder.site.keystore.ca().certificate.certificate_id, status="INACTIVE"
    )


def _ca_automatic_off(world: World, builder) -> None:
    registry.update_ca_certificate(
        world.session, builder.site.keystore.ca().certificate.certificate_id, auto_registration=False
    )


def _certificate_inactive(world: World, builder) -> None:
    registry.update_certificate(world.session, builder.site.client(DEVICE).certificate.certificate_id, "INACTIVE")


def _other_certificate(world: World, builder) -> None:
    ca = builder.site.keystore.ca()
    stranger = issue_client(ca, "/O=dicfix/CN=stranger", now=builder.site.now(), version=1).certificate
    registry.register_certificate(world.session, stranger.pem, ca.certificate.pem)
    ours = builder.site.client(DEVICE).certificate.certificate_id
    for arn in registry.read_principals(world.session, DEVICE):
        registry.detach_from_thing(world.session, DEVICE, arn)
    arn = arn_like(world, stranger.certificate_id)
    registry.attach_to_thing(world.session, DEVICE, arn)
    assert ours != stranger.certificate_id


def arn_like(world: World, certificate_id: str) -> str:
    return f"arn:aws:iot:{world.cloud.region}:{world.cloud.account_id}:cert/{certificate_id}"


CHANGES = {
    "another document": (_other_policy, "policy DIC_POLICY"),
    "CA certificate INACTIVE": (_ca_inactive, "CA certificate"),
    "automatic registration off": (_ca_automatic_off, "CA certificate"),
    "certificate INACTIVE": (_certificate_inactive, "certificate"),
    "another certificate on the thing": (_other_certificate, "thing SQA_DIC_C2"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_differs_and_is_not_ours_is_refused_and_left_as_it_is(world: World, change):
    builder = stranger_made(world)
    plant, what = CHANGES[change]
    plant(world, builder)
    before = world.cloud.dump()
    with pytest.raises(GuardRefused, match=f"{what}.* was not made by this project.*--dicfix-adopt") as caught:
        builder.ensure_thing(DEVICE)
    assert caught.value.exit_code == 4
    assert world.cloud.dump() == before


@pytest.mark.parametrize("change", CHANGES)
def test_with_adopt_it_is_put_right_and_stays_at_clean_up(world: World, change):
    builder = stranger_made(world, adopt=True)
    plant, _ = CHANGES[change]
    plant(world, builder)
    builder.ensure_thing(DEVICE)
    assert world.builder(adopt=True).ensure_thing(DEVICE).how is How.FOUND
    world.builder(adopt=True).clean_up()
    counts = world.counts()
    assert counts.pop("certificate") >= 2  # the stranger's own, and those that were adopted
    assert counts == {"CA certificate": 1, "policy": 1, "thing": 2}


def test_a_revoked_certificate_is_a_usage_error_whoever_made_it(world: World):
    """No update takes a revocation back. Source: UpdateCertificate."""
    builder = world.builder()
    builder.onboard()
    registry.update_certificate(world.session, builder.site.client(DEVICE).certificate.certificate_id, "REVOKED")
    before = world.cloud.dump()
    with pytest.raises(UsageError, match=r"of SQA_DIC_C2 is REVOKED.*made anew"):
        builder.ensure_thing(DEVICE)
    assert world.cloud.dump() == before


@pytest.mark.parametrize("change", [one for one in CHANGES if one != "another certificate on the thing"])
def test_what_differs_and_is_ours_is_put_right(world: World, change):
    builder = world.builder()
    builder.onboard()
    CHANGES[change][0](world, builder)
    builder.ensure_thing(DEVICE)
    assert world.builder().ensure_thing(DEVICE).how is How.FOUND


def test_a_ca_in_the_other_mode_is_a_usage_error_that_no_adopt_changes(world: World):
    builder = world.builder(edition="2023-08", adopt=True)
    builder.ensure_ca_files()
    ca = builder.site.keystore.ca().certificate
    world.builder(edition="2024-04").ensure_ca_certificate()
    before = world.cloud.dump()
    with pytest.raises(UsageError, match=r"registered in mode DEFAULT.*fixed at registration"):
        builder.ensure_ca_certificate()
    assert world.cloud.dump() == before
    assert registry.read_ca_certificate(world.session, ca.certificate_id).mode == "DEFAULT"


def test_another_account_than_the_named_one_is_refused_before_anything_is_written(world: World):
    builder = world.builder(account="999999999999")
    before, sent = world.cloud.dump(), len(world.session.calls)
    for step in ("ensure_ca_certificate", "ensure_policy", "ensure_login", "clean_up"):
        with pytest.raises(GuardRefused, match="logged in to account 123456789012"):
            getattr(builder, step)()
    assert world.cloud.dump() == before
    assert world.written(sent) == []


# What cannot be read, and requests that fail


def test_a_policy_that_cannot_be_read_is_not_replaced(world: World):
    builder = stranger_made(world, adopt=True)
    world.faults.add("iot:GetPolicy", FaultKind.ACCESS_DENIED)
    with pytest.raises(Unreadable, match="iot:GetPolicy"):
        builder.ensure_policy()


def test_what_aws_refuses_to_make_is_not_kept_as_ours(world: World, monkeypatch):
    builder = world.builder()
    builder.ensure_ca_files()

    def refuse(*_, **__):
        raise AwsRefused("iot:CreatePolicy", "ResourceAlreadyExistsException", "there")

    monkeypatch.setattr(policies, "create_policy", refuse)
    with pytest.raises(AwsRefused):
        builder.ensure_policy()
    assert len(builder.site.journal) == 0


@pytest.mark.parametrize("kind", [FaultKind.TIMEOUT, FaultKind.CONNECTION_RESET, FaultKind.UNAVAILABLE])
def test_what_may_have_been_made_is_kept_as_ours(world: World, kind):
    """A request without an answer may have been heard."""
    builder = world.builder()
    world.faults.add("iot:CreatePolicy", kind)
    with pytest.raises(Unreadable):
        builder.ensure_policy()
    assert [entry.kind for entry in builder.site.journal] == ["policy"]
    world.faults.clear()
    assert world.builder().clean_up().how is How.FOUND
    assert len(world.builder().site.journal) == 0


def test_a_device_that_connects_between_look_and_registration_is_no_trouble(world: World, monkeypatch):
    builder = world.builder()
    builder.ensure_ca_certificate()
    builder.ensure_client_files(DEVICE)
    register = registry.register_certificate

    def after_the_device(session, pem, ca_pem, **more):
        monkeypatch.setattr(registry, "register_certificate", register)
        connect_first(world, pem)
        return register(session, pem, ca_pem, **more)

    monkeypatch.setattr(registry, "register_certificate", after_the_device)
    builder.ensure_thing(DEVICE)
    assert world.builder().ensure_thing(DEVICE).how is How.FOUND
