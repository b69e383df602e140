"""Policies, their versions and what they are attached to.

The rules decide; this mixin keeps the records. May import the rules and ``state``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dicfix.offline.aws_api.iot.records import PolicyRecord, PolicyVersion
from dicfix.offline.aws_api.iot.state import State, new_generation, not_found
from dicfix.offline.rules import policy_documents


class Policies(State):
    """The operations on policies."""

    def create_iot_policy(self, name: str, text: str) -> PolicyRecord:
        """Create a policy with its first version. Source: AWS-3, AWS API CreatePolicy."""
        document = policy_documents.read_document(text)
        policy_documents.name_is_free(name, lambda taken: p.arn if (p := self.policies.get(taken)) else None)
        now = self.now()
        record = PolicyRecord(name, self.arn(f"policy/{name}"), now, now, new_generation(), self.next_position())
        record.versions[1] = PolicyVersion(1, text, document, now)
        self.policies[name] = record
        self.feed.changed()
        return record

    def iot_policy(self, name: str) -> PolicyRecord:
        """The policy of this name."""
        record = self.policies.get(name)
        if record is None:
            raise not_found(f"Policy not found (name={name})")
        return record

    def iot_policy_version(self, name: str, number: str) -> PolicyVersion:
        """A version of a policy."""
        version = self.iot_policy(name).versions.get(int(number))
        if version is None:
            raise not_found(f"Policy version not found (name={name}, version={number})")
        return version

    def create_version(self, name: str, text: str, *, as_default: bool) -> PolicyVersion:
        """Add a version to a policy."""
        record = self.iot_policy(name)
        document = policy_documents.read_document(text)
        policy_documents.room_for_version(name, len(record.versions))
        record.last_number += 1
        version = PolicyVersion(record.last_number, text, document, self.now())
        record.versions[version.number] = version
        if as_default:
            record.default = version.number
        self._changed(record)
        return version

    def _changed(self, record: PolicyRecord) -> None:
        record.modified = self.now()
        record.generation = new_generation()
        self.feed.changed()

    def set_default_version(self, name: str, number: str) -> None:
        """Put a version of a policy in effect."""
        record = self.iot_policy(name)
        record.default = self.iot_policy_version(name, number).number
        self._changed(record)

    def delete_version(self, name: str, number: str) -> None:
        """Delete a version that is not the default."""
        record = self.iot_policy(name)
        version = self.iot_policy_version(name, number)
        policy_documents.version_may_be_deleted(version.number, record.default)
        record.versions.pop(version.number)
        self._changed(record)

    def delete_iot_policy(self, name: str) -> None:
        """Delete a policy that is attached to nothing and has one version."""
        record = self.iot_policy(name)
        policy_documents.policy_is_unattached(name, len(self.targets_of.get(name, ())))
        policy_documents.policy_has_one_version(name, len(record.versions))
        for target in self.targets_of.pop(name, {}):
            self.policies_of.get(target, {}).pop(name, None)
        del self.policies[name]
        self.tags.pop(record.arn, None)
        self.feed.changed()

    def check_target(self, target: str) -> None:
        """Refuse a policy target that does not exist: a certificate ARN or a thing group ARN."""
        if ":thinggroup/" in target:
            if target not in self.thing_groups:
                raise not_found(f"Thing group {target} does not exist")
            return
        self.principal(target)

    def attach(self, name: str, target: str) -> None:
        """Attach a policy; attached already, nothing changes."""
        self.check_target(target)
        self.iot_policy(name)
        attached = self.policies_of.setdefault(target, {})
        if name in attached:
            return
        policy_documents.room_for_attachment(target, len(attached))
        attached[name] = self.targets_of.setdefault(name, {})[target] = self.next_position()
        self.feed.changed()

    def detach(self, name: str, target: str) -> None:
        """Detach a policy; one that is not attached is not found."""
        self.check_target(target)
        self.iot_policy(name)
        if name not in self.policies_of.get(target, {}):
            raise not_found(f"Policy {name} is not attached to {target}")
        del self.policies_of[target][name]
        del self.targets_of[name][target]
        self.feed.changed(*self._certificates_under(target))

    def _certificates_under(self, target: str) -> list[str]:
        if ":thinggroup/" not in target:
            return [target.rpartition("/")[2]]
        things = self.thing_groups[target].things.values()
        return [name for thing in things for name in self.certificates_of_thing(thing.thing_name)]

    def attached_policies(self, target: str) -> Sequence[tuple[int, PolicyRecord]]:
        """The policies attached to ``target`` itself, with their place in the order of attaching."""
        return [(position, self.policies[name]) for name, position in self.policies_of.get(target, {}).items()]

    def inherited_policies(self, group_arn: str) -> Sequence[tuple[int, PolicyRecord]]:
        """The policies attached to a thing group and to the groups above it."""
        found: list[tuple[int, PolicyRecord]] = []
        name: str | None = self.thing_groups[group_arn].thing_group_name
        while name:
            arn = self.arn(f"thinggroup/{name}")
            found += self.attached_policies(arn)
            group = self.thing_groups.get(arn)
            name = group.parent_group_name if group else None
        return found

    def groups_of_thing(self, thing_arn: str) -> list[str]:
        """The ARNs of the thing groups that a thing is in."""
        return [arn for arn, group in self.thing_groups.items() if thing_arn in group.things]

    def effective_policies(self, principal: str | None, thing_names: Sequence[str]) -> list[PolicyRecord]:
        """The policies in effect for a certificate and for things through their groups, each once."""
        found: dict[str, PolicyRecord] = {}
        for _, record in self.attached_policies(principal) if principal else ():
            found[record.name] = record
        for thing_name in thing_names:
            for group in self.groups_of_thing(self.arn(f"thing/{thing_name}")):
                for _, record in self.inherited_policies(group):
                    found[record.name] = record
        return list(found.values())

    def policy_dump(self) -> Mapping[str, Any]:
        """The policies as JSON-able values."""
        return {
            policy.name: {
                "default": policy.default,
                "versions": {str(version.number): version.document for version in policy.versions.values()},
                "targets": sorted(self.targets_of.get(policy.name, {})),
            }
            for policy in self.policies.values()
        }
