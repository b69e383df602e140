"""The AWS API over HTTP on 127.0.0.1, for other programs: moto's dispatcher behind the same guard.

Its own server rather than moto's, whose stop takes half a second and which ends the process when the port is taken. May
import moto's server parts and werkzeug; loaded only when HTTP is asked for.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from dicfix.errors import DeadlineExceeded, UsageError
from dicfix.offline.aws_api.guard import NetworkFault, faults, guarded, missing
from dicfix.offline.aws_api.requests import Answer, Target, service_of_url
from dicfix.offline.faults import FaultKind

HOST = "127.0.0.1"
POLL_S = 0.02
STOP_TIMEOUT_S = 10.0
RESET_PATH = "/moto-api/reset"
StartResponse = Callable[..., Any]
_RESET = struct.pack("ii", 1, 0)


class ApiServer:
    """An HTTP server in its own thread; ``on_reset`` is called for ``POST /moto-api/reset``."""

    def __init__(self, on_reset: Callable[[], None]) -> None:
        self._on_reset = on_reset
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._thread: threading.Thread | None = None
        self._server: Any = None

    def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and give the port; raises UsageError if it cannot be had."""
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        listener = _listener(port)
        try:
            self._server = make_server(
                HOST, 0, self, threaded=True, request_handler=MotoRequestHandler, fd=listener.fileno()
            )
        finally:
            listener.close()
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="dicfix-aws-api", daemon=True
        )
        self._thread.start()
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """End the server; harmless if not running."""
        if self._thread is None:
            return
        self._server.shutdown()
        self._thread.join(STOP_TIMEOUT_S)
        if self._thread.is_alive():
            raise DeadlineExceeded("API server stop", STOP_TIMEOUT_S, "the end of the API server's thread")
        self._server.server_close()
        self._thread = None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == RESET_PATH:
            self._on_reset()
            return _send((200, {"content-type": "application/json"}, '{"status": "ok"}'), start_response)
        _buffer(environ)
        host = self._moto.infer_service_region_host(dict(environ), environ.get("PATH_INFO", "")) or ""
        service = service_of_url(f"https://{host}/")
        try:
            answer = guarded(_seen(environ), service, lambda: self._ask(environ, service))
        except NetworkFault as broken:
            return _break(broken, environ)
        return _send(answer, start_response)

    def _ask(self, environ: dict[str, Any], service: str) -> Answer:
        if not service:
            return missing(Target("", "", {}))
        sent: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_error: Any) -> Callable[[bytes], None]:
            sent.append((status, headers))
            return lambda _data: None

        parts = self._moto(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        status, headers = sent[-1]
        return int(status.split(" ", 1)[0]), dict(headers), body


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"port {port} on {HOST} cannot be opened: {error}",
            expected="a free port of this machine",
            remedy="choose another port, or 0 for any free one",
        ) from error
    return listener


def _buffer(environ: dict[str, Any]) -> None:
    """Read the body once, so that guard and moto can both look at it."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length or "HTTP_TRANSFER_ENCODING" not in environ:
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))


def _seen(environ: dict[str, Any]) -> Request:
    body = environ["wsgi.input"]
    copy = {key: value for key, value in environ.items() if not key.startswith("werkzeug.")}
    if isinstance(body, io.BytesIO):
        copy["wsgi.input"] = io.BytesIO(body.getvalue())
    return Request(copy)


def _send(answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
    status, headers, body = answer
    data = body.encode() if isinstance(body, str) else body
    fields = {key.lower(): str(value) for key, value in headers.items() if key.lower() not in ("status", "connection")}
    fields.setdefault("content-length", str(len(data)))
    start_response(f"{status} ", list(fields.items()))
    return [data]


def _break(broken: NetworkFault, environ: dict[str, Any]) -> Iterable[bytes]:
    """End the connection without an answer: after the fault's delay, or at once by a reset."""
    if broken.fault.kind is FaultKind.TIMEOUT:
        faults.stopped.wait(broken.fault.delay_s)
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            if broken.fault.kind is FaultKind.CONNECTION_RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError(broken.fault.kind.value)
