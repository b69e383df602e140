"""An OTA job as a device reads it from a job execution. Pure functions of decoded JSON.

Source: facts, OTA 1.3 (which members AWS's agent requires).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ZERO_FILE_SIZE = 3
NOT_CONFORMING = 4
"""Parse errors of AWS's agent, as it numbers them (from memory; they go into the reason of a refused document)."""
FILES_AT_MOST = 1


@dataclass(frozen=True, slots=True)
class OtaJob:
    """What the agent needs of one OTA job."""

    job_id: str
    stream_name: str
    file_id: int
    size_bytes: int
    path: str
    file_type: int
    signature: str | None
    self_test: str | None = None
    updated_by: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)


class BadJobDocument(Exception):
    """A job document that the agent cannot use; ``number`` is its parse error."""

    def __init__(self, job_id: str, number: int, text: str) -> None:
        self.job_id = job_id
        self.number = number
        super().__init__(text)


def read_job(execution: Mapping[str, Any], signature_key: str) -> OtaJob | None:
    """The OTA job of a job execution; None when it is no OTA job at all, BadJobDocument when it is a bad one."""
    job_id, document = execution.get("jobId"), execution.get("jobDocument")
    if not isinstance(job_id, str) or not isinstance(document, Mapping):
        return None
    body = document.get("afr_ota")
    if not isinstance(body, Mapping):
        return None
    file = _only_file(job_id, body)
    stream_name = body.get("streamname")
    if not isinstance(stream_name, str):
        raise BadJobDocument(job_id, NOT_CONFORMING, "no streamname")
    size, file_id = file.get("filesize"), file.get("fileid")
    if not isinstance(size, int) or not isinstance(file_id, int):
        raise BadJobDocument(job_id, NOT_CONFORMING, "no filesize or fileid")
    if size <= 0:
        raise BadJobDocument(job_id, ZERO_FILE_SIZE, "filesize is zero")
    details = execution.get("statusDetails") or {}
    signature = file.get(signature_key)
    return OtaJob(
        job_id,
        stream_name,
        file_id,
        size,
        str(file.get("filepath")),
        int(file.get("fileType") or 0),
        signature if isinstance(signature, str) else None,
        details.get("self_test"),
        _number(details.get("updatedBy")),
        details,
    )


def _only_file(job_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    protocols, files = body.get("protocols"), body.get("files")
    if not isinstance(protocols, list) or "MQTT" not in protocols:
        raise BadJobDocument(job_id, NOT_CONFORMING, "the protocols do not have MQTT")
    if not isinstance(files, list) or len(files) != FILES_AT_MOST or not isinstance(files[0], Mapping):
        raise BadJobDocument(job_id, NOT_CONFORMING, "not exactly one file")
    return files[0]


def _number(text: Any) -> int | None:
    try:
        return int(str(text), 16)
    except ValueError:
        return None
