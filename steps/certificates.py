"""Phrases about keys, requests and certificates (the OpenSSL page). One call each."""

from __future__ import annotations

from pytest_bdd import then, when

from dicfix.accounts import Account
from dicfix.accounts.judge import Judge
from dicfix.settings import Settings


@when("the CA key and the CA certificate are made")
def the_ca_files_are_made(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_ca_files())


@when("the device's key and certificate are made")
def the_device_files_are_made(account: Account, judge: Judge, settings: Settings) -> None:
    judge.record(account.ensure_client_files(settings.devices[0]))


@when("MQTT Explorer's key and certificate are made")
def the_explorer_files_are_made(account: Account, judge: Judge, settings: Settings) -> None:
    judge.record(account.ensure_client_files(settings.explorer_name))


@when("the verification key and the verification certificate are made")
def the_verification_files_are_made(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_verification_files())


@when("every certificate of the OpenSSL page is made")
def every_certificate_is_made(account: Account, judge: Judge) -> None:
    judge.record(account.ensure_all_files())


@then("the CA key is an EC key on prime256v1")
def the_ca_key_is_ec_p256(judge: Judge) -> None:
    judge.expect("DIC-PKI-01")


@then("the CA certificate is signed by its own key")
def the_ca_certificate_is_self_signed(judge: Judge) -> None:
    judge.expect("DIC-PKI-02")


@then("the CA certificate is valid for 1826 days")
def the_ca_certificate_is_valid_for_1826_days(judge: Judge) -> None:
    judge.expect("DIC-PKI-06")


@then("every client key is an EC key on prime256v1")
def every_client_key_is_ec_p256(judge: Judge) -> None:
    judge.expect("DIC-PKI-03")


@then("every signing request is made from the client's key")
def every_request_is_made_from_the_key(judge: Judge) -> None:
    judge.expect("DIC-PKI-08")


@then("every client certificate is signed by the CA certificate")
def every_client_certificate_is_signed_by_the_ca(judge: Judge) -> None:
    judge.expect("DIC-PKI-04")


@then("every client certificate is valid for 360 days")
def every_client_certificate_is_valid_for_360_days(judge: Judge) -> None:
    judge.expect("DIC-PKI-07")


@then("the CA keeps a serial file")
def the_ca_keeps_a_serial_file(judge: Judge) -> None:
    judge.expect("DIC-PKI-09")


@then("MQTT Explorer has a client set of its own")
def the_explorer_has_its_own_set(judge: Judge) -> None:
    judge.expect("DIC-PKI-10")


@then("the verification key is an RSA key of 2048 bits")
def the_verification_key_is_rsa_2048(judge: Judge) -> None:
    judge.expect("DIC-PKI-11")


@then("the verification request names the registration code")
def the_verification_request_names_the_code(judge: Judge) -> None:
    judge.expect("DIC-PKI-12")


@then("the verification certificate is signed by the CA certificate for 500 days with SHA-256")
def the_verification_certificate_is_signed(judge: Judge) -> None:
    judge.expect("DIC-PKI-13")


@then("the certificates of the OpenSSL page exist")
def the_certificates_exist(judge: Judge) -> None:
    judge.expect("DIC-PKI-14")
