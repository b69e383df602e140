"""OTA updates as values, and the ports that creating one needs. Pure data."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dicfix.offline.rules.iam_rights import RoleRights
from dicfix.offline.rules.jobs import Jobs
from dicfix.offline.rules.ota_rules import CREATE_PENDING, JOB_PREFIX
from dicfix.offline.rules.s3_objects import S3Objects
from dicfix.offline.rules.signing import Signing
from dicfix.offline.rules.streams import Streams


@dataclass(frozen=True, slots=True)
class OtaPorts:
    """Everything that an OTA update uses; ``roles`` gives a role's trust and policies by ARN.

    ``presigned_url`` (bucket, key, version) is asked for HTTP only.
    """

    clock: Callable[[], float]
    roles: Callable[[str], RoleRights | None]
    objects: S3Objects
    signing: Signing
    streams: Streams
    jobs: Jobs
    presigned_url: Callable[[str, str, str | None], str] = lambda bucket, key, version: (
        f"https://{bucket}.s3.amazonaws.com/{key}?versionId={version or ''}"
    )
    new_uuid: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class OtaUpdate:
    """One OTA update; ``request`` is the CreateOTAUpdate request, ``files`` its files as completed on the way."""

    update_id: str
    arn: str
    serial: int
    request: Mapping[str, Any]
    files: tuple[Mapping[str, Any], ...]
    created_at: float
    modified_at: float
    status: str = CREATE_PENDING
    stream_id: str | None = None
    made_stream: bool = False
    job_arn: str | None = None
    error_code: str = ""
    error_message: str = ""
    delete_stream: bool = False
    delete_job: bool = False

    @property
    def job_id(self) -> str:
        """The ID of its job."""
        return JOB_PREFIX + self.update_id

    @property
    def protocols(self) -> tuple[str, ...]:
        """Its protocols; MQTT when none were named."""
        return tuple(self.request.get("protocols") or ("MQTT",))
