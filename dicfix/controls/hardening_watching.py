"""Hardening of who watches: logging, Device Defender and what it found, jobs that hang, the auditor's own rights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from dicfix.account_records import DefenderFinding, JobProgress
from dicfix.controls.account_subjects import client_ids
from dicfix.controls.policies import shortened
from dicfix.controls.registry import Absent, Look, control
from dicfix.controls.subjects import CA_NEEDS, CA_OPERATIONS, CERTIFICATE_OPERATIONS, registered_ca
from dicfix.findings import Axis, Finding, Severity
from dicfix.guide.ota_rights import SERVICE
from dicfix.iam_policies import read_policy, trusts
from dicfix.records import Caller, known

_LEVELS = ("WARN", "INFO", "DEBUG")
LONGEST_JOB_DAYS = 7
FAILED_SHARE = 0.10
_FAILED = ("numberOfFailedThings", "numberOfTimedOutThings", "numberOfRejectedThings")
_OTHERS = (
    "numberOfSucceededThings",
    "numberOfInProgressThings",
    "numberOfQueuedThings",
    "numberOfCanceledThings",
    "numberOfRemovedThings",
)


@control(
    "DIC-HRD-17",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title="AWS IoT logs at level WARN or more, with a role that it may assume",
    rationale="Why a device was refused is told by nothing but these logs.",
    remedy="aws iot set-v2-logging-options --role-arn <role> --default-log-level WARN",
    needs=("logging", "caller"),
    operations=("iot:GetV2LoggingOptions", "iam:GetRole", "sts:GetCallerIdentity"),
    source="AWS IoT Device Defender developer guide, audit-chk-logging-disabled.html",
)
def iot_is_logged(look: Look) -> Iterator[Finding]:
    """GetV2LoggingOptions; that they are not configured means that logging is off."""
    resource, expected = "logging of AWS IoT", "on, level WARN, INFO or DEBUG, with its role"
    options = known(look.inventory.logging)
    if options is None:
        raise Absent(resource, expected, "never configured, which is off")
    wrong = ["disabled"] if known(options.disabled) else []
    wrong += [f"level {known(options.level)}"] if known(options.level) not in _LEVELS else []
    wrong += (
        [] if _assumable(look, known(options.role_trust)) else [f"{SERVICE} may not assume {known(options.role_arn)}"]
    )
    observed = ", ".join(wrong) or f"on, level {known(options.level)}"
    yield look.judge(resource, not wrong, expected=expected, observed=observed)


def _assumable(look: Look, trust: str | None) -> bool:
    if trust is None:
        return False
    caller = known(look.inventory.caller)
    partition = caller.arn.split(":")[1]
    context = {
        "aws:SourceAccount": caller.account,
        "aws:SourceArn": f"arn:{partition}:iot:{caller.region}:{caller.account}:*",
    }
    return trusts(read_policy(trust, "the trust policy of the logging role"), SERVICE, context)


@control(
    "DIC-HRD-18",
    axis=Axis.HARDENING,
    severity=Severity.MINOR,
    title="Device Defender audits the account on a schedule",
    rationale="It sees what no list shows: certificates used twice at a time, and client IDs in conflict.",
    remedy="aws iot update-account-audit-configuration with the checks, then create-scheduled-audit --frequency DAILY",
    needs=("defender_audit", "scheduled_audits"),
    operations=("iot:DescribeAccountAuditConfiguration", "iot:ListScheduledAudits"),
    source="docs.aws.amazon.com/iot-device-defender/latest/devguide/device-defender-audit.html",
)
def defender_audits(look: Look) -> Iterator[Finding]:
    """A role, enabled checks and a scheduled audit."""
    audit, schedules = known(look.inventory.defender_audit), known(look.inventory.scheduled_audits)
    wrong = [] if known(audit.role_arn) else ["no role"]
    checks = known(audit.enabled_checks)
    wrong += [] if checks else ["no check enabled"]
    wrong += [] if schedules else ["no scheduled audit"]
    yield look.judge(
        "Device Defender",
        not wrong,
        expected="a role, enabled checks and a scheduled audit",
        observed=", ".join(wrong) or f"{len(checks)} checks, {len(schedules)} scheduled audits",
    )


@control(
    "DIC-HRD-19",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="Device Defender has no open finding about what is ours",
    rationale="It watches the connections of a month, which an audit of the registry cannot.",
    remedy="open the finding in the console (AWS IoT > Security > Audit > Results) and do what it says, or suppress it",
    needs=(*CA_NEEDS, "caller", "defender_audit", "defender_findings"),
    operations=(
        *CA_OPERATIONS,
        *CERTIFICATE_OPERATIONS,
        "sts:GetCallerIdentity",
        "iot:DescribeAccountAuditConfiguration",
        "iot:ListAuditFindings",
    ),
    source="docs.aws.amazon.com/iot/latest/apireference/API_ListAuditFindings.html",
)
def defender_found_nothing(look: Look) -> Iterator[Finding]:
    """The findings of each check's last audit that name our CA, certificates, policy, things or account."""
    if not known(known(look.inventory.defender_audit).enabled_checks):
        yield look.not_applicable("Device Defender audits nothing here (DIC-HRD-18)")
        return
    ours = _ours(look)
    found = [one for one in known(look.inventory.defender_findings) if not known(one.suppressed)]
    last: dict[str, datetime] = {}
    for one in found:
        last[_check(one)] = max(known(one.task_started), last.get(_check(one), known(one.task_started)))
    still = [one for one in found if known(one.task_started) == last[_check(one)] and _names(one, ours)]
    for one in still:
        text = f"{known(one.severity)} {_check(one)}: {known(one.reason)}"
        yield look.judge(_about(one, ours), False, expected="no open finding", observed=text)
    if not still:
        yield look.judge("what is ours", True, expected="no open finding", observed="no open finding")


def _check(finding: DefenderFinding) -> str:
    return known(finding.check)


def _ours(look: Look) -> frozenset[str]:
    clients = client_ids(look)
    account = known(look.inventory.caller).account
    return frozenset(
        {registered_ca(look).certificate_id, look.settings.policy_name, account, *clients, *clients.values()}
    )


def _names(finding: DefenderFinding, ours: frozenset[str]) -> bool:
    return bool(_named(finding, ours))


def _named(finding: DefenderFinding, ours: frozenset[str]) -> list[str]:
    return [one for one in known(finding.resources) if one in ours or one.rpartition("/")[2] in ours]


def _about(finding: DefenderFinding, ours: frozenset[str]) -> str:
    return f"{_named(finding, ours)[0].rpartition('/')[2][:24]}, {_check(finding)}"


@control(
    "DIC-HRD-23",
    axis=Axis.HARDENING,
    title=f"No job hangs for {LONGEST_JOB_DAYS} days, and no job fails on more than a tenth of its things",
    rationale="A device that never answers stays behind; an image that fails often should be stopped.",
    remedy="look at its executions; aws iot cancel-job --job-id <id>",
    needs=("account_jobs",),
    operations=("iot:ListJobs", "iot:DescribeJob"),
    source="docs.aws.amazon.com/iot/latest/apireference/API_JobProcessDetails.html",
)
def jobs_do_not_hang(look: Look) -> Iterator[Finding]:
    """Age and counts of every job that is IN_PROGRESS."""
    jobs = known(look.inventory.account_jobs)
    if not jobs:
        yield look.not_applicable("no job is in progress")
    yield from look.each(jobs, lambda name: _job(look, jobs[name]))


def _job(look: Look, job: JobProgress) -> Iterator[Finding]:
    age = (look.now - known(job.created)) // timedelta(days=1)
    counts = known(job.counts)
    failed = sum(counts.get(name, 0) for name in _FAILED)
    total = failed + sum(counts.get(name, 0) for name in _OTHERS)
    wrong = [f"in progress for {age} days"] if age >= LONGEST_JOB_DAYS else []
    wrong += [f"failed on {failed} of {total} things"] if total and failed / total > FAILED_SHARE else []
    yield look.judge(
        job.job_id,
        not wrong,
        expected=f"fewer than {LONGEST_JOB_DAYS} days, failed on {FAILED_SHARE:.0%} at most",
        observed=", ".join(wrong) or f"in progress for {age} days, failed on {failed} of {total}",
    )


@control(
    "DIC-HRD-26",
    axis=Axis.HARDENING,
    severity=Severity.CRITICAL,
    title="Whoever audits may not write, and is not root",
    rationale="A nightly run needs no right to change anything: what it does not have nobody can take from it.",
    remedy="audit with a role that has the policy of: python -m dicfix permissions audit",
    needs=("caller", "caller_rights"),
    operations=("sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy"),
    source="IAM user guide, best-practices.html (least privilege, no root)",
)
def auditor_may_not_write(look: Look) -> Iterator[Finding]:
    """The caller's ARN and, in an audit, what SimulatePrincipalPolicy says of one write of each kind."""
    caller: Caller = known(look.inventory.caller)
    root = caller.arn.endswith(":root")
    yield look.judge(caller.arn, not root, expected="a role or user", observed="root" if root else "a role or user")
    rights = look.given(look.inventory.caller_rights)
    if root or rights is None:
        return
    allowed = [action for action, may in known(rights.allowed).items() if known(may)]
    yield look.judge(
        f"rights of {caller.arn}",
        not allowed,
        expected="no write is allowed",
        observed=f"allowed: {shortened(allowed)}" if allowed else "no write is allowed",
    )
