"""AWS IoT OTA updates: the four operations and the way of an update from CREATE_PENDING to its end.

Every call of ``run_due`` takes each update one state further; ``settle`` goes on until nothing moves. Requests and
answers have the shapes of the iot service model (times: seconds since the epoch).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.iam_rights import RoleRights
from dicfix.offline.rules.job_rules import target_of
from dicfix.offline.rules.ota_document import DocumentFile, document
from dicfix.offline.rules.ota_files import FilePlacer, PlacedFile
from dicfix.offline.rules.ota_records import OtaPorts, OtaUpdate
from dicfix.offline.rules.ota_rules import (
    CREATE_COMPLETE,
    CREATE_FAILED,
    CREATE_IN_PROGRESS,
    CREATE_PENDING,
    DELETE_FAILED,
    DELETE_IN_PROGRESS,
    STREAM_PREFIX,
    OtaFailure,
    caller_passes_role,
    deletes_job,
    deletes_stream,
    failure,
    id_is_free,
    location_is_given,
    may_delete,
    one_way_to_sign,
    presigned_in_range,
    role_is_assumable,
    role_may,
    signing_request_token,
)
from dicfix.offline.rules.paging import TOKEN_DEFAULT, page
from dicfix.offline.rules.service_model import check_request

Request = Mapping[str, Any]
Answer = dict[str, Any]
IOT = "AWSIot"
_UNFINISHED = (CREATE_PENDING, CREATE_IN_PROGRESS, DELETE_IN_PROGRESS)


class OtaUpdates:
    """All OTA updates of one account and Region; ``home`` is ``aws:iot:<region>:<account>``."""

    def __init__(self, home: str, ports: OtaPorts) -> None:
        self.home = home
        self.account_id = home.rpartition(":")[2]
        self.ports = ports
        self.updates: dict[str, OtaUpdate] = {}
        self._moving: dict[str, None] = {}
        self._serial = itertools.count(1)

    @property
    def unfinished(self) -> bool:
        """Whether an update is still on its way."""
        return bool(self._moving)

    def create(self, request: Request, *, caller_may_pass_role: bool = True) -> Answer:
        """CreateOTAUpdate; the answer is CREATE_PENDING."""
        check_request("iot", "CreateOTAUpdate", request)
        update_id, known = request["otaUpdateId"], self.updates.get(request["otaUpdateId"])
        id_is_free(update_id, known.arn if known else None)
        caller_passes_role(request["roleArn"], allowed=caller_may_pass_role)
        presigned_in_range((request.get("awsJobPresignedUrlConfig") or {}).get("expiresInSec"))
        for target in request["targets"]:
            target_of(target, self.home)
        for file in request["files"]:
            one_way_to_sign(file.get("codeSigning") or {})
            location_is_given(file)
        now = self.ports.clock()
        arn = f"arn:{self.home}:otaupdate/{update_id}"
        update = OtaUpdate(update_id, arn, next(self._serial), request, tuple(request["files"]), now, now)
        self._put(update)
        return {"otaUpdateId": update_id, "otaUpdateArn": arn, "otaUpdateStatus": update.status}

    def get(self, request: Request) -> Answer:
        """GetOTAUpdate."""
        return {"otaUpdateInfo": _info(self.update(request["otaUpdateId"]))}

    def listed(self, request: Request) -> Answer:
        """ListOTAUpdates, the newest first."""
        check_request("iot", "ListOTAUpdates", request)
        wanted = request.get("otaUpdateStatus")
        chosen, token = page(
            [update for update in self.updates.values() if wanted in (None, update.status)],
            lambda update: update.serial,
            operation="ListOTAUpdates",
            marker=request.get("nextToken"),
            size=request.get("maxResults") or TOKEN_DEFAULT,
            ascending=False,
        )
        rows = [{"otaUpdateId": u.update_id, "otaUpdateArn": u.arn, "creationDate": u.created_at} for u in chosen]
        return {"otaUpdates": rows} | ({"nextToken": token} if token else {})

    def delete(self, request: Request) -> Answer:
        """DeleteOTAUpdate; the update is DELETE_IN_PROGRESS until the next ``run_due``."""
        check_request("iot", "DeleteOTAUpdate", request)
        update = self.update(request["otaUpdateId"])
        force = bool(request.get("forceDeleteAWSJob"))
        job = self.ports.jobs.book.jobs.get(update.job_id) if update.job_arn else None
        may_delete(update.update_id, job.status if job else None, force=force)
        self._keep(update, status=DELETE_IN_PROGRESS, delete_stream=bool(request.get("deleteStream")), delete_job=force)
        return {}

    def update(self, update_id: str) -> OtaUpdate:
        """The update; ResourceNotFoundException without one."""
        if update_id not in self.updates:
            raise RuleViolation("ResourceNotFoundException", f"OTA update {update_id} does not exist")
        return self.updates[update_id]

    def run_due(self) -> bool:
        """Take every unfinished update one state further; tells whether any moved."""
        moving = [self.updates[update_id] for update_id in self._moving]
        for update in moving:
            if update.status == CREATE_PENDING:
                self._keep(update, status=CREATE_IN_PROGRESS)
            elif update.status == CREATE_IN_PROGRESS:
                self._build(update)
            else:
                self._remove(update)
        return bool(moving)

    def settle(self) -> None:
        """Run until every update is complete, failed or gone."""
        while self.run_due():
            pass

    def _build(self, update: OtaUpdate) -> None:
        try:
            self._complete(update)
        except OtaFailure as problem:
            update = self.updates[update.update_id]
            self._keep(update, status=CREATE_FAILED, error_code=problem.code, error_message=problem.message)

    def _complete(self, update: OtaUpdate) -> None:
        role = self._role(update)
        token = signing_request_token(update.update_id, update.serial)
        placer = FilePlacer(self.ports, role, self.account_id, token)
        placed = [None if _stream_of(file) else placer.place(file, number) for number, file in enumerate(update.files)]
        files = tuple(_with_signer_job(file, place) for file, place in zip(update.files, placed, strict=True))
        update = self._keep(update, files=files)
        update = self._with_stream(update, role, placed)
        self._with_job(update, role, placed)

    def _role(self, update: OtaUpdate) -> RoleRights:
        role_arn = update.request["roleArn"]
        role = self.ports.roles(role_arn)
        role_is_assumable(role_arn, role, {"aws:SourceAccount": self.account_id, "aws:SourceArn": update.arn})
        return role or RoleRights(role_arn, {})

    def _with_stream(self, update: OtaUpdate, role: RoleRights, placed: list[PlacedFile | None]) -> OtaUpdate:
        named = next((stream["streamId"] for file in update.files if (stream := _stream_of(file))), None)
        if "MQTT" not in update.protocols or named is not None:
            return self._keep(update, stream_id=named)
        stream_id = STREAM_PREFIX + self.ports.new_uuid()
        role_may(role, self.account_id, IOT, "iot:CreateStream", f"arn:{self.home}:stream/{stream_id}")
        role_may(role, self.account_id, IOT, "iam:PassRole", role.arn)
        files = [
            {"fileId": number, "s3Location": {"bucket": place.bucket, "key": place.key} | _version(place)}
            for number, place in enumerate(placed)
            if place is not None
        ]
        try:
            self.ports.streams.create({"streamId": stream_id, "files": files, "roleArn": role.arn})
        except RuleViolation as violation:
            raise failure(IOT, violation) from violation
        return self._keep(update, stream_id=stream_id, made_stream=True)

    def _with_job(self, update: OtaUpdate, role: RoleRights, placed: list[PlacedFile | None]) -> None:
        role_may(role, self.account_id, IOT, "iot:CreateJob", f"arn:{self.home}:job/{update.job_id}")
        asked = update.request
        text = document(update.protocols, update.stream_id, self._document_files(update, placed))
        request = {
            "jobId": update.job_id,
            "targets": list(asked["targets"]),
            "document": text,
            "description": asked.get("description"),
            "targetSelection": asked.get("targetSelection"),
            "jobExecutionsRolloutConfig": asked.get("awsJobExecutionsRolloutConfig"),
            "timeoutConfig": asked.get("awsJobTimeoutConfig"),
            "abortConfig": _abort(asked.get("awsJobAbortConfig")),
        }
        try:
            answer = self.ports.jobs.create({name: value for name, value in request.items() if value is not None})
        except RuleViolation as violation:
            raise failure(IOT, violation) from violation
        self._keep(update, status=CREATE_COMPLETE, job_arn=answer["jobArn"])

    def _document_files(self, update: OtaUpdate, placed: list[PlacedFile | None]) -> list[DocumentFile]:
        files = []
        for number, (file, place) in enumerate(zip(update.files, placed, strict=True)):
            path, kind, stream = file.get("fileName"), file.get("fileType"), _stream_of(file)
            if place is None:
                file_id = (stream or {}).get("fileId", 0)
                files.append(DocumentFile(path, self._stream_size(update, file_id), file_id, kind))
                continue
            url = None
            if "HTTP" in update.protocols:
                url = self.ports.presigned_url(place.bucket, place.key, place.version)
            files.append(DocumentFile(path, place.size_bytes, number, kind, place.signed_by, url))
        return files

    def _stream_size(self, update: OtaUpdate, file_id: int) -> int:
        streams = self.ports.streams
        try:
            sizes = streams.sizes(streams.stream(update.stream_id or ""))
        except RuleViolation as violation:
            raise failure(IOT, violation) from violation
        if file_id not in sizes:
            raise failure(IOT, RuleViolation("ResourceNotFoundException", f"The stream has no file {file_id}"))
        return sizes[file_id]

    def _remove(self, update: OtaUpdate) -> None:
        try:
            if update.job_arn and update.job_id in self.ports.jobs.book.jobs and deletes_job(force=update.delete_job):
                self.ports.jobs.delete({"jobId": update.job_id, "force": True})
            stream_id = update.stream_id
            if stream_id in self.ports.streams.streams and deletes_stream(
                asked=update.delete_stream, made_here=update.made_stream
            ):
                self.ports.streams.delete({"streamId": stream_id})
        except RuleViolation as violation:
            self._keep(update, status=DELETE_FAILED, error_code=violation.code, error_message=violation.message)
            return
        del self.updates[update.update_id]
        del self._moving[update.update_id]

    def _keep(self, update: OtaUpdate, **members: Any) -> OtaUpdate:
        changed = replace(update, modified_at=self.ports.clock(), **members)
        self._put(changed)
        return changed

    def _put(self, update: OtaUpdate) -> None:
        self.updates[update.update_id] = update
        if update.status in _UNFINISHED:
            self._moving[update.update_id] = None
        else:
            self._moving.pop(update.update_id, None)


def _info(update: OtaUpdate) -> Answer:
    asked = update.request
    error = {"code": update.error_code, "message": update.error_message}
    optional = {
        "description": asked.get("description"),
        "additionalParameters": asked.get("additionalParameters"),
        "awsIotJobId": update.job_id if update.job_arn else None,
        "awsIotJobArn": update.job_arn,
        "errorInfo": error if update.error_code else None,
    }
    return {
        "otaUpdateId": update.update_id,
        "otaUpdateArn": update.arn,
        "creationDate": update.created_at,
        "lastModifiedDate": update.modified_at,
        "targets": list(asked["targets"]),
        "protocols": list(update.protocols),
        "awsJobExecutionsRolloutConfig": asked.get("awsJobExecutionsRolloutConfig") or {},
        "awsJobPresignedUrlConfig": asked.get("awsJobPresignedUrlConfig") or {},
        "targetSelection": asked.get("targetSelection") or "SNAPSHOT",
        "otaUpdateFiles": [dict(file) for file in update.files],
        "otaUpdateStatus": update.status,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _stream_of(file: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return (file.get("fileLocation") or {}).get("stream")


def _version(place: PlacedFile) -> dict[str, str]:
    return {"version": place.version} if place.version else {}


def _with_signer_job(file: Mapping[str, Any], place: PlacedFile | None) -> Mapping[str, Any]:
    if place is None or place.signer_job_id is None:
        return file
    signing: Answer = {"customCodeSigning": {}} | dict(file.get("codeSigning") or {})
    return {**file, "codeSigning": signing | {"awsSignerJobId": place.signer_job_id}}


def _abort(asked: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return {"criteriaList": asked["abortCriteriaList"]} if asked else None
