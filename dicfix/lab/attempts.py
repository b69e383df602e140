"""Attempts: connections and requests that are meant to be refused, and the reason at both ends.

May import ``accounts`` and the lab's rooms.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from dicfix.accounts import lifecycle
from dicfix.accounts.waiting import wait_until
from dicfix.certificates import ClientMaterial
from dicfix.device.board import DEVICE_PROFILES
from dicfix.errors import ConnectionRefused, DeadlineExceeded, UsageError
from dicfix.guide.values import MQTT_PORT
from dicfix.lab import Lab, stranger
from dicfix.lab.network import KeptRefusal
from dicfix.lab.variations import variation
from dicfix.mqtt.connection import Connection
from dicfix.mqtt.parameters import ConnectionParameters, TlsMaterial
from dicfix.mqtt.route import Route

REGISTERED_TOPIC = "$aws/events/certificates/registered/"
MARKER_TOPIC = "dicfix/marker"


class Attempts:
    """What MQTT Explorer and others try in one scenario; the last attempt is the one that is judged.

    ``connection`` is what an accepted attempt gave, ``refusal`` what a refused one ended with.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.connection: Connection | None = None
        self.refusal: ConnectionRefused | None = None
        self._last_accepted: Connection | None = None
        self._earlier: Connection | None = None
        self._observer: Connection | None = None
        self._client: ClientMaterial | None = None
        self._mark = 0

    @classmethod
    def made(cls, lab: Lab, name: str) -> Attempts:
        """Attempts beside another lab, the first of them made."""
        attempts = cls(lab)
        attempts.connect(name)
        return attempts

    # Trying

    def connect(self, name: str) -> None:
        """Try MQTT Explorer's connection in the variation of this name."""
        chosen = variation(name)
        parameters = chosen.change(self.lab)
        if chosen.late:
            self._try_until_refused(parameters, chosen.late)
        else:
            self._try(lambda: self._dial(parameters))

    def connect_with(self, client: ClientMaterial, thing_name: str) -> None:
        """Try the guide's connection under a thing's client ID with another client certificate."""
        parameters = stranger.with_client(self.lab.parameters(thing_name), client)
        self._try(lambda: self._dial(parameters))

    def connect_with_second(self, thing_name: str) -> None:
        """Try the guide's connection of a thing with its second certificate."""
        self.connect_with(lifecycle.second_client(self.lab.account.site, thing_name), thing_name)

    def connect_as(self, thing_name: str) -> None:
        """Try the guide's connection of a thing."""
        self._try(lambda: self._dial(self.lab.parameters(thing_name)))

    def connect_from(self, elsewhere: Lab) -> None:
        """Try, at this lab's endpoint, the Explorer's client set of another lab."""
        name = elsewhere.settings.explorer_name
        host, root_pem = self.lab.account.endpoint(), self.lab.network.server_root_pem
        client = elsewhere.account.site.client(name)
        tls = TlsMaterial(root_pem, client.certificate.pem, client.key.pem)
        self._try(lambda: self._dial(ConnectionParameters(host, MQTT_PORT, name, tls)))

    def connect_again(self) -> None:
        """Connect once more under the client ID of the attempt before, which is still connected."""
        self._earlier = first = self._accepted()
        self._try(lambda: self._dial(first.parameters, taking_over=True))

    def connect_further_client(self) -> None:
        """Try, under the device's client ID, a certificate of the CA that nobody registered; the same every time."""
        if self._client is None:
            self._client = stranger.further_client(self.lab.account.site)
        self.connect_with(self._client, self.lab.settings.devices[0])

    def boot(self, profile: str) -> None:
        """Try to switch the first device on, with the habits of a device profile."""
        self._try(lambda: self.lab.switch_on("lighting", profile=DEVICE_PROFILES[profile]).connection)

    def subscribe(self, topic_filter: str) -> None:
        """Try a subscription on the connection of the attempt before."""
        connection = self._accepted()

        def ask() -> Connection:
            connection.subscribe(topic_filter)
            return connection

        self._try(ask)

    def _dial(self, parameters: ConnectionParameters, *, taking_over: bool = False) -> Connection:
        # Whatever host name is written, the run's own endpoint is dialled: no stranger's server is ever asked.
        own = self.lab.network.routes.find(self.lab.account.endpoint(), parameters.port)
        route = Route(parameters.host, parameters.port, own.address, own.via_port)
        return self.lab.connect(parameters, route=route, taking_over=taking_over)

    def _try(self, ask: Callable[[], Connection]) -> bool:
        self._mark = max((one.number for one in self._kept()), default=0)
        self.connection = self.refusal = None
        try:
            self.connection = self._last_accepted = ask()
        except ConnectionRefused as refusal:
            self.refusal = self.lab.refusal = refusal
        return self.refusal is not None

    def _try_until_refused(self, parameters: ConnectionParameters, late: str) -> None:
        deadlines = self.lab.settings.deadlines

        def refused() -> bool | None:
            if self.connection is not None:
                self.connection.disconnect()
            return self._try(lambda: self._dial(parameters)) or None

        # Offline everything happens at once, so one try tells.
        timeout_s = getattr(deadlines, late) if self.lab.network.server_refusals is None else 0.0
        with suppress(DeadlineExceeded):
            wait_until(refused, name=late, timeout_s=timeout_s, poll_s=deadlines.poll_s, waiting_for="a refusal")

    # Judging the last attempt

    def expect_refused(self, stage: str, reason: str) -> None:
        """Hold what the client saw; raises AssertionError that tells what client and cloud say instead."""
        __tracebackhide__ = True
        expected, seen = f"{stage}: {reason}", self._seen()
        if seen != expected:
            raise AssertionError(f"the client saw {seen!r}, expected {expected!r}; {self._cloud_says()}")

    def expect_kept(self, reason: str) -> None:
        """Hold the reason that the embedded cloud kept; AWS tells its reason to nobody, so there nothing is held."""
        __tracebackhide__ = True
        if self.lab.network.server_refusals is not None:
            self._await_kept(reason)

    def expect_accepted(self) -> None:
        """Hold that the last attempt was accepted and is still connected."""
        __tracebackhide__ = True
        if self.connection is None or not self.connection.is_connected:
            raise AssertionError(f"the client saw {self._seen()!r}, expected 'connected'; {self._cloud_says()}")

    def expect_taken_over(self) -> None:
        """Hold that the attempt before the last was dropped by the last, which is connected."""
        __tracebackhide__ = True
        if self._earlier is None:
            raise UsageError("nobody has connected a second time in this scenario")
        self._await_end(self._earlier, "message_s")
        self.expect_accepted()

    def expect_unharmed(self) -> None:
        """Hold that the last connection that was accepted works on, whatever was refused since."""
        __tracebackhide__ = True
        if self._last_accepted is None:
            raise UsageError("no connection was accepted in this scenario")
        self._last_accepted.publish(MARKER_TOPIC, "works on", qos=1)

    def expect_dropped(self, deadline: str) -> None:
        """Hold that the connection of the last attempt is ended by the server within a deadline of the settings."""
        __tracebackhide__ = True
        self._await_end(self._accepted(), deadline)

    def _accepted(self) -> Connection:
        if self.connection is None:
            raise AssertionError(f"the client saw {self._seen()!r}, expected 'connected'; {self._cloud_says()}")
        return self.connection

    def _await_end(self, connection: Connection, deadline: str) -> None:
        limit_s = getattr(self.lab.settings.deadlines, deadline)
        who = connection.parameters.client_id
        wait_until(
            lambda: connection.ended,
            name=deadline,
            timeout_s=limit_s,
            poll_s=self.lab.settings.deadlines.poll_s,
            waiting_for=lambda: f"the end of the connection of {who}; {self._cloud_says()}",
        )

    def _await_kept(self, reason: str) -> None:
        __tracebackhide__ = True

        def kept() -> bool | None:
            return any(one.reason == reason for one in self._since()) or None

        settings = self.lab.settings
        try:
            # A client may know of a refusal before the cloud has read the alert that tells it so.
            wait_until(kept, name="kept", timeout_s=_ALERT_S, poll_s=settings.deadlines.poll_s, waiting_for=reason)
        except DeadlineExceeded:
            text = f"{self._cloud_says()}, expected {reason!r}; the client saw {self._seen()!r}"
            raise AssertionError(text) from None

    def _seen(self) -> str:
        return f"{self.refusal.stage}: {self.refusal.reason}" if self.refusal else "connected"

    def _kept(self) -> tuple[KeptRefusal, ...]:
        refusals = self.lab.network.server_refusals
        return refusals() if refusals else ()

    def _since(self) -> list[KeptRefusal]:
        return [one for one in self._kept() if one.number > self._mark]

    def _cloud_says(self) -> str:
        if self.lab.network.server_refusals is None:
            return "AWS tells no client why"
        reasons = "; ".join(f"{one.reason!r} ({one.text})" for one in self._since())
        return f"the cloud kept {reasons or 'no refusal'}"

    # Registrations by AWS itself

    def watch_registrations(self) -> None:
        """Connect MQTT Explorer and subscribe the registrations of the CA's certificates. Source: AWS-4.5."""
        self._observer = self.lab.connect(self.lab.parameters(self.lab.settings.explorer_name))
        ca_id = self.lab.account.site.keystore.ca_certificate().certificate_id
        self._observer.subscribe(REGISTERED_TOPIC + ca_id)

    def expect_registered(self, status: str) -> None:
        """Hold that AWS tells of the further client's registration, and that the registry has it with ``status``."""
        __tracebackhide__ = True
        certificate_id = self.further_id
        if self._observer is None:
            raise UsageError("nobody watches registrations in this scenario")
        message = self._observer.wait_for(REGISTERED_TOPIC + "#", lambda one: certificate_id.encode() in one.payload)
        event = json.loads(message.payload)
        found = lifecycle.read_certificate(self.lab.account.site, certificate_id)
        seen = (event.get("certificateStatus"), found.status if found else "not registered")
        if seen != (status, status):
            raise AssertionError(f"event and registry say {seen}, expected {status} of both")

    def activate_further_client(self) -> None:
        """Set the further client's certificate ACTIVE, with the policy and the device's thing."""
        lifecycle.activate(self.lab.account.site, self.lab.settings.devices[0], self.further_id)

    @property
    def further_id(self) -> str:
        """The certificate ID of the further client; UsageError before it has tried to connect."""
        if self._client is None:
            raise UsageError("no further client has tried to connect in this scenario")
        return self._client.certificate.certificate_id

    # Topic filters

    def listen(self, topic_filter: str) -> None:
        """Connect MQTT Explorer with this topic filter alone, beside a marker topic that proves silence."""
        self.connect_as(self.lab.settings.explorer_name)
        self._observer = self._accepted()
        self._observer.subscribe(topic_filter, MARKER_TOPIC)

    def listen_too(self, topic_filter: str) -> None:
        """Subscribe another topic filter on the listening connection."""
        self._listening().subscribe(topic_filter)

    def expect_silence(self) -> None:
        """Hold that nothing of the device's state arrived, shown by a marker that the device publishes last."""
        __tracebackhide__ = True
        device = self.lab.device.connection
        self._listening().expect_nothing("light/#", since=0, marker_topic=MARKER_TOPIC, publisher=device)

    def expect_arrival(self, payload: str, topic: str) -> None:
        """Hold that a payload arrives on a topic."""
        __tracebackhide__ = True
        self._listening().wait_for(topic, lambda message: message.payload == payload.encode())

    def _listening(self) -> Connection:
        if self._observer is None:
            raise UsageError("MQTT Explorer listens to nothing in this scenario")
        return self._observer


_ALERT_S = 2.0
"""How long the embedded cloud may take to read a client's last alert."""
