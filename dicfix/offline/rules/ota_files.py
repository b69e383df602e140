"""How one file of an OTA update gets its signature and its place: the three ways of signing, and none.

Source: facts, OTA 2.2 to 2.4. Works on the ports of ``ota_records``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.iam_rights import RoleRights, may
from dicfix.offline.rules.ota_document import SignedBy
from dicfix.offline.rules.ota_records import OtaPorts
from dicfix.offline.rules.ota_rules import (
    OtaFailure,
    bucket_is_versioned,
    failure,
    file_is_small_enough,
    object_exists,
    role_may,
    role_may_use_object,
    signature_text,
    signing_succeeded,
)

READ = ("s3:GetObject", "s3:GetObjectVersion")
READ_AND_WRITE = (*READ, "s3:PutObject")
SIGNER = "AWSSigner"
CERTIFICATE_PARAMETER = "certname"


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file ready for its stream: where the raw image lies, and its signature."""

    bucket: str
    key: str
    version: str | None
    size_bytes: int
    signed_by: SignedBy | None
    signer_job_id: str | None = None


class FilePlacer:
    """Signs and places the files of one update in the name of its role."""

    def __init__(self, ports: OtaPorts, role: RoleRights, account_id: str, request_token: str) -> None:
        self._ports = ports
        self._role = role
        self._account_id = account_id
        self._token = request_token

    def place(self, file: Mapping[str, Any], number: int) -> PlacedFile:
        """The file, signed in its way; OtaFailure with the reason if that is impossible."""
        signing = file.get("codeSigning") or {}
        if signing.get("startSigningJobParameter"):
            return self._signed_now(file, signing["startSigningJobParameter"], number)
        if signing.get("awsSignerJobId"):
            return self._signed_before(signing["awsSignerJobId"])
        bucket, key, version = self._source(file)
        custom = signing.get("customCodeSigning")
        return PlacedFile(bucket, key, version, self._size(bucket, key, version), _custom(custom) if custom else None)

    def _signed_now(self, file: Mapping[str, Any], parameter: Mapping[str, Any], number: int) -> PlacedFile:
        bucket, key, version = self._source(file)
        self._size(bucket, key, version)
        self._signer_right("signer:StartSigningJob")
        self._signer_right("signer:DescribeSigningJob")
        destination = (parameter.get("destination") or {}).get("s3Destination") or {}
        request = {
            "source": {"s3": {"bucketName": bucket, "key": key, "version": version or ""}},
            "destination": {
                "s3": {"bucketName": destination.get("bucket", bucket), "prefix": destination.get("prefix", "")}
            },
            "profileName": self._profile(parameter),
            "clientRequestToken": f"{self._token}-{number}",
        }
        try:
            job_id = self._ports.signing.start_job(request, self._access)["jobId"]
        except RuleViolation as violation:
            raise failure(SIGNER, violation) from violation
        return self._signed_before(job_id)

    def _signed_before(self, job_id: str) -> PlacedFile:
        self._signer_right("signer:DescribeSigningJob")
        signing = self._ports.signing
        try:
            signing.describe_job({"jobId": job_id})
            job = signing.job(job_id)
        except RuleViolation as violation:
            raise failure(SIGNER, violation) from violation
        signing_succeeded(job_id, job.status, job.reason)
        bucket, key = job.destination["bucketName"], job.signed_key
        bucket_is_versioned(bucket, self._ports.objects.versioning(bucket))
        role_may_use_object(self._role, bucket, key, READ_AND_WRITE)
        object_exists(key, found=self._ports.objects.head(bucket, key, job.signed_version) is not None)
        body = json.loads(self._ports.objects.read(bucket, key, job.signed_version))
        placed = self._ports.objects.put(bucket, key, self._raw(body))
        path = (job.profile.members.get("signingParameters") or {}).get(CERTIFICATE_PARAMETER)
        hash_name, _, encryption = body["signatureAlgorithm"].partition("with")
        signed_by = SignedBy(body["signature"], hash_name, encryption, path)
        return PlacedFile(bucket, key, placed.version, body["rawPayloadSize"], signed_by, job_id)

    def _profile(self, parameter: Mapping[str, Any]) -> str:
        """The profile's name; with signingProfileParameter, a profile is made first."""
        name: str = parameter.get("signingProfileName") or ""
        asked = parameter.get("signingProfileParameter")
        if not asked:
            return name
        self._signer_right("signer:PutSigningProfile")
        request = {
            "profileName": name,
            "platformId": asked.get("platform") or "",
            "signingMaterial": {"certificateArn": asked.get("certificateArn") or ""},
            "signingParameters": {CERTIFICATE_PARAMETER: asked.get("certificatePathOnDevice") or ""},
        }
        try:
            self._ports.signing.put_profile(request)
        except RuleViolation as violation:
            raise failure(SIGNER, violation) from violation
        return name

    def _source(self, file: Mapping[str, Any]) -> tuple[str, str, str | None]:
        location = (file.get("fileLocation") or {}).get("s3Location") or {}
        bucket, key = location.get("bucket", ""), location.get("key", "")
        bucket_is_versioned(bucket, self._ports.objects.versioning(bucket))
        version = location.get("version")
        if version is None:
            head = self._ports.objects.head(bucket, key)
            version = head.version if head else None
        return bucket, key, version

    def _size(self, bucket: str, key: str, version: str | None) -> int:
        role_may_use_object(self._role, bucket, key, READ)
        head = self._ports.objects.head(bucket, key, version)
        object_exists(key, found=head is not None)
        size_bytes = head.size_bytes if head else 0
        file_is_small_enough(size_bytes)
        return size_bytes

    def _raw(self, signed: Mapping[str, Any]) -> bytes:
        """The raw image of a signed object: inside it, or where it says."""
        if "payload" in signed:
            return base64.b64decode(signed["payload"])
        place = signed["payloadLocation"]["s3"]
        bucket, key, version = place["bucketName"], place["key"], place["version"]
        self._size(bucket, key, version)
        return self._ports.objects.read(bucket, key, version)

    def _signer_right(self, action: str) -> None:
        role_may(self._role, self._account_id, SIGNER, action, "*")

    def _access(self, action: str, bucket: str, key: str) -> bool:
        return may(self._role, action, f"arn:aws:s3:::{bucket}/{key}")


def _custom(custom: Mapping[str, Any]) -> SignedBy:
    blob = (custom.get("signature") or {}).get("inlineDocument")
    if not isinstance(blob, bytes):
        raise OtaFailure("InvalidRequestException", "customCodeSigning has no signature.inlineDocument")
    path = (custom.get("certificateChain") or {}).get("certificateName")
    hash_name, encryption = custom.get("hashAlgorithm") or "", custom.get("signatureAlgorithm") or ""
    return SignedBy(signature_text(blob), hash_name, encryption, path)
