"""TLS for clients: one root, the endpoint's name whatever address is dialled, and the cause of a refusal.

Imports ssl and ``dicfix.errors``; keys touch the disk only in a private directory that is gone at once, because
ssl loads a key from a file.
"""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
from pathlib import Path
from typing import Any

from dicfix.errors import MaterialError, UsageError
from dicfix.mqtt.parameters import TlsMaterial


class _Socket(ssl.SSLSocket):
    """Leaves the TLS alert that ends a connection with its context: with TLS 1.3 it comes after the handshake."""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self._remember(error)
            raise

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self._read_alert_before(error)
            raise

    def _read_alert_before(self, error: OSError) -> None:
        # The server may have sent its alert and closed before our first packet went out.
        try:
            super().recv(1)
        except OSError as alert:
            self._remember(alert)
        self._remember(error)

    def _remember(self, error: OSError) -> None:
        if isinstance(self.context, ClientContext) and self.context.failure is None:
            self.context.failure = error


class ClientContext(ssl.SSLContext):
    """The TLS context of one connection.

    ``server_name`` is used for SNI and for the host check in place of the dialled address; None sends no SNI.
    ``failure`` is the first error that a read or write brought, usually the server's alert.
    """

    sslsocket_class = _Socket
    server_name: str | None = None
    failure: OSError | None = None
    _wrapped: ssl.SSLSocket | None = None

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        kwargs["server_hostname"] = self.server_name
        self._wrapped = super().wrap_socket(sock, *args, **kwargs)
        return self._wrapped

    def close(self) -> None:
        """Close the socket of a handshake that failed, which nobody else holds."""
        if self._wrapped is not None:
            self._wrapped.close()


def client_context(tls: TlsMaterial, host: str) -> ClientContext:
    """A context for one connection to ``host``; TLS 1.2 or newer. Raises MaterialError for unusable material."""
    if tls.checks_host_name and tls.verifies_server and not tls.sends_server_name:
        raise UsageError(
            "a TLS client without server name was asked to check the host name",
            expected="both on, or both off as in the published firmware",
            remedy="turn the host check off too",
        )
    context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.server_name = host if tls.sends_server_name else None
    context.check_hostname = tls.checks_host_name and tls.verifies_server
    context.verify_mode = ssl.CERT_REQUIRED if tls.verifies_server else ssl.CERT_NONE
    _load_root(context, tls)
    _load_identity(context, tls)
    return context


def _load_root(context: ssl.SSLContext, tls: TlsMaterial) -> None:
    if not tls.verifies_server:
        return
    try:
        context.load_verify_locations(cadata=tls.root_pem)
    except (ssl.SSLError, ValueError) as error:
        raise MaterialError(
            "the server certificate (root) holds no certificate in PEM form",
            expected="the PEM text of AmazonRootCA1",
            remedy="give the root certificate of the endpoint",
        ) from error


def _load_identity(context: ssl.SSLContext, tls: TlsMaterial) -> None:
    if tls.certificate_pem is None and tls.key_pem is None:
        return
    if tls.certificate_pem is None or tls.key_pem is None:
        missing = "client certificate" if tls.certificate_pem is None else "client key"
        raise MaterialError(f"the {missing} is missing", expected="client certificate and client key together")
    with tempfile.TemporaryDirectory(prefix="dicfix-") as directory:
        certificate, key = Path(directory, "certificate"), Path(directory, "key")
        _write_privately(certificate, tls.certificate_pem)
        _write_privately(key, tls.key_pem)
        try:
            # An empty password: OpenSSL would otherwise ask for one at the terminal.
            context.load_cert_chain(certificate, key, password="")
        except (ssl.SSLError, OSError, ValueError):
            raise MaterialError(
                "the client certificate and client key cannot be used together",
                expected="a PEM certificate and its own unencrypted PEM key",
                remedy="give the certificate and key of one set",
            ) from None


def _write_privately(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
