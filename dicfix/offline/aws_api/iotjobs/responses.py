"""Jobs and job executions, request to answer; ``rules.jobs`` decides. May import moto and ``iot.operation``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult

from dicfix.offline.aws_api.iot.operation import Operation

if TYPE_CHECKING:
    from dicfix.offline.aws_api.ota.services import OtaServices

Call = Callable[[Mapping[str, Any]], dict[str, Any]]


class JobResponses(Operation):
    """Jobs, their executions, and what becomes of them when things join and leave groups."""

    @property
    def ota(self) -> OtaServices:
        """The OTA services of the request's account and Region."""
        from dicfix.offline.aws_api.ota.services import services_of

        return services_of(self.current_account, self.region)

    def answered(self, call: Call) -> ActionResult:
        """The answer of one of the rules' operations; what it made due is then waited for."""
        answer = call(self.params)
        self.ota.wake()
        return ActionResult(answer)

    def create_job(self) -> ActionResult:
        return self.answered(self.ota.jobs.create)

    def describe_job(self) -> ActionResult:
        return self.answered(self.ota.jobs.describe)

    def get_job_document(self) -> ActionResult:
        return self.answered(self.ota.jobs.document)

    def list_jobs(self) -> ActionResult:
        return self.answered(self.ota.jobs.listed)

    def update_job(self) -> ActionResult:
        return self.answered(self.ota.jobs.update)

    def cancel_job(self) -> ActionResult:
        return self.answered(self.ota.jobs.cancel)

    def delete_job(self) -> ActionResult:
        return self.answered(self.ota.jobs.delete)

    def associate_targets_with_job(self) -> ActionResult:
        return self.answered(self.ota.jobs.associate)

    def describe_job_execution(self) -> ActionResult:
        return self.answered(self.ota.jobs.describe_execution)

    def cancel_job_execution(self) -> ActionResult:
        return self.answered(self.ota.jobs.cancel_execution)

    def delete_job_execution(self) -> ActionResult:
        return self.answered(self.ota.jobs.delete_execution)

    def list_job_executions_for_job(self) -> ActionResult:
        return self.answered(self.ota.jobs.list_executions_for_job)

    def list_job_executions_for_thing(self) -> ActionResult:
        return self.answered(self.ota.jobs.list_executions_for_thing)
