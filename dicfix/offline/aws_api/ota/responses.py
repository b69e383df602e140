"""OTA updates and streams, request to answer; the rules decide. May import moto and ``iotjobs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.responses import ActionResult

from dicfix.offline.aws_api.iotjobs.membership import MembershipResponses


class OtaResponses(MembershipResponses):
    """The operations on OTA updates and streams; every read takes unfinished updates one state further."""

    if TYPE_CHECKING:

        def get_access_key(self) -> str: ...

    def create_ota_update(self) -> ActionResult:
        allowed = self.ota.caller_may_pass(self.get_access_key(), str(self.given("roleArn", "")))
        return self.answered(lambda asked: self.ota.updates.create(asked, caller_may_pass_role=allowed))

    def get_ota_update(self) -> ActionResult:
        self.ota.step()
        return self.answered(self.ota.updates.get)

    def list_ota_updates(self) -> ActionResult:
        self.ota.step()
        return self.answered(self.ota.updates.listed)

    def delete_ota_update(self) -> ActionResult:
        return self.answered(self.ota.updates.delete)

    def create_stream(self) -> ActionResult:
        return self.answered(self.ota.streams.create)

    def describe_stream(self) -> ActionResult:
        return self.answered(self.ota.streams.describe)

    def list_streams(self) -> ActionResult:
        return self.answered(self.ota.streams.listed)

    def update_stream(self) -> ActionResult:
        return self.answered(self.ota.streams.update)

    def delete_stream(self) -> ActionResult:
        return self.answered(self.ota.streams.delete)
