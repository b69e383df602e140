"""Phrases about the login, the CA certificate and the policy (steps 2 to 5 of the registration page)."""

from __future__ import annotations

from pytest_bdd import then, when

from dicfix.accounts import Account
from dicfix.accounts.judge import Judge


@when("somebody logs in to AWS")
def somebody_logs_in(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_login())


@when("the CA certificate is registered")
def the_ca_certificate_is_registered(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_ca_certificate())


@when("the policy is created")
def the_policy_is_created(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_policy())


@then("AWS answers in the Region of the configuration")
def aws_answers_in_the_region(judge: Judge) -> None:
    judge.expect("DIC-ACC-02")


@then("the account is the one that the run is meant for")
def the_account_is_the_named_one(judge: Judge) -> None:
    judge.expect("DIC-ACC-01")


@then("the CA certificate is listed as registered")
def the_ca_certificate_is_listed(judge: Judge) -> None:
    judge.expect("DIC-CA-01")


@then("the CA certificate has the mode of the guide's edition")
def the_ca_certificate_has_the_mode(judge: Judge) -> None:
    judge.expect("DIC-CA-02")


@then("the CA certificate is ACTIVE")
def the_ca_certificate_is_active(judge: Judge) -> None:
    judge.expect("DIC-CA-03")


@then("automatic certificate registration is ON")
def automatic_registration_is_on(judge: Judge) -> None:
    judge.expect("DIC-CA-04")


@then("the registered CA certificate is CA.crt")
def the_registered_ca_certificate_is_the_file(judge: Judge) -> None:
    judge.expect("DIC-CA-05")


@then("the verification certificate was given")
def the_verification_certificate_was_given(judge: Judge) -> None:
    judge.expect("DIC-PKI-05")


@then("the policy exists under the chosen name")
def the_policy_exists(judge: Judge) -> None:
    judge.expect("DIC-POL-01")


@then("the policy's default version is the guide's JSON")
def the_policy_is_the_guides(judge: Judge) -> None:
    judge.expect("DIC-POL-02")
