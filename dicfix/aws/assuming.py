"""Logging in to another account by one of its roles. May import the session and ``errors``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, GuardRefused, Unreadable

SESSION_NAME = "dicfix-audit"
DURATION_S = 3600
"""The longest that a role assumed by another role may be used. Source: STS AssumeRole, role chaining."""


def assumed(client_kwargs: Mapping[str, Any], role_arn: str, external_id: str = "") -> dict[str, Any]:
    """What clients of the role's account are made with. Source: STS AssumeRole. Raises GuardRefused when not let in."""
    extra = {"ExternalId": external_id} if external_id else {}
    try:
        answer = AwsSession(client_kwargs).call(
            "sts", "AssumeRole", RoleArn=role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=DURATION_S, **extra
        )
    except (AwsRefused, Unreadable) as error:
        raise GuardRefused(
            f"role {role_arn} could not be assumed: {error.code}",
            expected="a role that trusts this caller",
            remedy="correct role or external_id in [[accounts]], or the role's trust policy",
        ) from error
    found = answer["Credentials"]
    return {
        **client_kwargs,
        "profile_name": None,
        # The embedded cloud's own credentials stay alone; a person's way to AWS (proxy, FIPS) leads to the role too.
        "assumed": "aws_access_key_id" not in client_kwargs,
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }
