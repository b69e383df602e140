"""A small account for the tests of the OTA rules: a clock that is set, things and groups, jobs, streams, objects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dicfix.offline.rules.job_book import JobBook
from dicfix.offline.rules.job_executions import DeviceJobs
from dicfix.offline.rules.job_records import Notice
from dicfix.offline.rules.jobs import Jobs
from dicfix.offline.rules.s3_objects import MemoryObjects
from dicfix.offline.rules.streams import Streams
from dicfix.offline.services import Reply, Request
from dicfix.offline.services.jobs_topics import JobsTopics
from dicfix.offline.services.streams_topics import StreamsTopics

ACCOUNT = "123456789012"
REGION = "eu-central-1"
HOME = f"aws:iot:{REGION}:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ota_demo"
START_S = 1_700_000_000.0
DOCUMENT = '{"operation":"reboot"}'


class SetClock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self, now: float = START_S) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Fleet:
    """Things and groups by name."""

    def __init__(self, things: Iterable[str], groups: dict[str, list[str]] | None = None) -> None:
        self.things = set(things)
        self.groups = groups or {}

    def thing_exists(self, thing_name: str) -> bool:
        return thing_name in self.things

    def group_exists(self, group_name: str) -> bool:
        return group_name in self.groups

    def things_in(self, group_name: str) -> list[str]:
        return self.groups[group_name]


class World:
    """Everything together, in memory."""

    def __init__(self, things: Iterable[str] = ("T1", "T2", "T3"), groups: dict[str, list[str]] | None = None) -> None:
        self.clock = SetClock()
        self.fleet = Fleet(things, groups)
        self.notices: list[Notice] = []
        self.book = JobBook(HOME, self.clock, self.fleet, self.notices.append)
        self.jobs = Jobs(self.book)
        self.device = DeviceJobs(self.book)
        self.jobs_topics = JobsTopics(self.device)
        self.objects = MemoryObjects({"afr-ota-images": "Enabled"})
        self.streams = Streams(HOME, self.clock, self.objects)
        self.streams_topics = StreamsTopics(self.streams)

    def thing_arn(self, name: str) -> str:
        return f"arn:{HOME}:thing/{name}"

    def group_arn(self, name: str) -> str:
        return f"arn:{HOME}:thinggroup/{name}"

    def create(self, job_id: str = "J1", targets: Iterable[str] = ("T1",), **members: Any) -> dict[str, Any]:
        arns = [name if name.startswith("arn:") else self.thing_arn(name) for name in targets]
        return self.jobs.create({"jobId": job_id, "targets": arns, "document": DOCUMENT, **members})

    def status_of(self, job_id: str = "J1") -> str:
        status: str = self.jobs.describe({"jobId": job_id})["job"]["status"]
        return status

    def counts_of(self, job_id: str = "J1") -> dict[str, int]:
        details = self.jobs.describe({"jobId": job_id})["job"]["jobProcessDetails"]
        return {name: count for name, count in details.items() if name.startswith("number") and count}

    def ask(self, tail: str, thing: str = "T1", body: Any = None, **members: Any) -> tuple[str, dict[str, Any]]:
        """Publish on a jobs topic; gives the last word of the reply's topic and its body."""
        payload = body if isinstance(body, bytes) else json.dumps(members).encode()
        (reply,) = self.jobs_topics(Request(f"$aws/things/{thing}/jobs/{tail}", payload, thing))
        return reply.topic.rpartition("/")[2], json.loads(reply.payload)

    def take_notices(self) -> list[tuple[str, str, dict[str, Any]]]:
        taken = [(notice.thing_name, notice.kind, dict(notice.body)) for notice in self.notices]
        self.notices.clear()
        return taken

    def stream_of(self, data: bytes, stream_id: str = "S1", **members: Any) -> str:
        """A stream with one file of ``data``; gives its ID."""
        placed = self.objects.put("afr-ota-images", f"{stream_id}.bin", data)
        location = {"bucket": placed.bucket, "key": placed.key, "version": placed.version}
        files = [{"fileId": 0, "s3Location": location}]
        self.streams.create({"streamId": stream_id, "files": files, "roleArn": ROLE, **members})
        return stream_id

    def publish_stream(self, tail: str, payload: bytes, stream_id: str = "S1") -> tuple[Reply, ...]:
        return self.streams_topics(Request(f"$aws/things/T1/streams/{stream_id}/{tail}", payload, "T1"))
