"""What a probe of the endpoint tells: its root, that it is another's, or that nobody was seen."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
from dataplane_registry import ENDPOINT

from dicfix.certificates import read_certificate
from dicfix.errors import ConnectionRefused, DeadlineExceeded, MaterialError
from dicfix.mqtt.probe import verified_root
from dicfix.mqtt.route import Route
from dicfix.trust import amazon_root_ca_1

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def probe(port: int, root_pem: str, host: str = ENDPOINT, timeout_s: float = 5.0) -> str:
    return verified_root(host, route=Route(host, 8883, "127.0.0.1", port), root_pem=root_pem, timeout_s=timeout_s)


def test_the_root_that_vouches_for_the_endpoint_is_told(plane: Plane) -> None:
    root = plane.identity.root_pem.decode()
    assert probe(plane.dp.port, root) == read_certificate(root).certificate_id


def test_with_another_root_nothing_is_verified(plane: Plane) -> None:
    assert probe(plane.dp.port, amazon_root_ca_1().pem) == ""


def test_under_another_name_nothing_is_verified(plane: Plane) -> None:
    assert probe(plane.dp.port, plane.identity.root_pem.decode(), host="another.iot.eu-west-1.amazonaws.com") == ""


def test_a_probe_opens_no_session(plane: Plane) -> None:
    probe(plane.dp.port, plane.identity.root_pem.decode())
    assert [entry.text for entry in plane.dp.transcript.entries() if "CONNECT" in entry.text] == []


def test_a_port_on_which_nobody_listens_is_no_verdict(plane: Plane) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefused, match="nothing listens"):
            probe(bound.getsockname()[1], plane.identity.root_pem.decode())


def test_a_server_that_says_nothing_is_no_verdict(plane: Plane) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DeadlineExceeded, match="connect_s"):
        probe(silent.getsockname()[1], plane.identity.root_pem.decode(), timeout_s=0.2)


def test_a_server_that_hangs_up_is_no_verdict(plane: Plane) -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:
        hangs_up = threading.Thread(target=lambda: rude.accept()[0].close(), daemon=True)
        hangs_up.start()
        with pytest.raises(ConnectionRefused):
            probe(rude.getsockname()[1], plane.identity.root_pem.decode())
        hangs_up.join(5.0)


def test_a_root_that_is_none_is_told(plane: Plane) -> None:
    with pytest.raises(MaterialError, match="no certificate in PEM form"):
        probe(plane.dp.port, "nonsense")
