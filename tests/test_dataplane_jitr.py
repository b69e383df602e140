"""Just-in-time registration: unknown certificates of a registered CA."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from dataplane_registry import ALLOW_ALL, Issued, RawClient, connect_packet, issue
from tools import openssl_makes_the_guides_files

from dicfix.offline.dataplane import AWS_IOT

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def _watcher(plane: Plane) -> RawClient:
    watcher = plane.connected("watcher")
    watcher.subscribe(("$aws/events/certificates/registered/+", 0))
    return watcher


def _present(plane: Plane, issued: Issued, *, sni: str | None = "localhost") -> RawClient:
    client = plane.client(issued, sni=sni)
    client.send(connect_packet("new-device"))
    return client


def test_an_unknown_certificate_of_the_registered_ca_becomes_pending_and_is_dropped(plane: Plane) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=True)
    watcher, leaf = _watcher(plane), issue("new", plane.ca)
    plane.refused(_present(plane, leaf), "CERTIFICATE_REGISTERED_NOW")
    registered = plane.registry.certificates[leaf.certificate_id]
    assert (registered.status, registered.ca_certificate_id) == ("PENDING_ACTIVATION", plane.ca.certificate_id)
    event = watcher.read()
    assert event.topic == f"$aws/events/certificates/registered/{plane.ca.certificate_id}"
    content = json.loads(event.payload)
    assert content["certificateId"] == leaf.certificate_id
    assert content["caCertificateId"] == plane.ca.certificate_id
    assert content["certificateStatus"] == "PENDING_ACTIVATION"
    assert content["awsAccountId"] == plane.registry.account_id
    assert content["certificateRegistrationTimestamp"] is None
    assert content["timestamp"] == plane.clock.now_ms()


def test_a_pending_certificate_is_refused_and_reported_again_each_time(plane: Plane) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=True)
    leaf = issue("new", plane.ca)
    plane.refused(_present(plane, leaf), "CERTIFICATE_REGISTERED_NOW")
    watcher = _watcher(plane)
    for _ in range(2):
        plane.refused(_present(plane, leaf), "CERTIFICATE_PENDING_ACTIVATION")
        content = json.loads(watcher.read().payload)
        assert content["certificateId"] == leaf.certificate_id
        assert content["certificateRegistrationTimestamp"] == 1_700_000_000_000


def test_it_connects_once_it_is_activated_and_has_a_policy(plane: Plane) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=True)
    leaf = issue("new", plane.ca)
    _present(plane, leaf).expect_closed()
    plane.registry.set_status(leaf, "ACTIVE")
    plane.registry.set_policies(leaf, ALLOW_ALL)
    plane.connected("new-device", leaf)


def test_nothing_is_registered_at_the_handshake_alone(plane: Plane) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=True)
    leaf = issue("new", plane.ca)
    plane.client(leaf).close()
    plane.connected("device").ping()
    assert leaf.certificate_id not in plane.registry.certificates


@pytest.mark.parametrize("mode", ["DEFAULT", "SNI_ONLY"])
def test_nothing_is_registered_without_sni(plane: Plane, mode: str) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=True, mode=mode)
    leaf = issue("new", plane.ca)
    entry = plane.refused(_present(plane, leaf, sni=None), "CERTIFICATE_UNKNOWN")
    assert "no SNI" in entry.text
    assert leaf.certificate_id not in plane.registry.certificates


def test_a_switch_registers_certificates_of_a_single_account_ca_without_sni(make_plane: Callable[..., Plane]) -> None:
    plane = make_plane(dataclasses.replace(AWS_IOT, jitr_without_sni=True))
    plane.registry.register_ca(plane.ca, auto_registration=True, mode="DEFAULT")
    plane.refused(_present(plane, issue("new", plane.ca), sni=None), "CERTIFICATE_REGISTERED_NOW")


def test_an_inactive_ca_registers_nothing(plane: Plane) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=True, status="INACTIVE")
    entry = plane.refused(_present(plane, issue("new", plane.ca)), "CERTIFICATE_UNKNOWN")
    assert "INACTIVE" in entry.text


def test_a_ca_without_automatic_registration_registers_nothing(plane: Plane) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=False)
    entry = plane.refused(_present(plane, issue("new", plane.ca)), "CERTIFICATE_UNKNOWN")
    assert "automatic registration of its CA certificate is OFF" in entry.text


def test_an_issuer_name_without_its_signature_registers_nothing(plane: Plane) -> None:
    plane.registry.register_ca(plane.ca, auto_registration=True)
    forged = issue("new", issue("Tests CA"))
    plane.refused(_present(plane, forged), "CERTIFICATE_UNKNOWN")
    assert forged.certificate_id not in plane.registry.certificates


def test_a_version_1_certificate_as_the_openssl_command_makes_it_is_registered(plane: Plane) -> None:
    openssl_makes_the_guides_files(plane.folder)
    ca = x509.load_pem_x509_certificate((plane.folder / "CA.crt").read_bytes())
    leaf = x509.load_pem_x509_certificate((plane.folder / "device.crt").read_bytes())
    key = serialization.load_pem_private_key((plane.folder / "device.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert leaf.version is x509.Version.v1
    plane.registry.register_ca(Issued(ca, key), auto_registration=True)
    plane.refused(_present(plane, Issued(leaf, key)), "CERTIFICATE_REGISTERED_NOW")
