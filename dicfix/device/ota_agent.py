"""The virtual device's OTA agent: feed it messages, send what it gives. Sans-io, the clock is injected.

Two profiles by settings: ``STRICT`` verifies size, blocks, signature and version, and lives through lost blocks and
reconnects; ``FIRMWARE`` does what the published firmware does. Topics and texts: facts, OTA 1.1, 1.4 and 1.7.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography import x509

from dicfix.device.ota import status
from dicfix.device.ota.actions import (
    Action,
    Actions,
    Activate,
    AgentState,
    Outcome,
    Progress,
    Publish,
    Subscribe,
)
from dicfix.device.ota.download import Download
from dicfix.device.ota.job import BadJobDocument, OtaJob, read_job
from dicfix.device.ota.settings import FIRMWARE, STRICT, AgentSettings, Version
from dicfix.device.ota.verification import signature_is_right, version_of

__all__ = [
    "FIRMWARE",
    "STRICT",
    "Action",
    "Actions",
    "Activate",
    "AgentSettings",
    "AgentState",
    "OtaAgent",
    "Outcome",
    "Progress",
    "Publish",
    "Subscribe",
    "Version",
]

NOT_ACCEPTED_ANY_MORE = frozenset({"InvalidStateTransition", "ResourceNotFound"})


class OtaAgent:
    """One device's OTA agent; every method returns what to do next, in order. For one thread."""

    def __init__(
        self,
        thing_name: str,
        clock: Callable[[], float],
        *,
        settings: AgentSettings = STRICT,
        version: Version = Version(0, 9, 2),  # noqa: B008 - an immutable value
        certificate: x509.Certificate | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """``certificate`` is the code-signing certificate (needed to verify); ``version`` is what runs now."""
        self.thing_name = thing_name
        self.settings = settings
        self.version = version
        self.state = AgentState.STOPPED
        self.outcomes: list[Outcome] = []
        self.download: Download | None = None
        self._clock = clock
        self._certificate = certificate
        self._on_progress = on_progress or (lambda _progress: None)
        self._job: OtaJob | None = None
        self._execution: tuple[Any, Any] | None = None
        self._ended: set[tuple[Any, Any]] = set()
        self._updated_from: Version | None = None
        self._deadline: float | None = None
        self._unanswered = 0
        self._asked_for_jobs = 0

    # what the device calls

    def start(self) -> Actions:
        """Begin: listen for jobs and ask for the next one."""
        self.state = AgentState.WAITING
        self._unanswered = 0
        return (Subscribe(self._jobs("notify-next"), 1), self._ask_for_job())

    def receive(self, topic: str, payload: bytes) -> Actions:
        """Take a message that arrived on any topic."""
        if self.state is AgentState.STOPPED:
            return ()
        if self._job is not None and topic == self._data_topic(self._job):
            return self._block(payload)
        if topic in (self._jobs("notify-next"), self._jobs("$next/get/accepted")):
            return self._job_message(payload)
        if self._job is not None and topic == self._jobs(f"{self._job.job_id}/update/rejected"):
            return self._update_rejected(payload)
        return ()

    def tick(self) -> Actions:
        """Repeat a request that was not answered in time; give up after too many."""
        if self._deadline is None or self._clock() < self._deadline:
            return ()
        if self._unanswered >= self.settings.requests_without_answer:
            return self._stop("momentum abort")
        if self.state is AgentState.DOWNLOADING:
            return (self._ask_for_blocks(),)
        return (self._ask_for_job(),)

    def next_deadline(self) -> float | None:
        """When ``tick`` has something to do, on the agent's clock."""
        return self._deadline

    def disconnected(self) -> Actions:
        """The connection is lost: no request runs out meanwhile. The firmware's agent does not come back from this."""
        self._deadline = None
        return () if self.settings.reconnects else self._stop("connection lost")

    def reconnected(self) -> Actions:
        """The connection is back: subscribe again, learn whether the job is still there, go on with the download."""
        if self.state is AgentState.STOPPED:
            return ()
        self._unanswered = 0
        again: Actions = (Subscribe(self._jobs("notify-next"), 1), self._ask_for_job())
        if self._job is not None and self.state is AgentState.DOWNLOADING:
            again += (Subscribe(self._data_topic(self._job), 0), self._ask_for_blocks())
        return again

    def rebooted(self) -> Actions:
        """The device came up again after ``Activate``; begins anew with the version that it runs now."""
        image = self.download.image if self.download else b""
        found = version_of(image, self.version)
        self._updated_from = self.version
        self.version = found or self.version
        self.download, self._job, self._deadline = None, None, None
        return self.start()

    @property
    def image(self) -> bytes:
        """What was written by the current or last download."""
        return self.download.image if self.download else b""

    # jobs

    def _job_message(self, payload: bytes) -> Actions:
        limit = self.settings.job_message_bytes
        if limit is not None and len(payload) > limit:
            return ()
        try:
            execution = json.loads(payload.decode("utf-8")).get("execution")
        except (ValueError, AttributeError):
            return ()
        if self.state is AgentState.WAITING:
            self._deadline, self._unanswered = None, 0
        if not execution:
            return self._abandon()
        # A request that was repeated is answered twice; the second answer may be older than what was reported since.
        number = (execution.get("jobId"), execution.get("executionNumber"))
        if self.settings.verifies and number in self._ended:
            return ()
        self._execution = number
        try:
            job = read_job(execution, self.settings.signature_key)
        except BadJobDocument as bad:
            return self._refuse_document(bad)
        return () if job is None else self._take_job(job)

    def _refuse_document(self, bad: BadJobDocument) -> Actions:
        if not self.settings.verifies:
            return ()
        return self._end(bad.job_id, status.failed(status.JOB_PARSER_ERROR, bad.number))

    def _take_job(self, job: OtaJob) -> Actions:
        if self._job is not None and job.job_id == self._job.job_id:
            return ()
        self._abandon()
        if job.self_test is not None and self.settings.verifies:
            return self._self_test(job)
        self._job = job
        self.download = Download(self.settings, job.file_id, job.size_bytes)
        self.state = AgentState.DOWNLOADING
        self._unanswered = 0
        return (Subscribe(self._data_topic(job), 0), self._ask_for_blocks())

    def _abandon(self) -> Actions:
        """Let go of a job that is no longer ours; its download is thrown away."""
        if self._job is not None:
            self.outcomes.append(Outcome(self._job.job_id, "ABORTED", "another job or none is next"))
            self._job, self.download, self._deadline = None, None, None
            self.state = AgentState.WAITING
        return ()

    def _update_rejected(self, payload: bytes) -> Actions:
        try:
            code = json.loads(payload.decode("utf-8")).get("code")
        except (ValueError, AttributeError):
            return ()
        return self._abandon() if self.settings.verifies and code in NOT_ACCEPTED_ANY_MORE else ()

    # blocks

    def _block(self, payload: bytes) -> Actions:
        download, job = self.download, self._job
        if self.state is not AgentState.DOWNLOADING or download is None or job is None or not download.take(payload):
            return ()
        self._unanswered = 0
        self._report_progress(job, download)
        actions = self._progress_update(job, download)
        if download.complete:
            return actions + self._complete(job, download)
        return (*actions, self._ask_for_blocks()) if download.answered else actions

    def _report_progress(self, job: OtaJob, download: Download) -> None:
        received = min(download.received_blocks * self.settings.block_bytes, download.size_bytes)
        self._on_progress(
            Progress(job.job_id, download.received_blocks, download.total_blocks, received, download.size_bytes)
        )

    def _progress_update(self, job: OtaJob, download: Download) -> Actions:
        number = download.received_blocks
        if number != 1 and number % self.settings.status_every_blocks:
            return ()
        return (Publish(self._update_topic(job.job_id), status.receiving(number, download.total_blocks), 0),)

    def _complete(self, job: OtaJob, download: Download) -> Actions:
        self._deadline = None
        if not self.settings.verifies:
            return self._accept_unseen(job, download)
        if self._certificate is None or not signature_is_right(download.image, job.signature, self._certificate):
            return self._end(job.job_id, status.failed(status.SIGNATURE_CHECK_FAILED))
        if job.file_type:
            return self._end(job.job_id, status.accepted(Version(0, 0, job.file_type), self.version))
        self.state = AgentState.READY
        return (Publish(self._update_topic(job.job_id), status.ready(self.version), 1), Activate(download.image))

    def _accept_unseen(self, job: OtaJob, download: Download) -> Actions:
        """The firmware's way: success after the last block, then shutdown and reboot; its version reads as zeros."""
        zero = Version(0, 0, 0)
        actions = self._end(job.job_id, status.accepted(zero, zero))
        self.state = AgentState.STOPPED
        return (*actions, Activate(download.image))

    def _self_test(self, job: OtaJob) -> Actions:
        before = self._updated_from
        if before is None:
            return self._end(job.job_id, status.rejected(status.STATE_MISMATCH))
        self._updated_from = None
        if self.version == before:
            return self._end(job.job_id, status.rejected(status.SAME_VERSION))
        if self.version < before:
            self.version = before
            return self._end(job.job_id, status.rejected(status.DOWNGRADE))
        active = Publish(self._update_topic(job.job_id), status.active(self.version), 1)
        return (active, *self._end(job.job_id, status.accepted(self.version, before)))

    def _end(self, job_id: str, payload: bytes) -> Actions:
        body: Mapping[str, Any] = json.loads(payload)
        self.outcomes.append(Outcome(job_id, body["status"], body["statusDetails"]["reason"]))
        if self._execution is not None and self._execution[0] == job_id:
            self._ended.add(self._execution)
        self._job, self._deadline = None, None
        self.state = AgentState.WAITING
        return (Publish(self._update_topic(job_id), payload, 1),)

    def _stop(self, reason: str) -> Actions:
        if self._job is not None:
            self.outcomes.append(Outcome(self._job.job_id, "ABORTED", reason))
        self.state, self._deadline = AgentState.STOPPED, None
        return ()

    # requests

    def _ask_for_job(self) -> Publish:
        token = f"{self._asked_for_jobs or self.settings.zero_text}:{self.thing_name}"
        self._asked_for_jobs += 1
        if self.settings.repeats_job_request and self.state is AgentState.WAITING:
            self._wait()
        payload = json.dumps({"clientToken": token}, separators=(",", ":")).encode()
        return Publish(self._jobs("$next/get"), payload, 1)

    def _ask_for_blocks(self) -> Publish:
        if self.download is None or self._job is None:
            raise RuntimeError("blocks were asked for without a download")
        self._wait()
        topic = f"$aws/things/{self.thing_name}/streams/{self._job.stream_name}/get/{self.settings.data_format}"
        return Publish(topic, self.download.request(), 0)

    def _wait(self) -> None:
        self._unanswered += 1
        self._deadline = self._clock() + self.settings.request_wait_s

    def _jobs(self, tail: str) -> str:
        return f"$aws/things/{self.thing_name}/jobs/{tail}"

    def _update_topic(self, job_id: str) -> str:
        return self._jobs(f"{job_id}/update")

    def _data_topic(self, job: OtaJob) -> str:
        return f"$aws/things/{self.thing_name}/streams/{job.stream_name}/data/{self.settings.data_format}"
