"""Reads the parts of the inventory that the OTA half needs, each from the operations that ``ota_records`` names.

May import ``aws``, ``images``, ``guide``, ``records`` and ``settings``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dicfix.aws import buckets, code_signing, jobs, ota, roles, signing
from dicfix.aws.session import AwsSession
from dicfix.errors import MaterialError, UsageError
from dicfix.fields import Unread
from dicfix.guide.ota_rights import OtaPlace, operator_rights, signing_rights
from dicfix.images import ImageReport, inspect, kind_of
from dicfix.images.identity import scan
from dicfix.ota_records import (
    Bucket,
    CodeSigningCertificate,
    FoundIdentity,
    Image,
    OperatorRights,
    OtaJob,
    OtaUpdate,
    SigningJob,
    ThingGroup,
)
from dicfix.records import Caller, known
from dicfix.settings import Settings, ota_bucket

Part = Callable[[str], Any]
GROUP = ":thinggroup/"


class OtaReading:
    """The OTA parts of one account; ``part`` gives another part of the same inventory.

    ``update_id`` is the update that this run makes, empty in an audit; ``image`` its image by name when no file is
    configured.
    """

    def __init__(self, session: AwsSession, settings: Settings, part: Part) -> None:
        self.settings = settings
        self.update_id: Callable[[], str] = str
        self.image: Callable[[], Mapping[str, bytes]] = dict
        self._session = session
        self._part = part

    def readers(self) -> dict[str, tuple[str, Callable[[], Any]]]:
        """How each part is read, and the operation that stands for it when that fails."""
        name = self.settings.ota_role
        return {
            "ota_updates": ("iot:ListOTAUpdates", lambda: ota.read_ota_update_ids(self._session)),
            "ota_update": ("iot:GetOTAUpdate", self._update),
            "ota_jobs": ("iot:ListJobs", self._jobs),
            "thing_groups": ("iot:DescribeThingGroup", self._thing_groups),
            "signing_profile": ("signer:GetSigningProfile", self._profile),
            "signing_jobs": ("signer:DescribeSigningJob", self._signing_jobs),
            "bucket": ("s3:GetBucketLocation", self._bucket),
            "ota_role": ("iam:GetRole", lambda: roles.read_role(self._session, name)),
            "operator_rights": ("iam:SimulatePrincipalPolicy", self._rights),
            "code_signing_certificate": ("acm:DescribeCertificate", self._certificate),
            "images": ("the image file", self._images),
        }

    def _of(self, part: str) -> Any:
        return known(self._part(part))

    def _update(self) -> OtaUpdate | None:
        chosen = self.settings.ota_update_id or self.update_id()
        if not chosen:
            listed = self._of("ota_updates")
            chosen = listed[0] if listed else ""
        return ota.read_ota_update(self._session, chosen) if chosen else None

    def _jobs(self) -> dict[str, OtaJob]:
        found = jobs.read_jobs(self._session)
        update: OtaUpdate | None = self._of("ota_update")
        job_id = known(update.job_id) if update else ""
        job = jobs.read_job(self._session, job_id) if job_id else None
        return {**found, job_id: job} if job else found

    def _thing_groups(self) -> dict[str, ThingGroup]:
        update: OtaUpdate | None = self._of("ota_update")
        targets = known(update.targets) if update else ()
        names = [*self.settings.ota_thing_groups, *(one.rpartition("/")[2] for one in targets if GROUP in one)]
        found = ((name, jobs.read_thing_group(self._session, name)) for name in dict.fromkeys(names))
        return {name: group for name, group in found if group}

    def _profile(self) -> Any:
        return signing.read_signing_profile(self._session, self.settings.signing_profile)

    def _signing_jobs(self) -> dict[str, SigningJob]:
        update: OtaUpdate | None = self._of("ota_update")
        ids = [one.signing.signer_job_id for one in known(update.files)] if update else []
        found = ((one, signing.read_signing_job(self._session, one)) for one in dict.fromkeys(ids) if one)
        return {one: job for one, job in found if job}

    def _bucket(self) -> Bucket | None:
        caller: Caller = self._of("caller")
        return buckets.read_bucket(self._session, ota_bucket(self.settings, caller.account))

    def _rights(self) -> OperatorRights | Unread:
        if self.settings.mode == "audit":
            # Who audits is not who makes OTA jobs.
            return Unread("iam:SimulatePrincipalPolicy", "NotGiven", "nobody said who makes OTA jobs")
        caller: Caller = self._of("caller")
        place = self._place(caller)
        return roles.read_operator_rights(self._session, caller.arn, (*operator_rights(place), *signing_rights(place)))

    def _place(self, caller: Caller) -> OtaPlace:
        partition = caller.arn.split(":")[1]
        return OtaPlace(
            account=caller.account,
            region=caller.region,
            bucket=ota_bucket(self.settings, caller.account),
            role_arn=f"arn:{partition}:iam::{caller.account}:role/{self.settings.ota_role}",
            profile=self.settings.signing_profile,
            partition=partition,
        )

    def _certificate(self) -> CodeSigningCertificate | None:
        profile = self._of("signing_profile")
        if profile is None:
            # Before there is a profile, the certificate that it is going to name.
            arn: str | None = next(code_signing.code_signing_arns(self._session), None)
        else:
            arn = known(profile.certificate_arn)
        return code_signing.read_code_signing_certificate(self._session, arn) if arn else None

    def _images(self) -> dict[str, Image]:
        targets = self.settings.ota_targets
        images = self.image() if not self.settings.image else read_image_file(self.settings.image)
        return {name: image_record(name, data, targets) for name, data in images.items()}


def read_image_file(path: str) -> dict[str, bytes]:
    """The image file by its name; UsageError when it cannot be read. Source: OTA-11."""
    file = Path(path)
    try:
        return {file.name: file.read_bytes()}
    except OSError as error:
        raise UsageError(
            f"the image {file.name} cannot be read: {error.strerror}", remedy="correct [ota] image in dic.toml"
        ) from error


def image_record(name: str, data: bytes, client_ids: tuple[str, ...]) -> Image:
    """What an image is and holds, whether well-formed or not."""
    report, problem = _inspected(name, data, client_ids)
    identity = report.identity if report else scan(data, client_ids)
    return Image(
        name=name,
        kind=report.kind.value if report else _kind(data),
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        version=report.version if report else None,
        problem=problem,
        identities=tuple(FoundIdentity(one.kind, one.detail) for one in identity.found),
        unseen=identity.unseen,
    )


def _inspected(name: str, data: bytes, client_ids: tuple[str, ...]) -> tuple[ImageReport | None, str]:
    try:
        return inspect(data, name=name, client_ids=client_ids, limit_bytes=None), ""
    except MaterialError as error:
        return None, error.observed


def _kind(data: bytes) -> str:
    try:
        return kind_of(data).value
    except MaterialError:
        return ""


def thing_names(settings: Settings) -> Iterator[str]:
    """Every thing that is read: the devices, MQTT Explorer, and the devices to update."""
    yield from dict.fromkeys((*settings.devices, settings.explorer_name, *settings.ota_targets))
