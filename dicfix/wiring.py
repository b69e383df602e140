"""Puts a run together: session, keystore, journal, account and network for a target and a mode.

The plugin and the command line wire through here; it may import everything below them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicfix.accounts.auditor import Auditor
from dicfix.accounts.builder import Builder
from dicfix.accounts.guards import require_login, require_no_rules, require_not_connected
from dicfix.accounts.journal import Journal
from dicfix.accounts.local import read_local_files
from dicfix.accounts.reading import Reader
from dicfix.accounts.site import Site
from dicfix.aws.registry import read_endpoint
from dicfix.aws.session import AwsSession
from dicfix.certificates import PrivateKey, make_rsa_private_key, read_certificate
from dicfix.errors import UsageError
from dicfix.guide import edition
from dicfix.keystore import Keystore
from dicfix.lab import Lab
from dicfix.lab.network import KeptRefusal, Network
from dicfix.lab.ota import OtaLab
from dicfix.mqtt.parameters import Deadlines
from dicfix.mqtt.probe import verified_root
from dicfix.mqtt.route import Route, Routes
from dicfix.settings import Settings
from dicfix.trust import amazon_root_ca_1

if TYPE_CHECKING:
    from dicfix.offline.cloud import EmbeddedCloud, RegionPlane

JOURNAL = "journal.jsonl"


def now_utc() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How a run reaches its API and MQTT endpoint; ``reset`` gives an empty account (offline only).

    ``session`` may write; clients are made once in it, since a boto3 session costs more than a scenario's calls.
    ``verification_key`` gives the RSA key that proves possession of a CA: offline one for all accounts of the run,
    since making one costs as much as fifty calls.
    """

    session: AwsSession
    client_kwargs: Mapping[str, Any]
    network: Network
    reset: Callable[[], None] | None = None
    verification_key: Callable[[], PrivateKey] | None = None

    @staticmethod
    def offline(cloud: EmbeddedCloud, settings: Settings) -> Surroundings:
        """The embedded cloud, with the documented endpoint routed to its loopback port."""
        network = offline_network(cloud, settings)
        kwargs = {**cloud.client_kwargs(), "in_process": cloud.http_url is None}
        return Surroundings(
            AwsSession(kwargs, max_attempts=1), kwargs, network, cloud.reset, functools.cache(make_rsa_private_key)
        )

    @staticmethod
    def aws(settings: Settings) -> Surroundings:
        """AWS, or another endpoint that speaks its API, by boto3's own credential chain."""
        kwargs: dict[str, Any] = {"region_name": settings.region}
        if settings.endpoint_url:
            kwargs["endpoint_url"] = settings.endpoint_url
        network = Network(Routes(), _server_root(settings), _mqtt_deadlines(settings))
        return Surroundings(AwsSession(kwargs), kwargs, network)


def _mqtt_deadlines(settings: Settings) -> Deadlines:
    connect_s, message_s = settings.deadlines.connect_s, settings.deadlines.message_s
    return Deadlines(connect_s, connect_s, message_s, message_s, message_s, message_s)


def offline_network(plane: EmbeddedCloud | RegionPlane, settings: Settings) -> Network:
    """The network of the embedded cloud, or of one of its other Regions."""
    return Network(
        routes=Routes.offline([Route(plane.endpoint, 8883, "127.0.0.1", plane.mqtt_port)]),
        server_root_pem=plane.server_root_pem,
        deadlines=_mqtt_deadlines(settings),
        server_reason=lambda client_id: _last_refusal(plane, client_id),
        server_transcript=plane.transcript.render,
        server_refusals=lambda: _refusals_and_ends(plane),
    )


def _last_refusal(plane: EmbeddedCloud | RegionPlane, client_id: str) -> str:
    refusals = plane.transcript.refusals(client_id=client_id) or plane.transcript.refusals()
    return refusals[-1].reason if refusals else ""


def _refusals_and_ends(plane: EmbeddedCloud | RegionPlane) -> tuple[KeptRefusal, ...]:
    kept = (entry for entry in plane.transcript.entries() if entry.refused or entry.kind == "end")
    return tuple(KeptRefusal(entry.number, entry.client_id, entry.reason, entry.text) for entry in kept)


def _server_root(settings: Settings) -> str:
    if not settings.server_ca:
        return amazon_root_ca_1().pem
    path = Path(settings.server_ca)
    try:
        root = read_certificate(path.read_bytes(), path.name)
    except OSError as error:
        raise UsageError(
            f"the server CA {path.name} cannot be read: {error.strerror}",
            expected="the PEM file of the root of the MQTT listener's certificate",
            remedy="name it with --dicfix-server-ca",
        ) from error
    if not root.is_ca and not root.is_self_signed():
        raise UsageError(
            f"{path.name} ({root.subject}) is a leaf: it cannot be the root of a server certificate",
            expected="a CA certificate, or a server certificate that signs itself",
            remedy="give the root's own file with --dicfix-server-ca",
        )
    return root.pem


def require_usable(surroundings: Surroundings, settings: Settings) -> None:
    """Raise GuardRefused unless the right account answers and, for an onboarding, no topic rule would fire."""
    require_login(surroundings.session, settings)
    if settings.mode == "onboard":
        require_no_rules(surroundings.session, settings)


def build(surroundings: Surroundings, settings: Settings, directory: Path) -> Builder:
    """A Builder whose certificates and journal lie in ``directory``."""
    session = surroundings.session
    keystore = Keystore(directory, clock=now_utc, verification_key=surroundings.verification_key)
    reader = _reader(session, settings, directory)
    site = Site(session, settings, keystore, Journal(directory / JOURNAL), reader, now_utc)
    return Builder(site, server_root_pem=surroundings.network.server_root_pem)


def audit(surroundings: Surroundings, settings: Settings, directory: Path) -> Auditor:
    """An Auditor over a read-only session, with the local files in ``directory``."""
    session = AwsSession(surroundings.client_kwargs, read_only=True, max_attempts=1 if surroundings.reset else 5)
    reader = _reader(session, settings, directory)
    reader.beside["server_root_pem"] = lambda: surroundings.network.server_root_pem
    reader.beside |= probing(surroundings.network, session, settings)
    return Auditor(session, settings, reader)


def _reader(session: AwsSession, settings: Settings, directory: Path) -> Reader:
    return Reader(session, settings, lambda: read_local_files(directory, settings.devices, settings.explorer_name))


def guarded(network: Network, account: Builder) -> Network:
    """The network with the guard that target ``aws`` needs: no client ID that somebody else is using now."""

    def before_connect(client_id: str) -> None:
        require_not_connected(account.site.session, account.settings, client_id)

    if account.settings.target == "offline":
        return network
    return replace(network, before_connect=before_connect, routes=_routes(account.endpoint, account.settings))


def _routes(endpoint: Callable[[], str], settings: Settings) -> Routes:
    address, _, port = settings.mqtt_endpoint.rpartition(":")
    return Routes((Route(endpoint(), 8883, address, int(port)),)) if address else Routes()


def probing(network: Network, session: AwsSession, settings: Settings) -> dict[str, Callable[[], str]]:
    """The opt-in probe of the endpoint as a part of an inventory, if the settings ask for it. Source: AWS-8.2."""

    def probe() -> str:
        host = read_endpoint(session)
        routes = network.routes if settings.target == "offline" else _routes(lambda: host, settings)
        timeout_s = settings.deadlines.connect_s
        return verified_root(host, route=routes.find(host, 8883), root_pem=network.server_root_pem, timeout_s=timeout_s)

    return {"probe": probe} if settings.probe else {}


def perform_everything(onboarding: Builder, network: Network) -> None:
    """The whole guide in an embedded account: onboarded and, where the edition has it, updated to the end."""
    onboarding.onboard()
    if not edition(onboarding.settings.edition).ota:
        return
    lab = Lab(onboarding, network)
    ota = OtaLab(lab)
    try:
        ota.run_to_the_end()
    finally:
        ota.close()
        lab.close()


def audit_after(onboarding: Builder, surroundings: Surroundings, settings: Settings, directory: Path) -> Auditor:
    """An Auditor over an embedded account that was just onboarded, with the Explorer's profile of that onboarding."""
    auditor = audit(surroundings, settings, directory)
    auditor.beside(onboarding.site.reader.beside["explorer"])
    return auditor
