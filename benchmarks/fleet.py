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


def rotate(cloud: Any, issuer: Issuer, session: Any, names_of: list[str]) -> None:
    """Give these things new certificates by the API, so that events tell of it."""
    from dicfix.offline.aws_api.state_lock import STATE_LOCK

    backend = cloud.registry.backend
    for name in names_of:
        old = next(iter(backend.principals_of[name]))
        new = issuer.issue(name)
        with STATE_LOCK:
            record = backend.keep_certificate(
                new.certificate, new.certificate_id, "ACTIVE", "SNI_ONLY", issuer.ca.certificate_id
            )
            backend.attach(POLICY, record.arn)
        session.call("iot", "AttachThingPrincipal", thingName=name, principal=record.arn)
        session.call("iot", "DetachThingPrincipal", thingName=name, principal=old)


def inventory_of(count: int) -> Any:
    """An inventory of ``count`` things, MQTT Explorer's among them, as a sweep would read it."""
    from dicfix.account_records import AccountCertificate, AccountThing, things_by_certificate
    from dicfix.records import CaCertificate, Caller, DeviceCertificate, Inventory, Policy, Thing

    account, region = "123456789012", "eu-west-1"
    prefix, issuer = f"arn:aws:iot:{region}:{account}", Issuer()
    ca = issuer.ca
    made_for = {name: issuer.issue(name) for name in ("DIC_EXPLORER", *names(count - 1))}
    edges = {name: (f"{prefix}:cert/{one.certificate_id}",) for name, one in made_for.items()}
    rows = {one.certificate_id: one for one in made_for.values()}
    policy = Policy(
        POLICY, f"{prefix}:policy/{POLICY}", DOCUMENT, "1", ("1",), frozenset(arns[0] for arns in edges.values())
    )
    return Inventory(
        caller=Caller(account, f"arn:aws:iam::{account}:user/auditor", region),
        endpoint=f"a1b2c3d4e5f6g7-ats.iot.{region}.amazonaws.com",
        ca_certificates={
            ca.certificate_id: CaCertificate(
                ca.certificate_id,
                f"{prefix}:cacert/{ca.certificate_id}",
                ca.pem,
                "ACTIVE",
                "SNI_ONLY",
                "ENABLE",
                account,
                "",
            )
        },
        certificates={
            one: DeviceCertificate(one, f"{prefix}:cert/{one}", row.pem, "ACTIVE", "SNI_ONLY", ca.certificate_id)
            for one, row in rows.items()
        },
        policies={POLICY: policy},
        things={name: Thing(name, f"{prefix}:thing/{name}", edges[name]) for name in made_for},
        sessions={},
        account_certificates={
            one: AccountCertificate(one, f"{prefix}:cert/{one}", "ACTIVE", "SNI_ONLY", NOW, ca.certificate_id)
            for one in rows
        },
        account_policies={POLICY: policy},
        account_things={name: AccountThing(name, f"{prefix}:thing/{name}") for name in made_for},
        thing_edges=edges,
        certificate_edges=things_by_certificate(edges, rows),
    )
