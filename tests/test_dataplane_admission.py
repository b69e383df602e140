"""Which certificates may connect, and with which SNI."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from dataplane_registry import ALLOW_ALL, ENDPOINT, connect_packet, issue

from dicfix.offline.dataplane import AWS_IOT

if TYPE_CHECKING:
    from dataplane_fixtures import Plane

pytest_plugins = ["dataplane_fixtures"]


def test_an_active_certificate_with_a_policy_connects(plane: Plane) -> None:
    plane.connected("device")
    [entry] = plane.dp.transcript.entries(kind="connect")
    assert (entry.client_id, entry.refused, entry.certificate_id) == ("device", False, plane.device.certificate_id)


def test_a_strangers_certificate_is_refused(plane: Plane) -> None:
    client = plane.client(issue("stranger", issue("other CA")))
    client.send(connect_packet("device"))
    assert client.expect_closed() == []
    entry = plane.newest_refusal("CERTIFICATE_UNKNOWN")
    assert "CN=stranger" in entry.text
    assert "CN=other CA" in entry.text
    assert "no registered CA certificate signed it" in entry.text


def test_a_certificate_registered_without_its_ca_connects(plane: Plane) -> None:
    alone = issue("alone", issue("never registered"))
    plane.registry.register(alone, ALLOW_ALL, mode="SNI_ONLY")
    plane.connected("alone", alone)


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED", "PENDING_TRANSFER"])
def test_a_refusal_names_the_status(plane: Plane, status: str) -> None:
    plane.registry.set_status(plane.device, status)
    client = plane.client()
    client.send(connect_packet("device"))
    assert client.expect_closed() == []
    assert status in plane.newest_refusal(f"CERTIFICATE_{status}").text or status == "PENDING_TRANSFER"


def _refused_with_status(plane: Plane, status: str) -> None:
    plane.registry.set_status(plane.device, status)
    client = plane.client()
    client.send(connect_packet("device"))
    plane.refused(client, f"CERTIFICATE_{status}")


def test_an_inactive_certificate_is_refused(plane: Plane) -> None:
    _refused_with_status(plane, "INACTIVE")


def test_a_revoked_certificate_is_refused(plane: Plane) -> None:
    _refused_with_status(plane, "REVOKED")


def test_a_certificate_in_transfer_is_refused(plane: Plane) -> None:
    _refused_with_status(plane, "PENDING_TRANSFER")


def test_an_expired_certificate_is_refused(plane: Plane) -> None:
    expired = issue("expired", plane.ca, start_days=-400, end_days=-1)
    plane.registry.register(expired, ALLOW_ALL)
    client = plane.client(expired)
    client.send(connect_packet("device"))
    plane.refused(client, "CERTIFICATE_EXPIRED")


def test_a_certificate_that_is_not_yet_valid_is_refused(plane: Plane) -> None:
    early = issue("early", plane.ca, start_days=1)
    plane.registry.register(early, ALLOW_ALL)
    client = plane.client(early)
    client.send(connect_packet("device"))
    plane.refused(client, "CERTIFICATE_NOT_YET_VALID")


def test_validity_dates_are_a_switch_of_the_profile(make_plane: Callable[..., Plane]) -> None:
    plane = make_plane(dataclasses.replace(AWS_IOT, refuse_dates=False))
    expired = issue("expired", plane.ca, start_days=-400, end_days=-1)
    plane.registry.register(expired, ALLOW_ALL)
    plane.connected("device", expired)


def test_a_certificate_that_expires_on_the_planes_clock_is_refused(plane: Plane) -> None:
    plane.connected("device")
    plane.advance(361 * 86400)
    client = plane.client()
    client.send(connect_packet("device"))
    plane.refused(client, "CERTIFICATE_EXPIRED")


def test_a_certificate_of_an_sni_only_ca_is_refused_without_sni(plane: Plane) -> None:
    plane.registry.register(plane.device, ALLOW_ALL, mode="SNI_ONLY")
    client = plane.client(sni=None)
    client.send(connect_packet("device"))
    assert "SNI_ONLY" in plane.refused(client, "SNI_MISSING").text


def test_a_certificate_of_a_single_account_ca_connects_without_sni(plane: Plane) -> None:
    plane.connected("device", sni=None)


@pytest.mark.parametrize("sni", [ENDPOINT, "localhost", ENDPOINT.upper()])
def test_the_endpoint_and_localhost_are_accepted_as_sni(plane: Plane, sni: str) -> None:
    plane.registry.register(plane.device, ALLOW_ALL, mode="SNI_ONLY")
    plane.connected("device", sni=sni)


@pytest.mark.parametrize("sni", [ENDPOINT.replace("eu-west-1", "us-east-1"), "z9-ats.iot.eu-west-1.amazonaws.com"])
def test_an_sni_of_another_account_or_region_is_refused(plane: Plane, sni: str) -> None:
    client = plane.client(sni=sni)
    client.send(connect_packet("device"))
    assert sni in plane.refused(client, "SNI_FOREIGN").text


def test_two_ca_certificates_with_one_subject_serve_both_their_devices(plane: Plane) -> None:
    first, second = issue("same name"), issue("same name")
    for number, ca in enumerate((first, second)):
        plane.registry.register_ca(ca)
        leaf = issue(f"leaf {number}", ca)
        plane.registry.register(leaf, ALLOW_ALL, ca=ca)
        plane.connected(f"leaf{number}", leaf)


def test_a_deactivated_certificate_loses_its_connection_at_once(plane: Plane) -> None:
    client = plane.connected("device")
    plane.registry.set_status(plane.device, "INACTIVE")
    client.expect_closed()
    entry = plane.newest_refusal("AUTH_ERROR")
    assert "INACTIVE" in entry.text
    state = plane.dp.connection("device")
    assert state is not None
    assert (state.connected, state.disconnect_reason) == (False, "AUTH_ERROR")


def test_a_deleted_certificate_loses_its_connection_at_once(plane: Plane) -> None:
    client = plane.connected("device")
    plane.registry.delete(plane.device)
    client.expect_closed()
    assert "deleted" in plane.newest_refusal("AUTH_ERROR").text


def test_other_certificates_keep_their_connections(plane: Plane) -> None:
    other = issue("other", plane.ca)
    plane.registry.register(other, ALLOW_ALL)
    gone, kept = plane.connected("device"), plane.connected("other", other)
    plane.registry.set_status(plane.device, "REVOKED")
    gone.expect_closed()
    kept.ping()
