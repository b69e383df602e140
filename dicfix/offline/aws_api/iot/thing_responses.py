"""Operations on things, thing types, principals of things, and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.binding import bound
from dicfix.offline.aws_api.iot.operation import Operation, by_position
from dicfix.offline.rules import things as rules


class ThingResponses(Operation):
    """The operations of AWS-4, AWS-6 and what belongs to them."""

    def create_thing(self) -> ActionResult:
        payload = self.given("attributePayload", {})
        thing = self.iot_backend.make_thing(
            self.params["thingName"],
            thing_type=self.given("thingTypeName"),
            attributes=payload.get("attributes") or {},
            billing_group=self.given("billingGroupName"),
        )
        return ActionResult({"thingName": thing.thing_name, "thingArn": thing.arn, "thingId": thing.thing_id})

    def update_thing(self) -> ActionResult:
        payload = self.given("attributePayload", {})
        self.iot_backend.change_thing(
            self.params["thingName"],
            thing_type=self.given("thingTypeName"),
            remove_type=self.given("removeThingType", False),
            attributes=payload.get("attributes"),
            merge=bool(payload.get("merge")),
            expected_version=self.given("expectedVersion"),
        )
        return EmptyResult()

    def delete_thing(self) -> ActionResult:
        self.iot_backend.remove_thing(self.params["thingName"], self.given("expectedVersion"))
        return EmptyResult()

    def list_things(self) -> ActionResult:
        things = [thing for thing in self.iot_backend.things.values() if _matches(thing, self.params)]
        page, more = self.tokened(things, lambda thing: thing.position)
        return ActionResult({"things": [thing.to_dict() for thing in page], **more})

    def search_index(self) -> ActionResult:
        """Answered by moto's search; connectivity, if it is indexed, is what the data plane knows."""
        backend = self.iot_backend
        indexing = backend.indexing_configuration.configuration.thingIndexingConfiguration
        rules.index_is_on(indexing.thingIndexingMode)
        found = [thing for thing in list(backend.things.values()) if thing.matches(self.params["queryString"])]
        page, more = self.tokened(found, lambda thing: thing.position)
        connectivity = indexing.thingConnectivityIndexingMode != "OFF"
        plane = bound().data_planes.get(self.region) if connectivity else None
        return ActionResult({"things": [_document(thing, plane) for thing in page], "thingGroups": [], **more})

    def create_thing_type(self) -> ActionResult:
        kind = self.iot_backend.make_thing_type(
            self.params["thingTypeName"], dict(self.given("thingTypeProperties", {}))
        )
        self.iot_backend.put_tags(kind.arn, self.given("tags", []))
        return ActionResult(
            {"thingTypeName": kind.thing_type_name, "thingTypeArn": kind.arn, "thingTypeId": kind.thing_type_id}
        )

    def list_thing_types(self) -> ActionResult:
        wanted = self.given("thingTypeName")
        kinds = [
            kind for kind in self.iot_backend.thing_types.values() if wanted is None or kind.thing_type_name == wanted
        ]
        page, more = self.tokened(kinds, lambda kind: kind.position)
        return ActionResult({"thingTypes": [kind.to_dict() for kind in page], **more})

    def delete_thing_type(self) -> ActionResult:
        self.iot_backend.remove_thing_type(self.params["thingTypeName"])
        return EmptyResult()

    def attach_thing_principal(self) -> ActionResult:
        self.iot_backend.attach_principal(
            self.params["thingName"], self.params["principal"], self.given("thingPrincipalType")
        )
        return EmptyResult()

    def detach_thing_principal(self) -> ActionResult:
        self.iot_backend.detach_principal(self.params["thingName"], self.params["principal"])
        return EmptyResult()

    def list_thing_principals(self) -> ActionResult:
        page, more = self._principals()
        return ActionResult({"principals": [arn for _, arn, _ in page], **more})

    def list_thing_principals_v2(self) -> ActionResult:
        page, more = self._principals()
        objects = [{"principal": arn, "thingPrincipalType": kind} for _, arn, kind in page]
        return ActionResult({"thingPrincipalObjects": objects, **more})

    def _principals(self) -> tuple[Any, dict[str, str]]:
        name = self.params["thingName"]
        self.iot_backend.describe_thing(name)
        return self._attachments(self.iot_backend.principals_of.get(name, {}))

    def list_principal_things(self) -> ActionResult:
        page, more = self._things()
        return ActionResult({"things": [name for _, name, _ in page], **more})

    def list_principal_things_v2(self) -> ActionResult:
        page, more = self._things()
        objects = [{"thingName": name, "thingPrincipalType": kind} for _, name, kind in page]
        return ActionResult({"principalThingObjects": objects, **more})

    def _things(self) -> tuple[Any, dict[str, str]]:
        principal = self.params["principal"]
        self.iot_backend.principal(principal)
        return self._attachments(self.iot_backend.things_of.get(principal, {}))

    def _attachments(self, attached: Mapping[str, tuple[int, str]]) -> tuple[Any, dict[str, str]]:
        wanted = self.given("thingPrincipalType")
        found = [(position, name, kind) for name, (position, kind) in attached.items() if wanted in (None, kind)]
        return self.tokened(found, by_position)

    def tag_resource(self) -> ActionResult:
        self.iot_backend.check_taggable(self.params["resourceArn"])
        self.iot_backend.put_tags(self.params["resourceArn"], self.params["tags"])
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        arn = self.params["resourceArn"]
        self.iot_backend.check_taggable(arn)
        for key in self.params["tagKeys"]:
            self.iot_backend.tags.get(arn, {}).pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        arn = self.params["resourceArn"]
        self.iot_backend.check_taggable(arn)
        tags = self.iot_backend.tags.get(arn, {})
        return ActionResult({"tags": [{"Key": key, "Value": value} for key, value in tags.items()]})


def _matches(thing: Any, params: Mapping[str, Any]) -> bool:
    wanted_type = params.get("thingTypeName")
    if wanted_type and (thing.thing_type is None or thing.thing_type.thing_type_name != wanted_type):
        return False
    name = params.get("attributeName")
    if not name:
        return True
    value: str | None = thing.attributes.get(name)
    wanted: str = params.get("attributeValue") or ""
    if value is None:
        return False
    return value.startswith(wanted) if params.get("usePrefixAttributeValue") else value == wanted


def _document(thing: Any, plane: Any) -> dict[str, Any]:
    """A found thing as SearchIndex shows it; ``plane`` is None unless connectivity is indexed."""
    document: dict[str, Any] = thing.to_dict(include_thing_id=True, include_thing_group_names=True)
    if plane is not None:
        state = plane.data_plane.connection(thing.thing_name)
        document["connectivity"] = {"connected": state is not None and state.connected}
    return document
