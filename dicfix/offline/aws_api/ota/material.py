"""The certificates that ACM holds, with the way to sign by their keys. May import moto's ACM and the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.acm.models import acm_backends

from dicfix.offline.rules.signing_material import SigningMaterial, signer_of


def material_of(account_id: str, region: str) -> Callable[[str], SigningMaterial | None]:
    """Finds a certificate of ACM by its ARN; None without one, or if its key cannot sign."""

    def find(arn: str) -> SigningMaterial | None:
        backends: Any = acm_backends
        bundle = backends[account_id][region]._certificates.get(arn)
        if bundle is None or not isinstance(bundle._key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            return None
        return SigningMaterial(arn, bundle._cert, signer_of(bundle._key))

    return find
