"""The lab: MQTT Explorer and virtual devices beside an onboarded account, as the guide's readers have them on a desk.

One Lab serves one scenario; ``close`` ends every connection that it made. May import ``accounts``, ``mqtt`` and
``device``.
"""

from __future__ import annotations

from collections.abc import Callable

from dicfix.accounts import Done, How
from dicfix.accounts.builder import Builder
from dicfix.accounts.guards import require_exclusive
from dicfix.certificates import read_certificate
from dicfix.device.board import STRICT, Board, DeviceProfile
from dicfix.device.virtual import VirtualDevice, device_parameters, switch_on
from dicfix.errors import DicfixError, UsageError
from dicfix.guide import APPLICATIONS
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.lab.network import Network
from dicfix.mqtt.connection import Connection, connect
from dicfix.mqtt.messages import Message
from dicfix.mqtt.parameters import ConnectionParameters, TlsMaterial
from dicfix.mqtt.route import Route
from dicfix.mqtt.topics import matches
from dicfix.mqtt.transcript import Transcript
from dicfix.records import Exchange


class Lab:
    """Explorer and devices of one scenario. ``refusal`` is what the last attempt that was not made ended with."""

    def __init__(self, account: Builder, network: Network) -> None:
        self.account = account
        self.network = network
        self.settings = account.settings
        self.exchanges: list[Exchange] = []
        self.refusal: DicfixError | None = None
        self.transcripts: list[Transcript] = []
        self._explorer: Connection | None = None
        self._devices: dict[str, VirtualDevice] = {}
        self._open: list[Connection] = []
        self._onboarded = False
        account.site.reader.beside["exchanges"] = lambda: tuple(self.exchanges)
        account.site.reader.beside["probe"] = self._verified_root
        account.connector = self.ensure_explorer

    # People and things on the desk

    def onboard(self, *more_things: str) -> None:
        """Steps 1 to 8 of the registration page; ``more_things`` are made in the same step 6."""
        self.account.onboard(*more_things)
        self._onboarded = True

    def parameters(self, thing_name: str, *, keep_alive_s: int = 60) -> ConnectionParameters:
        """The guide's connection for a thing: its endpoint, its client ID, its certificate set."""
        client = self.account.site.client(thing_name)
        tls = TlsMaterial(self.network.server_root_pem, client.certificate.pem, client.key.pem)
        return ConnectionParameters(self.account.endpoint(), 8883, thing_name, tls, keep_alive_s=keep_alive_s)

    def connect(
        self, parameters: ConnectionParameters, *, route: Route | None = None, taking_over: bool = False
    ) -> Connection:
        """Connect along the run's route, after its guard; the connection is closed with the lab.

        ``taking_over`` leaves the guard out, for a client ID that this lab itself has connected.
        """
        connection = connect(
            parameters,
            route=route or self.network.routes.find(parameters.host, parameters.port),
            deadlines=self.network.deadlines,
            before_connect=None if taking_over else self.network.before_connect,
            server_reason=self.network.server_reason,
            on_transcript=self.transcripts.append,
        )
        self._open.append(connection)
        return connection

    def connect_explorer(self) -> Connection:
        """Connect MQTT Explorer with its validated profile and subscribe its topics. Source: EXP-4, EXP-7."""
        profile = self.account.explorer_profile()
        self._explorer = self.connect(profile.parameters())
        for one in profile.subscriptions:
            self._explorer.subscribe(one.topic, qos=one.qos)
        self.account.site.reader.changed()
        return self._explorer

    def show_application(self, application: str) -> None:
        """Subscribe the Explorer to an application's topics that its profile does not cover. Source: EXP-4."""
        filters = [one.topic for one in self.account.explorer_profile().subscriptions]
        for topic in APPLICATIONS[application].state_topics:
            if not any(matches(one, topic) for one in filters):
                self.explorer.subscribe(topic)

    def switch_on(
        self,
        application: str,
        *,
        thing_name: str = "",
        profile: DeviceProfile = STRICT,
        on_ota: Callable[[], None] | None = None,
    ) -> VirtualDevice:
        """Boot a virtual device running an application under a thing's name (the first device's by default).

        ``on_ota`` is called for the command ``ota``. Whoever was switched on under that name before was switched off.
        """
        name = thing_name or self.settings.devices[0]
        client = self.account.site.client(name)
        board = Board(application, edition=self.settings.edition, profile=profile, on_ota=on_ota)
        parameters = device_parameters(
            board,
            host=self.account.endpoint(),
            client_id=name,
            root_pem=self.network.server_root_pem,
            certificate_pem=client.certificate.pem,
            key_pem=client.key.pem,
        )
        device = switch_on(
            board,
            parameters,
            route=self.network.routes.find(parameters.host, parameters.port),
            deadlines=self.network.deadlines,
            before_connect=None if name in self._devices else self.network.before_connect,
            server_reason=self.network.server_reason,
            on_transcript=self.transcripts.append,
        )
        self._devices[name] = device
        self._open.append(device.connection)
        return device

    def put_on_show(self, application: str) -> None:
        """Boot a virtual device running an application, and subscribe the Explorer to its topics. Source: EXP-4."""
        self.switch_on(application)
        self.show_application(application)

    @property
    def explorer(self) -> Connection:
        """MQTT Explorer's connection; UsageError when the scenario has none."""
        if self._explorer is None:
            raise UsageError("MQTT Explorer is not connected in this scenario", remedy="connect it in an earlier step")
        return self._explorer

    @property
    def device(self) -> VirtualDevice:
        """The device of the scenario; UsageError when there is none."""
        if not self._devices:
            raise UsageError("no device is switched on in this scenario", remedy="switch one on in an earlier step")
        return next(iter(self._devices.values()))

    # What they say to each other

    def device_was(self, attribute: str, value: str) -> None:
        """Bring the device into a state from which the next change is one, and let the Explorer see it."""
        since, before = self.explorer.mark(), dict(self.device.board.state)
        self.device.operate(attribute, int(value) if value.isdigit() else value)
        if dict(self.device.board.state) != before:
            self.explorer.wait_for("#", since=since)

    def device_changes(self, attribute: str, value: str, topic: str, payload: str) -> Done:
        """Change the device's state at the device, and note what the Explorer shows on ``topic``. Source: E2E-1."""
        since = self.explorer.mark()
        self.device.operate(attribute, int(value) if value.isdigit() else value)
        return self._note("state", topic, payload, payload, self._shown(topic, since))

    def command(self, payload: str, attribute: str, value: str) -> Done:
        """Publish a command from the Explorer and note what the device then shows. Source: E2E-2."""
        require_exclusive(self.settings)
        self.explorer.publish(COMMAND_TOPIC, payload)
        board = self.device.board
        board.wait_for(lambda b: str(b.state.get(attribute)) == value, self.network.deadlines.message_s)
        shown = f"{attribute} {board.state.get(attribute)}"
        return self._note("command", COMMAND_TOPIC, payload, f"{attribute} {value}", shown)

    def _shown(self, topic: str, since: int) -> str | None:
        try:
            message: Message = self.explorer.wait_for(topic, since=since)
        except DicfixError as error:
            self.refusal = error
            return None
        return message.payload.decode(errors="replace")

    def _note(self, direction: str, topic: str, payload: str, expected: str, observed: str | None) -> Done:
        application = self.device.board.application.name
        self.exchanges.append(Exchange(application, direction, topic, payload, expected, observed))
        return Done.of(f"{direction} of the {application} device", [(f"{payload} on {topic}", How.PERFORMED)])

    def ensure_explorer(self) -> Done:
        """MQTT Explorer connected, in an account that this lab has onboarded. Source: EXP-7, AWS-8.2."""
        if self._explorer is not None and self._explorer.is_connected:
            return Done.of("MQTT Explorer's connection", [("connection", How.FOUND)])
        if not self._onboarded:
            self.onboard()
        self.connect_explorer()
        return Done.of("MQTT Explorer's connection", [("connection", How.PERFORMED)])

    def _verified_root(self) -> str | None:
        if self._explorer is None:
            return None
        return read_certificate(self.network.server_root_pem).certificate_id

    # Looking back and cleaning the desk

    def transcript(self) -> str:
        """What every client and, offline, the server saw, as text without payload secrets or keys."""
        parts = [one.render() for one in self.transcripts]
        server = self.network.server_transcript()
        return "\n\n".join([*parts, f"server\n{server}"] if server else parts)

    def close(self) -> None:
        """End every connection of this lab."""
        for device in self._devices.values():
            device.switch_off()
        for connection in self._open:
            connection.disconnect()
