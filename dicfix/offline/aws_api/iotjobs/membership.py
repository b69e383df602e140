"""What becomes of jobs when things join and leave thing groups or are deleted; ``rules.jobs`` decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dicfix.offline.aws_api.iotjobs.responses import JobResponses


class MembershipResponses(JobResponses):
    """Operations on things and groups, as they stand behind this class, with their effect on jobs."""

    def add_thing_to_thing_group(self) -> Any:
        answer = super().add_thing_to_thing_group()  # type: ignore[misc]
        self._moved([self._named("thing")])
        return answer

    def remove_thing_from_thing_group(self) -> Any:
        answer = super().remove_thing_from_thing_group()  # type: ignore[misc]
        self._moved([self._named("thing")])
        return answer

    def update_thing_groups_for_thing(self) -> Any:
        answer = super().update_thing_groups_for_thing()  # type: ignore[misc]
        self._moved([self._named("thing")])
        return answer

    def delete_thing(self) -> Any:
        answer = super().delete_thing()  # type: ignore[misc]
        self._moved([self._named("thing")])
        return answer

    def delete_thing_group(self) -> Any:
        group = self.iot_backend.thing_groups.get(self.iot_backend.arn(f"thinggroup/{self.params['thingGroupName']}"))
        members = [] if group is None else [thing.thing_name for thing in group.things.values()]
        answer = super().delete_thing_group()  # type: ignore[misc]
        self._moved(members)
        return answer

    def _named(self, kind: str) -> str:
        return str(self.given(f"{kind}Name") or str(self.given(f"{kind}Arn", "")).rpartition("/")[2])

    def _moved(self, thing_names: Iterable[str]) -> None:
        if not self.iot_backend.__dict__.get("ota_services"):
            return
        for name in thing_names:
            self.ota.jobs.thing_left(name)
            if self.ota.targets.thing_exists(name):
                self.ota.jobs.thing_joined(self.ota.targets.groups_of(name), name)
        self.ota.wake()
