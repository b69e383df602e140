"""Who else may use a signing profile. Source: AWS Signer API Add-, List- and RemoveProfilePermission."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult

from dicfix.offline.aws_api.account.state import account_state
from dicfix.offline.rules import RuleViolation

if TYPE_CHECKING:
    from dicfix.offline.aws_api.ota.services import OtaServices

PAGE = 20
"""How many permissions an answer holds; no page names it (assumed)."""


class ProfilePermissions:
    """The operations on the permissions of a profile."""

    params: dict[str, Any]
    region: str
    current_account: str

    if TYPE_CHECKING:

        @property
        def ota(self) -> OtaServices: ...

    def _permissions(self) -> dict[str, dict[str, str]]:
        name = self.params["profileName"]
        if name not in self.ota.signing.profiles:
            raise RuleViolation("ResourceNotFoundException", f"There is no signing profile {name}")
        return account_state(self.current_account, self.region).profile_permissions.setdefault(name, {})

    def add_profile_permission(self) -> ActionResult:
        """AddProfilePermission."""
        kept = self._permissions()
        statement = self.params["statementId"]
        if statement in kept:
            raise RuleViolation("ConflictException", f"The statement {statement} exists")
        members = ("action", "principal", "statementId", "profileVersion")
        kept[statement] = {name: self.params[name] for name in members if self.params.get(name)}
        return ActionResult({"revisionId": str(uuid.uuid4())})

    def remove_profile_permission(self) -> ActionResult:
        """RemoveProfilePermission."""
        if self._permissions().pop(self.params["statementId"], None) is None:
            raise RuleViolation("ResourceNotFoundException", "There is no such statement")
        return ActionResult({"revisionId": str(uuid.uuid4())})

    def list_profile_permissions(self) -> ActionResult:
        """ListProfilePermissions, in pages."""
        kept = list(self._permissions().values())
        start = self._start(len(kept))
        page = kept[start : start + PAGE]
        more = {"nextToken": str(start + PAGE)} if start + PAGE < len(kept) else {}
        size = len(json.dumps(kept)) if kept else 0
        return ActionResult({"revisionId": str(uuid.uuid4()), "policySizeBytes": size, "permissions": page, **more})

    def _start(self, count: int) -> int:
        token = str(self.params.get("nextToken") or "0")
        if not token.isdigit() or int(token) > count:
            raise RuleViolation("ValidationException", "The token is not valid")
        return int(token)
