"""Fleets to measure with: an embedded account filled with devices without its API, and an inventory made of nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

POLICY = "DIC_POLICY"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Made:
    """A certificate with its id."""

    certificate: x509.Certificate
    certificate_id: str
    pem: str


class Issuer:
    """A CA that signs with one key; every certificate has a key of its own unless ``same_key``."""

    def __init__(self, name: str = "DIC CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.ca = made(self._builder(self.name, self._key.public_key(), ca=True).sign(self._key, hashes.SHA256()))

    def issue(self, name: str) -> Made:
        """A device certificate of version 3."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        return made(self._builder(subject, public, ca=False).sign(self._key, hashes.SHA256()))

    def _builder(self, subject: x509.Name, public: Any, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=1))
            .not_valid_after(NOW + dt.timedelta(days=1024 if ca else 360))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )


def made(certificate: x509.Certificate) -> Made:
    """A certificate with its id and PEM text."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Made(certificate, hashlib.sha256(der).hexdigest(), pem)


def names(count: int) -> Iterator[str]:
    """Thing names of a fleet."""
    return (f"DIC_{number:07d}" for number in range(count))


def fill(cloud: Any, count: int, explorer: str = "DIC_EXPLORER", issuer: Issuer | None = None) -> Issuer:
    """Put a fleet of ``count`` things, MQTT Explorer's among them, into the embedded account's state."""
    from dicfix.offline.aws_api.state_lock import STATE_LOCK

    issuer = issuer or Issuer()
    with STATE_LOCK:
        backend = cloud.registry.backend
        ca_id = backend.register_ca(
            issuer.ca.pem, verification_pem=None, mode="SNI_ONLY", active=True, auto_registration=True, config=None
        ).certificate_id
        if POLICY not in backend.policies:
            backend.create_iot_policy(POLICY, DOCUMENT)
        for name in (explorer, *names(count - 1)):
            add(backend, name, issuer.issue(name), ca_id)
    return issuer


def add(backend: Any, name: str, made: Made, ca_id: str) -> None:
    """One thing with its ACTIVE certificate and the policy."""
    record = backend.keep_certificate(made.certificate, made.certificate_id, "ACTIVE", "SNI_ONLY", ca_id)
    backend.make_thing(name, thing_type=None, attributes={}, billing_group=None)
    backend.attach_principal(name, record.arn, None)
    backend.attach(POLICY, record.arn)
