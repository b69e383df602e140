"""The OTA services of one account and Region: jobs, streams, signing and OTA updates over moto's state.

They live on moto's IoT backend of that Region, so a reset forgets them with everything else. Callers hold the state
lock. May import moto's IoT backends, the rules and the services of reserved topics.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import get_service_model
from moto.iot.models import iot_backends

from dicfix.offline.aws_api.binding import bound
from dicfix.offline.aws_api.ota.material import material_of
from dicfix.offline.aws_api.ota.objects import MotoObjects, fetch_from
from dicfix.offline.aws_api.ota.rights import iam_backend, rights_of_caller, rights_of_role
from dicfix.offline.aws_api.ota.targets import RegisteredTargets
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.rules.iam_rights import RoleRights, may
from dicfix.offline.rules.job_book import JobBook
from dicfix.offline.rules.job_data_api import JobsData
from dicfix.offline.rules.job_executions import DeviceJobs
from dicfix.offline.rules.job_records import Notice
from dicfix.offline.rules.jobs import Jobs
from dicfix.offline.rules.ota_records import OtaPorts
from dicfix.offline.rules.ota_updates import OtaUpdates
from dicfix.offline.rules.service_model import take_models_from
from dicfix.offline.rules.signing import Signing
from dicfix.offline.rules.streams import Streams
from dicfix.offline.services.jobs_topics import notice_reply

STEP_S = 0.01
"""How long an OTA update stays in each of its states when nobody asks for it. Assumed: AWS takes seconds."""
_ATTRIBUTE = "ota_services"


class OtaServices:
    """Everything of the OTA half that one account and Region has; ``wake`` is called after every change."""

    def __init__(self, account_id: str, region: str) -> None:
        take_models_from(get_service_model)
        home = f"aws:iot:{region}:{account_id}"
        self.account_id = account_id
        self.region = region
        self.objects = MotoObjects(account_id)
        self.targets = RegisteredTargets(account_id, region)
        self.book = JobBook(home, self.now, self.targets, self._notify)
        self.jobs = Jobs(self.book, fetch_from(self.objects))
        self.device = DeviceJobs(self.book)
        self.jobs_data = JobsData(self.device)
        self.streams = Streams(home, self.now, self.objects, self._may_read)
        self.signing = Signing(home, self.now, self.objects, material_of(account_id, region))
        ports = OtaPorts(
            clock=self.now,
            roles=lambda arn: rights_of_role(account_id, arn),
            objects=self.objects,
            signing=self.signing,
            streams=self.streams,
            jobs=self.jobs,
        )
        self.updates = OtaUpdates(home, ports)
        self._woken_at: float | None = None
        self._readable: dict[tuple[int, str, str, str], bool] = {}

    def now(self) -> float:
        """Seconds since the epoch by the cloud's clock."""
        return bound().now_ms() / 1000

    def caller_may_pass(self, access_key_id: str, role_arn: str) -> bool:
        """Whether the caller may hand the role to AWS IoT; a caller whom IAM does not know may do everything."""
        caller: RoleRights | None = rights_of_caller(self.account_id, access_key_id)
        return caller is None or may(caller, "iam:PassRole", role_arn, {"iam:PassedToService": "iot.amazonaws.com"})

    def step(self) -> None:
        """Take what is unfinished one state further, and do what is due."""
        self.book.run_due()
        self.signing.run_due()
        self.updates.run_due()

    def wake(self) -> None:
        """See to it that ``step`` is taken when something is due, by the data plane's clock."""
        plane, due = self._plane(), self._next_due()
        if plane is None or due is None or (self._woken_at is not None and self._woken_at <= due):
            return
        if plane.data_plane.after(max(0.0, due - self.now()), self._step_due):
            self._woken_at = due

    def _next_due(self) -> float | None:
        found = self.book.next_due()
        if self.updates.unfinished or self.signing.unfinished:
            return min(found or self.now() + STEP_S, self.now() + STEP_S)
        return found

    def _step_due(self) -> None:
        with STATE_LOCK:
            self._woken_at = None
            self.step()
            self.wake()

    def _plane(self) -> Any:
        plane = bound().data_planes.get(self.region)
        return plane if plane is not None and plane.account_id == self.account_id else None

    def _notify(self, notice: Notice) -> None:
        plane = self._plane()
        if plane is not None:
            reply = notice_reply(notice)
            STATE_LOCK.after(lambda: plane.data_plane.publish(reply.topic, reply.payload, qos=reply.qos))

    def _may_read(self, role_arn: str, bucket: str, key: str) -> bool:
        # Asked for every block: kept until IAM changes.
        known = (getattr(iam_backend(self.account_id), "revision", 0), role_arn, bucket, key)
        if known not in self._readable:
            role = rights_of_role(self.account_id, role_arn)
            resource = f"arn:aws:s3:::{bucket}/{key}"
            actions = ("s3:GetObject", "s3:GetObjectVersion")
            if len(self._readable) > 1000:
                self._readable.clear()
            self._readable[known] = role is not None and all(may(role, action, resource) for action in actions)
        return self._readable[known]

    def dump(self) -> dict[str, Any]:
        """Jobs, streams, OTA updates and signing as JSON-able values."""
        return {
            "jobs": {
                job_id: {
                    "status": job.status,
                    "targets": list(job.targets),
                    "executions": {
                        f"{one.thing_name}#{one.number}": [one.status, one.version, dict(one.details)]
                        for one in self.book.of_job(job_id)
                    },
                }
                for job_id, job in sorted(self.book.jobs.items())
            },
            "streams": {
                stream.stream_id: {
                    "version": stream.version,
                    "files": {
                        str(file.file_id): [file.bucket, file.key, file.version] for file in stream.files.values()
                    },
                }
                for _, stream in sorted(self.streams.streams.items())
            },
            "otaUpdates": {one.update_id: one.status for _, one in sorted(self.updates.updates.items())},
            "signingProfiles": {name: one.status for name, one in sorted(self.signing.profiles.items())},
            "signingJobs": {job_id: one.status for job_id, one in sorted(self.signing.jobs.items())},
        }


def services_of(account_id: str, region: str) -> OtaServices:
    """The services of an account and Region, made when first asked for."""
    with STATE_LOCK:
        backends: Any = iot_backends
        backend = backends[account_id][region]
        if getattr(backend, _ATTRIBUTE, None) is None:
            setattr(backend, _ATTRIBUTE, OtaServices(account_id, region))
        services: OtaServices = getattr(backend, _ATTRIBUTE)
        return services
