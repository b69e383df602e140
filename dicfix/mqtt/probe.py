"""A TLS handshake with the endpoint, and nothing after it: no client certificate, no word of MQTT.

What an audit may do that opens no session. Imports ssl, sockets, ``dicfix.errors`` and ``dicfix.certificates``.
"""

from __future__ import annotations

import socket
import ssl

from dicfix.certificates import read_certificate
from dicfix.mqtt.parameters import TlsMaterial
from dicfix.mqtt.refusals import refusal_to_dial
from dicfix.mqtt.route import Route
from dicfix.mqtt.tls import client_context


def verified_root(host: str, *, route: Route, root_pem: str, timeout_s: float) -> str:
    """The SHA-256 fingerprint of the root ``root_pem`` if ``host``'s certificate verifies with it, else nothing.

    Raises ConnectionRefused or DeadlineExceeded (``connect_s``) when no certificate was seen, and MaterialError for a
    root that is none. Source: AWS-8.2.
    """
    context = client_context(TlsMaterial(root_pem, None, None), host)
    address = (route.address, route.via_port)
    try:
        with socket.create_connection(address, timeout_s) as opened, context.wrap_socket(opened):
            return read_certificate(root_pem).certificate_id
    except ssl.SSLCertVerificationError:
        return ""
    except OSError as error:
        raise refusal_to_dial(error, str(route), has_certificate=False, connect_s=timeout_s) from error
