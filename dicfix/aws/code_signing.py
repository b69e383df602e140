"""The code-signing certificate in ACM. May import ``certificates`` and ``ota_records``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dicfix.aws.answers import member, unless_absent
from dicfix.aws.session import AwsSession
from dicfix.certificates import Certificate, PrivateKey, read_certificate
from dicfix.errors import MaterialError
from dicfix.ota_records import CodeSigningCertificate

_ABSENT = ("ResourceNotFoundException",)
KEY_ALGORITHM = "EC_prime256v1"
CODE_SIGNING = "CODE_SIGNING"


def read_code_signing_certificate(session: AwsSession, arn: str) -> CodeSigningCertificate | None:
    """The certificate of this ARN, or None. Source: PRE-4; ACM DescribeCertificate."""
    operation = "acm:DescribeCertificate"
    answer = unless_absent(lambda: session.call("acm", "DescribeCertificate", CertificateArn=arn), _ABSENT)
    if answer is None:
        return None
    found = answer.get("Certificate", {})
    return CodeSigningCertificate(
        arn=arn,
        status=member(found, "Status", operation),
        kind=member(found, "Type", operation),
        key_algorithm=member(found, "KeyAlgorithm", operation),
        signature_algorithm=member(found, "SignatureAlgorithm", operation),
        key_usages=tuple(row["Name"] for row in found.get("KeyUsages", ())),
        extended_key_usages=tuple(row["Name"] for row in found.get("ExtendedKeyUsages", ())),
        not_after=member(found, "NotAfter", operation),
    )


def code_signing_arns(session: AwsSession) -> Iterator[str]:
    """ARNs of the certificates in ACM with a P-256 key for code signing. Source: ACM ListCertificates.

    Without key types ACM lists RSA certificates only.
    """
    wanted: dict[str, Any] = {"keyTypes": [KEY_ALGORITHM], "extendedKeyUsage": [CODE_SIGNING]}
    for row in session.pages("acm", "ListCertificates", "CertificateSummaryList", size=100, Includes=wanted):
        yield row["CertificateArn"]


def read_pem(session: AwsSession, arn: str) -> str:
    """The certificate itself, as PEM text. Source: ACM GetCertificate."""
    return str(session.call("acm", "GetCertificate", CertificateArn=arn)["Certificate"])


def arn_of(session: AwsSession, certificate_id: str) -> str | None:
    """The ARN under which ACM has the certificate of this SHA-256 fingerprint, or None."""
    return next((arn for arn in code_signing_arns(session) if _fingerprint(session, arn) == certificate_id), None)


def _fingerprint(session: AwsSession, arn: str) -> str:
    try:
        return read_certificate(read_pem(session, arn)).certificate_id
    except MaterialError:
        return ""


def import_certificate(session: AwsSession, certificate: Certificate, key: PrivateKey) -> str:
    """Import a certificate with its key and give its ARN. Source: PRE-4; ACM ImportCertificate."""
    answer = session.call("acm", "ImportCertificate", Certificate=certificate.pem.encode(), PrivateKey=key.pem.encode())
    return str(answer["CertificateArn"])


def delete_certificate(session: AwsSession, arn: str) -> None:
    """Delete a certificate from ACM."""
    session.call("acm", "DeleteCertificate", CertificateArn=arn)
