"""The OTA half of the embedded cloud: jobs and streams on the data plane's reserved topics, and a look inside.

The services themselves are imported with the first message or question, so that a cloud starts as fast without them.
May import ``aws_api`` and ``services``, what is heavy of them inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.dataplane.services import Reply, Request
from dicfix.offline.services.messages import Request as Asked

if TYPE_CHECKING:
    from dicfix.offline.aws_api.ota.services import OtaServices
    from dicfix.offline.cloud import RegionPlane
    from dicfix.offline.rules.job_book import JobBook
    from dicfix.offline.rules.ota_updates import OtaUpdates
    from dicfix.offline.rules.signing import Signing
    from dicfix.offline.rules.streams import Streams

JOBS_PATTERN = "$aws/things/+/jobs/#"
STREAMS_PATTERN = "$aws/things/+/streams/#"
_Topics = Callable[[Any], Iterable[Any]]


class OtaCloud:
    """The OTA services of one Region as its data plane serves them."""

    def __init__(self, plane: RegionPlane) -> None:
        self._plane = plane
        self._topics: tuple[OtaServices, _Topics, _Topics] | None = None

    def serve(self) -> None:
        """Answer on the reserved topics of jobs and streams."""
        self._plane.data_plane.on_topic(JOBS_PATTERN, self._jobs)
        self._plane.data_plane.on_topic(STREAMS_PATTERN, self._streams)

    @property
    def services(self) -> OtaServices:
        """The services of now; a reset replaces them."""
        from dicfix.offline.aws_api.ota.services import services_of

        return services_of(self._plane.account_id, self._plane.region)

    @property
    def book(self) -> JobBook:
        """Jobs and job executions."""
        return self.services.book

    @property
    def updates(self) -> OtaUpdates:
        """OTA updates."""
        return self.services.updates

    @property
    def streams(self) -> Streams:
        """Streams."""
        return self.services.streams

    @property
    def signing(self) -> Signing:
        """Signing profiles and signing jobs."""
        return self.services.signing

    def settle(self) -> None:
        """Finish every OTA update and signing job that is on its way, and let notices go out."""
        with STATE_LOCK:
            self.services.step()
            self.updates.settle()
            self.services.wake()
        self._plane.data_plane.settle()

    def dump(self) -> dict[str, Any]:
        """Jobs, streams, OTA updates and signing as JSON-able values; empty if nothing was ever asked of them."""
        with STATE_LOCK:
            found = getattr(self._plane.registry.backend, "ota_services", None)
            return dict(found.dump()) if found is not None else {}

    def _jobs(self, request: Request) -> list[Reply]:
        with STATE_LOCK:
            services, jobs, _streams = self._now()
            replies = jobs(_asked(request))
            services.wake()
        return [_reply(one) for one in replies]

    def _streams(self, request: Request) -> list[Reply]:
        with STATE_LOCK:
            _services, _jobs, streams = self._now()
            replies = streams(_asked(request))
        return [_reply(one) for one in replies]

    def _now(self) -> tuple[OtaServices, _Topics, _Topics]:
        services = self.services
        if self._topics is None or self._topics[0] is not services:
            self._topics = _topics_of(services)
        return self._topics


def _asked(request: Request) -> Asked:
    return Asked(request.topic, request.payload, request.client_id)


def _reply(reply: Any) -> Reply:
    return Reply(reply.topic, reply.payload, reply.qos, reply.direct)


def _topics_of(services: OtaServices) -> tuple[OtaServices, _Topics, _Topics]:
    from dicfix.offline.services.jobs_topics import JobsTopics
    from dicfix.offline.services.streams_topics import StreamsTopics

    return services, JobsTopics(services.device), StreamsTopics(services.streams)
