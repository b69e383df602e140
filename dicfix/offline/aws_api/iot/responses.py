"""The operations of the ``iot`` service, request to answer; what they do is the backend's matter."""

from __future__ import annotations

from moto.iot.responses import IoTResponse

from dicfix.offline.aws_api.iot.certificate_responses import CertificateResponses
from dicfix.offline.aws_api.iot.group_responses import GroupResponses
from dicfix.offline.aws_api.iot.policy_responses import PolicyResponses
from dicfix.offline.aws_api.iot.thing_responses import ThingResponses
from dicfix.offline.aws_api.modelled import ModelledResponse


class EmbeddedIoTResponse(
    CertificateResponses, PolicyResponses, ThingResponses, GroupResponses, ModelledResponse, IoTResponse
):
    """moto's operations, with this project's in front."""
