"""What every performing step works with: session, settings, keystore, journal and reader of one account and Region.

May import ``aws``, ``keystore`` and the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dicfix.accounts.guards import require_account
from dicfix.accounts.journal import Entry, Journal
from dicfix.accounts.reading import Reader
from dicfix.aws import registry
from dicfix.aws.session import AwsSession
from dicfix.certificates import ClientMaterial
from dicfix.errors import AwsRefused, GuardRefused
from dicfix.keystore import Keystore, stems
from dicfix.records import Caller
from dicfix.settings import Settings


@dataclass
class Site:
    """One account and Region under construction; ``now`` gives the time in UTC."""

    session: AwsSession
    settings: Settings
    keystore: Keystore
    journal: Journal
    reader: Reader
    now: Callable[[], datetime]

    @cached_property
    def caller(self) -> Caller:
        """Who is logged in; the account must be the one that the run is meant for."""
        return require_account(registry.read_caller(self.session), self.settings)

    @cached_property
    def endpoint(self) -> str:
        """The account's data endpoint (ATS), which it keeps for good. Source: EXP-1."""
        return registry.read_endpoint(self.session)

    @cached_property
    def registration_code(self) -> str:
        """The account's registration code in this Region, which it keeps until somebody deletes it. Source: SSL-V2."""
        return registry.registration_code(self.session)

    def stem(self, thing_name: str) -> str:
        """What the file names of a thing's client set share: ``device``, ``explorer`` or the thing's own name."""
        return stems(self.settings.devices, self.settings.explorer_name).get(thing_name, thing_name)

    def firmware_store(self, thing_name: str) -> Keystore:
        """Where a device's header and source go: the certificate directory itself for the first device."""
        is_first = thing_name == self.settings.devices[0]
        directory = self.keystore.directory if is_first else self.keystore.directory / thing_name
        return Keystore(directory, clock=self.now)

    def client(self, thing_name: str) -> ClientMaterial:
        """The client set of a thing, as it lies in the certificate directory."""
        return self.keystore.client(self.stem(thing_name))

    def entry(self, kind: str, name: str, target: str = "") -> Entry:
        """The journal's entry of a resource in this account and Region."""
        return Entry(kind, name, self.caller.account, self.session.region, target)

    @contextmanager
    def making(self, kind: str, name: str, target: str = "") -> Iterator[None]:
        """Note a resource as ours, then make it in the block; taken back when AWS refuses to make it."""
        entry = self.entry(kind, name, target)
        known = entry in self.journal
        self.journal.making(entry)
        try:
            yield
        except AwsRefused:
            if not known:
                self.journal.removed(entry)
            raise
        finally:
            self.reader.changed()

    def require_ours(self, kind: str, name: str, found: str, wanted: str) -> None:
        """Allow changing a resource that the journal knows, or any with ``adopt``; else raise GuardRefused."""
        if self.settings.adopt or self.entry(kind, name) in self.journal:
            return
        raise GuardRefused(
            f"{kind} {name} is there, was not made by this project, and {found}",
            expected=wanted,
            remedy="choose another name in dic.toml, or allow the change with --dicfix-adopt",
        )
