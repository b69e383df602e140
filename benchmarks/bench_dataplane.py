"""Figures of the MQTT data plane, beside mosquitto's in the same run: ``python benchmarks/bench_dataplane.py``.

Each broker runs in its own process with mutual TLS; one load generator drives both over raw sockets: 100-byte payloads
from one publisher to one subscriber, new connections one after the other, and idle connections for the memory figure.
Ours has policies and transcript on. Without mosquitto on the machine only ours is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cryptography import x509  # noqa: E402
from dataplane_registry import (  # noqa: E402
    ENDPOINT,
    REGION,
    DictRegistry,
    Issued,
    RawClient,
    allow,
    client_context,
    issue,
    publish_packet,
)

PAYLOAD = b"x" * 100
TOPIC = "bench/topic"
CHUNK = 50
OUTSTANDING = 2_000
RUN_S = 2.0
ROUNDS = 3
CONNECTS = 300
IDLE = 300
TARGETS = {"QoS 0": 0.4, "QoS 1": 0.4, "connects": 300.0, "KB": 40.0}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        allow("iot:Connect", "client/${iot:ClientId}"),
        allow(["iot:Publish", "iot:Receive"], "topic/bench/*"),
        allow("iot:Subscribe", "topicfilter/bench/*"),
        allow("iot:Publish", "topic/forbidden/*", effect="Deny"),
    ],
}


@dataclass(frozen=True)
class Server:
    """A running broker."""

    name: str
    process: subprocess.Popen[str]
    port: int


def serve_ours(folder: Path) -> None:
    """Run the data plane until standard input ends."""
    from dicfix.offline.dataplane import DataPlane, ServerIdentity

    identity = ServerIdentity(
        ENDPOINT,
        (folder / "root.pem").read_bytes(),
        (folder / "server.pem").read_bytes(),
        (folder / "server.key").read_bytes(),
    )
    registry = DictRegistry()
    certificate = x509.load_pem_x509_certificate((folder / "device.crt").read_bytes())
    registry.register(Issued(certificate, None), POLICY)  # type: ignore[arg-type]
    with DataPlane(registry, identity) as dp:
        print(dp.port, flush=True)
        sys.stdin.read()


def start_ours(folder: Path) -> Server:
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return Server("ours", process, int(process.stdout.readline()))


def start_mosquitto(folder: Path, binary: str) -> Server:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nset_tcp_nodelay true\nallow_anonymous true\nuser root\n"
        f"cafile {folder}/ca.crt\ncertfile {folder}/server.pem\nkeyfile {folder}/server.key\n"
        "require_certificate true\nmax_queued_messages 0\nmax_inflight_messages 0\nlog_dest none\n"
    )
    process = subprocess.Popen([binary, "-c", str(config)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            threading.Event().wait(0.02)
        else:
            return Server("mosquitto", process, port)
    raise SystemExit("mosquitto did not start")


class Generator:
    """The load of one broker."""

    def __init__(self, server: Server, context: ssl.SSLContext) -> None:
        self.server = server
        self._context = context

    def client(self, client_id: str) -> RawClient:
        sock = socket.create_connection(("127.0.0.1", self.server.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = RawClient(self._context.wrap_socket(sock, server_hostname=ENDPOINT))
        client.connect(client_id, keep_alive_s=600)
        return client

    def messages_per_s(self, qos: int) -> float:
        """Messages that reach the subscriber in a second; the publisher at QoS 1 has 50 at a time on their way."""
        subscriber, publisher = self.client("sub"), self.client("pub")
        subscriber.subscribe((TOPIC, qos))
        count = _Count(len(publish_packet(TOPIC, PAYLOAD, qos=qos)))
        reader = threading.Thread(target=_count_acknowledged if qos else _count_bytes, args=(subscriber.sock, count))
        reader.start()
        chunk = b"".join(publish_packet(TOPIC, PAYLOAD, qos=qos, packet_id=n + 1) for n in range(CHUNK))
        start = time.perf_counter()
        while time.perf_counter() - start < RUN_S:
            publisher.sock.sendall(chunk)
            if qos:
                _read_exactly(publisher.sock, 4 * CHUNK)
            else:
                count.room.acquire(timeout=5)
        rate = count.messages / (time.perf_counter() - start)
        subscriber.sock.shutdown(socket.SHUT_RDWR)
        reader.join()
        publisher.close()
        subscriber.close()
        return rate

    def connects_per_s(self) -> float:
        """Handshake, CONNECT, CONNACK, one after the other."""
        clients = []
        start = time.perf_counter()
        for number in range(CONNECTS):
            clients.append(self.client(f"c{number}"))
            if len(clients) >= 50:
                clients.pop(0).close()
        seconds = time.perf_counter() - start
        for client in clients:
            client.close()
        return CONNECTS / seconds

    def kilobytes_per_connection(self) -> float:
        """Growth of the broker's resident memory over idle connections."""
        self.client("warm").close()
        before = _resident_kb(self.server.process.pid)
        clients = [self.client(f"idle{number}") for number in range(IDLE)]
        after = _resident_kb(self.server.process.pid)
        for client in clients:
            client.close()
        return (after - before) / IDLE


@dataclass
class _Count:
    """What one subscriber got; ``room`` is how many more chunks may be on their way to it at QoS 0."""

    packet_bytes: int
    messages: int = 0
    room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(OUTSTANDING // CHUNK))


def _count_bytes(sock: ssl.SSLSocket, count: _Count) -> None:
    rest = chunks = 0
    with contextlib.suppress(OSError):
        while data := sock.recv(65536):
            whole, rest = divmod(rest + len(data), count.packet_bytes)
            count.messages += whole
            while count.messages // CHUNK > chunks:
                chunks += 1
                count.room.release()


def _count_acknowledged(sock: ssl.SSLSocket, count: _Count) -> None:
    size, data = count.packet_bytes, b""
    at = size - len(PAYLOAD) - 2
    with contextlib.suppress(OSError):
        while more := sock.recv(65536):
            data += more
            whole = len(data) // size
            sock.sendall(b"".join(b"\x40\x02" + data[n * size + at : n * size + at + 2] for n in range(whole)))
            data = data[whole * size :]
            count.messages += whole


def _read_exactly(sock: ssl.SSLSocket, size: int) -> None:
    while size:
        data = sock.recv(size)
        if not data:
            raise SystemExit("the broker ended a connection")
        size -= len(data)


def _resident_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise SystemExit("no VmRSS for the broker")


def prepare(folder: Path) -> ssl.SSLContext:
    """Write every file that the brokers and the generator need."""
    from dicfix.offline.dataplane import make_identity

    identity = make_identity(ENDPOINT, region=REGION)
    (folder / "root.pem").write_bytes(identity.root_pem)
    (folder / "server.pem").write_bytes(identity.certificate_pem)
    (folder / "server.key").touch(0o600)
    (folder / "server.key").write_bytes(identity.key)
    ca = issue("bench CA", extensions=[x509.BasicConstraints(ca=True, path_length=None)])
    ca.write(folder, "ca")
    return client_context(identity.root_pem, issue("bench device", ca).write(folder, "device"))


def measure(generators: list[Generator]) -> dict[str, dict[str, float]]:
    """Every figure for every broker; rounds alternate between the brokers, and the median counts."""
    figures: dict[str, Callable[[Generator], float]] = {
        "KB": Generator.kilobytes_per_connection,
        "connects": Generator.connects_per_s,
        "QoS 0": lambda generator: generator.messages_per_s(0),
        "QoS 1": lambda generator: generator.messages_per_s(1),
    }
    results: dict[str, dict[str, float]] = {}
    for name, figure in figures.items():
        rounds = 1 if name == "KB" else ROUNDS
        runs = [[figure(generator) for generator in generators] for _ in range(rounds)]
        results[name] = {
            generator.server.name: statistics.median(run[index] for run in runs)
            for index, generator in enumerate(generators)
        }
    return results


def report(results: dict[str, dict[str, float]]) -> bool:
    """Print the figures beside their targets; whether all are met."""
    met = True
    for name, unit in (("QoS 0", "msg/s"), ("QoS 1", "msg/s")):
        ours, other = results[name]["ours"], results[name].get("mosquitto")
        ratio = f"{ours / other:.2f} of mosquitto's {other:,.0f}" if other else "mosquitto is not on this machine"
        met &= other is None or ours / other >= TARGETS[name]
        print(f"{name:22} {ours:10,.0f} {unit:8} {ratio}; target {TARGETS[name]}")
    ours = results["connects"]["ours"]
    met &= ours >= TARGETS["connects"]
    print(f"{'connects':22} {ours:10,.0f} a second; target {TARGETS['connects']:.0f}{_beside(results['connects'])}")
    ours = results["KB"]["ours"]
    met &= ours <= TARGETS["KB"]
    print(f"{'memory':22} {ours:10,.1f} KB a connection; target {TARGETS['KB']:.0f}{_beside(results['KB'])}")
    return met


def _beside(figures: dict[str, float]) -> str:
    return f"; mosquitto {figures['mosquitto']:,.0f}" if "mosquitto" in figures else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    arguments = parser.parse_args()
    if arguments.serve:
        serve_ours(Path(arguments.serve))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context = prepare(folder)
        servers = [start_ours(folder)]
        binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if binary:
            servers.append(start_mosquitto(folder, binary))
        try:
            met = report(measure([Generator(server, context) for server in servers]))
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait(5)
    if arguments.check and not met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
