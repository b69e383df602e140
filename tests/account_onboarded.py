"""A good account as a whole, as records, around the good onboarding: everything listed, watched and kept well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from onboarded import ACCOUNT, NOW, REGION

from dicfix.account_records import (
    WRITES_NOT_WANTED,
    AccountCertificate,
    AccountThing,
    BucketProtection,
    Connectivity,
    DefenderAudit,
    DefenderFinding,
    DomainConfiguration,
    Indexing,
    JobProgress,
    LoggingOptions,
    ProvisioningTemplate,
    Quota,
    ScheduledAudit,
    SigningPermission,
    TopicRule,
    things_by_certificate,
)
from dicfix.ota_records import OperatorRights
from dicfix.records import DeviceCertificate, Inventory, Policy, Thing

BUCKET = f"ota-demo-{ACCOUNT}-{REGION}"
AUDITOR = f"arn:aws:iam::{ACCOUNT}:user/tester"
SECURE_ONLY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": f"arn:aws:s3:::{BUCKET}/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
)
LOG_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def registered_rule(ca_certificate_id: str, **changes: Any) -> TopicRule:
    """A rule that hears of automatic registrations of a CA."""
    sql = f"SELECT * FROM '$aws/events/certificates/registered/{ca_certificate_id}'"  # noqa: S608 - AWS IoT's own SQL
    return replace(TopicRule("activate_new", sql, False, ("lambda",)), **changes)


def row_of(record: DeviceCertificate) -> AccountCertificate:
    """The list's row of a registered certificate."""
    return AccountCertificate(
        record.certificate_id,
        record.arn,
        record.status,
        record.mode,
        NOW - timedelta(days=10),
        record.ca_certificate_id,
    )


def defender_finding(check: str, resource: str, **changes: Any) -> DefenderFinding:
    """A finding of yesterday's audit."""
    found = DefenderFinding("f-1", check, "HIGH", (resource,), "as it should not be", False, NOW - timedelta(days=1))
    return replace(found, **changes)


def good_account(
    certificates: Mapping[str, DeviceCertificate],
    policies: Mapping[str, Policy],
    things: Mapping[str, Thing],
    ca_certificate_id: str,
) -> dict[str, Any]:
    """The parts of the account as a whole, by their fields of Inventory."""
    edges = {name: thing.principals for name, thing in things.items()}
    names = tuple(things)
    return {
        "account_certificates": {one: row_of(record) for one, record in certificates.items()},
        "account_policies": dict(policies),
        "account_things": {name: AccountThing(name, thing.arn) for name, thing in things.items()},
        "thing_edges": edges,
        "certificate_edges": things_by_certificate(edges, certificates),
        "topic_rules": {"activate_new": registered_rule(ca_certificate_id)},
        "provisioning_templates": {"fleet": ProvisioningTemplate("fleet", False, "FLEET_PROVISIONING")},
        "logging": LoggingOptions("WARN", False, f"arn:aws:iam::{ACCOUNT}:role/iot_logging", LOG_TRUST),
        "defender_audit": DefenderAudit(f"arn:aws:iam::{ACCOUNT}:role/defender", ("DEVICE_CERTIFICATE_SHARED_CHECK",)),
        "scheduled_audits": (ScheduledAudit("daily", "DAILY"),),
        "defender_findings": (defender_finding("CONFLICTING_CLIENT_IDS_CHECK", "somebody_elses"),),
        "indexing": Indexing("REGISTRY", "STATUS"),
        "connectivity": {name: Connectivity(name, True, name, "") for name in names},
        "account_jobs": {
            "AFR_OTA-x": JobProgress(
                "AFR_OTA-x", "IN_PROGRESS", NOW - timedelta(days=1), {"numberOfSucceededThings": 2}
            )
        },
        "bucket_protection": BucketProtection(BUCKET, "AES256", SECURE_ONLY, (90,)),
        "quotas": {"L-57AAC135": Quota("L-57AAC135", "ListThings API TPS", 10.0)},
        "domain_configurations": {
            "iot:Data-ATS": DomainConfiguration(
                "iot:Data-ATS", "x-ats.iot", "ENABLED", "AWS_MANAGED", "IoTSecurityPolicy_TLS13_1_2_2022_10"
            )
        },
        "signing_permissions": (),
        "caller_rights": OperatorRights(AUDITOR, dict.fromkeys(WRITES_NOT_WANTED, False)),
        "revocations": empty_list(),
    }


def empty_list() -> Any:
    """Our CA's revocation list without any entry."""
    return revoking()


def revoking(*serials: int, by_other_ca: bool = False) -> Any:
    """A revocation list of our CA (or of another) with these serial numbers."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from onboarded import material

    from dicfix.account_records import Revocations
    from dicfix.certificates.revocations import RevocationList, revocation_pem

    ca = material().other_ca if by_other_ca else material().ca
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.parsed.subject)
    builder = builder.last_update(NOW).next_update(NOW + timedelta(days=30))
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW).build()
        builder = builder.add_revoked_certificate(revoked)
    made = builder.sign(ca.key.secret, hashes.SHA256())
    return Revocations(revocation_pem(RevocationList("", frozenset(serials), made)))


def permission(principal: str = "999999999999") -> SigningPermission:
    """Somebody else may sign."""
    return SigningPermission(principal, "signer:StartSigningJob")


def changed(inventory: Inventory, part: str, key: str, **changes: Any) -> Inventory:
    """The inventory with one record of a mapping changed."""
    records = dict(getattr(inventory, part))
    records[key] = replace(records[key], **changes)
    return replace(inventory, **{part: records})
