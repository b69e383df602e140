"""Whether certificates and keys belong together: each mismatch is one MaterialError.

Imports dicfix.errors, the guide's values and this package only.
"""

from __future__ import annotations

from cryptography import x509

from dicfix.certificates.names import name_text, same_name
from dicfix.certificates.values import Certificate, PrivateKey, SigningRequest
from dicfix.errors import MaterialError
from dicfix.guide.values import KEY_KIND

_REMEDY = "put the files of one set together, or have the set made anew (dicfix certs --overwrite)"


def require_kind(key: PrivateKey, what: str, kind: str = KEY_KIND) -> None:
    """Refuse a key of another kind than ``kind``. Source: SSL-1, SSL-3, SSL-V1."""
    if key.kind != kind:
        raise MaterialError(f"{what} is a key of kind {key.kind}", expected=kind, remedy=_REMEDY)


def require_key_of(holder: Certificate | SigningRequest, key: PrivateKey, what: str, key_what: str) -> None:
    """Refuse a certificate or request that was not made from ``key``."""
    if not holder.public_key_matches(key):
        expected = "a pair that belongs together"
        raise MaterialError(f"{what} was not made from {key_what}", expected=expected, remedy=_REMEDY)


def require_ca(certificate: Certificate, what: str) -> None:
    """Refuse a certificate that is no self-signed CA certificate. Source: SSL-2, AWS-4.1."""
    expected = "a self-signed certificate with basicConstraints CA:TRUE"
    if not certificate.is_ca:
        held = "says CA:FALSE or does not say that it is a CA"
        raise MaterialError(f"{what} ({certificate.subject}) is a leaf: it {held}", expected=expected, remedy=_REMEDY)
    if not certificate.is_self_signed():
        raise MaterialError(
            f"{what} ({certificate.subject}) is not signed by its own key; its issuer is {certificate.issuer}",
            expected=expected,
            remedy=_REMEDY,
        )


def require_signed_by(certificate: Certificate, ca: Certificate, what: str, ca_what: str) -> None:
    """Refuse a certificate that ``ca`` did not sign. Source: SSL-4.2, AWS-6.4."""
    if not certificate.signed_by(ca):
        raise MaterialError(
            f"{what} was not signed by {ca_what}; its issuer is {certificate.issuer}",
            expected=f"issuer {ca.subject}, with the signature of that CA's key",
            remedy=_REMEDY,
        )


def require_different_subject(subject: x509.Name, ca: Certificate) -> None:
    """Refuse a subject that OpenSSL would take for the CA's own.

    Source: facts/controls finding 7: such a certificate looks self-signed (openssl verify error 18).
    """
    if same_name(subject, ca.parsed.subject):
        raise MaterialError(
            f"The subject {name_text(subject)} is the CA's own: the certificate would look self-signed",
            expected="a subject of its own for every certificate",
            remedy="give another subject, or say same_subject where exactly this is wanted",
        )
