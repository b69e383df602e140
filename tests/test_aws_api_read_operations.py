"""The embedded cloud answers every operation that an audit may send, in this process and over HTTP, and in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from defects_world import GoodAccount

from dicfix.aws.operations import READ_OPERATIONS
from dicfix.offline.cloud import EmbeddedCloud

Parameters = Callable[[GoodAccount], Mapping[str, Any]]
NOTHING: Parameters = lambda _one: {}  # noqa: E731 - one way to say it
POLICY: Parameters = lambda one: {"policyName": one.settings.policy_name}  # noqa: E731
BUCKET: Parameters = lambda one: {"Bucket": one.planting.bucket}  # noqa: E731
ROLE: Parameters = lambda one: {"RoleName": one.settings.ota_role}  # noqa: E731
THING: Parameters = lambda one: {"thingName": one.planting.device}  # noqa: E731
CERTIFICATE: Parameters = lambda one: {"certificateId": one.planting.certificate_id(one.planting.device)}  # noqa: E731
PRINCIPAL: Parameters = lambda one: {"principal": one.planting.certificate_arn(one.planting.device)}  # noqa: E731
JOB: Parameters = lambda one: {"jobId": next(iter(one.planting.ota.book.jobs))}  # noqa: E731
UPDATE: Parameters = lambda one: {"otaUpdateId": next(iter(one.planting.ota.updates.updates.values())).update_id}  # noqa: E731
GROUP: Parameters = lambda _one: {"thingGroupName": "fleet"}  # noqa: E731
PROFILE: Parameters = lambda one: {"profileName": one.settings.signing_profile}  # noqa: E731
ACM: Parameters = lambda one: {  # noqa: E731
    "CertificateArn": one.planting.call("acm:ListCertificates", Includes={"keyTypes": ["EC_prime256v1"]})[
        "CertificateSummaryList"
    ][0]["CertificateArn"]
}
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate"


def _findings(_one: GoodAccount) -> Mapping[str, Any]:
    now = datetime.now(UTC)
    return {"startTime": now - timedelta(days=8), "endTime": now}


PARAMETERS: dict[str, Parameters] = {
    "sts:GetCallerIdentity": NOTHING,
    "iot:DescribeEndpoint": lambda _one: {"endpointType": "iot:Data-ATS"},
    "iot:DescribeCACertificate": lambda one: {"certificateId": one.planting.ca_id},
    "iot:ListCertificatesByCA": lambda one: {"caCertificateId": one.planting.ca_id},
    "iot:DescribeCertificate": CERTIFICATE,
    "iot:GetPolicy": POLICY,
    "iot:ListPolicyVersions": POLICY,
    "iot:ListTargetsForPolicy": POLICY,
    "iot:DescribeThing": THING,
    "iot:ListThingPrincipals": THING,
    "iot:ListThingPrincipalsV2": THING,
    "iot:ListPrincipalThings": PRINCIPAL,
    "iot:GetTopicRule": lambda _one: {"ruleName": "activate_new"},
    "iot:ListAuditFindings": _findings,
    "iot:SearchIndex": lambda _one: {"queryString": "thingName:*"},
    "iot:DescribeDomainConfiguration": lambda _one: {"domainConfigurationName": "iot:Data-ATS"},
    "iot-data:GetConnection": lambda one: {"clientId": one.settings.explorer_name},
    "iot-data:ListSubscriptions": lambda one: {"clientId": one.settings.explorer_name},
    "iot:GetOTAUpdate": UPDATE,
    "iot:DescribeStream": lambda one: {"streamId": next(iter(one.planting.ota.streams.streams))},
    "iot:DescribeJob": JOB,
    "iot:GetJobDocument": JOB,
    "iot:ListJobExecutionsForJob": JOB,
    "iot:DescribeJobExecution": lambda one: {**JOB(one), **THING(one)},
    "iot:DescribeThingGroup": GROUP,
    "iot:ListThingsInThingGroup": GROUP,
    "signer:GetSigningProfile": PROFILE,
    "signer:ListProfilePermissions": PROFILE,
    "signer:GetSigningPlatform": lambda _one: {"platformId": "AmazonFreeRTOS-Default"},
    "signer:DescribeSigningJob": lambda one: {"jobId": next(iter(one.planting.ota.signing.jobs))},
    **{
        f"s3:{name}": BUCKET
        for name in (
            "GetBucketLocation",
            "GetBucketVersioning",
            "GetPublicAccessBlock",
            "GetBucketEncryption",
            "GetBucketPolicy",
            "GetBucketLifecycleConfiguration",
            "HeadBucket",
            "ListObjectVersions",
        )
    },
    "iam:GetRole": ROLE,
    "iam:ListAttachedRolePolicies": ROLE,
    "iam:ListRolePolicies": ROLE,
    "iam:GetRolePolicy": lambda one: {
        **ROLE(one),
        "PolicyName": one.planting.call("iam:ListRolePolicies", **ROLE(one))["PolicyNames"][0],
    },
    "iam:GetPolicy": lambda _one: {"PolicyArn": MANAGED},
    "iam:GetPolicyVersion": lambda one: {
        "PolicyArn": MANAGED,
        "VersionId": one.planting.call("iam:GetPolicy", PolicyArn=MANAGED)["Policy"]["DefaultVersionId"],
    },
    "iam:SimulatePrincipalPolicy": lambda one: {
        "PolicySourceArn": f"arn:aws:iam::{one.cloud.account_id}:user/auditor",
        "ActionNames": ["iot:Publish"],
    },
    "acm:DescribeCertificate": ACM,
    "acm:GetCertificate": ACM,
    "service-quotas:ListServiceQuotas": lambda _one: {"ServiceCode": "iotcore"},
}
"""What each operation is asked with; one that is not named here is asked with nothing."""

MAY_ANSWER_NOTHING = {"s3:HeadBucket", "iot:ListScheduledAudits", "s3:GetBucketLocation", "iot:ListAuditFindings"}


@pytest.fixture(scope="module", params=["in-process", "over HTTP"])
def answering(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoodAccount]:
    with EmbeddedCloud(http=request.param == "over HTTP") as cloud:
        folder: Path = tmp_path_factory.mktemp("account")
        account = GoodAccount(cloud, folder)
        account.planting.call("iot:CreateThingGroup", thingGroupName="fleet")
        explorer = account.connected_explorer()
        yield account
        explorer.close()


def client_of(account: GoodAccount, service: str) -> Any:
    """A client with one attempt."""
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, config=config, **account.cloud.client_kwargs())  # type: ignore[call-overload]


def called(account: GoodAccount, operation: str, **more: Any) -> dict[str, Any]:
    """The answer to an operation without its metadata."""
    service, _, name = operation.partition(":")
    client = client_of(account, service)
    method = {api: python for python, api in client.meta.method_to_api_mapping.items()}[name]
    answer: dict[str, Any] = getattr(client, method)(**PARAMETERS.get(operation, NOTHING)(account), **more)
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    return answer


@pytest.mark.parametrize("operation", sorted(READ_OPERATIONS))
def test_every_read_operation_is_answered_in_its_shape(answering: GoodAccount, operation: str):
    """The answer has members of the service model alone, and is not empty."""
    service, _, name = operation.partition(":")
    answer = called(answering, operation)
    shape = client_of(answering, service).meta.service_model.operation_model(name).output_shape
    assert set(answer) <= set(shape.members if shape else ())
    assert answer or operation in MAY_ANSWER_NOTHING


def test_the_parameters_name_read_operations_alone():
    """No row is left over from an operation that an audit does not send."""
    assert set(PARAMETERS) <= READ_OPERATIONS


LISTS = {
    "iot:ListTopicRules": ("rules", "maxResults", "nextToken", "nextToken"),
    "iot:ListProvisioningTemplates": ("templates", "maxResults", "nextToken", "nextToken"),
    "iot:ListScheduledAudits": ("scheduledAudits", "maxResults", "nextToken", "nextToken"),
    "iot:ListDomainConfigurations": ("domainConfigurations", "pageSize", "marker", "nextMarker"),
    "iot:SearchIndex": ("things", "maxResults", "nextToken", "nextToken"),
    "cloudtrail:LookupEvents": ("Events", "MaxResults", "NextToken", "NextToken"),
    "service-quotas:ListServiceQuotas": ("Quotas", "MaxResults", "NextToken", "NextToken"),
}
"""Lists of the account as a whole: their key, the size of a page, and the token in request and answer."""


@pytest.mark.parametrize("operation", LISTS)
def test_lists_come_in_pages_of_the_size_asked_for(answering: GoodAccount, operation: str):
    """One by one they are what they are at once, nothing twice and nothing left out."""
    if operation == "iot:ListTopicRules" and len(answering.planting.backend.rules) < 2:
        payload = {"sql": "SELECT * FROM 'x'", "actions": []}
        answering.planting.call("iot:CreateTopicRule", ruleName="second", topicRulePayload=payload)
    key, size, token_in, token_out = LISTS[operation]
    whole = called(answering, operation)[key]
    one_by_one: list[Any] = []
    more: dict[str, Any] = {}
    while True:
        answer = called(answering, operation, **{size: 1}, **more)
        assert len(answer[key]) <= 1
        one_by_one += answer[key]
        if token_out not in answer or len(one_by_one) == len(whole):
            break
        more = {token_in: answer[token_out]}
    assert one_by_one == whole[: len(one_by_one)]
    assert len(one_by_one) == len(whole)


def test_a_token_of_nowhere_is_refused(answering: GoodAccount):
    """A page that nobody gave is no page."""
    with pytest.raises(ClientError):
        called(answering, "iot:ListTopicRules", nextToken="nonsense")


def test_events_tell_what_was_changed_and_by_which_name(answering: GoodAccount):
    """LookupEvents finds the changes of AWS IoT by the operation's name, newest first, in the time asked for."""
    answering.planting.call("iot:CreateThing", thingName="traced")
    answering.planting.call("iot:DeleteThing", thingName="traced")
    chosen = [{"AttributeKey": "ResourceName", "AttributeValue": "traced"}]
    events = called(answering, "cloudtrail:LookupEvents", LookupAttributes=chosen)["Events"]
    assert [one["EventName"] for one in events] == ["DeleteThing", "CreateThing"]
    assert all('"thingName": "traced"' in one["CloudTrailEvent"] for one in events)
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert called(answering, "cloudtrail:LookupEvents", LookupAttributes=chosen, StartTime=later)["Events"] == []


def test_a_search_finds_who_is_connected(answering: GoodAccount):
    """The index tells the client ID of a living connection."""
    client = client_of(answering, "iot")
    found = client.search_index(queryString="connectivity.connected:true")["things"]
    assert [(one["thingName"], one["connectivity"]["clientId"]) for one in found] == [
        (answering.settings.explorer_name, answering.settings.explorer_name)
    ]
    with pytest.raises(ClientError) as refused:
        client.search_index(queryString="who knows")
    assert refused.value.response["Error"]["Code"] == "InvalidQueryException"


def test_what_is_not_configured_is_said_in_aws_words(answering: GoodAccount):
    """Logging never configured is an error of its own; an index that is off cannot be searched."""
    region = {**answering.cloud.client_kwargs(), "region_name": "eu-central-1"}
    iot: Any = boto3.client("iot", config=Config(retries={"total_max_attempts": 1}), **region)  # type: ignore[call-overload]
    for call, code in (
        (iot.get_v2_logging_options, "NotConfiguredException"),
        (lambda: iot.search_index(queryString="*"), "ResourceNotFoundException"),
        (iot.list_audit_findings, "InvalidRequestException"),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == code
    assert iot.get_indexing_configuration()["thingIndexingConfiguration"]["thingIndexingMode"] == "OFF"
    assert "roleArn" not in iot.describe_account_audit_configuration()
