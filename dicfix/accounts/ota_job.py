"""Performs steps 5 to 15 of "How to create AWS OTA job": the image, its signature, the update, the wait for its job.

May import ``aws``, ``guide``, ``images``, ``keystore``, the prerequisites and the site.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dicfix.accounts import Done, How
from dicfix.accounts.ota_offboarding import prefix_of, remove_update
from dicfix.accounts.ota_prerequisites import ensure_code_signing_files, place_of
from dicfix.accounts.site import Site
from dicfix.accounts.waiting import wait_until
from dicfix.aws import buckets, jobs, ota, registry, signing
from dicfix.aws.buckets import ObjectVersion
from dicfix.errors import AwsRefused, MaterialError, UsageError
from dicfix.guide.ota_rights import JOB_PREFIX
from dicfix.images import ImageReport, gbl, inspect
from dicfix.keystore.code_signing import CERTIFICATE
from dicfix.ota_records import CUSTOM, NEW, PREVIOUS
from dicfix.records import known

SYNTHETIC_NAME = "dic-synthetic.gbl"
SYNTHETIC_BYTES = 30_000
"""A synthetic image has thirty blocks of the firmware's 1,024 bytes."""
SYNTHETIC_VERSION = 0x0009_0003
"""0.9.3, as the OTA agent writes versions: major<<24 | minor<<16 | build. The published application is 0.9.2."""
_SIGNED = "SignedImages/"
_CREATED, _FAILED = "CREATE_COMPLETE", "CREATE_FAILED"
_WAITING = ("CREATE_PENDING", "CREATE_IN_PROGRESS")


class OtaUpdateFailed(AwsRefused):
    """AWS took the OTA update and then could not make its job: CREATE_FAILED, with AWS's reason."""

    def __init__(self, update_id: str, code: str, message: str) -> None:
        self.update_id = update_id
        super().__init__("iot:CreateOTAUpdate", code, message, remedy=_remedy(f"{code} {message}"))


_REMEDIES = (
    ("passrole", "let the role pass itself: iam:GetRole and iam:PassRole on its own ARN (PRE-2)"),
    ("assumerole", "let iot.amazonaws.com assume the role, for this account (PRE-2)"),
    ("versioning", "switch the bucket's versioning on, and upload the image again (PRE-1)"),
    ("s3 object", "let the role read and write the bucket's objects: it is not named afr-ota* (PRE-2)"),
    ("signing", "look at the signing profile and its certificate (OTA-10, PRE-4)"),
    ("thing/", "create the thing, or leave it out of the targets (OTA-7)"),
)
"""By a word of AWS's reason. Source: FreeRTOS user guide, ota-create-failure."""


def _remedy(reason: str) -> str:
    found = (remedy for word, remedy in _REMEDIES if word in reason.lower())
    return next(found, "read AWS's reason, put it right, and make the update again under a new name")


def synthetic_image(*, version: int = SYNTHETIC_VERSION, size_bytes: int = SYNTHETIC_BYTES) -> bytes:
    """A well-formed GBL image with nothing to run inside, the same every time; ``size_bytes`` roughly."""
    block = hashlib.sha256(b"Direct Internet Connectivity").digest()
    return gbl.make((block * (size_bytes // len(block) + 1))[:size_bytes], version=version)


@dataclass(frozen=True, slots=True)
class OtaPlan:
    """An OTA update to be made; what is left empty is as the guide and the settings say.

    ``targets`` are ARNs; ``signature`` is a custom signature as DER; ``checked`` off uploads an image that
    ``dicfix.images`` would refuse.
    """

    update_id: str
    image_name: str
    image: bytes = field(repr=False)
    choice: str = NEW
    targets: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ("MQTT",)
    profile: str = ""
    signature: bytes = field(default=b"", repr=False)
    hash_algorithm: str = ota.CUSTOM_HASH
    checked: bool = True


def plan_of(site: Site, image_name: str, image: bytes) -> OtaPlan:
    """The update that the settings ask for; without a name in them, the same name for the same thing done.

    Source: OTA-6 (no spaces; unique) and the room that AWS's prefix leaves in a job ID.
    """
    settings = site.settings
    asked = "\n".join((settings.signing_choice, *settings.ota_targets, *settings.ota_thing_groups)).encode()
    digest = hashlib.sha256(asked + b"\0" + image).hexdigest()
    name = settings.ota_update_id or f"DIC_OTA_{settings.signing_choice}_{digest[:12]}"
    return OtaPlan(name, image_name, image, settings.signing_choice)


def target_arns(site: Site) -> tuple[str, ...]:
    """The ARNs of the configured devices and thing groups; UsageError for one that is not there. Source: OTA-7."""
    things = (_thing_arn(site, name) for name in site.settings.ota_targets)
    groups = (_group_arn(site, name) for name in site.settings.ota_thing_groups)
    return (*things, *groups)


def _thing_arn(site: Site, name: str) -> str:
    found = registry.read_thing_arn(site.session, name)
    if found is None:
        raise UsageError(f"there is no thing {name} to update", remedy="create it as step 6 of the registration says")
    return known(found)


def _group_arn(site: Site, name: str) -> str:
    found = jobs.read_thing_group(site.session, name)
    if found is None:
        raise UsageError(f"there is no thing group {name} to update", remedy="correct [ota] thing_groups in dic.toml")
    return known(found.arn)


def ensure_update(site: Site, plan: OtaPlan, *, role_is_fresh: Callable[[], bool] = lambda: False) -> tuple[Done, str]:
    """The update made up to CREATE_COMPLETE, and the id that it has; one that is there already is found.

    While ``role_is_fresh`` an update that failed is made again under a new id: IAM takes a while to know a new role
    everywhere. Raises OtaUpdateFailed with AWS's reason, and AwsRefused when CreateOTAUpdate itself is refused.
    Source: OTA-15.1; FreeRTOS user guide, ota-create-failure.
    """
    update_id = last_of_ours(site, plan.update_id)
    while True:
        try:
            return _ensure_one(site, plan, update_id), update_id
        except OtaUpdateFailed:
            if not role_is_fresh():
                raise
        _remove(site, update_id)
        update_id = _next_id(site, update_id)


def _remove(site: Site, update_id: str) -> None:
    remove_update(site, update_id)
    site.journal.removed(site.entry("OTA update", update_id))


def last_of_ours(site: Site, base: str) -> str:
    """The id under which a run before this one ended up making the update, or ``base``."""
    numbered = re.compile(re.escape(base) + r"(-\d+)?")
    ours = [one.name for one in site.journal if one.kind == "OTA update" and numbered.fullmatch(one.name)]
    return ours[-1] if ours else base


def _next_id(site: Site, update_id: str) -> str:
    if update_id == site.settings.ota_update_id:
        return update_id  # a name that somebody chose is kept: the failed update of that name is gone
    base, dash, number = update_id.rpartition("-")
    return f"{base}-{int(number) + 1}" if dash and number.isdigit() else f"{update_id}-2"


def _ensure_one(site: Site, plan: OtaPlan, update_id: str) -> Done:
    found = ota.ota_update_info(site.session, update_id)
    how = How.FOUND
    if found and found.get("otaUpdateStatus") == _FAILED and site.entry("OTA update", update_id) in site.journal:
        _remove(site, update_id)  # why it failed in a run before need not hold any more
        found = None
    if found is None:
        create_update(site, plan, update_id)
        how = How.PERFORMED
    info = _settled(site, update_id)
    site.reader.changed()
    if info.get("otaUpdateStatus") != _CREATED:
        error = info.get("errorInfo") or {}
        raise OtaUpdateFailed(update_id, error.get("code", "NoCode"), error.get("message", "no reason was given"))
    return Done.of("OTA update", [(f"OTA update {update_id}", how), (f"job {JOB_PREFIX}{update_id}", how)])


def _settled(site: Site, update_id: str) -> Mapping[str, Any]:
    def ready() -> Mapping[str, Any] | None:
        info = ota.ota_update_info(site.session, update_id) or {}
        return None if info.get("otaUpdateStatus") in _WAITING else info

    deadlines = site.settings.deadlines
    return wait_until(
        ready,
        name="ota_create_s",
        timeout_s=deadlines.ota_create_s,
        poll_s=deadlines.poll_s,
        waiting_for=f"{_CREATED} of OTA update {update_id}",
    )


def create_update(site: Site, plan: OtaPlan, update_id: str) -> None:
    """Upload the image, sign it as chosen, and ask for the update under this id. Source: OTA-5 to OTA-15.1."""
    place, location = place_of(site), upload_image(site, plan)
    code_signing, is_located = _signed(site, plan, location)
    file = ota.ota_file(site.settings.file_path_on_device, code_signing, location if is_located else None)
    with site.making("OTA update", update_id):
        ota.create_ota_update(
            site.session,
            update_id,
            targets=list(plan.targets or target_arns(site)),
            file=file,
            role_arn=place.role_arn,
            protocols=plan.protocols,
        )


def upload_image(site: Site, plan: OtaPlan) -> ObjectVersion:
    """Check the image and upload it; MaterialError for what is wrong with it. Source: OTA-11, OTA-12."""
    if plan.checked:
        _hold_no_identity(site, inspect(plan.image, name=plan.image_name, client_ids=site.settings.ota_targets))
    bucket, prefix = place_of(site).bucket, prefix_of(plan.update_id)
    with site.making("objects", bucket, prefix):
        return buckets.upload(site.session, bucket, prefix + plan.image_name, plan.image)


def _hold_no_identity(site: Site, image: ImageReport) -> None:
    """Raise MaterialError for a private key in any image, and an identity in one for several devices. DIC-FIT-13."""
    several = len(site.settings.ota_targets) > 1 or bool(site.settings.ota_thing_groups)
    found = [one for one in image.identity.found if several or one.kind == "private key"]
    if found:
        raise MaterialError(
            f"{image.name} carries " + ", ".join(f"{one.kind} {one.detail}" for one in found),
            expected="an image without an identity: sent to several devices it makes clones that drop each other",
            remedy="build it so that the firmware reads its credentials from NVM, or name the one device it is for",
        )


def _signed(site: Site, plan: OtaPlan, location: ObjectVersion) -> tuple[dict[str, Any], bool]:
    """The file's codeSigning, and whether the update names the image's place beside it."""
    profile = plan.profile or site.settings.signing_profile
    prefix = prefix_of(plan.update_id) + _SIGNED
    if plan.choice == NEW:
        return ota.sign_new(profile, location.bucket, prefix), True
    if plan.choice == PREVIOUS:
        return ota.signed_before(signed_beforehand(site, location, profile, prefix)), False
    if plan.choice != CUSTOM:
        raise UsageError(f"{plan.choice!r} is no way to sign", expected=f"{NEW}, {PREVIOUS} or {CUSTOM}")
    material = ensure_code_signing_files(site)
    return (
        ota.signed_by_hand(
            plan.signature or signature_of(site, plan.image),
            certificate_name=CERTIFICATE,
            certificate_pem=material.certificate.pem,
            hash_algorithm=plan.hash_algorithm,
        ),
        True,
    )


def signature_of(site: Site, image: bytes) -> bytes:
    """The DER signature of an image by the code-signing key of the certificate directory. Source: OTA-9.3."""
    secret = ensure_code_signing_files(site).key.secret
    if not isinstance(secret, ec.EllipticCurvePrivateKey):
        raise UsageError("the code-signing key is no EC key", expected="ECDSA P-256 (PRE-4)")
    return secret.sign(image, ec.ECDSA(hashes.SHA256()))


def signed_beforehand(site: Site, location: ObjectVersion, profile: str, prefix: str) -> str:
    """The id of a signing job that signed the object, waited for (deadline ``signing_s``). Source: OTA-9.2."""
    job_id = signing.start_signing_job(site.session, location, profile, prefix=prefix)

    def ready() -> Any:
        job = signing.read_signing_job(site.session, job_id)
        return None if job is None or job.status == "InProgress" else job

    deadlines = site.settings.deadlines
    job = wait_until(
        ready,
        name="signing_s",
        timeout_s=deadlines.signing_s,
        poll_s=deadlines.poll_s,
        waiting_for=f"the end of signing job {job_id}",
    )
    if job.status != "Succeeded":
        raise AwsRefused("signer:StartSigningJob", "SigningJobFailed", f"{job.status}: {job.status_reason}")
    return job_id
