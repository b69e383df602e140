"""The session: every way in which a call can fail has its error of ours, and reading is all that a reader can do."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import boto3
import botocore.exceptions as botocore_errors
import pytest
from account_world import World, fresh
from botocore.stub import Stubber

from dicfix.aws import failures, registry
from dicfix.aws.operations import READ_OPERATIONS, permission_for
from dicfix.aws.policies import GUIDE_POLICY, policy_text
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, GuardRefused, Unreadable
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.faults import FaultKind
from dicfix.settings import Settings
from dicfix.wiring import Surroundings

KWARGS = {"region_name": "eu-west-1", "aws_access_key_id": "AKIA0", "aws_secret_access_key": "x"}


@pytest.fixture(scope="module")
def cloud():
    with EmbeddedCloud() as running:
        yield running


@pytest.fixture
def world(cloud, tmp_path):
    with fresh(cloud, tmp_path) as made:
        yield made


def raised(code: str, status: int = 400, message: str = "why", **extra: str) -> Exception:
    """What a call raises when AWS answers with ``code``."""
    session = AwsSession(KWARGS, max_attempts=1)
    with Stubber(session.client("iot")) as stub:
        stub.add_client_error("describe_thing", code, message, status, response_meta=None, modeled_fields=extra or None)
        with pytest.raises((Unreadable, AwsRefused, GuardRefused)) as caught:
            session.call("iot", "DescribeThing", thingName="x")
    return caught.value


DENIED = ["AccessDenied", "AccessDeniedException", "UnauthorizedException", "ForbiddenException", "403", "401"]
UNREADABLE = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "SlowDown",
    "InternalFailureException",
    "ServiceUnavailableException",
    "NotImplemented",
    "UnknownOperationException",
    "RequestTimeout",
    "404",
    "",
]


@pytest.mark.parametrize("code", DENIED)
def test_a_denied_call_is_unreadable_and_names_the_missing_permission(code):
    error = raised(code, 403)
    assert isinstance(error, Unreadable)
    assert error.permission == "iot:DescribeThing"
    assert "allow iot:DescribeThing" in str(error)
    assert error.exit_code == 3


@pytest.mark.parametrize("code", UNREADABLE)
def test_a_code_that_says_nothing_of_the_resource_is_unreadable(code):
    error = raised(code)
    assert isinstance(error, Unreadable)
    assert error.operation == "iot:DescribeThing"
    assert error.permission == ""


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unknown_code_with_a_status_of_the_server_is_unreadable(status):
    assert isinstance(raised("SomethingNewException", status), Unreadable)


@pytest.mark.parametrize(
    "code",
    ["ResourceNotFoundException", "InvalidRequestException", "DeleteConflictException", "LimitExceededException"],
)
def test_what_the_service_says_of_the_resource_is_a_refusal(code):
    error = raised(code)
    assert isinstance(error, AwsRefused)
    assert (error.operation, error.code, error.message) == ("iot:DescribeThing", code, "why")


def test_a_refusal_keeps_the_further_members_of_the_answer():
    session = AwsSession(KWARGS, max_attempts=1)
    members = {"resourceId": "abc", "resourceArn": "arn:aws:iot:x"}
    with Stubber(session.client("iot")) as stub:
        stub.add_client_error(
            "register_certificate", "ResourceAlreadyExistsException", "is there", 409, modeled_fields=members
        )
        with pytest.raises(AwsRefused) as caught:
            session.call("iot", "RegisterCertificate", certificatePem="x")
    assert caught.value.extra == members


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (botocore_errors.NoCredentialsError(), GuardRefused, "no AWS credentials"),
        (botocore_errors.PartialCredentialsError(provider="env", cred_var="key"), GuardRefused, "configuration"),
        (botocore_errors.TokenRetrievalError(provider="sso", error_msg="expired"), GuardRefused, "expired"),
        (botocore_errors.UnauthorizedSSOTokenError(), GuardRefused, "log in again"),
        (botocore_errors.CredentialRetrievalError(provider="p", error_msg="e"), GuardRefused, "log in again"),
        (botocore_errors.ReadTimeoutError(endpoint_url="https://x"), Unreadable, "ReadTimeoutError"),
        (botocore_errors.ConnectTimeoutError(endpoint_url="https://x"), Unreadable, "ConnectTimeoutError"),
        (botocore_errors.EndpointConnectionError(endpoint_url="https://x"), Unreadable, "EndpointConnectionError"),
        (botocore_errors.ConnectionClosedError(endpoint_url="https://x"), Unreadable, "ConnectionClosedError"),
        (botocore_errors.SSLError(endpoint_url="https://x", error="bad"), Unreadable, "SSLError"),
        (botocore_errors.ProxyConnectionError(proxy_url="http://x", error="e"), Unreadable, "ProxyConnectionError"),
        (botocore_errors.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unreadable, "IncompleteReadError"),
        (botocore_errors.ParamValidationError(report="thingName\nis wrong"), AwsRefused, "thingName is wrong"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_every_error_of_the_library_has_its_error_of_ours_on_one_line(error, kind, words):
    translated = failures.translate("iot", "DescribeThing", error)
    assert type(translated) is kind
    assert words in str(translated)
    assert "\n" not in str(translated)


def test_an_error_that_is_none_of_the_call_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        failures.translate("iot", "DescribeThing", ZeroDivisionError())


def test_no_message_holds_the_users_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    text = str(failures.no_login(botocore_errors.ConfigParseError(path="/home/somebody/.aws/config")))
    assert "~/.aws/config" in text
    assert "somebody" not in text


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.ACCESS_DENIED, "AccessDeniedException"),
        (FaultKind.THROTTLED, "ThrottlingException"),
        (FaultKind.UNAVAILABLE, "ServiceUnavailableException"),
        (FaultKind.INTERNAL_FAILURE, "InternalFailureException"),
        (FaultKind.EXPIRED_TOKEN, "ExpiredTokenException"),
        (FaultKind.TIMEOUT, "ReadTimeoutError"),
        (FaultKind.CONNECTION_RESET, "ConnectionClosedError"),
    ],
)
def test_every_fault_of_the_embedded_cloud_is_unreadable_under_its_code(world: World, kind, code):
    world.faults.add("iot:DescribeThing", kind)
    with pytest.raises(Unreadable) as caught:
        world.session.call("iot", "DescribeThing", thingName="x")
    assert caught.value.code == code


def test_an_operation_that_the_backend_lacks_is_unreadable(world: World):
    with pytest.raises(Unreadable) as caught:
        world.session.call("iot", "ListMitigationActions")
    assert caught.value.code.startswith("NotImplemented")


def test_a_throttled_call_is_tried_again(world: World):
    patient = AwsSession(world.cloud.client_kwargs(), max_attempts=3)
    world.faults.add("sts:GetCallerIdentity", FaultKind.THROTTLED, times=1)
    assert registry.read_caller(patient).account == world.cloud.account_id


def test_no_credentials_are_a_guards_refusal(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    session = AwsSession({"region_name": "eu-west-1", "endpoint_url": "http://127.0.0.1:9"})
    with pytest.raises(GuardRefused, match="no AWS credentials were found"):
        session.call("sts", "GetCallerIdentity")


def test_a_profile_that_does_not_exist_is_a_guards_refusal(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(GuardRefused, match="nobody"):
        AwsSession({"region_name": "eu-west-1"})


@pytest.mark.parametrize("endpoint", ["foo", "http://"])
def test_an_endpoint_that_is_no_address_is_one_error(endpoint):
    session = AwsSession({**KWARGS, "endpoint_url": endpoint})
    with pytest.raises(GuardRefused):
        session.call("iot", "ListThings")


def test_the_embedded_cloud_is_reached_whatever_the_users_aws_settings_say(world: World, monkeypatch, tmp_path):
    """A profile, endpoint or proxy of the user must neither break an offline run nor lead it elsewhere."""
    (tmp_path / "config").write_text("this is no [config")
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    session = AwsSession(world.cloud.client_kwargs(), max_attempts=1)
    assert registry.read_caller(session).account == world.cloud.account_id
    assert session.call("iot", "ListThings")["things"] == []


# Reading only


def writes() -> list[tuple[str, str]]:
    """Every operation of the services in use that no audit may send."""
    session = boto3.session.Session(region_name="eu-west-1")
    found = []
    for service in ("iot", "iot-data", "iot-jobs-data", "sts", "s3", "signer", "iam"):
        model = session.client(service, **{**KWARGS, "region_name": "eu-west-1"}).meta.service_model
        found += [(service, name) for name in model.operation_names if f"{service}:{name}" not in READ_OPERATIONS]
    return found


@pytest.fixture(scope="module")
def reader():
    return AwsSession(KWARGS, read_only=True)


def test_a_reader_sends_no_operation_outside_its_list(reader):
    """All of them, with no parameters at all: the guard stands before botocore looks at parameters."""
    sent = []
    for service, operation in writes():
        try:
            with pytest.raises(GuardRefused, match=f"{service}:{operation} was about to be sent"):
                reader.call(service, operation)
        except (Unreadable, AwsRefused, pytest.fail.Exception) as error:
            sent.append((service, operation, error))
    assert sent == []


def test_the_registration_code_is_not_for_a_reader(reader):
    """It would be created where there is none."""
    with pytest.raises(GuardRefused, match="GetRegistrationCode"):
        registry.registration_code(reader)


def test_paginators_and_transfers_are_guarded_too(reader, tmp_path):
    with pytest.raises(GuardRefused, match="ListBillingGroups"):
        list(reader.client("iot").get_paginator("list_billing_groups").paginate())
    (tmp_path / "image.gbl").write_bytes(b"x")
    with pytest.raises(GuardRefused, match="PutObject"):
        reader.client("s3").put_object(Bucket="bucket", Key="x", Body=b"x")
    with pytest.raises(Exception, match="read-only session"):
        reader.client("s3").upload_file(str(tmp_path / "image.gbl"), "bucket", "x")


def test_every_operation_of_the_list_exists_and_only_reads(reader):
    for name in sorted(READ_OPERATIONS):
        service, operation = name.split(":")
        assert operation in reader.client(service).meta.service_model.operation_names
        assert operation.startswith(("Get", "List", "Describe", "Head", "Lookup", "Search", "Simulate"))


def test_what_a_reader_reads_leaves_the_account_as_it_was(world: World):
    world.builder().onboard()
    before = world.cloud.dump()
    session = AwsSession(world.cloud.client_kwargs(), read_only=True)
    assert len(registry.read_ca_certificates(session)) == 1
    assert registry.read_thing(session, "SQA_DIC_C2") is not None
    assert world.cloud.dump() == before


def test_permissions_are_actions_of_iam():
    assert permission_for("iot:ListThingPrincipalsV2") == "iot:ListThingPrincipals"
    assert permission_for("iot-data:GetConnection") == "iot:GetConnection"
    assert permission_for("s3:HeadObject") == "s3:GetObject"
    assert permission_for("sts:GetCallerIdentity") == "sts:GetCallerIdentity"


# Used by many


def test_clients_are_made_once_by_however_many_threads(world: World):
    session = AwsSession(world.cloud.client_kwargs(), max_attempts=1)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(session.client("iot"))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert len(found) == 8
    assert len({id(one) for one in found}) == 1


def test_one_session_serves_many_scenarios_with_an_empty_account_each(world: World):
    session = world.session
    for _ in range(3):
        world.cloud.reset()
        assert session.call("iot", "ListThings")["things"] == []
        registry.create_thing(session, "x")
        assert [row["thingName"] for row in session.pages("iot", "ListThings", "things")] == ["x"]


def test_pages_follow_whatever_an_operation_calls_its_token(world: World):
    names = [f"thing-{number}" for number in range(7)]
    for name in names:
        registry.create_thing(world.session, name)
    assert sorted(row["thingName"] for row in world.session.pages("iot", "ListThings", "things", size=2)) == names
    for name in names:
        world.session.call("iot", "CreatePolicy", policyName=name, policyDocument=policy_text(GUIDE_POLICY))
    assert sorted(row["policyName"] for row in world.session.pages("iot", "ListPolicies", "policies", size=3)) == names


def test_pages_that_fail_on_the_way_fail_as_a_whole(world: World):
    """Half a list must not pass for the list."""
    for number in range(4):
        registry.create_thing(world.session, f"thing-{number}")
    world.faults.add("iot:ListThings", FaultKind.THROTTLED, after=1)
    with pytest.raises(Unreadable):
        list(world.session.pages("iot", "ListThings", "things", size=2))


def test_every_call_is_counted(world: World):
    before = len(world.session.calls)
    registry.read_caller(world.session)
    assert world.session.calls[before:] == ["sts:GetCallerIdentity"]


def authorizations(session: AwsSession) -> list[str]:
    """How requests of the session tell who sends them."""
    seen: list[str] = []
    client = session.client("iot")
    client.meta.events.register_first("before-send", lambda request, **_: seen.append(request.headers["Authorization"]))
    session.call("iot", "ListThings")
    session.call("iot", "ListThings")
    return [one.decode() if isinstance(one, bytes) else one for one in seen]


def test_requests_of_a_session_in_the_clouds_own_process_name_the_caller_unsigned(cloud):
    kwargs = cloud.client_kwargs()
    named = authorizations(AwsSession({**kwargs, "in_process": True}, max_attempts=1))
    who = f"Credential={kwargs['aws_access_key_id']}/19700101/eu-west-1/iot/aws4_request"
    assert len(named) == 2
    assert all(who in one and one.endswith("Signature=none") for one in named)


@pytest.mark.parametrize("extra", [{}, {"in_process": False}])
def test_every_other_request_is_signed(cloud, extra):
    for one in authorizations(AwsSession({**cloud.client_kwargs(), **extra}, max_attempts=1)):
        assert len(one.rpartition("Signature=")[2]) == 64


def test_an_embedded_cloud_over_http_is_sent_signed_requests(cloud, tmp_path):
    over_http = SimpleNamespace(
        client_kwargs=cloud.client_kwargs, http_url="http://127.0.0.1:1", endpoint=cloud.endpoint,
        mqtt_port=cloud.mqtt_port, server_root_pem=cloud.server_root_pem, transcript=cloud.transcript, reset=None,
    )  # fmt: skip
    assert not Surroundings.offline(over_http, Settings()).client_kwargs["in_process"]
    assert Surroundings.offline(cloud, Settings()).client_kwargs["in_process"]
