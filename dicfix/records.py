"""Frozen values of what was read from an account or from local files, for controls to judge.

A field or part that could not be read is an ``Unread`` in its place, never a default: ``known`` turns it into the
exception that becomes UNREADABLE. A thing that does not exist is simply not in its mapping. The records of the OTA half
are in ``ota_records``, those of the account as a whole in ``account_records``. Imports ``fields`` and those two only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dicfix.account_records import (
    AccountCertificate,
    AccountThing,
    BucketProtection,
    Connectivity,
    DefenderAudit,
    DefenderFinding,
    DomainConfiguration,
    Edges,
    Indexing,
    JobProgress,
    LoggingOptions,
    ProvisioningTemplate,
    Quota,
    Revocations,
    ScheduledAudit,
    SigningPermission,
    TopicRule,
)
from dicfix.fields import NOT_ASKED, Field, Unread, known
from dicfix.ota_records import (
    Bucket,
    CodeSigningCertificate,
    Image,
    OperatorRights,
    OtaJob,
    OtaRole,
    OtaUpdate,
    SigningJob,
    SigningProfile,
    ThingGroup,
)

__all__ = [
    "NOT_ASKED",
    "OTA_AGENT_STARTED",
    "CaCertificate",
    "Caller",
    "ClientFiles",
    "DeviceCertificate",
    "Exchange",
    "Field",
    "Inventory",
    "LiveSession",
    "LocalFiles",
    "Policy",
    "Thing",
    "Unread",
    "known",
]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is logged in: account (12 digits), ARN and Region."""

    account: str
    arn: str
    region: str


@dataclass(frozen=True, slots=True)
class CaCertificate:
    """A CA certificate registered with AWS IoT; ``mode`` is SNI_ONLY (multi-account) or DEFAULT (single account).

    ``template`` is the provisioning template that its devices are provisioned by (JITP), empty when it names none.
    """

    certificate_id: str
    arn: Field[str]
    pem: Field[str]
    status: Field[str]
    mode: Field[str]
    auto_registration: Field[str]
    owned_by: Field[str]
    template: Field[str] = NOT_ASKED


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """A certificate registered with AWS IoT; ``ca_certificate_id`` is empty when registered without a CA."""

    certificate_id: str
    arn: Field[str]
    pem: Field[str]
    status: Field[str]
    mode: Field[str]
    ca_certificate_id: Field[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """An AWS IoT policy with the document of its default version, as the account gave it (text)."""

    name: str
    arn: Field[str]
    document: Field[str]
    default_version_id: Field[str]
    version_ids: Field[tuple[str, ...]]
    targets: Field[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing with the ARNs of its principals."""

    name: str
    arn: Field[str]
    principals: Field[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class LiveSession:
    """What iot-data GetConnection and ListSubscriptions say of a client ID.

    ``thing_name`` is that of the certificate it connected with, empty where that has none; ``disconnect_reason`` and
    ``disconnected_since`` (ISO 8601, UTC) are of the last connection, empty while connected.
    """

    client_id: str
    connected: Field[bool]
    keep_alive_s: Field[int]
    target_port: Field[int]
    subscriptions: Field[tuple[str, ...]]
    thing_name: Field[str] = NOT_ASKED
    disconnect_reason: Field[str] = NOT_ASKED
    disconnected_since: Field[str] = NOT_ASKED


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """The files of one client (device or MQTT Explorer) as parsed PEM text; None where there is no file.

    ``key_fits`` tells whether the key beside the certificate is its key; ``key_kind`` is such as ``EC P-256``;
    ``csr_fits`` whether the CSR is signed by that key, ``csr_common_name`` the common name that it asks for.
    """

    name: str
    certificate_pem: Field[str | None] = None
    key_kind: Field[str | None] = None
    key_fits: Field[bool | None] = None
    csr_fits: Field[bool | None] = None
    key_mode: Field[int | None] = None
    csr_common_name: Field[str | None] = None


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """What lies in the certificate directory: CA, clients by thing name, verification set, server certificate.

    Keys themselves are not kept here, only what they are and whether they fit; but ``header`` and
    ``certificate_source`` are the firmware's text, which has one inside.
    """

    ca: ClientFiles = field(default_factory=lambda: ClientFiles("CA"))
    clients: Mapping[str, ClientFiles] = field(default_factory=dict)
    verification: ClientFiles = field(default_factory=lambda: ClientFiles("verification_cert"))
    serial_file: Field[str | None] = None
    server_certificate_pem: Field[str | None] = None
    # The firmware's own files hold the device's key: never shown, and not for a saved inventory.
    header: Field[str | None] = field(default=None, repr=False)
    certificate_source: Field[str | None] = field(default=None, repr=False)


OTA_AGENT_STARTED = "the OTA agent started"
"""What a device shows after the command ``ota`` (E2E-3)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message between device and Explorer, as it was seen at the other end.

    ``direction`` is ``state`` (device to Explorer), ``command`` (Explorer to device) or ``ota`` (the command ``ota``
    from Explorer to device); ``expected`` is what the receiver should show (the payload, the device's state after the
    command, ``OTA_AGENT_STARTED``), ``observed`` what it showed, None when nothing came.
    """

    application: str
    direction: str
    topic: str
    payload: str
    expected: str
    observed: str | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that controls may judge; a part that nobody read stays NOT_ASKED and makes its controls UNREADABLE.

    Mappings are by certificate id, policy name, thing name and client ID. ``explorer`` is the connection profile that
    the user gave (an ``ExplorerProfile``), ``server_root_pem`` the root that the endpoint is expected to present (the
    stand-in root offline), ``probe`` the SHA-256 fingerprint (lower-case hexadecimal digits) of the root with which the
    endpoint's certificate was verified on a connection or probe. ``registration_code`` is read by a Builder only, since
    asking for it may create it; ``exchanges`` are what device and Explorer said to each other. From ``ota_updates`` on
    see ``ota_records``; those mappings are by job id, group name, signing job id and file name. From
    ``account_certificates`` on see ``account_records``; those are by certificate id and by name.
    """

    caller: Field[Caller] = NOT_ASKED
    endpoint: Field[str] = NOT_ASKED
    ca_certificates: Field[Mapping[str, CaCertificate]] = NOT_ASKED
    certificates: Field[Mapping[str, DeviceCertificate]] = NOT_ASKED
    policies: Field[Mapping[str, Policy]] = NOT_ASKED
    things: Field[Mapping[str, Thing]] = NOT_ASKED
    sessions: Field[Mapping[str, LiveSession]] = NOT_ASKED
    local: Field[LocalFiles] = NOT_ASKED
    explorer: Field[Any] = NOT_ASKED
    probe: Field[str] = NOT_ASKED
    server_root_pem: Field[str] = NOT_ASKED
    registration_code: Field[str] = NOT_ASKED
    exchanges: Field[tuple[Exchange, ...]] = NOT_ASKED
    ota_updates: Field[tuple[str, ...]] = NOT_ASKED
    ota_update: Field[OtaUpdate | None] = NOT_ASKED
    ota_jobs: Field[Mapping[str, OtaJob]] = NOT_ASKED
    thing_groups: Field[Mapping[str, ThingGroup]] = NOT_ASKED
    signing_profile: Field[SigningProfile | None] = NOT_ASKED
    signing_jobs: Field[Mapping[str, SigningJob]] = NOT_ASKED
    bucket: Field[Bucket | None] = NOT_ASKED
    ota_role: Field[OtaRole | None] = NOT_ASKED
    operator_rights: Field[OperatorRights] = NOT_ASKED
    code_signing_certificate: Field[CodeSigningCertificate | None] = NOT_ASKED
    images: Field[Mapping[str, Image]] = NOT_ASKED
    account_certificates: Field[Mapping[str, AccountCertificate]] = NOT_ASKED
    account_policies: Field[Mapping[str, Policy]] = NOT_ASKED
    account_things: Field[Mapping[str, AccountThing]] = NOT_ASKED
    thing_edges: Field[Edges] = NOT_ASKED
    certificate_edges: Field[Edges] = NOT_ASKED
    topic_rules: Field[Mapping[str, TopicRule]] = NOT_ASKED
    provisioning_templates: Field[Mapping[str, ProvisioningTemplate]] = NOT_ASKED
    logging: Field[LoggingOptions | None] = NOT_ASKED
    defender_audit: Field[DefenderAudit] = NOT_ASKED
    scheduled_audits: Field[tuple[ScheduledAudit, ...]] = NOT_ASKED
    defender_findings: Field[tuple[DefenderFinding, ...]] = NOT_ASKED
    indexing: Field[Indexing] = NOT_ASKED
    connectivity: Field[Mapping[str, Connectivity]] = NOT_ASKED
    account_jobs: Field[Mapping[str, JobProgress]] = NOT_ASKED
    bucket_protection: Field[BucketProtection | None] = NOT_ASKED
    quotas: Field[Mapping[str, Quota]] = NOT_ASKED
    domain_configurations: Field[Mapping[str, DomainConfiguration]] = NOT_ASKED
    signing_permissions: Field[tuple[SigningPermission, ...]] = NOT_ASKED
    caller_rights: Field[OperatorRights] = NOT_ASKED
    revocations: Field[Revocations | None] = NOT_ASKED
