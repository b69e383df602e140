"""A pytest plugin that writes down every call of a run to the API and over MQTT, for ``replay.py``.

Loaded with ``-p benchmarks.recorder`` and told the file by ``DICFIX_RECORDING``; the file holds keys of that run and
lives in a temporary folder of its owner's. Only the outermost call of a thread is kept.
"""

from __future__ import annotations

import functools
import itertools
import os
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from dicfix.mqtt.connection import Connection
from dicfix.offline.cloud import EmbeddedCloud

VARIABLE = "DICFIX_RECORDING"

events: list[tuple[Any, ...]] = []
_inside = threading.local()
_numbers = itertools.count()


def _outermost(function: Callable[..., Any], note: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
    """The function, noting each call that is not made by a noted one."""

    @functools.wraps(function)
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(_inside, "busy", False):
            return function(self, *args, **kwargs)
        _inside.busy = True
        try:
            events.append(note(self, *args, **kwargs))
            return function(self, *args, **kwargs)
        finally:
            _inside.busy = False

    return noted


def _note_call(client: Any, operation: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
    service = client.meta.service_model.service_name
    return ("api", service, client.meta.region_name, operation, dict(parameters))


def _note_open(connection: Any) -> tuple[Any, ...]:
    connection.recorded_as = next(_numbers)
    return ("open", connection.recorded_as, connection.parameters, connection.route, connection.deadlines)


def _note_on(method: str) -> Callable[..., tuple[Any, ...]]:
    return lambda connection, *args, **kwargs: ("mqtt", connection.recorded_as, method, args, kwargs)


def _note_planes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Which port and root each Region had in the recorded run."""

    def opened(cloud: Any, region: str, port: int) -> Any:
        plane = function(cloud, region, port)
        events.append(("plane", region, plane.mqtt_port, plane.server_root_pem))
        return plane

    return opened


def pytest_configure() -> None:
    """Put the recording functions in place."""
    BaseClient._make_api_call = _outermost(BaseClient._make_api_call, _note_call)
    Connection.open = _outermost(Connection.open, _note_open)
    for method in ("subscribe", "unsubscribe", "publish", "disconnect", "drop"):
        setattr(Connection, method, _outermost(getattr(Connection, method), _note_on(method)))
    EmbeddedCloud._open = _note_planes(EmbeddedCloud._open)
    EmbeddedCloud.reset = _outermost(EmbeddedCloud.reset, lambda _cloud: ("reset",))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the recording, for its owner alone."""
    if session.exitstatus == 0:
        with open(os.open(os.environ[VARIABLE], os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            pickle.dump(events, file)
