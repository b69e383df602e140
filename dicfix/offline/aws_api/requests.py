"""Which service and operation a raw request means, and errors in that service's own form.

Used where moto's own classes cannot answer: injected faults, operations that are missing, moto's bugs. May import moto.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest
from moto import backend_index
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from dicfix.offline.aws_api.routes import operation_of

Answer = tuple[int, dict[str, str], Any]
_SERVICES = {
    "iotdata": "iot-data",
    "iotjobsdata": "iot-jobs-data",
    "awslambda": "lambda",
    "servicequotas": "service-quotas",
}
"""Names of moto's packages that differ from botocore's service names."""

ROUTED_HERE = frozenset({"iot", "iot-data", "iot-jobs-data", "signer"})
"""Services whose responses find their operation with ``routes``."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is for: botocore's service name (empty if unknown), operation (likewise) and path members."""

    service: str
    operation: str
    members: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.service or 'unknown service'}:{self.operation or 'unknown operation'}"


def service_of_url(url: str) -> str:
    """botocore's name of the service behind a URL at an AWS host, empty if moto has none there."""
    backend = backend_of_url(url.split("?", 1)[0])
    return _SERVICES.get(backend, backend)


@functools.lru_cache(maxsize=4096)
def backend_of_url(plain_url: str) -> str:
    """moto's name of the service behind a URL without query, empty if it has none there."""
    patterns = backend_index.backend_url_patterns
    return next((str(backend) for backend, pattern in patterns if pattern.match(plain_url)), "")


def target_of(request: AWSPreparedRequest, service: str) -> Target:
    """The target of a request to ``service``."""
    if not service:
        return Target("", "", {})
    normalized = _without_stream(request)
    if service in ROUTED_HERE:
        return Target(service, *operation_of(service, str(normalized.method), normalized.raw_path))
    try:
        operation, members = get_service_router(service).match(normalized)
    except (HTTPException, NotImplementedError, LookupError, ValueError, ImportError):
        return Target(service, "", {})
    return Target(service, str(operation.name), dict(members))


def _without_stream(request: AWSPreparedRequest) -> Request:
    """The request as moto sees it; a body that can be read only once is left for moto to read."""
    body = b"" if hasattr(request.body, "read") else request.body
    return Request.from_primitives(str(request.method), str(request.url), request.headers, body)


def error_answer(service: str, status: int, code: str, message: str) -> Answer:
    """An error in the form that clients of ``service`` read: JSON, or XML for the older protocols."""
    headers = {"x-amzn-errortype": code, "x-amzn-requestid": "0" * 36, "server": "amazon.com"}
    protocol = _protocol(service)
    if "json" in protocol:
        body = json.dumps({"__type": code, "message": message})
        return status, {**headers, "content-type": "application/x-amz-json-1.1"}, body
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    xml = f"<Error>{inner}</Error>"
    if protocol != "rest-xml" or service != "s3":
        xml = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error></ErrorResponse>"
    return status, {**headers, "content-type": "text/xml"}, xml


def _protocol(service: str) -> str:
    if not service:
        return "rest-json"
    try:
        return str(get_service_model(service).protocol)
    except (LookupError, ValueError, ImportError, AttributeError):
        return "rest-json"
