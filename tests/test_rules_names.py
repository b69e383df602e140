"""The rules of names, pages, endpoints, bucket names and topics of the API, one test each."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session

from dicfix.offline.rules import RuleViolation, bucket_names, data_requests, endpoints, names, paging

IOT = get_session().get_service_model("iot")
ID = "0123456789abcdef" * 4


def _input(operation: str) -> Any:
    return IOT.operation_model(operation).input_shape


def _refused(operation: str, params: dict[str, Any], match: str) -> None:
    with pytest.raises(RuleViolation, match=match) as refused:
        names.member_constraints(_input(operation), params)
    assert refused.value.code == "InvalidRequestException"


def test_a_thing_name_with_a_blank_is_refused() -> None:
    names.member_constraints(_input("CreateThing"), {"thingName": "Dimmable_Light:1-a"})
    names.member_constraints(_input("CreateThing"), {"thingName": "x" * 128})
    _refused("CreateThing", {"thingName": "has space"}, "'thingName'.*regular expression")
    _refused("CreateThing", {"thingName": "x" * 129}, "'thingName'.*length less than or equal to 128")
    _refused("CreateThing", {"thingName": ""}, "2 validation errors")


@pytest.mark.parametrize(
    ("operation", "params", "match"),
    [
        ("CreatePolicy", {"policyName": "a/b", "policyDocument": "{}"}, "'policyName'"),
        ("CreatePolicy", {"policyDocument": "{}"}, "'policyName'.*not be null"),
        ("UpdateCertificate", {"certificateId": ID, "newStatus": "BOGUS"}, "enum value set"),
        ("UpdateCertificate", {"certificateId": "x", "newStatus": "ACTIVE"}, "'certificateId'"),
        ("ListCertificates", {"pageSize": 251}, "'pageSize'.*less than or equal to 250"),
        ("ListCertificates", {"pageSize": 0}, "'pageSize'.*greater than or equal to 1"),
        ("CreateThing", {"thingName": "t", "attributePayload": {"attributes": {"a b": "c"}}}, "attributes.key"),
        ("CreateThing", {"thingName": "t", "attributePayload": {"attributes": {"a": "b c"}}}, "attributes.a"),
        ("TagResource", {"resourceArn": "a", "tags": [{"Key": "", "Value": "v"}]}, "tags.1.member.Key"),
    ],
)
def test_members_are_held_to_the_service_model(operation: str, params: dict[str, Any], match: str) -> None:
    _refused(operation, params, match)


def test_every_pattern_of_the_service_model_can_be_used() -> None:
    patterns = {
        IOT.shape_for(name).metadata["pattern"] for name in IOT.shape_names if "pattern" in IOT.shape_for(name).metadata
    }
    assert len(patterns) > 40
    for pattern in patterns:
        names.compiled(pattern)
    assert names.compiled(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$").fullmatch("Größe 1")


def test_a_page_has_at_most_the_size_asked_for() -> None:
    items = list(range(1, 8))
    seen: list[int] = []
    marker: str | None = None
    for expected in (3, 3, 1):
        chosen, marker = paging.page(items, int, operation="List", marker=marker, size=3)
        assert len(chosen) == expected
        seen += chosen
    assert (seen, marker) == (items, None)


def test_pages_in_descending_order_begin_with_the_newest() -> None:
    first, marker = paging.page([1, 2, 3], int, operation="List", marker=None, size=2, ascending=False)
    last, end = paging.page([1, 2, 3], int, operation="List", marker=marker, size=2, ascending=False)
    assert (list(first), list(last), end) == ([3, 2], [1], None)


def test_a_list_that_fits_its_page_has_no_marker() -> None:
    assert paging.page([1, 2], int, operation="List", marker=None, size=2) == ([1, 2], None)
    assert paging.page([], int, operation="List", marker=None, size=2) == ([], None)


def test_deleting_while_paging_skips_nothing() -> None:
    items = list(range(10))
    first, marker = paging.page(items, int, operation="List", marker=None, size=4)
    left = [item for item in items if item not in first]
    second, _ = paging.page(left, int, operation="List", marker=marker, size=4)
    assert list(second) == [4, 5, 6, 7]


def test_a_marker_of_another_operation_is_refused() -> None:
    marker = paging.marker_of("ListCertificates", 3)
    assert paging.position_in(marker, "ListCertificates") == 3
    with pytest.raises(RuleViolation) as refused:
        paging.position_in(marker, "ListPolicies")
    assert refused.value.code == "InvalidRequestException"


@pytest.mark.parametrize("marker", ["x", "!!!!", "YWJj", ""])
def test_a_marker_that_is_none_is_refused(marker: str) -> None:
    with pytest.raises(RuleViolation, match="not valid"):
        paging.position_in(marker, "List")


def test_the_endpoint_of_an_account_and_region_stays_the_same() -> None:
    host = endpoints.ats_host("123456789012", "eu-west-1")
    assert host == endpoints.ats_host("123456789012", "eu-west-1")
    assert host.endswith("-ats.iot.eu-west-1.amazonaws.com")
    assert len(host.split("-ats", 1)[0]) == endpoints.PREFIX_CHARACTERS
    others = {endpoints.ats_host("123456789012", "eu-west-2"), endpoints.ats_host("210987654321", "eu-west-1")}
    assert host not in others
    assert len(others) == 2


def test_only_the_data_endpoint_has_ats_in_its_host() -> None:
    def host(kind: str | None, *, legacy: bool = True, jobs: bool = False) -> str:
        return endpoints.host(kind, "1" * 12, "eu-west-1", legacy_data=legacy, jobs=jobs)

    assert "-ats.iot." in host("iot:Data-ATS")
    assert "-ats" not in host(None)
    assert host(None) == host("iot:Data")
    assert ".credentials.iot." in host("iot:CredentialProvider")
    assert ".jobs.iot." in host("iot:Jobs", jobs=True)
    for kind, legacy in (("iot:Jobs", True), ("iot:Data", False), (None, False), ("iot:data-ats", True)):
        with pytest.raises(RuleViolation, match="Please use iot:Data-ATS") as refused:
            host(kind, legacy=legacy)
        assert refused.value.code == "InvalidRequestException"


def test_a_bucket_name_with_an_underscore_is_refused() -> None:
    bucket_names.bucket_name("ota-demo-123456789012-eu-west-1")
    for name in ("ota_demo", "ab", "x" * 64, "Upper", "-ab", "a..b", "10.0.0.1"):
        with pytest.raises(RuleViolation) as refused:
            bucket_names.bucket_name(name)
        assert refused.value.code == "InvalidBucketName"


def test_a_message_is_not_published_to_a_topic_with_wildcards() -> None:
    data_requests.check_publish("light/1", 1, retain=True)
    for topic in ("light/#", "+/a", ""):
        with pytest.raises(RuleViolation) as refused:
            data_requests.no_wildcards(topic)
        assert refused.value.code == "InvalidRequestException"


@pytest.mark.parametrize(
    ("topic", "size_bytes", "retain"),
    [("a" * 257, 1, False), ("a/" * 8, 1, False), ("a", 128 * 1024 + 1, False), ("$aws/x", 1, True)],
)
def test_the_limits_of_mqtt_hold_for_the_api_too(topic: str, size_bytes: int, retain: bool) -> None:
    with pytest.raises(RuleViolation) as refused:
        data_requests.check_publish(topic, size_bytes, retain=retain)
    assert refused.value.code == "InvalidRequestException"
