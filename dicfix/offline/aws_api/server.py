"""The AWS API over HTTP on 127.0.0.1, for other programs.

A request is given the AWS host that its signature names and then takes the very way of an in-process request, so both
answer alike. moto's own server is not used: it wants Flask, its stop takes half a second and it ends the process when
the port is taken. May import moto's stubber and the standard library; loaded only when HTTP is asked for.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import HTTPClientError, ReadTimeoutError
from moto.core.models import botocore_stubber

from dicfix.errors import DeadlineExceeded, UsageError
from dicfix.offline.aws_api.guard import faults, missing
from dicfix.offline.aws_api.requests import Answer, Target

HOST = "127.0.0.1"
POLL_S = 0.02
STOP_TIMEOUT_S = 10.0
RESET_PATH = "/moto-api/reset"
HOST_LABELS = {"iotdata": "data.iot", "iot-jobs-data": "data.jobs.iot"}
"""Signing names that are not the first label of the service's host. Source: endpointPrefix and signingName of the
service models."""
GLOBAL_SERVICES = frozenset({"iam", "sts"})
_RESET = struct.pack("ii", 1, 0)


class ApiServer:
    """An HTTP server in its own thread; ``on_reset`` is called for ``POST /moto-api/reset``."""

    def __init__(self, region: str, on_reset: Callable[[], None]) -> None:
        self._region = region
        self._on_reset = on_reset
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None

    def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and give the port; raises UsageError if it cannot be had."""
        try:
            self._server = _Server((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {port} on {HOST} cannot be opened: {error}",
                expected="a free port of this machine",
                remedy="choose another port, or 0 for any free one",
            ) from error
        self._server.region = self._region
        self._server.on_reset = self._on_reset
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="dicfix-aws-api", daemon=True
        )
        self._thread.start()
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """End the server; harmless if not running."""
        if self._thread is None or self._server is None:
            return
        self._server.shutdown()
        self._thread.join(STOP_TIMEOUT_S)
        if self._thread.is_alive():
            raise DeadlineExceeded("API server stop", STOP_TIMEOUT_S, "the end of the API server's thread")
        self._server.server_close()
        self._server.cut_all()
        self._thread = self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    region: str
    on_reset: Callable[[], None]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def cut_all(self) -> None:
        """End the connections that clients keep alive."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_arguments: Any) -> None:
        """Nothing is written: the API keeps no access log."""

    def _serve(self) -> None:
        body = self._body()
        if self.path == RESET_PATH:
            self.server.on_reset()
            return self._send((200, {"content-type": "application/json"}, '{"status": "ok"}'))
        try:
            answer = self._ask(body)
        except ReadTimeoutError as error:
            faults.stopped.wait(getattr(error, "delay_s", 0.0))
            return self._break(reset=False)
        except HTTPClientError:
            return self._break(reset=True)
        return self._send(answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - the library's names

    def _ask(self, body: bytes) -> Answer:
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        url = f"https://{self._aws_host()}{self.path}"
        request = AWSPreparedRequest(self.command, url, headers, body, stream_output=False)
        answer = botocore_stubber.process_request(request)
        return missing(Target("", "", {})) if answer is None else answer

    def _aws_host(self) -> str:
        service, region = signed_for(self.headers.get("Authorization", ""), self.path)
        label = HOST_LABELS.get(service or "s3", service or "s3")
        if label in GLOBAL_SERVICES:
            return f"{label}.amazonaws.com"
        return f"{label}.{region or self.server.region}.amazonaws.com"

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Any:
        while size := int(self.rfile.readline().split(b";", 1)[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _send(self, answer: Answer) -> None:
        status, headers, body = answer
        data = body.encode() if isinstance(body, str) else bytes(body or b"")
        self.send_response_only(int(status))
        named = {name.lower(): str(value) for name, value in headers.items()}
        if self.command != "HEAD":
            named["content-length"] = str(len(data))
        for name, value in named.items():
            if name not in ("status", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _break(self, *, reset: bool) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            if reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            else:
                self.connection.shutdown(socket.SHUT_RDWR)


def signed_for(authorization: str, path: str) -> tuple[str, str]:
    """Service and Region of a SigV4 signature, in the header or in a presigned URL; empty if there is none."""
    scope = ""
    if "Credential=" in authorization:
        scope = authorization.split("Credential=", 1)[1].split(",", 1)[0].strip()
    else:
        scope = unquote(parse_qs(urlsplit(path).query).get("X-Amz-Credential", [""])[0])
    parts = scope.split("/")
    if len(parts) != 5:
        return "", ""
    return parts[3].lower(), parts[2]
