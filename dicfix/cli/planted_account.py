"""The embedded account that defects are planted in: good on every axis as far as guide and firmware leave room for it.

Imports the embedded cloud when asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
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


def prepared(settings: Settings, folder: Path, names: Iterable[str]) -> Settings:
    """The settings of a good account: certificates of version 3, an image that can be read, a revocation list.

    Raises UsageError for an unknown defect, and for one of another edition than that of the settings.
    """
    from dicfix.offline.defects import find_defect, given_files

    chosen = [find_defect(one) for one in names if one != NOTHING]
    for one in chosen:
        if one.edition != settings.edition:
            raise UsageError(
                f"the defect {one.name!r} is one of edition {one.edition}", remedy=f"--edition {one.edition}"
            )
    signing = {one.signing for one in chosen} - {settings.signing_choice}
    given = given_files(replace(settings, crl=""), folder)  # a list of the user's is none of this account's CA
    return replace(given, client_certificate_version=3, signing_choice=next(iter(signing), settings.signing_choice))


def planted(cloud: EmbeddedCloud, builder: Builder, directory: Path, names: Iterable[str]) -> Planting:
    """Make the onboarded account good on the hardening axis too, then plant each defect."""
    from dicfix.offline.defects import Planting, harden, plant

    planting = Planting(cloud, builder.site.session, builder.settings, directory, profile=builder.explorer_profile())
    harden(planting)
    for name in names:
        if name != NOTHING:
            plant(planting, name)
    return planting
