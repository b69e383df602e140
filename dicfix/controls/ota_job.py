"""Controls of the OTA job itself: its type, name, devices, protocol and role, its creation and its end."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from dicfix.controls.ota_subjects import UPDATE_OPERATIONS, found_update, thing_group, wanted_things
from dicfix.controls.registry import Absent, Look, control
from dicfix.findings import Finding, Severity
from dicfix.guide.ota_rights import JOB_PREFIX
from dicfix.ota_records import JobExecution
from dicfix.records import known

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_CREATED = "CREATE_COMPLETE"
_SUCCEEDED = "SUCCEEDED"
_MQTT = "MQTT"

_LIKELY: Mapping[str, str] = {
    "passrole": "the right to pass the role is missing: DIC-OTP-06 and DIC-OTP-09",
    "assume": "the role's trust is missing: DIC-OTP-04",
    "signer": "the signing profile or the right to use it is missing: DIC-OTA-07 and DIC-OTP-05",
    "signing": "the signing profile or the right to use it is missing: DIC-OTA-07 and DIC-OTP-05",
    "version": "the bucket is not versioned or there is no such version: DIC-OTP-02 and DIC-OTA-09",
    "s3": "the role may not use the bucket: DIC-OTP-07",
    "bucket": "the role may not use the bucket: DIC-OTP-07",
}
"""What an errorInfo points to, by the first word that fits. Source: FreeRTOS user guide, ota-create-failure."""


@control(
    "DIC-ACC-03",
    clauses=("OTA-4",),
    title="The jobs of the account and Region can be listed",
    rationale="Whoever cannot list the jobs cannot tell whether an update ran; another Region's jobs are no help.",
    remedy="allow iot:ListJobs and name the fleet's Region: Manage > Remote actions > Jobs",
    needs=("ota_jobs",),
    operations=("iot:ListJobs",),
)
def jobs_can_be_listed(look: Look) -> Iterator[Finding]:
    """OTA-4: the listing answers, and what it lists belongs to the account and Region."""
    jobs, settings = known(look.inventory.ota_jobs), look.settings
    home = f":{settings.region}:{settings.account}"
    strangers = [one.job_id for one in jobs.values() if home not in known(one.arn)]
    yield look.judge(
        "the jobs",
        not strangers,
        expected=f"jobs in {settings.region}{f' of {settings.account}' if settings.account else ''}, or none",
        observed=f"job {strangers[0]} of elsewhere" if strangers else f"{len(jobs)} listed",
    )


@control(
    "DIC-OTA-01",
    clauses=("OTA-5",),
    severity=Severity.CRITICAL,
    title="The job is a FreeRTOS OTA update job",
    rationale="A custom job has no stream and no signature, and the device's OTA agent does not know its document.",
    remedy="Create job > Create FreeRTOS OTA update job, or: aws iot create-ota-update",
    needs=("ota_update",),
    operations=UPDATE_OPERATIONS,
)
def job_is_an_ota_update(look: Look) -> Iterator[Finding]:
    """OTA-5: an OTA update exists and its job is the one that AWS makes for it."""
    update = found_update(look)
    expected, job_id = f"{JOB_PREFIX}{update.update_id}", known(update.job_id)
    if not job_id:
        yield look.absent(update.update_id, f"job {expected}", "no job")
    else:
        yield look.judge(update.update_id, job_id == expected, expected=f"job {expected}", observed=f"job {job_id}")


@control(
    "DIC-OTA-02",
    clauses=("OTA-6",),
    title="The job's name is unique and has no spaces",
    rationale="A name in use is refused, and a job under the update's own name is taken for it.",
    remedy="choose another name of letters, digits, '_' and '-': ota.update_id in dic.toml",
    needs=("ota_update", "ota_updates", "ota_jobs"),
    operations=(*UPDATE_OPERATIONS, "iot:ListJobs"),
)
def job_name_is_unique(look: Look) -> Iterator[Finding]:
    """OTA-6: of the documented characters, listed once, the configured one, and no other job's."""
    name = found_update(look).update_id
    wanted = look.settings.ota_update_id or name
    yield look.judge(
        name,
        bool(_NAME.fullmatch(name)) and name == wanted,
        expected="letters, digits, '_' or '-'" if wanted == name else wanted,
        observed=repr(name),
    )
    listed = known(look.inventory.ota_updates).count(name)
    also = name in known(look.inventory.ota_jobs)
    yield look.judge(
        name,
        listed == 1 and not also,
        expected="the name of one OTA update and of no other job",
        observed=f"the name of {listed} OTA updates" + (" and of a job beside" if also else ""),
    )


@control(
    "DIC-OTA-03",
    clauses=("OTA-7",),
    severity=Severity.CRITICAL,
    title="The devices to update are the configured ones",
    rationale="A device that is not targeted stays old; one that is targeted by mistake gets another's image.",
    remedy="select the things themselves (not certificates) under Devices to update, or their thing groups",
    needs=("ota_update", "things", "thing_groups"),
    operations=(*UPDATE_OPERATIONS, "iot:DescribeThing", "iot:DescribeThingGroup", "iot:ListThingsInThingGroup"),
)
def targets_are_the_devices(look: Look) -> Iterator[Finding]:
    """OTA-7: every target is a thing or thing group of ours, and together they are the configured devices."""
    targets = known(found_update(look).targets)
    wanted = dict.fromkeys(wanted_things(look))
    yield from look.each(targets, lambda arn: _target(look, arn, wanted))
    yield from look.settled("the targets", lambda: _all_are_targeted(look, targets, wanted))


def _target(look: Look, arn: str, wanted: Container[str]) -> Iterator[Finding]:
    strangers = sorted(one for one in _things_of(look, arn, wanted) if one not in wanted)
    yield look.judge(
        arn.rsplit(":", 1)[1],
        not strangers,
        expected="configured devices only",
        observed=f"{', '.join(strangers)}, not configured" if strangers else "configured devices only",
    )


def _things_of(look: Look, arn: str, wanted: Container[str]) -> tuple[str, ...]:
    kind, _, name = arn.rsplit(":", 1)[-1].partition("/")
    if kind == "thinggroup":
        group = thing_group(look, name)
        return known(group.things) if known(group.arn) == arn else _not_ours(arn)
    if kind != "thing":
        raise Absent(arn, "a thing or a thing group as target", f"a {kind or 'text'}", reason="differs")
    if name not in wanted:
        return (name,)
    thing = known(look.inventory.things).get(name)
    if not thing:
        raise Absent(name, f"a thing named {name}", "no such thing")
    return (name,) if known(thing.arn) == arn else _not_ours(arn)


def _not_ours(arn: str) -> tuple[str, ...]:
    raise Absent(arn, "a target in this account and Region", "of elsewhere", reason="differs")


def _all_are_targeted(look: Look, targets: tuple[str, ...], wanted: Iterable[str]) -> Iterator[Finding]:
    kinds = [arn.rsplit(":", 1)[-1].partition("/") for arn in targets]
    reached = {name for kind, _, name in kinds if kind == "thing"}
    for kind, _, name in kinds:
        group = known(look.inventory.thing_groups).get(name) if kind == "thinggroup" else None
        reached |= set(known(group.things)) if group else set()
    for name in wanted:
        yield look.judge(
            name, name in reached, expected="a device to update", observed="one" if name in reached else "not targeted"
        )


@control(
    "DIC-OTA-04",
    clauses=("OTA-8",),
    severity=Severity.CRITICAL,
    title="MQTT is the protocol of the file transfer",
    rationale="The published firmware is built for MQTT alone: over HTTP it never gets its file.",
    remedy="make the job again with MQTT as protocol",
    needs=("ota_update",),
    operations=UPDATE_OPERATIONS,
)
def protocol_is_mqtt(look: Look) -> Iterator[Finding]:
    """OTA-8: MQTT, alone or as the first of two."""
    update = found_update(look)
    protocols = known(update.protocols)
    others = [one for one in protocols if one != _MQTT]
    yield look.judge(
        update.update_id,
        _MQTT in protocols,
        expected=_MQTT,
        observed=" and ".join(protocols) or "no protocol",
        deviation=f"{' and '.join(others)} beside MQTT: the device chooses" if others and _MQTT in protocols else "",
    )


@control(
    "DIC-OTA-11",
    clauses=("OTA-14",),
    severity=Severity.CRITICAL,
    title="The update has the IAM role of the configured name",
    rationale="With this role AWS signs the file, makes the stream and makes the job.",
    remedy="make the role (ota.role in dic.toml) and choose it under IAM role",
    needs=("ota_update", "ota_role"),
    operations=(*UPDATE_OPERATIONS, "iot:DescribeStream", "iam:GetRole"),
)
def role_is_the_configured_one(look: Look) -> Iterator[Finding]:
    """OTA-14: the role of the update's stream is ota_demo."""
    update, role = found_update(look), known(look.inventory.ota_role)
    name = look.settings.ota_role
    if role is None:
        raise Absent(name, f"an IAM role named {name}", "no such role")
    used = known(update.role_arn)
    if not used:
        yield look.absent(update.update_id, f"role {name}", "no stream, and so no role")
        return
    expected = known(role.arn)
    yield look.judge(
        update.update_id,
        used == expected and used.rsplit("/", 1)[-1] == name,
        expected=f"role {expected}",
        observed=f"role {used}",
    )


@control(
    "DIC-OTA-12",
    clauses=("OTA-15.1",),
    severity=Severity.BLOCKER,
    title="The job is created",
    rationale="AWS makes signature, stream and job after its first answer, and may fail at each of them.",
    remedy="read the reason (aws iot get-ota-update), put it right, and make the update again under a new name",
    needs=("ota_update",),
    operations=UPDATE_OPERATIONS,
)
def job_is_created(look: Look) -> Iterator[Finding]:
    """OTA-15.1: CREATE_COMPLETE, or the reason why not."""
    update = found_update(look)
    status = known(update.status)
    observed = status
    if status != _CREATED:
        error = f"{known(update.error_code)}: {known(update.error_message)}".strip(": ")
        likely = next((hint for word, hint in _LIKELY.items() if word in error.lower()), "")
        observed = "; ".join(one for one in (status, error, likely) if one)
    yield look.judge(update.update_id, status == _CREATED, expected=_CREATED, observed=observed)


@control(
    "DIC-OTA-15",
    clauses=("OTA-15.2",),
    severity=Severity.BLOCKER,
    title="Every device's job execution ends SUCCEEDED",
    rationale="Only the device itself says that it has the new image.",
    remedy="read the execution's details; a device that has not begun needs the command ota first",
    needs=("ota_update", "ota_jobs", "thing_groups"),
    operations=("iot:GetOTAUpdate", "iot:ListJobExecutionsForJob", "iot:DescribeJobExecution"),
)
def executions_succeed(look: Look) -> Iterator[Finding]:
    """OTA-15.2: every target's job execution ends SUCCEEDED."""
    job_id = known(found_update(look).job_id)
    job = known(look.inventory.ota_jobs).get(job_id)
    if not job:
        raise Absent(f"job {job_id}".strip(), "the update's job", "no such job")
    executions = known(job.executions)
    names = dict.fromkeys([*wanted_things(look), *executions])
    yield from look.each(names, lambda name: _execution(look, name, executions.get(name)))


def _execution(look: Look, name: str, execution: JobExecution | None) -> Iterator[Finding]:
    if execution is None:
        yield look.absent(name, f"a job execution that ends {_SUCCEEDED}", "no job execution")
        return
    status = known(execution.status)
    details = "" if status == _SUCCEEDED else ", ".join(f"{key} {one}" for key, one in known(execution.details).items())
    yield look.judge(
        name, status == _SUCCEEDED, expected=_SUCCEEDED, observed=f"{status} ({details})" if details else status
    )
