"""TLS over byte strings: handshake, plaintext in, ciphertext out. Imports pyOpenSSL; knows no sockets and no MQTT.

The handshake proves only that the client holds the key of the certificate that it shows. Whether that certificate may
connect is for the registry to say, so every chain is accepted here: two CA certificates may share a subject, and a
certificate may be registered without its CA.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL

from dicfix.offline.dataplane.identity import ServerIdentity
from dicfix.offline.rules.connection import ALPN_MUTUAL_TLS

if TYPE_CHECKING:
    from cryptography import x509

_RECORD_BYTES = 16384
_RECORD_OVERHEAD_BYTES = 256


class TlsFailed(Exception):
    """The handshake or the record layer failed; ``reason`` is a word of the transcript."""

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Peer:
    """What the handshake proved: the client's certificate, and what it asked for."""

    certificate: x509.Certificate
    server_name: str | None
    alpn: str | None
    version: str


def server_context(identity: ServerIdentity) -> SSL.Context:
    """A context for all connections: TLS 1.2 and newer, client certificate required, no session tickets.

    Source: developerguide transport-security and protocols.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.use_privatekey(serialization.load_pem_private_key(identity.key, None))  # type: ignore[arg-type]
    context.use_certificate(x509.load_pem_x509_certificate(identity.certificate_pem))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _accept_every_chain)
    context.set_alpn_select_callback(_select_alpn)
    return context


def _accept_every_chain(*_details: object) -> bool:
    return True


def _select_alpn(_connection: SSL.Connection, offered: list[bytes]) -> Any:
    return ALPN_MUTUAL_TLS if ALPN_MUTUAL_TLS in offered else SSL.NO_OVERLAPPING_PROTOCOLS


class TlsLayer:
    """One server-side TLS connection without a socket."""

    __slots__ = ("_connection", "peer")

    def __init__(self, context: SSL.Context) -> None:
        self._connection = SSL.Connection(context, None)
        self._connection.set_accept_state()
        self.peer: Peer | None = None

    def receive(self, ciphertext: bytes) -> bytes:
        """The plaintext that ``ciphertext`` completes; ``peer`` is set once the handshake is done.

        Raises TlsFailed; ``outgoing`` then still holds the alert for the client.
        """
        connection = self._connection
        while ciphertext:
            ciphertext = ciphertext[connection.bio_write(ciphertext) :]
        if self.peer is None and not self._handshake():
            return b""
        return self._plaintext()

    def _handshake(self) -> bool:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise _failure(error) from error
        certificate = self._peer_certificate()
        name = self._connection.get_servername()
        self.peer = Peer(
            certificate,
            name.decode("ascii", "replace").lower() if name else None,
            self._connection.get_alpn_proto_negotiated().decode("ascii", "replace") or None,
            self._connection.get_protocol_version_name(),
        )
        return True

    def _peer_certificate(self) -> x509.Certificate:
        try:
            certificate = self._connection.get_peer_certificate(as_cryptography=True)
        except ValueError as error:
            raise TlsFailed("CERTIFICATE_UNREADABLE", f"the client's certificate cannot be read: {error}") from error
        if certificate is None:
            raise TlsFailed("NO_CLIENT_CERTIFICATE", "the client showed no certificate")
        return certificate

    def _plaintext(self) -> bytes:
        chunks: list[bytes] = []
        recv = self._connection.recv
        try:
            while True:
                chunks.append(recv(_RECORD_BYTES))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError as error:
            if not chunks:
                raise TlsFailed("CONNECTION_LOST", "the client ended TLS") from error
        except SSL.Error as error:
            raise _failure(error) from error
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def send(self, plaintext: bytes) -> None:
        """Encrypt ``plaintext`` into ``outgoing``."""
        sent = self._connection.send(plaintext)
        while sent < len(plaintext):
            plaintext = plaintext[sent:]
            sent = self._connection.send(plaintext)

    def outgoing(self, expected_bytes: int = 0) -> bytes:
        """The ciphertext that waits for the network; ``expected_bytes`` of plaintext are thought to be in it."""
        size = expected_bytes + expected_bytes // 64 + 2 * _RECORD_OVERHEAD_BYTES
        chunks: list[bytes] = []
        try:
            while True:
                chunks.append(self._connection.bio_read(size))
                if len(chunks[-1]) < size:
                    break
        except SSL.WantReadError:
            pass
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def close(self) -> bytes:
        """The last ciphertext: close_notify, if the handshake got so far."""
        try:
            self._connection.shutdown()
        except SSL.Error:
            return b""
        return self.outgoing()


_REASONS = {
    "peer did not return a certificate": (
        "NO_CLIENT_CERTIFICATE",
        "the client showed no certificate; AWS IoT asks for one",
    ),
    "tlsv1 alert unknown ca": (
        "SERVER_CERTIFICATE_REJECTED",
        "the client does not trust the root of the server certificate (alert unknown_ca)",
    ),
    "sslv3 alert bad certificate": (
        "SERVER_CERTIFICATE_REJECTED",
        "the client refused the server certificate (alert bad_certificate)",
    ),
    "sslv3 alert certificate unknown": (
        "SERVER_CERTIFICATE_REJECTED",
        "the client refused the server certificate (alert certificate_unknown)",
    ),
    "unsupported protocol": ("TLS_VERSION", "the client speaks no TLS version from 1.2 on"),
    "http request": ("NO_TLS", "the client spoke HTTP without TLS"),
    "wrong version number": ("NO_TLS", "the client did not speak TLS"),
}


def _failure(error: SSL.Error) -> TlsFailed:
    details = error.args[0] if error.args and isinstance(error.args[0], list) else []
    texts = [str(entry[-1]) for entry in details if entry]
    for text in texts:
        for known, (reason, sentence) in _REASONS.items():
            if known.removeprefix("tlsv1 ").removeprefix("sslv3 ") in text:
                return TlsFailed(reason, sentence)
    if isinstance(error, SSL.SysCallError):
        return TlsFailed("CONNECTION_LOST", "the connection ended inside TLS")
    return TlsFailed("TLS_FAILED", f"TLS failed: {'; '.join(texts) or type(error).__name__}")
