"""Fixtures of the data plane's tests: a running plane with its registry, certificates and raw clients."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dataplane_registry import (
    ALLOW_ALL,
    DEADLINE_S,
    ENDPOINT,
    REGION,
    DictRegistry,
    Issued,
    RawClient,
    client_context,
    eventually,
    issue,
)

from dicfix.offline.dataplane import AWS_IOT, DataPlane, Entry, ManualClock, Profile, ServerIdentity, make_identity


class Plane:
    """A data plane on a manual clock, with a device certificate that may do everything."""

    def __init__(self, identity: ServerIdentity, folder: Path, profile: Profile) -> None:
        self.identity = identity
        self.folder = folder
        self.registry = DictRegistry()
        self.clock = ManualClock()
        self.ca = issue("Tests CA")
        self.device = issue("device", self.ca)
        self.registry.register(self.device, ALLOW_ALL)
        self.dp = DataPlane(self.registry, identity, profile=profile, clock=self.clock)
        self._sockets: list[socket.socket] = []

    def tcp(self) -> socket.socket:
        """A plain TCP connection."""
        sock = socket.create_connection(("127.0.0.1", self.dp.port), timeout=DEADLINE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets.append(sock)
        return sock

    def client(self, issued: Issued | None = None, *, sni: str | None = ENDPOINT) -> RawClient:
        """A client after its TLS handshake, before CONNECT."""
        issued = issued or self.device
        context = client_context(self.identity.root_pem, issued.write(self.folder, issued.certificate_id[:16]))
        # The endpoint is checked by test_dataplane_tls; other names are for the server to judge.
        context.check_hostname = sni in (ENDPOINT, "localhost")
        sock = context.wrap_socket(self.tcp(), server_hostname=sni)
        self._sockets.append(sock)
        return RawClient(sock)

    def connected(
        self, client_id: str, issued: Issued | None = None, *, sni: str | None = ENDPOINT, **options: Any
    ) -> RawClient:
        """A connected client."""
        client = self.client(issued, sni=sni)
        client.connect(client_id, **options)
        return client

    def refused(self, client: RawClient, reason: str) -> Entry:
        """The refusal that ended ``client``, which has ``reason`` and is the newest."""
        client.expect_closed()
        return self.newest_refusal(reason)

    def newest_refusal(self, reason: str) -> Entry:
        """The newest refusal, once there is one; it has ``reason``."""
        entry: Entry = eventually(self.dp.transcript.refusals)[-1]
        assert entry.reason == reason, self.dp.transcript.render()
        return entry

    def advance(self, seconds: float) -> None:
        """Let time pass, and the timers with it."""
        self.dp.settle()
        self.clock.advance(seconds)
        self.dp.settle()

    def close(self) -> None:
        self.dp.stop()
        for sock in self._sockets:
            sock.close()


@pytest.fixture(scope="session")
def server_identity() -> ServerIdentity:
    return make_identity(ENDPOINT, region=REGION)


@pytest.fixture
def make_plane(server_identity: ServerIdentity, tmp_path: Path) -> Iterator[Callable[..., Plane]]:
    """Makes started planes and stops them."""
    planes: list[Plane] = []

    def make(profile: Profile = AWS_IOT) -> Plane:
        plane = Plane(server_identity, tmp_path, profile)
        planes.append(plane)
        plane.dp.start()
        return plane

    yield make
    for plane in planes:
        plane.close()


@pytest.fixture
def plane(make_plane: Callable[..., Plane]) -> Plane:
    """A started plane with AWS IoT's behaviour."""
    return make_plane()
