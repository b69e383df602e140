"""Phrases about the prerequisites of an OTA update. One call each."""

from __future__ import annotations

import pytest
from pytest_bdd import given, parsers, then, when

from dicfix.accounts import Account
from dicfix.accounts.judge import Judge
from dicfix.lab.ota import OtaLab
from dicfix.lab.ota_orders import OtaOrders
from dicfix.lab.ota_prerequisites import PrerequisiteOrders


@pytest.fixture
def prerequisites(ota: OtaLab, ota_orders: OtaOrders) -> PrerequisiteOrders:
    """What is done to the prerequisites in the scenario."""
    return PrerequisiteOrders(ota, ota_orders)


@given("the OTA prerequisites")
def the_ota_prerequisites(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.make()


@given("the OTA prerequisites, made by somebody else")
def the_ota_prerequisites_of_somebody_else(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.make_for_somebody_else()


@given("the signing profile is cancelled")
def the_signing_profile_is_cancelled(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.cancel_profile()


@given("the bucket keeps no versions any more")
def the_bucket_keeps_no_versions(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.suspend_versioning()


@given("the role may not pass itself any more")
def the_role_may_not_pass_itself(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.forbid_passing()


@when("the OTA prerequisites are made again")
def the_ota_prerequisites_are_made_again(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.make()


@when(parsers.parse("the {what} is made once more"))
def it_is_made_once_more(prerequisites: PrerequisiteOrders, what: str) -> None:
    prerequisites.make_one(what)


@when("the bucket for the images is made")
def the_bucket_is_made(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_bucket())


@when("the OTA service role is made")
def the_ota_service_role_is_made(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_ota_role())


@when("the code-signing certificate is made and imported")
def the_code_signing_certificate_is_imported(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_code_signing_certificate())


@then("the bucket is in the Region of the configuration")
def the_bucket_is_in_the_region(judge: Judge) -> None:
    judge.expect("DIC-OTP-01")


@then("the bucket keeps versions")
def the_bucket_keeps_versions(judge: Judge) -> None:
    judge.expect("DIC-OTP-02")


@then("public access to the bucket is blocked")
def public_access_is_blocked(judge: Judge) -> None:
    judge.expect("DIC-OTP-03")


@then("AWS IoT may assume the role, and nobody else")
def aws_iot_may_assume_the_role(judge: Judge) -> None:
    judge.expect("DIC-OTP-04")


@then("the role has the rights of AmazonFreeRTOSOTAUpdate")
def the_role_has_the_service_rights(judge: Judge) -> None:
    judge.expect("DIC-OTP-05")


@then("the role may pass itself")
def the_role_may_pass_itself(judge: Judge) -> None:
    judge.expect("DIC-OTP-06")


@then("the role may use the objects of the bucket")
def the_role_may_use_the_objects(judge: Judge) -> None:
    judge.expect("DIC-OTP-07")


@then("the role is assumed for this account alone")
def the_role_is_for_this_account(judge: Judge) -> None:
    judge.expect("DIC-OTP-08")


@then("the caller may make OTA jobs")
def the_caller_may_make_ota_jobs(judge: Judge) -> None:
    judge.expect("DIC-OTP-09")


@then("the caller may use code signing")
def the_caller_may_use_code_signing(judge: Judge) -> None:
    judge.expect("DIC-OTP-10")


@then("the code-signing certificate is in ACM")
def the_certificate_is_in_acm(judge: Judge) -> None:
    judge.expect("DIC-OTP-11")


@then("it is ECDSA P-256 with SHA-256")
def it_is_ecdsa(judge: Judge) -> None:
    judge.expect("DIC-OTP-12")


@then("it is for code signing")
def it_is_for_code_signing(judge: Judge) -> None:
    judge.expect("DIC-OTP-13")


@then("it has not expired")
def it_has_not_expired(judge: Judge) -> None:
    judge.expect("DIC-OTP-14")


@then("the policy allows the OTA topics")
def the_policy_allows_the_ota_topics(judge: Judge) -> None:
    judge.expect("DIC-OTP-15")


@then("every OTA prerequisite was found")
def every_prerequisite_was_found(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.expect_found()


@then("nothing of the OTA half is left")
def nothing_of_the_ota_half_is_left(prerequisites: PrerequisiteOrders) -> None:
    prerequisites.expect_nothing_left()


@given(parsers.parse('the devices to update are in the thing group "{group}", a target beside the first device'))
def the_devices_are_in_a_group(prerequisites: PrerequisiteOrders, group: str) -> None:
    prerequisites.gather(group)
