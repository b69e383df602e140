"""What to do when AWS refuses an operation because something else has to be done first. Plain data; imports nothing.

Source: the descriptions of the operations and their errors in the service model of iot.
"""

from __future__ import annotations

_CONFLICT = "DeleteConflictException"
_STATE = "CertificateStateException"
_INVALID = "InvalidRequestException"

REMEDIES: dict[tuple[str, str], str] = {
    ("iot:DeleteCertificate", _STATE): (
        "switch automatic registration of its CA certificate OFF, set the certificate INACTIVE, then delete it"
    ),
    ("iot:DeleteCertificate", _CONFLICT): ("detach every policy and every thing from the certificate, then delete it"),
    ("iot:DeleteThing", _INVALID): "detach the thing's certificates, then delete the thing",
    ("iot:DeletePolicy", _CONFLICT): (
        "detach the policy from every certificate and delete its other versions, then delete the policy"
    ),
    ("iot:DeleteCACertificate", _STATE): "set the CA certificate INACTIVE, then delete it",
    ("iot:RegisterCertificate", _STATE): (
        "register the CA certificate and set it ACTIVE (AWS-4.4), then register the certificate"
    ),
}
"""By operation and error code."""

REGISTERED_AGAIN = (
    "switch automatic registration of the CA certificate OFF before the certificate is deleted, or leave it INACTIVE "
    "instead of deleting it"
)
"""For a deleted certificate that is back as PENDING_ACTIVATION. Source: AWS-4.5; developerguide
auto-register-device-cert."""


def remedy_for(operation: str, code: str) -> str:
    """What to do after ``service:Operation`` was refused with ``code``; empty where nothing more is known."""
    return REMEDIES.get((operation, code), "")
