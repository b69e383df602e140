"""The guide as data: its clauses in reading order, its editions, and the values that it fixes.

Text here is in our own words; what the guide prints wrongly is kept as a slip beside the clause and never mended in
silence. Imports ``errors`` only, so that settings and controls may lean on it.
"""

from __future__ import annotations

from dicfix.errors import UsageError
from dicfix.guide.applications import APPLICATIONS, Application
from dicfix.guide.clause import NOT_YET_BUILT, Audit, Clause
from dicfix.guide.editions import DEFAULT_EDITION, EDITIONS, Edition, edition
from dicfix.guide.explorer import EXPLORER_CLAUSES
from dicfix.guide.openssl import OPENSSL_CLAUSES
from dicfix.guide.ota import OTA_CLAUSES
from dicfix.guide.registration import REGISTRATION_CLAUSES

__all__ = [
    "APPLICATIONS",
    "CLAUSES",
    "DEFAULT_EDITION",
    "EDITIONS",
    "NOT_YET_BUILT",
    "Application",
    "Audit",
    "Clause",
    "Edition",
    "clause",
    "clauses_of",
    "edition",
]

CLAUSES: tuple[Clause, ...] = (*OPENSSL_CLAUSES, *REGISTRATION_CLAUSES, *EXPLORER_CLAUSES, *OTA_CLAUSES)
"""Every clause, in guide order."""

_BY_ID = {one.id: one for one in CLAUSES}


def clause(clause_id: str) -> Clause:
    """The clause with this id; raises UsageError for an id that the guide does not have."""
    try:
        return _BY_ID[clause_id]
    except KeyError:
        raise UsageError(
            f"{clause_id!r} is no clause of the guide",
            expected="an id such as AWS-4.1",
            remedy="python -m dicfix clauses lists them",
        ) from None


def clauses_of(edition_name: str) -> tuple[Clause, ...]:
    """The clauses that an edition has, in guide order; raises UsageError for an edition that does not exist."""
    name = edition(edition_name).name
    return tuple(one for one in CLAUSES if name in one.editions)
