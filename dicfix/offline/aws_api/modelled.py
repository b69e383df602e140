"""Responses held to the service model: every member checked, every refusal typed, operations that are missing said so.

May import moto, the rules and ``binding``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model, method_names_from_class

from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.names import member_constraints

NOT_IMPLEMENTED = "NotImplemented"
"""The code of an operation that the embedded cloud does not have; HTTP 501, which no client retries."""


class Refusal(ServiceException):
    """moto's exception under a module of ours, so that moto asks the request's own service model for the error."""


def service_exception(violation: RuleViolation) -> ServiceException:
    """A rule's refusal as moto's exception: the HTTP status and the members then come from the service model."""
    error = Refusal(violation.code, violation.message)
    for member, value in violation.extra.items():
        setattr(error, member, value)
    return error


class OperationMissing(Exception):
    """The embedded cloud has no such operation."""


class ModelledResponse:
    """Mixed in before moto's response class of a service."""

    lockless: ClassVar[frozenset[str]] = frozenset()
    """Operations that ask the data plane and must therefore not hold the state lock."""
    params: dict[str, Any]
    _operation: str | None = None

    def setup_class(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.incoming = request
        super().setup_class(request, *args, **kwargs)  # type: ignore[misc]

    def _get_action(self) -> str:
        if self._operation is None:
            self._operation = super()._get_action() or ""  # type: ignore[misc]
        return self._operation

    def call_action(self) -> Any:
        operation = self._get_action()
        if camelcase_to_underscores(operation) not in method_names_from_class(type(self)):
            raise OperationMissing(operation)
        if operation in self.lockless:
            return self._answer(operation)
        with STATE_LOCK:
            return self._answer(operation)

    def _answer(self, operation: str) -> Any:
        try:
            self.parse_parameters(self.incoming)  # type: ignore[attr-defined]
            shape = get_service_model(self.boto3_service_name).operation_model(operation).input_shape  # type: ignore[attr-defined]
            if shape is not None:
                member_constraints(shape, self.params)
            return super().call_action()  # type: ignore[misc]
        except RuleViolation as violation:
            status, headers, body = self.serialized(ActionResult(service_exception(violation)))  # type: ignore[attr-defined]
            return status, {**headers, "status": str(status)}, body
