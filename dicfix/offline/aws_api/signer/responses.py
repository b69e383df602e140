"""The operations of the ``signer`` service; ``rules.signing`` decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.signer.responses import SignerResponse

from dicfix.offline.aws_api.account.signer_permissions import ProfilePermissions
from dicfix.offline.aws_api.modelled import ModelledResponse

if TYPE_CHECKING:
    from dicfix.offline.aws_api.ota.services import OtaServices


class EmbeddedSignerResponse(ProfilePermissions, ModelledResponse, SignerResponse):
    """Signing profiles, platforms and jobs."""

    invalid = "ValidationException"

    @property
    def ota(self) -> OtaServices:
        """The OTA services of the request's account and Region."""
        from dicfix.offline.aws_api.ota.services import services_of

        return services_of(self.current_account, self.region)

    def put_signing_profile(self) -> ActionResult:  # type: ignore[override]
        return ActionResult(self.ota.signing.put_profile(self.params))

    def get_signing_profile(self) -> ActionResult:  # type: ignore[override]
        return ActionResult(self.ota.signing.get_profile(self.params))

    def list_signing_profiles(self) -> ActionResult:
        return ActionResult(self.ota.signing.list_profiles(self.params))

    def cancel_signing_profile(self) -> ActionResult:  # type: ignore[override]
        return ActionResult(self.ota.signing.cancel_profile(self.params))

    def list_signing_platforms(self) -> ActionResult:  # type: ignore[override]
        return ActionResult(self.ota.signing.list_platforms())

    def get_signing_platform(self) -> ActionResult:
        return ActionResult(self.ota.signing.get_platform(self.params))

    def start_signing_job(self) -> ActionResult:
        return self._woken(self.ota.signing.start_job(self.params))

    def describe_signing_job(self) -> ActionResult:
        return ActionResult(self.ota.signing.describe_job(self.params))

    def list_signing_jobs(self) -> ActionResult:
        return ActionResult(self.ota.signing.list_jobs(self.params))

    def _woken(self, answer: dict[str, Any]) -> ActionResult:
        self.ota.wake()
        return ActionResult(answer)
