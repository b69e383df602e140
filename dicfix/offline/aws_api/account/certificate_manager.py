"""The certificates that ACM holds, for defects that no operation can plant. May import moto's ACM."""

from __future__ import annotations

from typing import Any

from moto.acm.models import acm_backends


def held_certificates(account_id: str, region: str) -> dict[str, Any]:
    """moto's certificate bundles by ARN, the dictionary itself."""
    backends: Any = acm_backends
    held: dict[str, Any] = backends[account_id][region]._certificates
    return held
