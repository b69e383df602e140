"""Controls of the fit axis for OTA: whether the published OTA agent can take the update.

The figures are the firmware profile's (``dicfix.firmware``), by version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dicfix.controls.ota_subjects import (
    SOURCE_NEEDS,
    SOURCE_OPERATIONS,
    UPDATE_OPERATIONS,
    each_file,
    file_name,
    files_of,
    found_update,
    source_of,
    wanted_things,
)
from dicfix.controls.registry import Absent, Look, control
from dicfix.errors import MaterialError
from dicfix.findings import Axis, Finding, Severity
from dicfix.firmware import OtaAgentSettings, profile
from dicfix.guide.ota_rights import JOB_PREFIX
from dicfix.ota_records import Image, OtaFile
from dicfix.records import known

_WITH_OTA = ("2023-08", "2024-04")
_JOB_ID_CHARACTERS = 64
"""Source: botocore's model of iot, JobId."""
_AGENT_SOURCE = "ota_config.h and ota_private.h of the published firmware"


def _with_agent(look: Look, findings: Callable[[OtaAgentSettings], Iterable[Finding]]) -> Iterator[Finding]:
    agent = profile(look.settings.firmware_profile).ota
    if agent is None:
        yield look.not_applicable(f"firmware {look.settings.firmware_profile} has no OTA agent")
    else:
        yield from findings(agent)


@control(
    "DIC-FIT-05",
    axis=Axis.FIT,
    title="The update's name leaves room for AWS's prefix in the job ID",
    rationale="CreateOTAUpdate takes 128 characters, but the job ID is AFR_OTA- and the name, and has 64 at most.",
    remedy="make the update again with a name of 56 characters at most",
    needs=("ota_update",),
    operations=UPDATE_OPERATIONS,
    source="botocore's service model of iot: otaUpdateId 1 to 128, JobId 1 to 64",
    editions=_WITH_OTA,
)
def update_name_fits(look: Look) -> Iterator[Finding]:
    """The length of otaUpdateId."""
    name = found_update(look).update_id
    most = _JOB_ID_CHARACTERS - len(JOB_PREFIX)
    yield look.judge(name, len(name) <= most, expected=f"{most} characters at most", observed=f"{len(name)} characters")


@control(
    "DIC-FIT-06",
    axis=Axis.FIT,
    severity=Severity.MINOR,
    title="The path name on the device fits the OTA agent",
    rationale="The agent keeps the path of the job document in a fixed buffer.",
    remedy="make the update again with a shorter path name",
    needs=("ota_update",),
    operations=UPDATE_OPERATIONS,
    source=_AGENT_SOURCE + ": OTA_MAX_FILE_PATH_SIZE",
    editions=_WITH_OTA,
)
def path_on_device_fits(look: Look) -> Iterator[Finding]:
    """The bytes of fileName and its terminating zero."""
    yield from _with_agent(look, lambda agent: each_file(look, lambda file: _path_fits(look, file, agent)))


def _path_fits(look: Look, file: OtaFile, agent: OtaAgentSettings) -> Iterator[Finding]:
    used, room = len(file.path_on_device.encode()) + 1, agent.file_path_room_bytes
    yield look.judge(
        file_name(file),
        used <= room,
        expected=f"{room} bytes at most, the terminating zero included",
        observed=f"{used} bytes",
    )


@control(
    "DIC-FIT-07",
    axis=Axis.FIT,
    severity=Severity.BLOCKER,
    title="The image fits the OTA agent's block bitmap",
    rationale="The agent does not check: beyond 1,048,576 bytes it writes behind its bitmap.",
    remedy="make a smaller image (compressed, or without debug output)",
    needs=SOURCE_NEEDS,
    operations=SOURCE_OPERATIONS,
    source=_AGENT_SOURCE + ": OTA_MAX_BLOCK_BITMAP_SIZE 128 bytes of 1024-byte blocks",
    editions=_WITH_OTA,
)
def image_fits(look: Look) -> Iterator[Finding]:
    """The size of the object that the device downloads."""
    yield from _with_agent(look, lambda agent: each_file(look, lambda file: _image_fits(look, file, agent)))


def _image_fits(look: Look, file: OtaFile, agent: OtaAgentSettings) -> Iterator[Finding]:
    source = source_of(look, file)
    size, place = known(source.size_bytes), f"{known(source.bucket)}/{known(source.key)}"
    if size is None:
        raise Absent(place, "the image in S3", "no such object")
    yield look.judge(
        place,
        size <= agent.image_max_bytes,
        expected=f"{agent.image_max_bytes:,} bytes at most",
        observed=f"{size:,} bytes",
    )


@control(
    "DIC-FIT-11",
    axis=Axis.FIT,
    title="The update has as many files as the OTA agent takes",
    rationale="The agent is built for one file in a job and drops a job with more.",
    remedy="make an update for each file",
    needs=("ota_update",),
    operations=UPDATE_OPERATIONS,
    source=_AGENT_SOURCE + ": OTA_MAX_FILES 1",
    editions=_WITH_OTA,
)
def files_fit(look: Look) -> Iterator[Finding]:
    """The number of files in the update."""
    yield from _with_agent(look, lambda agent: _files_fit(look, agent))


def _files_fit(look: Look, agent: OtaAgentSettings) -> Iterator[Finding]:
    update = found_update(look)
    count = len(files_of(update))
    yield look.judge(
        update.update_id,
        count <= agent.files_max,
        expected=f"{agent.files_max} file at most",
        observed=f"{count} file{'s' if count > 1 else ''}",
    )


@control(
    "DIC-FIT-13",
    axis=Axis.FIT,
    severity=Severity.BLOCKER,
    title="The image carries no device's identity",
    rationale="One image with key and client ID inside, sent to several devices, makes clones that drop each other.",
    remedy="build the image so that the firmware reads its credentials from NVM, and never upload one with a key",
    needs=("images", "thing_groups"),
    source="the firmware's dic_nvm_cert.cpp and dic_config.h, compiled in; the guide's OTA-7 against AWS-7.2",
    editions=_WITH_OTA,
)
def image_has_no_identity(look: Look) -> Iterator[Finding]:
    """A private key in an image for anybody; a certificate or client ID in an image for more than one device."""
    images = look.given(look.inventory.images)
    if images is None or (not images and look.auditing):
        yield look.manual("the image itself, searched for keys, certificates and client IDs", "the image")
        return
    if not images:
        raise Absent("the image", "an image without an identity", "no file")
    several = len(wanted_things(look)) > 1
    yield from look.each(images, lambda name: _identity(look, images[name], several))


def _identity(look: Look, image: Image, several: bool) -> Iterator[Finding]:
    found = [one for one in known(image.identities) if several or one.kind == "private key"]
    unseen = known(image.unseen)
    if found:
        yield look.judge(
            image.name,
            False,
            expected="no identity",
            observed=", ".join(f"{one.kind} {one.detail}".strip() for one in found),
        )
    elif unseen:
        yield look.manual(f"that no identity is built in ({unseen})", image.name)
    else:
        yield look.judge(image.name, True, expected="no identity", observed="none found")


@control(
    "DIC-FIT-16",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="The job document has what the OTA agent reads",
    rationale="A signature under another name (SHA-256 with a dash, RSA) is not found: the file counts as unsigned.",
    remedy="make the update again with ECDSA and SHA256, spelt like that",
    needs=("ota_update", "ota_jobs"),
    operations=("iot:GetOTAUpdate", "iot:GetJobDocument"),
    source=_AGENT_SOURCE + ": OTA_JsonFileSignatureKey sig-sha256-ecdsa, and the agent's model of the document",
    editions=_WITH_OTA,
)
def job_document_fits(look: Look) -> Iterator[Finding]:
    """The members of afr_ota and of each of its files."""
    yield from _with_agent(look, lambda agent: _document_fits(look, agent))


def _document_fits(look: Look, agent: OtaAgentSettings) -> Iterator[Finding]:
    job_id = known(found_update(look).job_id)
    job = known(look.inventory.ota_jobs).get(job_id)
    if not job:
        raise Absent(f"job {job_id}".strip(), "the update's job", "no such job")
    update = _afr_ota(known(job.document), job_id)
    wanted = ("filepath", "filesize", "fileid", "certfile", agent.signature_key)
    missing = [one for one in ("protocols", "streamname", "files") if not update.get(one)]
    missing += [one for file in update.get("files") or () for one in wanted if file.get(one) is None]
    yield look.judge(
        f"the job document of {job_id}",
        not missing,
        expected=f"stream, file and {agent.signature_key}",
        observed=f"without {', '.join(missing)}" if missing else f"stream, file and {agent.signature_key}",
    )


def _afr_ota(text: str, job_id: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
        update = document["afr_ota"]
        files = update["files"]
    except (ValueError, KeyError, TypeError, RecursionError):
        update, files = None, None
    if not isinstance(update, dict) or not isinstance(files, list) or not all(isinstance(one, dict) for one in files):
        raise MaterialError(f"the job document of {job_id} is none of an OTA update", expected="a member afr_ota")
    return update
