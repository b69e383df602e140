"""Controls of the verification certificate (edition 2024-04), and of the OpenSSL page as a whole (AWS-1)."""

from __future__ import annotations

from collections.abc import Iterator

from dicfix.certificates import Certificate, read_certificate
from dicfix.controls.copies import ca_copies, client_copies, issuing_ca
from dicfix.controls.pki import key_is_of_kind
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import (
    CA_NEEDS,
    CA_OPERATIONS,
    CERTIFICATE_OPERATIONS,
    all_clients,
    local_files,
    registered_ca,
)
from dicfix.findings import Finding, Severity
from dicfix.guide.values import SINGLE_ACCOUNT, VERIFICATION_KEY_KIND, VERIFICATION_VALIDITY_DAYS
from dicfix.records import known

_VERIFICATION = "verification_cert.pem"


@control(
    "DIC-PKI-11",
    clauses=("SSL-V1",),
    severity=Severity.MINOR,
    title="The verification key is RSA 2048",
    rationale="It is the key of the guide's commands; it proves nothing but who holds CA.key, and is not needed later.",
    remedy="openssl genrsa -out verification_cert.key 2048",
    needs=("local",),
)
def verification_key_is_rsa_2048(look: Look) -> Iterator[Finding]:
    """SSL-V1: verification key RSA 2048."""
    files = local_files(look).verification
    judged = tuple(key_is_of_kind(look, files, "verification_cert.key", VERIFICATION_KEY_KIND))
    yield from judged
    if not judged:
        yield look.manual("verification_cert.key's kind, from whoever registered the CA", "verification_cert.key")


@control(
    "DIC-PKI-12",
    clauses=("SSL-V2",),
    title="The verification request names the registration code",
    rationale="AWS compares the common name with the account's own registration code.",
    remedy="make verification_cert_csr.csr again with the registration code as Common Name",
    needs=("local", "registration_code"),
)
def verification_request_names_the_code(look: Look) -> Iterator[Finding]:
    """SSL-V2: Common Name = registration code."""
    resource = "verification_cert_csr.csr"
    asked = known(local_files(look).verification.csr_common_name)
    if asked is None and not look.auditing:
        yield look.absent(resource, "a request with the registration code as common name", "no file")
        return
    # GetRegistrationCode makes a code where there is none, so an audit never calls it.
    code = look.given(look.inventory.registration_code)
    if asked is None or code is None:
        yield look.manual("the registration code, to compare with the common name of the request", resource)
        return
    yield look.judge(
        resource,
        asked == code,
        expected="the registration code as common name",
        observed="the registration code" if asked == code else f"common name {asked or 'empty'}",
    )


@control(
    "DIC-PKI-13",
    clauses=("SSL-V3",),
    title="The verification certificate is signed by the CA for 500 days with SHA-256",
    rationale="It proves to AWS that whoever registers the CA holds its key.",
    remedy="openssl x509 -req -in verification_cert_csr.csr -CA CA.crt -CAkey CA.key -days 500 -sha256 -out "
    "verification_cert.pem",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def verification_certificate_is_signed_by_the_ca(look: Look) -> Iterator[Finding]:
    """SSL-V3: signed by the CA, 500 days, SHA-256; in an audit without the file seen by implication."""
    pem = known(local_files(look).verification.certificate_pem)
    if pem is None:
        yield _verification_implied(look)
        return
    certificate = read_certificate(pem, _VERIFICATION)
    signed = certificate.signed_by(issuing_ca(look))
    algorithm, days = certificate.signature_algorithm, certificate.validity_days
    yield look.judge(
        _VERIFICATION,
        signed and algorithm.lower().endswith("sha256") and days == VERIFICATION_VALIDITY_DAYS,
        expected=f"signed by the CA, ecdsa-with-SHA256, {VERIFICATION_VALIDITY_DAYS} days",
        observed=f"{'signed' if signed else 'not signed'} by the CA, {algorithm}, {days} days",
    )


def _verification_implied(look: Look) -> Finding:
    if not look.auditing:
        return look.absent(_VERIFICATION, "the verification certificate", "no file")
    mode = known(registered_ca(look).mode)
    return look.judge(
        _VERIFICATION,
        mode == SINGLE_ACCOUNT,
        expected=f"a CA in mode {SINGLE_ACCOUNT}, which AWS registers only with it",
        observed=f"a CA in mode {mode}",
    )


@control(
    "DIC-PKI-05",
    clauses=("AWS-4.V",),
    severity=Severity.MINOR,
    title="The verification certificate was given with the CA",
    rationale="AWS registers a CA in single account mode only with the proof that its key is at hand.",
    remedy="register the CA in single account mode, with CA.crt and verification_cert.pem",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def verification_certificate_was_given(look: Look) -> Iterator[Finding]:
    """AWS-4.V: seen by implication, since RegisterCACertificate refuses DEFAULT without it."""
    ca = registered_ca(look)
    mode = known(ca.mode)
    yield look.judge(
        f"CA certificate {ca.certificate_id[:12]}",
        mode == SINGLE_ACCOUNT,
        expected=f"{SINGLE_ACCOUNT}, which AWS grants only with a verification certificate",
        observed=mode,
    )


@control(
    "DIC-PKI-14",
    clauses=("AWS-1",),
    severity=Severity.BLOCKER,
    title="The certificates of the OpenSSL page exist",
    rationale="Registration has nothing to register without them.",
    remedy="make them: python -m dicfix certs, or the commands of the OpenSSL page",
    needs=CA_NEEDS,
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
)
def certificates_exist(look: Look) -> Iterator[Finding]:
    """AWS-1: CA, client and Explorer certificates; in 2024-04 the verification certificate too."""
    yield from look.settled("CA.crt", lambda: _exists(look, ca_copies(look)))
    yield from look.each(all_clients(look), lambda name: _exists(look, client_copies(look, name)))
    if look.edition.verification_certificate:
        yield from look.settled(_VERIFICATION, lambda: _verification_exists(look))


def _exists(look: Look, copies: Iterator[tuple[str, Certificate]]) -> Iterator[Finding]:
    for resource, certificate in copies:
        yield look.judge(resource, True, expected="a certificate", observed=f"a certificate of {certificate.subject}")


def _verification_exists(look: Look) -> Iterator[Finding]:
    pem = known(local_files(look).verification.certificate_pem)
    if pem is None:
        yield _verification_implied(look)
    else:
        yield from _exists(look, iter([(_VERIFICATION, read_certificate(pem, _VERIFICATION))]))
