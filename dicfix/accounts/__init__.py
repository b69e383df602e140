"""Two accounts behind the same steps: the Builder performs a step, the Auditor finds its result and never writes.

``ensure_`` is the word that is true of both: the Builder makes it so, the Auditor makes sure that it is so. What the
Protocol promises here is all that steps may rely on. May import ``aws``, ``mqtt``, ``device`` and rows below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from dicfix.records import Inventory
from dicfix.settings import Settings


class How(Enum):
    """How a step came to be done."""

    PERFORMED = "performed"
    """This call made it so."""
    FOUND = "found"
    """It was already so; nothing was written."""
    LOOKED_FOR = "looked for"
    """An audit: nothing was written, whatever was there."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step: how, and the parts with how each came to be (``("thing SQA_DIC_C2", PERFORMED)``)."""

    step: str
    how: How
    parts: tuple[tuple[str, How], ...] = ()

    @staticmethod
    def of(step: str, parts: Iterable[tuple[str, How]]) -> Done:
        """A step that is performed when any of its parts is, and found when all were found."""
        listed = tuple(parts)
        hows = {how for _, how in listed}
        how = How.PERFORMED if How.PERFORMED in hows else next(iter(hows), How.FOUND)
        return Done(step, how, listed)

    def sentence(self) -> str:
        """The step and its parts as text for a report."""
        parts = ", ".join(f"{name} {how.value}" for name, how in self.parts)
        return f"{self.step}: {self.how.value}" + (f" ({parts})" if parts else "")


class Account(Protocol):
    """One AWS account and Region, with the certificate directory beside it, as the guide's steps see them."""

    settings: Settings

    def ensure_ca_files(self) -> Done:
        """CA.key and CA.crt (SSL-1, SSL-2)."""

    def ensure_client_files(self, thing_name: str) -> Done:
        """Key, CSR and certificate of one client (SSL-3 to SSL-5)."""

    def ensure_verification_files(self) -> Done:
        """Verification key, CSR and certificate of the single-account mode (SSL-V1 to SSL-V3)."""

    def ensure_all_files(self) -> Done:
        """Every certificate that the registration page needs (AWS-1)."""

    def ensure_login(self) -> Done:
        """AWS is reachable and somebody is logged in (AWS-2, AWS-3)."""

    def ensure_ca_certificate(self) -> Done:
        """CA.crt is registered as the edition says (AWS-4)."""

    def ensure_policy(self) -> Done:
        """The policy exists with the guide's JSON (AWS-5)."""

    def ensure_thing(self, thing_name: str) -> Done:
        """The thing exists with its own certificate, Active, and the policy (AWS-6, AWS-7)."""

    def ensure_firmware_material(self, thing_name: str) -> Done:
        """Header and certificate source for the device's build (AWS-6.7)."""

    def ensure_server_certificate(self) -> Done:
        """AmazonRootCA1.pem lies in the certificate directory (AWS-8.1)."""

    def ensure_explorer_profile(self) -> Done:
        """MQTT Explorer's connection is filled in (EXP-1 to EXP-6)."""

    def ensure_connection(self) -> Done:
        """MQTT Explorer is connected (EXP-7)."""

    def ensure_bucket(self) -> Done:
        """The bucket of the images, versioned, with public access blocked (PRE-1)."""

    def ensure_ota_role(self) -> Done:
        """The OTA service role with its trust and rights (PRE-2)."""

    def ensure_code_signing_certificate(self) -> Done:
        """The code-signing certificate in ACM (PRE-4)."""

    def ensure_signing_profile(self) -> Done:
        """The signing profile, Active (OTA-10)."""

    def choose_signing(self, choice: str) -> Done:
        """How the image is signed from here on: one of ``SIGNING_CHOICES`` (OTA-9)."""

    def ensure_ota_update(self) -> Done:
        """The OTA update with its job, created for the configured devices (OTA-5 to OTA-15.1)."""

    def ensure_ota_run(self) -> Done:
        """The OTA update, run to the end by every device that it is for (OTA-15.2)."""

    def read(self, needs: Iterable[str]) -> Inventory:
        """The named parts of the inventory, read now or since the last write."""
