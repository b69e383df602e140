"""Topic rules in pages, provisioning templates, domain configurations with AWS's own. Source: their AWS API pages."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from dicfix.offline.aws_api.account.operation import AccountOperation
from dicfix.offline.aws_api.binding import bound
from dicfix.offline.aws_api.iot.operation import by_position
from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.endpoints import ats_host

DEFAULT_SECURITY_POLICY = "IoTSecurityPolicy_TLS13_1_2_2022_10"
"""The policy of a new endpoint. Source: AWS IoT developer guide, transport-security, table of security policies."""
AWS_MANAGED = {"iot:Data-ATS": "DATA", "iot:CredentialProvider": "CREDENTIAL_PROVIDER", "iot:Jobs": "JOBS"}


class RuleResponses(AccountOperation):
    """Rules, templates and domains."""

    def list_topic_rules(self) -> ActionResult:
        topic, disabled = self.given("topic"), self.given("ruleDisabled")
        rules = [
            rule.to_dict()
            for rule in self.iot_backend.rules.values()
            if (topic is None or rule.topic_pattern == topic) and (disabled is None or rule.rule_disabled is disabled)
        ]
        page, more = self.tokened(list(enumerate(rules, 1)), by_position)
        return ActionResult({"rules": [rule for _, rule in page], **more})

    def create_provisioning_template(self) -> ActionResult:
        name = self.params["templateName"]
        if name in self.account.templates:
            raise RuleViolation("ResourceAlreadyExistsException", f"The provisioning template {name} exists")
        arn, now = self.iot_backend.arn(f"provisioningtemplate/{name}"), bound().now()
        self.account.templates[name] = {
            "templateArn": arn,
            "templateName": name,
            "description": self.given("description", ""),
            "creationDate": now,
            "lastModifiedDate": now,
            "enabled": bool(self.given("enabled", False)),
            "type": self.given("type", "FLEET_PROVISIONING"),
        }
        return ActionResult({"templateArn": arn, "templateName": name, "defaultVersionId": 1})

    def delete_provisioning_template(self) -> ActionResult:
        if self.account.templates.pop(self.params["templateName"], None) is None:
            raise RuleViolation("ResourceNotFoundException", "There is no such provisioning template")
        return EmptyResult()

    def list_provisioning_templates(self) -> ActionResult:
        page, more = self.tokened(list(enumerate(self.account.templates.values(), 1)), by_position)
        return ActionResult({"templates": [row for _, row in page], **more})

    def list_domain_configurations(self) -> ActionResult:
        kind = self.given("serviceType")
        rows = [one for one in self._domains().values() if kind is None or one["serviceType"] == kind]
        page, more = self.marked(list(enumerate(rows, 1)), by_position)
        kept = ("domainConfigurationName", "domainConfigurationArn", "serviceType")
        return ActionResult({"domainConfigurations": [{key: row[key] for key in kept} for _, row in page], **more})

    def describe_domain_configuration(self) -> ActionResult:
        found = self._domains().get(self.params["domainConfigurationName"])
        if found is None:
            raise RuleViolation("ResourceNotFoundException", "The specified resource does not exist")
        return ActionResult(found)

    def update_domain_configuration(self) -> ActionResult:
        name = self.params["domainConfigurationName"]
        found = self._domains().get(name)
        if found is None:
            raise RuleViolation("ResourceNotFoundException", "The specified resource does not exist")
        if self.given("tlsConfig"):
            self.account.tls_configs[name] = dict(self.params["tlsConfig"])
        kept = self.iot_backend.domain_configurations.get(name)
        if kept is not None and self.given("domainConfigurationStatus"):
            kept.domain_configuration_status = self.params["domainConfigurationStatus"]
        return ActionResult({key: found[key] for key in ("domainConfigurationName", "domainConfigurationArn")})

    def _domains(self) -> dict[str, dict[str, Any]]:
        """AWS's own configurations first, then the account's, each with its security policy."""
        host = ats_host(self.current_account, self.region)
        own = {
            name: {
                "domainConfigurationName": name,
                "domainConfigurationArn": self.iot_backend.arn(f"domainconfiguration/{name}"),
                "domainName": host if kind == "DATA" else f"{host.split('-ats')[0]}.{kind.lower()}",
                "serverCertificates": [],
                "domainConfigurationStatus": "ENABLED",
                "serviceType": kind,
                "domainType": "AWS_MANAGED",
            }
            for name, kind in AWS_MANAGED.items()
        }
        made = {name: one.to_description_dict() for name, one in self.iot_backend.domain_configurations.items()}
        default = {"securityPolicy": DEFAULT_SECURITY_POLICY}
        return {
            name: {
                **{key: value for key, value in described.items() if value is not None},
                "serviceType": described.get("serviceType") or "DATA",
                "tlsConfig": self.account.tls_configs.get(name, default),
            }
            for name, described in {**own, **made}.items()
        }
