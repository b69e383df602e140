"""The embedded cloud: one AWS account with its API and its MQTT data planes, in this process and on this machine.

The facade over ``aws_api`` and ``dataplane``; everything heavy is imported by ``start``. One cloud runs at a time,
since moto's state belongs to the process.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

from dicfix.errors import UsageError
from dicfix.offline.aws_api.binding import DEFAULT_ACCOUNT_ID, ApiChoices, Binding, bind, bound
from dicfix.offline.faults import Faults

if TYPE_CHECKING:
    from dicfix.offline.aws_api.moto_registry import MotoRegistry
    from dicfix.offline.dataplane.clock import Clock
    from dicfix.offline.dataplane.profile import Profile
    from dicfix.offline.dataplane.server import DataPlane
    from dicfix.offline.dataplane.transcript import Transcript
    from dicfix.offline.ota_cloud import OtaCloud

ACCESS_KEY_ID = "AKIADICFIXOFFLINE000"
ACCOUNT_VARIABLE = "MOTO_ACCOUNT_ID"
"""moto's documented way to run as another account; set only for an account that is not its default."""

_running: EmbeddedCloud | None = None
_running_lock = threading.Lock()


def _set_account(account_id: str) -> Callable[[], None]:
    """Make moto run as this account; gives the way back."""
    before = os.environ.get(ACCOUNT_VARIABLE)
    if account_id != DEFAULT_ACCOUNT_ID or before:
        os.environ[ACCOUNT_VARIABLE] = account_id

    def put_back() -> None:
        os.environ.pop(ACCOUNT_VARIABLE, None)
        if before is not None:
            os.environ[ACCOUNT_VARIABLE] = before

    return put_back


class RegionPlane:
    """One Region of the account: its registry and its data plane."""

    def __init__(self, cloud: EmbeddedCloud, region: str) -> None:
        from dicfix.offline.aws_api.moto_registry import MotoRegistry
        from dicfix.offline.dataplane.identity import make_identity
        from dicfix.offline.dataplane.profile import AWS_IOT
        from dicfix.offline.dataplane.server import DataPlane
        from dicfix.offline.ota_cloud import OtaCloud
        from dicfix.offline.rules.endpoints import ats_host

        self.region = region
        self.account_id = cloud.account_id
        self.endpoint = ats_host(cloud.account_id, region)
        self.registry: MotoRegistry = MotoRegistry(cloud.account_id, region)
        self.identity = make_identity(self.endpoint, region=region, now=bound().now())
        self.data_plane: DataPlane = DataPlane(
            self.registry, self.identity, profile=cloud.profile or AWS_IOT, clock=cloud.clock
        )
        self.ota: OtaCloud = OtaCloud(self)
        self.ota.serve()

    @property
    def mqtt_port(self) -> int:
        """The loopback port of the data plane."""
        return self.data_plane.port

    @property
    def server_root_pem(self) -> str:
        """The stand-in root that this Region's server certificate chains to."""
        return self.identity.root_pem.decode()

    @property
    def transcript(self) -> Transcript:
        """What happened on this Region's data plane."""
        return self.data_plane.transcript

    def reset(self) -> None:
        """Drop connections, sessions, retained messages and the transcript."""
        self.data_plane.reset()
        self.registry.retained_store().clear()

    def dump(self) -> dict[str, Any]:
        """Registry, sessions and retained messages as JSON-able values."""
        from dicfix.offline.aws_api.state_lock import STATE_LOCK

        with STATE_LOCK:
            backend = self.registry.backend
            registry = {
                **backend.registry_dump(),
                "policies": backend.policy_dump(),
                **backend.things_dump(),
                "tags": {arn: dict(sorted(tags.items())) for arn, tags in sorted(backend.tags.items()) if tags},
                **self.ota.dump(),
            }
            retained = {
                topic: {"payload": message.payload.hex(), "qos": message.qos}
                for topic, message in sorted(self.registry.retained_store().items())
            }
        return {**registry, "sessions": self.data_plane.sessions(), "retained": retained}


class EmbeddedCloud:
    """An AWS account on this machine; a context manager around ``start`` and ``stop``.

    ``http`` adds the API on ``http_url`` for other programs; ``http_port`` and ``mqtt_port`` 0 mean any free port.
    ``clock`` and ``profile`` are those of the data plane. After ``start``: ``endpoint`` (the ATS host), ``mqtt_port``,
    ``server_root_pem``, ``transcript``, ``data_plane``, ``registry``, ``http_url`` (None without ``http``), ``faults``.
    boto3 clients must be made after ``start``, from ``client_kwargs``; they survive ``reset``.
    """

    def __init__(
        self,
        *,
        region: str = "eu-west-1",
        account_id: str = DEFAULT_ACCOUNT_ID,
        http: bool = False,
        http_port: int = 0,
        mqtt_port: int = 0,
        clock: Clock | None = None,
        profile: Profile | None = None,
        choices: ApiChoices | None = None,
    ) -> None:
        if not (len(account_id) == 12 and account_id.isascii() and account_id.isdigit()):
            raise UsageError(f"account ID {account_id!r}", expected="12 digits")
        self.region = region
        self.account_id = account_id
        self.clock = clock
        self.profile = profile
        self.http_url: str | None = None
        self._http = http
        self._http_port = http_port
        self._mqtt_port = mqtt_port
        self._choices = choices or ApiChoices()
        self._planes: dict[str, RegionPlane] = {}
        self._undo = ExitStack()

    def __enter__(self) -> EmbeddedCloud:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> EmbeddedCloud:
        """Bring up API, data plane and loopback guard; raises UsageError for a port in use or a second cloud."""
        self._claim()
        try:
            self._bring_up()
        except BaseException:
            self.stop()
            raise
        return self

    def _claim(self) -> None:
        global _running
        with _running_lock:
            if _running is not None:
                raise UsageError(
                    "an embedded cloud is already running in this process",
                    expected="one at a time, since moto's state belongs to the process",
                    remedy="stop the other one, or use other_region() for a second Region",
                )
            _running = self

    def _bring_up(self) -> None:
        from dicfix.offline import loopback_guard
        from dicfix.offline.aws_api import hooks
        from dicfix.offline.dataplane.clock import SystemClock

        undo = self._undo
        undo.callback(_set_account(self.account_id))
        bind(Binding(self.account_id, (self.clock or SystemClock()).now_ms, self._choices))
        undo.callback(bind, Binding())
        hooks.install()
        undo.callback(hooks.uninstall)
        undo.callback(hooks.start_mock().stop)
        loopback_guard.raise_guard()
        undo.callback(loopback_guard.lower_guard)
        self.faults.stopped.clear()
        self._open(self.region, self._mqtt_port)
        if self._http:
            self._serve_http()

    def _serve_http(self) -> None:
        from dicfix.offline.aws_api.server import ApiServer

        server = ApiServer(self.region, self.reset)
        self.http_url = f"http://127.0.0.1:{server.start(self._http_port)}"
        self._undo.callback(server.stop)

    def _open(self, region: str, port: int) -> RegionPlane:
        from moto.iot.models import iot_backends

        if region not in iot_backends[self.account_id]:
            raise UsageError(f"Region {region!r} is not one of AWS IoT", expected="a Region such as eu-west-1")
        plane = RegionPlane(self, region)
        plane.data_plane.start(port)
        self._undo.callback(plane.data_plane.stop)
        self._planes[region] = plane
        bound().data_planes[region] = plane
        return plane

    def stop(self) -> None:
        """Take everything down and restore moto, sockets and environment; harmless if not running."""
        global _running
        with _running_lock:
            if _running is not self:
                return
        self.faults.stopped.set()
        self.faults.clear()
        try:
            self._undo.close()
        finally:
            self._planes.clear()
            self.http_url = None
            with _running_lock:
                _running = None

    def reset(self) -> None:
        """A fresh, empty account: state, sessions, retained messages, transcripts and faults gone, clients kept."""
        from dicfix.offline.aws_api import hooks

        self._home()
        self.faults.clear()
        hooks.forget_everything()
        for plane in self._planes.values():
            plane.reset()

    def _home(self) -> RegionPlane:
        plane = self._planes.get(self.region)
        if plane is None:
            raise UsageError("the embedded cloud is not running", remedy="call start() or use it in a with block")
        return plane

    @property
    def endpoint(self) -> str:
        """The host that DescribeEndpoint gives for iot:Data-ATS."""
        return self._home().endpoint

    @property
    def mqtt_port(self) -> int:
        """The loopback port that ``endpoint``:8883 is routed to."""
        return self._home().mqtt_port

    @property
    def server_root_pem(self) -> str:
        """The root certificate that stands in for AmazonRootCA1."""
        return self._home().server_root_pem

    @property
    def transcript(self) -> Transcript:
        """What happened on the data plane, refusals with their reasons."""
        return self._home().transcript

    @property
    def data_plane(self) -> DataPlane:
        """The data plane of the cloud's own Region."""
        return self._home().data_plane

    @property
    def registry(self) -> MotoRegistry:
        """The registry of the cloud's own Region, as the data plane reads it."""
        return self._home().registry

    @property
    def ota(self) -> OtaCloud:
        """Jobs, streams, signing and OTA updates of the cloud's own Region."""
        return self._home().ota

    @property
    def faults(self) -> Faults:
        """The faults that the API answers with."""
        from dicfix.offline.aws_api.guard import faults

        return faults

    def other_region(self, region: str) -> RegionPlane:
        """Another Region of the same account with its own registry, endpoint and data plane; opened once."""
        self._home()
        return self._planes.get(region) or self._open(region, 0)

    def client_kwargs(self) -> dict[str, Any]:
        """What a boto3 client is made with: Region, stand-in credentials, and the endpoint URL over HTTP."""
        kwargs: dict[str, Any] = {
            "region_name": self.region,
            "aws_access_key_id": ACCESS_KEY_ID,
            "aws_secret_access_key": "not-a-secret",
            "aws_session_token": None,
        }
        if self.http_url:
            kwargs["endpoint_url"] = self.http_url
        return kwargs

    def dump(self) -> dict[str, Any]:
        """The whole account by Region, as JSON-able values: equal dumps mean that nothing changed."""
        self._home()
        return {region: plane.dump() for region, plane in sorted(self._planes.items())}
