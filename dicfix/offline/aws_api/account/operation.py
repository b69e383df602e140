"""An operation of ``iot`` that works on the account's state. May import ``iot.operation`` and ``state``."""

from __future__ import annotations

from dicfix.offline.aws_api.account.state import AccountState, account_state
from dicfix.offline.aws_api.iot.operation import Operation


class AccountOperation(Operation):
    """One request being answered."""

    @property
    def account(self) -> AccountState:
        """The state of the request's account and Region."""
        return account_state(self.current_account, self.region)
