"""Planted defects, as data: named differences of an otherwise good embedded account, with the controls that they flip.

``given_files`` gives an onboarding an image and a place for a revocation list; ``harden`` makes the onboarded account
good on the hardening axis too; ``plant`` then spoils one thing in it. The audit then runs with the credentials of
``Planting.auditor`` and the Explorer's profile of ``Planting.profile``. May import the embedded cloud and what lies
below it; no account of ``accounts``, no control.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dicfix.errors import UsageError
from dicfix.offline.defects.definition import Defect
from dicfix.offline.defects.good import given_files, harden
from dicfix.offline.defects.hardening import HARDENING
from dicfix.offline.defects.leftovers import LEFTOVERS
from dicfix.offline.defects.material import MATERIAL
from dicfix.offline.defects.ota import OTA
from dicfix.offline.defects.ota_prerequisites import OTA_PREREQUISITES
from dicfix.offline.defects.planting import Planting
from dicfix.offline.defects.registration import REGISTRATION

__all__ = ["DEFECTS", "UNPLANTED", "Defect", "Planting", "find_defect", "given_files", "harden", "plant", "table"]

_ALL = (*REGISTRATION, *MATERIAL, *OTA, *OTA_PREREQUISITES, *LEFTOVERS, *HARDENING)
DEFECTS: Mapping[str, Defect] = {one.name: one for one in _ALL}
"""Every defect by name, in the guide's order."""


def find_defect(name: str) -> Defect:
    """The defect of this name; UsageError for an unknown one."""
    try:
        return DEFECTS[name]
    except KeyError:
        raise UsageError(
            f"there is no defect {name!r}",
            expected="one of the names that dicfix audit --plant list prints",
            remedy="copy a name from that list, in quotes",
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


UNPLANTED: Mapping[str, str] = {
    "DIC-ACC-01": "an audit of another account is refused before anything is read",
    "DIC-ACC-02": "the embedded cloud tells the endpoint of the Region that is asked",
    "DIC-ACC-03": "the embedded cloud lists the jobs of the Region that is asked",
    "DIC-E2E-01": "an audit exchanges no messages",
    "DIC-E2E-02": "an audit exchanges no messages",
    "DIC-E2E-03": "an audit exchanges no messages",
    "DIC-EXP-08": "for a person to see while nobody is connected",
    "DIC-SRV-02": "for a person to see without a probe",
    "DIC-PKI-12": "for a person to see: an audit never asks for the registration code",
    "DIC-OTP-09": "for a person to see: an audit does not know who makes OTA jobs",
    "DIC-OTP-10": "for a person to see: an audit does not know who makes OTA jobs",
    "DIC-FIT-01": "the firmware's files cannot be made with a client ID that does not fit",
    "DIC-FIT-02": "the embedded cloud has AWS's own host names, which fit",
    "DIC-FIT-09": "for a person to see: only the firmware's own handshake shows it",
    "DIC-FIT-12": "fails for the published firmware itself, on a good account too",
    "DIC-HRD-25": "a fact of the firmware, from the second device on",
}
"""Controls without a defect that one could plant in an embedded account, with the reason."""
