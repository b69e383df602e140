"""TLS of the data plane: who must show what, and what is kept about a handshake that failed."""

from __future__ import annotations

import ssl
import warnings
from typing import TYPE_CHECKING

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from dataplane_registry import ENDPOINT, REGION, RawClient, client_context, connect_packet

from dicfix.offline.dataplane import make_identity

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _context(plane: Plane, root_pem: bytes | None = None, *, certificate: bool = True) -> ssl.SSLContext:
    paths = plane.device.write(plane.folder, "device") if certificate else None
    return client_context(root_pem or plane.identity.root_pem, paths)


def _wrap(plane: Plane, context: ssl.SSLContext, name: str = ENDPOINT) -> ssl.SSLSocket:
    sock = context.wrap_socket(plane.tcp(), server_hostname=name, do_handshake_on_connect=False)
    plane._sockets.append(sock)
    sock.do_handshake()
    return sock


@pytest.mark.parametrize(
    ("version", "name"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
def test_tls_1_2_and_1_3_are_spoken(plane: Plane, version: ssl.TLSVersion, name: str) -> None:
    context = _context(plane)
    context.minimum_version = context.maximum_version = version
    sock = _wrap(plane, context)
    assert sock.version() == name
    RawClient(sock).connect("device")


def test_tls_1_1_is_refused(plane: Plane) -> None:
    context = _context(plane)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _wrap(plane, context)
    plane.newest_refusal("TLS_VERSION")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_without_a_certificate_gets_a_tls_alert(plane: Plane, version: ssl.TLSVersion) -> None:
    context = _context(plane, certificate=False)
    context.maximum_version = version
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        _wrap(plane, context).recv(1)
    assert "no certificate" in plane.newest_refusal("NO_CLIENT_CERTIFICATE").text


def test_a_client_that_trusts_another_root_refuses_the_server(plane: Plane) -> None:
    other = make_identity(ENDPOINT, region=REGION)
    with pytest.raises(ssl.SSLCertVerificationError):
        _wrap(plane, _context(plane, other.root_pem))
    assert "does not trust" in plane.newest_refusal("SERVER_CERTIFICATE_REJECTED").text


def test_the_real_amazon_root_ca_1_does_not_verify_the_stand_in(plane: Plane) -> None:
    with open(certifi.where(), encoding="ascii") as bundle:
        context = _context(plane, bundle.read().encode())
    with pytest.raises(ssl.SSLCertVerificationError):
        _wrap(plane, context)


def test_a_wrong_host_name_is_refused_by_the_client(plane: Plane) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)hostname|not valid for"):
        _wrap(plane, _context(plane), "another.example")


@pytest.mark.parametrize("name", [ENDPOINT, "localhost", "127.0.0.1"])
def test_the_server_certificate_holds_for_endpoint_localhost_and_loopback(plane: Plane, name: str) -> None:
    RawClient(_wrap(plane, _context(plane), name)).connect("device")


def test_no_session_is_resumed(plane: Plane) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = _context(plane)
        context.minimum_version = context.maximum_version = version
        first = _wrap(plane, context)
        RawClient(first).connect("device")
        session = first.session
        second = context.wrap_socket(plane.tcp(), server_hostname=ENDPOINT, session=session)
        RawClient(second).connect("device")
        assert not second.session_reused
        second.close()


@pytest.mark.parametrize(("offered", "chosen"), [(["x-amzn-mqtt-ca"], "x-amzn-mqtt-ca"), (["other"], None), ([], None)])
def test_alpn_is_the_name_of_mqtt_with_certificates_or_nothing(
    plane: Plane, offered: list[str], chosen: str | None
) -> None:
    context = _context(plane)
    if offered:
        context.set_alpn_protocols(offered)
    sock = _wrap(plane, context)
    assert sock.selected_alpn_protocol() == chosen
    RawClient(sock).connect("device")


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c", bytes(200)]
)
def test_what_is_no_tls_ends_that_connection_only(plane: Plane, noise: bytes) -> None:
    other = plane.connected("other")
    sock = plane.tcp()
    sock.sendall(noise)
    while sock.recv(4096):
        pass
    assert plane.dp.transcript.refusals()[-1].reason in ("NO_TLS", "TLS_FAILED")
    other.ping()


def test_a_client_that_leaves_in_the_handshake_is_no_refusal(plane: Plane) -> None:
    plane.tcp().close()
    plane.connected("device").ping()
    assert plane.dp.transcript.refusals() == []


def test_the_transcript_tells_version_sni_and_certificate_of_a_handshake(plane: Plane) -> None:
    plane.connected("device")
    entry = plane.dp.transcript.entries(kind="tls")[0]
    for part in ("TLSv1.3", f"SNI {ENDPOINT}", "CN=device", "CN=Tests CA"):
        assert part in entry.text


def test_a_record_split_over_many_packets_is_put_together(plane: Plane) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = _context(plane).wrap_bio(incoming, outgoing, server_hostname=ENDPOINT)
    sock = plane.tcp()

    def pump() -> None:
        for byte in outgoing.read():
            sock.sendall(bytes([byte]))

    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            pump()
            incoming.write(sock.recv(65536))
    tls.write(connect_packet("device"))
    pump()
    while True:
        incoming.write(sock.recv(65536))
        try:
            assert tls.read(4) == b"\x20\x02\x00\x00"
            break
        except ssl.SSLWantReadError:
            continue


def test_the_identity_is_a_ca_and_a_server_certificate_with_hidden_key() -> None:
    identity = make_identity(ENDPOINT, region=REGION)
    root = x509.load_pem_x509_certificate(identity.root_pem)
    server = x509.load_pem_x509_certificate(identity.certificate_pem)
    server.verify_directly_issued_by(root)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [ENDPOINT, "localhost"]
    assert isinstance(server.public_key(), ec.EllipticCurvePublicKey)
    assert "PRIVATE KEY" not in repr(identity)
    assert "stand-in" in root.subject.rfc4514_string()
