"""Operations on thing groups, as far as policies through groups and the targets of jobs need them."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.iot.operation import Operation


class GroupResponses(Operation):
    """Static thing groups."""

    def create_thing_group(self) -> ActionResult:
        group = self.iot_backend.make_group(
            self.params["thingGroupName"],
            parent=self.given("parentGroupName"),
            properties=self.given("thingGroupProperties", {}),
        )
        self.iot_backend.put_tags(group.arn, self.given("tags", []))
        return ActionResult(
            {
                "thingGroupName": group.thing_group_name,
                "thingGroupArn": group.arn,
                "thingGroupId": group.thing_group_id,
            }
        )

    def delete_thing_group(self) -> ActionResult:
        self.iot_backend.remove_group(self.params["thingGroupName"], self.given("expectedVersion"))
        return EmptyResult()

    def list_thing_groups(self) -> ActionResult:
        groups = self.iot_backend.list_thing_groups(
            parent_group=self.given("parentGroup"),
            name_prefix_filter=self.given("namePrefixFilter"),
            recursive=self.given("recursive"),
        )
        return self._group_page(list(groups))

    def list_thing_groups_for_thing(self) -> ActionResult:
        thing = self.iot_backend.describe_thing(self.params["thingName"])
        groups = [self.iot_backend.thing_groups[arn] for arn in self.iot_backend.groups_of_thing(thing.arn)]
        return self._group_page(groups)

    def _group_page(self, groups: list[Any]) -> ActionResult:
        page, more = self.tokened(sorted(groups, key=_position), _position)
        named = [{"groupName": group.thing_group_name, "groupArn": group.arn} for group in page]
        return ActionResult({"thingGroups": named, **more})

    def list_things_in_thing_group(self) -> ActionResult:
        things = self.iot_backend.things_in_group(
            self.params["thingGroupName"], recursive=self.given("recursive", False)
        )
        page, more = self.tokened(sorted(things, key=_position), _position)
        return ActionResult({"things": [thing.thing_name for thing in page], **more})


def _position(item: Any) -> int:
    position: int = item.position
    return position
