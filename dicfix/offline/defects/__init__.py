"""Planted defects, as data: named differences of an otherwise good embedded account, with the controls that they flip.

``harden`` makes an onboarded account good on the hardening axis too; ``plant`` then spoils one thing in it. May import
the embedded cloud and what lies below it; no account of ``accounts``, no control.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dicfix.errors import UsageError
from dicfix.offline.defects.definition import Defect
from dicfix.offline.defects.good import harden
from dicfix.offline.defects.hardening import HARDENING
from dicfix.offline.defects.material import MATERIAL
from dicfix.offline.defects.ota import OTA
from dicfix.offline.defects.planting import Planting
from dicfix.offline.defects.registration import REGISTRATION

__all__ = ["DEFECTS", "UNPLANTED", "Defect", "Planting", "find_defect", "harden", "plant", "table"]

DEFECTS: Mapping[str, Defect] = {one.name: one for one in (*REGISTRATION, *MATERIAL, *OTA, *HARDENING)}
"""Every defect by name, in the guide's order."""


def find_defect(name: str) -> Defect:
    """The defect of this name; UsageError for an unknown one."""
    try:
        return DEFECTS[name]
    except KeyError:
        raise UsageError(
            f"there is no defect {name!r}", expected="one of the names that dicfix audit --plant list prints"
        ) from None


def plant(planting: Planting, name: str) -> Defect:
    """Plant the defect of this name; raises UsageError for an unknown one."""
    chosen = find_defect(name)
    chosen.plant(planting)
    return chosen


def table() -> Iterator[tuple[str, str, str, str]]:
    """One row a defect: name, what it spoils, how it is planted, and the controls that it flips."""
    for one in DEFECTS.values():
        yield one.name, one.spoils, one.how, " ".join(sorted(one.flips()))


UNPLANTED: Mapping[str, str] = {}
"""Controls without a defect here, with the reason."""
