"""Thing groups and tags.

Keeps moto's group objects, since moto's search works on them. May import moto, the rules and ``state``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.iot import models as moto_iot

from dicfix.offline.aws_api.iot.state import State, not_found
from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules import things as rules

TAGGABLE = ("cacert", "policy", "thinggroup", "thingtype")
"""Resources of this registry that carry tags. Source: AWS IoT developer guide, Tag your resources."""

_FakeThingGroup: Any = moto_iot.FakeThingGroup


class Groups(State):
    """The operations on thing groups, and tags of everything that has them."""

    def describe_thing_group(self, thing_group_name: str) -> Any:
        """The thing group of this name; moto's own operations call it too."""
        group = self.thing_groups.get(self.arn(f"thinggroup/{thing_group_name}"))
        if group is None:
            raise not_found(f"Thing group {thing_group_name} does not exist")
        return group

    def make_group(self, name: str, *, parent: str | None, properties: dict[str, Any]) -> Any:
        """Create a thing group; the same again gives the same group."""
        existing = self.thing_groups.get(self.arn(f"thinggroup/{name}"))
        wanted = {"parent": parent, "properties": properties}
        if existing is not None:
            found = {"parent": existing.parent_group_name, "properties": existing.thing_group_properties}
            rules.same_group(name, existing.arn, existing.thing_group_id, found, wanted)
            return existing
        if parent:
            self.describe_thing_group(parent)
        group = _FakeThingGroup(name, parent, properties, self.account_id, self.region_name, self.thing_groups)
        group.position = self.next_position()
        self.thing_groups[group.arn] = group
        self.feed.changed()
        return group

    def remove_group(self, name: str, expected_version: int | None) -> None:
        """Delete a thing group without child groups; one that does not exist is deleted already."""
        group = self.thing_groups.get(self.arn(f"thinggroup/{name}"))
        if group is None:
            return
        rules.expected_version(name, group.version, expected_version)
        children = [one for one in self.thing_groups.values() if one.parent_group_name == name]
        rules.group_is_childless(name, len(children))
        for policy_name in self.policies_of.pop(group.arn, {}):
            self.targets_of.get(policy_name, {}).pop(group.arn, None)
        del self.thing_groups[group.arn]
        self.tags.pop(group.arn, None)
        self.feed.changed()

    def things_in_group(self, name: str, *, recursive: bool) -> list[Any]:
        """The things of a group and, if ``recursive``, of the groups below it."""
        found = dict(self.describe_thing_group(name).things)
        if recursive:
            for child in [one for one in self.thing_groups.values() if one.parent_group_name == name]:
                found.update(
                    {thing.arn: thing for thing in self.things_in_group(child.thing_group_name, recursive=True)}
                )
        return list(found.values())

    def put_tags(self, arn: str, tags: Iterable[Mapping[str, str]]) -> None:
        """Add tags to a resource or change them."""
        new = {tag["Key"]: tag.get("Value", "") for tag in tags}
        if new:
            self.tags.setdefault(arn, {}).update(new)

    def check_taggable(self, arn: str) -> None:
        """Refuse an ARN that names no resource with tags."""
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if kind not in TAGGABLE:
            raise RuleViolation("InvalidRequestException", f"{arn} is not a resource with tags")
        registered: dict[str, Mapping[str, Any]] = {
            "cacert": self.ca_certificates,
            "policy": self.policies,
            "thinggroup": self.thing_groups,
            "thingtype": self.thing_types,
        }
        if (name if kind in ("cacert", "policy") else arn) not in registered[kind]:
            raise not_found(f"{arn} does not exist")
