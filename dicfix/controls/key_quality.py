"""Whether a public key is strong enough: its size, and the fingerprint of a known weak generator. Pure."""

from __future__ import annotations

from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

SMALLEST_EC_BITS = 256
SMALLEST_RSA_BITS = 2048
_GENERATOR = 65537
_PRIMES = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109),
    *(113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)


@cache
def _powers(prime: int) -> frozenset[int]:
    """The residues that the powers of the generator take modulo a prime."""
    return frozenset(pow(_GENERATOR, exponent, prime) for exponent in range(prime - 1))


def is_roca(modulus: int) -> bool:
    """Whether an RSA modulus bears the mark of CVE-2017-15361: a power of 65537 modulo every small prime.

    Source: M. Nemec et al., The Return of Coppersmith's Attack, 2017, section 3 (fingerprinting).
    """
    return all(modulus % prime in _powers(prime) for prime in _PRIMES)


def weakness_of(certificate: x509.Certificate) -> str:
    """What is weak about a certificate's key; empty when nothing is."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC key of {key.key_size} bits" if key.key_size < SMALLEST_EC_BITS else ""
    if not isinstance(key, rsa.RSAPublicKey):
        return f"a key of another kind ({type(key).__name__})"
    if key.key_size < SMALLEST_RSA_BITS:
        return f"RSA key of {key.key_size} bits"
    return "an RSA key of a broken generator (CVE-2017-15361)" if is_roca(key.public_numbers().n) else ""
