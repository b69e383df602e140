"""A board: one application of one edition, its limits and its habits, over any link.

Thread-safe; knows no network. Imports ``dicfix.guide``, errors and the applications.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dicfix.device.applications import Ignored, Publication, State, application
from dicfix.errors import UsageError
from dicfix.guide.editions import edition as edition_of

OTA_COMMAND = b"ota"
MAX_CLIENT_ID_BYTES = 29
"""The firmware's room of 30 bytes, the terminating zero taken off."""


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """How a device behaves on the network.

    Neither profile reconnects. ``hears_commands_during_ota`` off: once ``ota`` has started, ``command`` is unheard.
    """

    name: str
    sends_server_name: bool
    checks_host_name: bool
    hears_commands_during_ota: bool
    keep_alive_s: int = 0


STRICT = DeviceProfile("strict", sends_server_name=True, checks_host_name=True, hears_commands_during_ota=True)
"""A device that does what TLS and the guide ask for; keep alive 0 is the documented ``DIC_KEEP_ALIVE``."""
FIRMWARE = DeviceProfile("firmware", sends_server_name=False, checks_host_name=False, hears_commands_during_ota=False)
"""The published firmware: no SNI, no host-name check, no PINGREQ."""

DEVICE_PROFILES = {profile.name: profile for profile in (STRICT, FIRMWARE)}


class Publisher(Protocol):
    """What a board needs of its link: publish a text at QoS 0, without retain."""

    def publish(self, topic: str, payload: str, /) -> object:
        """Hand the message to the network."""


@dataclass(frozen=True, slots=True)
class IgnoredCommand:
    """A payload on ``command`` that the board did not act on, and why."""

    payload: bytes
    reason: str


class Board:
    """One booted board running ``application_name`` as ``edition`` published it.

    ``on_ota`` is called once per boot for the command ``ota`` and returns at once; without it the command is recorded
    as ignored.
    Raises UsageError where the edition has no such application.
    """

    def __init__(
        self,
        application_name: str,
        *,
        edition: str,
        profile: DeviceProfile = STRICT,
        on_ota: Callable[[], None] | None = None,
    ) -> None:
        published = edition_of(edition)
        self.application = application(application_name)
        if application_name not in published.applications:
            raise UsageError(
                f"edition {edition} has no application {application_name}",
                expected="one of " + ", ".join(published.applications),
            )
        self.edition = edition
        self.profile = profile
        self.subscribes = application_name in published.commanded
        self._has_ota = published.ota
        self._on_ota = on_ota
        self._changed = threading.Condition()
        self._state: State = self.application.initial
        self._ignored: list[IgnoredCommand] = []
        self._obeyed: list[bytes] = []
        self._ota_started = False

    @property
    def state(self) -> State:
        """The attributes as they are now."""
        with self._changed:
            return self._state

    @property
    def ignored(self) -> tuple[IgnoredCommand, ...]:
        """The commands that were not acted on, in order."""
        with self._changed:
            return tuple(self._ignored)

    @property
    def obeyed(self) -> tuple[bytes, ...]:
        """The commands that were acted on, in order."""
        with self._changed:
            return tuple(self._obeyed)

    @property
    def ota_started(self) -> bool:
        """Whether ``ota`` has started the OTA agent since the boot."""
        with self._changed:
            return self._ota_started

    def wait_for(self, condition: Callable[[Board], bool], timeout_s: float) -> bool:
        """Wait until ``condition(self)`` holds after a command; gives whether it came to hold."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), timeout_s)

    def command(self, payload: bytes, link: Publisher) -> None:
        """Act on what arrived on ``command`` and publish what follows from it."""
        with self._changed:
            publications, starts_ota = self._act(payload)
            self._changed.notify_all()
        for topic, text in publications:
            link.publish(topic, text)
        if starts_ota and self._on_ota is not None:
            self._on_ota()

    def operate(self, attribute: str, value: int | str, link: Publisher) -> None:
        """Change an attribute at the device itself (its button, or Matter) and publish what follows from it."""
        with self._changed:
            outcome = self.application.change(self._state, attribute, value)
            if isinstance(outcome, Ignored):
                return
            self._state = outcome.state
            self._changed.notify_all()
        for topic, text in outcome.publications:
            link.publish(topic, text)

    def _act(self, payload: bytes) -> tuple[tuple[Publication, ...], bool]:
        reason = self._unheard()
        if reason:
            return self._ignore(payload, reason), False
        if payload == OTA_COMMAND and self._has_ota:
            return (), self._start_ota(payload)
        outcome = self.application.obey(self._state, payload)
        if isinstance(outcome, Ignored):
            return self._ignore(payload, outcome.reason), False
        self._state = outcome.state
        self._obeyed.append(payload)
        return outcome.publications, False

    def _unheard(self) -> str:
        if not self.subscribes:
            return f"the firmware of edition {self.edition} subscribes to nothing"
        if self._ota_started and not self.profile.hears_commands_during_ota:
            return "the firmware does not hear command once ota has started"
        return ""

    def _start_ota(self, payload: bytes) -> bool:
        if self._on_ota is None:
            self._ignore(payload, "no OTA agent is in this build")
            return False
        if self._ota_started:
            self._ignore(payload, "the OTA agent starts once per boot")
            return False
        self._ota_started = True
        self._obeyed.append(payload)
        return True

    def _ignore(self, payload: bytes, reason: str) -> tuple[Publication, ...]:
        self._ignored.append(IgnoredCommand(payload, reason))
        return ()
