"""The operations of the ``iot`` service, request to answer; what they do is the backend's matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.iot.models import iot_backends
from moto.iot.responses import IoTResponse

from dicfix.offline.aws_api.account.responses import AccountResponses
from dicfix.offline.aws_api.account.state import account_state
from dicfix.offline.aws_api.iot.certificate_responses import CertificateResponses
from dicfix.offline.aws_api.iot.group_responses import GroupResponses
from dicfix.offline.aws_api.iot.policy_responses import PolicyResponses
from dicfix.offline.aws_api.iot.thing_responses import ThingResponses
from dicfix.offline.aws_api.modelled import ModelledResponse
from dicfix.offline.aws_api.ota.responses import OtaResponses

if TYPE_CHECKING:
    from dicfix.offline.aws_api.iot.models import EmbeddedIoTBackend


class EmbeddedIoTResponse(
    OtaResponses,
    AccountResponses,
    CertificateResponses,
    PolicyResponses,
    ThingResponses,
    GroupResponses,
    ModelledResponse,
    IoTResponse,
):
    """moto's operations, with this project's in front."""

    def changed(self) -> None:
        """Let caches of the registry go and keep the event, also after those operations that are still moto's."""
        self.iot_backend.feed.changed()
        account_state(self.current_account, self.region).record(self._get_action(), self.params)

    @property
    def iot_backend(self) -> EmbeddedIoTBackend:
        """The backend of the request's account and Region."""
        backends: Any = iot_backends
        backend: EmbeddedIoTBackend = backends[self.current_account][self.region]
        return backend
