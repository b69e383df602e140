"""Frozen values of the OTA half: update, job, signing, bucket, role, the caller's rights, image.

As in ``records``: a field that could not be read is an ``Unread``; None, an empty text or an empty mapping says that it
was read and is not there. Imports ``fields`` only. Who fills what, from which answers:

==========================  =============================================================  =========================
part of ``Inventory``       operations                                                     nothing there
==========================  =============================================================  =========================
ota_updates                 iot:ListOTAUpdates                                             ``()``
ota_update                  iot:GetOTAUpdate, iot:DescribeStream (role), s3 versions       ``None``
ota_jobs                    iot:ListJobs; of the update's job also iot:DescribeJob,        ``{}``
                            iot:ListJobExecutionsForJob, iot:DescribeJobExecution,
                            iot:GetJobDocument; the fields of any other job may stay
                            NOT_ASKED
thing_groups                iot:DescribeThingGroup, iot:ListThingsInThingGroup for every   ``{}``
                            thing group that is a target of the update or configured
signing_profile             signer:GetSigningProfile, signer:GetSigningPlatform            ``None``
signing_jobs                signer:DescribeSigningJob for every id named by the update     ``{}``
bucket                      s3:HeadBucket and its Get operations, for the run's bucket     ``None``
ota_role                    iam:GetRole, its attached and inline policies                  ``None``
operator_rights             iam:SimulatePrincipalPolicy for ``ota_rights.operator_rights``  ``Unread(.., "NotGiven")``
code_signing_certificate    acm:DescribeCertificate of the profile's certificate           ``None``
images                      the image file of the settings, by its name                    ``{}``
==========================  =============================================================  =========================

``ota_update`` is the update of ``settings.ota_update_id``, else the one that this run made, else the newest one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dicfix.fields import Field

NEW = "new"
PREVIOUS = "previous"
CUSTOM = "custom"
UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class CodeSigning:
    """How a file of an OTA update is signed: ``kind`` is NEW, PREVIOUS, CUSTOM or UNSIGNED.

    NEW (startSigningJobParameter) has ``profile_name``, ``destination_bucket``, and its ``signer_job_id`` once AWS
    has started the signing job; PREVIOUS (awsSignerJobId alone) has ``signer_job_id`` only. CUSTOM has ``signature``
    (the base64 text of the DER signature that goes into the job document), the algorithms as they were spelt
    (``SHA256``, ``ECDSA``), ``certificate_name`` (the path on the device) and ``certificate_chain`` (PEM, may be
    empty). A text that the kind does not have is empty.
    """

    kind: str
    profile_name: str = ""
    destination_bucket: str = ""
    destination_prefix: str = ""
    signer_job_id: str = ""
    signature: str = ""
    hash_algorithm: str = ""
    signature_algorithm: str = ""
    certificate_name: str = ""
    certificate_chain: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OtaFile:
    """A file of an OTA update: ``path_on_device`` is its fileName, the location is its s3Location, empty without one.

    ``file_type`` is None when not given. ``size_bytes`` is the size of that version of the object in S3, None where
    there is no such object; where the update names no s3Location it is None too, and the signing job tells.
    """

    path_on_device: str
    signing: CodeSigning
    bucket: str = ""
    key: str = ""
    version: str = ""
    file_type: int | None = None
    size_bytes: Field[int | None] = None


@dataclass(frozen=True, slots=True)
class OtaUpdate:
    """An OTA update as GetOTAUpdate gives it; ``role_arn`` is that of the stream AWS made (GetOTAUpdate has none).

    ``status`` is CREATE_PENDING, CREATE_IN_PROGRESS, CREATE_COMPLETE, CREATE_FAILED, DELETE_IN_PROGRESS or
    DELETE_FAILED; ``error_code`` and ``error_message`` are its errorInfo, empty without. ``targets`` are ARNs.
    """

    update_id: str
    arn: Field[str]
    status: Field[str]
    job_id: Field[str]
    targets: Field[tuple[str, ...]]
    protocols: Field[tuple[str, ...]]
    files: Field[tuple[OtaFile, ...]]
    role_arn: Field[str]
    target_selection: Field[str] = "SNAPSHOT"
    error_code: Field[str] = ""
    error_message: Field[str] = ""


@dataclass(frozen=True, slots=True)
class JobExecution:
    """A job's execution on one thing: status, statusDetails and version number."""

    thing_name: str
    status: Field[str]
    details: Field[Mapping[str, str]]
    version: Field[int]


@dataclass(frozen=True, slots=True)
class OtaJob:
    """A job of AWS IoT: ``executions`` by thing name, ``document`` the job document as text."""

    job_id: str
    arn: Field[str]
    status: Field[str]
    targets: Field[tuple[str, ...]]
    executions: Field[Mapping[str, JobExecution]]
    document: Field[str]


@dataclass(frozen=True, slots=True)
class ThingGroup:
    """A thing group with the names of the things in it."""

    name: str
    arn: Field[str]
    things: Field[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SigningProfile:
    """A signing profile; the algorithms are the effective ones (its overrides, else its platform's defaults).

    ``status`` is Active, Canceled or Revoked; the algorithms are spelt as AWS Signer does (``ECDSA``, ``SHA256``).
    """

    name: str
    arn: Field[str]
    status: Field[str]
    platform_id: Field[str]
    certificate_arn: Field[str]
    parameters: Field[Mapping[str, str]]
    encryption_algorithm: Field[str]
    hash_algorithm: Field[str]


@dataclass(frozen=True, slots=True)
class SigningJob:
    """A signing job: its source and, once Succeeded, the signed object.

    ``status`` is InProgress, Succeeded or Failed with its ``status_reason``; ``source_size_bytes`` is the size of that
    version of the source object, None where there is no such object (any more).
    """

    job_id: str
    status: Field[str]
    status_reason: Field[str]
    profile_name: Field[str]
    source_bucket: Field[str]
    source_key: Field[str]
    source_version: Field[str]
    signed_bucket: Field[str]
    signed_key: Field[str]
    source_size_bytes: Field[int | None]


PUBLIC_ACCESS_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket: ``versioning`` is Enabled, Suspended or empty (never switched on).

    ``public_access_block`` is by the names of PUBLIC_ACCESS_BLOCKS, empty when no configuration is set. ``region`` is a
    real one: an empty location constraint is us-east-1.
    """

    name: str
    region: Field[str]
    versioning: Field[str]
    public_access_block: Field[Mapping[str, bool]]


@dataclass(frozen=True, slots=True)
class OtaRole:
    """An IAM role: its trust policy and its policies as JSON text, attached ones by ARN, inline ones by name."""

    name: str
    arn: Field[str]
    trust: Field[str]
    attached_policies: Field[Mapping[str, str]]
    inline_policies: Field[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class OperatorRights:
    """What whoever makes OTA jobs may do: by action (``iam:PassRole``) whether it is allowed."""

    arn: str
    allowed: Field[Mapping[str, Field[bool]]]


@dataclass(frozen=True, slots=True)
class CodeSigningCertificate:
    """A certificate in ACM, in ACM's own words: ISSUED, IMPORTED, ``EC_prime256v1``, ``SHA256WITHECDSA``.

    ``key_usages`` such as DIGITAL_SIGNATURE, ``extended_key_usages`` such as CODE_SIGNING; ``not_after`` is aware.
    """

    arn: str
    status: Field[str]
    kind: Field[str]
    key_algorithm: Field[str]
    signature_algorithm: Field[str]
    key_usages: Field[tuple[str, ...]]
    extended_key_usages: Field[tuple[str, ...]]
    not_after: Field[datetime]


@dataclass(frozen=True, slots=True)
class FoundIdentity:
    """An identity inside an image: ``kind`` private key, device certificate or client ID; never key material."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Image:
    """An OTA image as a file: ``kind`` gbl or rps, empty when it is neither; ``problem`` what is wrong with its form.

    ``sha256`` is in hexadecimal digits; ``version`` None where the format hides it; ``unseen`` says why its contents
    cannot be searched for identities, empty when they can.
    """

    name: str
    kind: Field[str]
    size_bytes: Field[int]
    sha256: Field[str]
    version: Field[int | None]
    problem: Field[str]
    identities: Field[tuple[FoundIdentity, ...]]
    unseen: Field[str]
