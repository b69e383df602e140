"""A small world for the MQTT client's tests: certificates, a mosquitto with mutual TLS, and servers that misbehave."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dicfix.certificates import CaMaterial, ClientMaterial, issue_client, make_ca
from dicfix.mqtt.connection import Connection, connect
from dicfix.mqtt.parameters import ConnectionParameters, Deadlines, TlsMaterial
from dicfix.mqtt.route import Route
from tests.tools import require_tool

ENDPOINT = "a2m21kovu9tcsh-ats.iot.ap-southeast-1.amazonaws.com"
SHORT = Deadlines(connect_s=5, connack_s=5, subscribe_s=5, publish_s=5, message_s=5, end_s=5)


@dataclass(frozen=True)
class Server:
    """A root in Amazon's place and the certificate of one host."""

    root_pem: str
    certificate_pem: str
    key_pem: str


def make_server(host: str, root: CaMaterial) -> Server:
    """A server certificate for ``host`` under ``root``."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")]))
        .issuer_name(root.certificate.parsed.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(root.key.secret, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return Server(root.certificate.pem, pem.decode(), secret.decode())


@dataclass(frozen=True)
class World:
    """The material of one test run."""

    root: CaMaterial
    other_root: CaMaterial
    ca: CaMaterial
    stranger_ca: CaMaterial
    explorer: ClientMaterial
    device: ClientMaterial
    server: Server

    def parameters(self, client_id: str = "explorer", *, who: ClientMaterial | None = None) -> ConnectionParameters:
        """Parameters as the guide has them, for a client of this world."""
        client = who or self.explorer
        tls = TlsMaterial(self.root.certificate.pem, client.certificate.pem, client.key.pem)
        return ConnectionParameters(ENDPOINT, 8883, client_id, tls)


@dataclass
class Broker:
    """A running mosquitto; ``kill`` ends it."""

    route: Route
    world: World
    process: subprocess.Popen[bytes]

    def connect(self, client_id: str = "explorer", **changes: object) -> Connection:
        """A connection of the world's explorer; ``changes`` go to the parameters' TLS material."""
        parameters = self.world.parameters(client_id)
        assert parameters.tls is not None
        tls = replace(parameters.tls, **changes)  # type: ignore[arg-type]
        return connect(replace(parameters, tls=tls), route=self.route, deadlines=SHORT)

    def kill(self) -> None:
        """End it without a word to its clients."""
        self.process.kill()
        self.process.wait(10)


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start_mosquitto(directory: Path, world: World, *, require_certificate: bool = True) -> Broker:
    """Start mosquitto with mutual TLS on a free port and wait until it listens."""
    port = free_port()
    for name, text in (
        ("ca.crt", world.ca.certificate.pem),
        ("server.crt", world.server.certificate_pem),
        ("server.key", world.server.key_pem),
    ):
        (directory / name).write_text(text)
    (directory / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\ncafile {directory}/ca.crt\n"
        f"certfile {directory}/server.crt\nkeyfile {directory}/server.key\n"
        f"require_certificate {str(require_certificate).lower()}\nlog_dest none\nuser root\n"
    )
    process = subprocess.Popen(
        [require_tool("mosquitto"), "-c", str(directory / "mosquitto.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for_port(port, process)
    return Broker(Route(ENDPOINT, 8883, "127.0.0.1", port), world, process)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "mosquitto ended at once"
        threading.Event().wait(0.025)
    raise AssertionError("mosquitto did not listen within 5 s")


class ScriptedServer:
    """A TCP server that does one scripted thing with its first connection, in a thread of its own."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self._script = script
        self.done = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def route(self) -> Route:
        """The way to it."""
        return Route(ENDPOINT, 8883, "127.0.0.1", self._listener.getsockname()[1])

    def _serve(self) -> None:
        try:
            accepted, _address = self._listener.accept()
        except OSError:
            return
        with accepted:
            accepted.settimeout(10)
            try:
                self._script(accepted)
            except OSError:
                return
            self.done.wait(10)

    def close(self) -> None:
        """Stop and close."""
        self.done.set()
        self._listener.close()
        self._thread.join(10)


@pytest.fixture(scope="session")
def world() -> World:
    """Certificates for all tests of the MQTT client."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    root, other_root = make_ca("/CN=Stand-in root", now=now), make_ca("/CN=Another root", now=now)
    ca, stranger = make_ca("/CN=DIC CA", now=now), make_ca("/CN=Stranger CA", now=now)
    return World(
        root,
        other_root,
        ca,
        stranger,
        issue_client(ca, "/CN=explorer", now=now),
        issue_client(ca, "/CN=device", now=now),
        make_server(ENDPOINT, root),
    )


@pytest.fixture(scope="session")
def broker(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One mosquitto with mutual TLS for all tests that leave it alive."""
    started = start_mosquitto(tmp_path_factory.mktemp("mosquitto"), world)
    yield started
    started.kill()


@pytest.fixture
def own_broker(world: World, tmp_path: Path) -> Iterator[Broker]:
    """A mosquitto of this test alone, which may be killed."""
    started = start_mosquitto(tmp_path, world)
    yield started
    started.kill()


@pytest.fixture
def scripted() -> Iterator[Callable[[Callable[[socket.socket], None]], ScriptedServer]]:
    """Starts scripted servers and closes them afterwards."""
    servers: list[ScriptedServer] = []

    def start(script: Callable[[socket.socket], None]) -> ScriptedServer:
        servers.append(ScriptedServer(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
