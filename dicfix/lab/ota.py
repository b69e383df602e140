"""OTA updates on the desk: devices with their agents, the command ``ota``, and the wait until every device is done.

May import ``accounts``, ``aws`` reads, ``device`` and the lab's rooms.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace

from dicfix.accounts import Done, How, ota_prerequisites
from dicfix.accounts.guards import require_exclusive
from dicfix.accounts.ota_job import OtaPlan
from dicfix.aws import jobs
from dicfix.device.ota.verification import version_of
from dicfix.device.ota_agent import FIRMWARE as FIRMWARE_AGENT
from dicfix.device.ota_agent import STRICT, Version
from dicfix.errors import DeadlineExceeded, UsageError
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.guide.ota_rights import JOB_PREFIX
from dicfix.lab import Lab
from dicfix.lab.ota_device import AgentClock, OtaBuild, OtaDevice
from dicfix.lab.ota_watch import Bar, ExecutionWatch, no_bar, share_done
from dicfix.ota_records import CUSTOM, JobExecution
from dicfix.records import OTA_AGENT_STARTED, Exchange, known
from dicfix.settings import Settings

OTA_COMMAND = "ota"
OFFLINE_SPEED = 10.0
"""Offline an agent's ten seconds pass in one."""
_ASK_AGAIN_S = 0.5
PUBLISHED = Version(0, 9, 2)
"""What a virtual device runs before its update: the version of the published application."""
AGENTS = {"strict": STRICT, "firmware": FIRMWARE_AGENT}


class OtaLab:
    """The OTA devices beside a lab's account; ``bar`` opens a progress line for a label and a total."""

    def __init__(self, lab: Lab, bar: Callable[[str, float | None], AbstractContextManager[Bar]] = no_bar) -> None:
        self.lab = lab
        self.account = lab.account
        self.devices: dict[str, OtaDevice] = {}
        self.plans: list[OtaPlan] = []
        self._bar = bar
        self._woken = threading.Event()
        self._settings_before = lab.account.settings
        self._prepared: Settings | None = None
        self.account.ota_runner = self.run_to_the_end
        self._clock = AgentClock(OFFLINE_SPEED if lab.settings.target == "offline" else 1.0)

    # Beforehand

    def prepare(self) -> None:
        """An onboarded account with MQTT Explorer, the devices to update, and the prerequisites."""
        self.lab.onboard(*self.account.things_to_update)
        self.account.ensure_ota_prerequisites()
        self._prepared = self.account.settings

    def prepare_boards(self) -> None:
        """As ``prepare``, with the configured real boards as the only devices to update."""
        self.lab.onboard()
        self.account.choose(ota_devices=self.account.boards)
        self.account.ensure_ota_prerequisites()

    def connect_explorer(self) -> None:
        """MQTT Explorer, connected, as the one who gives the command ``ota``."""
        self.lab.ensure_explorer()

    @property
    def targets(self) -> tuple[str, ...]:
        """The things to update: the configured ones, and those of the configured thing groups."""
        settings, session = self.account.settings, self.account.site.session
        groups = [jobs.read_thing_group(session, name) for name in settings.ota_thing_groups]
        members = [name for group in groups if group for name in known(group.things)]
        return tuple(dict.fromkeys([*settings.ota_targets, *members]))

    @property
    def virtual(self) -> tuple[str, ...]:
        """The targets that are virtual devices; the others are real boards."""
        boards = self.account.settings.real_boards
        return tuple(name for name in self.targets if name not in boards)

    @property
    def boards(self) -> tuple[str, ...]:
        """The targets that are real boards."""
        return tuple(name for name in self.targets if name in self.account.settings.real_boards)

    def build(self, *, agent: str = "strict", version: Version | None = None) -> OtaBuild:
        """What the run's virtual devices are built with: an OTA agent by name, and the version that they run."""
        return OtaBuild(self.signer_pem(), version=version or self._version_before(), agent=AGENTS[agent])

    def _version_before(self) -> Version:
        """The published version; the one before that of the configured image, where it is not newer than that."""
        image = None if self.plans else self._image_version()
        if image is None or image > PUBLISHED:
            return PUBLISHED
        return Version.from_number(max(image.number - 1, 0))

    def _image_version(self) -> Version | None:
        """What a device runs that has the configured update."""
        return version_of(self.account.ota_image()[1], PUBLISHED)

    def signer_pem(self) -> str:
        """The certificate that devices verify with: the profile's, or that of the custom signature."""
        site = self.account.site
        if self.account.settings.signing_choice == CUSTOM:
            return ota_prerequisites.ensure_code_signing_files(site).certificate.pem
        return ota_prerequisites.signer_pem(site)

    # The devices

    def switch_on(self, agent: str = "strict") -> None:
        """Boot every virtual device that is a target."""
        build = self.build(agent=agent)
        done = {name for name, one in self._executions(self.job_id, self.virtual).items() if one.status == "SUCCEEDED"}
        updated = replace(build, version=self._image_version() or build.version) if done else build
        for name in self.virtual:
            self.boot(name, updated if name in done else build)

    def boot(self, name: str, build: OtaBuild) -> OtaDevice:
        """Boot one device, in place of the one that had its name before."""
        if name in self.devices:
            self.devices[name].switch_off()
        device = OtaDevice(self.lab, name, build, clock=self._clock, on_progress=self._woken.set)
        self.devices[name] = device
        device.switch_on()
        return device

    @property
    def device(self) -> OtaDevice:
        """The first device; UsageError when none is switched on."""
        if not self.devices:
            raise UsageError("no device is switched on in this scenario", remedy="switch them on in an earlier step")
        return next(iter(self.devices.values()))

    def command_ota(self, *names: str) -> Done:
        """Publish ``ota`` on ``command`` and note what these devices (all by default) then show. Source: E2E-3."""
        require_exclusive(self.account.settings)
        self.lab.explorer.publish(COMMAND_TOPIC, OTA_COMMAND)
        told = [self.devices[name] for name in names or self.devices]
        for device in told:
            started = device.wait_for(lambda one: one.ota_started, self.lab.network.deadlines.message_s)
            shown = OTA_AGENT_STARTED if started else None
            application = device.build.application
            self.lab.exchanges.append(
                Exchange(application, OTA_COMMAND, COMMAND_TOPIC, OTA_COMMAND, OTA_AGENT_STARTED, shown)
            )
        return Done.of("command ota", [(device.thing_name, How.PERFORMED) for device in told])

    # The update

    def make(self, plan: OtaPlan | None = None) -> Done:
        """Make an update, the configured one by default, up to CREATE_COMPLETE."""
        chosen = plan or self.account.ota_plan()
        done = self.account.make_ota_update(chosen)
        self.plans.append(chosen)
        return done

    def make_configured(self) -> Done:
        """Make the configured update and what it builds on, as far as it is not there; it is the only one of ours then.

        A device runs every job that waits for it, and an image of the same version a second time in vain. What
        ``prepare`` has made for it in this scenario is not looked at again.
        """
        self.account.remove_other_updates()
        if self._is_prepared():
            return self.account.make_ota_update(self.account.ota_plan())
        return self.account.ensure_ota_update()

    def _is_prepared(self) -> bool:
        """Whether ``prepare`` has made everything that the update of the present settings builds on."""
        then, now = self._prepared, self.account.settings
        if then is None or not set(now.ota_targets) <= set(then.ota_targets):
            return False
        has_profile = then.signing_choice != CUSTOM or now.signing_choice == CUSTOM
        of_the_update = {name: getattr(now, name) for name in ("ota_devices", "ota_thing_groups", "signing_choice")}
        return has_profile and replace(then, **of_the_update) == now

    @staticmethod
    def job_of(plan: OtaPlan) -> str:
        """The job of an update."""
        return JOB_PREFIX + plan.update_id

    @property
    def job_id(self) -> str:
        """The job of the update that was made last."""
        return JOB_PREFIX + self.account.ota_update_id

    def update_all(self) -> Done:
        """The command ``ota``, and the wait until every device's execution of the update has ended."""
        self.command_ota()
        return self.await_end()

    def await_end(self, job_id: str = "", names: tuple[str, ...] = ()) -> Done:
        """Wait until every target's execution has ended, however; the deadlines are those of ``ota_watch``."""
        chosen = job_id or self.job_id
        names = names or self.targets
        told = self._reports()
        before = found = self._executions(chosen, names)
        watch = ExecutionWatch(names, self.account.settings.deadlines, time.monotonic())
        whose = names[0] if len(names) == 1 else f"{len(names)} devices"
        with self._bar(f"OTA update of {whose}", float(len(names))) as bar:
            while not watch.ended(found, time.monotonic()):
                self._await_news(told, lambda found=found: self._draw(bar, found, names))  # type: ignore[misc]
                told = self._reports()
                # What has ended stays so.
                going = [name for name in names if name not in found or found[name].status not in jobs.ENDED]
                found = found | self._executions(chosen, going)
        self.account.site.reader.changed()
        return Done.of("run of the OTA update", [(name, _how(before.get(name))) for name in names])

    def _await_news(self, told: int, draw: Callable[[], None]) -> None:
        """Wait for one more report than ``told``, or until it is time to ask again; progress is drawn meanwhile.

        Virtual devices tell by themselves, so that AWS is seldom asked about them.
        """
        pause_s = self.account.settings.deadlines.poll_s if self.boards else _ASK_AGAIN_S
        end = time.monotonic() + pause_s
        while self._reports() == told and (left_s := end - time.monotonic()) > 0:
            draw()
            self._woken.wait(min(left_s, _ASK_AGAIN_S))
            self._woken.clear()

    def _reports(self) -> int:
        return sum(one.reports + (one.failure is not None) for one in self.devices.values())

    def _executions(self, job_id: str, names: Iterable[str]) -> dict[str, JobExecution]:
        found = (jobs.read_execution(self.account.site.session, job_id, name) for name in names)
        return {one.thing_name: one for one in found if one}

    def _draw(self, bar: Bar, found: dict[str, JobExecution], names: tuple[str, ...]) -> None:
        shares = {name: self._share(name, found.get(name)) for name in names}
        bar.update(sum(shares.values()), ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))

    def _share(self, name: str, execution: JobExecution | None) -> float:
        device = self.devices.get(name)
        if device is None or device.progress is None:
            return share_done(execution)
        return device.progress.received_blocks / device.progress.total_blocks

    def run_to_the_end(self) -> Done:
        """Everything for the configured update: devices, MQTT Explorer, update, command, wait."""
        self.make_configured()
        before = self._executions(self.job_id, self.targets)
        if len(before) == len(self.targets) and all(one.status in jobs.ENDED for one in before.values()):
            return Done.of("run of the OTA update", [(name, How.FOUND) for name in before])
        self.connect_explorer()
        self.switch_on()
        return self.update_all()

    # Looking back

    def expect_each(self, status: str, reason: str) -> None:
        """Hold how every virtual device's execution ended, and that its reason holds these words."""
        __tracebackhide__ = True
        for name in self.virtual:
            self.expect_one(name, self.job_id, status, reason)

    def expect_one(self, name: str, job_id: str, status: str, reason: str) -> None:
        """Hold how one execution ended, and that its reason holds these words."""
        __tracebackhide__ = True
        found = self._executions(job_id, [name]).get(name)
        told = found.details if found and isinstance(found.details, dict) else {}
        seen = (found.status if found else "no execution", told.get("reason", ""))
        if seen[0] != status or reason not in seen[1]:
            failure = self.devices[name].failure if name in self.devices else None
            raise AssertionError(
                f"{name}: {job_id} ended {seen[0]} ({seen[1]!r}), expected {status} with {reason!r}"
                + (f"; the device stopped: {failure}" if failure else "")
            )

    def expect_version(self, version: str) -> None:
        """Hold that every virtual device runs this version."""
        __tracebackhide__ = True
        end = time.monotonic() + self.lab.network.deadlines.message_s
        for device in self.devices.values():
            device.wait_for(lambda one: str(one.version) == version, max(0.0, end - time.monotonic()))
        seen = {name: str(one.version) for name, one in self.devices.items()}
        if set(seen.values()) != {version}:
            raise AssertionError(f"the devices run {seen}, expected {version}")

    def expect_image_version(self) -> None:
        """Hold that every virtual device runs the version of the configured image."""
        __tracebackhide__ = True
        self.expect_version(str(self._image_version()))

    def await_outcome(self, device: OtaDevice, status: str) -> None:
        """Wait until a device's agent has made this of a job; AssertionError otherwise."""
        __tracebackhide__ = True
        limit_s = self.lab.network.deadlines.message_s
        if not device.wait_for(lambda one: any(o.status == status for o in one.outcomes), limit_s):
            seen = ", ".join(f"{o.status} ({o.reason})" for o in device.outcomes) or "nothing"
            raise AssertionError(f"{device.thing_name}'s agent made {seen} of its jobs, expected {status}")

    def await_status(self, name: str, status: str) -> None:
        """Wait until a device's execution has this status; raises DeadlineExceeded (``message_s``)."""
        limit_s = self.lab.network.deadlines.message_s
        end = time.monotonic() + limit_s
        while (found := self._executions(self.job_id, [name]).get(name)) is None or found.status != status:
            if time.monotonic() > end:
                raise DeadlineExceeded("message_s", limit_s, f"{status} of {name}'s job execution")
            self._woken.wait(self.account.settings.deadlines.poll_s)

    def close(self) -> None:
        """Switch every device off, and leave the account with the settings that it had before."""
        for device in self.devices.values():
            device.switch_off()
        self.account.use(self._settings_before)


def _how(before: JobExecution | None) -> How:
    return How.FOUND if before is not None and before.status in jobs.ENDED else How.PERFORMED
