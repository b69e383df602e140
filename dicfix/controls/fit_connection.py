"""Controls of the fit axis that concern the connection itself: the dates of the certificates, the server's chain."""

from __future__ import annotations

from collections.abc import Iterator

from dicfix.controls.copies import client_copies
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import CERTIFICATE_NEEDS, CERTIFICATE_OPERATIONS, all_clients
from dicfix.findings import Axis, Finding, Severity


@control(
    "DIC-FIT-09",
    axis=Axis.FIT,
    title="The endpoint's certificate verifies with AmazonRootCA1 for the firmware's own ciphers",
    rationale="The firmware offers ECDSA before RSA; for an ECDSA chain AWS may need AmazonRootCA3 beside it.",
    remedy="build with the root that the endpoint's chain ends in, or leave the ECDSA ciphers out",
    needs=(),
    source="docs.aws.amazon.com/iot/latest/developerguide/server-authentication.html; mbedtls_config.h of the firmware",
)
def chain_suits_the_firmwares_ciphers(look: Look) -> Iterator[Finding]:
    """Only a handshake with the firmware's cipher list shows it."""
    yield look.manual(
        "openssl s_client -connect <endpoint>:8883 -servername <endpoint> -CAfile AmazonRootCA1.pem -tls1_2 -cipher "
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256, with verify return code 0",
        "the endpoint",
    )


@control(
    "DIC-FIT-14",
    axis=Axis.FIT,
    severity=Severity.CRITICAL,
    title="Every client's certificate is valid today",
    rationale="An expired or not yet valid certificate is refused, by AWS or by the next library that looks.",
    remedy="issue a new certificate (dicfix certs), and set the clock of whoever issues",
    needs=CERTIFICATE_NEEDS,
    operations=CERTIFICATE_OPERATIONS,
    source="RFC 5280, section 4.1.2.5; docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html",
)
def client_certificates_are_valid_today(look: Look) -> Iterator[Finding]:
    """notBefore and notAfter, of file and registered copy."""

    expected = f"valid on {look.now.date().isoformat()}"

    def judge_one(name: str) -> Iterator[Finding]:
        for resource, certificate in client_copies(look, name):
            begin, end = certificate.not_before, certificate.not_after
            dates = f"{begin.date().isoformat()} to {end.date().isoformat()}"
            yield look.judge(resource, begin <= look.now <= end, expected=expected, observed=f"valid {dates}")

    yield from look.each(all_clients(look), judge_one)
