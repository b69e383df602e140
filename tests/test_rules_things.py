"""The rules of things, thing types and thing groups, one test each."""

from __future__ import annotations

import pytest

from dicfix.offline.rules import RuleViolation, things
from dicfix.offline.rules.things import EXCLUSIVE, NON_EXCLUSIVE


def test_a_thing_is_created_again_with_the_same_configuration_only() -> None:
    same = {"type": None, "attributes": {"a": "b"}}
    things.same_configuration("t", "arn", same, dict(same))
    with pytest.raises(RuleViolation) as refused:
        things.same_configuration("t", "arn", same, {**same, "attributes": {}})
    assert refused.value.code == "ResourceAlreadyExistsException"
    assert refused.value.extra == {"resourceId": "t", "resourceArn": "arn"}


def test_a_thing_without_type_has_at_most_three_attributes() -> None:
    four = dict.fromkeys("abcd", "x")
    things.attribute_count(dict.fromkeys("abc", "x"), typed=False)
    things.attribute_count(four, typed=True)
    with pytest.raises(RuleViolation, match="may have 3") as refused:
        things.attribute_count(four, typed=False)
    assert refused.value.code == "InvalidRequestException"
    with pytest.raises(RuleViolation, match="may have 50"):
        things.attribute_count({str(number): "x" for number in range(51)}, typed=True)


def test_another_version_than_expected_is_a_conflict() -> None:
    things.expected_version("t", 2, None)
    things.expected_version("t", 2, 2)
    with pytest.raises(RuleViolation) as refused:
        things.expected_version("t", 2, 1)
    assert refused.value.code == "VersionConflictException"


def test_a_thing_with_a_principal_is_not_deleted() -> None:
    things.principals_detached("t", 0)
    with pytest.raises(RuleViolation) as refused:
        things.principals_detached("t", 1)
    assert refused.value.code == "InvalidRequestException"


def test_an_exclusive_thing_is_the_only_one_of_its_principal() -> None:
    things.attachment_allowed({}, "t", EXCLUSIVE)
    things.attachment_allowed({"t": EXCLUSIVE}, "t", EXCLUSIVE)
    things.attachment_allowed({"u": NON_EXCLUSIVE}, "t", NON_EXCLUSIVE)
    for attached, wanted in (({"u": NON_EXCLUSIVE}, EXCLUSIVE), ({"u": EXCLUSIVE}, NON_EXCLUSIVE)):
        with pytest.raises(RuleViolation) as refused:
            things.attachment_allowed(attached, "t", wanted)
        assert refused.value.code == "InvalidRequestException"


def test_the_type_of_an_attachment_does_not_change() -> None:
    things.attachment_type_stays({}, "t", EXCLUSIVE)
    things.attachment_type_stays({"t": EXCLUSIVE}, "t", EXCLUSIVE)
    with pytest.raises(RuleViolation) as refused:
        things.attachment_type_stays({"t": NON_EXCLUSIVE}, "t", EXCLUSIVE)
    assert refused.value.code == "InvalidRequestException"


def test_a_deprecated_thing_type_takes_no_more_things() -> None:
    things.thing_type_usable("k", deprecated=False)
    with pytest.raises(RuleViolation) as refused:
        things.thing_type_usable("k", deprecated=True)
    assert refused.value.code == "InvalidRequestException"


def test_a_thing_type_in_use_or_not_deprecated_is_not_deleted() -> None:
    things.thing_type_deletable("k", deprecated=True, things=0)
    for deprecated, used in ((False, 0), (True, 1)):
        with pytest.raises(RuleViolation) as refused:
            things.thing_type_deletable("k", deprecated=deprecated, things=used)
        assert refused.value.code == "InvalidRequestException"


def test_a_thing_type_is_created_again_with_the_same_configuration_only() -> None:
    things.same_thing_type("k", "arn", {}, {})
    with pytest.raises(RuleViolation) as refused:
        things.same_thing_type("k", "arn", {}, {"thingTypeDescription": "x"})
    assert refused.value.code == "ResourceAlreadyExistsException"


def test_a_thing_group_is_created_again_with_the_same_configuration_only() -> None:
    things.same_group("g", "arn", "id", {"parent": None}, {"parent": None})
    with pytest.raises(RuleViolation) as refused:
        things.same_group("g", "arn", "id", {"parent": None}, {"parent": "h"})
    assert refused.value.code == "ResourceAlreadyExistsException"
    assert refused.value.extra == {"resourceId": "id", "resourceArn": "arn"}


def test_nothing_is_searched_before_indexing_is_on() -> None:
    things.index_is_on("REGISTRY")
    with pytest.raises(RuleViolation) as refused:
        things.index_is_on("OFF")
    assert refused.value.code == "ResourceNotFoundException"


def test_a_thing_group_with_child_groups_is_not_deleted() -> None:
    things.group_is_childless("g", 0)
    with pytest.raises(RuleViolation) as refused:
        things.group_is_childless("g", 1)
    assert refused.value.code == "InvalidRequestException"
