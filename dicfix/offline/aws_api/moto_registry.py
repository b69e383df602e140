"""The data plane's ``Registry`` over moto's state.

Every read looks the backend up anew, since a reset replaces it, and holds the state lock for as long as it takes to
copy. May import moto, ``dicfix.offline.registry`` and the rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from moto.iot.models import iot_backends

from dicfix.offline.aws_api.changes import feed_of
from dicfix.offline.aws_api.iot.models import EmbeddedIoTBackend
from dicfix.offline.aws_api.iot.records import CaRecord, CertificateRecord
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.registry import AttachedThing, PolicyText, RegisteredCa, RegisteredCertificate, RetainedMessage
from dicfix.offline.rules.things import EXCLUSIVE


class MotoRegistry:
    """The registry of one account and Region, thread-safe."""

    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        self._feed = feed_of(account_id, region)
        self._retained: dict[str, RetainedMessage] = {}

    @property
    def backend(self) -> EmbeddedIoTBackend:
        """moto's backend of now."""
        backends: Any = iot_backends
        backend: EmbeddedIoTBackend = backends[self.account_id][self.region]
        return backend

    def version(self) -> int:
        """A number that grows with every change."""
        return self._feed.version

    def certificate(self, certificate_id: str) -> RegisteredCertificate | None:
        """The registered certificate of this ID."""
        with STATE_LOCK:
            record = self.backend.certificates.get(certificate_id)
            return None if record is None else _certificate(record)

    def ca_certificates(self) -> Sequence[RegisteredCa]:
        """Every registered CA certificate, ACTIVE or not."""
        with STATE_LOCK:
            return [_ca(record) for record in self.backend.ca_certificates.values()]

    def register_automatically(self, der: bytes, ca: RegisteredCa) -> RegisteredCertificate:
        """Register an unknown certificate of ``ca`` as PENDING_ACTIVATION."""
        with STATE_LOCK:
            known = self.certificate(hashlib.sha256(der).hexdigest())
            return known or _certificate(self.backend.register_just_in_time(der, ca.ca_certificate_id))

    def policies(self, certificate_id: str) -> Sequence[PolicyText]:
        """The policies attached to the certificate and to the thing groups of its things."""
        with STATE_LOCK:
            backend = self.backend
            record = backend.certificates.get(certificate_id)
            if record is None:
                return []
            things = list(backend.things_of.get(record.arn, ()))
            found = backend.effective_policies(record.arn, things)
            return [PolicyText(policy.name, policy.in_effect.document) for policy in found]

    def things(self, certificate_id: str) -> Sequence[AttachedThing]:
        """The things that the certificate is attached to."""
        with STATE_LOCK:
            backend = self.backend
            record = backend.certificates.get(certificate_id)
            attached = backend.things_of.get(record.arn, {}) if record else {}
            return [_thing(backend, name, kind) for name, (_, kind) in attached.items()]

    def retained_store(self) -> dict[str, RetainedMessage]:
        """The retained messages by topic; always the same dictionary, emptied by a reset."""
        return self._retained

    def on_certificate_change(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call ``callback(certificate_id)`` after a status change, deletion or detach; gives the way to unsubscribe."""
        return self._feed.listen(callback)


def _certificate(record: CertificateRecord) -> RegisteredCertificate:
    return RegisteredCertificate(
        certificate_id=record.certificate_id,
        arn=record.arn,
        der=record.der,
        status=record.status,
        mode=record.mode,
        ca_certificate_id=record.ca_certificate_id,
        registered_at_ms=int(record.created.timestamp() * 1000),
    )


def _ca(record: CaRecord) -> RegisteredCa:
    return RegisteredCa(record.certificate_id, record.der, record.status, record.mode, record.auto_registration)


def _thing(backend: EmbeddedIoTBackend, name: str, kind: str) -> AttachedThing:
    thing = backend.describe_thing(name)
    return AttachedThing(
        thing_name=name,
        thing_type=thing.thing_type.thing_type_name if thing.thing_type else None,
        attributes=dict(thing.attributes),
        exclusive=kind == EXCLUSIVE,
    )
