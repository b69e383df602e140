"""Reads the parts of an inventory that controls ask for, each once, and keeps what could not be read as Unread.

May import ``aws``, ``keystore``, ``mqtt.profile`` and ``records``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from dicfix.accounts.account_reading import AccountReading
from dicfix.accounts.ota_reading import OtaReading, thing_names
from dicfix.aws import connectivity, policies, registry
from dicfix.aws.session import AwsSession
from dicfix.certificates import read_certificate
from dicfix.errors import DicfixError, GuardRefused, MaterialError, Unreadable
from dicfix.records import NOT_ASKED, DeviceCertificate, Inventory, LocalFiles, Thing, Unread, known
from dicfix.settings import Settings


def attempt(operation: str, read: Callable[[], Any]) -> Any:
    """What ``read`` gives, or an Unread that says why not; a guard's refusal is not caught."""
    try:
        return read()
    except GuardRefused:
        raise
    except Unreadable as error:
        return Unread(error.operation, error.code, error.message, error.permission)
    except DicfixError as error:
        return Unread(operation, getattr(error, "code", type(error).__name__), error.observed)
    except (KeyError, TypeError, ValueError) as error:
        return Unread(operation, "StrangeAnswer", f"the answer has not the documented shape ({error})")


class Reader:
    """Reads one account's parts, caching each until ``changed`` says that something was written."""

    def __init__(self, session: AwsSession, settings: Settings, local: Callable[[], LocalFiles]) -> None:
        self._session = session
        self._settings = settings
        self._local = local
        self._parts: dict[str, Any] = {}
        self.ota = OtaReading(session, settings, self._part)
        self.account = AccountReading(session, settings, self._part)
        # Parts that do not come from the account (profile, exchanges, roots): asked anew each time.
        self.beside: dict[str, Callable[[], Any]] = {}

    def changed(self) -> None:
        """Forget what was read."""
        self._parts.clear()

    def use(self, settings: Settings) -> None:
        """Read with other settings from now on."""
        self._settings = self.ota.settings = self.account.settings = settings
        self.changed()

    def read(self, needs: Iterable[str]) -> Inventory:
        """An inventory with the named parts; every other part stays NOT_ASKED."""
        return Inventory(**{name: self._part(name) for name in needs})

    def _part(self, name: str) -> Any:
        if name in self.beside:
            return attempt(name, self.beside[name])
        if name not in self._readers():
            return NOT_ASKED
        if name not in self._parts:
            operation, read = self._readers()[name]
            self._parts[name] = attempt(operation, read)
        return self._parts[name]

    def _readers(self) -> dict[str, tuple[str, Callable[[], Any]]]:
        return {
            "caller": ("sts:GetCallerIdentity", lambda: registry.read_caller(self._session)),
            "endpoint": ("iot:DescribeEndpoint", lambda: registry.read_endpoint(self._session)),
            "ca_certificates": ("iot:ListCACertificates", lambda: registry.read_ca_certificates(self._session)),
            "certificates": ("iot:DescribeCertificate", self._certificates),
            "policies": ("iot:GetPolicy", self._policies),
            "things": ("iot:DescribeThing", self._things),
            "sessions": ("iot-data:GetConnection", self._sessions),
            "local": ("the certificate directory", self._local),
            **self.ota.readers(),
            **self.account.readers(),
        }

    def _names(self) -> tuple[str, ...]:
        return (*self._settings.devices, self._settings.explorer_name)

    def _things(self) -> dict[str, Thing]:
        names = thing_names(self._settings)
        found = ((name, registry.read_thing(self._session, name)) for name in names)
        return {name: thing for name, thing in found if thing}

    def _policies(self) -> dict[str, Any]:
        policy = policies.read_policy(self._session, self._settings.policy_name)
        return {policy.name: policy} if policy else {}

    def _sessions(self) -> dict[str, Any]:
        found = ((name, connectivity.read_session(self._session, name)) for name in self._names())
        return {name: live for name, live in found if live}

    def _certificates(self) -> dict[str, DeviceCertificate]:
        things = known(self._part("things"))
        principals = [arn for one in things.values() for arn in known(one.principals)]
        attached = [arn.rsplit("/", 1)[1] for arn in principals if ":cert/" in arn]
        ids = dict.fromkeys([*attached, *self._local_ids()])
        found = ((one, registry.read_certificate(self._session, one)) for one in ids)
        return {one: record for one, record in found if record}

    def _local_ids(self) -> Iterator[str]:
        local = self._part("local")
        for client in () if isinstance(local, Unread) else local.clients.values():
            with suppress(MaterialError):
                if isinstance(client.certificate_pem, str):
                    yield read_certificate(client.certificate_pem).certificate_id
