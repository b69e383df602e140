"""The rules of device certificates, one test each."""

from __future__ import annotations

import hashlib

import pytest
from pki_fixtures import Minted, ec_key, mint, mint_ca, rsa_key

from dicfix.offline.rules import RuleViolation, certificate_admission
from dicfix.offline.rules.certificate_reading import (
    certificate_id,
    is_issued_by,
    one_certificate,
    read_certificate,
    supported_key,
)


def _choose(leaf: Minted, registered: list[Minted], given: Minted | None = None) -> Minted:
    return certificate_admission.choose_ca(
        leaf.certificate.issuer, given, registered, lambda ca: ca.certificate.subject
    )


def test_two_certificates_in_one_text_are_refused() -> None:
    ca = mint_ca()
    one_certificate(ca.pem, "certificatePem")
    with pytest.raises(RuleViolation, match="found 2") as refused:
        one_certificate(mint("leaf", ca).pem + ca.pem, "certificatePem")
    assert refused.value.code == "CertificateValidationException"


@pytest.mark.parametrize(
    "change",
    [
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: "Certificate:\n    Data:\n" + pem,
        lambda pem: pem + "\n\n",
        lambda pem: pem.rstrip("\n"),
        lambda pem: "  \n" + pem,
    ],
    ids=["CRLF", "text before", "lines after", "no last line end", "blanks before"],
)
def test_the_same_certificate_has_the_same_id_in_every_form_of_pem(change: object) -> None:
    leaf = mint("leaf", mint_ca())
    read = read_certificate(change(leaf.pem), "certificatePem")  # type: ignore[operator]
    assert certificate_id(read) == hashlib.sha256(leaf.der).hexdigest()


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_text_that_is_no_certificate_is_refused_with_its_member(text: str) -> None:
    with pytest.raises(RuleViolation, match="caCertificate is not valid") as refused:
        read_certificate(text, "caCertificate")
    assert refused.value.code == "CertificateValidationException"


def test_an_rsa_key_of_1024_bits_is_refused() -> None:
    supported_key(mint("leaf", mint_ca(), key=rsa_key(2048)).certificate, "certificatePem")
    with pytest.raises(RuleViolation, match="1024 bits") as refused:
        supported_key(mint("leaf", mint_ca(), key=rsa_key(1024)).certificate, "certificatePem")
    assert refused.value.code == "CertificateValidationException"


def test_a_name_alone_makes_no_issuer() -> None:
    ca, namesake = mint_ca(), mint_ca(key=ec_key(1))
    assert is_issued_by(mint("leaf", ca).certificate, ca.certificate)
    assert not is_issued_by(mint("leaf", namesake).certificate, ca.certificate)
    assert not is_issued_by(mint("leaf", ca).certificate, mint_ca("another").certificate)


def test_a_certificate_is_inactive_unless_something_is_said() -> None:
    assert certificate_admission.status_at_registration(None, set_as_active=False) == "INACTIVE"
    assert certificate_admission.status_at_registration("REVOKED", set_as_active=False) == "REVOKED"
    assert certificate_admission.status_at_registration(None, set_as_active=True) == "ACTIVE"


def test_a_certificate_cannot_be_registered_as_pending() -> None:
    for status in ("PENDING_ACTIVATION", "PENDING_TRANSFER", "REGISTER_INACTIVE"):
        with pytest.raises(RuleViolation) as refused:
            certificate_admission.status_at_registration(status, set_as_active=False)
        assert refused.value.code == "CertificateStateException"


def test_without_a_registered_ca_certificate_of_the_issuers_name_nothing_is_chosen() -> None:
    with pytest.raises(RuleViolation, match="not registered") as refused:
        _choose(mint("leaf", mint_ca()), [mint_ca("another")])
    assert refused.value.code == "CertificateStateException"


def test_two_ca_certificates_of_one_subject_are_a_conflict_unless_one_is_given() -> None:
    ca, namesake = mint_ca(), mint_ca(key=ec_key(1))
    leaf = mint("leaf", ca)
    assert _choose(leaf, [ca, mint_ca("another")]) is ca
    assert _choose(leaf, [ca, namesake], given=namesake) is namesake
    with pytest.raises(RuleViolation, match="give caCertificatePem") as refused:
        _choose(leaf, [ca, namesake])
    assert refused.value.code == "CertificateConflictException"


def test_an_inactive_ca_certificate_registers_no_device_certificate() -> None:
    certificate_admission.ca_is_active("ACTIVE")
    with pytest.raises(RuleViolation) as refused:
        certificate_admission.ca_is_active("INACTIVE")
    assert refused.value.code == "CertificateStateException"


def test_a_certificate_of_another_key_with_the_same_issuer_name_is_refused() -> None:
    ca = mint_ca()
    certificate_admission.certificate_is_signed(mint("leaf", ca).certificate, ca.certificate)
    with pytest.raises(RuleViolation) as refused:
        certificate_admission.certificate_is_signed(mint("leaf", mint_ca(key=ec_key(1))).certificate, ca.certificate)
    assert refused.value.code == "CertificateValidationException"


def test_a_certificate_is_registered_once() -> None:
    certificate_admission.not_registered_before("id", None)
    with pytest.raises(RuleViolation) as refused:
        certificate_admission.not_registered_before("id", "arn")
    assert refused.value.code == "ResourceAlreadyExistsException"
    assert refused.value.extra == {"resourceId": "id", "resourceArn": "arn"}


def test_a_certificate_cannot_be_set_to_pending() -> None:
    for status in ("ACTIVE", "INACTIVE", "REVOKED"):
        certificate_admission.settable_status(status)
    for status in ("PENDING_ACTIVATION", "PENDING_TRANSFER"):
        with pytest.raises(RuleViolation) as refused:
            certificate_admission.settable_status(status)
        assert refused.value.code == "CertificateStateException"


def test_a_revoked_certificate_stays_revoked() -> None:
    certificate_admission.revoked_stays("REVOKED", "REVOKED")
    certificate_admission.revoked_stays("PENDING_ACTIVATION", "ACTIVE")
    for status in ("ACTIVE", "INACTIVE"):
        with pytest.raises(RuleViolation) as refused:
            certificate_admission.revoked_stays("REVOKED", status)
        assert refused.value.code == "CertificateStateException"


def test_an_active_certificate_is_not_deleted() -> None:
    certificate_admission.inactive_before_deletion("id", "REVOKED")
    with pytest.raises(RuleViolation) as refused:
        certificate_admission.inactive_before_deletion("id", "ACTIVE")
    assert refused.value.code == "CertificateStateException"


def test_a_certificate_with_a_thing_is_not_deleted_even_by_force() -> None:
    certificate_admission.things_detached("arn", 0)
    with pytest.raises(RuleViolation, match="Things must be detached") as refused:
        certificate_admission.things_detached("arn", 1)
    assert refused.value.code == "DeleteConflictException"


def test_a_certificate_with_a_policy_is_deleted_by_force_only() -> None:
    certificate_admission.policies_detached("arn", 0, force=False)
    certificate_admission.policies_detached("arn", 1, force=True)
    with pytest.raises(RuleViolation, match="policies must be detached") as refused:
        certificate_admission.policies_detached("arn", 1, force=False)
    assert refused.value.code == "DeleteConflictException"
