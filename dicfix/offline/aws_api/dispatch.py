"""moto's answer to a request by a short way.

moto's own way searches the URL patterns of all services and compiles those of one for each request, and has werkzeug
build the request as for a test client: a quarter of a call. What both ways give is held to be equal by
``tests/test_moto_hooks.py``. May import moto.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import moto.backends as backends
from botocore.awsrequest import AWSPreparedRequest
from moto.core.base_backend import BackendDict
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    Request,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from werkzeug.exceptions import HTTPException

from dicfix.offline.aws_api.binding import DEFAULT_ACCOUNT_ID

Handler = Callable[[Request, str, Any], Any]
_PORTS = {"https": "443", "http": "80"}
_ALWAYS: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def short_way(request: AWSPreparedRequest, backend: str) -> Callable[[], Any] | None:
    """What answers a request to one of moto's services, None when only moto's own way does."""
    url, body = str(request.url), request.body or b""
    handler = _handler(backend, url.split("?", 1)[0]) if backend else None
    if handler is None or not isinstance(body, bytes | bytearray | str):
        return None
    asked = request_of(str(request.method), url, request.headers, body)

    def answer() -> Any:
        try:
            return handler(asked, url, asked.headers)
        except HTTPException as error:
            return error.code, error.get_headers(), error.get_body()

    return answer


@functools.lru_cache(maxsize=4096)
def _handler(backend: str, url: str) -> Handler | None:
    return next((handler for pattern, handler in _handlers(backend) if pattern.match(url)), None)


@functools.cache
def _handlers(backend: str) -> list[tuple[re.Pattern[str], Handler]]:
    found: Any = backends.get_backend(backend)  # type: ignore[call-overload]
    if not isinstance(found, BackendDict):
        return []
    regions = found[DEFAULT_ACCOUNT_ID]
    one = regions["us-east-1" if "us-east-1" in regions else "aws"]
    return [(re.compile(url), handler) for url, handler in one.urls.items()]


def forget() -> None:
    """Look every handler up anew: moto's services have changed."""
    _handler.cache_clear()
    _handlers.cache_clear()


def request_of(method: str, url: str, headers: Any, body: bytes | bytearray | str) -> Request:
    """The request as ``Request.from_primitives`` of moto makes it."""
    parts = urlsplit(url)
    data = body.encode() if isinstance(body, str) else bytes(body)
    path = parts.path.encode().decode("latin-1")
    environ: dict[str, Any] = {
        **_ALWAYS,
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "QUERY_STRING": parts.query.encode().decode("latin-1"),
        "REQUEST_URI": path,
        "RAW_URI": path,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or _PORTS[parts.scheme]),
        "HTTP_HOST": parts.netloc,
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(data),
        "wsgi.errors": sys.stderr,
        "CONTENT_LENGTH": "0",
    }
    preserved = environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = {}
    for name, value in headers.items():
        if name.lower() == "transfer-encoding":
            continue
        key = environ_key_for_header(name)
        environ[key] = value.decode() if isinstance(value, bytes) else value
        if should_preserve_original_header_name(name):
            preserved[key] = name
    if data:
        environ["CONTENT_LENGTH"] = str(len(data))
    return Request(environ)
