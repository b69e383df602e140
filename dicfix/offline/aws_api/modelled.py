"""Responses held to the service model: every member checked, every refusal typed, operations that are missing said so.

May import moto, the rules and ``binding``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model
from werkzeug.exceptions import HTTPException

from dicfix.offline.aws_api.routes import operation_of
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.names import member_constraints

NOT_IMPLEMENTED = "NotImplemented"
"""The code of an operation that the embedded cloud does not have; HTTP 501, which no client retries."""

READING = ("Describe", "Get", "List", "Search", "Test")
"""How the names of operations begin that change nothing."""


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


class ModelledResponse(BaseResponse):
    """Mixed in before moto's response class of a service."""

    lockless: ClassVar[frozenset[str]] = frozenset()
    """Operations that ask the data plane and must therefore not hold the state lock."""
    invalid: ClassVar[str] = "InvalidRequestException"
    """The service's shape for a request that breaks a constraint of the service model."""
    params: dict[str, Any]
    _operation: str | None = None

    def setup_class(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.incoming = request
        super().setup_class(request, *args, **kwargs)

    def _get_action(self) -> str:
        if self._operation is None:
            self._operation, self.uri_match = operation_of(
                self.boto3_service_name, str(self.incoming.method), self.incoming.raw_path
            )
        return self._operation

    def call_action(self) -> Any:
        operation = self._get_action()
        name = camelcase_to_underscores(operation)
        if not operation or not callable(getattr(type(self), name, None)):
            raise OperationMissing(operation)
        if operation in self.lockless:
            return self._answer(operation, name)
        with STATE_LOCK:
            return self._answer(operation, name)

    def changed(self) -> None:
        """Called after an operation that may have changed something."""

    def _check(self, shape: Any) -> None:
        try:
            member_constraints(shape, self.params)
        except RuleViolation as violation:
            raise RuleViolation(self.invalid, violation.message) from violation

    def _answer(self, operation: str, name: str) -> Any:
        try:
            self.parse_parameters(self.incoming)
            shape = get_service_model(self.boto3_service_name).operation_model(operation).input_shape
            if shape is not None:
                self._check(shape)
            result = getattr(self, name)()
            if not operation.startswith(READING):
                self.changed()
        except RuleViolation as violation:
            result = ActionResult(service_exception(violation))
        except ServiceException as error:
            result = ActionResult(error)
        except HTTPException as error:
            return error.code, {**dict(error.get_headers()), **self.response_headers}, error.description
        if isinstance(result, ActionResult):
            status, headers, body = self.serialized(result)
            return status, {**headers, "status": str(status)}, body
        return 200, self.response_headers, result
