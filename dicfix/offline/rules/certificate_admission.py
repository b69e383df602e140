"""What AWS IoT demands before it registers a device certificate, changes its status or deletes it.

Pure: certificates and plain values in, the result or ``RuleViolation`` out. May import cryptography and
``certificate_reading``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cryptography import x509

from dicfix.offline.rules import Level, RuleViolation, rule
from dicfix.offline.rules.certificate_reading import is_issued_by

TESTS = "tests/test_rules_certificate_admission.py::"
API = "AWS API RegisterCertificate"
REGISTRABLE = ("ACTIVE", "INACTIVE", "REVOKED")
INTERNAL = ("PENDING_TRANSFER", "PENDING_ACTIVATION")
PENDING_REFUSAL = "CertificateStateException"
"""How a status that AWS keeps for itself is refused. Source: facts, moto 1.1 (peer: 406)."""

Ca = TypeVar("Ca")


def status_at_registration(status: str | None, *, set_as_active: bool) -> str:
    """The status a certificate is registered with: ACTIVE if asked for, INACTIVE when nothing was said."""
    if set_as_active:
        return "ACTIVE"
    registrable_status(status or "INACTIVE")
    return status or "INACTIVE"


@rule(
    "CERTIFICATE-REGISTRABLE-STATUS",
    source=f"{API}, member status: valid values that you can use include ACTIVE, INACTIVE, and REVOKED; the code "
    "from facts, moto 1.1",
    level=Level.PEER,
    held_by=(f"{TESTS}test_a_certificate_cannot_be_registered_as_pending",),
)
def registrable_status(status: str) -> None:
    """A certificate is registered as ACTIVE, INACTIVE or REVOKED."""
    if status not in REGISTRABLE:
        raise RuleViolation(PENDING_REFUSAL, f"A certificate cannot be registered with status {status}")


def choose_ca(issuer: x509.Name, given: Ca | None, registered: Sequence[Ca], subject: Callable[[Ca], x509.Name]) -> Ca:
    """The registered CA certificate for a device certificate: the one that was ``given``, else the issuer's name's."""
    if given is not None:
        return given
    named = [ca for ca in registered if subject(ca) == issuer]
    only_one_candidate(len(named))
    if not named:
        raise ca_not_registered()
    return named[0]


def ca_not_registered() -> RuleViolation:
    """The refusal when no registered CA certificate fits. Source: facts, moto 1.1 (peer)."""
    return RuleViolation("CertificateStateException", "The CA certificate of this certificate is not registered")


@rule(
    "CERTIFICATE-SAME-SUBJECT-CONFLICT",
    source=f"{API}: with more than one CA certificate of the same subject field, the CA certificate must be given; "
    "CertificateConflictException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_two_ca_certificates_of_one_subject_are_a_conflict_unless_one_is_given",),
)
def only_one_candidate(candidates: int) -> None:
    """Without caCertificatePem, exactly one registered CA certificate has the issuer's name."""
    if candidates > 1:
        raise RuleViolation(
            "CertificateConflictException",
            f"{candidates} registered CA certificates have the subject of the issuer: give caCertificatePem",
        )


@rule(
    "CERTIFICATE-CA-ACTIVE",
    source="facts, moto 1.1: CA not ACTIVE gives CertificateStateException; AWS IoT developer guide, Manage your CA "
    "certificates: an INACTIVE CA certificate registers no device certificates",
    level=Level.PEER,
    held_by=(f"{TESTS}test_an_inactive_ca_certificate_registers_no_device_certificate",),
)
def ca_is_active(status: str) -> None:
    """The CA certificate is ACTIVE while a device certificate is registered with it."""
    if status != "ACTIVE":
        raise RuleViolation("CertificateStateException", "The CA certificate is not ACTIVE")


@rule(
    "CERTIFICATE-SIGNED-BY-CA",
    source=f"{API}, CertificateValidationException: the certificate is invalid",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_certificate_of_another_key_with_the_same_issuer_name_is_refused",),
)
def certificate_is_signed(certificate: x509.Certificate, ca: x509.Certificate) -> None:
    """The device certificate carries the signature of the CA certificate's key."""
    if not is_issued_by(certificate, ca):
        raise RuleViolation("CertificateValidationException", "The certificate was not signed by the CA certificate")


@rule(
    "CERTIFICATE-REGISTERED-ONCE",
    source=f"{API}, ResourceAlreadyExistsException with resourceId and resourceArn",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_certificate_is_registered_once",),
)
def not_registered_before(certificate_id: str, registered_arn: str | None) -> None:
    """A certificate is registered once in an account and Region, whatever its PEM's line ends."""
    if registered_arn is not None:
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            "The certificate is already provisioned or registered",
            resourceId=certificate_id,
            resourceArn=registered_arn,
        )


@rule(
    "CERTIFICATE-SETTABLE-STATUS",
    source="AWS API UpdateCertificate, member newStatus: PENDING_TRANSFER or PENDING_ACTIVATION will result in an "
    "exception being thrown",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_certificate_cannot_be_set_to_pending",),
)
def settable_status(new_status: str) -> None:
    """PENDING_TRANSFER and PENDING_ACTIVATION cannot be set by an update."""
    if new_status in INTERNAL:
        raise RuleViolation(PENDING_REFUSAL, f"The status {new_status} is for AWS IoT's own use")


@rule(
    "CERTIFICATE-REVOKED-STAYS",
    source="AWS IoT developer guide, Revoke a client certificate: once revoked, its status cannot be changed; the code "
    "is not stated",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_revoked_certificate_stays_revoked",),
)
def revoked_stays(status: str, new_status: str) -> None:
    """A REVOKED certificate keeps its status."""
    if status == "REVOKED" and new_status != "REVOKED":
        raise RuleViolation("CertificateStateException", "A revoked certificate cannot get another status")


@rule(
    "CERTIFICATE-INACTIVE-BEFORE-DELETION",
    source="AWS API DeleteCertificate: not if its status is set to ACTIVE; CertificateStateException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_active_certificate_is_not_deleted",),
)
def inactive_before_deletion(certificate_id: str, status: str) -> None:
    """A certificate is not ACTIVE when it is deleted."""
    if status == "ACTIVE":
        raise RuleViolation(
            "CertificateStateException",
            f"Certificate must be deactivated (not ACTIVE) before deletion. Id: {certificate_id}",
        )


@rule(
    "CERTIFICATE-THING-DETACHED-BEFORE-DELETION",
    source="AWS API DeleteCertificate: not if it has an IoT thing attached, forceDelete or not; "
    "DeleteConflictException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_certificate_with_a_thing_is_not_deleted_even_by_force",),
)
def things_detached(arn: str, things: int) -> None:
    """No thing is attached to a certificate that is deleted."""
    if things:
        raise RuleViolation("DeleteConflictException", f"Things must be detached before deletion (arn: {arn})")


@rule(
    "CERTIFICATE-POLICY-DETACHED-BEFORE-DELETION",
    source="AWS API DeleteCertificate: not if it has a policy attached, unless forceDelete; DeleteConflictException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_certificate_with_a_policy_is_deleted_by_force_only",),
)
def policies_detached(arn: str, policies: int, *, force: bool) -> None:
    """No policy is attached to a certificate that is deleted, unless the deletion is forced."""
    if policies and not force:
        raise RuleViolation(
            "DeleteConflictException", f"Certificate policies must be detached before deletion (arn: {arn})"
        )
