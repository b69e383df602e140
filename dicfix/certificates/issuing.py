"""Keys, signing requests and certificates as the guide's OpenSSL commands make them, in memory.

Pure but for randomness: the clock is an argument. Source of every shape: "Openssl Certificate Creation" (linked-pages),
measured with OpenSSL 3.0.19. Imports `cryptography`, dicfix.errors, the guide's values and this package only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from dicfix.certificates.names import parse_subject
from dicfix.certificates.pairing import require_different_subject
from dicfix.certificates.serials import random_serial
from dicfix.certificates.values import CaMaterial, Certificate, ClientMaterial, PrivateKey, SigningRequest
from dicfix.certificates.version1 import as_version_1
from dicfix.errors import MaterialError
from dicfix.guide.values import CA_VALIDITY_DAYS, CLIENT_VALIDITY_DAYS, VERIFICATION_VALIDITY_DAYS

CODE_SIGNING_VALIDITY_DAYS = 365

X509Version = Literal[1, 3]


def make_private_key() -> PrivateKey:
    """A new EC key on prime256v1. Source: SSL-1, SSL-3 (openssl ecparam -genkey -name prime256v1 -noout)."""
    return PrivateKey.of(ec.generate_private_key(ec.SECP256R1()))


def make_rsa_private_key(key_size_bits: int = 2048) -> PrivateKey:
    """A new RSA key. Source: SSL-V1 (openssl genrsa 2048)."""
    return PrivateKey.of(rsa.generate_private_key(public_exponent=65537, key_size=key_size_bits))


def make_signing_request(key: PrivateKey, subject: str | x509.Name) -> SigningRequest:
    """A request without attributes. Source: SSL-4.1 (openssl req -new -key)."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(subject))
    return SigningRequest.of(builder.sign(key.secret, hashes.SHA256()))


def make_ca_certificate(
    key: PrivateKey,
    subject: str | x509.Name,
    *,
    now: datetime,
    serial: int | None = None,
    validity_days: float = CA_VALIDITY_DAYS,
    is_ca: bool = True,
) -> Certificate:
    """A self-signed version 3 certificate with SKI, AKI (key id alone) and critical basicConstraints, in that order.

    ``is_ca`` False makes a self-signed leaf (CA:FALSE), for scenarios of refusal.
    Source: SSL-2 (openssl req -new -x509).
    """
    name = _name(subject)
    public = key.secret.public_key()
    builder = _builder(name, name, public, now, validity_days, serial)
    builder = _with_key_ids(builder, public, public)
    builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    return Certificate.of(builder.sign(key.secret, hashes.SHA256()))


def make_ca(subject: str | x509.Name, *, now: datetime, validity_days: float = CA_VALIDITY_DAYS) -> CaMaterial:
    """A new CA key with its certificate. Source: SSL-1, SSL-2."""
    key = make_private_key()
    return CaMaterial(key, make_ca_certificate(key, subject, now=now, validity_days=validity_days))


def sign_request(
    request: SigningRequest,
    ca: CaMaterial,
    *,
    now: datetime,
    serial: int | None = None,
    validity_days: float = CLIENT_VALIDITY_DAYS,
    version: X509Version = 1,
    same_subject: bool = False,
) -> Certificate:
    """The certificate that ``openssl x509 -req -CA CA.crt -CAkey CA.key`` makes of a request.

    ``version`` 1 has no extensions (OpenSSL 3.0); 3 has SKI and AKI (newer OpenSSL). Without ``serial`` it is random.
    ``now`` in the past or the future makes it expired or not yet valid. A subject equal to the CA's is a MaterialError
    unless ``same_subject``. Source: SSL-4.2, SSL-V3.
    """
    if not same_subject:
        require_different_subject(request.parsed.subject, ca.certificate)
    public = request.parsed.public_key()
    ca_public = ca.key.secret.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise MaterialError("The signing request holds a key that is neither EC nor RSA")
    names = request.parsed.subject, ca.certificate.parsed.subject
    builder = _builder(*names, public, now, validity_days, serial)
    if version == 3:
        return Certificate.of(_with_key_ids(builder, public, ca_public).sign(ca.key.secret, hashes.SHA256()))
    return Certificate.of(as_version_1(builder.sign(ca.key.secret, hashes.SHA256()), ca.key.secret))


def issue_client(
    ca: CaMaterial,
    subject: str | x509.Name,
    *,
    now: datetime,
    serial: int | None = None,
    validity_days: float = CLIENT_VALIDITY_DAYS,
    version: X509Version = 1,
    same_subject: bool = False,
) -> ClientMaterial:
    """A new client key with its request and certificate. Source: SSL-3, SSL-4.1, SSL-4.2, SSL-5."""
    key = make_private_key()
    request = make_signing_request(key, subject)
    certificate = sign_request(
        request,
        ca,
        now=now,
        serial=serial,
        validity_days=validity_days,
        version=version,
        same_subject=same_subject,
    )
    return ClientMaterial(key, request, certificate)


def issue_verification(
    ca: CaMaterial, registration_code: str, *, now: datetime, serial: int | None = None, key: PrivateKey | None = None
) -> ClientMaterial:
    """The CA verification certificate: RSA 2048, Common Name = the registration code, 500 days.

    Source: SSL-V1, SSL-V2, SSL-V3.
    """
    key = make_rsa_private_key() if key is None else key
    request = make_signing_request(key, verification_subject(registration_code))
    certificate = sign_request(request, ca, now=now, serial=serial, validity_days=VERIFICATION_VALIDITY_DAYS)
    return ClientMaterial(key, request, certificate)


def verification_subject(registration_code: str) -> x509.Name:
    """The subject that holds nothing but the registration code. Source: SSL-V2."""
    code = registration_code.strip()
    if not code or len(code) > 64 or not code.isprintable():
        raise MaterialError("The registration code is empty, too long or not plain text", expected="1 to 64 characters")
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, code)])


def make_code_signing(
    subject: str | x509.Name = "/CN=test_signer@amazon.com",
    *,
    now: datetime,
    validity_days: float = CODE_SIGNING_VALIDITY_DAYS,
    key: PrivateKey | None = None,
) -> CaMaterial:
    """A self-signed code-signing certificate (KU digitalSignature, EKU codeSigning, SKI) with its key, EC P-256 if new.

    Source: PRE-4, ota-code-sign-cert of the FreeRTOS user guide.
    """
    key = make_private_key() if key is None else key
    public = key.secret.public_key()
    name = _name(subject)
    builder = (
        _builder(name, name, public, now, validity_days, None)
        .add_extension(_digital_signature_only(), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    return CaMaterial(key, Certificate.of(builder.sign(key.secret, hashes.SHA256())))


def _digital_signature_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(subject: str | x509.Name) -> x509.Name:
    return parse_subject(subject) if isinstance(subject, str) else subject


_PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def _builder(
    subject: x509.Name, issuer: x509.Name, public: _PublicKey, now: datetime, validity_days: float, serial: int | None
) -> x509.CertificateBuilder:
    if now.tzinfo is None:
        raise ValueError("now must carry its time zone")
    if validity_days <= 0:
        raise MaterialError(f"A certificate of {validity_days:g} days cannot be made", expected="more than 0 days")
    not_before = now.replace(microsecond=0)
    try:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(random_serial() if serial is None else serial)
            .not_valid_before(not_before)
            .not_valid_after(not_before + timedelta(days=validity_days))
        )
    except (ValueError, OverflowError) as error:
        raise MaterialError(f"The certificate cannot be made: {error}") from None


def _with_key_ids(
    builder: x509.CertificateBuilder, public: _PublicKey, issuer_public: _PublicKey
) -> x509.CertificateBuilder:
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public)
    subject = x509.SubjectKeyIdentifier.from_public_key(public)
    return builder.add_extension(subject, critical=False).add_extension(authority, critical=False)
