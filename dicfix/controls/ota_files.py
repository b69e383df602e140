"""Controls of the file of an OTA update: how it is signed, by which profile, where it lies and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dicfix.controls.ota_signatures import judge_custom_signature
from dicfix.controls.ota_subjects import (
    SOURCE_NEEDS,
    SOURCE_OPERATIONS,
    UPDATE_OPERATIONS,
    chosen_signing,
    each_file,
    file_name,
    signing_job,
    signing_profile,
    source_of,
    unless_custom,
)
from dicfix.controls.registry import Absent, Look, control
from dicfix.findings import Finding, Severity
from dicfix.ota_records import CUSTOM, NEW, PREVIOUS, Image, OtaFile
from dicfix.records import known

_SIGNED = "Succeeded"
_ACTIVE = "Active"
_SUFFIXES = (".gbl", ".rps")
_GUIDES_BUCKET = "ota_demo"
_WAYS = {
    NEW: "Sign a new file for me",
    PREVIOUS: "Choose a previously signed file",
    CUSTOM: "Use my custom signed file",
}


def _if_chosen(look: Look, way: str, judge_one: Callable[[OtaFile], Iterable[Finding]]) -> Iterator[Finding]:
    chosen = chosen_signing(look)
    if chosen != way:
        yield look.not_applicable(f'another way is chosen: "{_WAYS[chosen]}"')
        return
    yield from each_file(look, lambda file: _signed(look, way, file, judge_one))


def _signed(
    look: Look, way: str, file: OtaFile, judge_one: Callable[[OtaFile], Iterable[Finding]]
) -> Iterator[Finding]:
    kind = file.signing.kind
    if kind != way:
        yield look.judge(
            file_name(file),
            False,
            expected=f'"{_WAYS[way]}"',
            observed=f'"{_WAYS[kind]}"' if kind in _WAYS else "not signed at all",
        )
        return
    yield from judge_one(file)


def _job_succeeded(look: Look, file: OtaFile) -> Iterator[Finding]:
    if not file.signing.signer_job_id:
        yield look.absent(file_name(file), f"a signing job that {_SIGNED}", "no signing job")
        return
    job = signing_job(look, file.signing.signer_job_id)
    status = known(job.status)
    why = "" if status == _SIGNED else known(job.status_reason)
    yield look.judge(
        f"signing job {job.job_id}", status == _SIGNED, expected=_SIGNED, observed=f"{status}: {why}" if why else status
    )


@control(
    "DIC-OTA-05",
    clauses=("OTA-9.1",),
    severity=Severity.CRITICAL,
    title='The file is signed by "Sign a new file for me"',
    rationale="The published firmware takes an unsigned file as well, so that only the job shows that it is signed.",
    remedy="make the job again and choose how the file is signed; ota.signing in dic.toml names the way",
    needs=SOURCE_NEEDS,
    operations=(*UPDATE_OPERATIONS, "signer:DescribeSigningJob"),
)
def new_file_is_signed(look: Look) -> Iterator[Finding]:
    """OTA-9.1: AWS started a signing job with the profile, and it succeeded."""
    yield from _if_chosen(look, NEW, lambda file: _job_succeeded(look, file))


@control(
    "DIC-OTA-13",
    clauses=("OTA-9.2",),
    severity=Severity.CRITICAL,
    title='The file comes by "Choose a previously signed file"',
    rationale="An uploaded file is not a signed one: this choice needs a signing job that was done before.",
    remedy="sign the file first (aws signer start-signing-job), then choose that signing job",
    needs=SOURCE_NEEDS,
    operations=(*UPDATE_OPERATIONS, "signer:DescribeSigningJob"),
)
def previous_file_is_signed(look: Look) -> Iterator[Finding]:
    """OTA-9.2: the signing job that was chosen succeeded."""
    yield from _if_chosen(look, PREVIOUS, lambda file: _job_succeeded(look, file))


@control(
    "DIC-OTA-14",
    clauses=("OTA-9.3",),
    severity=Severity.CRITICAL,
    title='The file comes by "Use my custom signed file"',
    rationale="AWS takes a custom signature as it is: a wrong one, or SHA-256 with a dash, fails at the device.",
    remedy="sign with ECDSA P-256 and SHA-256, spell them ECDSA and SHA256, and give the certificate chain",
    needs=("ota_update", "images"),
    operations=UPDATE_OPERATIONS,
)
def custom_signature_is_good(look: Look) -> Iterator[Finding]:
    """OTA-9.3: algorithms as the firmware reads them, a DER signature, and it verifies where the image is at hand."""
    yield from _if_chosen(look, CUSTOM, lambda file: judge_custom_signature(look, file, _images(look)))


def _images(look: Look) -> tuple[Image, ...]:
    return tuple((look.given(look.inventory.images) or {}).values())


@control(
    "DIC-OTA-06",
    clauses=("OTA-11",),
    severity=Severity.CRITICAL,
    title="The image is uploaded, as a .gbl that is well-formed",
    rationale="Nothing in AWS looks inside the file: what is no image for the device shows only at its boot loader.",
    remedy="upload the .gbl of the build again, unchanged",
    needs=(*SOURCE_NEEDS, "images"),
    operations=SOURCE_OPERATIONS,
)
def image_is_uploaded(look: Look) -> Iterator[Finding]:
    """OTA-11: the object exists under a name of an image, and is the local image where there is one."""
    images = _images(look)
    if not images and not look.auditing:
        raise Absent("the image", "a .gbl file", "no file")
    for image in images:
        yield from look.settled(image.name, lambda image=image: _image(look, image))  # type: ignore[misc]
    yield from each_file(look, lambda file: _uploaded(look, file, images))


def _image(look: Look, image: Image) -> Iterator[Finding]:
    kind, problem = known(image.kind), known(image.problem)
    yield look.judge(
        image.name,
        bool(kind) and not problem,
        expected="a well-formed GBL image",
        observed=problem or (f"a well-formed {kind} image" if kind else "neither a GBL nor an RPS image"),
        deviation="an RPS image, for the SiWx917 build; the guide speaks of .gbl" if kind == "rps" else "",
    )


def _uploaded(look: Look, file: OtaFile, images: tuple[Image, ...]) -> Iterator[Finding]:
    source = source_of(look, file)
    place, size = f"{known(source.bucket)}/{known(source.key)}", known(source.size_bytes)
    if size is None:
        yield look.absent(place, "the image in S3", f"no such object of version {known(source.version) or 'null'}")
        return
    sizes = {known(one.size_bytes) for one in images}
    named = place.endswith(_SUFFIXES)
    yield look.judge(
        place,
        named and (not sizes or size in sizes),
        expected=f"a .gbl of {' or '.join(f'{one:,}' for one in sorted(sizes))} bytes" if sizes else "a .gbl",
        observed=f"{size:,} bytes" + ("" if named else ", not named as an image"),
    )


@control(
    "DIC-OTA-07",
    clauses=("OTA-10",),
    severity=Severity.CRITICAL,
    title="The configured signing profile is Active and signs the file",
    rationale="Its certificate is what the device's owner trusts; a cancelled profile signs nothing more.",
    remedy="make the profile (aws signer put-signing-profile) and choose it; a cancelled name cannot be used again",
    needs=(*SOURCE_NEEDS, "signing_profile"),
    operations=(*UPDATE_OPERATIONS, "signer:GetSigningProfile", "signer:DescribeSigningJob"),
)
def profile_signs_the_file(look: Look) -> Iterator[Finding]:
    """OTA-10: dic_ota_codesign, Active, and the profile of the file's signature."""
    yield from unless_custom(look, lambda: _profile(look))


def _profile(look: Look) -> Iterator[Finding]:
    profile, wanted = signing_profile(look), look.settings.signing_profile
    status = known(profile.status)
    yield look.judge(
        profile.name,
        status == _ACTIVE and profile.name == wanted,
        expected=f"{wanted}, {_ACTIVE}",
        observed=f"{profile.name}, {status}",
    )
    yield from each_file(look, lambda file: _signed_with(look, file, wanted))


def _signed_with(look: Look, file: OtaFile, wanted: str) -> Iterator[Finding]:
    named = file.signing.profile_name
    if not named and file.signing.signer_job_id:
        named = known(signing_job(look, file.signing.signer_job_id).profile_name)
    yield look.judge(
        file_name(file),
        named == wanted,
        expected=f"signed with {wanted}",
        observed=f"signed with {named}" if named else "signed with no profile",
    )


@control(
    "DIC-OTA-08",
    clauses=("OTA-10",),
    severity=Severity.CRITICAL,
    title="The signing profile signs with ECDSA and SHA-256",
    rationale="The firmware reads the signature under sig-sha256-ecdsa and no other name; the guide leaves it open.",
    remedy="make a profile on AmazonFreeRTOS-Default or AWSIoTDeviceManagement-SHA256-ECDSA, with an EC certificate",
    needs=("ota_update", "signing_profile"),
    operations=("iot:GetOTAUpdate", "signer:GetSigningProfile", "signer:GetSigningPlatform"),
)
def profile_fits_the_firmware(look: Look) -> Iterator[Finding]:
    """OTA-10: the algorithm, by the profile's overrides or its platform's default."""
    yield from unless_custom(look, lambda: _algorithms(look))


def _algorithms(look: Look) -> Iterator[Finding]:
    profile = signing_profile(look)
    found = (known(profile.encryption_algorithm), known(profile.hash_algorithm))
    platform = known(profile.platform_id)
    yield look.judge(
        profile.name,
        found == ("ECDSA", "SHA256"),
        expected="ECDSA with SHA256",
        observed=f"{found[0]} with {found[1]} ({platform})",
    )


@control(
    "DIC-OTA-09",
    clauses=("OTA-12",),
    severity=Severity.CRITICAL,
    title="The image lies in the configured bucket, in a version of its own",
    rationale="The guide's ota_demo is no name that S3 allows; without a version AWS cannot tell image from signature.",
    remedy="upload to the bucket (ota.bucket in dic.toml) and name the object's version in the job",
    needs=(*SOURCE_NEEDS, "bucket"),
    operations=(*SOURCE_OPERATIONS, "s3:GetBucketLocation"),
)
def image_is_in_the_bucket(look: Look) -> Iterator[Finding]:
    """OTA-12: the bucket stands for the guide's ota_demo, which is recorded as a deviation."""
    bucket = known(look.inventory.bucket)
    if bucket is None:
        raise Absent(look.settings.bucket or "the bucket", "the upload location in S3", "no such bucket")
    yield from each_file(look, lambda file: _in_bucket(look, file, bucket.name))


def _in_bucket(look: Look, file: OtaFile, wanted: str) -> Iterator[Finding]:
    source = source_of(look, file)
    found, version = known(source.bucket), known(source.version)
    good = found == wanted and version not in ("", "null")
    yield look.judge(
        f"{found}/{known(source.key)}",
        good,
        expected=f"in {wanted}, with a version",
        observed=f"in {found}, {f'version {version}' if version else 'without a version'}",
        deviation=f"{wanted} stands for the guide's {_GUIDES_BUCKET}, which no bucket can be called" if good else "",
    )


@control(
    "DIC-OTA-10",
    clauses=("OTA-13",),
    severity=Severity.MINOR,
    title="A path name of the file on the device is given",
    rationale="The firmware does not use it, but its agent reads one from the job document.",
    remedy="give any path name, such as file.txt",
    needs=("ota_update",),
    operations=UPDATE_OPERATIONS,
)
def path_on_device_is_given(look: Look) -> Iterator[Finding]:
    """OTA-13: any name will do."""
    yield from each_file(look, lambda file: _path(look, file))


def _path(look: Look, file: OtaFile) -> Iterator[Finding]:
    if not file.path_on_device:
        yield look.absent(file_name(file), "a path name", "none")
    else:
        yield look.judge(file_name(file), True, expected="a path name", observed=file.path_on_device)
