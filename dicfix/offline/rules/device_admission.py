"""AWS IoT's rules for letting a device certificate in: registry status, validity dates, just-in-time registration.

Pure functions of certificates and of what the registry answered; imports cryptography and the registry of rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from dicfix.offline.registry import RegisteredCa
from dicfix.offline.rules import Level, rule
from dicfix.offline.rules.refusals import AUTH_ERROR, Refusal

_X509 = "developerguide x509-client-certs"
_JITR = "developerguide auto-register-device-cert"
_TESTS = "tests/test_dataplane_admission.py::"
_JITR_TESTS = "tests/test_dataplane_jitr.py::"
_PURE = "tests/test_rules_device_admission.py::"


@rule(
    "ADMIT-UNKNOWN",
    source=_X509 + ": the certificate is looked up in the registry",
    level=Level.DOCUMENTED,
    held_by=(_TESTS + "test_a_strangers_certificate_is_refused",),
)
def unknown_certificate(registered: bool, name: str, why_not_registered: str) -> Refusal | None:
    """A certificate that is not registered in this account and Region does not connect."""
    if registered:
        return None
    return Refusal(
        "CERTIFICATE_UNKNOWN",
        f"{name} is not registered in this account and Region, and {why_not_registered}",
        AUTH_ERROR,
    )


def _status_refusal(status: str, refused_status: str, text: str) -> Refusal | None:
    if status != refused_status:
        return None
    return Refusal(f"CERTIFICATE_{refused_status}", text, AUTH_ERROR)


@rule(
    "ADMIT-INACTIVE",
    source=_X509,
    level=Level.DOCUMENTED,
    held_by=(_TESTS + "test_an_inactive_certificate_is_refused",),
)
def inactive(status: str) -> Refusal | None:
    """An INACTIVE certificate does not connect."""
    return _status_refusal(status, "INACTIVE", "the certificate is registered INACTIVE")


@rule(
    "ADMIT-REVOKED",
    source=_X509,
    level=Level.DOCUMENTED,
    held_by=(_TESTS + "test_a_revoked_certificate_is_refused",),
)
def revoked(status: str) -> Refusal | None:
    """A REVOKED certificate does not connect."""
    return _status_refusal(status, "REVOKED", "the certificate is registered REVOKED")


@rule(
    "ADMIT-PENDING-ACTIVATION",
    source=_JITR,
    level=Level.DOCUMENTED,
    held_by=(_JITR_TESTS + "test_a_pending_certificate_is_refused_and_reported_again_each_time",),
)
def pending_activation(status: str) -> Refusal | None:
    """A PENDING_ACTIVATION certificate does not connect before someone activates it."""
    text = "the certificate was registered automatically and waits for activation (PENDING_ACTIVATION)"
    return _status_refusal(status, "PENDING_ACTIVATION", text)


@rule(
    "ADMIT-PENDING-TRANSFER",
    source="API TransferCertificate",
    level=Level.DOCUMENTED,
    held_by=(_TESTS + "test_a_certificate_in_transfer_is_refused",),
)
def pending_transfer(status: str) -> Refusal | None:
    """A PENDING_TRANSFER certificate does not connect."""
    return _status_refusal(status, "PENDING_TRANSFER", "the certificate is being transferred to another account")


STATUS_RULES = (inactive, revoked, pending_activation, pending_transfer)


@rule(
    "ADMIT-EXPIRED",
    source="nothing read says what AWS does; a switch of the profile",
    level=Level.ASSUMED,
    held_by=(_TESTS + "test_an_expired_certificate_is_refused",),
)
def expired(not_after_ms: int, now_ms: int) -> Refusal | None:
    """A certificate whose last day has passed does not connect."""
    if now_ms <= not_after_ms:
        return None
    return Refusal("CERTIFICATE_EXPIRED", "the certificate's validity has ended", AUTH_ERROR)


@rule(
    "ADMIT-NOT-YET-VALID",
    source="nothing read says what AWS does; a switch of the profile",
    level=Level.ASSUMED,
    held_by=(_TESTS + "test_a_certificate_that_is_not_yet_valid_is_refused",),
)
def not_yet_valid(not_before_ms: int, now_ms: int) -> Refusal | None:
    """A certificate whose first day has not come does not connect."""
    if now_ms >= not_before_ms:
        return None
    return Refusal("CERTIFICATE_NOT_YET_VALID", "the certificate's validity has not begun", AUTH_ERROR)


def _issuer_name_only(leaf: x509.Certificate, ca: x509.Certificate) -> bool:
    return leaf.issuer == ca.subject


@rule(
    "JITR-SIGNATURE",
    source=_JITR + ": signed by a registered CA",
    level=Level.DOCUMENTED,
    held_by=(_JITR_TESTS + "test_an_issuer_name_without_its_signature_registers_nothing",),
    without=_issuer_name_only,
)
def issued_by(leaf: x509.Certificate, ca: x509.Certificate) -> bool:
    """A certificate belongs to a CA when its signature verifies with the CA's key, not by name alone."""
    try:
        leaf.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def signers(leaf: x509.Certificate, cas: Sequence[RegisteredCa]) -> list[RegisteredCa]:
    """The registered CA certificates that signed ``leaf``; two of them may share a subject."""
    return [ca for ca in cas if issued_by(leaf, x509.load_der_x509_certificate(ca.der))]


@rule(
    "JITR-CA-ACTIVE",
    source=_JITR,
    level=Level.DOCUMENTED,
    held_by=(_JITR_TESTS + "test_an_inactive_ca_registers_nothing",),
)
def ca_not_active(ca: RegisteredCa) -> str | None:
    """Only a CA certificate with status ACTIVE registers certificates by itself."""
    return None if ca.status == "ACTIVE" else f"its CA certificate is registered {ca.status}"


@rule(
    "JITR-ENABLED",
    source=_JITR,
    level=Level.DOCUMENTED,
    held_by=(_JITR_TESTS + "test_a_ca_without_automatic_registration_registers_nothing",),
)
def registration_off(ca: RegisteredCa) -> str | None:
    """Only a CA certificate with automatic registration ON registers certificates by itself."""
    return None if ca.auto_registration else "automatic registration of its CA certificate is OFF"


@rule(
    "JITR-SNI",
    source=_JITR + ": the device sends SNI",
    level=Level.DOCUMENTED,
    held_by=(_JITR_TESTS + "test_nothing_is_registered_without_sni",),
)
def registration_without_sni(ca: RegisteredCa, server_name: str | None, allow_default_mode: bool) -> str | None:
    """Automatic registration needs SNI; a switch allows it without for a CA in DEFAULT mode."""
    if server_name or (allow_default_mode and ca.mode == "DEFAULT"):
        return None
    return "the client sent no SNI, which automatic registration needs"


def registering_ca(
    found: Sequence[RegisteredCa], server_name: str | None, *, allow_default_mode: bool
) -> tuple[RegisteredCa | None, str]:
    """The CA of ``found`` that registers an unknown certificate, or None and why there is none."""
    why = "no registered CA certificate signed it"
    for ca in found:
        obstacle = (
            ca_not_active(ca) or registration_off(ca) or registration_without_sni(ca, server_name, allow_default_mode)
        )
        if obstacle is None:
            return ca, ""
        why = obstacle
    return None, why


@rule(
    "JITR-DROP",
    source=_JITR + ": the connection is dropped at registration",
    level=Level.DOCUMENTED,
    held_by=(_JITR_TESTS + "test_an_unknown_certificate_of_the_registered_ca_becomes_pending_and_is_dropped",),
)
def registered_now(certificate_id: str) -> Refusal | None:
    """The connection that registered a certificate automatically is dropped."""
    text = f"the certificate was registered just now as PENDING_ACTIVATION ({certificate_id[:12]}...)"
    return Refusal("CERTIFICATE_REGISTERED_NOW", text, AUTH_ERROR)


@rule(
    "JITR-EVENT",
    source=_JITR + ": a message each time a PENDING_ACTIVATION certificate is presented",
    level=Level.DOCUMENTED,
    held_by=(_JITR_TESTS + "test_a_pending_certificate_is_refused_and_reported_again_each_time",),
    without=lambda _status: False,
)
def registration_is_reported(status: str) -> bool:
    """Each time a PENDING_ACTIVATION certificate of a registered CA is presented, its registration is reported."""
    return status == "PENDING_ACTIVATION"
