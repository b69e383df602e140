"""Frozen values of the account as a whole: every certificate, every attachment, rules, logging, Defender, indexing.

As in ``records``: a field that could not be read is an ``Unread``; None, an empty text or an empty mapping says that it
was read and is not there. Imports ``fields`` only. Who fills what, from which answers:

=======================  ================================================================  =============================
part of ``Inventory``    operations                                                        nothing there
=======================  ================================================================  =============================
account_certificates     iot:ListCertificates, iot:ListCertificatesByCA of every CA        ``{}``
account_policies         iot:ListPolicies, iot:GetPolicy, iot:ListPolicyVersions,          ``{}``
                         iot:ListTargetsForPolicy (records.Policy by name)
account_things           iot:ListThings                                                    ``{}``
thing_edges              iot:ListThingPrincipals (or V2), else the inverse of the other    ``{}``; of a thing ``()``
certificate_edges        iot:ListPrincipalThings (or V2), else the inverse of the other    ``{}``; of a certificate
                                                                                           ``()``
topic_rules              iot:ListTopicRules, iot:GetTopicRule                              ``{}``
provisioning_templates   iot:ListProvisioningTemplates                                     ``{}``
logging                  iot:GetV2LoggingOptions; iam:GetRole of its role                  ``None`` (NotConfigured: off)
defender_audit           iot:DescribeAccountAuditConfiguration                             no checks, no role
scheduled_audits         iot:ListScheduledAudits                                           ``()``
defender_findings        iot:ListAuditFindings of the last DEFENDER_WINDOW_DAYS            ``()``
indexing                 iot:GetIndexingConfiguration                                      modes OFF
connectivity             iot:SearchIndex over ``thingName:*`` (only while connectivity     ``{}``
                         is indexed, else ``{}`` without a call)
account_jobs             iot:ListJobs of status IN_PROGRESS, iot:DescribeJob of each       ``{}``
bucket_protection        s3:GetBucketEncryption, s3:GetBucketPolicy,                       ``None`` (no bucket)
                         s3:GetBucketLifecycleConfiguration of the run's bucket
quotas                   service-quotas:ListServiceQuotas of iotcore                      ``{}``
domain_configurations    iot:ListDomainConfigurations, iot:DescribeDomainConfiguration     ``{}``
signing_permissions      signer:ListProfilePermissions of the signing profile              ``()``
caller_rights            iam:SimulatePrincipalPolicy for the caller and WRITES_NOT_WANTED  ``Unread(.., "NotGiven")``
revocations              the file of ``settings.crl``                                      ``None`` (no file given)
=======================  ================================================================  =============================

An edge that is not verified in this run but known from an earlier one is given as it was; the sweep's report tells its
age.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dicfix.fields import Field, Unread

DEFENDER_WINDOW_DAYS = 8
"""How far back Device Defender's findings are read: its longest frequent schedule is weekly, and a day of slack."""

WRITES_NOT_WANTED = (
    "iot:UpdateCertificate",
    "iot:AttachPolicy",
    "iot:CreatePolicyVersion",
    "iot:CreateOTAUpdate",
    "iot:Publish",
    "iam:PassRole",
    "s3:PutObject",
)
"""What an audit's role must not be allowed; one write of each kind that onboarding and OTA have."""


@dataclass(frozen=True, slots=True)
class AccountCertificate:
    """A row of the account's lists: ``ca_certificate_id`` is the CA that lists it, empty when none does.

    ``created`` is aware.
    """

    certificate_id: str
    arn: Field[str]
    status: Field[str]
    mode: Field[str]
    created: Field[datetime]
    ca_certificate_id: Field[str]


@dataclass(frozen=True, slots=True)
class AccountThing:
    """A row of ListThings; ``thing_type`` is empty without one."""

    name: str
    arn: Field[str]
    thing_type: Field[str] = ""


@dataclass(frozen=True, slots=True)
class TopicRule:
    """A topic rule: its SQL, whether it is disabled, and the kinds of its actions (``lambda``, ``s3``)."""

    name: str
    sql: Field[str]
    disabled: Field[bool]
    actions: Field[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ProvisioningTemplate:
    """A provisioning template: ``kind`` is JITP or FLEET_PROVISIONING."""

    name: str
    enabled: Field[bool]
    kind: Field[str]


@dataclass(frozen=True, slots=True)
class LoggingOptions:
    """AWS IoT's logging: ``level`` such as WARN or DISABLED; ``role_trust`` the role's trust policy as JSON text.

    ``role_trust`` is None where there is no such role (any more).
    """

    level: Field[str]
    disabled: Field[bool]
    role_arn: Field[str]
    role_trust: Field[str | None]


@dataclass(frozen=True, slots=True)
class DefenderAudit:
    """Device Defender's audit configuration; ``role_arn`` is empty where it was never configured."""

    role_arn: Field[str]
    enabled_checks: Field[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ScheduledAudit:
    """A scheduled audit: ``frequency`` is DAILY, WEEKLY, BIWEEKLY or MONTHLY."""

    name: str
    frequency: Field[str]


@dataclass(frozen=True, slots=True)
class DefenderFinding:
    """A finding of Device Defender: ``resources`` are the ids, names and ARNs that identify what is at fault.

    ``severity`` is CRITICAL, HIGH, MEDIUM or LOW; ``task_started`` is aware, when the audit began that found it.
    """

    finding_id: str
    check: Field[str]
    severity: Field[str]
    resources: Field[tuple[str, ...]]
    reason: Field[str]
    suppressed: Field[bool]
    task_started: Field[datetime]


@dataclass(frozen=True, slots=True)
class Indexing:
    """Fleet indexing: ``things`` is OFF, REGISTRY or REGISTRY_AND_SHADOW, ``connectivity`` OFF or STATUS."""

    things: Field[str]
    connectivity: Field[str]


@dataclass(frozen=True, slots=True)
class Connectivity:
    """What the index knows of a thing's connection; ``client_id`` and ``disconnect_reason`` are empty when not told."""

    thing_name: str
    connected: Field[bool]
    client_id: Field[str] = ""
    disconnect_reason: Field[str] = ""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A job in progress: ``counts`` are the numbers of jobProcessDetails by name (``numberOfFailedThings``).

    ``created`` is aware.
    """

    job_id: str
    status: Field[str]
    created: Field[datetime]
    counts: Field[Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class BucketProtection:
    """How a bucket is kept: ``encryption`` its algorithm (``AES256``), ``policy`` JSON text, empty if none.

    ``noncurrent_days`` are the days after which the enabled lifecycle rules expire noncurrent versions.
    """

    name: str
    encryption: Field[str]
    policy: Field[str]
    noncurrent_days: Field[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota of AWS IoT Core by its code (``L-57AAC135``)."""

    code: str
    name: str
    value: Field[float]


@dataclass(frozen=True, slots=True)
class DomainConfiguration:
    """A domain configuration: ``domain`` is its host name, ``kind`` AWS_MANAGED, ENDPOINT or CUSTOMER_MANAGED.

    ``security_policy`` is such as IoTSecurityPolicy_TLS13_1_2_2022_10.
    """

    name: str
    domain: Field[str]
    status: Field[str]
    kind: Field[str]
    security_policy: Field[str]


@dataclass(frozen=True, slots=True)
class SigningPermission:
    """Who may do what with the signing profile: a statement of its cross-account permissions."""

    principal: str
    action: str


@dataclass(frozen=True, slots=True)
class Revocations:
    """A certificate revocation list as PEM text."""

    pem: str


Edges = Mapping[str, Field[tuple[str, ...]]]


def things_by_certificate(edges: Edges, certificate_ids: Iterable[str]) -> dict[str, Field[tuple[str, ...]]]:
    """``certificate_edges`` out of ``thing_edges``: things by certificate id, for every id given or attached.

    While the principals of any thing are unread, a certificate may have one thing more than is known: its entry is then
    that Unread.
    """
    found: dict[str, list[str]] = {one: [] for one in certificate_ids}
    unread = next((one for one in edges.values() if isinstance(one, Unread)), None)
    for name, principals in edges.items():
        for arn in () if isinstance(principals, Unread) else principals:
            if ":cert/" in arn:
                found.setdefault(arn.rsplit("/", 1)[1], []).append(name)
    return {one: unread or tuple(names) for one, names in found.items()}
