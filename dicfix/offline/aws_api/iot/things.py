"""Things, thing types and what is attached to things.

The rules decide; this mixin keeps moto's thing objects, since moto's jobs, shadows and search work on them. May import
moto, the rules and ``state``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.iot import models as moto_iot
from moto.iot.exceptions import ResourceNotFoundException

from dicfix.offline.aws_api.iot.state import State, not_found
from dicfix.offline.rules import things as rules

_FakeThing: Any = moto_iot.FakeThing
_FakeThingType: Any = moto_iot.FakeThingType


class Things(State):
    """The operations on things and thing types."""

    @property
    def _moto(self) -> Any:
        """This backend as moto's, for what moto's own part of it does."""
        return self

    def describe_thing(self, thing_name: str) -> Any:
        """The thing of this name, found by its ARN; moto's own operations call it too."""
        thing = self.things.get(self.arn(f"thing/{thing_name}"))
        if thing is None:
            raise ResourceNotFoundException(f"Thing {thing_name} does not exist")
        return thing

    def describe_thing_type(self, thing_type_name: str) -> Any:
        """The thing type of this name."""
        thing_type = self.thing_types.get(self.arn(f"thingtype/{thing_type_name}"))
        if thing_type is None:
            raise ResourceNotFoundException(f"Thing type {thing_type_name} does not exist")
        return thing_type

    def _usable_type(self, name: str | None) -> Any:
        if not name:
            return None
        thing_type = self.describe_thing_type(name)
        rules.thing_type_usable(name, deprecated=bool(thing_type.metadata["deprecated"]))
        return thing_type

    def make_thing(
        self, name: str, *, thing_type: str | None, attributes: Mapping[str, str], billing_group: str | None
    ) -> Any:
        """Create a thing; the same again gives the same thing. Source: AWS-4, AWS API CreateThing."""
        wanted = {"type": thing_type, "attributes": dict(attributes), "billingGroup": billing_group}
        existing = self.things.get(self.arn(f"thing/{name}"))
        if existing is not None:
            rules.same_configuration(name, existing.arn, _configuration(existing), wanted)
            return existing
        kind = self._usable_type(thing_type)
        rules.attribute_count(attributes, typed=kind is not None)
        thing = _FakeThing(name, kind, dict(attributes), self.account_id, self.region_name, billing_group)
        thing.position = self.next_position()
        self.things[thing.arn] = thing
        if billing_group:
            self._moto.add_thing_to_billing_group(billing_group_name=billing_group, thing_arn=thing.arn)
        self.feed.changed()
        return thing

    def change_thing(
        self,
        name: str,
        *,
        thing_type: str | None,
        remove_type: bool,
        attributes: Mapping[str, str] | None,
        merge: bool,
        expected_version: int | None,
    ) -> None:
        """Change type and attributes of a thing and count its version up; an empty value removes an attribute."""
        thing = self.describe_thing(name)
        rules.expected_version(name, thing.version, expected_version)
        kind = None if remove_type else self._usable_type(thing_type) or thing.thing_type
        new = dict(thing.attributes)
        if attributes is not None:
            new = {**(new if merge else {}), **attributes}
            new = {key: value for key, value in new.items() if value}
        rules.attribute_count(new, typed=kind is not None)
        thing.thing_type, thing.attributes = kind, new
        thing.version += 1
        self.feed.changed()

    def remove_thing(self, name: str, expected_version: int | None) -> None:
        """Delete a thing; one that does not exist is deleted already. Source: AWS API DeleteThing."""
        thing = self.things.get(self.arn(f"thing/{name}"))
        if thing is None:
            return
        rules.expected_version(name, thing.version, expected_version)
        rules.principals_detached(name, len(self.principals_of.get(name, ())))
        for group in self.thing_groups.values():
            group.things.pop(thing.arn, None)
        for billing_group in self._moto.billing_groups.values():
            if thing.arn in billing_group.things:
                billing_group.things.remove(thing.arn)
        for principal in self.principals_of.pop(name, {}):
            self.things_of.get(principal, {}).pop(name, None)
        del self.things[thing.arn]
        self.feed.changed()

    def attach_principal(self, thing_name: str, principal: str, kind: str | None) -> None:
        """Attach a certificate to a thing; attached already, nothing changes."""
        self.principal(principal)
        self.describe_thing(thing_name)
        attached = self.things_of.setdefault(principal, {})
        wanted = kind or attached.get(thing_name, (0, rules.NON_EXCLUSIVE))[1]
        kinds = {name: how for name, (_, how) in attached.items()}
        rules.attachment_type_stays(kinds, thing_name, wanted)
        rules.attachment_allowed(kinds, thing_name, wanted)
        if thing_name not in attached:
            attached[thing_name] = (self.next_position(), wanted)
            self.principals_of.setdefault(thing_name, {})[principal] = attached[thing_name]
            self.feed.changed()

    def detach_principal(self, thing_name: str, principal: str) -> None:
        """Detach a certificate from a thing; one that is not attached is not found."""
        record = self.principal(principal)
        self.describe_thing(thing_name)
        if thing_name not in self.things_of.get(principal, {}):
            raise not_found(f"{principal} is not attached to thing {thing_name}")
        del self.things_of[principal][thing_name]
        del self.principals_of[thing_name][principal]
        self.feed.changed(record.certificate_id)

    def make_thing_type(self, name: str, properties: dict[str, Any]) -> Any:
        """Create a thing type; the same again gives the same thing type."""
        existing = self.thing_types.get(self.arn(f"thingtype/{name}"))
        if existing is not None:
            rules.same_thing_type(name, existing.arn, existing.thing_type_properties or {}, properties)
            return existing
        thing_type = _FakeThingType(name, properties, self.account_id, self.region_name)
        thing_type.position = self.next_position()
        self.thing_types[thing_type.arn] = thing_type
        return thing_type

    def deprecate_thing_type(self, thing_type_name: str, undo_deprecate: bool | None) -> Any:
        """Mark a thing type as deprecated, or no longer; called by moto's operation."""
        thing_type = self.describe_thing_type(thing_type_name)
        thing_type.metadata["deprecated"] = not undo_deprecate
        thing_type.metadata.pop("deprecationDate", None)
        if not undo_deprecate:
            thing_type.metadata["deprecationDate"] = self.now()
        return thing_type

    def remove_thing_type(self, name: str) -> None:
        """Delete a thing type that is deprecated and has no things."""
        thing_type = self.describe_thing_type(name)
        used = sum(1 for thing in self.things.values() if thing.thing_type is thing_type)
        rules.thing_type_deletable(name, deprecated=bool(thing_type.metadata["deprecated"]), things=used)
        del self.thing_types[thing_type.arn]

    def things_dump(self) -> dict[str, Any]:
        """Things, types and groups as JSON-able values."""
        return {
            "things": {
                thing.thing_name: {
                    **_configuration(thing),
                    "thingId": thing.thing_id,
                    "version": thing.version,
                    "principals": {
                        arn: kind for arn, (_, kind) in sorted(self.principals_of.get(thing.thing_name, {}).items())
                    },
                }
                for thing in self.things.values()
            },
            "thingTypes": sorted(one.thing_type_name for one in self.thing_types.values()),
            "thingGroups": {
                group.thing_group_name: sorted(one.thing_name for one in group.things.values())
                for group in self.thing_groups.values()
            },
        }


def _configuration(thing: Any) -> dict[str, Any]:
    return {
        "type": thing.thing_type.thing_type_name if thing.thing_type else None,
        "attributes": dict(thing.attributes),
        "billingGroup": thing.billing_group_name,
    }
