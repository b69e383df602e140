"""Controls that the guide does not ask for: whether what it makes is wise (those of the CA and of the certificates)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dicfix.certificates import Certificate, same_name
from dicfix.controls.copies import client_copies
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import (
    CA_NEEDS,
    CA_OPERATIONS,
    CERTIFICATE_NEEDS,
    CERTIFICATE_OPERATIONS,
    all_clients,
    attached_ids,
    ca_pem,
    find_thing,
    others_of,
    registered_ca,
    registered_certificate,
)
from dicfix.findings import Axis, Finding, Severity
from dicfix.records import known

_WEAK = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "sha1WithRSAEncryption": "sha1WithRSAEncryption",
}


@control(
    "DIC-CA-06",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="The CA certificate is owned by this account",
    rationale="A CA of another account admits devices that somebody else made.",
    remedy="register a CA certificate of this account's own",
    needs=(*CA_NEEDS, "caller"),
    operations=(*CA_OPERATIONS, "sts:GetCallerIdentity"),
    source="docs.aws.amazon.com/iot/latest/apireference/API_CACertificateDescription.html",
)
def ca_certificate_is_owned_here(look: Look) -> Iterator[Finding]:
    """ownedBy is the caller's account."""
    ca = registered_ca(look)
    owner, account = known(ca.owned_by), known(look.inventory.caller).account
    yield look.judge(
        f"CA certificate {ca.certificate_id[:12]}",
        owner == account,
        expected=f"owned by {account}",
        observed=f"owned by {owner or 'nobody'}",
    )


@control(
    "DIC-CA-07",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title="No other CA certificate has our CA's subject",
    rationale="People tell CAs by their subject; AWS allows ten of one subject, and only one of them is CA.crt.",
    remedy="aws iot update-ca-certificate --new-status INACTIVE, then delete-ca-certificate, for the one not in use",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
    source="docs.aws.amazon.com/iot/latest/developerguide/manage-your-CA-certs.html",
)
def ca_subject_is_unique(look: Look) -> Iterator[Finding]:
    """One registered CA certificate per subject."""
    ours = registered_ca(look)
    subject = ca_pem(ours).parsed.subject
    others = [
        one for one in known(look.inventory.ca_certificates).values() if one.certificate_id != ours.certificate_id
    ]
    same = [one.certificate_id[:12] for one in others if same_name(ca_pem(one).parsed.subject, subject)]
    yield look.judge(
        f"CA certificate {ours.certificate_id[:12]}",
        not same,
        expected="a subject of its own",
        observed=f"the same subject as {', '.join(same)}" if same else "a subject of its own",
    )


@control(
    "DIC-CRT-06",
    axis=Axis.HARDENING,
    title="Every device's certificate has the mode of its CA",
    rationale="The mode decides whether the TLS server name is needed; it is taken from the CA when registering.",
    remedy="delete the certificate and register it again with its CA",
    needs=CA_NEEDS,
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
    source="docs.aws.amazon.com/iot/latest/apireference/API_RegisterCACertificate.html",
)
def certificates_have_the_mode_of_their_ca(look: Look) -> Iterator[Finding]:
    """A certificate's mode follows its CA's."""

    def judge_one(name: str) -> Iterator[Finding]:
        mode = known(registered_certificate(look, name).mode)
        wanted = known(registered_ca(look).mode)
        yield look.judge(name, mode == wanted, expected=wanted, observed=mode)

    yield from look.each(look.settings.devices, judge_one)


@control(
    "DIC-CRT-07",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="Every client has one certificate, and nobody else has it",
    rationale="Who shares a certificate shares an identity: one cannot be revoked without the other.",
    remedy="aws iot detach-thing-principal --thing-name <name> --principal <the certificate that is not its own>",
    needs=("things",),
    operations=("iot:ListThingPrincipals",),
    source="AWS IoT Device Defender developer guide, audit-chk-device-cert-shared.html",
)
def certificates_are_not_shared(look: Look) -> Iterator[Finding]:
    """Each thing has exactly one certificate and each certificate exactly one thing."""
    names = tuple(dict.fromkeys((*look.settings.devices, look.settings.explorer_name)))
    having: dict[str, dict[str, None]] = defaultdict(dict)
    for one in sorted(known(look.inventory.things).values(), key=lambda thing: thing.name):
        for certificate_id in attached_ids(one):
            having[certificate_id][one.name] = None

    def judge_one(name: str) -> Iterator[Finding]:
        own = attached_ids(find_thing(look, name))
        shared = [having[one] for one in own if len(having[one]) > 1]
        sharing = ", ".join(dict.fromkeys(others_of(one, name) for one in shared))
        observed = f"{len(own)} certificates" + (f", shared with {sharing}" if sharing else "")
        yield look.judge(name, len(own) == 1 and not sharing, expected="1 certificate, not shared", observed=observed)

    yield from look.each(names, judge_one)


@control(
    "DIC-HRD-16",
    axis=Axis.HARDENING,
    title="Every client certificate is of version 3, with its own subject and a sound signature",
    rationale="Equal subject and issuer pass for self-signed (openssl verify error 18); version 1 has no extensions.",
    remedy="sign again with another common name and an extension file, such as dicfix certs with version 3",
    needs=CERTIFICATE_NEEDS,
    operations=CERTIFICATE_OPERATIONS,
    source="docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html",
)
def client_certificates_are_sound(look: Look) -> Iterator[Finding]:
    """Subject differs from issuer, version 3, no weak signature algorithm."""

    def judge_one(name: str) -> Iterator[Finding]:
        for resource, certificate in client_copies(look, name):
            wrong = _unsound(certificate)
            yield look.judge(
                resource,
                not wrong,
                expected="version 3, subject other than issuer, SHA-256 or better",
                observed=", ".join(wrong) or "sound",
            )

    yield from look.each(all_clients(look), judge_one)


def _unsound(certificate: Certificate) -> list[str]:
    wrong = []
    if certificate.looks_self_signed():
        wrong.append("subject equals issuer")
    if certificate.version != 3:
        wrong.append(f"version {certificate.version}")
    if certificate.signature_algorithm in _WEAK:
        wrong.append(_WEAK[certificate.signature_algorithm])
    return wrong
