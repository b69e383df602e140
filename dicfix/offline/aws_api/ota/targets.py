"""The things and thing groups that jobs go to, from the registry of now. May import moto's IoT backends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from moto.iot.models import iot_backends

if TYPE_CHECKING:
    from dicfix.offline.aws_api.iot.models import EmbeddedIoTBackend


class RegisteredTargets:
    """The registry of one account and Region, as jobs ask it."""

    def __init__(self, account_id: str, region: str) -> None:
        self._account_id = account_id
        self._region = region

    @property
    def _backend(self) -> EmbeddedIoTBackend:
        backends: Any = iot_backends
        backend: EmbeddedIoTBackend = backends[self._account_id][self._region]
        return backend

    def thing_exists(self, thing_name: str) -> bool:
        """Whether a thing of that name is registered."""
        return self._backend.arn(f"thing/{thing_name}") in self._backend.things

    def group_exists(self, group_name: str) -> bool:
        """Whether a thing group of that name exists."""
        return self._backend.arn(f"thinggroup/{group_name}") in self._backend.thing_groups

    def things_in(self, group_name: str) -> Sequence[str]:
        """The names of the group's things, those of its child groups included."""
        return [str(thing.thing_name) for thing in self._backend.things_in_group(group_name, recursive=True)]

    def groups_of(self, thing_name: str) -> set[str]:
        """The names of the thing's groups and of the groups above them."""
        backend, found = self._backend, set[str]()
        waiting = [
            group.thing_group_name
            for group in backend.thing_groups.values()
            if backend.arn(f"thing/{thing_name}") in group.things
        ]
        while waiting:
            name = waiting.pop()
            found.add(name)
            parent = backend.describe_thing_group(name).parent_group_name
            if parent and parent not in found:
                waiting.append(parent)
        return found
