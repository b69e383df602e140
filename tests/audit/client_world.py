"""An onboarded account in the embedded cloud, and one client of it read as `dicfix why` and `dicfix preflight` do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dicfix import wiring
from dicfix.accounts.local import read_local_files
from dicfix.audit import device, preflight
from dicfix.audit.build_files import Build
from dicfix.audit.device import Link, State, narrowed
from dicfix.audit.sweep import sweep
from dicfix.audit.why import Chain, why
from dicfix.aws.session import AwsSession
from dicfix.firmware import FirmwareMaterial, firmware_files, profile
from dicfix.lab import Lab
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.records import Inventory, LocalFiles
from dicfix.settings import Settings, settings_from
from dicfix.wiring import Surroundings

DEVICE = "SQA_DIC_C2"
SECOND = "SQA_DIC_C3"
EXPLORER = "DIC_EXPLORER"
ELSEWHERE = "us-east-1"


class ClientWorld:
    """One account onboarded as an edition says; 2024-04 by default, whose CA mode suits the published firmware."""

    def __init__(self, cloud: EmbeddedCloud, folder: Path, edition: str = "2024-04") -> None:
        cloud.reset()
        self.cloud = cloud
        self.folder = folder / "certificates"
        self.settings: Settings = settings_from({"edition": edition, "devices": (DEVICE, SECOND)})
        self.surroundings = Surroundings.offline(cloud, self.settings)
        self.builder = wiring.build(self.surroundings, self.settings, self.folder)
        self.lab = Lab(self.builder, self.surroundings.network)
        self.lab.onboard()

    def call(self, operation: str, service: str = "iot", **parameters: Any) -> dict[str, Any]:
        """One operation of a session that may write."""
        return self.surroundings.session.call(service, operation, **parameters)

    def certificate_id(self, name: str = DEVICE) -> str:
        return self.builder.site.client(name).certificate.certificate_id

    def arn(self, name: str = DEVICE) -> str:
        answer = self.call("DescribeCertificate", certificateId=self.certificate_id(name))
        return str(answer["certificateDescription"]["certificateArn"])

    def policy(self, name: str, *statements: dict[str, Any], on: str = DEVICE) -> None:
        """One more policy on a client's certificate."""
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.call("CreatePolicy", policyName=name, policyDocument=document)
        self.call("AttachPolicy", policyName=name, target=self.arn(on))

    def read(
        self, name: str, needs: Iterable[str], *, local: LocalFiles | None = None, region: str = ""
    ) -> tuple[Inventory, Settings]:
        """What the commands would read of this account, and the settings that they would judge by."""
        settings = replace(self.settings, mode="audit", region=region or self.settings.region)
        kwargs = {**self.surroundings.client_kwargs, "region_name": settings.region}
        beside = {
            "local": lambda: local or LocalFiles(),
            "server_root_pem": lambda: self.surroundings.network.server_root_pem,
        }
        session = AwsSession(kwargs, read_only=True, max_attempts=1)
        return sweep(session, narrowed(settings, name), needs=needs, beside=beside).inventory, settings

    def why(self, name: str = DEVICE, *, days: int = 0, local: LocalFiles | None = None, region: str = "") -> Chain:
        inventory, settings = self.read(name, device.NEEDS, local=local, region=region)
        return why(inventory, settings, name, datetime.now(UTC) + timedelta(days=days))

    def preflight(self, build: Build, *, days: int = 0) -> dict[str, Link]:
        """The checks of a build by name."""
        name = preflight.client_of(build)
        inventory, settings = self.read(name, preflight.NEEDS, local=preflight.local_of(build))
        links = preflight.preflight(build, inventory, settings, datetime.now(UTC) + timedelta(days=days))
        return {one.name: one for one in links}

    def local(self) -> LocalFiles:
        """The certificate directory of the onboarding."""
        return read_local_files(self.folder, self.settings.devices, self.settings.explorer_name)

    def material(self, name: str = DEVICE, **changes: str) -> FirmwareMaterial:
        """What a client's firmware would be built with."""
        client = self.builder.site.client(name)
        values = {
            "server_host": self.cloud.endpoint,
            "client_id": name,
            "ca_certificate": self.cloud.server_root_pem,
            "device_certificate": client.certificate.pem,
            "device_key": client.key.pem,
        }
        return FirmwareMaterial(**{**values, **changes})

    def files(self, folder: Path, name: str = DEVICE, **changes: str) -> list[Path]:
        """Header and certificate source of a client, written."""
        folder.mkdir(exist_ok=True)
        texts = firmware_files(profile(self.settings.firmware_profile), self.material(name, **changes))
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
        return [folder / file for file in texts]


def states(chain: Chain) -> dict[str, State]:
    """The state of each link by its name."""
    return {one.name: one.state for one in chain.links}
