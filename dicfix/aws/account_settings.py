"""What an account has beside its registry: rules, templates, logging, Device Defender, indexing, domains, quotas.

Reads only. A field that the answer lacks is Unread. May import ``account_records``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dicfix.account_records import (
    DEFENDER_WINDOW_DAYS,
    Connectivity,
    DefenderAudit,
    DefenderFinding,
    DomainConfiguration,
    Indexing,
    JobProgress,
    LoggingOptions,
    ProvisioningTemplate,
    Quota,
    ScheduledAudit,
    TopicRule,
)
from dicfix.aws.answers import member, tried, unless_absent
from dicfix.aws.session import AwsSession
from dicfix.fields import Field, Unread

_ABSENT = ("ResourceNotFoundException",)
_SEARCH_PAGE = 100
_QUOTAS_PAGE = 100
IOT_CORE = "iotcore"
"""AWS IoT Core's name in Service Quotas."""


def read_topic_rules(session: AwsSession) -> dict[str, TopicRule]:
    """Every topic rule by name. Source: ListTopicRules, GetTopicRule."""
    names = [row["ruleName"] for row in session.pages("iot", "ListTopicRules", "rules")]
    found = ((name, _topic_rule(session, name)) for name in names)
    return {name: rule for name, rule in found if rule}


def _topic_rule(session: AwsSession, name: str) -> TopicRule | None:
    operation = "iot:GetTopicRule"
    answer = tried(
        operation, lambda: unless_absent(lambda: session.call("iot", "GetTopicRule", ruleName=name), _ABSENT)
    )
    if answer is None:
        return None
    if isinstance(answer, Unread):
        return TopicRule(name, answer, answer, answer)
    rule = answer.get("rule", {})
    actions = member(rule, "actions", operation)
    kinds = actions if isinstance(actions, Unread) else tuple(kind for one in actions for kind in one)
    return TopicRule(name, member(rule, "sql", operation), member(rule, "ruleDisabled", operation), kinds)


def read_provisioning_templates(session: AwsSession) -> dict[str, ProvisioningTemplate]:
    """Every provisioning template by name. Source: ListProvisioningTemplates."""
    operation = "iot:ListProvisioningTemplates"
    rows = session.pages("iot", "ListProvisioningTemplates", "templates")
    return {
        row["templateName"]: ProvisioningTemplate(
            row["templateName"], member(row, "enabled", operation), member(row, "type", operation)
        )
        for row in rows
    }


def read_logging(session: AwsSession) -> LoggingOptions | None:
    """The logging options, or None where they were never configured (logging is off). Source: GetV2LoggingOptions."""
    operation = "iot:GetV2LoggingOptions"
    answer = unless_absent(lambda: session.call("iot", "GetV2LoggingOptions"), ("NotConfiguredException",))
    if answer is None:
        return None
    role = answer.get("roleArn", "")
    return LoggingOptions(
        level=member(answer, "defaultLogLevel", operation),
        disabled=member(answer, "disableAllLogs", operation),
        role_arn=role,
        role_trust=tried("iam:GetRole", lambda: read_trust(session, role.rpartition("/")[2])) if role else None,
    )


def read_trust(session: AwsSession, role_name: str) -> str | None:
    """A role's trust policy as JSON text, or None without such a role. Source: IAM GetRole."""
    found = unless_absent(
        lambda: session.call("iam", "GetRole", RoleName=role_name), ("NoSuchEntity", "NoSuchEntityException")
    )
    if found is None:
        return None
    document = found["Role"]["AssumeRolePolicyDocument"]
    return document if isinstance(document, str) else json.dumps(document)


def read_defender_audit(session: AwsSession) -> DefenderAudit:
    """Device Defender's audit configuration. Source: DescribeAccountAuditConfiguration."""
    operation = "iot:DescribeAccountAuditConfiguration"
    answer = session.call("iot", "DescribeAccountAuditConfiguration")
    checks = member(answer, "auditCheckConfigurations", operation)
    # AWS leaves the role out where the audit was never configured; that absence is the answer.
    role = answer.get("roleArn", "")
    if isinstance(checks, Unread):
        return DefenderAudit(role, checks)
    return DefenderAudit(role, tuple(sorted(name for name, how in checks.items() if how.get("enabled"))))


def read_scheduled_audits(session: AwsSession) -> tuple[ScheduledAudit, ...]:
    """The scheduled audits. Source: ListScheduledAudits."""
    rows = session.pages("iot", "ListScheduledAudits", "scheduledAudits")
    return tuple(
        ScheduledAudit(row["scheduledAuditName"], member(row, "frequency", "iot:ListScheduledAudits")) for row in rows
    )


def read_defender_findings(session: AwsSession, now: datetime) -> tuple[DefenderFinding, ...]:
    """Device Defender's findings that are not suppressed, of its last days. Source: ListAuditFindings."""
    start = now - timedelta(days=DEFENDER_WINDOW_DAYS)
    rows = session.pages("iot", "ListAuditFindings", "findings", startTime=start, endTime=now)
    return tuple(_defender_finding(row) for row in rows)


def _defender_finding(row: Mapping[str, Any]) -> DefenderFinding:
    operation = "iot:ListAuditFindings"
    at_fault = member(row, "nonCompliantResource", operation)
    named: Field[tuple[str, ...]] = (
        at_fault if isinstance(at_fault, Unread) else tuple(_texts(at_fault.get("resourceIdentifier", {})))
    )
    return DefenderFinding(
        finding_id=row["findingId"],
        check=member(row, "checkName", operation),
        severity=member(row, "severity", operation),
        resources=named,
        reason=row.get("reasonForNonCompliance", ""),
        suppressed=row.get("isSuppressed", False),
        task_started=member(row, "taskStartTime", operation),
    )


def _texts(identifier: Mapping[str, Any]) -> list[str]:
    texts: list[str] = []
    for value in identifier.values():
        texts += _texts(value) if isinstance(value, Mapping) else [str(value)]
    return texts


def read_indexing(session: AwsSession) -> Indexing:
    """What fleet indexing indexes of things. Source: GetIndexingConfiguration."""
    operation = "iot:GetIndexingConfiguration"
    things = member(session.call("iot", "GetIndexingConfiguration"), "thingIndexingConfiguration", operation)
    if isinstance(things, Unread):
        return Indexing(things, things)
    # Connectivity may be left out where it was never chosen, which is OFF.
    return Indexing(member(things, "thingIndexingMode", operation), things.get("thingConnectivityIndexingMode", "OFF"))


def read_connectivity(session: AwsSession, query: str = "thingName:*") -> dict[str, Connectivity]:
    """What the index knows of the connections of the things that a query finds, by name. Source: SearchIndex."""
    rows = session.pages("iot", "SearchIndex", "things", size=_SEARCH_PAGE, queryString=query)
    return {row["thingName"]: _connectivity(row) for row in rows}


def _connectivity(row: Mapping[str, Any]) -> Connectivity:
    told = member(row, "connectivity", "iot:SearchIndex")
    if isinstance(told, Unread):
        return Connectivity(row["thingName"], told, told, told)
    return Connectivity(
        row["thingName"],
        member(told, "connected", "iot:SearchIndex"),
        told.get("clientId", ""),
        told.get("disconnectReason", ""),
    )


def read_jobs_in_progress(session: AwsSession) -> dict[str, JobProgress]:
    """The jobs that are IN_PROGRESS with their counts. Source: ListJobs, DescribeJob."""
    rows = session.pages("iot", "ListJobs", "jobs", status="IN_PROGRESS")
    found = ((row["jobId"], _job_progress(session, row["jobId"])) for row in rows)
    return {name: job for name, job in found if job}


def _job_progress(session: AwsSession, job_id: str) -> JobProgress | None:
    operation = "iot:DescribeJob"
    answer = tried(operation, lambda: unless_absent(lambda: session.call("iot", "DescribeJob", jobId=job_id), _ABSENT))
    if answer is None:
        return None
    if isinstance(answer, Unread):
        return JobProgress(job_id, answer, answer, answer)
    job = answer.get("job", {})
    details = member(job, "jobProcessDetails", operation)
    counts = details if isinstance(details, Unread) else {k: v for k, v in details.items() if isinstance(v, int)}
    return JobProgress(job_id, member(job, "status", operation), member(job, "createdAt", operation), counts)


def read_quotas(session: AwsSession) -> dict[str, Quota]:
    """The account's quotas of AWS IoT Core by code. Source: Service Quotas ListServiceQuotas."""
    operation = "service-quotas:ListServiceQuotas"
    rows = session.pages("service-quotas", "ListServiceQuotas", "Quotas", size=_QUOTAS_PAGE, ServiceCode=IOT_CORE)
    return {
        row["QuotaCode"]: Quota(row["QuotaCode"], row.get("QuotaName", ""), member(row, "Value", operation))
        for row in rows
    }


def read_domain_configurations(session: AwsSession) -> dict[str, DomainConfiguration]:
    """The domain configurations of the data endpoints by name. Source: List- and DescribeDomainConfiguration."""
    rows = session.pages("iot", "ListDomainConfigurations", "domainConfigurations", serviceType="DATA")
    found = ((name, _domain(session, name)) for name in (row["domainConfigurationName"] for row in rows))
    return {name: domain for name, domain in found if domain}


def _domain(session: AwsSession, name: str) -> DomainConfiguration | None:
    operation = "iot:DescribeDomainConfiguration"
    answer = tried(
        operation,
        lambda: unless_absent(
            lambda: session.call("iot", "DescribeDomainConfiguration", domainConfigurationName=name), _ABSENT
        ),
    )
    if answer is None:
        return None
    if isinstance(answer, Unread):
        return DomainConfiguration(name, answer, answer, answer, answer)
    tls = member(answer, "tlsConfig", operation)
    return DomainConfiguration(
        name=name,
        domain=member(answer, "domainName", operation),
        status=member(answer, "domainConfigurationStatus", operation),
        kind=member(answer, "domainType", operation),
        security_policy=tls if isinstance(tls, Unread) else member(tls, "securityPolicy", operation),
    )
