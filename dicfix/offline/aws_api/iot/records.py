"""Registered certificates and policies as the embedded cloud keeps them.

Plain dataclasses in place of moto's models, which keep every instance until the next reset. May import cryptography
and the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.x509 import Certificate


@dataclass(slots=True)
class CertificateRecord:
    """A registered device certificate; ``position`` is its place in the order of registration."""

    certificate_id: str
    arn: str
    pem: str
    certificate: Certificate
    der: bytes
    status: str
    mode: str
    owner: str
    ca_certificate_id: str | None
    created: datetime
    modified: datetime
    generation: str
    position: int
    version: int = 1

    def summary(self) -> dict[str, Any]:
        """The members of ``Certificate`` in a list."""
        return {
            "certificateArn": self.arn,
            "certificateId": self.certificate_id,
            "status": self.status,
            "certificateMode": self.mode,
            "creationDate": self.created,
        }

    def description(self) -> dict[str, Any]:
        """The members of ``CertificateDescription``."""
        members = {
            **self.summary(),
            "certificatePem": self.pem,
            "ownedBy": self.owner,
            "lastModifiedDate": self.modified,
            "customerVersion": self.version,
            "transferData": {},
            "generationId": self.generation,
            "validity": validity(self.certificate),
        }
        if self.ca_certificate_id:
            members["caCertificateId"] = self.ca_certificate_id
        return members


@dataclass(slots=True)
class CaRecord:
    """A registered CA certificate; ``registration_config`` is the provisioning template it names, if any."""

    certificate_id: str
    arn: str
    pem: str
    certificate: Certificate
    der: bytes
    status: str
    mode: str
    owner: str
    auto_registration: bool
    registration_config: dict[str, str]
    created: datetime
    modified: datetime
    generation: str
    position: int
    version: int = 1

    def summary(self) -> dict[str, Any]:
        """The members of ``CACertificate`` in a list."""
        return {
            "certificateArn": self.arn,
            "certificateId": self.certificate_id,
            "status": self.status,
            "creationDate": self.created,
        }

    def description(self) -> dict[str, Any]:
        """The members of ``CACertificateDescription``."""
        return {
            **self.summary(),
            "certificatePem": self.pem,
            "ownedBy": self.owner,
            "autoRegistrationStatus": "ENABLE" if self.auto_registration else "DISABLE",
            "lastModifiedDate": self.modified,
            "customerVersion": self.version,
            "generationId": self.generation,
            "validity": validity(self.certificate),
            "certificateMode": self.mode,
        }


def validity(certificate: Certificate) -> dict[str, datetime]:
    """The members of ``CertificateValidity``: the certificate's own dates."""
    return {"notBefore": certificate.not_valid_before_utc, "notAfter": certificate.not_valid_after_utc}


@dataclass(slots=True)
class PolicyVersion:
    """One version of a policy: the text as given and the same parsed."""

    number: int
    text: str
    document: dict[str, Any]
    created: datetime


@dataclass(slots=True)
class PolicyRecord:
    """A policy with its versions by number; ``default`` is the one in effect."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    generation: str
    position: int
    default: int = 1
    last_number: int = 1
    versions: dict[int, PolicyVersion] = field(default_factory=dict)

    @property
    def in_effect(self) -> PolicyVersion:
        """The default version."""
        return self.versions[self.default]

    def summary(self) -> dict[str, str]:
        """The members of ``Policy`` in a list."""
        return {"policyName": self.name, "policyArn": self.arn}
