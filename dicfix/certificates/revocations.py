"""Certificate revocation lists: which serial numbers an issuer has revoked. Imports `cryptography` and this package."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dicfix.certificates.names import name_text
from dicfix.certificates.values import Certificate
from dicfix.errors import MaterialError


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A parsed list: its issuer (RFC 4514), the revoked serial numbers, and whether ``issued_by`` holds for a CA."""

    issuer: str
    serials: frozenset[int]
    parsed: x509.CertificateRevocationList

    def issued_by(self, ca: Certificate) -> bool:
        """Whether the CA's key signed this list and it bears the CA's name."""
        key = ca.parsed.public_key()
        try:
            signed = self.parsed.is_signature_valid(key)  # type: ignore[arg-type]
        except TypeError:  # a kind of key that signs no list
            return False
        return signed and self.parsed.issuer == ca.parsed.subject


def read_revocation_list(data: bytes | str, what: str = "the revocation list") -> RevocationList:
    """The list in a PEM text or in DER; raises MaterialError for anything else. Source: RFC 5280, section 5."""
    raw = data.encode() if isinstance(data, str) else data
    try:
        pem = b"-----BEGIN X509 CRL-----" in raw
        parsed = x509.load_pem_x509_crl(raw) if pem else x509.load_der_x509_crl(raw)
        serials = frozenset(one.serial_number for one in parsed)
    except ValueError:
        raise MaterialError(
            f"{what} is no certificate revocation list",
            expected="an X.509 CRL in PEM or DER",
            remedy="make one: openssl ca -gencrl -out crl.pem",
        ) from None
    return RevocationList(name_text(parsed.issuer), serials, parsed)


def revocation_pem(found: RevocationList) -> str:
    """The list as PEM text."""
    return found.parsed.public_bytes(Encoding.PEM).decode()
