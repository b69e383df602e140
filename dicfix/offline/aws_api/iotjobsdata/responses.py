"""The operations of the ``iot-jobs-data`` service; ``rules.job_data_api`` decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, BaseResponse

from dicfix.offline.aws_api.modelled import ModelledResponse

if TYPE_CHECKING:
    from dicfix.offline.aws_api.ota.services import OtaServices


class JobsDataResponse(ModelledResponse, BaseResponse):
    """What a device does with its jobs over HTTPS."""

    def __init__(self) -> None:
        super().__init__(service_name="iot-jobs-data")

    @property
    def ota(self) -> OtaServices:
        """The OTA services of the request's account and Region."""
        from dicfix.offline.aws_api.ota.services import services_of

        return services_of(self.current_account, self.region)

    def get_pending_job_executions(self) -> ActionResult:
        return self._answered(self.ota.jobs_data.get_pending)

    def start_next_pending_job_execution(self) -> ActionResult:
        return self._answered(self.ota.jobs_data.start_next)

    def describe_job_execution(self) -> ActionResult:
        return self._answered(self.ota.jobs_data.describe)

    def update_job_execution(self) -> ActionResult:
        return self._answered(self.ota.jobs_data.update)

    def _answered(self, call: Any) -> ActionResult:
        answer = call(self.params)
        self.ota.wake()
        return ActionResult(answer)
