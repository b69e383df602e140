"""Logging in to another account by one of its roles. May import botocore, the session and ``errors``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.credentials import RefreshableCredentials

from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, GuardRefused, Unreadable

SESSION_NAME = "dicfix-audit"
DURATION_S = 3600
"""The longest that a role assumed by another role may be used. Source: STS AssumeRole, role chaining."""
RENEW_S = 900
"""How long before the end a role is assumed again, by whoever calls next; ``LATEST_S`` before, everybody waits for it.

Source: botocore's own margins.
"""
LATEST_S = 600
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


def assumed(client_kwargs: Mapping[str, Any], role_arn: str, external_id: str = "") -> dict[str, Any]:
    """What clients of the role's account are made with: credentials that the role is assumed for anew before they end.

    A sweep of a large fleet takes longer than any of them lasts. Source: STS AssumeRole. Raises GuardRefused when not
    let in; that a later one is refused is an Unreadable of whatever was being read.
    """
    assume = _assuming(client_kwargs, role_arn, external_id)
    try:
        first = assume()
    except Unreadable as error:
        raise GuardRefused(
            f"role {role_arn} could not be assumed: {error.code}",
            expected="a role that trusts this caller",
            remedy="correct role or external_id in [[accounts]], or the role's trust policy",
        ) from error
    credentials: Any = RefreshableCredentials
    return {
        **{name: value for name, value in client_kwargs.items() if name not in _KEYS},
        "profile_name": None,
        "credentials": credentials.create_from_metadata(first, assume, "assume-role", RENEW_S, LATEST_S),
        # The embedded cloud's own credentials stay alone; a person's way to AWS (proxy, FIPS) leads to the role too.
        "alone": "aws_access_key_id" in client_kwargs,
    }


def _assuming(client_kwargs: Mapping[str, Any], role_arn: str, external_id: str) -> Callable[[], dict[str, str]]:
    """Assumes the role each time it is called; raises Unreadable."""
    session = AwsSession(client_kwargs)
    extra = {"ExternalId": external_id} if external_id else {}

    def assume() -> dict[str, str]:
        try:
            answer = session.call(
                "sts", "AssumeRole", RoleArn=role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=DURATION_S, **extra
            )
        except AwsRefused as error:
            raise Unreadable("sts:AssumeRole", error.code, str(error), permission="sts:AssumeRole") from error
        found = answer["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    return assume
