"""Fleet indexing: its configuration, and searches for things. Source: AWS API SearchIndex, UpdateIndexingConfiguration.

Of the query language: ``*``, ``field:value`` with wildcards, and AND between them. Connections are the data plane's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.account.operation import AccountOperation
from dicfix.offline.aws_api.binding import bound
from dicfix.offline.rules import RuleViolation, paging, things

THINGS = "thingIndexingConfiguration"
GROUPS = "thingGroupIndexingConfiguration"
OFF = {
    THINGS: {"thingIndexingMode": "OFF", "thingConnectivityIndexingMode": "OFF"},
    GROUPS: {"thingGroupIndexingMode": "OFF"},
}
SEARCH_DEFAULT = 100
"""Page size of SearchIndex, and the greatest. Source: service model, member maxResults."""


class IndexResponses(AccountOperation):
    """What is indexed, and what is found in it."""

    def get_indexing_configuration(self) -> ActionResult:
        return ActionResult({name: {**off, **self.account.indexing.get(name, {})} for name, off in OFF.items()})

    def update_indexing_configuration(self) -> ActionResult:
        for name in OFF:
            if self.given(name):
                self.account.indexing[name] = dict(self.params[name])
        return EmptyResult()

    def search_index(self) -> ActionResult:
        mode = self.account.indexing.get(THINGS, {}).get("thingIndexingMode", "OFF")
        things.index_is_on(mode)
        wanted = _query(self.params["queryString"])
        found = [row for row in map(self._row, self.iot_backend.things.values()) if wanted(row)]
        page, token = paging.page(
            list(enumerate(found, 1)),
            lambda item: item[0],
            operation=self._get_action(),
            marker=self.given("nextToken"),
            size=min(self.given("maxResults", SEARCH_DEFAULT), SEARCH_DEFAULT),
        )
        return ActionResult({"things": [row for _, row in page], **({"nextToken": token} if token else {})})

    def _row(self, thing: Any) -> dict[str, Any]:
        row = {"thingName": thing.thing_name, "attributes": dict(thing.attributes)}
        if thing.thing_type:
            row["thingTypeName"] = thing.thing_type.thing_type_name
        if self.account.indexing[THINGS].get("thingConnectivityIndexingMode", "OFF") == "STATUS":
            row["connectivity"] = self._connectivity(thing.thing_name)
        return row

    def _connectivity(self, thing_name: str) -> dict[str, Any]:
        """The last connection for the thing; without one it is not connected, and nothing more is told."""
        plane = bound().data_planes.get(self.region)
        states = plane.data_plane.connections() if plane else ()
        mine = [one for one in states if thing_name in (one.thing_name, one.client_id)]
        known: dict[str, Any] = {"connected": False}
        if mine:
            last = max(mine, key=lambda one: (one.connected, one.connected_since_ms or 0))
            known = {
                "connected": last.connected,
                "timestamp": last.connected_since_ms if last.connected else last.disconnected_since_ms,
                "clientId": last.client_id,
                "disconnectReason": last.disconnect_reason,
                "keepAliveDuration": last.keep_alive_s,
            }
        return {key: value for key, value in known.items() if value is not None} | self._planted(thing_name)

    def _planted(self, thing_name: str) -> dict[str, Any]:
        planted: dict[str, Any] = {}
        if thing_name in self.account.disconnect_reasons:
            planted |= {"connected": False, "disconnectReason": self.account.disconnect_reasons[thing_name]}
        if thing_name in self.account.client_ids:
            planted |= {"connected": True, "clientId": self.account.client_ids[thing_name]}
        return planted


def _query(text: str) -> Callable[[Mapping[str, Any]], bool]:
    terms = [one for one in text.split() if one.upper() != "AND"]
    if any(":" not in one and one != "*" for one in terms):
        raise RuleViolation("InvalidQueryException", f"The query {text!r} is not understood")
    pairs = [one.split(":", 1) for one in terms if one != "*"]
    return lambda row: all(fnmatchcase(_text(row, field), pattern.strip('"')) for field, pattern in pairs)


def _text(row: Mapping[str, Any], field: str) -> str:
    value: Any = row
    for name in field.split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    return str(value).lower() if isinstance(value, bool) else str(value)
