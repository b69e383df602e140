"""The rules of CA certificates, one test each."""

from __future__ import annotations

import pytest
from pki_fixtures import ec_key, mint, mint_ca

from dicfix.offline.rules import RuleViolation, ca_admission

CODE = "0123456789abcdef" * 4


def test_sni_only_with_a_verification_certificate_is_refused() -> None:
    with pytest.raises(RuleViolation, match="must be empty") as refused:
        ca_admission.sni_only_takes_no_verification("SNI_ONLY", "PEM")
    assert refused.value.code == "InvalidRequestException"
    ca_admission.sni_only_takes_no_verification("SNI_ONLY", None)
    ca_admission.sni_only_takes_no_verification("DEFAULT", "PEM")


def test_default_mode_without_a_verification_certificate_is_refused() -> None:
    with pytest.raises(RuleViolation, match="is required") as refused:
        ca_admission.default_needs_verification("DEFAULT", None)
    assert refused.value.code == "InvalidRequestException"
    ca_admission.default_needs_verification("SNI_ONLY", None)


def test_a_verification_certificate_with_another_common_name_is_refused() -> None:
    ca = mint_ca()
    ca_admission.verification_names_the_code(mint(CODE, ca).certificate, CODE)
    for name, code in (("another", CODE), (CODE, None), (CODE.upper(), CODE)):
        with pytest.raises(RuleViolation) as refused:
            ca_admission.verification_names_the_code(mint(name, ca).certificate, code)
        assert refused.value.code == "RegistrationCodeValidationException"


def test_a_verification_certificate_of_another_ca_is_refused() -> None:
    ca, other = mint_ca(), mint_ca(key=ec_key(1))
    ca_admission.verification_is_signed(mint(CODE, ca).certificate, ca.certificate)
    with pytest.raises(RuleViolation) as refused:
        ca_admission.verification_is_signed(mint(CODE, other).certificate, ca.certificate)
    assert refused.value.code == "CertificateValidationException"


def test_a_leaf_is_refused_as_ca_certificate() -> None:
    ca = mint_ca()
    ca_admission.certificate_is_a_ca(ca.certificate)
    with pytest.raises(RuleViolation, match="CA:TRUE") as refused:
        ca_admission.certificate_is_a_ca(mint("leaf", ca).certificate)
    assert refused.value.code == "CertificateValidationException"


def test_an_intermediate_ca_certificate_is_as_good_as_a_root() -> None:
    intermediate = mint_ca("intermediate", issuer=mint_ca("root", key=ec_key(1)))
    ca_admission.certificate_is_a_ca(intermediate.certificate)
    with pytest.raises(RuleViolation, match="CA:TRUE"):
        ca_admission.certificate_is_a_ca(mint("leaf", intermediate).certificate)


def test_a_ca_certificate_is_registered_once() -> None:
    ca_admission.not_registered_before("id", None)
    with pytest.raises(RuleViolation) as refused:
        ca_admission.not_registered_before("id", "arn")
    assert refused.value.code == "ResourceAlreadyExistsException"
    assert refused.value.extra == {"resourceId": "id", "resourceArn": "arn"}


def test_the_eleventh_ca_certificate_of_one_subject_is_refused() -> None:
    subject = mint_ca().certificate.subject
    registered = [mint_ca().certificate for _ in range(9)] + [mint_ca("another").certificate]
    ca_admission.room_for_subject(subject, registered)
    with pytest.raises(RuleViolation) as refused:
        ca_admission.room_for_subject(subject, [*registered, mint_ca().certificate])
    assert refused.value.code == "LimitExceededException"


def test_an_active_ca_certificate_is_not_deleted() -> None:
    ca_admission.may_be_deleted("id", "INACTIVE")
    with pytest.raises(RuleViolation) as refused:
        ca_admission.may_be_deleted("id", "ACTIVE")
    assert refused.value.code == "CertificateStateException"
