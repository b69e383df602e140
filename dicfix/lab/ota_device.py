"""A virtual device with its OTA agent: the command ``ota`` starts it, and it reboots into what it downloaded.

The agent is sans-io; here it gets a connection, a thread and a clock. May import ``device``, ``mqtt`` and the lab.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from dicfix.certificates import read_certificate
from dicfix.device.board import DEVICE_PROFILES
from dicfix.device.ota.verification import version_of
from dicfix.device.ota_agent import (
    FIRMWARE,
    STRICT,
    Action,
    Actions,
    Activate,
    AgentSettings,
    OtaAgent,
    Outcome,
    Progress,
    Publish,
    Subscribe,
    Version,
)
from dicfix.device.virtual import VirtualDevice
from dicfix.errors import ConnectionRefused, DeadlineExceeded, DicfixError
from dicfix.lab import Lab
from dicfix.lab.ota_mishaps import Mishaps

AGENT_PROFILES: dict[str, AgentSettings] = {one.name: one for one in (STRICT, FIRMWARE)}
IDLE_S = 60.0
"""How long an agent that waits for nothing sleeps at a time; a message or the end of the connection wakes it."""


@dataclass(frozen=True, slots=True)
class AgentClock:
    """The clock of an OTA agent, in seconds; with a ``speed`` above 1 its ten seconds pass sooner."""

    speed: float = 1.0

    def __call__(self) -> float:
        return time.monotonic() * self.speed

    def real_s(self, until: float | None) -> float:
        """How long to wait until the agent's time ``until``."""
        return IDLE_S if until is None else max(0.0, (until - self()) / self.speed)


@dataclass(frozen=True, slots=True)
class OtaBuild:
    """What a device is built with: application, profile (``strict``, ``firmware``), version, certificate of the signer.

    ``agent`` replaces the profile's agent settings.
    """

    signer_pem: str = field(repr=False)
    application: str = "lighting"
    profile: str = "strict"
    version: Version = Version(0, 9, 2)  # noqa: RUF009 - an immutable value
    agent: AgentSettings | None = None

    @property
    def agent_settings(self) -> AgentSettings:
        """The settings of its OTA agent."""
        return self.agent or AGENT_PROFILES[self.profile]


class OtaDevice:
    """One such device. ``outcomes`` are what its agent made of each job, ``failure`` the error that ended it.

    ``reports`` counts the times that everything which the agent had to say about an outcome was sent.
    """

    def __init__(
        self, lab: Lab, thing_name: str, build: OtaBuild, *, clock: AgentClock, on_progress: Callable[[], None]
    ) -> None:
        self.thing_name = thing_name
        self.build = build
        self.version = build.version
        self.mishaps = Mishaps()
        self.progress: Progress | None = None
        self.outcomes: list[Outcome] = []
        self.failure: DicfixError | None = None
        self.reports = 0
        self._lab = lab
        self._clock = clock
        self._on_progress = on_progress
        self._changed = threading.Condition()
        self._device: VirtualDevice | None = None
        self._agent: OtaAgent | None = None
        self._thread: threading.Thread | None = None
        self._powered = False
        self._position = 0
        self._pending: list[Action] = []

    # What is done to it

    def switch_on(self) -> None:
        """Boot: connect and obey ``command``; the OTA agent waits for the command ``ota``."""
        self._powered = True
        self._boot()

    def switch_off(self, *, at_once: bool = False) -> None:
        """Disconnect, or lose power without a word; what the agent had downloaded is gone."""
        self._powered = False
        self.mishaps.let_go()
        if self._device is not None:
            (self._device.lose_power if at_once else self._device.switch_off)()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(self._lab.network.deadlines.end_s)
        self._thread = None

    @property
    def ota_started(self) -> bool:
        """Whether the command ``ota`` has started the OTA agent since the device was switched on."""
        return self._thread is not None

    def wait_for(self, condition: Callable[[OtaDevice], bool], timeout_s: float) -> bool:
        """Wait until ``condition(self)`` holds; gives whether it came to hold."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self) or self.failure is not None, timeout_s) and condition(
                self
            )

    # What it does

    def _boot(self) -> None:
        profile = DEVICE_PROFILES[self.build.profile]
        self._position = 0
        self._device = self._lab.switch_on(
            self.build.application, thing_name=self.thing_name, profile=profile, on_ota=self._begin
        )

    def _begin(self) -> None:
        """Called for the command ``ota``, in the thread of the board."""
        if self._thread is not None:
            return
        self._agent = OtaAgent(
            self.thing_name,
            self._clock,
            settings=self.build.agent_settings,
            version=self.version,
            certificate=read_certificate(self.build.signer_pem).parsed,
            on_progress=self._progressed,
        )
        self._thread = threading.Thread(target=self._run, name=f"dic-ota-{self.thing_name}", daemon=True)
        self._thread.start()
        self._tell()

    def _run(self) -> None:
        try:
            self._pending.extend(self._live_agent.start())
            while self._powered and self._agent is not None:
                try:
                    self._step(self._agent)
                except ConnectionRefused:
                    if self._powered:
                        self._come_back()
        except DicfixError as error:
            self.failure = error
        finally:
            self._tell()

    @property
    def _live_agent(self) -> OtaAgent:
        if self._agent is None:
            raise RuntimeError("the OTA agent of this device was not started")
        return self._agent

    @property
    def _live_device(self) -> VirtualDevice:
        if self._device is None:
            raise RuntimeError("this device was not switched on")
        return self._device

    def _step(self, agent: OtaAgent) -> None:
        self._do_pending()
        self._report()
        if self._agent is not agent or self._pending:
            return
        connection = self._live_device.connection
        try:
            message = connection.wait_for(
                f"$aws/things/{self.thing_name}/#",
                since=self._position,
                timeout_s=self._clock.real_s(agent.next_deadline()),
            )
        except DeadlineExceeded:
            self._pending.extend(agent.tick())
        else:
            self._position = message.number + 1
            self._pending.extend(self._heard(agent, message.topic, message.payload))
        self._remember(agent)

    def _heard(self, agent: OtaAgent, topic: str, payload: bytes) -> Actions:
        arrived = self.mishaps.arrival(topic, payload)
        if self.mishaps.cuts_now():
            self._live_device.connection.drop()
        return agent.receive(topic, arrived) if arrived is not None else ()

    def _report(self) -> None:
        if self.reports != len(self.outcomes):
            self.reports = len(self.outcomes)
            self._tell()
            self._on_progress()

    def _do_pending(self) -> None:
        while self._pending:
            action = self._pending[0]
            if isinstance(action, Activate):
                self._pending.clear()
                self._reboot(action.image)
                return
            self._send(action)
            del self._pending[0]

    def _send(self, action: Subscribe | Publish) -> None:
        connection = self._live_device.connection
        if isinstance(action, Subscribe):
            connection.subscribe(action.topic_filter, qos=action.qos)
        else:
            connection.publish(action.topic, action.payload, qos=action.qos, wait=action.qos > 0)

    def _reboot(self, image: bytes) -> None:
        agent = self._live_agent
        self._remember(agent)
        self._live_device.switch_off()
        if agent.settings.verifies:
            # Its agent starts by itself after an update: the new version has to pass its self test.
            actions = agent.rebooted()
            self.version = agent.version
            self._boot()
            self._pending.extend(actions)
        else:
            # The boot loader looks at the image alone, not at what was written behind it to fill the flash.
            size_bytes = self.progress.total_bytes if self.progress else len(image)
            self.version = version_of(image[:size_bytes], self.version) or self.version
            self._agent = self._thread = None
            self._boot()
        self._tell()

    def _come_back(self) -> None:
        agent = self._live_agent
        sent_before, self._pending = self._pending, list(agent.disconnected())
        if not agent.settings.reconnects:
            self._powered = False
            return
        self._boot()
        self._pending.extend((*agent.reconnected(), *sent_before))

    def _progressed(self, progress: Progress) -> None:
        self.progress = progress
        self._tell()
        self._on_progress()
        self.mishaps.hold(progress.received_blocks)

    def _remember(self, agent: OtaAgent) -> None:
        if len(agent.outcomes) > 0:
            self.outcomes.extend(agent.outcomes)
            agent.outcomes.clear()
            self.version = agent.version
            self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()
