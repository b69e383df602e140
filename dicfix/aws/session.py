"""A boto3 session behind one call: clients made once, errors in our words, writes refused where reading is promised.

May import boto3, ``errors`` and ``aws.operations``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import botocore.exceptions as botocore_errors
from botocore.config import Config

from dicfix.aws.operations import READ_OPERATIONS, permission_for
from dicfix.aws.remedies import remedy_for
from dicfix.errors import AwsRefused, DicfixError, GuardRefused, Unreadable

# Codes that say nothing about the resource: the caller, the network or the service stood in the way.
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedException", "ForbiddenException", "UnauthorizedOperation"}
)
_UNREADABLE = _DENIED | {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "InternalFailure",
    "InternalFailureException",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "NotImplemented",
    "NotImplementedException",
    "500",
    "501",
    "502",
    "503",
    "504",
}
_NO_CREDENTIALS = (botocore_errors.NoCredentialsError, botocore_errors.PartialCredentialsError)


class AwsSession:
    """Calls AWS operations by service and name, and translates what goes wrong.

    ``client_kwargs`` are what every client is made with (Region, endpoint URL, credentials of the embedded cloud);
    with ``read_only`` every operation outside READ_OPERATIONS raises GuardRefused before anything is sent.
    """

    def __init__(self, client_kwargs: Mapping[str, Any], *, read_only: bool = False, max_attempts: int = 5) -> None:
        kwargs = dict(client_kwargs)
        self.region: str = kwargs.pop("region_name")
        self._endpoints: dict[str, str] = dict(kwargs.pop("endpoint_urls", {}) or {})
        profile = kwargs.pop("profile_name", None)
        self._kwargs = kwargs
        self._config = Config(
            retries={"total_max_attempts": max_attempts, "mode": "standard"}, connect_timeout=10, read_timeout=30
        )
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        try:
            self._session: Any = boto3.session.Session(region_name=self.region, profile_name=profile)
        except botocore_errors.BotoCoreError as error:
            raise GuardRefused(f"no AWS session could be opened: {error}") from error
        self.read_only = read_only
        self.calls: list[str] = []
        if read_only:
            self._session.events.register("before-parameter-build", _refuse_writes)

    def client(self, service: str) -> Any:
        """The boto3 client of ``service``, made once."""
        with self._lock:
            if service not in self._clients:
                endpoint = self._endpoints.get(service)
                extra = {"endpoint_url": endpoint} if endpoint else {}
                self._clients[service] = self._session.client(service, config=self._config, **{**self._kwargs, **extra})
            return self._clients[service]

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one operation (``iot``, ``DescribeCACertificate``).

        Raises AwsRefused with the service's error code, Unreadable when access, network, throttling or a missing
        operation stood in the way, and GuardRefused for a write on a read-only session or for no credentials.
        """
        client = self.client(service)
        self.calls.append(f"{service}:{operation}")
        method = _METHODS.setdefault((service, operation), _method_name(client, operation))
        try:
            answer: dict[str, Any] = getattr(client, method)(**parameters)
        except DicfixError:
            raise
        except Exception as error:
            raise translate(service, operation, error) from error
        return answer

    def pages(self, service: str, operation: str, key: str, *, size: int = 250, **parameters: Any) -> Iterator[Any]:
        """Every element of a list operation's ``key`` over all pages, whatever that operation calls its token."""
        token_in, token_out, size_name = _paging(self.client(service), operation)
        while True:
            answer = self.call(service, operation, **{size_name: size}, **parameters)
            yield from answer.get(key, ())
            token = answer.get(token_out)
            if not token:
                return
            parameters = {**parameters, token_in: token}


_METHODS: dict[tuple[str, str], str] = {}


def _method_name(client: Any, operation: str) -> str:
    for method, name in client.meta.method_to_api_mapping.items():
        if name == operation:
            return str(method)
    raise ValueError(f"{client.meta.service_model.service_name} has no operation {operation}")


def _paging(client: Any, operation: str) -> tuple[str, str, str]:
    shape = client.meta.service_model.operation_model(operation)
    inputs, outputs = shape.input_shape.members, shape.output_shape.members
    token_in = next(name for name in ("nextToken", "marker") if name in inputs)
    token_out = next(name for name in ("nextToken", "nextMarker") if name in outputs)
    size_name = next(name for name in ("maxResults", "pageSize") if name in inputs)
    return token_in, token_out, size_name


def _refuse_writes(model: Any, **_: Any) -> None:
    name = f"{model.service_model.service_name}:{model.name}"
    if name not in READ_OPERATIONS:
        raise GuardRefused(
            f"{name} was about to be sent by a read-only session",
            expected="only the operations that the audit declares",
            remedy="run without --dicfix-audit to perform steps",
        )


def translate(service: str, operation: str, error: Exception) -> DicfixError:
    """The error of ours that a failed call amounts to; anything that is no failure of the call is raised again."""
    name = f"{service}:{operation}"
    if isinstance(error, botocore_errors.ClientError):
        return _translate_answer(name, error)
    if isinstance(error, _NO_CREDENTIALS):
        return GuardRefused("no AWS credentials were found", remedy="log in, for example with: aws configure sso")
    if isinstance(error, botocore_errors.ParamValidationError):
        return AwsRefused(name, "ParamValidationError", str(error).replace("\n", " "))
    if isinstance(error, botocore_errors.HTTPClientError | botocore_errors.ConnectionError):
        return Unreadable(name, type(error).__name__, str(error))
    if isinstance(error, botocore_errors.BotoCoreError):
        return Unreadable(name, type(error).__name__, str(error))
    raise error


def _translate_answer(name: str, error: botocore_errors.ClientError) -> DicfixError:
    detail = error.response.get("Error", {})
    code, message = str(detail.get("Code", "")), str(detail.get("Message", "") or error.response.get("message", ""))
    if code in _UNREADABLE or not code or (code == "404" and not name.startswith("s3:")):
        permission = permission_for(name) if code in _DENIED else ""
        return Unreadable(name, code or "NoErrorCode", message, permission=permission)
    known = {"Error", "ResponseMetadata", "message"}
    extra = {key: str(value) for key, value in error.response.items() if key not in known}
    return AwsRefused(name, code, message, extra=extra, remedy=remedy_for(name, code))
