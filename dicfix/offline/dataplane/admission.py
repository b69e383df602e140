"""Whether a certificate may connect: the registry is asked, the admission rules applied, unknown ones registered.

Imports the registry's Protocol and the rules; knows no sockets.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dicfix.offline.dataplane.profile import Profile
from dicfix.offline.registry import RegisteredCertificate, Registry
from dicfix.offline.rules import device_admission as rules
from dicfix.offline.rules.connection import sni_foreign, sni_missing
from dicfix.offline.rules.refusals import Refusal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Registration:
    """A just-in-time registration to report; ``first`` when it happened now."""

    certificate: RegisteredCertificate
    ca_certificate_id: str
    first: bool


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer: connect unless ``refusal``; ``registration`` is to be reported either way."""

    certificate_id: str
    refusal: Refusal | None = None
    registration: Registration | None = None


def certificate_id_of(certificate: x509.Certificate) -> str:
    """AWS IoT's certificate ID: the SHA-256 of the DER in lower-case hex."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def admit(
    registry: Registry,
    certificate: x509.Certificate,
    server_name: str | None,
    *,
    endpoint: str,
    profile: Profile,
    now_ms: int,
) -> Admission:
    """Decide on one connection. Source: developerguide x509-client-certs, auto-register-device-cert."""
    certificate_id = certificate_id_of(certificate)
    foreign = sni_foreign(server_name, endpoint)
    if foreign:
        return Admission(certificate_id, foreign)
    registered = registry.certificate(certificate_id)
    if registered is None:
        return _unknown(registry, certificate, certificate_id, server_name, profile)
    refusal = _registered_refusal(registered, certificate, server_name, profile, now_ms)
    return Admission(certificate_id, refusal, _report_again(registered))


def _unknown(
    registry: Registry,
    certificate: x509.Certificate,
    certificate_id: str,
    server_name: str | None,
    profile: Profile,
) -> Admission:
    found = rules.signers(certificate, registry.ca_certificates())
    ca, why = rules.registering_ca(found, server_name, allow_default_mode=profile.jitr_without_sni)
    if ca is None:
        return Admission(certificate_id, rules.unknown_certificate(False, describe(certificate), why))
    registered = registry.register_automatically(certificate.public_bytes(Encoding.DER), ca)
    refusal = rules.registered_now(certificate_id)
    return Admission(certificate_id, refusal, Registration(registered, ca.ca_certificate_id, first=True))


def _registered_refusal(
    registered: RegisteredCertificate,
    certificate: x509.Certificate,
    server_name: str | None,
    profile: Profile,
    now_ms: int,
) -> Refusal | None:
    refusal = sni_missing(registered.mode, server_name)
    for status_rule in rules.STATUS_RULES:
        refusal = refusal or status_rule(registered.status)
    if refusal is None and profile.refuse_dates:
        refusal = rules.expired(_ms(certificate.not_valid_after_utc), now_ms) or rules.not_yet_valid(
            _ms(certificate.not_valid_before_utc), now_ms
        )
    return refusal


def _report_again(registered: RegisteredCertificate) -> Registration | None:
    if registered.ca_certificate_id is None or not rules.registration_is_reported(registered.status):
        return None
    return Registration(registered, registered.ca_certificate_id, first=False)


def _ms(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds() * 1000)


@functools.lru_cache(maxsize=256)
def describe(certificate: x509.Certificate) -> str:
    """Subject and issuer of a certificate, for a sentence."""
    subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    return f"the certificate of {subject or 'an empty subject'} (issuer {issuer or 'empty'})"
