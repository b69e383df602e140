"""Device Defender's audit: configuration, schedules and findings. Source: the AWS API pages of these operations.

Nothing audits here: a test or a planted defect keeps a finding in the state.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.account.operation import AccountOperation
from dicfix.offline.aws_api.iot.operation import by_position
from dicfix.offline.rules import RuleViolation

CHECKS = (
    "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
    "CA_CERTIFICATE_EXPIRING_CHECK",
    "CA_CERTIFICATE_KEY_QUALITY_CHECK",
    "CONFLICTING_CLIENT_IDS_CHECK",
    "DEVICE_CERTIFICATE_AGE_CHECK",
    "DEVICE_CERTIFICATE_EXPIRING_CHECK",
    "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK",
    "DEVICE_CERTIFICATE_SHARED_CHECK",
    "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK",
    "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
    "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK",
    "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK",
    "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK",
    "LOGGING_DISABLED_CHECK",
    "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK",
    "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK",
    "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
)
"""Source: facts, controls 1.2."""


class DefenderResponses(AccountOperation):
    """What Device Defender audits, when, and what it found."""

    def describe_account_audit_configuration(self) -> ActionResult:
        checks = self.account.audit_configuration.get("auditCheckConfigurations", {})
        answer = {"auditCheckConfigurations": {name: checks.get(name, {"enabled": False}) for name in CHECKS}}
        if "roleArn" in self.account.audit_configuration:
            answer["roleArn"] = self.account.audit_configuration["roleArn"]
        return ActionResult(answer)

    def update_account_audit_configuration(self) -> ActionResult:
        checks = dict(self.given("auditCheckConfigurations", {}))
        unknown = sorted(set(checks) - set(CHECKS))
        if unknown:
            raise RuleViolation("InvalidRequestException", f"{unknown[0]} is no audit check")
        configuration = self.account.audit_configuration
        if self.given("roleArn"):
            configuration["roleArn"] = self.params["roleArn"]
        configuration.setdefault("auditCheckConfigurations", {}).update(checks)
        return EmptyResult()

    def delete_account_audit_configuration(self) -> ActionResult:
        self.account.audit_configuration.clear()
        return EmptyResult()

    def create_scheduled_audit(self) -> ActionResult:
        name = self.params["scheduledAuditName"]
        if name in self.account.scheduled_audits:
            raise RuleViolation("ResourceAlreadyExistsException", f"The scheduled audit {name} exists")
        enabled = {
            check
            for check, how in self.account.audit_configuration.get("auditCheckConfigurations", {}).items()
            if how.get("enabled")
        }
        refused = sorted(set(self.params["targetCheckNames"]) - enabled)
        if refused:
            raise RuleViolation("InvalidRequestException", f"{refused[0]} is not enabled")
        arn = self.iot_backend.arn(f"scheduledaudit/{name}")
        row = {"scheduledAuditName": name, "scheduledAuditArn": arn, "frequency": self.params["frequency"]}
        row |= {key: self.params[key] for key in ("dayOfMonth", "dayOfWeek") if self.params.get(key)}
        self.account.scheduled_audits[name] = row
        return ActionResult({"scheduledAuditArn": arn})

    def delete_scheduled_audit(self) -> ActionResult:
        if self.account.scheduled_audits.pop(self.params["scheduledAuditName"], None) is None:
            raise RuleViolation("ResourceNotFoundException", "There is no such scheduled audit")
        return EmptyResult()

    def list_scheduled_audits(self) -> ActionResult:
        page, more = self.tokened(list(enumerate(self.account.scheduled_audits.values(), 1)), by_position)
        return ActionResult({"scheduledAudits": [row for _, row in page], **more})

    def list_audit_findings(self) -> ActionResult:
        if bool(self.given("taskId")) == bool(self.given("startTime") and self.given("endTime")):
            raise RuleViolation("InvalidRequestException", "Either a task or a start and an end is required")
        found = [one for one in self.account.audit_findings if self._asked_for(one)]
        page, more = self.tokened(list(enumerate(found, 1)), by_position)
        return ActionResult({"findings": [finding for _, finding in page], **more})

    def _asked_for(self, finding: dict[str, Any]) -> bool:
        task, start, end = (self.given(name) for name in ("taskId", "startTime", "endTime"))
        suppressed = bool(self.given("listSuppressedFindings", False))
        check = self.given("checkName")
        return (
            finding["isSuppressed"] is suppressed
            and (not check or finding["checkName"] == check)
            and (not task or finding["taskId"] == task)
            and (not start or _moment(start) <= finding["findingTime"] <= _moment(end))
        )


def _moment(value: Any) -> datetime:
    """A time of a request, which arrives as seconds or parsed."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(value), UTC)
