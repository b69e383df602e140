"""What happens to a download while it runs: blocks altered or lost, breaks, power cuts, cancellation, a second job.

One scenario's course of events on the devices of an ``OtaLab``; the first device is the one that things happen to.
"""

from __future__ import annotations

from dataclasses import replace

from dicfix.lab.ota import OtaLab
from dicfix.lab.ota_device import OtaDevice
from dicfix.lab.ota_orders import OtaOrders

SOME_BLOCK = 5
"""Neither the first nor the last of a synthetic image's blocks."""
ASKS_AGAIN_S = 3.0
"""What an agent waits for a block offline, on its own clock: its 32 requests in vain take ten seconds of ours."""


class Happenings:
    """The events of one scenario, in the order in which they are called."""

    def __init__(self, ota: OtaLab, orders: OtaOrders) -> None:
        self.ota = ota
        self.orders = orders

    @property
    def first(self) -> OtaDevice:
        """The device that things happen to."""
        return self.ota.device

    def wait_for_command(self) -> None:
        """Onboarded devices that are switched on, MQTT Explorer beside them, and an update for them."""
        self.ota.prepare()
        self.ota.connect_explorer()
        self.orders.order("as the guide says")
        self.orders.expect_made()
        self.ota.switch_on()

    def switch_on_and_tell(self, agent: str) -> None:
        """Switched-on devices with an OTA agent by name, the command ``ota``, and the end of every execution."""
        self.ota.switch_on(agent)
        self.ota.update_all()

    def alter_a_block(self) -> None:
        """A block of the first device's download is altered on the way."""
        self.first.mishaps.altered.add(SOME_BLOCK)

    def lose_a_block(self) -> None:
        """A block of the first device's download is lost on the way; offline its agent asks again sooner."""
        self.first.mishaps.lost.add(SOME_BLOCK)
        if self.ota.lab.settings.target == "offline":
            sooner = replace(self.first.build.agent_settings, request_wait_s=ASKS_AGAIN_S)
            self.first.build = replace(self.first.build, agent=sooner)

    def break_the_connection(self) -> None:
        """The first device's connection breaks during the download."""
        self.first.mishaps.cut_at = SOME_BLOCK

    def switch_off(self) -> None:
        """The first device is off."""
        self.first.switch_off()

    def tell_and_await(self) -> None:
        """The command ``ota``, and the end of every execution."""
        self.ota.update_all()

    def tell_the_others(self) -> None:
        """The command ``ota`` while the first device is off, and the end of the other executions."""
        self.ota.command_ota(*self._others())
        self.ota.await_end(names=tuple(self._others()))

    def _others(self) -> list[str]:
        return [name for name in self.ota.virtual if name != self.first.thing_name]

    def lose_power(self) -> None:
        """The first device loses its power during the download."""
        self._hold_first()
        self.first.switch_off(at_once=True)

    def _hold_first(self) -> None:
        self.first.mishaps.hold_at = SOME_BLOCK
        self.ota.command_ota()
        self.first.mishaps.await_held(self.ota.lab.network.deadlines.message_s)

    def come_back(self) -> None:
        """The first device is switched on again and told ``ota``, and every execution ends."""
        self.first.switch_on()
        self.ota.command_ota(self.first.thing_name)
        self.ota.await_end()

    def cancel_the_job(self) -> None:
        """The job is cancelled during the first device's download, which then goes on."""
        self._hold_first()
        self.orders.cancel()
        self.first.mishaps.let_go()

    def tell_and_await_both(self) -> None:
        """The command ``ota``, and the end of the executions of every update that was made."""
        self.ota.command_ota()
        for plan in self.ota.plans:
            self.ota.await_end(self.ota.job_of(plan))

    # Looking back

    def expect_first(self, status: str, reason: str = "") -> None:
        """Hold how the first device's execution stands or ended."""
        __tracebackhide__ = True
        self.ota.await_status(self.first.thing_name, status)
        self.ota.expect_one(self.first.thing_name, self.ota.job_id, status, reason)

    def expect_others(self, status: str, reason: str) -> None:
        """Hold how the other devices' executions ended."""
        __tracebackhide__ = True
        for name in self._others():
            self.ota.expect_one(name, self.ota.job_id, status, reason)

    def expect_let_go(self) -> None:
        """Hold that the first device's agent has let go of the job."""
        self.ota.await_outcome(self.first, "ABORTED")

    def expect_first_runs(self, version: str) -> None:
        """Hold which version the first device runs."""
        __tracebackhide__ = True
        if str(self.first.version) != version:
            raise AssertionError(f"{self.first.thing_name} runs {self.first.version}, expected {version}")
