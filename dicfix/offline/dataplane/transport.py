"""A TCP connection of one client: bytes between the network, TLS and the MQTT connection."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from dicfix.offline.dataplane.connection import Connection
from dicfix.offline.dataplane.tls import TlsFailed, TlsLayer

if TYPE_CHECKING:
    from OpenSSL import SSL

    from dicfix.offline.dataplane.broker import Broker
    from dicfix.offline.dataplane.clock import Timer

CLOSE_TIMEOUT_S = 1.0
"""How long a closed connection may take to hand over its last bytes before it is cut."""
CONGESTED_BYTES = 8 * 1024 * 1024
"""Unread bytes of one client from which on QoS 0 messages to it are dropped."""


class Transport(asyncio.Protocol):
    """One client's socket."""

    __slots__ = ("_broker", "_closing", "_connection", "_network", "_tls", "_waiting")

    def __init__(self, broker: Broker, context: SSL.Context) -> None:
        self._broker = broker
        self._tls = TlsLayer(context)
        self._network: asyncio.Transport
        self._connection: Connection
        self._waiting: Timer | None = None
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client reached the port."""
        broker = self._broker
        broker.begin()
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"{type(transport).__name__} is no stream transport")
        self._network = transport
        self._network.set_write_buffer_limits(high=CONGESTED_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = Connection(broker, self, transport.get_extra_info("peername")[:2])
        broker.open.add(self._connection)
        self._waiting = broker.timers.after(broker.profile.connect_timeout_s, self._connection.timed_out)

    def data_received(self, data: bytes) -> None:
        """Ciphertext came."""
        if self._closing:
            return
        broker = self._broker
        broker.begin()
        try:
            self._receive(data)
        except TlsFailed as error:
            self._network.write(self._tls.outgoing())
            self._connection.lost(error.reason, str(error))
        except Exception as error:  # noqa: BLE001 - a fault met for one client must not end the others
            self._connection.failed(error)
        broker.flush()

    def _receive(self, data: bytes) -> None:
        tls = self._tls
        handshaking = tls.peer is None
        plaintext = tls.receive(data)
        if handshaking:
            self._network.write(tls.outgoing())
            self._note_peer()
        if plaintext:
            self._connection.receive(plaintext)

    def _note_peer(self) -> None:
        if self._tls.peer is not None:
            self._connection.secured(self._tls.peer)

    def send(self, plaintext: bytes) -> None:
        """Encrypt and send."""
        if not self._closing:
            self._tls.send(plaintext)
            self._network.write(self._tls.outgoing(len(plaintext)))

    def keep_while_connected(self) -> None:
        """The CONNECT came in time."""
        if self._waiting is not None:
            self._waiting.cancel()

    def close(self) -> None:
        """Send what waits, say goodbye in TLS, and cut the socket if the client does not read."""
        if self._closing:
            return
        self._closing = True
        self.keep_while_connected()
        self._network.write(self._tls.close())
        self._network.close()
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self._network.abort)

    def abort(self) -> None:
        """Cut the socket now."""
        self._closing = True
        self.keep_while_connected()
        self._network.abort()

    def pause_writing(self) -> None:
        """The client does not read what is sent: nothing more is read from it, or its answers would heap up here."""
        self._connection.congested = True
        self._network.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._connection.congested = False
        if not self._closing:
            self._network.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        broker = self._broker
        broker.begin()
        self._closing = True
        self._connection.lost("CONNECTION_LOST", str(exc) if exc else "the client closed the connection")
        broker.open.discard(self._connection)
        broker.flush()
