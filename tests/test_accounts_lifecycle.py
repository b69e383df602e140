"""Life after onboarding: what is made is noted, what is not ours is left alone, wrong orders say what to do."""

from __future__ import annotations

from pathlib import Path

import botocore.session
import pytest
from accounts_world import World
from pytest_bdd.feature import get_feature

from dicfix.accounts import lifecycle
from dicfix.aws.operations import READ_OPERATIONS
from dicfix.aws.remedies import REMEDIES, remedy_for
from dicfix.errors import AwsRefused, GuardRefused, UsageError
from dicfix.lab import Lab
from dicfix.onboardings import MOMENTS

pytest_plugins = ["accounts_fixtures"]

FEATURES = Path(__file__).resolve().parents[1] / "features"
CODES = {
    "an ACTIVE certificate": ("iot:DeleteCertificate", "CertificateStateException"),
    "a certificate with a policy": ("iot:DeleteCertificate", "DeleteConflictException"),
    "a certificate with a thing": ("iot:DeleteCertificate", "DeleteConflictException"),
    "a thing with a certificate": ("iot:DeleteThing", "InvalidRequestException"),
    "a policy on a certificate": ("iot:DeletePolicy", "DeleteConflictException"),
    "an ACTIVE CA certificate": ("iot:DeleteCACertificate", "CertificateStateException"),
}


def test_a_second_certificate_has_the_first_ones_subject_and_a_key_of_its_own(
    accounts_world: World, onboarded_lab: Lab
) -> None:
    site = onboarded_lab.account.site
    first, second = (
        site.client(accounts_world.device).certificate,
        lifecycle.second_client(site, accounts_world.device).certificate,
    )
    assert second.parsed.subject == first.parsed.subject
    assert second.parsed.public_key() != first.parsed.public_key()
    assert second.certificate_id == lifecycle.second_client(site, accounts_world.device).certificate.certificate_id


def test_a_second_certificate_is_in_the_journal_with_both_attachments(
    accounts_world: World, onboarded_lab: Lab
) -> None:
    before = len(onboarded_lab.account.site.journal)
    lifecycle.rotate_in(onboarded_lab.account.site, accounts_world.device)
    added = list(accounts_world.builder().site.journal)[before:]
    assert [entry.kind for entry in added] == ["certificate", "policy attachment", "thing attachment"]
    accounts_world.builder().clean_up()
    assert lifecycle.left_over(onboarded_lab.account.site) == ()


def test_an_attachment_that_was_taken_off_is_out_of_the_journal(accounts_world: World, onboarded_lab: Lab) -> None:
    site = onboarded_lab.account.site
    lifecycle.detach_thing(site, accounts_world.device)
    lifecycle.detach_policy(site, accounts_world.device)
    arn = lifecycle.arn_of(site, site.client(accounts_world.device).certificate.certificate_id)
    assert arn not in [entry.target for entry in accounts_world.builder().site.journal]


CHANGES = {
    "status": lambda site, thing: lifecycle.set_status(site, thing, "INACTIVE"),
    "policy attachment": lifecycle.detach_policy,
    "thing attachment": lifecycle.detach_thing,
    "certificate": lifecycle.delete_certificate,
    "CA status": lambda site, _: lifecycle.set_ca_status(site, "INACTIVE"),
    "policy document": lambda site, _: lifecycle.replace_policy(site, lifecycle.NARROW_POLICY),
    "wrong order": lambda site, thing: lifecycle.delete_too_early(site, "a thing with a certificate", thing),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_ours_is_not_changed(accounts_world: World, onboarded_lab: Lab, change: str) -> None:
    site = accounts_world.stranger().site
    before = accounts_world.cloud.dump()
    with pytest.raises(GuardRefused, match="was not made by this project"):
        CHANGES[change](site, accounts_world.device)
    assert accounts_world.cloud.dump() == before


@pytest.mark.parametrize("what", lifecycle.WRONG_ORDERS)
def test_a_wrong_order_is_refused_with_awss_code_and_a_remedy(
    accounts_world: World, onboarded_lab: Lab, what: str
) -> None:
    with pytest.raises(AwsRefused) as refused:
        lifecycle.delete_too_early(onboarded_lab.account.site, what, accounts_world.device)
    assert (refused.value.operation, refused.value.code) == CODES[what]
    assert refused.value.remedy == remedy_for(*CODES[what])
    assert f"Do: {refused.value.remedy}" in str(refused.value)


def test_an_unknown_order_is_one_clear_error(onboarded_lab: Lab) -> None:
    with pytest.raises(UsageError, match="an ACTIVE certificate"):
        lifecycle.delete_too_early(onboarded_lab.account.site, "the universe", "thing")


@pytest.mark.parametrize(("operation", "code"), REMEDIES)
def test_every_remedy_is_for_an_error_that_the_service_model_knows(operation: str, code: str) -> None:
    model = botocore.session.get_session().get_service_model("iot")
    errors = {shape.name for shape in model.operation_model(operation.removeprefix("iot:")).error_shapes}
    assert code in errors


def test_what_has_no_remedy_gets_none() -> None:
    assert remedy_for("iot:DescribeThing", "ResourceNotFoundException") == ""


def test_what_is_left_over_is_named(accounts_world: World, onboarded_lab: Lab) -> None:
    kinds = sorted(text.rsplit(" ", 1)[0] for text in lifecycle.left_over(onboarded_lab.account.site))
    assert kinds == ["CA certificate", "certificate", "certificate", "policy", "thing", "thing"]


def test_a_deleted_certificate_that_is_back_is_told_with_its_remedy(accounts_world: World, onboarded_lab: Lab) -> None:
    with pytest.raises(lifecycle.CertificateIsBack) as back:
        lifecycle.require_gone(onboarded_lab.account.site, accounts_world.device)
    assert "is back as ACTIVE" in str(back.value)
    assert "automatic registration" in back.value.remedy


def test_a_kill_is_tried_after_every_call_that_writes(accounts_world: World) -> None:
    calls = accounts_world.surroundings.session.calls
    begin = len(calls)
    accounts_world.builder().onboard()
    writes = [one for one in calls[begin:] if one not in READ_OPERATIONS]
    counted = {(writes[: index + 1].count(one), one) for index, one in enumerate(writes)}
    feature = get_feature(str(FEATURES), "07_onboarding_again.feature")
    outline = next(one for name, one in feature.scenarios.items() if "<moment>" in name)
    rows = [row for examples in outline.examples for row in examples.as_contexts()]
    assert {row["moment"] for row in rows} == set(MOMENTS)
    first_of = {"iot:CreatePolicy", "iot:RegisterCACertificate"}
    assert counted - {(int(row["nth"]), row["operation"]) for row in rows if row["moment"] == "after"} == set()
    assert all((1, name) in counted and (2, name) not in counted for name in first_of)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("operation", ["iot:CreatePolicy", "iot:RegisterCertificate", "iot:AttachPolicy"])
def test_an_onboarding_that_was_killed_is_resumed_and_knows_what_it_made(
    accounts_world: World, moment: str, operation: str
) -> None:
    onboardings = accounts_world.onboardings()
    onboardings.kill(moment, operation, 1)
    onboardings.do_again()
    onboardings.expect_found()
    onboardings.expect_removable()
    assert len(accounts_world.builder().site.journal) == 0
