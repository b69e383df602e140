"""One canary for each hook into moto: when moto moves, the message says which hook no longer holds."""

from __future__ import annotations

import inspect
import re
from typing import Any

import boto3
import moto
import pytest
from cloud_account import ONE_TRY

from dicfix.offline.cloud import EmbeddedCloud

REMEDY = "moto changed here: correct dicfix/offline/aws_api/hooks.py, or keep moto below the version that did it"


def test_moto_is_of_the_versions_that_the_hooks_were_written_for() -> None:
    assert moto.__version__.startswith("5.2."), REMEDY


def test_a_backend_class_is_taken_from_its_dictionary() -> None:
    from moto.core.base_backend import BackendDict
    from moto.iot.models import IoTBackend, iot_backends
    from moto.iotdata.models import iotdata_backends

    for backends in (iot_backends, iotdata_backends):
        assert isinstance(backends, BackendDict), REMEDY
        assert inspect.isclass(backends.backend), f"BackendDict.backend is no class; {REMEDY}"
    with EmbeddedCloud():
        backend = iot_backends["123456789012"]["eu-west-1"]
        assert type(backend) is not IoTBackend, f"BackendDict.backend is not used for new backends; {REMEDY}"


def test_a_backends_addresses_are_found_beside_its_module() -> None:
    from moto.iot.models import iot_backends

    with EmbeddedCloud():
        module = iot_backends["123456789012"]["us-east-1"]._url_module
        assert module.__name__ == "dicfix.offline.aws_api.iot.urls", f"BaseBackend._url_module; {REMEDY}"


def test_a_backend_is_made_with_region_name_and_account_id() -> None:
    from moto.core.base_backend import BaseBackend

    names = list(inspect.signature(BaseBackend.__init__).parameters)
    assert names == ["self", "region_name", "account_id"], f"BaseBackend.__init__; {REMEDY}"


def test_hosts_are_looked_up_in_the_index_of_patterns() -> None:
    import moto.backend_index as index

    assert isinstance(index.backend_url_patterns, list), REMEDY
    assert all(isinstance(name, str) and isinstance(p, re.Pattern) for name, p in index.backend_url_patterns), REMEDY
    before = list(index.backend_url_patterns)
    with EmbeddedCloud():
        assert len(index.backend_url_patterns) > len(before)
    assert index.backend_url_patterns == before


def test_every_in_process_request_passes_the_stubbers_process_request() -> None:
    from moto.core.botocore_stubber import BotocoreStubber

    assert list(inspect.signature(BotocoreStubber.process_request).parameters) == ["self", "request"], REMEDY
    with EmbeddedCloud() as cloud:
        client = boto3.client("iot", config=ONE_TRY, **cloud.client_kwargs())
        with pytest.raises(client.exceptions.ClientError, match="NotImplemented"):
            client.list_audit_tasks(startTime=0, endTime=1)


def test_the_http_server_finds_motos_one_stubber() -> None:
    from moto.core.botocore_stubber import BotocoreStubber
    from moto.core.models import botocore_stubber

    assert isinstance(botocore_stubber, BotocoreStubber), f"moto.core.models.botocore_stubber; {REMEDY}"


def test_operations_are_found_and_parameters_read_by_the_service_model() -> None:
    from moto.core.request import Request
    from moto.core.responses import BaseResponse
    from moto.core.routing import get_service_router

    request = Request.from_primitives("GET", "https://iot.eu-west-1.amazonaws.com/things/t", {})
    operation, members = get_service_router("iot").match(request)
    assert (operation.name, dict(members)) == ("DescribeThing", {"thingName": "t"}), f"get_service_router; {REMEDY}"
    for name in ("setup_class", "call_action", "_get_action", "parse_parameters", "serialized"):
        assert callable(getattr(BaseResponse, name, None)), f"BaseResponse.{name}; {REMEDY}"


def test_a_service_exception_takes_status_and_members_from_the_service_model() -> None:
    with EmbeddedCloud() as cloud:
        iot = boto3.client("iot", config=ONE_TRY, **cloud.client_kwargs())
        iot.create_thing(thingName="t")
        with pytest.raises(iot.exceptions.ResourceAlreadyExistsException) as conflict:
            iot.create_thing(thingName="t", attributePayload={"attributes": {"a": "b"}})
        response = conflict.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 409, f"ServiceException; {REMEDY}"
        assert response["resourceId"] == "t", f"members of ServiceException; {REMEDY}"


def test_error_shapes_are_gathered_once_for_a_service() -> None:
    import moto.core.errors as errors
    from moto.core.utils import get_service_model

    made, iot = errors.ErrorLookupFactory, get_service_model("iot")
    with EmbeddedCloud():
        first = errors.ErrorLookupFactory().for_service(iot)
        assert errors.ErrorLookupFactory().for_service(iot) is first, f"ErrorLookupFactory; {REMEDY}"
        assert first.from_code("ResourceNotFoundException") is not None, f"ErrorLookup.from_code; {REMEDY}"
        assert errors.ErrorLookupFactory().for_service(get_service_model("sts")) is not first
    assert errors.ErrorLookupFactory is made


def test_a_mock_without_credentials_leaves_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with EmbeddedCloud():
        assert "AWS_ACCESS_KEY_ID" not in os.environ, f"config core.mock_credentials; {REMEDY}"


def test_reset_drops_every_backend() -> None:
    from moto.iot.models import iot_backends

    with EmbeddedCloud() as cloud:
        before: Any = iot_backends["123456789012"]["eu-west-1"]
        cloud.reset()
        assert iot_backends["123456789012"]["eu-west-1"] is not before, f"BackendDict.reset; {REMEDY}"


def test_thing_objects_of_moto_have_what_the_registry_uses() -> None:
    from moto.iot.models import FakeThing, FakeThingGroup, FakeThingType

    thing: Any = FakeThing("t", None, {}, "1" * 12, "eu-west-1")  # type: ignore[abstract]
    for name in ("arn", "thing_id", "thing_name", "thing_type", "attributes", "version", "billing_group_name"):
        assert hasattr(thing, name), f"FakeThing.{name}; {REMEDY}"
    kind: Any = FakeThingType("k", {}, "1" * 12, "eu-west-1")  # type: ignore[abstract]
    for name in ("arn", "thing_type_name", "thing_type_id", "thing_type_properties", "metadata"):
        assert hasattr(kind, name), f"FakeThingType.{name}; {REMEDY}"
    group = FakeThingGroup("g", "", {}, "1" * 12, "eu-west-1", {})
    for name in ("arn", "thing_group_name", "thing_group_id", "parent_group_name", "things", "version"):
        assert hasattr(group, name), f"FakeThingGroup.{name}; {REMEDY}"


def test_services_asked_for_later_get_their_backends_with_the_first_request() -> None:
    from moto.acm.models import AWSCertificateManagerBackend, acm_backends
    from moto.iam.models import IAMBackend, iam_backends
    from moto.s3.models import S3Backend, s3_backends
    from moto.signer.models import SignerBackend, signer_backends

    plain: list[tuple[Any, type, str]] = [
        (acm_backends, AWSCertificateManagerBackend, "eu-west-1"),
        (iam_backends, IAMBackend, "aws"),
        (s3_backends, S3Backend, "aws"),
        (signer_backends, SignerBackend, "eu-west-1"),
    ]
    with EmbeddedCloud() as cloud:
        for service, operation in (
            ("acm", "list_certificates"),
            ("iam", "list_roles"),
            ("s3", "list_buckets"),
            ("signer", "list_signing_profiles"),
        ):
            getattr(boto3.client(service, config=ONE_TRY, **cloud.client_kwargs()), operation)()
        for backends, moto_class, place in plain:
            backend = backends["123456789012"][place]
            assert type(backend) is not moto_class, f"{moto_class.__name__} is not replaced; {REMEDY}"
            assert isinstance(backend, moto_class), REMEDY
    for backends, moto_class, _place in plain:
        assert backends.backend is moto_class, REMEDY


def test_a_service_that_moto_lacks_is_found_as_one_of_its_packages() -> None:
    import sys

    with EmbeddedCloud() as cloud:
        cloud_client = boto3.client("iot-jobs-data", config=ONE_TRY, **cloud.client_kwargs())
        boto3.client("iot", config=ONE_TRY, **cloud.client_kwargs()).create_thing(thingName="t")
        answer = cloud_client.get_pending_job_executions(thingName="t")
        assert answer["queuedJobs"] == [], f"moto.backends.get_backend; {REMEDY}"
        assert "moto.iotjobsdata" in sys.modules
    assert "moto.iotjobsdata" not in sys.modules


def test_what_the_ota_services_read_of_motos_state_is_there() -> None:
    from moto.acm.models import CertBundle
    from moto.iam.models import AWSManagedPolicy, IAMBackend, Role
    from moto.s3.models import FakeBucket, FakeKey, PublicAccessBlock, S3Backend

    for owner, names in (
        (S3Backend, ("create_bucket", "put_object", "get_object", "delete_bucket_encryption")),
        (FakeKey, ("version_id", "etag", "size", "value")),
        (IAMBackend, ("_init_aws_policies", "create_role", "get_user_from_access_key_id", "get_groups_for_user")),
        (AWSManagedPolicy, ("from_data",)),
        (CertBundle, ("describe",)),
    ):
        for name in names:
            assert hasattr(owner, name), f"{owner.__name__}.{name}; {REMEDY}"
    members = inspect.getsource(FakeBucket.__init__) + inspect.getsource(Role.__init__) + inspect.getsource(CertBundle)
    for name in ("public_access_block", "encryption", "versioning_status", "managed_policies", "_cert =", "_key ="):
        assert f"self.{name}" in members, f"{name}; {REMEDY}"
    assert len(inspect.signature(PublicAccessBlock.__init__).parameters) == 5, REMEDY


def test_a_boto3_session_that_is_older_than_moto_is_answered_too() -> None:
    import subprocess
    import sys

    program = (
        "import boto3\n"
        "boto3.setup_default_session()\n"
        "from dicfix.offline.cloud import EmbeddedCloud\n"
        "with EmbeddedCloud() as cloud:\n"
        "    print(boto3.client('iot', **cloud.client_kwargs()).list_things()['things'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[]\n", done.stderr


ADDRESSES = [
    ("GET", "https://iot.eu-west-1.amazonaws.com/things/SQA_DIC_C2", None),
    ("POST", "https://iot.eu-west-1.amazonaws.com/things/a%2Fb/%C3%A4?x=1&y=%20", b'{"a": 1}'),
    ("PUT", "https://ota-demo-1.s3.eu-west-1.amazonaws.com/ota/image.gbl", b"\x00\xff"),
    ("POST", "https://sts.eu-west-1.amazonaws.com/", "Action=GetCallerIdentity&Version=2011-06-15"),
    ("POST", "https://iam.amazonaws.com/", b"Action=ListRoles&Version=2010-05-08"),
]


@pytest.mark.parametrize(("method", "url", "body"), ADDRESSES, ids=["thing", "escapes", "s3", "sts", "iam"])
def test_a_request_is_made_as_moto_makes_it(method: str, url: str, body: bytes | str | None) -> None:
    from botocore.compat import HTTPHeaders
    from moto.core.request import Request

    from dicfix.offline.aws_api.dispatch import request_of

    headers = HTTPHeaders()
    for name, value in {
        "Authorization": b"AWS4-HMAC-SHA256 Credential=AKIA0/19700101/eu-west-1/iot/aws4_request",
        "Content-Type": "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json",
        "Transfer-Encoding": "chunked",
        "x-amz-meta-of_ours": "1",
    }.items():
        headers[name] = value

    def seen(request: Request) -> dict[str, Any]:
        told = {name: getattr(request, name) for name in ("method", "url", "raw_url", "raw_path", "data", "path")}
        return {**told, "form": dict(request.form), "headers": dict(request.headers), "environ": plain(request)}

    def plain(request: Request) -> dict[str, Any]:
        streams = ("wsgi.input", "wsgi.errors", "werkzeug.request")
        return {name: value for name, value in request.environ.items() if name not in streams}

    ours = request_of(method, url, headers, body or b"")
    assert seen(ours) == seen(Request.from_primitives(method, url, headers, body)), REMEDY
    assert ours.raw_url == url, REMEDY


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("iot", "list_things", {}),
        ("iot", "describe_thing", {"thingName": "nobody"}),
        ("sts", "get_caller_identity", {}),
        ("s3", "list_buckets", {}),
        ("s3", "get_bucket_location", {"Bucket": "nobodys"}),
        ("iam", "list_roles", {}),
        ("signer", "list_signing_profiles", {}),
        ("acm", "list_certificates", {}),
    ],
)
def test_the_short_way_answers_as_motos_own(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, parameters: dict[str, str]
) -> None:
    from dicfix.offline.aws_api import dispatch

    short, taken = dispatch.short_way, []

    def watched(*asked: Any) -> Any:
        taken.append(way := short(*asked))
        return way

    with EmbeddedCloud() as cloud:
        client = boto3.client(service, config=ONE_TRY, **cloud.client_kwargs())

        def answer() -> Any:
            try:
                found = getattr(client, operation)(**parameters)
            except client.exceptions.ClientError as error:
                found = error.response
            return {name: value for name, value in found.items() if name != "ResponseMetadata"}, {
                name: found["ResponseMetadata"][name] for name in ("HTTPStatusCode", "RetryAttempts")
            }

        monkeypatch.setattr(dispatch, "short_way", watched)
        ours = answer()
        monkeypatch.setattr(dispatch, "short_way", lambda *_: None)
        assert answer() == ours, REMEDY
    assert len(taken) == 1
    assert taken[0] is not None, f"{service} is not answered by the short way; {REMEDY}"
