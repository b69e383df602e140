"""Defects of the OTA update, its signing and its image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dicfix.images import gbl
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.defects.definition import API, STATE, Defect, Plant
from dicfix.offline.defects.planting import Planting
from dicfix.offline.rules.signing_platforms import PLATFORMS

_OBJECT_TOO_LARGE = 1_048_577


def _request(**changes: Any) -> Plant:
    return lambda planting: planting.change_request(**changes)


def _update(**changes: Any) -> Plant:
    return lambda planting: planting.change_update(lambda one: replace(one, **changes))


def _file(**changes: Any) -> Plant:
    return lambda planting: planting.change_file(lambda file: {**file, **changes})


def _unsigned(planting: Planting) -> None:
    planting.change_file(lambda file: {name: value for name, value in file.items() if name != "codeSigning"})


def _two_files(update: Any) -> Any:
    return replace(update, files=(*update.files, *update.files))


def _deleted_update(planting: Planting) -> None:
    (row,) = planting.call("iot:ListOTAUpdates")["otaUpdates"]
    planting.call("iot:DeleteOTAUpdate", otaUpdateId=row["otaUpdateId"], deleteStream=True, forceDeleteAWSJob=True)
    for _ in range(10):
        if not planting.call("iot:ListOTAUpdates")["otaUpdates"]:
            return


def _job_of_its_name(planting: Planting) -> None:
    (row,) = planting.call("iot:ListOTAUpdates")["otaUpdates"]
    planting.call(
        "iot:CreateJob", jobId=row["otaUpdateId"], targets=[planting.arn(f"thing/{planting.device}")], document="{}"
    )
    planting.call("iot:CancelJob", jobId=row["otaUpdateId"], force=True)


def _another_target(planting: Planting) -> None:
    arn = planting.arn(f"thing/{planting.settings.explorer_name}")
    planting.change_update(lambda one: replace(one, request={**one.request, "targets": [*one.request["targets"], arn]}))


def _failed_execution(planting: Planting) -> None:
    planting.change_execution(status="FAILED")


def _job_change(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        with STATE_LOCK:
            jobs = planting.ota.book.jobs
            key = next(iter(jobs))
            jobs[key] = replace(jobs[key], **changes)

    return plant


def _signing_job(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        with STATE_LOCK:
            jobs = planting.ota.signing.jobs
            for key in jobs:
                jobs[key] = replace(jobs[key], **changes)

    return plant


def _profile(**changes: Any) -> Plant:
    def plant(planting: Planting) -> None:
        with STATE_LOCK:
            profiles, name = planting.ota.signing.profiles, planting.settings.signing_profile
            profiles[name] = replace(profiles[name], **changes)

    return plant


def _garbled_signature(planting: Planting) -> None:
    def garble(file: dict[str, Any]) -> dict[str, Any]:
        signing = dict(file["codeSigning"]["customCodeSigning"])
        signing["signature"] = {"inlineDocument": b"no signature"}
        return {**file, "codeSigning": {"customCodeSigning": signing}}

    planting.change_file(garble)


def _damaged_image(planting: Planting) -> None:
    path = Path(planting.settings.image)
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x00\x00")


def _image_with_key(planting: Planting) -> None:
    path = Path(planting.settings.image)
    with STATE_LOCK:
        image = gbl.make(planting.local_key(planting.device).pem.encode() * 2, version=0x00090003)
    path.write_bytes(image)


def _without_bucket_policy(planting: Planting, act: Callable[[], Any]) -> Any:
    """moto takes every Deny of a bucket policy at its word, whatever its condition says."""
    policy = planting.call("s3:GetBucketPolicy", Bucket=planting.bucket)["Policy"]
    planting.call("s3:DeleteBucketPolicy", Bucket=planting.bucket)
    answer = act()
    planting.call("s3:PutBucketPolicy", Bucket=planting.bucket, Policy=policy)
    return answer


def _large_image(planting: Planting) -> None:
    body = bytes(_OBJECT_TOO_LARGE)
    answer = _without_bucket_policy(
        planting, lambda: planting.call("s3:PutObject", Bucket=planting.bucket, Key="large.gbl", Body=body)
    )
    _location(planting.bucket, "large.gbl", answer["VersionId"])(planting)


def _in_another_bucket(planting: Planting) -> None:
    bucket, body = f"{planting.bucket}-2", Path(planting.settings.image).read_bytes()
    place = {"LocationConstraint": planting.cloud.region}
    planting.call("s3:CreateBucket", Bucket=bucket, CreateBucketConfiguration=place)
    planting.call("s3:PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    answer = planting.call("s3:PutObject", Bucket=bucket, Key="light.gbl", Body=body)
    _location(bucket, "light.gbl", answer["VersionId"])(planting)


def _location(bucket: str, key: str, version: str) -> Plant:
    return _file(fileLocation={"s3Location": {"bucket": bucket, "key": key, "version": version}})


_EVERY_OTA = tuple(f"OTA-{one:02}" for one in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15))

_EVERY_FIT = ("FIT-05", "FIT-06", "FIT-07", "FIT-11", "FIT-16")

OTA = (
    Defect("the image is too large", "OTA 11", STATE, _large_image, guide=("OTA-06",), fit=("FIT-07",)),
    Defect("the update has two files", "OTA 9", STATE, lambda one: one.change_update(_two_files), fit=("FIT-11",)),
    Defect(
        "the job document is empty", "OTA 15", STATE, _job_change(document="{}"), guide=("OTA-11",), fit=("FIT-16",)
    ),
    Defect(
        "there is no OTA update", "OTA 5", API, _deleted_update, guide=(*_EVERY_OTA, "OTA-12", "OTA-15"), fit=_EVERY_FIT
    ),
    Defect(
        "the update failed before it had a job",
        "OTA 15",
        STATE,
        _update(status="CREATE_FAILED", job_arn=None),
        guide=("OTA-01", "OTA-11", "OTA-12", "OTA-15"),
        fit=("FIT-16",),
    ),
    Defect("a plain job has the update's name", "OTA 6", API, _job_of_its_name, guide=("OTA-02",)),
    Defect("a thing too many is targeted", "OTA 7", STATE, _another_target, guide=("OTA-03",)),
    Defect("HTTP is the protocol", "OTA 8", STATE, _request(protocols=["HTTP"]), guide=("OTA-04",)),
    Defect("the file is not signed", "OTA 9", STATE, _unsigned, guide=("OTA-05", "OTA-07")),
    Defect("the signing job failed", "OTA 9", STATE, _signing_job(status="Failed"), guide=("OTA-05",)),
    Defect(
        "the previous signing job failed",
        "OTA 9",
        STATE,
        _signing_job(status="Failed"),
        guide=("OTA-13",),
        signing="previous",
    ),
    Defect("the custom signature is none", "OTA 9", STATE, _garbled_signature, guide=("OTA-14",), signing="custom"),
    Defect("the image file is damaged", "OTA 11", API, _damaged_image, guide=("OTA-06",)),
    Defect("the image holds a device's key", "OTA 11", API, _image_with_key, guide=("OTA-06",), fit=("FIT-13",)),
    Defect(
        "the signing profile is cancelled",
        "OTA 10",
        API,
        lambda one: one.call("signer:CancelSigningProfile", profileName=one.settings.signing_profile),
        guide=("OTA-07",),
    ),
    Defect(
        "the signing profile signs with RSA",
        "OTA 10",
        STATE,
        _profile(platform=PLATFORMS["AmazonFreeRTOS-TI-CC3220SF"]),
        guide=("OTA-08",),
    ),
    Defect(
        "the image is in another bucket",
        "OTA 12",
        STATE,
        _in_another_bucket,
        guide=("OTA-09",),
    ),
    Defect("no path name is given", "OTA 13", STATE, _file(fileName=""), guide=("OTA-10",)),
    Defect("the path name is too long", "OTA 13", STATE, _file(fileName="x" * 300), fit=("FIT-06",)),
    Defect("the update failed", "OTA 15", STATE, _update(status="CREATE_FAILED"), guide=("OTA-12",)),
    Defect("a device failed", "OTA 15", STATE, _failed_execution, guide=("OTA-15",)),
)
