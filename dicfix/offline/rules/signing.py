"""AWS Signer for AWS IoT: profiles, signing jobs with real signatures, the signed object.

Answers have the shapes of the service model (times: seconds since the epoch). The clock is injected; certificates and
objects come from ports. Not thread-safe: callers hold one lock.
"""

from __future__ import annotations

import base64
import itertools
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.paging import page
from dicfix.offline.rules.s3_objects import S3Objects
from dicfix.offline.rules.service_model import check_request
from dicfix.offline.rules.signing_material import SigningMaterial, certificate_is_for_code_signing
from dicfix.offline.rules.signing_platforms import EMBEDDED, PLATFORMS, Platform
from dicfix.offline.rules.signing_rules import (
    ACTIVE,
    algorithms_of,
    certificate_is_given,
    key_fits,
    name_is_free,
    override_is_allowed,
    platform_is_known,
    profile_is_active,
    source_is_accessible,
    source_is_versioned,
    too_large_for,
)

PAGE_DEFAULT = 25
Answer = dict[str, Any]
Request = Mapping[str, Any]
Access = Callable[[str, str, str], bool]
"""May the caller do this action (s3:GetObject, ...) on that bucket's key?"""


def everyone(_action: str, _bucket: str, _key: str) -> bool:
    """The access of a caller with all rights."""
    return True


@dataclass(frozen=True, slots=True)
class Profile:
    """One signing profile; ``members`` are given back as they came."""

    name: str
    version: str
    serial: int
    platform: Platform
    material: SigningMaterial
    encryption: str
    hash_name: str
    status: str = ACTIVE
    members: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SigningJob:
    """One signing job: InProgress until it is done, then Succeeded with its object, or Failed with a reason."""

    job_id: str
    serial: int
    profile: Profile
    source: Mapping[str, str]
    destination: Mapping[str, str]
    created_at: float
    status: str = "InProgress"
    reason: str = ""
    completed_at: float | None = None
    signed_key: str = ""
    signed_version: str | None = None


class Signing:
    """All signing profiles and jobs of one account and Region; ``certificates`` finds what ACM holds by ARN."""

    def __init__(
        self,
        home: str,
        clock: Callable[[], float],
        objects: S3Objects,
        certificates: Callable[[str], SigningMaterial | None],
    ) -> None:
        _partition, _service, self.region, self.account_id = home.split(":")
        self._arns = f"arn:{_partition}:signer:{self.region}:{self.account_id}:"
        self.clock = clock
        self.objects = objects
        self.certificates = certificates
        self.profiles: dict[str, Profile] = {}
        self.jobs: dict[str, SigningJob] = {}
        self._tokens: dict[str, str] = {}
        self._waiting: list[str] = []
        self._serial = itertools.count(1)

    @property
    def unfinished(self) -> bool:
        """Whether a signing job is InProgress."""
        return bool(self._waiting)

    def put_profile(self, request: Request) -> Answer:
        """PutSigningProfile."""
        check_request("signer", "PutSigningProfile", request)
        name, platform = request["profileName"], PLATFORMS.get(request["platformId"])
        platform_is_known(request["platformId"], platform)
        name_is_free(name, self.profiles[name].status if name in self.profiles else None)
        arn = (request.get("signingMaterial") or {}).get("certificateArn")
        certificate_is_given(arn)
        material = self.certificates(arn or "")
        if material is None or platform is None:
            raise RuleViolation("ResourceNotFoundException", f"Certificate {arn} does not exist")
        certificate_is_for_code_signing(material.certificate)
        encryption, hash_name = algorithms_of(platform, request.get("overrides") or {}, material.encryption)
        override_is_allowed(platform, encryption, hash_name)
        key_fits(material.encryption, encryption)
        version = secrets.token_hex(5)
        members = {key: request[key] for key in _GIVEN_BACK if request.get(key) is not None}
        self.profiles[name] = Profile(
            name, version, next(self._serial), platform, material, encryption, hash_name, members=members
        )
        arn = self._arns + f"/signing-profiles/{name}"
        return {"arn": arn, "profileVersion": version, "profileVersionArn": f"{arn}/{version}"}

    def get_profile(self, request: Request) -> Answer:
        """GetSigningProfile."""
        profile = self.profile(request["profileName"])
        return self._profile_answer(profile)

    def cancel_profile(self, request: Request) -> Answer:
        """CancelSigningProfile; the profile stays visible and its name taken."""
        profile = self.profile(request["profileName"])
        self.profiles[profile.name] = replace(profile, status="Canceled")
        return {}

    def list_profiles(self, request: Request) -> Answer:
        """ListSigningProfiles; canceled ones only if asked for."""
        statuses = request.get("statuses") or ([ACTIVE, "Canceled"] if request.get("includeCanceled") else [ACTIVE])
        found = [
            p
            for p in self.profiles.values()
            if p.status in statuses and p.platform.platform_id == (request.get("platformId") or p.platform.platform_id)
        ]
        chosen, token = _page("ListSigningProfiles", found, request)
        return {"profiles": [self._profile_answer(p) for p in chosen]} | ({"nextToken": token} if token else {})

    def list_platforms(self) -> Answer:
        """ListSigningPlatforms: those for AWS IoT."""
        return {"platforms": [platform.answer() for platform in PLATFORMS.values()]}

    def get_platform(self, request: Request) -> Answer:
        """GetSigningPlatform."""
        if request["platformId"] not in PLATFORMS:
            raise RuleViolation("ResourceNotFoundException", f"Platform {request['platformId']} does not exist")
        return PLATFORMS[request["platformId"]].answer()

    def start_job(self, request: Request, access: Access = everyone) -> Answer:
        """StartSigningJob; the same clientRequestToken gives the same job."""
        check_request("signer", "StartSigningJob", request)
        token = request["clientRequestToken"]
        if token in self._tokens:
            return {"jobId": self._tokens[token], "jobOwner": self.account_id}
        profile = self.profile(request["profileName"])
        profile_is_active(profile.name, profile.status)
        source, destination = request["source"]["s3"], request["destination"].get("s3") or {}
        bucket, key = source["bucketName"], source["key"]
        source_is_versioned(bucket, self.objects.versioning(bucket))
        allowed = access("s3:GetObject", bucket, key) and access("s3:GetObjectVersion", bucket, key)
        found = self.objects.head(bucket, key, source["version"]) is not None
        source_is_accessible(key, accessible=found and allowed)
        target, prefix = destination.get("bucketName", bucket), destination.get("prefix", "")
        target_exists = self.objects.versioning(target) is not None
        source_is_accessible(f"{target}/{prefix}", accessible=target_exists and access("s3:PutObject", target, prefix))
        job_id = str(uuid.uuid4())
        self.jobs[job_id] = SigningJob(
            job_id, next(self._serial), profile, source, {"bucketName": target, "prefix": prefix}, self.clock()
        )
        self._tokens[token] = job_id
        self._waiting.append(job_id)
        return {"jobId": job_id, "jobOwner": self.account_id}

    def describe_job(self, request: Request) -> Answer:
        """DescribeSigningJob; a job in progress is done first."""
        self.run_due()
        return self._job_answer(self.job(request["jobId"]))

    def list_jobs(self, request: Request) -> Answer:
        """ListSigningJobs."""
        self.run_due()
        found = [job for job in self.jobs.values() if job.status == (request.get("status") or job.status)]
        chosen, token = _page("ListSigningJobs", found, request)
        rows = [
            {name: value for name, value in self._job_answer(job).items() if name not in _NOT_LISTED} for job in chosen
        ]
        return {"jobs": rows} | ({"nextToken": token} if token else {})

    def run_due(self) -> None:
        """Sign everything that waits."""
        waiting, self._waiting = self._waiting, []
        for job_id in waiting:
            self.jobs[job_id] = self._done(self.jobs[job_id])

    def job(self, job_id: str) -> SigningJob:
        """The signing job; ResourceNotFoundException without one."""
        if job_id not in self.jobs:
            raise RuleViolation("ResourceNotFoundException", f"Signing job {job_id} does not exist")
        return self.jobs[job_id]

    def profile(self, name: str) -> Profile:
        """The profile; ResourceNotFoundException without one."""
        if name not in self.profiles:
            raise RuleViolation("ResourceNotFoundException", f"Signing profile {name} does not exist")
        return self.profiles[name]

    def _done(self, job: SigningJob) -> SigningJob:
        source = job.source
        head = self.objects.head(source["bucketName"], source["key"], source["version"])
        reason = "The source object does not exist any more" if head is None else ""
        if reason or (reason := too_large_for(job.profile.platform, head.size_bytes if head else 0)):
            return replace(job, status="Failed", reason=reason, completed_at=self.clock())
        data = self.objects.read(source["bucketName"], source["key"], source["version"])
        key = job.destination["prefix"] + job.job_id
        signed = self.objects.put(job.destination["bucketName"], key, signed_object(job.profile, data, source))
        return replace(
            job, status="Succeeded", signed_key=key, signed_version=signed.version, completed_at=self.clock()
        )

    def _profile_answer(self, profile: Profile) -> Answer:
        arn = self._arns + f"/signing-profiles/{profile.name}"
        return {
            "profileName": profile.name,
            "profileVersion": profile.version,
            "profileVersionArn": f"{arn}/{profile.version}",
            "platformId": profile.platform.platform_id,
            "platformDisplayName": profile.platform.display_name,
            "status": profile.status,
            "arn": arn,
            **profile.members,
        }

    def _job_answer(self, job: SigningJob) -> Answer:
        profile = job.profile
        signed = {"s3": {"bucketName": job.destination["bucketName"], "key": job.signed_key}}
        optional = {
            "completedAt": job.completed_at,
            "statusReason": job.reason or None,
            "signedObject": signed if job.signed_key else None,
        }
        return {
            "jobId": job.job_id,
            "source": {"s3": dict(job.source)},
            "platformId": profile.platform.platform_id,
            "platformDisplayName": profile.platform.display_name,
            "profileName": profile.name,
            "profileVersion": profile.version,
            "createdAt": job.created_at,
            "status": job.status,
            "jobOwner": self.account_id,
            "jobInvoker": self.account_id,
            **{key: value for key, value in profile.members.items() if key != "tags"},
            **{key: value for key, value in optional.items() if value is not None},
        }


_NOT_LISTED = frozenset({"completedAt", "statusReason", "overrides", "signingParameters"})
"""Members of a described signing job that a listed one does not have."""
_GIVEN_BACK = ("signingMaterial", "signatureValidityPeriod", "overrides", "signingParameters", "tags")


def signed_object(profile: Profile, data: bytes, source: Mapping[str, str]) -> bytes:
    """The signed object: JSON with size, signature, algorithm, and the payload or where it lies."""
    signature = profile.material.sign(data, profile.hash_name)
    body: Answer = {
        "rawPayloadSize": len(data),
        "signature": base64.b64encode(signature).decode(),
        "signatureAlgorithm": f"{profile.hash_name}with{profile.encryption}",
    }
    if profile.platform.image_format == EMBEDDED:
        body["payload"] = base64.b64encode(data).decode()
    else:
        body["payloadLocation"] = {"s3": dict(source)}
    return json.dumps(body).encode()


def _page(operation: str, found: list[Any], request: Request) -> tuple[Any, str | None]:
    return page(
        found,
        lambda entry: entry.serial,
        operation=operation,
        marker=request.get("nextToken"),
        size=request.get("maxResults") or PAGE_DEFAULT,
    )
