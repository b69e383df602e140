"""All operations of ``iot`` on the account's state, in one mixin."""

from __future__ import annotations

from dicfix.offline.aws_api.account.defender_responses import DefenderResponses
from dicfix.offline.aws_api.account.index_responses import IndexResponses
from dicfix.offline.aws_api.account.logging_responses import LoggingResponses
from dicfix.offline.aws_api.account.rule_responses import RuleResponses


class AccountResponses(LoggingResponses, DefenderResponses, IndexResponses, RuleResponses):
    """Logging, Device Defender, indexing, rules, templates and domains."""
