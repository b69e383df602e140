"""Controls of the OpenSSL page: keys, the CA certificate, the clients' certificates, the verification certificate.

While onboarding the local files are judged. In an audit they are judged where they are given, and the account's own
copies always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicfix.certificates import Certificate
from dicfix.controls.copies import ca_copies, client_copies, issuing_ca
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import (
    CA_NEEDS,
    CA_OPERATIONS,
    CERTIFICATE_NEEDS,
    CERTIFICATE_OPERATIONS,
    client_files,
    local_files,
)
from dicfix.findings import Finding, Severity
from dicfix.guide.values import CA_VALIDITY_DAYS, CLIENT_VALIDITY_DAYS, KEY_KIND
from dicfix.records import ClientFiles, known


def key_is_of_kind(look: Look, files: ClientFiles, resource: str, wanted: str) -> Iterator[Finding]:
    """The local key is of the wanted kind; nothing is said of a missing one in an audit."""
    kind = known(files.key_kind)
    if kind is not None:
        yield look.judge(resource, kind == wanted, expected=wanted, observed=kind)
    elif not look.auditing:
        yield look.absent(resource, f"a key of kind {wanted}", "no file")


def _client_key(look: Look, name: str) -> Iterator[Finding]:
    yield from key_is_of_kind(look, client_files(look, name), f"key file of {name}", KEY_KIND)
    if look.auditing:
        yield from _public_keys(look, client_copies(look, name))


def _public_keys(look: Look, copies: Iterable[tuple[str, Certificate]]) -> Iterator[Finding]:
    for resource, certificate in copies:
        kind = certificate.public_key_kind
        yield look.judge(f"public key in {resource}", kind == KEY_KIND, expected=KEY_KIND, observed=kind)


def _fits(look: Look, files: ClientFiles, resource: str) -> Iterator[Finding]:
    fits = known(files.key_fits)
    if fits is not None:
        observed = "its key" if fits else "another key"
        yield look.judge(f"key beside {resource}", fits, expected="its key", observed=observed)
    elif not look.auditing:
        yield look.absent(f"key beside {resource}", "the key of the certificate", "no file")


def _client_signature(look: Look, name: str) -> Iterator[Finding]:
    for resource, certificate in client_copies(look, name):
        ca, subject = look.once("issuing CA", lambda: _with_subject(issuing_ca(look)))
        signed = certificate.signed_by(ca)
        yield look.judge(
            resource,
            signed,
            expected=f"signed by the CA {subject}",
            observed="signed by it" if signed else f"not signed by it (issuer {certificate.issuer})",
        )
    yield from _fits(look, client_files(look, name), f"certificate file of {name}")


def _with_subject(ca: Certificate) -> tuple[Certificate, str]:
    return ca, ca.subject


def _validity(look: Look, copies: Iterable[tuple[str, Certificate]], wanted_days: int) -> Iterator[Finding]:
    for resource, certificate in copies:
        days = certificate.validity_days
        yield look.judge(resource, days == wanted_days, expected=f"{wanted_days} days", observed=f"{days} days")


@control(
    "DIC-PKI-01",
    clauses=("SSL-1",),
    title="The CA key is EC prime256v1",
    rationale="The guide's CA has a P-256 key; another kind may not suit the firmware's TLS.",
    remedy="openssl ecparam -name prime256v1 -genkey -noout -out CA.key, then a new CA.crt",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def ca_key_is_p256(look: Look) -> Iterator[Finding]:
    """SSL-1: CA key EC prime256v1."""
    yield from key_is_of_kind(look, local_files(look).ca, "CA.key", KEY_KIND)
    if look.auditing:
        yield from _public_keys(look, ca_copies(look))


@control(
    "DIC-PKI-02",
    clauses=("SSL-2",),
    severity=Severity.CRITICAL,
    title="The CA certificate is a self-signed CA of CA.key",
    rationale="AWS IoT registers only a certificate that says CA:TRUE; the devices' are verified against it.",
    remedy="openssl req -new -x509 -days 1826 -key CA.key -out CA.crt",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def ca_certificate_is_self_signed(look: Look) -> Iterator[Finding]:
    """SSL-2: CA.crt is self-signed by CA.key, with CA:TRUE."""
    for resource, certificate in ca_copies(look):
        signed, is_ca = certificate.is_self_signed(), certificate.is_ca
        yield look.judge(
            resource,
            signed and is_ca,
            expected="self-signed, CA:TRUE",
            observed=f"{'self-signed' if signed else 'not self-signed'}, CA:{'TRUE' if is_ca else 'FALSE'}",
        )
    yield from _fits(look, local_files(look).ca, "CA.crt")


@control(
    "DIC-PKI-06",
    clauses=("SSL-2",),
    severity=Severity.MINOR,
    title="The CA certificate is valid for 1826 days",
    rationale="A CA that ends earlier than the guide's ends its devices earlier.",
    remedy="openssl req -new -x509 -days 1826 -key CA.key -out CA.crt, and register it",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def ca_certificate_lasts_1826_days(look: Look) -> Iterator[Finding]:
    """SSL-2: -days 1826."""
    yield from _validity(look, ca_copies(look), CA_VALIDITY_DAYS)


@control(
    "DIC-PKI-03",
    clauses=("SSL-3",),
    title="Every client key is EC prime256v1",
    rationale="The firmware has no room for an RSA key.",
    remedy="openssl ecparam -name prime256v1 -genkey -noout -out device.key, then a new certificate",
    needs=CERTIFICATE_NEEDS,
    operations=CERTIFICATE_OPERATIONS,
)
def client_keys_are_p256(look: Look) -> Iterator[Finding]:
    """SSL-3: client key EC prime256v1."""
    yield from look.each(look.settings.devices, lambda name: _client_key(look, name))


@control(
    "DIC-PKI-08",
    clauses=("SSL-4.1",),
    severity=Severity.MINOR,
    title="Every signing request is made from the client's key",
    rationale="A certificate made from another request belongs to a key that the device does not have.",
    remedy="openssl req -new -key device.key -out device.csr",
    needs=("local",),
)
def signing_requests_fit_their_keys(look: Look) -> Iterator[Finding]:
    """SSL-4.1: CSR from the client key."""
    yield from look.each(look.settings.devices, lambda name: _client_request(look, name))


def _client_request(look: Look, name: str) -> Iterator[Finding]:
    resource = f"signing request of {name}"
    fits = known(client_files(look, name).csr_fits)
    if fits is not None:
        yield look.judge(
            resource,
            fits,
            expected="signed by the client's key",
            observed="signed by it" if fits else "not signed by it",
        )
    elif look.auditing:
        yield look.manual("the signing request beside the client's certificate, or the record of its making", resource)
    else:
        yield look.absent(resource, "a signing request of the client's key", "no file")


@control(
    "DIC-PKI-04",
    clauses=("SSL-4.2",),
    severity=Severity.CRITICAL,
    title="Every client certificate is signed by the CA",
    rationale="AWS IoT refuses a certificate whose CA is not registered.",
    remedy="openssl x509 -req -in device.csr -CA CA.crt -CAkey CA.key -CAcreateserial -days 360 -out device.crt",
    needs=CA_NEEDS,
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
)
def client_certificates_are_signed_by_the_ca(look: Look) -> Iterator[Finding]:
    """SSL-4.2: client certificate signed by the CA."""
    yield from look.each(look.settings.devices, lambda name: _client_signature(look, name))


@control(
    "DIC-PKI-07",
    clauses=("SSL-4.2",),
    severity=Severity.MINOR,
    title="Every client certificate is valid for 360 days",
    rationale="The day it ends is the day the device must have its next one.",
    remedy="sign the request again with -days 360, and register the new certificate",
    needs=CERTIFICATE_NEEDS,
    operations=CERTIFICATE_OPERATIONS,
)
def client_certificates_last_360_days(look: Look) -> Iterator[Finding]:
    """SSL-4.2: -days 360."""
    yield from look.each(
        look.settings.devices, lambda name: _validity(look, client_copies(look, name), CLIENT_VALIDITY_DAYS)
    )


@control(
    "DIC-PKI-09",
    clauses=("SSL-4.2",),
    severity=Severity.MINOR,
    title="The CA keeps a serial file",
    rationale="With it no two certificates of the CA get one serial number.",
    remedy="sign with -CAcreateserial, which makes CA.srl",
    needs=("local",),
)
def serial_file_is_kept(look: Look) -> Iterator[Finding]:
    """SSL-4.2: CA.srl."""
    text = known(local_files(look).serial_file)
    if text is not None:
        digits = text.strip()
        right = bool(digits) and all(one in "0123456789abcdefABCDEF" for one in digits)
        observed = "a serial number" if right else "something else"
        yield look.judge("CA.srl", right, expected="a serial number in hexadecimal digits", observed=observed)
    elif look.auditing:
        yield look.manual("CA.srl, from where the certificates are signed", "CA.srl")
    else:
        yield look.absent("CA.srl", "the serial file of the CA", "no file")


@control(
    "DIC-PKI-10",
    clauses=("SSL-5",),
    title="MQTT Explorer has a client set of its own",
    rationale="Key and certificate of a device in the Explorer's hands make two clients one identity.",
    remedy="repeat the client's commands with other file names: explorer.key, explorer.csr, explorer.crt",
    needs=CA_NEEDS,
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
)
def explorer_has_its_own_set(look: Look) -> Iterator[Finding]:
    """SSL-5: repeat for MQTT Explorer under a different name."""
    name = look.settings.explorer_name
    yield from look.settled(name, lambda: _client_key(look, name))
    yield from look.settled(name, lambda: _client_signature(look, name))
    yield from look.settled(name, lambda: _validity(look, client_copies(look, name), CLIENT_VALIDITY_DAYS))
    yield from look.each(
        [one for one in look.settings.devices if one != name], lambda device: _another_certificate(look, name, device)
    )


def _another_certificate(look: Look, explorer: str, device: str) -> Iterator[Finding]:
    own = {certificate.certificate_id for _, certificate in client_copies(look, explorer)}
    shared = own & {certificate.certificate_id for _, certificate in client_copies(look, device)}
    yield look.judge(
        explorer,
        not shared,
        expected=f"another certificate than that of {device}",
        observed="the same" if shared else "another",
    )
