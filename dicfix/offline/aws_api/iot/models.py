"""The backend that takes the place of moto's: registry of certificates, policies and things of one account and Region.

Named ``models`` because moto finds ``urls`` beside it by that name. What the operations do stands in the mixins of
``certificates``, ``policies``, ``things`` and ``groups``; here is only what they share.
"""

from __future__ import annotations

from moto.iot.models import IoTBackend, iot_backends

from dicfix.offline.aws_api.iot.certificates import Certificates
from dicfix.offline.aws_api.iot.groups import Groups
from dicfix.offline.aws_api.iot.policies import Policies
from dicfix.offline.aws_api.iot.things import Things

__all__ = ["EmbeddedIoTBackend", "iot_backends"]


class EmbeddedIoTBackend(Certificates, Policies, Things, Groups, IoTBackend):  # type: ignore[misc]
    """moto's backend with this project's registry in it."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.start_empty(region_name, account_id)
        self.feed.changed()

    def _get_principal(self, principal_arn: str) -> object:
        return self.principal(principal_arn)
