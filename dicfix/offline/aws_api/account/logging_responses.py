"""Logging options of AWS IoT, in both versions. Source: AWS API Set- and GetV2LoggingOptions, GetLoggingOptions."""

from __future__ import annotations

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.account.operation import AccountOperation
from dicfix.offline.rules import RuleViolation

_MEMBERS = ("roleArn", "defaultLogLevel", "disableAllLogs", "eventConfigurations")


class LoggingResponses(AccountOperation):
    """What AWS IoT logs to CloudWatch."""

    def get_v2_logging_options(self) -> ActionResult:
        if self.account.logging is None:
            raise RuleViolation("NotConfiguredException", "The logging options are not configured")
        return ActionResult(self.account.logging)

    def set_v2_logging_options(self) -> ActionResult:
        given = {name: self.params[name] for name in _MEMBERS if self.params.get(name) is not None}
        before = self.account.logging or {"defaultLogLevel": "ERROR", "disableAllLogs": False}
        if "roleArn" not in {**before, **given} and not given.get("disableAllLogs"):
            raise RuleViolation("InvalidRequestException", "A role is required to log")
        self.account.logging = {**before, **given}
        return EmptyResult()

    def get_logging_options(self) -> ActionResult:
        if self.account.logging is None:
            return ActionResult({"logLevel": "DISABLED"})
        level = "DISABLED" if self.account.logging["disableAllLogs"] else self.account.logging["defaultLogLevel"]
        return ActionResult({"roleArn": self.account.logging.get("roleArn"), "logLevel": level})
