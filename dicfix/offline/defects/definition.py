"""What a planted defect is: data, with the way to plant it. Imports ``planting`` and ``findings``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dicfix.findings import Axis
from dicfix.offline.defects.planting import Planting

API = "API"
STATE = "state"
FILES = "files"
PROFILE = "Explorer's profile"

Plant = Callable[[Planting], object]


@dataclass(frozen=True, slots=True)
class Defect:
    """One named defect of an otherwise good account, and the controls that it flips to FAIL, by axis.

    ``how`` is the way that it is planted: through the API, in the embedded cloud's state where no operation would do
    it, in the files that the audit is given, or in MQTT Explorer's profile. ``edition`` and ``signing`` are those of
    the account that it is planted in.
    """

    name: str
    spoils: str
    how: str
    plant: Plant
    guide: tuple[str, ...] = ()
    fit: tuple[str, ...] = ()
    hardening: tuple[str, ...] = ()
    edition: str = "2023-08"
    signing: str = "new"

    def flips(self, axis: Axis | None = None) -> frozenset[str]:
        """The ids of the controls that are to FAIL, of one axis or of all."""
        by_axis = {Axis.GUIDE: self.guide, Axis.FIT: self.fit, Axis.HARDENING: self.hardening}
        chosen = by_axis.values() if axis is None else [by_axis[axis]]
        return frozenset(f"DIC-{one}" for names in chosen for one in names)
