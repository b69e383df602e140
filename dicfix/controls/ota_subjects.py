"""Which OTA records the settings mean: the update, its files and where they come from, the devices, the choice.

Each gives the record or raises Absent; nothing here judges. May import guide, settings, records and the registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dicfix.controls.registry import Absent, Look
from dicfix.fields import Field
from dicfix.findings import Finding
from dicfix.guide.ota_rights import OtaPlace
from dicfix.ota_records import (
    CUSTOM,
    UNSIGNED,
    CodeSigningCertificate,
    OtaFile,
    OtaUpdate,
    SigningJob,
    SigningProfile,
    ThingGroup,
)
from dicfix.records import known
from dicfix.settings import ota_bucket

UPDATE_OPERATIONS = ("iot:ListOTAUpdates", "iot:GetOTAUpdate")
SOURCE_NEEDS = ("ota_update", "signing_jobs")
"""What it takes to tell where a file of the update comes from."""
SOURCE_OPERATIONS = (*UPDATE_OPERATIONS, "signer:DescribeSigningJob", "s3:ListObjectVersions")


def found_update(look: Look) -> OtaUpdate:
    """The OTA update; raises Absent."""
    update = known(look.inventory.ota_update)
    if update is None:
        name = look.settings.ota_update_id
        raise Absent(name or "OTA update", f"an OTA update named {name}" if name else "an OTA update", "none")
    return update


def files_of(update: OtaUpdate) -> tuple[OtaFile, ...]:
    """The files of an update; raises Absent when it has none."""
    files = known(update.files)
    if not files:
        raise Absent(update.update_id, "a file", "no file")
    return files


def file_name(file: OtaFile) -> str:
    """What a finding calls a file of the update."""
    if file.key:
        return f"{file.bucket}/{file.key}"
    return f"the file of signing job {file.signing.signer_job_id}" if file.signing.signer_job_id else "the file"


def chosen_signing(look: Look) -> str:
    """The way to sign that is judged: the configured one; in an audit the one that a signed update shows.

    Reads the update in either case: of an update that nobody could read no choice is known to be made.
    """
    update = known(look.inventory.ota_update)
    if look.auditing and update is not None:
        kinds = {one.signing.kind for one in known(update.files)} - {UNSIGNED}
        if len(kinds) == 1:
            return kinds.pop()
    return look.settings.signing_choice


def unless_custom(look: Look, findings: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings, or NOT_APPLICABLE with a custom signature, for which AWS signs nothing."""
    if chosen_signing(look) == CUSTOM:
        yield look.not_applicable("the file has a custom signature: AWS signs nothing")
    else:
        yield from findings()


def signing_job(look: Look, job_id: str) -> SigningJob:
    """The signing job of this id; raises Absent."""
    found = known(look.inventory.signing_jobs).get(job_id)
    if not found:
        raise Absent(f"signing job {job_id or 'of the file'}", "a signing job", "no such signing job")
    return found


def signing_profile(look: Look) -> SigningProfile:
    """The signing profile of the configured name; raises Absent."""
    found = known(look.inventory.signing_profile)
    if found is None:
        name = look.settings.signing_profile
        raise Absent(name, f"a signing profile named {name}", "no such signing profile")
    return found


def code_signing_certificate(look: Look) -> CodeSigningCertificate:
    """The code-signing certificate; raises Absent."""
    found = known(look.inventory.code_signing_certificate)
    if found is None:
        raise Absent("code-signing certificate", "a certificate in ACM", "none")
    return found


@dataclass(frozen=True, slots=True)
class Source:
    """Where the unsigned image lies in S3; ``size_bytes`` is None where there is no such object."""

    bucket: Field[str]
    key: Field[str]
    version: Field[str]
    size_bytes: Field[int | None]


def source_of(look: Look, file: OtaFile) -> Source:
    """The image's place: the update's own S3 location, else the source of its signing job; raises Absent."""
    if file.key:
        return Source(file.bucket, file.key, file.version, file.size_bytes)
    if not file.signing.signer_job_id:
        raise Absent("the file", "a location in S3, or a signing job", "neither")
    job = signing_job(look, file.signing.signer_job_id)
    return Source(job.source_bucket, job.source_key, job.source_version, job.source_size_bytes)


def each_file(look: Look, judge_one: Callable[[OtaFile], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of every file of the update."""
    for file in files_of(found_update(look)):
        yield from look.settled(file_name(file), lambda file=file: judge_one(file))  # type: ignore[misc]


def thing_group(look: Look, name: str) -> ThingGroup:
    """The thing group of this name; raises Absent."""
    found = known(look.inventory.thing_groups).get(name)
    if not found:
        raise Absent(f"thing group {name}", f"a thing group named {name}", "no such thing group")
    return found


def wanted_things(look: Look) -> tuple[str, ...]:
    """The things that the update is meant for: the configured devices and the members of the configured groups."""
    members = [one for name in look.settings.ota_thing_groups for one in known(thing_group(look, name).things)]
    return tuple(dict.fromkeys([*look.settings.ota_targets, *members]))


def place_of(look: Look, arn: str) -> OtaPlace:
    """Where OTA updates are made, in the account and partition of an ARN; a role's own ARN is taken as it is."""
    _, partition, _, _, account, rest = (*arn.split(":", 5), *[""] * 6)[:6]
    role = arn if rest.startswith("role/") else f"arn:{partition}:iam::{account}:role/{look.settings.ota_role}"
    return OtaPlace(
        account=account,
        region=look.settings.region,
        bucket=ota_bucket(look.settings, account),
        role_arn=role,
        profile=look.settings.signing_profile,
        partition=partition,
    )
