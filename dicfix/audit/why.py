"""Why one client is not connected: an ordered chain of links, the first break in it and what puts that right.

Belongs here: the order, the connection as AWS reports it, and what the chain comes to. May import ``device``, records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dicfix.audit.device import Device, Link, State
from dicfix.audit.inventory import Saved
from dicfix.errors import Unreadable
from dicfix.guide import APPLICATIONS, edition
from dicfix.guide.applications import COMMAND_TOPIC
from dicfix.guide.values import MQTT_PORT
from dicfix.mqtt.topics import matches
from dicfix.records import Inventory, LiveSession, Unread, known
from dicfix.settings import Settings

_RESTART = "switch the device off and on: the published firmware never connects again by itself"
_REASONS: Mapping[str, str] = {
    "AUTH_ERROR": "it was refused or did what its policy forbids: compare the links above with the time of the refusal",
    "CLIENT_ERROR": "read the device's log: it broke the protocol (a second CONNECT, a payload or topic too long)",
    "CLIENT_INITIATED_DISCONNECT": "it went by itself: switch it on again",
    "CONNECTION_LOST": f"look at its network (Wi-Fi, DNS, port {MQTT_PORT} outwards), then {_RESTART}",
    "DUPLICATE_CLIENTID": f"find the second client with this client ID, stop it, then {_RESTART}",
    "FORBIDDEN_ACCESS": "see what forbids its address or its connection",
    "MQTT_KEEP_ALIVE_TIMEOUT": f"build with a keep alive and a client that sends PINGREQ; until then {_RESTART}",
    "SERVER_ERROR": _RESTART,
    "SERVER_INITIATED_DISCONNECT": _RESTART,
    "API_INITIATED_DISCONNECT": f"find out who called DeleteConnection, then {_RESTART}",
    "THROTTLED": f"send less at a time, then {_RESTART}",
}
"""What to do by the reason of the last disconnect. Source: AWS IoT developer guide, life-cycle-events.html."""
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Chain:
    """The links of one client in order."""

    name: str
    links: tuple[Link, ...]

    @property
    def first_break(self) -> Link | None:
        """The first link that is BROKEN."""
        return next((one for one in self.links if one.state is State.BROKEN), None)

    @property
    def unread_before(self) -> tuple[Link, ...]:
        """The links before the first break that could not be read."""
        judged = self.links if self.first_break is None else self.links[: self.links.index(self.first_break)]
        return tuple(one for one in judged if one.state is State.UNREADABLE)

    @property
    def exit_code(self) -> int:
        """0 whole, 3 when something before a break could not be read, else 1."""
        return 3 if self.unread_before else 1 if self.first_break else 0


def why(inventory: Inventory, settings: Settings, name: str, now: datetime) -> Chain:
    """The chain of one client (a device, or MQTT Explorer) of an inventory that holds ``device.NEEDS``."""
    device = Device(inventory, settings, name, now)
    links = (
        device.endpoint,
        device.thing,
        device.certificate,
        device.server_name,
        device.ca_status,
        device.certificate_status,
        device.certificate_dates,
        device.policy_attached,
        device.policy_allows,
        lambda: connection(device),
        lambda: subscriptions(device),
    )
    return Chain(name, tuple(_in_order(one() for one in links)))


def _in_order(links: Iterable[Link]) -> Iterator[Link]:
    """The links; those behind the first break are what they show, no longer causes."""
    broken = False
    for link in links:
        known_state = link.state is not State.UNREADABLE
        yield replace(link, state=State.OBSERVED, expected="", remedy="") if broken and known_state else link
        broken = broken or link.state is State.BROKEN


def _live(name: str, read: Callable[[], Link]) -> Link:
    try:
        return read()
    except Unreadable as error:
        permission = f"; needs {error.permission}" if error.permission else ""
        return Link(name, State.UNREADABLE, f"{error.observed.rstrip('.')}{permission}", remedy=error.remedy)


def connection(device: Device) -> Link:
    """Whether it is connected now, else since when not and for which reason. Source: iot-data GetConnection."""
    return _live("connection", lambda: _connection(device))


def _connection(device: Device) -> Link:
    name, session = "connection", device.session()
    if session is None:
        observed = "no connection of this client ID now or in the last 30 minutes"
        remedy = "switch it on, and read in its log whether it reaches the endpoint"
        return Link(name, State.BROKEN, observed, f"client ID {device.name} connected", remedy)
    if known(session.connected):
        return _connected(device, session)
    reason, since = _or_unknown(session.disconnect_reason), _or_unknown(session.disconnected_since)
    return Link(
        name,
        State.BROKEN,
        f"not connected since {since}; last disconnect: {reason}",
        f"client ID {device.name} connected",
        _REASONS.get(reason, _RESTART),
    )


def _connected(device: Device, session: LiveSession) -> Link:
    seen = known(session.thing_name)
    keep_alive, port = _or_unknown(session.keep_alive_s), _or_unknown(session.target_port)
    observed = f"connected on port {port}, keep alive {keep_alive} s"
    if seen in ("", device.name):
        return Link("connection", State.OK, observed)
    return Link(
        "connection",
        State.BROKEN,
        f"{observed}, by the certificate of {seen}",
        f"client ID {device.name} connected by its own certificate",
        f"give {seen} its own name as client ID: it keeps this one out",
    )


def _or_unknown(value: Any) -> str:
    return f"unknown ({value.code})" if isinstance(value, Unread) else str(value)


def subscriptions(device: Device) -> Link:
    """Whether a device hears commands, or MQTT Explorer any state. Source: E2E-2, EXP-4; iot-data ListSubscriptions."""
    return _live("subscriptions", lambda: _subscriptions(device))


def _subscriptions(device: Device) -> Link:
    name, session = "subscriptions", device.session()
    if session is None:
        return Link(name, State.BROKEN, "no session", _wanted(device), "connect it first")
    filters = known(session.subscriptions)
    more = len(filters) - _SHOWN
    observed = (", ".join(filters[:_SHOWN]) or "none") + (f" and {more} more" if more > 0 else "")
    topics = _topics(device)
    if not topics or any(matches(one, topic) for one in filters for topic in topics):
        return Link(name, State.OK, observed)
    remedy = (
        "subscribe them in MQTT Explorer" if device.is_explorer else f"{_RESTART} (once an OTA job runs it is deaf)"
    )
    return Link(name, State.BROKEN, observed, _wanted(device), remedy)


def _topics(device: Device) -> tuple[str, ...]:
    """The topics of which one at least is to be subscribed; none where the edition asks for none."""
    asked = edition(device.settings.edition)
    if not device.is_explorer:
        return (COMMAND_TOPIC,) if asked.commanded else ()
    return tuple(topic for one in asked.applications for topic in APPLICATIONS[one].state_topics)


def _wanted(device: Device) -> str:
    return f"{' or '.join(_topics(device)) or 'a session'} subscribed"


def of_saved(saved: Saved, name: str, explorer_name: str = "") -> Inventory:
    """A saved inventory as one that was asked for ``name``: what its sweep left out is unread, not absent."""
    inventory, devices = saved.inventory, saved.about.get("devices")
    asked = name == explorer_name or (isinstance(devices, list) and name in devices)
    parts: dict[str, Any] = {}
    things = inventory.things
    listed = inventory.account_things
    absent = not isinstance(listed, Unread) and name not in listed
    if not isinstance(things, Unread) and name not in things and not asked and not absent:
        parts["things"] = left_out(name)
    sessions = inventory.sessions
    if (
        not isinstance(sessions, Unread)
        and name not in sessions
        and not (name == explorer_name or _session_was_asked(saved, name))
    ):
        parts["sessions"] = left_out(name)
    return replace(inventory, **parts)


def _session_was_asked(saved: Saved, name: str) -> bool:
    """A sweep asks for the sessions of the first few clients alone."""
    from dicfix.audit.parts import LIVE_CLIENTS

    devices = saved.about.get("devices")
    return isinstance(devices, list) and name in devices[: LIVE_CLIENTS - 1]


def left_out(name: str) -> Unread:
    """What is not in a saved inventory because nobody asked for it."""
    return Unread("the saved inventory", "NotRead", f"{name} was not asked for when it was saved")
