"""What AWS IoT demands of things: configuration, attributes, versions, attachments, deletion.

Pure standard library.
"""

from __future__ import annotations

from collections.abc import Mapping

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_rules_things.py::"
ATTRIBUTES_WITHOUT_TYPE = 3
ATTRIBUTES_WITH_TYPE = 50
EXCLUSIVE = "EXCLUSIVE_THING"
NON_EXCLUSIVE = "NON_EXCLUSIVE_THING"


@rule(
    "THING-SAME-CONFIGURATION",
    source="AWS API CreateThing: with the same name but different configuration a ResourceAlreadyExistsException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_thing_is_created_again_with_the_same_configuration_only",),
)
def same_configuration(name: str, arn: str, existing: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    """A thing that exists is created again with the same configuration only."""
    if dict(existing) != dict(wanted):
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            f"Thing {name} already exists in account with different configuration",
            resourceId=name,
            resourceArn=arn,
        )


@rule(
    "THING-ATTRIBUTE-COUNT",
    source="AWS general reference, AWS IoT Core quotas: 3 attributes for a thing without thing type, 50 with one",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_thing_without_type_has_at_most_three_attributes",),
)
def attribute_count(attributes: Mapping[str, str], *, typed: bool) -> None:
    """A thing has at most 3 attributes, 50 with a thing type."""
    limit = ATTRIBUTES_WITH_TYPE if typed else ATTRIBUTES_WITHOUT_TYPE
    if len(attributes) > limit:
        raise RuleViolation(
            "InvalidRequestException", f"{len(attributes)} attributes given, this thing may have {limit}"
        )


@rule(
    "THING-EXPECTED-VERSION",
    source="AWS API UpdateThing and DeleteThing: VersionConflictException when expectedVersion does not match",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_another_version_than_expected_is_a_conflict",),
)
def expected_version(name: str, version: int, expected: int | None) -> None:
    """A change that names a version is made to that version only."""
    if expected is not None and expected != version:
        raise RuleViolation(
            "VersionConflictException", f"The version for thing {name} does not match the expected version."
        )


@rule(
    "THING-DETACHED-BEFORE-DELETION",
    source="reports of live errors (InvalidRequestException: Cannot delete. Thing is still attached); the model's "
    "status of that error is 400",
    level=Level.PEER,
    held_by=(f"{TESTS}test_a_thing_with_a_principal_is_not_deleted",),
)
def principals_detached(name: str, principals: int) -> None:
    """A thing that is deleted has no principal attached."""
    if principals:
        raise RuleViolation(
            "InvalidRequestException",
            f"Cannot delete. Thing {name} is still attached to one or more principals",
        )


@rule(
    "THING-EXCLUSIVE-ATTACHMENT",
    source="AWS API AttachThingPrincipal, member thingPrincipalType: the thing will be the only thing that is "
    "attached to the principal; the code is not stated",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_exclusive_thing_is_the_only_one_of_its_principal",),
)
def attachment_allowed(attached: Mapping[str, str], thing_name: str, wanted: str) -> None:
    """A principal with an exclusive thing has no other thing."""
    others = {name: kind for name, kind in attached.items() if name != thing_name}
    if others and (wanted == EXCLUSIVE or EXCLUSIVE in others.values()):
        raise RuleViolation(
            "InvalidRequestException", "The principal is attached to another thing and one of the two is exclusive"
        )


@rule(
    "THING-ATTACHMENT-TYPE-STAYS",
    source="AWS API AttachThingPrincipal names no way to change the type of an attachment",
    level=Level.ASSUMED,
    held_by=(f"{TESTS}test_the_type_of_an_attachment_does_not_change",),
)
def attachment_type_stays(attached: Mapping[str, str], thing_name: str, wanted: str) -> None:
    """An attachment keeps its type: attaching again with another type is refused."""
    if attached.get(thing_name, wanted) != wanted:
        raise RuleViolation(
            "InvalidRequestException", f"{thing_name} is already attached to the principal with another type"
        )


@rule(
    "THING-TYPE-USABLE",
    source="AWS API DeprecateThingType: you can not associate new things with a deprecated thing type",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_deprecated_thing_type_takes_no_more_things",),
)
def thing_type_usable(name: str, *, deprecated: bool) -> None:
    """A thing gets a thing type that is not deprecated."""
    if deprecated:
        raise RuleViolation("InvalidRequestException", f"The thing type {name} is deprecated")


@rule(
    "THING-TYPE-DEPRECATED-BEFORE-DELETION",
    source="AWS API DeleteThingType: first mark it as deprecated, then remove any associated things; the wait of five "
    "minutes is not imitated",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_thing_type_in_use_or_not_deprecated_is_not_deleted",),
)
def thing_type_deletable(name: str, *, deprecated: bool, things: int) -> None:
    """A thing type that is deleted is deprecated and has no things."""
    if not deprecated or things:
        raise RuleViolation("InvalidRequestException", f"The thing type {name} is not deprecated or still has things")


@rule(
    "THING-TYPE-SAME-CONFIGURATION",
    source="AWS API CreateThingType: with the same name but different configuration a ResourceAlreadyExistsException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_thing_type_is_created_again_with_the_same_configuration_only",),
)
def same_thing_type(name: str, arn: str, existing: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    """A thing type that exists is created again with the same configuration only."""
    if dict(existing) != dict(wanted):
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            f"Thing type {name} already exists in account with different configuration",
            resourceId=name,
            resourceArn=arn,
        )


@rule(
    "THING-GROUP-SAME-CONFIGURATION",
    source="AWS API CreateThingGroup: exactly the same attributes as an existing ThingGroup give a success response; "
    "ResourceAlreadyExistsException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_thing_group_is_created_again_with_the_same_configuration_only",),
)
def same_group(
    name: str, arn: str, group_id: str, existing: Mapping[str, object], wanted: Mapping[str, object]
) -> None:
    """A thing group that exists is created again with the same configuration only."""
    if dict(existing) != dict(wanted):
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            f"Thing Group {name} already exists in current account with different properties",
            resourceId=group_id,
            resourceArn=arn,
        )


@rule(
    "THING-GROUP-CHILDLESS-BEFORE-DELETION",
    source="moto's record of a live error (InvalidRequestException when there are still child groups)",
    level=Level.PEER,
    held_by=(f"{TESTS}test_a_thing_group_with_child_groups_is_not_deleted",),
)
def group_is_childless(name: str, children: int) -> None:
    """A thing group that is deleted has no child groups."""
    if children:
        raise RuleViolation(
            "InvalidRequestException",
            f"Cannot delete thing group : {name} when there are still child groups attached to it",
        )


@rule(
    "INDEX-ON-BEFORE-SEARCH",
    source="facts, moto 1.1: a search before fleet indexing is on gives ResourceNotFoundException (peer)",
    level=Level.PEER,
    held_by=(f"{TESTS}test_nothing_is_searched_before_indexing_is_on",),
)
def index_is_on(mode: str) -> None:
    """Things are searched only once fleet indexing is on."""
    if mode == "OFF":
        raise RuleViolation("ResourceNotFoundException", "The index AWS_Things does not exist: indexing is off")
