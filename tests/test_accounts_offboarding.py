"""Cleaning up: all that is ours goes, in any state it is left in, and nothing else does."""

from __future__ import annotations

import itertools

import pytest
from account_world import EMPTY, World, fresh

from dicfix.accounts import How
from dicfix.accounts.journal import Entry
from dicfix.aws import policies, registry
from dicfix.errors import AwsRefused, DeadlineExceeded, Unreadable
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.faults import FaultKind

DEVICE = "SQA_DIC_C2"


@pytest.fixture(scope="module")
def cloud():
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def world(cloud, tmp_path):
    with fresh(cloud, tmp_path) as made:
        yield made


@pytest.mark.parametrize("edition", ["2023-06", "2023-08", "2024-04"])
def test_after_a_clean_up_the_account_is_empty_and_a_second_one_has_nothing_to_do(world: World, edition):
    builder = world.builder(edition=edition)
    builder.onboard()
    done = builder.clean_up()
    assert done.how is How.PERFORMED
    assert all(how is How.PERFORMED for _, how in done.parts)
    assert world.counts() == EMPTY
    assert len(world.builder().site.journal) == 0
    assert world.builder().clean_up().parts == ()


def test_a_clean_up_by_another_process_needs_no_more_than_the_journal(world: World):
    world.builder().onboard()
    for key in world.directory.rglob("*.key"):
        key.unlink()
    world.builder().clean_up()
    assert world.counts() == EMPTY


def test_an_onboarding_after_a_clean_up_is_performed_again(world: World):
    world.builder().onboard()
    world.builder().clean_up()
    assert world.builder().ensure_thing(DEVICE).how is How.PERFORMED


def test_the_files_on_this_machine_stay(world: World):
    builder = world.builder()
    builder.onboard()
    before = sorted(path.name for path in builder.site.keystore.directory.iterdir())
    builder.clean_up()
    assert sorted(path.name for path in builder.site.keystore.directory.iterdir()) == before


# Any partial state: what somebody took away by hand


def _detach_policy(world, builder):
    for arn in policies.read_targets(world.session, "DIC_POLICY"):
        policies.detach_policy(world.session, "DIC_POLICY", arn)


def _detach_things(world, builder):
    for name in (DEVICE, "DIC_EXPLORER"):
        for arn in registry.read_principals(world.session, name):
            registry.detach_from_thing(world.session, name, arn)


def _delete_things(world, builder):
    _detach_things(world, builder)
    for name in (DEVICE, "DIC_EXPLORER"):
        registry.delete_thing(world.session, name)


def _delete_policy(world, builder):
    _detach_policy(world, builder)
    policies.delete_policy(world.session, "DIC_POLICY")


def _delete_certificates(world, builder):
    _detach_policy(world, builder)
    _detach_things(world, builder)
    for name in (DEVICE, "DIC_EXPLORER"):
        one = builder.site.client(name).certificate.certificate_id
        registry.update_certificate(world.session, one, "INACTIVE")
        registry.delete_certificate(world.session, one)


def _inactive_ca(world, builder):
    registry.update_ca_certificate(
        world.session, builder.site.keystore.ca().certificate.certificate_id, status="INACTIVE"
    )


def _delete_ca(world, builder):
    _inactive_ca(world, builder)
    registry.delete_ca_certificate(world.session, builder.site.keystore.ca().certificate.certificate_id)


def _revoke(world, builder):
    registry.update_certificate(world.session, builder.site.client(DEVICE).certificate.certificate_id, "REVOKED")


def _more_versions(world, builder):
    policies.replace_document(world.session, "DIC_POLICY", policies.policy_text(policies.GUIDE_POLICY))


PARTIAL = (
    _detach_policy,
    _detach_things,
    _delete_things,
    _delete_policy,
    _delete_certificates,
    _inactive_ca,
    _delete_ca,
    _revoke,
    _more_versions,
)


@pytest.mark.parametrize("change", PARTIAL, ids=lambda one: one.__name__.strip("_"))
def test_whatever_somebody_has_taken_away_the_rest_goes(world: World, change):
    builder = world.builder()
    builder.onboard()
    change(world, builder)
    world.builder().clean_up()
    assert world.counts() == EMPTY
    assert len(world.builder().site.journal) == 0


def test_what_was_gone_already_is_told_from_what_was_removed(world: World):
    builder = world.builder()
    builder.onboard()
    _delete_policy(world, builder)
    hows = dict(world.builder().clean_up().parts)
    assert hows["policy DIC_POLICY"] is How.FOUND
    assert hows[f"thing {DEVICE}"] is How.PERFORMED


@pytest.mark.parametrize("nth", range(14))
def test_a_clean_up_that_breaks_off_at_any_call_is_taken_up_by_the_next(world: World, nth):
    world.builder().onboard()
    for operation in ("iot:Delete*", "iot:Detach*", "iot:Update*"):
        world.faults.add(operation, FaultKind.UNAVAILABLE, after=nth // 3)
    with pytest.raises(Unreadable):
        world.builder().clean_up()
    world.faults.clear()
    world.builder().clean_up()
    assert world.counts() == EMPTY


# Only what is ours


def test_neighbours_in_the_account_stay(world: World):
    names = {"devices": ("THEIRS",), "explorer_name": "THEIR_EXPLORER", "policy_name": "THEIR_POLICY"}
    ours, theirs = world.builder("ours"), world.builder("theirs", ca_subject="/O=theirs/CN=CA", **names)
    theirs.onboard()
    before = world.cloud.dump()
    ours.onboard()
    ours.clean_up()
    assert world.cloud.dump()["eu-west-1"]["things"] == before["eu-west-1"]["things"]
    assert world.counts() == {"CA certificate": 1, "certificate": 2, "policy": 1, "thing": 2}


def test_entries_of_another_account_or_region_are_left_alone(world: World):
    """Also when the same CA certificate is registered here by somebody else."""
    builder = world.builder()
    builder.onboard()
    ca = builder.site.keystore.ca().certificate.certificate_id
    builder.site.journal.path.unlink()
    journal = world.builder().site.journal
    for account, region in (("999999999999", "eu-west-1"), ("123456789012", "us-east-1")):
        journal.making(Entry("CA certificate", ca, account, region))
        journal.making(Entry("policy", "DIC_POLICY", account, region))
    before, sent = world.cloud.dump(), len(world.session.calls)
    assert world.builder().clean_up().parts == ()
    assert world.cloud.dump() == before
    assert world.written(sent) == []
    assert len(world.builder().site.journal) == 4


# What AWS does late


class Late:
    """A session to which AWS refuses some deletions at first, as it does while a detachment takes effect."""

    def __init__(self, session, operation, code, times):
        self._session, self._operation, self._code, self.left = session, operation, code, times

    def __getattr__(self, name):
        return getattr(self._session, name)

    def call(self, service, operation, **parameters):
        if operation == self._operation and self.left:
            self.left -= 1
            raise AwsRefused(f"{service}:{operation}", self._code, "still attached")
        return self._session.call(service, operation, **parameters)


LATE = [
    ("DeleteCertificate", "DeleteConflictException"),
    ("DeletePolicy", "DeleteConflictException"),
    ("DeleteThing", "InvalidRequestException"),
    ("DeleteCACertificate", "CertificateStateException"),
]


@pytest.mark.parametrize(("operation", "code"), LATE)
def test_a_conflict_that_passes_is_waited_for(world: World, operation, code):
    builder = world.builder()
    builder.onboard()
    builder.site.session = late = Late(world.session, operation, code, 3)
    assert builder.clean_up().how is How.PERFORMED
    assert late.left == 0
    assert world.counts() == EMPTY


def test_a_conflict_that_stays_ends_with_the_deadlines_name_and_keeps_the_entry(world: World):
    builder = world.builder()
    builder.onboard()
    builder.site.session = Late(world.session, "DeleteCertificate", "DeleteConflictException", 10**9)
    with pytest.raises(
        DeadlineExceeded, match=r"removing certificate [0-9a-f]{12} \(DeleteConflictException\)"
    ) as caught:
        builder.clean_up()
    assert caught.value.name == "detach_s"
    kinds = [entry.kind for entry in world.builder().site.journal]
    assert "certificate" in kinds
    assert "thing attachment" not in kinds
    world.builder().clean_up()
    assert world.counts() == EMPTY


def test_another_refusal_is_not_waited_for(world: World):
    builder = world.builder()
    builder.onboard()
    builder.site.session = Late(world.session, "DeleteThing", "LimitExceededException", 1)
    with pytest.raises(AwsRefused, match="LimitExceededException"):
        builder.clean_up()


def test_automatic_registration_is_off_before_anything_is_removed(world: World):
    """Else a device that still connects brings its deleted certificate back."""
    builder = world.builder()
    builder.onboard()
    since = len(world.session.calls)
    builder.clean_up()
    first = next(itertools.islice(world.written(since), 0, None))
    assert first == "iot:UpdateCACertificate"
