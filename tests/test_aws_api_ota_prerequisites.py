"""IAM and ACM as the OTA prerequisites need them: what moto lacks or lets through."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from cloud_account import ONE_TRY, Account, code_of
from cryptography.hazmat.primitives.asymmetric import ec
from ota_account import BUCKET, MANAGED, ROLE, OtaAccount, statement
from signing_world import certificate_of, ecdsa_key, rsa_key

pytest_plugins = ["cloud_fixtures"]


@pytest.fixture
def ota(empty_account: Account) -> OtaAccount:
    return OtaAccount(empty_account)


@pytest.mark.parametrize(
    "name", ["AmazonFreeRTOSOTAUpdate", "AWSIoTThingsRegistration", "AWSIoTLogging"], ids=lambda name: name
)
def test_the_guides_managed_policies_can_be_attached_and_read(ota: OtaAccount, name: str) -> None:
    iam, arn = ota.client("iam"), f"arn:aws:iam::aws:policy/service-role/{name}"
    ota.make_role()
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)
    attached = {row["PolicyArn"] for row in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]}
    assert attached == {arn, MANAGED}
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Effect"] == "Allow"


@pytest.mark.parametrize("trust", ["nope", "{}", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'])
def test_a_role_with_a_malformed_trust_policy_is_refused(ota: OtaAccount, trust: str) -> None:
    iam = ota.client("iam")
    refused = code_of(lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust))
    assert refused == ("MalformedPolicyDocument", 400)
    assert iam.list_roles()["Roles"] == []


def decisions(ota: OtaAccount, arn: str, actions: list[str], resource: str, **context: str) -> dict[str, str]:
    entries = [
        {"ContextKeyName": name.replace("_", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
        for name, value in context.items()
    ]
    answer = ota.client("iam").simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=actions, ResourceArns=[resource], ContextEntries=entries
    )
    return {row["EvalActionName"]: row["EvalDecision"] for row in answer["EvaluationResults"]}


def test_simulation_tells_what_a_role_may_do(ota: OtaAccount) -> None:
    ota.make_role()
    ota.client("iam").put_role_policy(
        RoleName=ROLE, PolicyName="no", PolicyDocument=statement(["s3:PutObject"], f"arn:aws:s3:::{BUCKET}/*", "Deny")
    )
    found = decisions(
        ota, ota.role_arn, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"arn:aws:s3:::{BUCKET}/fw.gbl"
    )
    assert found == {"s3:GetObject": "allowed", "s3:PutObject": "explicitDeny", "s3:DeleteObject": "implicitDeny"}


def test_simulation_knows_users_their_groups_and_conditions(ota: OtaAccount) -> None:
    iam = ota.client("iam")
    arn = iam.create_user(UserName="operator")["User"]["Arn"]
    iam.create_group(GroupName="ota")
    iam.add_user_to_group(GroupName="ota", UserName="operator")
    iam.put_group_policy(GroupName="ota", PolicyName="p", PolicyDocument=statement(["iot:*"], "*"))
    document = json.loads(statement(["iam:PassRole"], "*"))
    document["Statement"][0]["Condition"] = {"StringEquals": {"iam:PassedToService": "iot.amazonaws.com"}}
    iam.put_user_policy(UserName="operator", PolicyName="pass", PolicyDocument=json.dumps(document))
    actions = ["iot:CreateOTAUpdate", "iam:PassRole", "iam:CreateUser"]
    found = decisions(ota, arn, actions, "*", iam_PassedToService="iot.amazonaws.com")
    assert found == {
        "iot:CreateOTAUpdate": "allowed",
        "iam:PassRole": "allowed",
        "iam:CreateUser": "implicitDeny",
    }
    assert decisions(ota, arn, actions, "*", iam_PassedToService="ec2.amazonaws.com")["iam:PassRole"] == "implicitDeny"


def test_whoever_runs_the_embedded_cloud_may_do_everything(ota: OtaAccount) -> None:
    arn = ota.client("sts").get_caller_identity()["Arn"]
    assert decisions(ota, arn, ["iam:PassRole"], "*") == {"iam:PassRole": "allowed"}
    missing = code_of(lambda: decisions(ota, "arn:aws:iam::123456789012:role/none", ["iam:PassRole"], "*"))
    assert missing == ("NoSuchEntity", 404)


def test_a_role_that_was_assumed_is_judged_as_a_caller_by_its_own_rights(ota: OtaAccount) -> None:
    ota.prepare()
    answer = ota.client("sts").assume_role(RoleArn=ota.role_arn, RoleSessionName="session")["Credentials"]
    credentials = {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }
    assumed: Any = boto3.client("iot", config=ONE_TRY, **(ota.cloud.client_kwargs() | credentials))
    wanted = {"targets": [ota.thing()], "files": [ota.signed_by_hand()], "roleArn": ota.role_arn}
    assert assumed.create_ota_update(otaUpdateId="OTA_1", **wanted)["otaUpdateStatus"] == "CREATE_PENDING"
    ota.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="pass")
    refused = code_of(lambda: assumed.create_ota_update(otaUpdateId="OTA_2", **wanted))
    assert refused == ("UnauthorizedException", 401)


def test_a_certificate_with_another_key_is_not_imported(ota: OtaAccount) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    refused = code_of(lambda: ota.import_certificate(certificate_of(ecdsa_key()), other))
    assert refused == ("ValidationException", 400)


def test_an_imported_certificate_is_described_as_it_is(ota: OtaAccount) -> None:
    certificate = certificate_of(ecdsa_key())
    arn = ota.import_certificate(certificate, ecdsa_key())
    found = ota.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    assert (found["Type"], found["Status"]) == ("IMPORTED", "ISSUED")
    assert (found["KeyAlgorithm"], found["SignatureAlgorithm"]) == ("EC_prime256v1", "SHA256WITHECDSA")
    assert found["ExtendedKeyUsages"] == [{"Name": "CODE_SIGNING", "OID": "1.3.6.1.5.5.7.3.3"}]
    assert found["NotBefore"] == certificate.not_valid_before_utc
    assert found["NotAfter"] == certificate.not_valid_after_utc
    assert int(found["Serial"].replace(":", ""), 16) == certificate.serial_number
    told = ota.client("acm").get_certificate(CertificateArn=arn)
    assert "CertificateChain" not in told


def test_certificates_of_elliptic_curves_are_listed_only_on_request(ota: OtaAccount) -> None:
    elliptic = ota.import_certificate(certificate_of(ecdsa_key()), ecdsa_key())
    plain = ota.import_certificate(certificate_of(rsa_key(), usage=None), rsa_key())
    acm = ota.client("acm")

    def arns(**includes: list[str]) -> list[str]:
        rows = acm.list_certificates(**({"Includes": includes} if includes else {}))["CertificateSummaryList"]
        return [row["CertificateArn"] for row in rows]

    assert arns() == [plain]
    assert arns(keyTypes=["EC_prime256v1"]) == [elliptic]
    assert arns(keyTypes=["EC_prime256v1", "RSA_2048"], extendedKeyUsage=["CODE_SIGNING"]) == [elliptic]
    pages = list(
        acm.get_paginator("list_certificates").paginate(
            Includes={"keyTypes": ["EC_prime256v1", "RSA_2048"]}, PaginationConfig={"PageSize": 1}
        )
    )
    assert [len(page["CertificateSummaryList"]) for page in pages] == [1, 1]
