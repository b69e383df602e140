"""Which text a run was measured against: a hash over the clauses of an edition. Imports the guide only."""

from __future__ import annotations

import hashlib
import json

from dicfix.guide import clauses_of


def edition_sha256(edition: str) -> str:
    """SHA-256 of everything that the clauses of an edition say, in guide order: another hash, another guide."""
    told = [[one.id, one.page, one.step_in(edition), one.text] for one in clauses_of(edition)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()
