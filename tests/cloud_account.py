"""An embedded cloud as tests use it: boto3 clients, short ways to a registered world, error codes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from dataplane_registry import DEADLINE_S, RawClient, client_context
from pki_fixtures import Minted, mint, mint_ca

from dicfix.offline.cloud import EmbeddedCloud

ONE_TRY = Config(retries={"total_max_attempts": 1}, read_timeout=2)
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

    def onboard(self, name: str, ca: Minted) -> Minted:
        """A thing with an ACTIVE certificate of ``ca`` that the guide's policy is attached to."""
        device = mint(name, ca)
        answer = self.iot.register_certificate(certificatePem=device.pem, status="ACTIVE")
        if code_of(lambda: self.iot.get_policy(policyName="allow_all"))[0]:
            self.iot.create_policy(policyName="allow_all", policyDocument=GUIDE_POLICY)
        self.iot.attach_policy(policyName="allow_all", target=answer["certificateArn"])
        self.iot.create_thing(thingName=name)
        self.iot.attach_thing_principal(thingName=name, principal=answer["certificateArn"])
        return device

    def connection(self, device: Minted, folder: Path, plane: Any = None) -> RawClient:
        """A raw MQTT client of ``device`` after its TLS handshake with a Region's data plane."""
        plane = plane or self.cloud
        context = client_context(plane.server_root_pem.encode(), device.write(folder, device.certificate_id[:16]))
        sock = socket.create_connection(("127.0.0.1", plane.mqtt_port), timeout=DEADLINE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return RawClient(context.wrap_socket(sock, server_hostname=plane.endpoint))


def code_of(call: Callable[[], Any]) -> tuple[str, int]:
    """Error code and HTTP status of a call, ("", 200) if it succeeded."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200
