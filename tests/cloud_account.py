"""An embedded cloud as tests use it: boto3 clients, short ways to a registered world, error codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pki_fixtures import Minted, mint, mint_ca

from dicfix.offline.cloud import EmbeddedCloud

ONE_TRY = Config(retries={"total_max_attempts": 1}, read_timeout=5)
GUIDE_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


class Account:
    """The cloud of a test with boto3 clients and short ways to a registered world."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.cloud = cloud
        self._clients: dict[tuple[str, str | None], Any] = {}

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of ``service``, kept over resets."""
        key = (service, region)
        if key not in self._clients:
            kwargs = self.cloud.client_kwargs()
            kwargs["region_name"] = region or kwargs["region_name"]
            self._clients[key] = boto3.client(service, config=ONE_TRY, **kwargs)
        return self._clients[key]

    @property
    def iot(self) -> Any:
        """The client of iot."""
        return self.client("iot")

    def register_ca(self, ca: Minted | None = None, **members: Any) -> tuple[Minted, str]:
        """A registered, ACTIVE CA certificate in mode SNI_ONLY, and its ID."""
        ca = ca or mint_ca()
        wanted = {"certificateMode": "SNI_ONLY", "setAsActive": True, **members}
        answer = self.iot.register_ca_certificate(caCertificate=ca.pem, **wanted)
        return ca, answer["certificateId"]

    def register_device(self, ca: Minted, name: str = "device", **members: Any) -> dict[str, str]:
        """A registered device certificate of ``ca``."""
        wanted = {"status": "ACTIVE", **members}
        answer: dict[str, str] = self.iot.register_certificate(certificatePem=mint(name, ca).pem, **wanted)
        return answer


def code_of(call: Callable[[], Any]) -> tuple[str, int]:
    """Error code and HTTP status of a call, ("", 200) if it succeeded."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200
