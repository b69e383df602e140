"""The Builder: the account behind the steps of an onboarding. It performs each step unless it is done already.

May import the performing modules beside it, ``keystore``, ``trust``, ``firmware`` and rows below.
"""

from __future__ import annotations

from collections.abc import Iterable

from dicfix.accounts import Done, How, offboarding, registration
from dicfix.accounts.site import Site
from dicfix.aws import registry
from dicfix.errors import UsageError
from dicfix.guide import edition
from dicfix.mqtt.profile import ExplorerProfile
from dicfix.records import Inventory
from dicfix.settings import Settings


class Builder:
    """An account in which the guide is performed; ``server_root_pem`` is AmazonRootCA1 or the root that stands in."""

    def __init__(self, site: Site, *, server_root_pem: str) -> None:
        self.site = site
        self.settings: Settings = site.settings
        self.server_root_pem = server_root_pem
        site.reader.beside["registration_code"] = lambda: registry.registration_code(site.session)
        site.reader.beside["server_root_pem"] = lambda: server_root_pem

    def read(self, needs: Iterable[str]) -> Inventory:
        """The named parts of the inventory as they are now."""
        return self.site.reader.read(needs)

    def ensure_ca_files(self) -> Done:
        """CA.key and CA.crt in the certificate directory. Source: SSL-1, SSL-2."""
        made = self.site.keystore.ensure_ca(self.settings.ca_subject, now=self.site.now())
        return self._files("CA key and certificate", made)

    def ensure_client_files(self, thing_name: str) -> Done:
        """Key, request and certificate of one client. Source: SSL-3 to SSL-5."""
        self.ensure_ca_files()
        is_explorer = thing_name == self.settings.explorer_name
        subject = self.settings.explorer_subject if is_explorer else self.settings.device_subject
        made = self.site.keystore.ensure_client(
            self.stem(thing_name),
            subject.replace("{thing}", thing_name),
            now=self.site.now(),
            version=3 if self.settings.client_certificate_version == 3 else 1,
        )
        return self._files(f"client files of {thing_name}", made)
