"""A boto3 session behind one call: clients made once, errors in our words, writes refused where reading is promised.

May import boto3, ``errors`` and the modules beside it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import botocore.exceptions as botocore_errors
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider

from dicfix.aws.failures import no_login, translate
from dicfix.aws.naming import name_only
from dicfix.aws.operations import READ_OPERATIONS
from dicfix.errors import DicfixError, GuardRefused

_METHODS: dict[tuple[str, str], str] = {}
_ALONE: dict[str, Any] = {
    "ignore_configured_endpoint_urls": True,
    "use_fips_endpoint": False,
    "use_dualstack_endpoint": False,
    "proxies": {},
    # botocore puts its own together anew for every request, which is a seventh of a call to the embedded cloud.
    "user_agent": "dicfix",
}


class AwsSession:
    """Calls AWS operations by service and name, and translates what goes wrong.

    ``client_kwargs`` are what every client is made with (Region, endpoint URL, credentials of the embedded cloud).
    Where they hold credentials, the user's own AWS files, profile and environment count for nothing, unless they are
    those of a role (``assumed``: ``credentials`` of botocore, which renew themselves), which is reached in the user's
    own way. ``in_process``: the embedded cloud of this process answers them, which verifies no signature. With
    ``read_only`` every operation outside READ_OPERATIONS raises GuardRefused before anything is sent.
    """

    def __init__(self, client_kwargs: Mapping[str, Any], *, read_only: bool = False, max_attempts: int = 5) -> None:
        kwargs = dict(client_kwargs)
        self.region: str = kwargs.pop("region_name")
        self._endpoints: dict[str, str] = dict(kwargs.pop("endpoint_urls", {}) or {})
        profile = kwargs.pop("profile_name", None)
        self._kwargs = kwargs
        self._config = _client_config(max_attempts)
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        alone = bool(kwargs.pop("alone", "aws_access_key_id" in kwargs))
        credentials = kwargs.pop("credentials", None)
        named = kwargs.get("aws_access_key_id") if kwargs.pop("in_process", False) else None
        if alone:
            self._config = self._config.merge(Config(**_ALONE))
        try:
            core = _session_alone() if alone else botocore.session.Session()
            self._session: Any = boto3.session.Session(
                region_name=self.region, profile_name=profile, botocore_session=core
            )
            if credentials:
                core.get_component("credential_provider").providers.insert(0, _Given(credentials))
        except botocore_errors.BotoCoreError as error:
            raise no_login(error) from error
        if named:
            name_only(self._session.events, named)
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
                self._clients[service] = self._made(service, {**self._kwargs, **extra})
            return self._clients[service]

    def _made(self, service: str, kwargs: dict[str, Any]) -> Any:
        try:
            return self._session.client(service, config=self._config, **kwargs)
        except (botocore_errors.BotoCoreError, ValueError) as error:
            raise no_login(error) from error

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one operation (``iot``, ``DescribeCACertificate``).

        Raises AwsRefused with the service's error code, Unreadable when access, network, throttling or a missing
        operation stood in the way, and GuardRefused for a write on a read-only session or for no credentials.
        """
        client = self.client(service)
        self.calls.append(f"{service}:{operation}")
        method = _METHODS.get((service, operation)) or _method_name(client, service, operation)
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


class _Given(CredentialProvider):
    """The credentials that were given, before every other place where botocore would look for some."""

    METHOD = "given"

    def __init__(self, credentials: Any) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Any:
        """The credentials, which renew themselves."""
        return self._credentials


def _client_config(max_attempts: int) -> Config:
    retries: Any = {"total_max_attempts": max_attempts, "mode": "standard"}
    return Config(retries=retries, connect_timeout=10, read_timeout=30)


def _session_alone() -> Any:
    """A session that reads neither the user's AWS files nor AWS_PROFILE."""
    nowhere: Any = (None, [], os.devnull, None)
    files = {"config_file": nowhere, "credentials_file": nowhere}
    return botocore.session.Session(session_vars={"profile": (None, [], None, None), **files})


def _method_name(client: Any, service: str, operation: str) -> str:
    for method, name in client.meta.method_to_api_mapping.items():
        if name == operation:
            return _METHODS.setdefault((service, operation), str(method))
    raise ValueError(f"{client.meta.service_model.service_name} has no operation {operation}")


def _paging(client: Any, operation: str) -> tuple[str, str, str]:
    shape = client.meta.service_model.operation_model(operation)
    inputs, outputs = shape.input_shape.members, shape.output_shape.members
    token_in = next(name for name in ("nextToken", "marker", "NextToken", "Marker") if name in inputs)
    token_out = next(name for name in ("nextToken", "nextMarker", "NextToken", "Marker") if name in outputs)
    size_name = next(name for name in ("maxResults", "pageSize", "MaxItems", "MaxResults") if name in inputs)
    return token_in, token_out, size_name


def _refuse_writes(model: Any, **_: Any) -> None:
    name = f"{model.service_model.service_name}:{model.name}"
    if name not in READ_OPERATIONS:
        raise GuardRefused(
            f"{name} was about to be sent by a read-only session",
            expected="only the operations that the audit declares",
            remedy="run without --dicfix-audit to perform steps",
        )
