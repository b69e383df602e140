"""Makes the calls that ``recorder.py`` wrote down once more, on an embedded cloud of its own, without pytest.

What a call answered in the recorded run, a refusal for one, is what it answers here: answers are not looked at.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from dicfix.errors import DicfixError
from dicfix.mqtt.connection import Connection
from dicfix.offline.cloud import EmbeddedCloud


class Replay:
    """The state of a replay: operations by service and Region, connections by their recorded number."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.cloud = cloud
        self._methods: dict[tuple[str, str], dict[str, Callable[..., Any]]] = {}
        self._connections: dict[int, Connection] = {}
        self._ports: dict[int, int] = {}
        self._roots: dict[str, str] = {}

    def plane(self, region: str, port: int, root_pem: str) -> None:
        """A Region of the recorded run, and the one in its place."""
        plane = self.cloud if region == self.cloud.region else self.cloud.other_region(region)
        self._ports[port], self._roots[root_pem] = plane.mqtt_port, plane.server_root_pem

    def reset(self) -> None:
        """A new account."""
        self.cloud.reset()

    def api(self, service: str, region: str, operation: str, parameters: dict[str, Any]) -> None:
        """One call of the API."""
        if (service, region) not in self._methods:
            kwargs = {**self.cloud.client_kwargs(), "region_name": region}
            client = boto3.client(service, config=Config(retries={"total_max_attempts": 1}), **kwargs)
            named = client.meta.method_to_api_mapping.items()
            self._methods[service, region] = {name: getattr(client, method) for method, name in named}
        with suppress(ClientError):
            self._methods[service, region][operation](**parameters)

    def open(self, number: int, parameters: Any, route: Any, deadlines: Any) -> None:
        """One connection."""
        if parameters.tls is not None:
            root = self._roots.get(parameters.tls.root_pem, parameters.tls.root_pem)
            parameters = replace(parameters, tls=replace(parameters.tls, root_pem=root))
        route = replace(route, via_port=self._ports.get(route.via_port, route.via_port))
        connection = self._connections[number] = Connection(parameters, route, deadlines, None)
        with suppress(DicfixError):
            connection.open()

    def mqtt(self, number: int, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """One request on a connection."""
        with suppress(DicfixError):
            getattr(self._connections[number], method)(*args, **kwargs)


def main(path: Path) -> None:
    """Replay a recording."""
    events = pickle.loads(path.read_bytes())  # noqa: S301 - written by recorder.py for this very run
    with EmbeddedCloud() as cloud:
        replay = Replay(cloud)
        for kind, *arguments in events:
            getattr(replay, kind)(*arguments)
    calls = sum(event[0] == "api" for event in events)
    requests = sum(event[0] in ("open", "mqtt") for event in events)
    print(f"{calls} API calls, {requests} MQTT requests")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
