"""What an audit remembers from run to run: certificates by id, attachments with their age, the last run, a checkpoint.

One SQLite file per account and Region in the state directory, so that a run killed at any moment loses a second's work
at most. Standard library and ``errors`` only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from dicfix.errors import UsageError

SCHEMA = "1"
FLUSH_S = 1.0
"""How much work may be lost when a run is killed, in seconds."""
FLUSH_AT = 500
"""After so many records they are written, however quickly they came."""
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS certificates (id TEXT PRIMARY KEY, pem TEXT NOT NULL, ca TEXT, created TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS edges (thing TEXT PRIMARY KEY, principals TEXT NOT NULL, verified TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """A certificate as it was described: its PEM text, the CA it was registered with (empty: none), and when.

    ``ca_certificate_id`` is None where the answer did not tell. Of a certificate that was deleted and registered again
    only the PEM text still holds: ``created`` is then another.
    """

    pem: str
    ca_certificate_id: str | None
    created: datetime | None


@dataclass(frozen=True, slots=True)
class Edge:
    """The principals of a thing, and when they were read."""

    principals: tuple[str, ...]
    verified: datetime


def fingerprint(pem: str) -> str:
    """SHA-256 of the one certificate in a PEM text, empty when there is none. Source: facts, controls 4.2."""
    body = pem.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END CERTIFICATE-----")[0]
    try:
        return hashlib.sha256(base64.b64decode("".join(body.split()), validate=True)).hexdigest() if body else ""
    except (binascii.Error, ValueError):
        return ""


class Memory:
    """The state of one account and Region, open for one process at a time; a context manager."""

    def __init__(self, directory: Path, account: str, region: str, *, clock: Callable[[], float]) -> None:
        self.path = directory / f"{account}-{region}.sqlite3"
        self._clock = clock
        self._lock = threading.RLock()
        self._pending = 0
        self._flushed = clock()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=0.2)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        with self._usable():
            self._open()

    def _open(self) -> None:
        self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("BEGIN EXCLUSIVE")
        for statement in filter(str.strip, _TABLES.split(";")):
            self._database.execute(statement)
        if self.note("schema") not in (None, SCHEMA):
            for table in ("meta", "certificates", "edges", "answers"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand above
        self.set_note("schema", SCHEMA)
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    def _unusable(self, error: Exception) -> UsageError:
        in_use = "locked" in str(error)
        return UsageError(
            f"the state {self.path.name} cannot be used: {'another audit is using it' if in_use else error}",
            expected="a directory of this project's own, for one audit at a time",
            remedy="wait for the other audit" if in_use else "remove the file, or name another state directory",
        )

    @contextmanager
    def _usable(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is pending and let go of the file."""
        with self._usable():
            self._database.execute("COMMIT")
            self._database.close()

    def flush(self) -> None:
        """Write what is pending."""
        with self._usable():
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
            self._pending, self._flushed = 0, self._clock()

    def _kept(self) -> None:
        self._pending += 1
        if self._pending >= FLUSH_AT or self._clock() - self._flushed >= FLUSH_S:
            self.flush()

    def note(self, key: str) -> str | None:
        """A text that an earlier run left under ``key``."""
        with self._usable():
            row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_note(self, key: str, value: str | None) -> None:
        """Leave a text for later runs; None takes it away."""
        with self._usable():
            if value is None:
                self._database.execute("DELETE FROM meta WHERE key = ?", (key,))
            else:
                self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def certificate(self, certificate_id: str) -> KnownCertificate | None:
        """A certificate that was described before, its PEM text verified to be that certificate's."""
        with self._usable():
            query = "SELECT pem, ca, created FROM certificates WHERE id = ?"
            row = self._database.execute(query, (certificate_id,)).fetchone()
        if row is None or fingerprint(row[0]) != certificate_id:
            return None
        return KnownCertificate(row[0], row[1], datetime.fromisoformat(row[2]) if row[2] else None)

    def keep_certificate(self, certificate_id: str, known: KnownCertificate) -> None:
        """Remember a certificate; a PEM text that is another certificate's is not kept."""
        if fingerprint(known.pem) != certificate_id:
            return
        created = known.created.isoformat() if known.created else None
        with self._usable():
            row = (certificate_id, known.pem, known.ca_certificate_id, created)
            self._database.execute("INSERT OR REPLACE INTO certificates VALUES (?, ?, ?, ?)", row)
            self._kept()

    def edges(self) -> dict[str, Edge]:
        """Every attachment that is remembered, by thing name."""
        with self._usable():
            rows = self._database.execute("SELECT thing, principals, verified FROM edges").fetchall()
        return {thing: Edge(tuple(json.loads(arns)), datetime.fromisoformat(when)) for thing, arns, when in rows}

    def keep_edge(self, thing: str, edge: Edge) -> None:
        """Remember the principals of a thing."""
        with self._usable():
            row = (thing, json.dumps(edge.principals), edge.verified.isoformat())
            self._database.execute("INSERT OR REPLACE INTO edges VALUES (?, ?, ?)", row)
            self._kept()

    def forget_edges(self, things: Iterable[str]) -> None:
        """Forget the attachments of things, such as those that are gone."""
        with self._usable():
            self._database.executemany("DELETE FROM edges WHERE thing = ?", [(one,) for one in things])

    def forget_certificates_but(self, certificate_ids: Iterable[str]) -> None:
        """Forget every certificate but these."""
        wanted = set(certificate_ids)
        with self._usable():
            ids = [row[0] for row in self._database.execute("SELECT id FROM certificates").fetchall()]
            gone = [(one,) for one in ids if one not in wanted]
            self._database.executemany("DELETE FROM certificates WHERE id = ?", gone)

    def answers(self) -> Iterator[tuple[str, str]]:
        """The answers of an interrupted run, by call."""
        with self._usable():
            yield from self._database.execute("SELECT key, answer FROM answers").fetchall()

    def keep_answer(self, key: str, answer: str) -> None:
        """Keep an answer for the case that this run is interrupted."""
        with self._usable():
            self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, answer))
            self._kept()

    def forget_answers(self) -> None:
        """Forget the answers of the run that has ended."""
        with self._usable():
            self._database.execute("DELETE FROM answers")

    def last_run(self) -> Mapping[str, str] | None:
        """What the last run that ended left: ``started`` and whatever else it noted."""
        text = self.note("last_run")
        return json.loads(text) if text else None

    def set_last_run(self, row: Mapping[str, str]) -> None:
        """Say that a run has ended."""
        self.set_note("last_run", json.dumps(dict(row)))
