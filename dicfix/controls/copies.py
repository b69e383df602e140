"""Where a certificate is to be looked for: as a local file while onboarding, as file and registered copy in an audit.

May import certificates, records and the modules of this package below it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dicfix.certificates import Certificate
from dicfix.controls.registry import Absent, Look
from dicfix.controls.subjects import (
    ca_pem,
    certificate_pem,
    local_ca,
    local_certificate,
    registered_ca,
    registered_certificate,
)


def ca_copies(look: Look) -> Iterator[tuple[str, Certificate]]:
    """The CA certificate as a file and, in an audit, as registered; raises Absent where it should be and is not."""
    local = local_ca(look)
    if local:
        yield "CA.crt", local
    elif not look.auditing:
        raise Absent("CA.crt", "the CA certificate", "no file")
    if look.auditing:
        ca = registered_ca(look)
        if not local or ca.certificate_id != local.certificate_id:
            yield f"CA certificate {ca.certificate_id[:12]}", ca_pem(ca)


def client_copies(look: Look, name: str) -> Iterator[tuple[str, Certificate]]:
    """A client's certificate as a file and, in an audit, as registered; raises Absent as ``ca_copies`` does."""
    key = f"copies of {name}"
    kept: tuple[tuple[str, Certificate], ...] | None = look.memo.get(key)
    if kept is not None:
        yield from kept
        return
    found = []
    for copy in _client_copies(look, name):
        found.append(copy)
        yield copy
    look.memo[key] = tuple(found)


def _client_copies(look: Look, name: str) -> Iterator[tuple[str, Certificate]]:
    local = local_certificate(look, name)
    if local:
        yield f"certificate file of {name}", local
    elif not look.auditing:
        raise Absent(f"certificate file of {name}", "the client's certificate", "no file")
    if look.auditing:
        record = registered_certificate(look, name)
        if not local or record.certificate_id != local.certificate_id:
            yield f"certificate of {name}", certificate_pem(record, name)


def issuing_ca(look: Look) -> Certificate:
    """The CA certificate that clients are to be signed by: CA.crt, else (in an audit) the registered one."""
    return next(certificate for _, certificate in ca_copies(look))
