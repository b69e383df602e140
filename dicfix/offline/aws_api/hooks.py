"""Everything that reaches into moto's internals, in one place; each hook has a canary in ``tests/test_moto_hooks.py``.

``install`` may be called again, ``uninstall`` puts moto back as it was. Source: facts, moto sections 3.1 to 3.4.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Callable
from typing import Any

import moto.backend_index as backend_index
import moto.core.errors as moto_errors
import moto.iot.models as moto_iot
import moto.iotdata.models as moto_iotdata
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.loaders import Loader
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.model_instances import reset_model_data
from moto.core.models import MockAWS, botocore_stubber

from dicfix.offline.aws_api import dispatch
from dicfix.offline.aws_api.guard import NetworkFault, guarded
from dicfix.offline.aws_api.iot.models import EmbeddedIoTBackend
from dicfix.offline.aws_api.iotdata.models import EmbeddedIoTDataBackend
from dicfix.offline.aws_api.requests import backend_of_url, service_of_url
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.faults import FaultKind

DATA_HOSTS = ("iotdata", re.compile(r"https?://[a-z0-9]+(-ats)?\.iot\.([a-z0-9-]+)\.amazonaws\.com"))
"""The hosts that DescribeEndpoint tells, as moto looks services up."""

JOBS_DATA_HOSTS = (
    ("iotjobsdata", re.compile(r"https?://data\.jobs\.iot\.([a-z0-9-]+)\.amazonaws\.com")),
    (
        "iotjobsdata",
        re.compile(r"https?://[a-z0-9]+(-ats|\.jobs)?\.iot\.([a-z0-9-]+)\.amazonaws\.com/things/[^/]+/jobs"),
    ),
)
"""The service that moto does not have: at its own host, and at the hosts of DescribeEndpoint."""
UNIQUE_ID = "dicfix-offline"
JOBS_DATA_MODULE = "moto.iotjobsdata"
"""Where moto looks for it."""

LATE = {
    "acm": "EmbeddedACMBackend",
    "cloudtrail": "EmbeddedCloudTrailBackend",
    "iam": "EmbeddedIAMBackend",
    "s3": "EmbeddedS3Backend",
    "service-quotas": "EmbeddedServiceQuotasBackend",
    "signer": "EmbeddedSignerBackend",
}
"""Services whose backend is replaced when they are first asked for, so that a cloud without them starts as fast."""

CONFIG = {
    "core": {"mock_credentials": False, "reset_boto3_session": False},
    "iot": {"use_valid_cert": True},
}
"""moto's settings: no touch on the environment or on boto3's default session. Source: facts, moto section 2."""

_undo: list[Callable[[], None]] = []
_prepared: set[str] = set()


def install() -> None:
    """Put the embedded cloud's backends, hosts and guard into moto."""
    if _undo:
        return
    with STATE_LOCK:
        _swap_backend(moto_iot.iot_backends, EmbeddedIoTBackend)
        _swap_backend(moto_iotdata.iotdata_backends, EmbeddedIoTDataBackend)
        for hosts in (*JOBS_DATA_HOSTS, DATA_HOSTS):
            _add_hosts(hosts)
        _guard_stubber()
        _keep_error_shapes()
        _reach_default_session()
        _forget_addresses()


def uninstall() -> None:
    """Take everything out again."""
    with STATE_LOCK:
        while _undo:
            _undo.pop()()
        _prepared.clear()
        _forget_addresses()


def _add_hosts(hosts: tuple[str, re.Pattern[str]]) -> None:
    patterns: list[Any] = backend_index.backend_url_patterns
    patterns.append(hosts)
    _undo.append(lambda: patterns.remove(hosts))


@functools.cache
def _jobs_data_module() -> Any:
    return importlib.import_module("dicfix.offline.aws_api.iotjobsdata")


def _prepare(service: str) -> None:
    """Put this project's part of a service into moto, with the service's first request."""
    if service in _prepared:
        return
    with STATE_LOCK:
        if service in LATE:
            package = service.replace("-", "")
            models = importlib.import_module(f"dicfix.offline.aws_api.{package}.models")
            _swap_class(getattr(models, f"{package}_backends"), getattr(models, LATE[service]))
        elif service == "iot-jobs-data":
            sys.modules[JOBS_DATA_MODULE] = _jobs_data_module()
            _undo.append(_forget_jobs_data)
        _forget_addresses()
        _prepared.add(service)


def _forget_jobs_data() -> None:
    sys.modules.pop(JOBS_DATA_MODULE, None)


def _swap_class(backends: BackendDict[Any], ours: type) -> None:
    before = backends.backend

    def put(backend: type) -> None:
        backends.backend = backend
        backends.clear()

    put(ours)
    _undo.append(lambda: put(before))


def _swap_backend(backends: BackendDict[Any], ours: type) -> None:
    before = (backends.backend, backends._use_boto3_regions, backends._additional_regions)

    def put(backend: type, from_boto3: bool, regions: list[str] | None) -> None:
        backends.backend = backend
        backends._use_boto3_regions, backends._additional_regions = from_boto3, regions
        backends.clear()

    put(ours, False, iot_regions())
    _undo.append(lambda: put(*before))


@functools.cache
def iot_regions() -> list[str]:
    """The Regions of AWS IoT by botocore's endpoints; moto's own way to them reads the service model once more."""
    partitions = Loader().load_data("endpoints")["partitions"]
    return [region for one in partitions for region in one["services"].get("iot", {}).get("endpoints", {})]


def _guard_stubber() -> None:
    stubbers: Any = BotocoreStubber
    original = stubbers.process_request

    def process_request(stubber: Any, request: Any) -> Any:
        service = service_of_url(request.url)
        if not service and "amazonaws.com" not in request.url:
            return original(stubber, request)
        _prepare(service)
        way = dispatch.short_way(request, backend_of_url(request.url.split("?", 1)[0]))
        try:
            return guarded(request, service, way or (lambda: original(stubber, request)))
        except NetworkFault as broken:
            raise _network_error(broken, request.url) from None

    stubbers.process_request = process_request

    def put_back() -> None:
        stubbers.process_request = original

    _undo.append(put_back)


def _keep_error_shapes() -> None:
    """Keep the error shapes of each service; moto, for all its cache, gathers them anew for every refusal."""
    made: Any = moto_errors.ErrorLookupFactory
    one = made()
    moto_errors.ErrorLookupFactory = lambda: one  # type: ignore[assignment, misc]
    _undo.append(lambda: setattr(moto_errors, "ErrorLookupFactory", made))


def _forget_addresses() -> None:
    """Look up anew who answers at which address: moto's services have changed."""
    backend_of_url.cache_clear()
    dispatch.forget()


def _reach_default_session() -> None:
    """Let moto answer clients of a boto3 session that is older than moto's import: moto knows later ones only."""
    session = getattr(sys.modules.get("boto3"), "DEFAULT_SESSION", None)
    if session is not None and not _is_answered(session.events):
        session.events.register("before-send", botocore_stubber, unique_id=UNIQUE_ID)
        _undo.append(lambda: session.events.unregister("before-send", botocore_stubber, unique_id=UNIQUE_ID))


def _is_answered(events: Any) -> bool:
    """Whether moto answers a request whose events these are; a second time it must not."""
    stubbers: Any = BotocoreStubber
    before, enabled, seen = stubbers.process_request, botocore_stubber.enabled, []
    stubbers.process_request = lambda _stubber, request: seen.append(request)
    botocore_stubber.enabled = True
    try:
        events.emit("before-send", request=AWSPreparedRequest("GET", "http://127.0.0.1/", HTTPHeaders(), b"", False))
    finally:
        stubbers.process_request, botocore_stubber.enabled = before, enabled
    return bool(seen)


def _network_error(broken: NetworkFault, url: str) -> Any:
    from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

    if broken.fault.kind is FaultKind.TIMEOUT:
        timeout: Any = ReadTimeoutError(endpoint_url=url)
        timeout.delay_s = broken.fault.delay_s
        return timeout
    return ConnectionClosedError(endpoint_url=url)


def start_mock() -> MockAWS:
    """moto's mock, active in this process until its ``stop``."""
    mock = MockAWS(config=CONFIG)  # type: ignore[arg-type]
    mock.start()
    return mock


def forget_everything() -> None:
    """An empty account: every backend of every service dropped."""
    with STATE_LOCK:
        BackendDict.reset()
        reset_model_data()
