"""Hardening of our own certificates: how long they last, their keys, whether they are revoked, their age."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dicfix.certificates import Certificate, read_certificate
from dicfix.certificates.revocations import read_revocation_list
from dicfix.controls.account_subjects import short
from dicfix.controls.key_quality import weakness_of
from dicfix.controls.registry import Absent, Look, control
from dicfix.controls.subjects import (
    ACTIVE,
    CA_NEEDS,
    CA_OPERATIONS,
    CERTIFICATE_NEEDS,
    CERTIFICATE_OPERATIONS,
    all_clients,
    ca_pem,
    certificate_pem,
    others_of,
    registered_ca,
    registered_certificate,
)
from dicfix.findings import Axis, Finding, Severity
from dicfix.records import DeviceCertificate, known

EXPIRY_WINDOWS_DAYS = (0, 7, 30, 60, 90)
"""Days that may be left of a client's certificate; the guide's own live 360 days. Source: facts, controls HRD-03."""
CLIENT_VALIDITY_DAYS = 360
"""How long the next client certificate will live. Source: SSL-C4."""
OLDEST_DAYS = 330
_DEFENDER = "AWS IoT Device Defender developer guide, audit-chk-"


def days_left(end: datetime, now: datetime) -> int:
    """Whole days until ``end``, negative once it has passed."""
    return (end - now) // timedelta(days=1)


@control(
    "DIC-HRD-03",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title=f"Every client's certificate has more than {EXPIRY_WINDOWS_DAYS[-1]} days left",
    rationale="A device with an expired certificate is off, and a new one has to be brought to it before that.",
    remedy="issue a new certificate (dicfix certs), register and attach it, bring it to the device, revoke the old one",
    needs=CERTIFICATE_NEEDS,
    operations=CERTIFICATE_OPERATIONS,
    source=f"{_DEFENDER}device-cert-approaching-expiration.html",
)
def client_certificates_last(look: Look) -> Iterator[Finding]:
    """Days left, and the window that they fall into."""

    def judge_one(name: str) -> Iterator[Finding]:
        left = days_left(certificate_pem(registered_certificate(look, name), name).not_after, look.now)
        window = next((one for one in EXPIRY_WINDOWS_DAYS if left <= one), None)
        observed = f"{left} days left" if left >= 0 else f"expired {-left} days ago"
        yield look.judge(
            name,
            window is None,
            expected=f"more than {EXPIRY_WINDOWS_DAYS[-1]} days left",
            observed=observed if window is None else f"{observed}: in the window of {window} days",
        )

    yield from look.each(all_clients(look), judge_one)


@control(
    "DIC-HRD-04",
    axis=Axis.HARDENING,
    title="The CA certificate outlives the certificates that it has signed, and the next one",
    rationale="A certificate that outlives its CA ends with it, all on one day.",
    remedy="make a new CA certificate with a new subject, register it, and issue the next certificates with it",
    needs=CA_NEEDS,
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
    source=f"{_DEFENDER}ca-cert-approaching-expiration.html",
)
def ca_certificate_lasts(look: Look) -> Iterator[Finding]:
    """More days left than a new client certificate has, and an end after every client's."""
    ca = registered_ca(look)
    end = ca_pem(ca).not_after
    left = days_left(end, look.now)
    yield look.judge(
        f"CA {short(ca.certificate_id)}",
        left >= CLIENT_VALIDITY_DAYS,
        expected=f"{CLIENT_VALIDITY_DAYS} days left or more",
        observed=f"{left} days left" if left >= 0 else f"expired {-left} days ago",
    )

    expected = f"an end before the CA's, {end.date().isoformat()}"

    def judge_one(name: str) -> Iterator[Finding]:
        client_end = certificate_pem(registered_certificate(look, name), name).not_after
        yield look.judge(
            name,
            client_end <= end,
            expected=expected,
            observed=client_end.date().isoformat(),
        )

    yield from look.each(all_clients(look), judge_one)


@control(
    "DIC-HRD-05",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="Every key is strong, and no two certificates have the same",
    rationale="A weak key can be computed from its certificate; a copied one is an identity that two devices share.",
    remedy="make a new EC prime256v1 key for every device, and issue its certificate for it",
    needs=CA_NEEDS,
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
    source=f"{_DEFENDER}device-cert-key-quality.html and audit-chk-ca-cert-key-quality.html",
)
def keys_are_strong_and_own(look: Look) -> Iterator[Finding]:
    """P-256 or RSA 2048 at least, no known broken generator, and each public key once."""
    yield from look.settled("CA certificate", lambda: [_key(look, _ca_name(look), ca_pem(registered_ca(look)), "")])
    keys: dict[str, dict[str, None]] = {}

    def gather(name: str) -> Iterator[Finding]:
        certificate = certificate_pem(registered_certificate(look, name), name)
        keys.setdefault(_key_id(certificate), {})[name] = None
        yield from ()

    yield from look.each(all_clients(look), gather)

    def judge_one(name: str, having: dict[str, None]) -> Iterator[Finding]:
        certificate = certificate_pem(registered_certificate(look, name), name)
        yield _key(look, name, certificate, others_of(having, name))

    for having in keys.values():
        yield from look.each(having, lambda name, having=having: judge_one(name, having))  # type: ignore[misc]


def _ca_name(look: Look) -> str:
    return f"CA {short(registered_ca(look).certificate_id)}"


def _key_id(certificate: Certificate) -> str:
    key = certificate.parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).hexdigest()


def _key(look: Look, resource: str, certificate: Certificate, others: str) -> Finding:
    weak = weakness_of(certificate.parsed)
    wrong = [weak] if weak else []
    wrong += [f"the key of {others} too"] if others else []
    return look.judge(
        resource, not wrong, expected="a strong key of its own", observed="; ".join(wrong) or "a strong key of its own"
    )


@control(
    "DIC-HRD-10",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="No certificate on the CA's revocation list is ACTIVE",
    rationale="AWS IoT reads no revocation list: what the CA has revoked stays let in until its status says otherwise.",
    remedy="aws iot update-certificate --certificate-id <id> --new-status REVOKED",
    needs=(*CA_NEEDS, "revocations"),
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
    source=f"{_DEFENDER}device-cert-revoked.html",
)
def revoked_certificates_are_not_active(look: Look) -> Iterator[Finding]:
    """The list given with ``[ca] crl``, signed by our CA, against every certificate that was read."""
    given = look.given(look.inventory.revocations)
    if given is None:
        yield look.not_applicable("no revocation list is given ([ca] crl)")
        return
    revoked = read_revocation_list(given.pem)
    if not revoked.issued_by(ca_pem(registered_ca(look))):
        raise Absent("the revocation list", "a list that our CA has signed", f"a list of {revoked.issuer}")
    for record in known(look.inventory.certificates).values():
        yield from look.settled(
            short(record.certificate_id),
            lambda record=record: [_not_revoked(look, record, revoked.serials)],  # type: ignore[misc]
        )


def _not_revoked(look: Look, record: DeviceCertificate, serials: frozenset[int]) -> Finding:
    serial = read_certificate(known(record.pem), short(record.certificate_id)).serial
    status = known(record.status)
    listed = "on the list" if serial in serials else "not on the list"
    return look.judge(
        short(record.certificate_id),
        serial not in serials or status != ACTIVE,
        expected="not ACTIVE while on the list",
        observed=f"{status}, {listed}",
    )


@control(
    "DIC-HRD-24",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title=f"No client's certificate was registered {OLDEST_DAYS} days ago or before",
    rationale="Keys that are renewed in time are renewed by habit; the guide's certificates end after 360 days.",
    remedy="issue a new certificate (dicfix certs), register and attach it, bring it to the device, revoke the old one",
    needs=(*CERTIFICATE_NEEDS, "account_certificates"),
    operations=(*CERTIFICATE_OPERATIONS, "iot:ListCertificates"),
    source=f"{_DEFENDER}device-cert-age.html",
)
def client_certificates_are_young(look: Look) -> Iterator[Finding]:
    """The day of registration, of each client's certificate."""

    def judge_one(name: str) -> Iterator[Finding]:
        certificate_id = registered_certificate(look, name).certificate_id
        row = known(look.inventory.account_certificates).get(certificate_id)
        if row is None:
            raise Absent(name, "its certificate in the account's list", "not listed")
        age = -days_left(known(row.created), look.now)
        yield look.judge(
            name,
            age < OLDEST_DAYS,
            expected=f"fewer than {OLDEST_DAYS} days",
            observed=f"{age} days since registration",
        )

    yield from look.each(all_clients(look), judge_one)
