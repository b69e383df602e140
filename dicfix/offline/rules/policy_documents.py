"""What AWS IoT accepts as a policy document, and how many versions and attachments a policy may have.

Whether a policy allows something is ``policy_evaluation``'s matter. Pure standard library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from dicfix.offline.rules import Level, RuleViolation, rule

TESTS = "tests/test_rules_policy_documents.py::"
API = "AWS API CreatePolicy"
DOCUMENT_CHARACTERS = 2048
VERSIONS_PER_POLICY = 5
POLICIES_PER_TARGET = 10
GRAMMAR = "AWS IoT developer guide, AWS IoT Core policies: they follow the same conventions as IAM policies"
POLICY_VERSIONS = ("2012-10-17", "2008-10-17")
TOP_LEVEL = frozenset({"Version", "Id", "Statement"})
STATEMENT = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z*?]+")
_RESOURCE = re.compile(r"\*|arn:.+", re.DOTALL)
_BLANKS = re.compile(r"\s")


def _malformed(why: str) -> RuleViolation:
    return RuleViolation("MalformedPolicyException", f"Policy document is Malformed: {why}")


def read_document(text: str) -> dict[str, Any]:
    """The policy document in ``text``, found to be grammatical and not too long."""
    document_length(text)
    document = parsed(text)
    top_level(document)
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict):
            check_statement(statement)
    return document


def check_statement(statement: dict[str, Any]) -> None:
    """Ask each rule of one statement."""
    statement_members(statement)
    effect(statement)
    actions(statement)
    resources(statement)
    condition(statement)


@rule(
    "POLICY-DOCUMENT-LENGTH",
    source=f"{API}, member policyDocument: minimum length of 1, maximum length of 2048, excluding whitespace; the "
    "code is not stated",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_document_of_2049_characters_without_blanks_is_refused",),
)
def document_length(text: str) -> None:
    """A policy document has 1 to 2048 characters, blanks not counted."""
    length = len(_BLANKS.sub("", text))
    if not 1 <= length <= DOCUMENT_CHARACTERS:
        raise _malformed(f"{length} characters without blanks, at most {DOCUMENT_CHARACTERS} are allowed")


def _not_json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = {}
    return value if isinstance(value, dict) else {}


@rule(
    "POLICY-DOCUMENT-JSON-OBJECT",
    source=f"{API}, MalformedPolicyException: the policy documentation is not valid",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_text_that_is_no_json_object_is_refused",),
    without=_not_json,
)
def parsed(text: str) -> dict[str, Any]:
    """A policy document is a JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _malformed("it is not JSON") from error
    if not isinstance(value, dict):
        raise _malformed("it is not a JSON object")
    return value


@rule(
    "POLICY-DOCUMENT-TOP-LEVEL",
    source=GRAMMAR,
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_unknown_members_versions_and_missing_statements_are_refused",),
)
def top_level(document: dict[str, Any]) -> None:
    """A policy document has a known Version, at least one statement and no other members."""
    unknown = sorted(set(document) - TOP_LEVEL)
    if unknown:
        raise _malformed(f"unknown member {unknown[0]}")
    if document.get("Version", POLICY_VERSIONS[0]) not in POLICY_VERSIONS:
        raise _malformed("unknown Version")
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise _malformed("Statement is missing or not a list of objects")


@rule(
    "POLICY-DOCUMENT-STATEMENT-MEMBERS",
    source=f"{GRAMMAR}; a Principal belongs in resource-based policies",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_statement_with_a_principal_is_refused",),
)
def statement_members(statement: dict[str, Any]) -> None:
    """A statement has the members of an identity-based policy only, so no Principal."""
    unknown = sorted(set(statement) - STATEMENT)
    if unknown:
        raise _malformed(f"unknown member {unknown[0]} of a statement")


@rule(
    "POLICY-DOCUMENT-EFFECT",
    source=GRAMMAR,
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_effect_other_than_allow_and_deny_is_refused",),
)
def effect(statement: dict[str, Any]) -> None:
    """The Effect of a statement is Allow or Deny."""
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed("Effect must be Allow or Deny")


def _texts(statement: dict[str, Any], member: str) -> list[str]:
    if (member in statement) == (f"Not{member}" in statement):
        raise _malformed(f"a statement has either {member} or Not{member}")
    value = statement.get(member, statement.get(f"Not{member}"))
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
        raise _malformed(f"{member} must be a string or a list of strings")
    return values


@rule(
    "POLICY-DOCUMENT-ACTIONS",
    source=GRAMMAR,
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_action_without_service_prefix_is_refused",),
)
def actions(statement: dict[str, Any]) -> None:
    """Each Action of a statement is ``*`` or service and action, wildcards allowed."""
    for action in _texts(statement, "Action"):
        if not _ACTION.fullmatch(action):
            raise _malformed(f"the action {action!r} is not of the form iot:Action")


@rule(
    "POLICY-DOCUMENT-RESOURCES",
    source=GRAMMAR,
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_resource_that_is_no_arn_is_refused",),
)
def resources(statement: dict[str, Any]) -> None:
    """Each Resource of a statement is ``*`` or an ARN, wildcards and policy variables allowed."""
    for resource in _texts(statement, "Resource"):
        if not _RESOURCE.fullmatch(resource):
            raise _malformed(f"the resource {resource!r} is not an ARN")


@rule(
    "POLICY-DOCUMENT-CONDITION",
    source=GRAMMAR,
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_condition_that_is_no_object_of_objects_is_refused",),
)
def condition(statement: dict[str, Any]) -> None:
    """A Condition is an object of operators, each an object of keys."""
    given = statement.get("Condition", {})
    if not isinstance(given, dict) or not all(isinstance(keys, dict) for keys in given.values()):
        raise _malformed("Condition must be an object of objects")


@rule(
    "POLICY-FIVE-VERSIONS",
    source="AWS API CreatePolicyVersion: up to five versions; VersionsLimitExceededException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_sixth_version_is_refused",),
)
def room_for_version(name: str, versions: int) -> None:
    """A policy has at most five versions."""
    if versions >= VERSIONS_PER_POLICY:
        raise RuleViolation(
            "VersionsLimitExceededException", f"The policy {name} already has {VERSIONS_PER_POLICY} versions"
        )


@rule(
    "POLICY-DEFAULT-VERSION-STAYS",
    source="AWS API DeletePolicyVersion: you cannot delete the default version of a policy using this action",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_the_default_version_is_not_deleted",),
)
def version_may_be_deleted(number: int, default: int) -> None:
    """The default version of a policy is not deleted by itself."""
    if number == default:
        raise RuleViolation("InvalidRequestException", "Cannot delete the default version of a policy")


@rule(
    "POLICY-UNATTACHED-BEFORE-DELETION",
    source="AWS API DeletePolicy: not if attached to any certificate; DeleteConflictException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_attached_policy_is_not_deleted",),
)
def policy_is_unattached(name: str, targets: int) -> None:
    """A policy that is deleted is attached to nothing."""
    if targets:
        raise RuleViolation(
            "DeleteConflictException",
            f"The policy cannot be deleted as the policy is attached to one or more principals (name={name})",
        )


@rule(
    "POLICY-ONE-VERSION-BEFORE-DELETION",
    source="AWS API DeletePolicy: not if it has non-default versions; DeleteConflictException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_policy_with_further_versions_is_not_deleted",),
)
def policy_has_one_version(name: str, versions: int) -> None:
    """A policy that is deleted has its default version only."""
    if versions > 1:
        raise RuleViolation(
            "DeleteConflictException",
            f"The policy cannot be deleted as versions other than the default version exist (name={name})",
        )


@rule(
    "POLICY-TEN-PER-TARGET",
    source="AWS general reference, AWS IoT Core quotas: at most 10 policies attached to a certificate or thing group; "
    "AWS API AttachPolicy, LimitExceededException",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_an_eleventh_policy_is_not_attached",),
)
def room_for_attachment(target: str, attached: int) -> None:
    """A certificate or thing group has at most ten policies attached."""
    if attached >= POLICIES_PER_TARGET:
        raise RuleViolation("LimitExceededException", f"{target} already has {POLICIES_PER_TARGET} policies attached")


@rule(
    "POLICY-CREATED-ONCE",
    source=f"{API}, ResourceAlreadyExistsException with resourceId and resourceArn",
    level=Level.DOCUMENTED,
    held_by=(f"{TESTS}test_a_policy_name_is_taken_once",),
)
def name_is_free(name: str, arn_of: Callable[[str], str | None]) -> None:
    """A policy name is used once in an account and Region, whatever the document."""
    arn = arn_of(name)
    if arn is not None:
        raise RuleViolation(
            "ResourceAlreadyExistsException",
            f"Policy cannot be created - name already exists (name={name})",
            resourceId=name,
            resourceArn=arn,
        )
