"""MQTT.js, installed once beside this file without a download address, and MQTT Explorer's way of using it."""

from __future__ import annotations

import base64
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dicfix.mqtt.explorer_file import write_profile
from dicfix.mqtt.profile import ExplorerProfile
from tests.interop.guide_cloud import DEADLINE_S, EXPLORER, GuideCloud, program
from tests.tools import missing, require_tool

HERE = Path(__file__).resolve().parent
INSTALL_S = 180


def install() -> None:
    """Install what package-lock.json pins, unless it is there; a test without it is skipped by name."""
    require_tool("node")
    wanted = json.loads((HERE / "package-lock.json").read_text())["packages"]["node_modules/mqtt"]["version"]
    manifest = HERE / "node_modules" / "mqtt" / "package.json"
    if manifest.exists() and json.loads(manifest.read_text())["version"] == wanted:
        return
    command = [require_tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode != 0:
        missing(f"MQTT.js {wanted} cannot be installed with npm: {done.stderr.strip().splitlines()[-1:]}")


def profile_of(cloud: GuideCloud, *topics: str) -> ExplorerProfile:
    """The guide's connection, with ``localhost`` and the loopback port in place of the endpoint and its port."""
    profile = ExplorerProfile.of_guide(
        endpoint=cloud.cloud.endpoint,
        thing_name=EXPLORER,
        server_certificate=cloud.root.read_text(),
        client_certificate=cloud.certificate(EXPLORER).read_text(),
        client_key=cloud.key(EXPLORER).read_text(),
        topics=topics,
    )
    return replace(profile, host="localhost", port=cloud.port)


class Explorer:
    """A running client; ``seen`` is every event in order."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._orders, self._lines = process.stdin, process.stdout
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        self.seen: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def order(self, **words: object) -> None:
        """Send one line: the connection first, then what to publish."""
        self._orders.write(json.dumps(words) + "\n")
        self._orders.flush()

    def wait_for(self, event: str) -> dict[str, Any]:
        """The next event of this name; raises AssertionError with all that was seen after the deadline."""
        while True:
            try:
                one = self._queue.get(timeout=DEADLINE_S)
            except queue.Empty:
                raise AssertionError(f"no {event} within {DEADLINE_S} s; seen: {self.seen}") from None
            self.seen.append(one)
            if one["event"] == event:
                return one

    def end(self) -> None:
        """End the client and its process."""
        self._orders.close()

    def _read(self) -> None:
        for line in self._lines:
            self._queue.put(json.loads(line))


@contextmanager
def explorer(profile: ExplorerProfile) -> Iterator[Explorer]:
    """MQTT.js connecting with a profile of MQTT Explorer, for the length of a block."""
    connection = json.loads(write_profile(profile))
    if profile.client_key:  # a profile is written without its key
        data = base64.b64encode(profile.client_key.encode()).decode()
        connection["clientKey"] = {"name": "explorer.key", "data": data}
    with program(require_tool("node"), HERE / "explorer.mjs") as process:
        running = Explorer(process)
        running.order(**connection)
        yield running
        running.end()
        assert process.wait(DEADLINE_S) == 0
