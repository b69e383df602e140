"""Certificates, keys and signing requests: made as the guide's OpenSSL commands make them, read, and compared.

In memory and pure; files are the keystore's. Imports `cryptography`, dicfix.errors and the guide's values only.
"""

from dicfix.certificates.issuing import (
    CODE_SIGNING_VALIDITY_DAYS,
    X509Version,
    issue_client,
    issue_verification,
    make_ca,
    make_ca_certificate,
    make_code_signing,
    make_private_key,
    make_rsa_private_key,
    make_signing_request,
    sign_request,
    verification_subject,
)
from dicfix.certificates.names import common_name, name_text, parse_subject, same_name
from dicfix.certificates.pairing import (
    require_ca,
    require_different_subject,
    require_key_of,
    require_kind,
    require_signed_by,
)
from dicfix.certificates.reading import read_certificate, read_certificate_der, read_private_key, read_request
from dicfix.certificates.serials import next_serial, random_serial, serial_file_text
from dicfix.certificates.values import (
    REMEMBERED,
    CaMaterial,
    Certificate,
    ClientMaterial,
    PrivateKey,
    SigningRequest,
)

__all__ = [
    "CODE_SIGNING_VALIDITY_DAYS",
    "REMEMBERED",
    "CaMaterial",
    "Certificate",
    "ClientMaterial",
    "PrivateKey",
    "SigningRequest",
    "X509Version",
    "common_name",
    "issue_client",
    "issue_verification",
    "make_ca",
    "make_ca_certificate",
    "make_code_signing",
    "make_private_key",
    "make_rsa_private_key",
    "make_signing_request",
    "name_text",
    "next_serial",
    "parse_subject",
    "random_serial",
    "read_certificate",
    "read_certificate_der",
    "read_private_key",
    "read_request",
    "require_ca",
    "require_different_subject",
    "require_key_of",
    "require_kind",
    "require_signed_by",
    "same_name",
    "serial_file_text",
    "sign_request",
    "verification_subject",
]
