"""A good embedded account, made quickly, and an audit of it: the ground that planted defects are told apart on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from dicfix import wiring
from dicfix.accounts.local import read_local_files
from dicfix.audit.sweep import READ_BY_NOBODY, Swept, resolved, sweep
from dicfix.aws.session import AwsSession
from dicfix.controls import CONTROLS, run_control
from dicfix.findings import Finding, Status, worst
from dicfix.lab import Lab
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.defects import Planting, given_files, harden
from dicfix.records import Inventory
from dicfix.settings import Settings, settings_from
from dicfix.wiring import Surroundings


class GoodAccount:
    """An onboarded and hardened account in which the OTA update has been run to its end."""

    def __init__(self, cloud: EmbeddedCloud, directory: Path, edition: str = "2023-08", signing: str = "new") -> None:
        cloud.reset()
        self.cloud = cloud
        self.directory = directory / "certificates"
        chosen = {"edition": edition, "client_certificate_version": 3, "signing_choice": signing}
        made = settings_from({**chosen, "ota_devices": ("SQA_DIC_C2",)})
        self.settings: Settings = given_files(made, directory)
        self.surroundings = Surroundings.offline(cloud, self.settings)
        self._build()

    def _build(self) -> None:
        self.builder = builder = wiring.build(self.surroundings, self.settings, self.directory)
        builder.onboard()
        builder.ensure_ota_update()
        self._end_jobs()
        profile = builder.explorer_profile()
        self.planting = Planting(self.cloud, self.surroundings.session, self.settings, self.directory, profile=profile)
        harden(self.planting)

    def _end_jobs(self) -> None:
        call = self.surroundings.session.call
        for name in self.settings.ota_targets:
            for job in call("iot-jobs-data", "GetPendingJobExecutions", thingName=name)["queuedJobs"]:
                call(
                    "iot-jobs-data",
                    "UpdateJobExecution",
                    jobId=job["jobId"],
                    thingName=name,
                    status="SUCCEEDED",
                )

    def connected_explorer(self) -> Lab:
        """MQTT Explorer, connected until the lab is closed."""
        lab = Lab(self.builder, self.surroundings.network)
        lab.connect_explorer()
        return lab

    def session(self) -> AwsSession:
        """The auditor's own session, which only reads."""
        kwargs = {**self.cloud.client_kwargs(), **self.planting.auditor}
        return AwsSession(kwargs, read_only=True, max_attempts=1)

    def swept(self, session: AwsSession | None = None) -> Swept:
        """What an audit reads."""
        settings = replace(self.settings, mode="audit")
        names = (self.directory, settings.devices, settings.explorer_name)
        return sweep(
            session or self.session(),
            settings,
            needs=needs(),
            beside={
                "local": lambda: read_local_files(*names),
                "server_root_pem": lambda: self.surroundings.network.server_root_pem,
                "explorer": lambda: self.planting.profile,
            },
        )

    def findings(self, session: AwsSession | None = None) -> dict[str, tuple[Finding, ...]]:
        """The findings of every control, by its id."""
        swept = self.swept(session)
        settings = resolved(self.settings, swept.report.devices)
        return judged(swept.inventory, settings)


def judged(inventory: Inventory, settings: Settings) -> dict[str, tuple[Finding, ...]]:
    """The findings of every control over an inventory, by its id."""
    now = datetime.now(UTC)
    return {one: run_control(one, inventory, settings, now) for one in CONTROLS}


@cache
def needs() -> tuple[str, ...]:
    """Every part that some control judges and an audit reads."""
    wanted = (need for one in CONTROLS.values() for need in one.needs)
    return tuple(dict.fromkeys(one for one in wanted if one not in READ_BY_NOBODY))


def statuses(findings: dict[str, tuple[Finding, ...]]) -> dict[str, Status]:
    """What each control amounts to."""
    return {name: worst(found) for name, found in findings.items()}


def failing(findings: dict[str, Any]) -> set[str]:
    """The controls that FAIL."""
    return {name for name, status in statuses(findings).items() if status is Status.FAIL}


def sentences(findings: dict[str, tuple[Finding, ...]], names: Iterable[str]) -> str:
    """What these controls say."""
    return "\n".join(
        one.sentence() for name in sorted(names) for one in findings[name] if one.status is not Status.PASS
    )
