"""An embedded cloud in which the guide was performed, with the guide's files, for the programs of others."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from dicfix import wiring
from dicfix.accounts.waiting import wait_until
from dicfix.certificates import ClientMaterial, issue_client, make_ca
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.dataplane.transcript import Entry
from dicfix.settings import settings_from
from dicfix.wiring import Surroundings

T = TypeVar("T")

DEADLINE_S = 20.0
DEVICE = "SQA_DIC_C2"
EXPLORER = "DIC_EXPLORER"
_STEMS = {DEVICE: "device", EXPLORER: "explorer"}


@dataclass(frozen=True)
class GuideCloud:
    """``directory`` holds the guide's files; ``root`` is the file of the root that stands in for Amazon's."""

    cloud: EmbeddedCloud
    directory: Path
    root: Path

    @property
    def port(self) -> int:
        """The loopback port of MQTT."""
        return self.cloud.mqtt_port

    def certificate(self, thing: str) -> Path:
        """The certificate file of a thing."""
        return self.directory / f"{_STEMS[thing]}.crt"

    def key(self, thing: str) -> Path:
        """The key file of a thing."""
        return self.directory / f"{_STEMS[thing]}.key"

    def wait_for_subscription(self, client_id: str, topic_filter: str, *, after: int) -> None:
        """Wait until the cloud has accepted a subscription of that client since the entry number ``after``."""

        def subscribed() -> bool | None:
            entries = self.cloud.transcript.entries(client_id=client_id, kind="subscribe", after=after)
            return any(one.topic == topic_filter and not one.refused for one in entries) or None

        self._wait(subscribed, f"{client_id}'s subscription to {topic_filter}")

    def wait_for_refusal(self, reason: str, *, after: int) -> Entry:
        """The first refusal with this reason since the entry number ``after``."""

        def refused() -> Entry | None:
            found = (one for one in self.cloud.transcript.refusals(after=after) if one.reason == reason)
            return next(found, None)

        return self._wait(refused, f"a refusal {reason}")

    def mark(self) -> int:
        """The number of the newest entry of the transcript."""
        return self.cloud.transcript.last_number()

    def _wait(self, ready: Callable[[], T | None], what: str) -> T:
        def described() -> str:
            return f"{what}; the transcript:\n{self.cloud.transcript.render()}"

        return wait_until(ready, name="interop", timeout_s=DEADLINE_S, poll_s=0.01, waiting_for=described)


@contextmanager
def guide_cloud(directory: Path, edition: str = "2023-08") -> Iterator[GuideCloud]:
    """Perform steps 1 to 8 with the files in ``directory``; those that lie there already are used as they are."""
    settings = settings_from({"edition": edition, "devices": (DEVICE,), "explorer_name": EXPLORER})
    with EmbeddedCloud() as cloud:
        wiring.build(Surroundings.offline(cloud, settings), settings, directory).onboard()
        root = directory / "stand_in_root.pem"
        root.write_text(cloud.server_root_pem)
        yield GuideCloud(cloud, directory, root)


def strangers_client() -> ClientMaterial:
    """A client certificate of a CA that nobody registered, under the device's own name."""
    now = datetime.now(UTC)
    return issue_client(make_ca("/O=stranger/CN=Stranger CA", now=now), f"/O=stranger/CN={DEVICE}", now=now)


def write_client(client: ClientMaterial, directory: Path) -> tuple[Path, Path]:
    """Write certificate and key, the key for its owner alone; gives both paths."""
    certificate, key = directory / "stranger.crt", directory / "stranger.key"
    certificate.write_text(client.certificate.pem)
    key.touch(0o600)
    key.write_text(client.key.pem)
    return certificate, key


@contextmanager
def program(*command: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program that runs for the length of a block; it is ended if it has not ended by then."""
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        with process:
            try:
                yield process
            finally:
                process.terminate()
    finally:
        process.wait(DEADLINE_S)
