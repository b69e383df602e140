"""What AWS IoT demands of a CA certificate before it registers it, and before it deletes it.

Pure: certificates and plain values in, nothing or ``RuleViolation`` out. May import cryptography and
``certificate_reading``.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

from dicfix.offline.rules import Level, RuleViolation, rule
from dicfix.offline.rules.certificate_reading import common_names, is_ca, is_issued_by

TESTS = "tests/test_rules_ca_admission.py::"
API = "AWS API RegisterCACertificate"
CA_CERTIFICATES_PER_SUBJECT = 10


@rule(
    "CA-SNI-ONLY-WITHOUT-VERIFICATION",
    source=f"{API}: if certificateMode is SNI_ONLY, the verificationCertificate field must be empty",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_sni_only_with_a_verification_certificate_is_refused",),
)
def sni_only_takes_no_verification(mode: str, verification_pem: str | None) -> None:
    """A CA certificate in mode SNI_ONLY is registered without a verification certificate."""
    if mode == "SNI_ONLY" and verification_pem:
        raise RuleViolation(
            "InvalidRequestException", "verificationCertificate must be empty when certificateMode is SNI_ONLY"
        )


@rule(
    "CA-DEFAULT-WITH-VERIFICATION",
    source=f"{API}: if certificateMode is DEFAULT or not provided, verificationCertificate must not be empty",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_default_mode_without_a_verification_certificate_is_refused",),
)
def default_needs_verification(mode: str, verification_pem: str | None) -> None:
    """A CA certificate in mode DEFAULT is registered with a verification certificate."""
    if mode == "DEFAULT" and not verification_pem:
        raise RuleViolation(
            "InvalidRequestException", "verificationCertificate is required when certificateMode is DEFAULT"
        )


@rule(
    "CA-VERIFICATION-COMMON-NAME",
    source=f"{API}, RegistrationCodeValidationException: the registration code is invalid; developer guide, "
    "Register your CA certificate: the verification certificate's common name is the registration code",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_verification_certificate_with_another_common_name_is_refused",),
)
def verification_names_the_code(verification: x509.Certificate, registration_code: str | None) -> None:
    """The common name of the verification certificate is the account's registration code."""
    if registration_code is None or common_names(verification) != (registration_code,):
        raise RuleViolation(
            "RegistrationCodeValidationException",
            "The common name of the verification certificate is not this account's registration code",
        )


@rule(
    "CA-VERIFICATION-SIGNATURE",
    source=f"{API}, CertificateValidationException; the verification certificate proves possession of the CA's key",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_verification_certificate_of_another_ca_is_refused",),
)
def verification_is_signed(verification: x509.Certificate, ca: x509.Certificate) -> None:
    """The verification certificate was issued by the CA certificate that is being registered."""
    if not is_issued_by(verification, ca):
        raise RuleViolation(
            "CertificateValidationException", "The verification certificate was not signed by the CA certificate"
        )


@rule(
    "CA-IS-A-CA",
    source="RFC 5280 section 4.2.1.9 (basicConstraints); facts, moto 1.1: a leaf as CA is refused (from memory)",
    level=Level.ASSUMED,
    held_by=(f"{TESTS}test_a_leaf_is_refused_as_ca_certificate",),
)
def certificate_is_a_ca(certificate: x509.Certificate) -> None:
    """A certificate registered as CA certificate has basicConstraints CA:TRUE."""
    if not is_ca(certificate):
        raise RuleViolation(
            "CertificateValidationException", "The certificate is not a CA certificate (basicConstraints CA:TRUE)"
        )


@rule(
    "CA-REGISTERED-ONCE",
    source=f"{API}, ResourceAlreadyExistsException with resourceId and resourceArn",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_ca_certificate_is_registered_once",),
)
def not_registered_before(ca_certificate_id: str, registered_arn: str | None) -> None:
    """A CA certificate is registered once in an account and Region."""
    if registered_arn is not None:
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            "The CA certificate is already registered",
            resourceId=ca_certificate_id,
            resourceArn=registered_arn,
        )


@rule(
    "CA-TEN-PER-SUBJECT",
    source=f"{API}: up to 10 CA certificates with the same CA subject field per account; LimitExceededException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_the_eleventh_ca_certificate_of_one_subject_is_refused",),
)
def room_for_subject(subject: x509.Name, registered: Iterable[x509.Certificate]) -> None:
    """An account holds at most 10 CA certificates with the same subject."""
    if sum(1 for other in registered if other.subject == subject) >= CA_CERTIFICATES_PER_SUBJECT:
        raise RuleViolation(
            "LimitExceededException",
            f"There are already {CA_CERTIFICATES_PER_SUBJECT} CA certificates with this subject",
        )


@rule(
    "CA-INACTIVE-BEFORE-DELETION",
    source="AWS API DeleteCACertificate, CertificateStateException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_active_ca_certificate_is_not_deleted",),
)
def may_be_deleted(ca_certificate_id: str, status: str) -> None:
    """A CA certificate is INACTIVE before it is deleted."""
    if status == "ACTIVE":
        raise RuleViolation(
            "CertificateStateException",
            f"CA certificate must be deactivated (not ACTIVE) before deletion. Id: {ca_certificate_id}",
        )
