"""Which certificates there are, their status from the account's lists, and their PEM text once for ever.

A certificate's id is the SHA-256 of its DER, so that what was described once needs no second call; status and mode are
read anew each time. May import ``aws``, ``memory`` and the modules below them.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from dicfix.account_records import AccountCertificate
from dicfix.audit.calls import SweepSession
from dicfix.audit.edges import Progress
from dicfix.audit.memory import KnownCertificate, Memory
from dicfix.audit.workers import share_out
from dicfix.aws import bulk, registry
from dicfix.aws.answers import tried
from dicfix.aws.bulk import PAGE
from dicfix.fields import Field, Unread
from dicfix.records import DeviceCertificate

HANDS = 2
"""How many threads describe certificates; one operation's quota needs no more."""


@dataclass
class Listed:
    """The rows of the account's lists by certificate id; ``whole`` when every certificate of the account is there.

    ``cas`` are the CA certificates whose list was read to its end.
    """

    rows: dict[str, AccountCertificate] = field(default_factory=dict)
    whole: bool = False
    cas: set[str] = field(default_factory=set)


class CertificateSweep:
    """Reads the certificates that are wanted with the fewest calls."""

    def __init__(self, session: SweepSession, *, memory: Memory | None, hands: int, progress: Progress) -> None:
        self._session = session
        self._memory = memory
        self._hands = hands
        self._progress = progress
        self._known: dict[str, KnownCertificate | None] = {}
        self._lock = threading.Lock()
        self.described: dict[str, Field[DeviceCertificate | None]] = {}

    def list_all(self) -> Listed:
        """Every certificate of the account."""
        return Listed({row.certificate_id: row for row in bulk.list_certificates(self._session)}, whole=True)

    def list_of_cas(self, ca_certificate_ids: Iterable[str], wanted: Iterable[str] | None = None) -> Listed:
        """The certificates of these CAs; no further than until the ``wanted`` ones, if given, are found or are few.

        A CA may have signed a million certificates of others: describing the few that are missing is then cheaper.
        """
        listed, missing = Listed(), None if wanted is None else set(wanted)
        for ca in dict.fromkeys(ca_certificate_ids):
            for count, row in enumerate(bulk.list_certificates_by_ca(self._session, ca), 1):
                if missing is None or row.certificate_id in missing:
                    listed.rows[row.certificate_id] = row
                (missing or set()).discard(row.certificate_id)
                if missing is not None and count % PAGE == 0 and count // PAGE >= len(missing):
                    break
            else:
                listed.cas.add(ca)
        return listed

    def known(self, certificate_id: str) -> KnownCertificate | None:
        """What an earlier night described."""
        if certificate_id not in self._known:
            self._known[certificate_id] = self._memory.certificate(certificate_id) if self._memory else None
        return self._known[certificate_id]

    def is_new(self, row: AccountCertificate) -> bool:
        """Whether no earlier night has described this registration of the certificate."""
        known = self.known(row.certificate_id)
        created = row.created
        return known is None or isinstance(created, Unread) or known.created != created

    def describe(self, certificate_ids: Iterable[str], listed: Listed) -> None:
        """Describe certificates that were not yet described in this run, and remember each at once."""
        todo = [one for one in dict.fromkeys(certificate_ids) if one not in self.described]
        count = itertools.count(1)

        def describe_one(name: str) -> None:
            record = tried("iot:DescribeCertificate", lambda: registry.read_certificate(self._session, name))
            with self._lock:
                self.described[name] = record
                self._remember(name, record, listed.rows.get(name))
                self._progress(next(count), len(todo), "certificates")

        share_out(todo, [describe_one] * self._hands)

    def _remember(self, name: str, record: Field[DeviceCertificate | None], row: AccountCertificate | None) -> None:
        if self._memory and isinstance(record, DeviceCertificate) and isinstance(record.pem, str):
            ca, created = record.ca_certificate_id, row.created if row else None
            known = KnownCertificate(
                record.pem,
                ca if isinstance(ca, str) else None,
                created if isinstance(created, datetime) else None,
            )
            self._memory.keep_certificate(name, known)

    def records(self, certificate_ids: Iterable[str], listed: Listed) -> dict[str, DeviceCertificate]:
        """The records of these certificates; one that was neither listed nor described is not there.

        Raises Unreadable when a certificate may be registered and nobody could tell.
        """
        found: dict[str, DeviceCertificate] = {}
        for name in dict.fromkeys(certificate_ids):
            record = self._record(name, listed)
            if record is not None:
                found[name] = record
        return found

    def _record(self, name: str, listed: Listed) -> DeviceCertificate | None:
        described, row = self.described.get(name), listed.rows.get(name)
        if isinstance(described, DeviceCertificate):
            return described
        if row is None:
            return None if not isinstance(described, Unread) else _unread(name, described)
        known = self.known(name)
        pem: Field[str] = known.pem if known else described if isinstance(described, Unread) else _NOT_DESCRIBED
        return DeviceCertificate(name, row.arn, pem, row.status, row.mode, self._ca(row, known, described))

    def _ca(self, row: AccountCertificate, known: KnownCertificate | None, described: object) -> Field[str]:
        if isinstance(row.ca_certificate_id, str):
            return row.ca_certificate_id
        if known and known.ca_certificate_id is not None and not self.is_new(row):
            return known.ca_certificate_id
        return described if isinstance(described, Unread) else _NOT_DESCRIBED

    def account_rows(self, listed: Listed, registered_cas: Iterable[str]) -> Iterator[AccountCertificate]:
        """The rows with the CA that lists each: where no list told, the CA that its description names."""
        cas = set(registered_cas)
        for row in listed.rows.values():
            record = self._record(row.certificate_id, listed)
            ca = record.ca_certificate_id if record else row.ca_certificate_id
            yield replace(row, ca_certificate_id=ca if isinstance(ca, Unread) or ca in cas else "")


_NOT_DESCRIBED = Unread("iot:DescribeCertificate", "NotAsked", "not one of the certificates in scope")


def _unread(name: str, why: Unread) -> DeviceCertificate:
    """A certificate that is attached to a thing, and of which nothing more could be read."""
    return DeviceCertificate(name, why, why, why, why, why)
