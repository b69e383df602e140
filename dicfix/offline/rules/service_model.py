"""Requests held against botocore's service models, without boto3: iot, iot-jobs-data and signer.

May import botocore's loader and model classes, inside functions only, since loading a model takes time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.names import violations

INVALID = {
    "iot": "InvalidRequestException",
    "iot-jobs-data": "InvalidRequestException",
    "signer": "ValidationException",
}


@functools.cache
def _loaded(service: str) -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


_model: Callable[[str], Any] = _loaded


def take_models_from(models: Callable[[str], Any]) -> None:
    """Use botocore service models that somebody else has loaded already: ``models`` gives one by its service's name."""
    global _model
    _model = models


def check_request(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Refuse ``params`` if they break a constraint of the operation's input shape."""
    _raise(service, list(violations(_model(service).operation_model(operation).input_shape, params, "")))


def check_shape(service: str, shape: str, value: Any, path: str) -> None:
    """Refuse ``value`` if it breaks a constraint of one named shape."""
    _raise(service, list(violations(_model(service).shape_for(shape), value, path)))


def _raise(service: str, found: list[str]) -> None:
    if found:
        count = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
        raise RuleViolation(INVALID[service], f"{count} detected: {'; '.join(found)}")
