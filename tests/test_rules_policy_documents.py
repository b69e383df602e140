"""The rules of policy documents, one test each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dicfix.offline.rules import RuleViolation, policy_documents

ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
GUIDE = {"Version": "2012-10-17", "Statement": [ALLOW_ALL]}


def _malformed(document: Any) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(RuleViolation) as refused:
        policy_documents.read_document(text)
    assert refused.value.code == "MalformedPolicyException"


def _statement_malformed(**members: Any) -> None:
    _malformed({"Version": "2012-10-17", "Statement": [{**ALLOW_ALL, **members}]})


def test_the_guides_document_is_read_as_it_is() -> None:
    assert policy_documents.read_document(json.dumps(GUIDE, indent=8)) == GUIDE


@pytest.mark.parametrize(
    "statement",
    [
        ALLOW_ALL,
        {
            "Sid": "one",
            "Effect": "Deny",
            "Action": ["iot:Connect", "iot:Pub*"],
            "Resource": ["arn:aws:iot:*:*:topic/a"],
        },
        {"Effect": "Allow", "NotAction": "iot:Publish", "NotResource": "arn:aws:iot:eu-west-1:1:topic/a"},
        {
            "Effect": "Allow",
            "Action": "iot:Connect",
            "Resource": "arn:aws:iot:eu-west-1:1:client/${iot:Connection.Thing.ThingName}",
            "Condition": {"Bool": {"iot:Connection.Thing.IsAttached": "true"}},
        },
    ],
)
def test_a_statement_may_stand_alone_or_in_a_list(statement: dict[str, Any]) -> None:
    for written in (statement, [statement]):
        document = {"Version": "2012-10-17", "Statement": written}
        assert policy_documents.read_document(json.dumps(document)) == document


def test_a_document_of_2049_characters_without_blanks_is_refused() -> None:
    empty = len(json.dumps({**GUIDE, "Id": ""}).replace(" ", ""))
    fits = {**GUIDE, "Id": "x" * (policy_documents.DOCUMENT_CHARACTERS - empty)}
    assert policy_documents.read_document(json.dumps(fits, indent=40)) == fits
    _malformed({**fits, "Id": fits["Id"] + "x"})
    _malformed(" \n")


def test_text_that_is_no_json_object_is_refused() -> None:
    for text in ("policy.json", "{", "[]", '"text"', "null"):
        with pytest.raises(RuleViolation, match="JSON") as refused:
            policy_documents.parsed(text)
        assert refused.value.code == "MalformedPolicyException"


def test_unknown_members_versions_and_missing_statements_are_refused() -> None:
    _malformed({**GUIDE, "Comment": "x"})
    _malformed({**GUIDE, "Version": "2026-01-01"})
    _malformed({"Version": "2012-10-17"})
    _malformed({**GUIDE, "Statement": []})
    _malformed({**GUIDE, "Statement": ["x"]})


def test_a_statement_with_a_principal_is_refused() -> None:
    _statement_malformed(Principal="*")


def test_an_effect_other_than_allow_and_deny_is_refused() -> None:
    for effect in ("allow", "", None, ["Allow"]):
        _statement_malformed(Effect=effect)


def test_an_action_without_service_prefix_is_refused() -> None:
    for action in ("Connect", "iot Connect", "", [], None, [1], ["iot:Connect", "x"]):
        _statement_malformed(Action=action)
    _statement_malformed(NotAction="iot:Connect")


def test_a_resource_that_is_no_arn_is_refused() -> None:
    for resource in ("topic/a", "", [], None, {"a": "b"}):
        _statement_malformed(Resource=resource)


def test_a_condition_that_is_no_object_of_objects_is_refused() -> None:
    for condition in ("x", {"StringEquals": "x"}, []):
        _statement_malformed(Condition=condition)


def test_a_sixth_version_is_refused() -> None:
    policy_documents.room_for_version("p", 4)
    with pytest.raises(RuleViolation) as refused:
        policy_documents.room_for_version("p", 5)
    assert refused.value.code == "VersionsLimitExceededException"


def test_the_default_version_is_not_deleted() -> None:
    policy_documents.version_may_be_deleted(1, 2)
    with pytest.raises(RuleViolation) as refused:
        policy_documents.version_may_be_deleted(2, 2)
    assert refused.value.code == "InvalidRequestException"


def test_an_attached_policy_is_not_deleted() -> None:
    policy_documents.policy_is_unattached("p", 0)
    with pytest.raises(RuleViolation, match="attached") as refused:
        policy_documents.policy_is_unattached("p", 1)
    assert refused.value.code == "DeleteConflictException"


def test_a_policy_with_further_versions_is_not_deleted() -> None:
    policy_documents.policy_has_one_version("p", 1)
    with pytest.raises(RuleViolation, match="versions") as refused:
        policy_documents.policy_has_one_version("p", 2)
    assert refused.value.code == "DeleteConflictException"


def test_an_eleventh_policy_is_not_attached() -> None:
    policy_documents.room_for_attachment("arn", 9)
    with pytest.raises(RuleViolation) as refused:
        policy_documents.room_for_attachment("arn", 10)
    assert refused.value.code == "LimitExceededException"


def test_a_policy_name_is_taken_once() -> None:
    policy_documents.name_is_free("p", lambda _name: None)
    with pytest.raises(RuleViolation) as refused:
        policy_documents.name_is_free("p", lambda name: f"arn/{name}")
    assert refused.value.code == "ResourceAlreadyExistsException"
    assert refused.value.extra == {"resourceId": "p", "resourceArn": "arn/p"}
