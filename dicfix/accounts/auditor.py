"""The Auditor: the account behind the steps of an audit. It only reads; every step is a look, never a write.

May import the reader and rows below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dicfix.accounts import Done, How
from dicfix.accounts.reading import Reader
from dicfix.aws.session import AwsSession
from dicfix.errors import GuardRefused
from dicfix.records import Inventory
from dicfix.settings import Settings


class Recorded:
    """Gives the parts of an inventory that was read before; nothing is sent."""

    def __init__(self, inventory: Inventory) -> None:
        self.beside: dict[str, Callable[[], Any]] = {}
        self._inventory = inventory

    def read(self, _needs: Iterable[str]) -> Inventory:
        """All of it."""
        return self._inventory


class Auditor:
    """An account that is judged as it stands. Its session must be read-only; anything else is a GuardRefused.

    Without a session its reader sends nothing (``Recorded``).
    """

    def __init__(self, session: AwsSession | None, settings: Settings, reader: Reader | Recorded) -> None:
        if session and not session.read_only:
            raise GuardRefused("an audit was given a session that may write", expected="a read-only session")
        self.settings = settings
        self._reader = reader

    def beside(self, explorer: Callable[[], Any]) -> None:
        """Take MQTT Explorer's connection profile, which no account holds."""
        self._reader.beside["explorer"] = explorer

    def read(self, needs: Iterable[str]) -> Inventory:
        """The named parts of the inventory; each is read once in a run."""
        return self._reader.read(needs)

    def ensure_ca_files(self) -> Done:
        """Looks for CA.key and CA.crt."""
        return Done("CA key and certificate", How.LOOKED_FOR)

    def ensure_client_files(self, thing_name: str) -> Done:
        """Looks for the files of one client."""
        return Done(f"client files of {thing_name}", How.LOOKED_FOR)

    def ensure_verification_files(self) -> Done:
        """Looks for the verification certificate."""
        return Done("verification certificate", How.LOOKED_FOR)

    def ensure_all_files(self) -> Done:
        """Looks for every certificate of the OpenSSL page."""
        return Done("certificates of the OpenSSL page", How.LOOKED_FOR)

    def ensure_login(self) -> Done:
        """Looks who is logged in."""
        return Done("login", How.LOOKED_FOR)

    def ensure_ca_certificate(self) -> Done:
        """Looks for the registered CA certificate."""
        return Done("CA certificate", How.LOOKED_FOR)

    def ensure_policy(self) -> Done:
        """Looks for the policy."""
        return Done("policy", How.LOOKED_FOR)

    def ensure_thing(self, thing_name: str) -> Done:
        """Looks for the thing."""
        return Done(f"thing {thing_name}", How.LOOKED_FOR)

    def ensure_firmware_material(self, thing_name: str) -> Done:
        """Looks for header and certificate source."""
        return Done(f"firmware material of {thing_name}", How.LOOKED_FOR)

    def ensure_server_certificate(self) -> Done:
        """Looks for AmazonRootCA1.pem."""
        return Done("server certificate", How.LOOKED_FOR)

    def ensure_explorer_profile(self) -> Done:
        """Looks at the given MQTT Explorer profile."""
        return Done("MQTT Explorer profile", How.LOOKED_FOR)

    def ensure_bucket(self) -> Done:
        """Looks for the bucket of the images."""
        return Done("bucket", How.LOOKED_FOR)

    def ensure_ota_role(self) -> Done:
        """Looks for the OTA service role."""
        return Done("OTA service role", How.LOOKED_FOR)

    def ensure_code_signing_certificate(self) -> Done:
        """Looks for the code-signing certificate."""
        return Done("code-signing certificate", How.LOOKED_FOR)

    def ensure_signing_profile(self) -> Done:
        """Looks for the signing profile."""
        return Done("signing profile", How.LOOKED_FOR)

    def choose_signing(self, choice: str) -> Done:
        """Leaves the choice as the account shows it; scenarios of the others do not apply."""
        return Done(f"signing choice {choice}", How.LOOKED_FOR)

    def ensure_ota_update(self) -> Done:
        """Looks for the OTA update."""
        return Done("OTA update", How.LOOKED_FOR)

    def ensure_ota_run(self) -> Done:
        """Looks for the job executions of the OTA update."""
        return Done("run of the OTA update", How.LOOKED_FOR)

    def ensure_connection(self) -> Done:
        """Looks at the sessions that AWS reports."""
        return Done("MQTT Explorer's connection", How.LOOKED_FOR)
