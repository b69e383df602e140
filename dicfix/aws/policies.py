"""AWS IoT policies: the guide's JSON, and the calls of step 5 and of attaching it in step 6.

May import ``records``.
"""

from __future__ import annotations

import json
from typing import Any

from dicfix.aws.registry import _member
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, DicfixError, Unreadable
from dicfix.records import Field, Policy, Unread

GUIDE_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
"""The document that the guide tells the reader to paste. Source: AWS-5.2."""


def policy_text(document: dict[str, Any]) -> str:
    """The document as the JSON text that is sent to AWS."""
    return json.dumps(document, indent=2)


def read_policy(session: AwsSession, name: str) -> Policy | None:
    """The policy of this name with its default version, versions and targets, or None. Source: AWS-5; GetPolicy."""
    try:
        answer = session.call("iot", "GetPolicy", policyName=name)
    except AwsRefused as error:
        if error.code == "ResourceNotFoundException":
            return None
        raise
    return Policy(
        name=name,
        arn=_member(answer, "policyArn", "iot:GetPolicy"),
        document=_member(answer, "policyDocument", "iot:GetPolicy"),
        default_version_id=_member(answer, "defaultVersionId", "iot:GetPolicy"),
        version_ids=_tried("iot:ListPolicyVersions", lambda: _version_ids(session, name)),
        targets=_tried("iot:ListTargetsForPolicy", lambda: read_targets(session, name)),
    )


def _tried(operation: str, read: Any) -> Field[Any]:
    try:
        return read()
    except Unreadable as error:
        return Unread(operation, error.code, error.message, error.permission)
    except DicfixError as error:
        return Unread(operation, type(error).__name__, error.observed)


def _version_ids(session: AwsSession, name: str) -> tuple[str, ...]:
    answer = session.call("iot", "ListPolicyVersions", policyName=name)
    return tuple(row["versionId"] for row in answer["policyVersions"])


def read_targets(session: AwsSession, name: str) -> frozenset[str]:
    """ARNs of the certificates (and thing group ARNs) that the policy is attached to. Source: ListTargetsForPolicy."""
    return frozenset(session.pages("iot", "ListTargetsForPolicy", "targets", policyName=name))


def create_policy(session: AwsSession, name: str, document: str) -> None:
    """Create a policy with this document as its default version. Source: AWS-5; CreatePolicy."""
    session.call("iot", "CreatePolicy", policyName=name, policyDocument=document)


def replace_document(session: AwsSession, name: str, document: str) -> str:
    """Add a version with this document, make it the default and give its id. Source: CreatePolicyVersion."""
    answer = session.call("iot", "CreatePolicyVersion", policyName=name, policyDocument=document, setAsDefault=True)
    return str(answer["policyVersionId"])


def delete_policy(session: AwsSession, name: str) -> None:
    """Delete a policy and its other versions, which AWS allows only when it is attached to nothing."""
    for row in session.call("iot", "ListPolicyVersions", policyName=name)["policyVersions"]:
        if not row["isDefaultVersion"]:
            session.call("iot", "DeletePolicyVersion", policyName=name, policyVersionId=row["versionId"])
    session.call("iot", "DeletePolicy", policyName=name)


def attach_policy(session: AwsSession, name: str, target_arn: str) -> None:
    """Attach a policy to a certificate. Source: AWS-6.6; AttachPolicy."""
    session.call("iot", "AttachPolicy", policyName=name, target=target_arn)


def detach_policy(session: AwsSession, name: str, target_arn: str) -> None:
    """Detach a policy from a certificate."""
    session.call("iot", "DetachPolicy", policyName=name, target=target_arn)
