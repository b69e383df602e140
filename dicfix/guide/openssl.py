"""The clauses of the page "OpenSSL certificate creation" (step 1 of the guide). Imports the guide's own modules."""

from __future__ import annotations

from dicfix.guide.clause import ALL, LATEST, Audit, Clause
from dicfix.guide.editions import OPENSSL_PAGE as PAGE

_SAME_ANSWERS = (
    "typing the same answers for both gives the client certificate the CA's own subject, and OpenSSL then takes it "
    "for self-signed; give each a common name of its own"
)

OPENSSL_CLAUSES: tuple[Clause, ...] = (
    Clause(
        "SSL-1",
        ALL,
        PAGE,
        "1",
        "The CA key is an EC key on the curve prime256v1 (CA.key).",
        (Audit.API, Audit.FILE),
    ),
    Clause(
        "SSL-2",
        ALL,
        PAGE,
        "2",
        "The CA certificate is self-signed with CA.key and valid for 1826 days (CA.crt).",
        (Audit.API, Audit.FILE),
    ),
    Clause(
        "SSL-3",
        ALL,
        PAGE,
        "3",
        "The client key is an EC key on the curve prime256v1 (device.key).",
        (Audit.API, Audit.FILE),
    ),
    Clause(
        "SSL-4.1",
        ALL,
        PAGE,
        "4",
        "A certificate signing request is made from the client key (device.csr).",
        (Audit.FILE,),
    ),
    Clause(
        "SSL-4.2",
        ALL,
        PAGE,
        "4",
        "The client certificate is signed by the CA, with a serial file, for 360 days (device.crt, CA.srl).",
        (Audit.API, Audit.FILE),
        slips=(
            _SAME_ANSWERS,
            "the command as printed makes an X.509 version 1 certificate with OpenSSL 3.0, version 3 with newer ones",
        ),
    ),
    Clause(
        "SSL-5",
        ALL,
        PAGE,
        "5",
        "A second client set is made for MQTT Explorer under a different name (explorer.key, .csr, .crt).",
        (Audit.API, Audit.FILE),
        steps_by_edition=(("2024-04", "8"),),
    ),
    Clause(
        "SSL-V1",
        LATEST,
        PAGE,
        "5",
        "The verification key is RSA 2048 (verification_cert.key).",
        (Audit.FILE,),
    ),
    Clause(
        "SSL-V2",
        LATEST,
        PAGE,
        "6",
        "The verification request has the registration code as its common name (verification_cert_csr.csr).",
        (Audit.FILE,),
    ),
    Clause(
        "SSL-V3",
        LATEST,
        PAGE,
        "7",
        "The verification certificate is signed by the CA for 500 days with SHA-256 (verification_cert.pem).",
        (Audit.FILE, Audit.API),
    ),
)
