"""The OTA service role in IAM, and what the caller may do: reads, writes and the simulation of rights.

No user is ever created. May import ``guide`` and ``ota_records``.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from dicfix.aws.answers import tried, unless_absent
from dicfix.aws.session import AwsSession
from dicfix.fields import Field, Unread
from dicfix.guide.ota_rights import SERVICE, Right
from dicfix.ota_records import OperatorRights, OtaRole

_NO_ROLE = ("NoSuchEntity", "NoSuchEntityException")
_ASSUMED_ROLE = re.compile(r"arn:(?P<partition>[\w-]+):sts::\d{12}:assumed-role/(?P<name>[^/]+)/.+")


def read_role(session: AwsSession, name: str) -> OtaRole | None:
    """The role with its trust and all its policies as JSON text, or None. Source: PRE-2; IAM GetRole."""
    answer = unless_absent(lambda: session.call("iam", "GetRole", RoleName=name), _NO_ROLE)
    if answer is None:
        return None
    role = answer["Role"]
    return OtaRole(
        name=name,
        arn=role["Arn"],
        trust=_text(role["AssumeRolePolicyDocument"]),
        attached_policies=tried("iam:ListAttachedRolePolicies", lambda: _attached(session, name)),
        inline_policies=tried("iam:ListRolePolicies", lambda: _inline(session, name)),
    )


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def attached_policy_arns(session: AwsSession, role: str) -> tuple[str, ...]:
    """The ARNs of a role's attached policies."""
    rows = session.pages("iam", "ListAttachedRolePolicies", "AttachedPolicies", size=100, RoleName=role)
    return tuple(row["PolicyArn"] for row in rows)


def inline_policy_names(session: AwsSession, role: str) -> tuple[str, ...]:
    """The names of a role's inline policies."""
    return tuple(session.pages("iam", "ListRolePolicies", "PolicyNames", size=100, RoleName=role))


def _attached(session: AwsSession, role: str) -> dict[str, str]:
    return {arn: _managed_document(session, arn) for arn in attached_policy_arns(session, role)}


def _managed_document(session: AwsSession, arn: str) -> str:
    version = session.call("iam", "GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = session.call("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return _text(answer["PolicyVersion"]["Document"])


def _inline(session: AwsSession, role: str) -> dict[str, str]:
    def document(name: str) -> str:
        answer = session.call("iam", "GetRolePolicy", RoleName=role, PolicyName=name)
        return _text(answer["PolicyDocument"])

    return {name: document(name) for name in inline_policy_names(session, role)}


def create_role(session: AwsSession, name: str, trust: Mapping[str, Any]) -> str:
    """Create a role and give its ARN. Source: PRE-2; IAM CreateRole."""
    answer = session.call(
        "iam",
        "CreateRole",
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(trust),
        Description="AWS IoT makes OTA updates with this role (Direct Internet Connectivity).",
    )
    return str(answer["Role"]["Arn"])


def set_trust(session: AwsSession, name: str, trust: Mapping[str, Any]) -> None:
    """Replace a role's trust policy. Source: IAM UpdateAssumeRolePolicy."""
    session.call("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=json.dumps(trust))


def attach_managed_policy(session: AwsSession, role: str, policy_arn: str) -> None:
    """Attach a managed policy to a role. Source: PRE-2; IAM AttachRolePolicy."""
    session.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=policy_arn)


def detach_managed_policy(session: AwsSession, role: str, policy_arn: str) -> None:
    """Detach a managed policy from a role."""
    session.call("iam", "DetachRolePolicy", RoleName=role, PolicyArn=policy_arn)


def put_inline_policy(session: AwsSession, role: str, name: str, document: Mapping[str, Any]) -> None:
    """Write an inline policy of a role. Source: PRE-2; IAM PutRolePolicy."""
    session.call("iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def delete_inline_policy(session: AwsSession, role: str, name: str) -> None:
    """Delete an inline policy of a role."""
    session.call("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)


def delete_role(session: AwsSession, name: str) -> None:
    """Delete a role, which IAM allows only when it has no policies."""
    session.call("iam", "DeleteRole", RoleName=name)


def read_operator_rights(session: AwsSession, caller_arn: str, rights: Iterable[Right]) -> OperatorRights:
    """By action, whether the caller is allowed it. Source: PRE-3, PRE-5; IAM SimulatePrincipalPolicy."""
    arn = _principal(session, caller_arn)
    operation = "iam:SimulatePrincipalPolicy"
    allowed: dict[str, Field[bool]] = {}
    for resource, actions in _by_resource(rights).items():
        found = tried(operation, lambda r=resource, a=actions: _simulated(session, arn, a, r))  # type: ignore[misc]
        for action in actions:
            answer: Field[bool] = found if isinstance(found, Unread) else _answer(found, action)
            allowed[action] = answer
    return OperatorRights(arn, allowed)


def _by_resource(rights: Iterable[Right]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for one in rights:
        grouped[one.resource].append(one.action)
    return grouped


def _answer(found: Mapping[str, bool], action: str) -> Field[bool]:
    if action in found:
        return found[action]
    return Unread("iam:SimulatePrincipalPolicy", "FieldMissing", f"the answer says nothing of {action}")


def _simulated(session: AwsSession, arn: str, actions: list[str], resource: str) -> dict[str, bool]:
    context = [{"ContextKeyName": "iam:PassedToService", "ContextKeyValues": [SERVICE], "ContextKeyType": "string"}]
    answer = session.call(
        "iam",
        "SimulatePrincipalPolicy",
        PolicySourceArn=arn,
        ActionNames=actions,
        ResourceArns=[resource],
        ContextEntries=context,
    )
    return {row["EvalActionName"]: row["EvalDecision"] == "allowed" for row in answer["EvaluationResults"]}


def _principal(session: AwsSession, caller_arn: str) -> str:
    """The ARN that IAM simulates for: of an assumed role, the role itself, whose path only IAM knows."""
    assumed = _ASSUMED_ROLE.fullmatch(caller_arn)
    if assumed is None:
        return caller_arn
    return str(session.call("iam", "GetRole", RoleName=assumed["name"])["Role"]["Arn"])
