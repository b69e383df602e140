"""The ``iam`` service: moto's operations, and SimulatePrincipalPolicy by the evaluation in ``rules.iam_rights``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse

from dicfix.offline.aws_api.modelled import READING
from dicfix.offline.aws_api.ota.rights import rights_of_role, rights_of_user
from dicfix.offline.rules.iam_rights import RoleRights, may

EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_UNKNOWN_USER = "user/moto"
"""The name that moto gives a caller with credentials of no user: whoever runs the embedded cloud."""


class EmbeddedIamResponse(IamResponse):
    """moto's IAM, counting its changes, and simulating."""

    def call_action(self) -> Any:
        answer = super().call_action()
        if not str(self._get_action()).startswith((*READING, "Simulate")):
            backend: Any = self.backend
            backend.revision += 1
        return answer

    def simulate_principal_policy(self) -> ActionResult:
        rights = self._rights(str(self._get_param("PolicySourceArn")))
        context = {
            entry["ContextKeyName"]: str((entry.get("ContextKeyValues") or [""])[0])
            for entry in self._get_param("ContextEntries") or ()
        }
        rows = [
            _result(rights, action, resource, context)
            for action in self._get_param("ActionNames") or ()
            for resource in self._get_param("ResourceArns") or ("*",)
        ]
        return ActionResult({"EvaluationResults": rows, "IsTruncated": False})

    def _rights(self, arn: str) -> RoleRights:
        account = self.current_account
        if arn.endswith((":root", _UNKNOWN_USER)):
            found: RoleRights | None = RoleRights(arn, {}, (EVERYTHING,))
        else:
            found = rights_of_role(account, arn) or rights_of_user(account, arn)
        if found is None:
            raise NotFoundException(f"The entity {arn} cannot be found.")
        more = tuple(json.loads(text) for text in self._get_param("PolicyInputList") or ())
        return replace(found, policies=(*found.policies, *more))


def _result(rights: RoleRights, action: str, resource: str, context: Mapping[str, str]) -> dict[str, Any]:
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": _decision(rights, action, resource, context),
        "MatchedStatements": [],
        "MissingContextValues": [],
    }


def _decision(rights: RoleRights, action: str, resource: str, context: Mapping[str, str]) -> str:
    if may(rights, action, resource, context):
        return "allowed"
    # What not even a right to everything would allow is denied by a statement.
    with_all = replace(rights, policies=(*rights.policies, EVERYTHING))
    return "implicitDeny" if may(with_all, action, resource, context) else "explicitDeny"
