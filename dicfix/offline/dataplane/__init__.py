"""The embedded MQTT data plane: a broker on 127.0.0.1 with mutual TLS that behaves as AWS IoT Core does.

``DataPlane`` is the facade; below it ``broker`` (sessions and routing), ``connection`` (MQTT of one client),
``transport`` and ``tls`` (bytes), ``packets`` (the codec). Every decision is a rule of ``dicfix.offline.rules``; every
registration is asked of a ``Registry``. Names are loaded on first use, so that importing this package stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dicfix.offline.dataplane.clock import Clock, ManualClock, SystemClock
    from dicfix.offline.dataplane.identity import ServerIdentity, make_identity
    from dicfix.offline.dataplane.profile import AWS_IOT, PLAIN_MQTT, Profile
    from dicfix.offline.dataplane.server import DataPlane
    from dicfix.offline.dataplane.services import Reply, Request
    from dicfix.offline.dataplane.states import ConnectionState, Subscription
    from dicfix.offline.dataplane.transcript import Entry, Transcript

__all__ = [
    "AWS_IOT",
    "PLAIN_MQTT",
    "Clock",
    "ConnectionState",
    "DataPlane",
    "Entry",
    "ManualClock",
    "Profile",
    "Reply",
    "Request",
    "ServerIdentity",
    "Subscription",
    "SystemClock",
    "Transcript",
    "make_identity",
]

_HOMES = {
    "AWS_IOT": "profile",
    "PLAIN_MQTT": "profile",
    "Clock": "clock",
    "ConnectionState": "states",
    "DataPlane": "server",
    "Entry": "transcript",
    "ManualClock": "clock",
    "Profile": "profile",
    "Reply": "services",
    "Request": "services",
    "ServerIdentity": "identity",
    "Subscription": "states",
    "SystemClock": "clock",
    "Transcript": "transcript",
    "make_identity": "identity",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
