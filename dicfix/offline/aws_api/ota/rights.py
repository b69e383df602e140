"""What roles and callers may do, read from moto's IAM state. May import moto's IAM and STS, and the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.iam.models import iam_backends

from dicfix.offline.rules.iam_rights import RoleRights

PARTITION = "aws"


def iam_backend(account_id: str) -> Any:
    """moto's IAM of an account."""
    backends: Any = iam_backends
    return backends[account_id][PARTITION]


def rights_of_role(account_id: str, arn: str) -> RoleRights | None:
    """A role's trust, and its attached and inline policies; None without such a role."""
    backend = iam_backend(account_id)
    role = next((one for one in backend.roles.values() if one.arn == arn), None)
    return None if role is None else RoleRights(arn, _document(role.assume_role_policy_document), _policies(role))


def rights_of_user(account_id: str, arn: str) -> RoleRights | None:
    """A user's policies and those of its groups; None without such a user."""
    backend = iam_backend(account_id)
    user = next((one for one in backend.users.values() if one.arn == arn), None)
    if user is None:
        return None
    holders = (user, *backend.get_groups_for_user(user.name))
    return RoleRights(arn, {}, tuple(document for holder in holders for document in _policies(holder)))


def rights_of_caller(account_id: str, access_key_id: str) -> RoleRights | None:
    """The rights behind an access key; None for one that IAM does not know, whose holder may do everything."""
    backend = iam_backend(account_id)
    user = backend.get_user_from_access_key_id(access_key_id)
    if user is not None:
        return rights_of_user(account_id, user.arn)
    key = backend.access_keys.get(access_key_id)
    role_arn = getattr(key, "role_arn", None)
    return rights_of_role(account_id, role_arn) if role_arn else None


def _policies(holder: Any) -> tuple[Mapping[str, Any], ...]:
    managed: Iterable[Any] = holder.managed_policies.values()
    texts = [_in_effect(policy) for policy in managed] + list(holder.policies.values())
    return tuple(_document(text) for text in texts)


def _in_effect(policy: Any) -> Any:
    versions = {version.version_id: version.document for version in policy.versions}
    return versions.get(policy.default_version_id, "{}")


def _document(text: Any) -> Mapping[str, Any]:
    found = text if isinstance(text, dict) else json.loads(text or "{}")
    return found if isinstance(found, dict) else {}
