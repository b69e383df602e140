"""Controls of "Set up MQTT Explorer": the connection profile, field by field, and the connection itself.

May import the profile of ``mqtt``, which is pure, and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicfix.certificates import read_certificate, read_private_key
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import local_certificate
from dicfix.findings import Axis, Finding, Severity
from dicfix.guide.values import MQTT_PORT
from dicfix.mqtt.profile import ExplorerProfile, problems
from dicfix.mqtt.profile_material import problems_of_server_certificate
from dicfix.records import known
from dicfix.trust import AMAZON_ROOT_CA_1

_RESOURCE = "MQTT Explorer"
_CONNECTION = "MQTT Explorer > Connections"


def _profile(look: Look, judge_it: Callable[[ExplorerProfile], Iterator[Finding]]) -> Iterator[Finding]:
    profile = look.given(look.inventory.explorer)
    if profile is not None:
        yield from judge_it(profile)
    elif look.auditing:
        yield look.manual("the connection's settings: a picture of them, or MQTT Explorer's settings file", _RESOURCE)
    else:
        yield look.absent(_RESOURCE, "a connection profile", "none given")


@control(
    "DIC-EXP-04",
    clauses=("EXP-1",),
    severity=Severity.CRITICAL,
    title="The Explorer's host is the account's data endpoint (ATS)",
    rationale="AmazonRootCA1 vouches for the ATS endpoint alone; another account's knows none of these clients.",
    remedy="enter the answer of: aws iot describe-endpoint --endpoint-type iot:Data-ATS",
    needs=("explorer", "endpoint"),
    operations=("iot:DescribeEndpoint",),
)
def host_is_the_endpoint(look: Look) -> Iterator[Finding]:
    """EXP-1: host = the account's data endpoint."""

    def judge_it(profile: ExplorerProfile) -> Iterator[Finding]:
        endpoint = known(look.inventory.endpoint)
        custom = bool(look.settings.endpoint_url)
        found = [
            one.observed
            for one in problems(profile, endpoint=endpoint, custom_endpoint=custom)
            if one.field in ("host", "protocol")
        ]
        yield look.judge(_RESOURCE, not found, expected=f"host {endpoint}", observed="; ".join(found) or profile.host)

    yield from _profile(look, judge_it)


@control(
    "DIC-SRV-03",
    clauses=("EXP-2",),
    severity=Severity.CRITICAL,
    title="The Explorer's port is 8883",
    rationale="AWS IoT Core speaks MQTT over mutual TLS on 8883; the Explorer's own default is 1883.",
    remedy=f"enter {MQTT_PORT} under {_CONNECTION} > Port",
    needs=("explorer",),
)
def port_is_8883(look: Look) -> Iterator[Finding]:
    """EXP-2: port 8883."""

    def judge_it(profile: ExplorerProfile) -> Iterator[Finding]:
        right = profile.port == MQTT_PORT
        yield look.judge(_RESOURCE, right, expected=f"port {MQTT_PORT}", observed=f"port {profile.port}")

    yield from _profile(look, judge_it)


@control(
    "DIC-SRV-04",
    clauses=("EXP-3",),
    severity=Severity.CRITICAL,
    title="Encryption and certificate validation are on",
    rationale="Without validation the Explorer talks to whoever answers.",
    remedy=f"switch both on under {_CONNECTION}: Validate certificate, Encryption (tls)",
    needs=("explorer",),
)
def encryption_and_validation_are_on(look: Look) -> Iterator[Finding]:
    """EXP-3: encryption on, certificate validation on."""

    def judge_it(profile: ExplorerProfile) -> Iterator[Finding]:
        switches = {"encryption": profile.encryption, "validation": profile.validate_certificate}
        observed = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in switches.items())
        yield look.judge(_RESOURCE, all(switches.values()), expected="encryption on, validation on", observed=observed)

    yield from _profile(look, judge_it)


@control(
    "DIC-EXP-05",
    clauses=("EXP-4",),
    title="The topics of the guide are subscribed",
    rationale="What is not subscribed is not seen; * is no MQTT wildcard, so light/* as printed receives nothing.",
    remedy="subscribe light/# or lock/# (or # for everything) under Advanced > Topic",
    needs=("explorer",),
)
def topics_are_subscribed(look: Look) -> Iterator[Finding]:
    """EXP-4: topics subscribed, read with # where the guide prints *."""

    def judge_it(profile: ExplorerProfile) -> Iterator[Finding]:
        meant = [one.replace("*", "#") for one in look.edition.explorer_topics]
        filters = [one.topic for one in profile.subscriptions]
        covered = [any(_covers(one, wanted) for one in filters) for wanted in meant]
        any_will_do = look.edition.topics_by_application
        literal = [one for one in filters if "*" in one]
        hint = f" ({literal[0]} receives nothing: * is no wildcard)" if literal else ""
        ok = any(covered) if any_will_do else all(covered)
        yield look.judge(
            _RESOURCE,
            ok,
            expected=(" or " if any_will_do else " and ").join(meant) + " subscribed",
            observed=(", ".join(filters) or "no topic") + hint,
            deviation=hint.strip(" ()"),
        )

    yield from _profile(look, judge_it)


def _covers(topic_filter: str, wanted: str) -> bool:
    if topic_filter in ("#", wanted):
        return True
    return topic_filter.endswith("/#") and wanted.startswith(topic_filter[:-1])


@control(
    "DIC-EXP-06",
    clauses=("EXP-5",),
    severity=Severity.CRITICAL,
    title="The Explorer's client ID is its thing's name",
    rationale="Policy variables know the Explorer by its thing name, and another client's ID would drop that client.",
    remedy="enter the thing name under Advanced > MQTT client ID",
    needs=("explorer",),
)
def client_id_is_the_thing_name(look: Look) -> Iterator[Finding]:
    """EXP-5: client ID = the thing name of the certificate set."""
    wanted = look.settings.explorer_name

    def judge_it(profile: ExplorerProfile) -> Iterator[Finding]:
        observed = profile.client_id
        yield look.judge(
            _RESOURCE, observed == wanted, expected=f"client ID {wanted}", observed=f"client ID {observed or '(empty)'}"
        )

    yield from _profile(look, judge_it)


@control(
    "DIC-EXP-07",
    clauses=("EXP-6",),
    severity=Severity.CRITICAL,
    title="Server certificate, client certificate and client key are given",
    rationale="Mutual TLS takes all three: the root for the server, certificate and key for oneself.",
    remedy="choose AmazonRootCA1.pem, explorer.crt and explorer.key under Advanced > Certificates",
    needs=("explorer", "local", "server_root_pem"),
)
def certificates_are_given(look: Look) -> Iterator[Finding]:
    """EXP-6: server certificate, client certificate, client key."""

    def judge_it(profile: ExplorerProfile) -> Iterator[Finding]:
        yield from look.settled(f"{_RESOURCE}: server certificate", lambda: _server_certificate(look, profile))
        yield from look.settled(f"{_RESOURCE}: client certificate", lambda: _client_certificate(look, profile))
        yield from look.settled(f"{_RESOURCE}: client key", lambda: _client_key(look, profile))

    yield from _profile(look, judge_it)


def _server_certificate(look: Look, profile: ExplorerProfile) -> Iterator[Finding]:
    stand_in = None
    if look.settings.target == "offline" or look.settings.endpoint_url:
        root = look.given(look.inventory.server_root_pem)
        same = root and _certificate_id(root) == _certificate_id(profile.server_certificate)
        stand_in = root if same and _certificate_id(root or "") != AMAZON_ROOT_CA_1 else None
    found = [one.observed for one in problems_of_server_certificate(profile.server_certificate, stand_in)]
    yield look.judge(
        f"{_RESOURCE}: server certificate",
        not found,
        expected="AmazonRootCA1",
        observed="; ".join(found) or ("the stand-in root" if stand_in else "AmazonRootCA1"),
        deviation="a stand-in root in AmazonRootCA1's place" if stand_in else "",
    )


def _certificate_id(pem: str) -> str:
    return read_certificate(pem, "the server certificate").certificate_id if pem else ""


def _client_certificate(look: Look, profile: ExplorerProfile) -> Iterator[Finding]:
    resource, expected = f"{_RESOURCE}: client certificate", "the certificate of the Explorer's own set"
    if not profile.client_certificate:
        yield look.absent(resource, expected, "no client certificate given")
        return
    given = read_certificate(profile.client_certificate, "the client certificate")
    own = local_certificate(look, look.settings.explorer_name)
    right = not given.is_ca and (own is None or own.certificate_id == given.certificate_id)
    yield look.judge(resource, right, expected=expected, observed=f"{given.subject} ({given.certificate_id[:12]})")


def _client_key(look: Look, profile: ExplorerProfile) -> Iterator[Finding]:
    resource, expected = f"{_RESOURCE}: client key", "the key of the client certificate"
    if not profile.client_key:
        yield look.absent(resource, expected, "no client key given")
    elif profile.client_certificate:
        key = read_private_key(profile.client_key, "the client key")
        fits = read_certificate(profile.client_certificate, "the client certificate").public_key_matches(key)
        yield look.judge(resource, fits, expected=expected, observed="its key" if fits else "another key")


@control(
    "DIC-EXP-08",
    clauses=("EXP-7",),
    severity=Severity.BLOCKER,
    title="The Explorer's connection is made",
    rationale="Every setting above is there for this.",
    remedy="read the reason of the refusal in the transcript; python -m dicfix controls explains each setting",
    needs=("sessions",),
    operations=("iot-data:GetConnection",),
)
def connection_is_made(look: Look) -> Iterator[Finding]:
    """EXP-7: the connection is made, as AWS reports it or as this run made it."""
    name = look.settings.explorer_name
    session = (look.given(look.inventory.sessions) or {}).get(name)
    connected = session is not None and known(session.connected)
    if connected:
        yield look.judge(name, True, expected="connected", observed="connected")
    elif look.auditing:
        yield look.manual("a picture of the Explorer connected (none is connected at this moment)", name)
    else:
        # A session that was ended before is no nearer to a connection than none.
        yield look.absent(name, "connected", "not connected" if session else "no session of this client ID")


@control(
    "DIC-FIT-15",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="The Explorer does not subscribe to $SYS/#",
    rationale="AWS IoT ends the connection of whoever subscribes there, and the Explorer reconnects for ever.",
    remedy="remove $SYS/# under Advanced; it is there by default",
    needs=("explorer",),
    source="MQTT Explorer's default subscriptions; AWS IoT developer guide, reserved-topics.html",
)
def no_subscription_under_sys(look: Look) -> Iterator[Finding]:
    """No filter under $SYS."""

    def judge_it(profile: ExplorerProfile) -> Iterator[Finding]:
        wrong = [one.topic for one in profile.subscriptions if one.topic.split("/")[0] == "$SYS"]
        yield look.judge(
            _RESOURCE, not wrong, expected="no topic under $SYS", observed=", ".join(wrong) or "no topic under $SYS"
        )

    yield from _profile(look, judge_it)
