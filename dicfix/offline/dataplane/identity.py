"""The server's side of mutual TLS: a stand-in root and a server certificate for one endpoint.

The keys are EC P-256: made in 1 ms each, where an RSA 2048 key took 30 to 170 ms of a start that may last 1 s. Amazon's
own servers show either kind (Amazon Root CA 1 is RSA 2048, CA 3 is EC P-256). Imports cryptography, inside functions.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ROOT_COMMON_NAME = "dicfix stand-in for Amazon Root CA 1"
VALIDITY_DAYS = 30
"""How long both certificates hold: longer than any run, too short to be kept by mistake."""


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What the data plane shows: ``endpoint`` is the host name in the server certificate, ``key`` its PKCS #8 PEM."""

    endpoint: str
    root_pem: bytes
    certificate_pem: bytes
    key: bytes = field(repr=False)


def make_identity(endpoint: str, *, region: str, now: datetime.datetime | None = None) -> ServerIdentity:
    """A new root and a server certificate for ``endpoint``, ``localhost`` and 127.0.0.1.

    Valid from a day before ``now``. Both pass OpenSSL's strict checks (Python 3.13's default).
    Source: RFC 5280 section 4.2.1.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    start = (now or datetime.datetime.now(datetime.UTC)) - datetime.timedelta(days=1)
    root_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    root = _root(root_key, start, region)
    server = _server(server_key, root, root_key, start, endpoint)
    return ServerIdentity(
        endpoint=endpoint,
        root_pem=root.public_bytes(serialization.Encoding.PEM),
        certificate_pem=server.public_bytes(serialization.Encoding.PEM),
        key=server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _root(key: EllipticCurvePrivateKey, start: datetime.datetime, region: str) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"dicfix embedded cloud, {region}"),
            x509.NameAttribute(NameOID.COMMON_NAME, ROOT_COMMON_NAME),
        ]
    )
    return (
        _builder(name, name, key, start)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: EllipticCurvePrivateKey,
    root: x509.Certificate,
    root_key: EllipticCurvePrivateKey,
    start: datetime.datetime,
    endpoint: str,
) -> x509.Certificate:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    names = [
        x509.DNSName(endpoint),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, endpoint[:64])])
    return (
        _builder(subject, root.subject, key, start)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, start: datetime.datetime
) -> x509.CertificateBuilder:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=VALIDITY_DAYS))
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
