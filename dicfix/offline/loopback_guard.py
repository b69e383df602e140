"""The guard that keeps a run of the embedded cloud on this machine: no connection or name look-up beyond loopback.

It replaces ``socket.socket.connect``, ``connect_ex`` and ``socket.getaddrinfo`` for as long as it is up, so it also
holds programs that know nothing of moto: MQTT clients, ``ssl``, urllib. Source: facts, moto section 4.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

from dicfix.errors import GuardRefused

_lock = threading.Lock()
_up = 0
_originals: tuple[Any, Any, Any] | None = None


def is_local(host: object) -> bool:
    """Whether ``host`` is this machine: ``localhost``, a loopback address, or nothing at all."""
    if host is None or host in ("", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except (ValueError, UnicodeDecodeError):
        return False


def _check(host: object, port: object) -> None:
    if not is_local(host):
        shown = host.decode(errors="replace") if isinstance(host, bytes) else host
        raise GuardRefused(
            f"a connection to {shown}:{port} would leave this machine while the embedded cloud runs",
            expected="traffic to 127.0.0.1 only",
            remedy="use the embedded cloud's route and credentials, or the target aws",
        )


def _check_address(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple) and len(address) >= 2:
        _check(address[0], address[1])


def raise_guard() -> None:
    """Put the guard up; counted, so that two may ask for it."""
    global _up, _originals
    with _lock:
        _up += 1
        if _up > 1:
            return
        connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo
        _originals = (connect, connect_ex, getaddrinfo)

        def guarded_connect(self: socket.socket, address: Any) -> Any:
            _check_address(self, address)
            return connect(self, address)

        def guarded_connect_ex(self: socket.socket, address: Any) -> Any:
            _check_address(self, address)
            return connect_ex(self, address)

        def guarded_getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            _check(host, port)
            return getaddrinfo(host, port, *args, **kwargs)

        _replace(guarded_connect, guarded_connect_ex, guarded_getaddrinfo)


def lower_guard() -> None:
    """Take the guard down when the last one who asked for it is done."""
    global _up, _originals
    with _lock:
        _up -= 1
        if _up > 0 or _originals is None:
            return
        _replace(*_originals)
        _originals = None


def _replace(connect: Any, connect_ex: Any, getaddrinfo: Any) -> None:
    sockets: Any = socket.socket
    sockets.connect, sockets.connect_ex, socket.getaddrinfo = connect, connect_ex, getaddrinfo
