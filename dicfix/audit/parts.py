"""The parts of the inventory that a sweep reads in bulk; every other part is read as an Auditor reads it.

May import ``accounts``' readers, ``aws`` and the modules of this package below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

from dicfix.account_records import AccountCertificate, AccountThing, things_by_certificate
from dicfix.accounts.ota_reading import thing_names
from dicfix.accounts.reading import Reader, attempt
from dicfix.audit import edges as edges_of
from dicfix.audit.calls import SweepSession
from dicfix.audit.certificate_sweep import CertificateSweep, Listed
from dicfix.audit.edges import EdgeSweep, Found, Progress
from dicfix.audit.memory import Memory
from dicfix.aws import bulk, connectivity, ota, policies
from dicfix.aws.answers import tried
from dicfix.certificates.reading import read_certificate_der
from dicfix.errors import MaterialError, Unreadable
from dicfix.fields import Field, Unread
from dicfix.ota_records import OtaUpdate
from dicfix.records import DeviceCertificate, LocalFiles, Policy, Thing, known
from dicfix.settings import Settings

UPDATES_LOOKED_AT = 25
"""How many OTA updates are looked at, the newest first, for one that is for our things."""
LIVE_CLIENTS = 11
"""Of how many clients the live session is read, MQTT Explorer's first: there is no list of sessions."""
ACCOUNT_WIDE = frozenset({"account_things", "thing_edges", "certificate_edges"})
"""The parts that speak of every thing of the account."""


class SweepReader(Reader):
    """Reads one account's parts, those of a fleet from its lists; ``nightly``: attachments may be remembered ones."""

    def __init__(
        self,
        session: SweepSession,
        settings: Settings,
        edges: EdgeSweep,
        *,
        needs: Iterable[str],
        nightly: bool,
        memory: Memory | None,
        progress: Progress,
    ) -> None:
        super().__init__(session, settings, _no_directory)
        self._nightly = nightly
        self._needs = frozenset(needs)
        self._sweep = session
        self._edges = edges
        hands = 1 if session.pace.quotas is None else 2
        self._certificates_of = CertificateSweep(session, memory=memory, hands=hands, progress=progress)

    def _readers(self) -> dict[str, tuple[str, Callable[[], Any]]]:
        ours: dict[str, tuple[str, Callable[[], Any]]] = {
            "ca_certificates": ("iot:ListCACertificates", lambda: bulk.read_ca_certificates(self._sweep)),
            "certificates": ("iot:DescribeCertificate", self._certificates),
            "things": ("iot:ListThings", self._things),
            "policies": ("iot:GetPolicy", self._policies),
            "sessions": ("iot-data:GetConnection", self._sessions),
            "account_things": ("iot:ListThings", lambda: dict(self._rows)),
            "account_certificates": ("iot:ListCertificates", self._account_certificates),
            "account_policies": ("iot:ListPolicies", self._account_policies),
            "thing_edges": ("iot:ListThingPrincipals", self._thing_edges),
            "certificate_edges": ("iot:ListPrincipalThings", self._certificate_edges),
            "ota_update": ("iot:GetOTAUpdate", self._ota_update),
        }
        return {**super()._readers(), **ours}

    # Things

    @cached_property
    def _found(self) -> Field[Found]:
        return attempt("iot:ListThings", self._find)  # type: ignore[no-any-return]

    def _find(self) -> Found:
        names = tuple(thing_names(self._settings))
        if not self._settings.scope and not self._needs & ACCOUNT_WIDE:
            return edges_of.named_things(self._sweep, names)
        found: Field[Found] = attempt("iot:ListThings", lambda: edges_of.all_things(self._sweep))
        if isinstance(found, Found):
            return found
        if self._settings.scope:
            raise found.error()
        return edges_of.named_things(self._sweep, names)

    @cached_property
    def _scoped(self) -> tuple[str, ...]:
        return edges_of.in_scope(self._sweep, self._settings.scope, known(self._found).rows.values())

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """The things that are judged one by one: those of the settings, and those in scope."""
        rows = known(self._found).rows
        return tuple(dict.fromkeys(one for one in (*thing_names(self._settings), *self._scoped) if one in rows))

    @cached_property
    def _shared(self) -> bool:
        """Whether the account has things that are not ours: without a scope, all are."""
        found = known(self._found)
        return bool(self._settings.scope) and len(self._named) < len(found.rows)

    @cached_property
    def _rows(self) -> dict[str, AccountThing]:
        """The things that the controls of the account as a whole speak of."""
        found = known(self._found)
        if not found.whole:
            raise Unreadable("iot:ListThings", "NotRead", "the account's things could not be listed")
        if not self._settings.scope:
            return {name: row for name, row in found.rows.items() if name not in self._edges.gone}
        return {name: found.rows[name] for name in self._named}

    @cached_property
    def _principals(self) -> dict[str, Field[tuple[str, ...]]]:
        wide = self._needs & {"thing_edges", "certificate_edges"} and known(self._found).whole
        self._edges.read(self._rows if wide else self._named)
        if self._nightly and self._lists_all:
            rows = known(self._all_certificates).rows.values()
            self._edges.look_for_late([str(row.arn) for row in rows if self._certificates_of.is_new(row)])
        return self._edges.found

    def _things(self) -> dict[str, Thing]:
        rows, principals = known(self._found).rows, self._principals
        return {name: Thing(name, rows[name].arn, principals[name]) for name in self._named if name in principals}

    def devices(self) -> tuple[str, ...]:
        """The things that are judged as devices: those of the settings, then those in scope."""
        known(self._found)
        explorer = self._settings.explorer_name
        return tuple(dict.fromkeys((*self._settings.devices, *(one for one in self._scoped if one != explorer))))

    # Certificates

    @cached_property
    def _lists_all(self) -> bool:
        return "account_certificates" in self._needs and (not self._settings.scope or not self._shared)

    @cached_property
    def _all_certificates(self) -> Field[Listed]:
        return attempt("iot:ListCertificates", self._certificates_of.list_all)  # type: ignore[no-any-return]

    @cached_property
    def _wanted(self) -> tuple[str, ...]:
        """Ids of the certificates that things in question have, or that lie in the certificate directory."""
        principals = self._principals
        lists = [found for found in principals.values() if not isinstance(found, Unread)]
        attached = [arn.rsplit("/", 1)[1] for arns in lists for arn in arns if ":cert/" in arn]
        return tuple(dict.fromkeys((*attached, *self._local_ids())))

    def _local_ids(self) -> Iterator[str]:
        local = self._part("local")
        for client in () if isinstance(local, Unread) else local.clients.values():
            with suppress(MaterialError):
                if isinstance(client.certificate_pem, str):
                    yield hashlib.sha256(read_certificate_der(client.certificate_pem)).hexdigest()

    def _local_ca(self) -> str:
        local: LocalFiles | Unread = self._part("local")
        with suppress(MaterialError):
            if isinstance(local, LocalFiles) and isinstance(local.ca.certificate_pem, str):
                return hashlib.sha256(read_certificate_der(local.ca.certificate_pem)).hexdigest()
        return ""

    @cached_property
    def _looked_up(self) -> Listed:
        """The certificates, listed and, where the lists and the memory do not suffice, described."""
        listed = self._all_certificates if self._lists_all else None
        if isinstance(listed, Listed):
            self._describe_listed(listed)
        else:
            listed = self._listed_by_ca()
        return listed

    def _describe_listed(self, listed: Listed) -> None:
        of = self._certificates_of
        unknown = [name for name, row in listed.rows.items() if of.is_new(row)]
        of.describe(unknown, listed)

    def _listed_by_ca(self) -> Listed:
        of, wanted = self._certificates_of, self._wanted
        seen = [name for name in wanted if of.known(name)]
        of.describe([name for name in wanted if not of.known(name)], Listed())
        account_wide = "account_certificates" in self._needs
        cas = [one for one in (self._settings.ca_certificate_id, self._local_ca()) if one]
        cas += [ca for name in wanted if (ca := self._ca_of(name))]
        listed = Listed()
        if cas and (seen or account_wide):
            found = tried("iot:ListCertificatesByCA", lambda: of.list_of_cas(cas, None if account_wide else seen))
            listed = listed if isinstance(found, Unread) else found
        of.describe([name for name in wanted if name not in listed.rows], listed)
        return listed

    def _ca_of(self, name: str) -> str:
        seen = self._certificates_of.known(name)
        record = self._certificates_of.described.get(name)
        if isinstance(record, DeviceCertificate) and isinstance(record.ca_certificate_id, str):
            return record.ca_certificate_id
        return (seen.ca_certificate_id or "") if seen else ""

    def _certificates(self) -> dict[str, DeviceCertificate]:
        listed = self._looked_up
        return self._certificates_of.records((*self._wanted, *listed.rows), listed)

    def _account_certificates(self) -> dict[str, AccountCertificate]:
        if self._lists_all:
            known(self._all_certificates)
        listed = self._looked_up
        cas = known(self._part("ca_certificates"))
        return {row.certificate_id: row for row in self._certificates_of.account_rows(listed, cas)}

    def _thing_edges(self) -> dict[str, Field[tuple[str, ...]]]:
        principals = self._principals
        return {name: principals[name] for name in self._rows if name in principals}

    def _certificate_edges(self) -> dict[str, Field[tuple[str, ...]]]:
        found = known(self._found)
        ids = known(self._part("account_certificates")) if "account_certificates" in self._needs else self._wanted
        if found.whole and not self._shared:
            return things_by_certificate(self._thing_edges(), ids)
        records = self._certificates_of.records(ids, self._looked_up)
        return {
            name: tried("iot:ListPrincipalThings", lambda arn=one.arn: bulk.read_things_of(self._sweep, known(arn)))  # type: ignore[misc]
            for name, one in records.items()
        }

    # Policies and sessions

    def _account_policies(self) -> dict[str, Policy]:
        found = ((name, policies.read_policy(self._sweep, name)) for name in bulk.list_policy_names(self._sweep))
        return {name: policy for name, policy in found if policy}

    def _sessions(self) -> dict[str, Any]:
        read = (self._settings.explorer_name, *self._settings.devices)[:LIVE_CLIENTS]
        found = ((name, connectivity.read_session(self._sweep, name)) for name in read)
        return {name: live for name, live in found if live}

    def _ota_update(self) -> OtaUpdate | None:
        """The update of dic.toml, else the newest one that is for a thing or thing group of ours."""
        chosen = self._settings.ota_update_id or self._newest_of_ours()
        return ota.read_ota_update(self._sweep, chosen) if chosen else None

    def _newest_of_ours(self) -> str:
        listed: tuple[str, ...] = known(self._part("ota_updates"))
        names = {f":thing/{one}" for one in self._settings.ota_targets}
        names |= {f":thinggroup/{one}" for one in self._settings.ota_thing_groups}
        for update_id in listed[:UPDATES_LOOKED_AT]:
            info = ota.ota_update_info(self._sweep, update_id) or {}
            if any(f":{arn.rpartition(':')[2]}" in names for arn in info.get("targets", ())):
                return update_id
        if len(listed) > UPDATES_LOOKED_AT:
            text = f"none of the newest {UPDATES_LOOKED_AT} updates is for our things; name it with ota.update_id"
            raise Unreadable("iot:GetOTAUpdate", "NotFound", text)
        return ""

    def settle(self) -> None:
        """From now on the things in scope are devices like those that the settings name."""
        if self._settings.scope and isinstance(self._found, Found):
            self._settings = self.ota.settings = replace(self._settings, devices=self.devices())

    def remember(self, memory: Memory) -> None:
        """Leave for later nights what was described, and forget what is gone."""
        whole = isinstance(self._found, Found) and self._found.whole if "_found" in self.__dict__ else False
        self._edges.forget_gone(whole=whole and bool(self._needs & {"thing_edges", "certificate_edges"}))
        if "_looked_up" not in self.__dict__:
            return
        if self._looked_up.whole:
            memory.forget_certificates_but(self._looked_up.rows)


def _no_directory() -> LocalFiles:
    raise Unreadable("the certificate directory", "NotGiven", "no certificate directory was given")
