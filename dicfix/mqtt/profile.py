"""MQTT Explorer's connection profile: its fields, its own defaults, the guide's values, and what is wrong with one.

Imports errors, the guide's values and this package's pure modules; never paho, so that controls may judge a profile.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address

from dicfix.guide.values import MQTT_PORT
from dicfix.mqtt.parameters import ConnectionParameters, TlsMaterial
from dicfix.mqtt.problem import Problem
from dicfix.mqtt.profile_material import problems_of_client_material, problems_of_server_certificate
from dicfix.mqtt.topics import MAX_CLIENT_ID_BYTES, MAX_FILTERS_PER_SUBSCRIBE, problem_of_filter

PROTOCOLS = ("mqtt://", "ws://")
DEFAULT_PORT = 1883
DEFAULT_TOPICS = ("#", "$SYS/#")
KEEP_ALIVE_S = 60
"""MQTT Explorer sets none; this is the default of its library, MQTT.js."""

_DEFAULT_CLIENT_ID = re.compile(r"mqtt-explorer-[0-9a-f]{8}")
_DATA_ENDPOINT = re.compile(r"[a-z0-9]+(-ats)?\.iot\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter that MQTT Explorer subscribes to when it has connected."""

    topic: str
    qos: int = 0


@dataclass(frozen=True, slots=True)
class ExplorerProfile:
    """The fields of a connection in MQTT Explorer; the three last are PEM text, empty where no file was chosen.

    Source: Set Up MQTT Explorer (EXP-1 to EXP-6); MQTT Explorer, app/src/model/ConnectionOptions.ts.
    """

    name: str
    host: str
    port: int
    client_id: str
    subscriptions: tuple[Subscription, ...]
    protocol: str = "mqtt://"
    encryption: bool = True
    validate_certificate: bool = True
    username: str = ""
    password: str = field(default="", repr=False)
    server_certificate: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)

    @classmethod
    def defaults(cls, name: str = "new connection") -> ExplorerProfile:
        """A new connection as MQTT Explorer fills it in before anybody has typed."""
        return cls(
            name=name,
            host="",
            port=DEFAULT_PORT,
            client_id=f"mqtt-explorer-{secrets.token_hex(4)}",
            subscriptions=tuple(Subscription(topic) for topic in DEFAULT_TOPICS),
            encryption=False,
        )

    @classmethod
    def of_guide(
        cls,
        *,
        endpoint: str,
        thing_name: str,
        server_certificate: str,
        client_certificate: str,
        client_key: str,
        topics: Sequence[str] = ("#",),
    ) -> ExplorerProfile:
        """The connection as the guide fills it in; ``endpoint`` is the account's ATS data endpoint."""
        return cls(
            name=thing_name,
            host=endpoint,
            port=MQTT_PORT,
            client_id=thing_name,
            subscriptions=tuple(Subscription(topic) for topic in topics),
            server_certificate=server_certificate,
            client_certificate=client_certificate,
            client_key=client_key,
        )

    def parameters(self) -> ConnectionParameters:
        """The connection that MQTT Explorer would make of it, right or wrong."""
        tls = TlsMaterial(
            self.server_certificate,
            self.client_certificate or None,
            self.client_key or None,
            verifies_server=self.validate_certificate,
        )
        return ConnectionParameters(
            self.host,
            self.port,
            self.client_id,
            tls if self.encryption else None,
            keep_alive_s=KEEP_ALIVE_S,
            username=self.username or None,
            password=self.password or None,
        )


def problems(
    profile: ExplorerProfile,
    *,
    thing_name: str | None = None,
    endpoint: str | None = None,
    expected_root: str | None = None,
    custom_endpoint: bool = False,
    at: datetime | None = None,
) -> tuple[Problem, ...]:
    """Everything that differs from the guide or cannot work, field by field in the order of the form.

    ``thing_name`` is the thing of the certificate set, ``endpoint`` the account's data endpoint; what is None is not
    compared. ``expected_root`` is a PEM that takes AmazonRootCA1's place (the stand-in root). ``custom_endpoint``
    allows a host that is no AWS IoT data endpoint. With ``at`` the client certificate's validity is judged too.
    Source: EXP-1 to EXP-6, DIC-FIT-15, DIC-SRV-03.
    """
    return (
        *_problems_of_address(profile, endpoint, custom_endpoint),
        *_problems_of_security(profile),
        *_problems_of_client_id(profile.client_id, thing_name),
        *_problems_of_subscriptions(profile.subscriptions),
        *problems_of_server_certificate(profile.server_certificate, expected_root),
        *problems_of_client_material(profile.client_certificate, profile.client_key, at),
    )


def validate(
    profile: ExplorerProfile,
    *,
    thing_name: str | None = None,
    endpoint: str | None = None,
    expected_root: str | None = None,
    custom_endpoint: bool = False,
    at: datetime | None = None,
) -> None:
    """Raise UsageError for the first of ``problems``; the arguments are the same."""
    found = problems(
        profile,
        thing_name=thing_name,
        endpoint=endpoint,
        expected_root=expected_root,
        custom_endpoint=custom_endpoint,
        at=at,
    )
    if found:
        raise found[0].as_error()


def notes(profile: ExplorerProfile) -> tuple[str, ...]:
    """What is legal and probably not meant: ``*`` is a letter to MQTT, and the guide prints ``light/*``."""
    return tuple(
        f"the topic filter {one.topic!r} receives nothing but the topic of exactly this name: * is no MQTT wildcard; "
        f"{one.topic.replace('*', '#')!r} is meant"
        for one in profile.subscriptions
        if "*" in one.topic
    )


def _problems_of_address(profile: ExplorerProfile, endpoint: str | None, custom: bool) -> Iterator[Problem]:
    if profile.protocol != "mqtt://":
        yield Problem("protocol", f"the protocol is {profile.protocol!r}", "mqtt://", "choose mqtt:// as protocol")
    host = _problem_of_host_text(profile.host) or _problem_of_host(profile.host, endpoint, custom)
    if host is not None:
        yield host
    if profile.port != MQTT_PORT:
        remedy = f"enter {MQTT_PORT} as port"
        if profile.port == 443:
            remedy += " (port 443 needs the ALPN name x-amzn-mqtt-ca, which MQTT Explorer does not send)"
        yield Problem("port", f"the port is {profile.port}", str(MQTT_PORT), remedy)


def _problem_of_host_text(host: str) -> Problem | None:
    expected, remedy = "the host name alone", "enter the account's data endpoint as host, and nothing else"
    if not host:
        return Problem("host", "the host is empty", "the account's data endpoint", remedy)
    for sign, words in (("://", "a scheme"), ("/", "a path"), (":", "a port")):
        if sign in host and not _is_address(host):
            return Problem("host", f"the host {host!r} holds {words}", expected, remedy)
    if any(character.isspace() for character in host):
        return Problem("host", f"the host {host!r} holds a space", expected, remedy)
    return None


def _problem_of_host(host: str, endpoint: str | None, custom: bool) -> Problem | None:
    remedy = "ask for it with: aws iot describe-endpoint --endpoint-type iot:Data-ATS"
    if _is_address(host):
        return Problem(
            "host", f"the host {host!r} is an IP address", "a host name, which the certificate can name", remedy
        )
    match = _DATA_ENDPOINT.fullmatch(host.lower())
    if match is None and not custom:
        return Problem("host", f"the host {host!r} is no AWS IoT data endpoint", "<prefix>-ats.iot.<region>...", remedy)
    if match is not None and match[1] is None:
        return Problem(
            "host",
            f"the host {host!r} is the endpoint of type iot:Data, which AmazonRootCA1 does not vouch for",
            "the endpoint of type iot:Data-ATS, with -ats in its name",
            remedy,
        )
    if endpoint is not None and host.lower() != endpoint.lower():
        return Problem("host", f"the host {host!r} is not the endpoint of this account and Region", endpoint, remedy)
    return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _problems_of_security(profile: ExplorerProfile) -> Iterator[Problem]:
    if not profile.encryption:
        yield Problem("encryption", "encryption (TLS) is off", "on", "turn on Encryption (tls)")
    if not profile.validate_certificate:
        yield Problem("validate_certificate", "certificate validation is off", "on", "turn on Validate certificate")
    for name in ("username", "password"):
        if getattr(profile, name):
            yield Problem(
                name,
                f"a {name} is given",
                "none: the client certificate is the identity",
                f"empty the field {name}",
            )


def _problems_of_client_id(client_id: str, thing_name: str | None) -> Iterator[Problem]:
    remedy = "enter the thing name of the Explorer's certificate set as MQTT client ID"
    size = len(client_id.encode("utf-8", "surrogatepass"))
    if not client_id:
        yield Problem("client_id", "the MQTT client ID is empty", thing_name or "the thing name", remedy)
    elif size > MAX_CLIENT_ID_BYTES:
        expected = f"{MAX_CLIENT_ID_BYTES} bytes at most"
        yield Problem("client_id", f"the MQTT client ID is {size} bytes long", expected, remedy)
    elif thing_name is not None and client_id != thing_name:
        default = " (MQTT Explorer's own default)" if _DEFAULT_CLIENT_ID.fullmatch(client_id) else ""
        yield Problem(
            "client_id", f"the MQTT client ID {client_id!r}{default} is not the thing name", thing_name, remedy
        )
    elif _DEFAULT_CLIENT_ID.fullmatch(client_id):
        yield Problem("client_id", f"the MQTT client ID is MQTT Explorer's own {client_id!r}", "the thing name", remedy)


def _problems_of_subscriptions(subscriptions: tuple[Subscription, ...]) -> Iterator[Problem]:
    if not subscriptions:
        yield Problem("subscriptions", "no topic is subscribed", "at least one, such as #", "add the topic #")
    if len(subscriptions) > MAX_FILTERS_PER_SUBSCRIBE:
        yield Problem(
            "subscriptions",
            f"{len(subscriptions)} topics are subscribed",
            f"{MAX_FILTERS_PER_SUBSCRIBE} at most",
            "remove some, or subscribe to # alone",
        )
    for one in subscriptions:
        problem = problem_of_filter(one.topic)
        if problem is not None:
            yield problem
        if one.qos not in (0, 1):
            yield Problem(
                "subscriptions",
                f"the topic filter {one.topic!r} is subscribed with QoS {one.qos}",
                "QoS 0 or 1; AWS IoT Core has no QoS 2",
                "choose QoS 0",
            )
