"""The embedded account that defects are planted in: good on every axis as far as guide and firmware leave room for it.

Imports the embedded cloud when asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dicfix.errors import UsageError
from dicfix.settings import Settings

if TYPE_CHECKING:
    from dicfix.accounts.builder import Builder
    from dicfix.offline.cloud import EmbeddedCloud
    from dicfix.offline.defects import Planting

NOTHING = "nothing"
"""No defect at all: the good account itself."""
_IMAGE_VERSION = 0x00090003
_CRL_DAYS = 30


def prepared(settings: Settings, folder: Path, names: Iterable[str]) -> Settings:
    """The settings of a good account: certificates of version 3, an image that can be read, a revocation list.

    Raises UsageError for an unknown defect, and for one of another edition than that of the settings.
    """
    from dicfix.images import gbl
    from dicfix.offline.defects import find_defect

    chosen = [find_defect(one) for one in names if one != NOTHING]
    for one in chosen:
        if one.edition != settings.edition:
            raise UsageError(
                f"the defect {one.name!r} is one of edition {one.edition}", remedy=f"--edition {one.edition}"
            )
    signing = {one.signing for one in chosen} - {settings.signing_choice}
    image = folder / "light.gbl"
    image.write_bytes(gbl.make(b"the program of a light" * 40, version=_IMAGE_VERSION))
    return replace(
        settings,
        client_certificate_version=3,
        image=str(image),
        crl=str(folder / "crl.pem"),
        signing_choice=next(iter(signing), settings.signing_choice),
    )


def planted(cloud: EmbeddedCloud, builder: Builder, directory: Path, names: Iterable[str]) -> Planting:
    """Make the onboarded account good on the hardening axis too, then plant each defect."""
    from dicfix.offline.defects import Planting, harden, plant

    settings = builder.settings
    planting = Planting(cloud, builder.site.session, settings, directory, profile=builder.explorer_profile())
    harden(planting)
    _write_empty_list(planting, Path(settings.crl))
    for name in names:
        if name != NOTHING:
            plant(planting, name)
    return planting


def _write_empty_list(planting: Planting, path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    ca, now = planting.local_ca(), datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.parsed.subject)
    made = builder.last_update(now).next_update(now + timedelta(days=_CRL_DAYS)).sign(ca.key.secret, hashes.SHA256())
    path.write_bytes(made.public_bytes(Encoding.PEM))
