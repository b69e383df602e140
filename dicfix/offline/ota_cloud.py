"""The OTA half of the embedded cloud: jobs and streams on the data plane's reserved topics, and a look inside.

Everything behind it is imported with the first message or question, so that a cloud starts as fast without it. May
import ``aws_api`` and ``services``, inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from dicfix.offline.dataplane.services import Reply, Request

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
        self._plane.data_plane.on_topic(JOBS_PATTERN, lambda request: self._answer(request, 1))
        self._plane.data_plane.on_topic(STREAMS_PATTERN, lambda request: self._answer(request, 2))

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
        from dicfix.offline.aws_api.state_lock import STATE_LOCK

        with STATE_LOCK:
            self.services.step()
            self.updates.settle()
            self.services.wake()
        self._plane.data_plane.settle()

    def dump(self) -> dict[str, Any]:
        """Jobs, streams, OTA updates and signing as JSON-able values; empty if nothing was ever asked of them."""
        from dicfix.offline.aws_api.state_lock import STATE_LOCK

        with STATE_LOCK:
            found = getattr(self._plane.registry.backend, "ota_services", None)
            return dict(found.dump()) if found is not None else {}

    def _answer(self, request: Request, which: int) -> list[Reply]:
        from dicfix.offline.aws_api.state_lock import STATE_LOCK
        from dicfix.offline.services.messages import Request as Asked

        asked = Asked(request.topic, request.payload, request.client_id)
        with STATE_LOCK:
            services = self.services
            if self._topics is None or self._topics[0] is not services:
                self._topics = _topics_of(services)
            replies = self._topics[which](asked)  # type: ignore[operator]
            services.wake()
        return [Reply(reply.topic, reply.payload, reply.qos, reply.direct) for reply in replies]


def _topics_of(services: OtaServices) -> tuple[OtaServices, _Topics, _Topics]:
    from dicfix.offline.services.jobs_topics import JobsTopics
    from dicfix.offline.services.streams_topics import StreamsTopics

    return services, JobsTopics(services.device), StreamsTopics(services.streams)
