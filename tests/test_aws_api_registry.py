"""What the API answers to right requests: every member that AWS describes, order, pages, attachments, groups, tags."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from cloud_account import GUIDE_POLICY, code_of
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from pki_fixtures import NOT_AFTER, NOT_BEFORE, ec_key, mint, mint_ca

if TYPE_CHECKING:
    from cloud_account import Account

pytest_plugins = ["cloud_fixtures"]
ARN = "arn:aws:iot:eu-west-1:123456789012:"


def test_the_registration_code_stays_until_it_is_deleted(empty_account: Account) -> None:
    code = empty_account.iot.get_registration_code()["registrationCode"]
    assert len(code) == 64
    assert int(code, 16) >= 0
    assert empty_account.iot.get_registration_code()["registrationCode"] == code
    empty_account.iot.delete_registration_code()
    assert empty_account.iot.get_registration_code()["registrationCode"] != code


def test_a_ca_certificate_in_default_mode_is_registered_with_its_verification_certificate(
    empty_account: Account,
) -> None:
    ca = mint_ca()
    code = empty_account.iot.get_registration_code()["registrationCode"]
    answer = empty_account.iot.register_ca_certificate(caCertificate=ca.pem, verificationCertificate=mint(code, ca).pem)
    described = empty_account.iot.describe_ca_certificate(certificateId=answer["certificateId"])[
        "certificateDescription"
    ]
    assert (described["certificateMode"], described["status"]) == ("DEFAULT", "INACTIVE")
    assert described["autoRegistrationStatus"] == "DISABLE"


def test_a_ca_certificate_is_described_with_every_member(empty_account: Account) -> None:
    ca, name = empty_account.register_ca(
        allowAutoRegistration=True, registrationConfig={"roleArn": f"{ARN}role/x" + "x" * 20}
    )
    answer = empty_account.iot.describe_ca_certificate(certificateId=name)
    described = answer["certificateDescription"]
    assert name == hashlib.sha256(ca.der).hexdigest()
    assert described.pop("creationDate") == described.pop("lastModifiedDate")
    assert described.pop("generationId")
    assert described == {
        "certificateArn": f"{ARN}cacert/{name}",
        "certificateId": name,
        "status": "ACTIVE",
        "certificatePem": ca.pem,
        "ownedBy": "123456789012",
        "autoRegistrationStatus": "ENABLE",
        "customerVersion": 1,
        "validity": {"notBefore": NOT_BEFORE, "notAfter": NOT_AFTER},
        "certificateMode": "SNI_ONLY",
    }
    assert answer["registrationConfig"]["roleArn"].startswith(ARN)


def test_a_ca_certificate_is_updated_member_by_member(empty_account: Account) -> None:
    _, name = empty_account.register_ca(allowAutoRegistration=True)
    empty_account.iot.update_ca_certificate(certificateId=name, newAutoRegistrationStatus="DISABLE")
    empty_account.iot.update_ca_certificate(certificateId=name, newStatus="INACTIVE")
    described = empty_account.iot.describe_ca_certificate(certificateId=name)["certificateDescription"]
    assert (described["status"], described["autoRegistrationStatus"]) == ("INACTIVE", "DISABLE")
    assert described["customerVersion"] == 3
    empty_account.iot.update_ca_certificate(certificateId=name, registrationConfig={"templateName": "t"})
    empty_account.iot.update_ca_certificate(certificateId=name, removeAutoRegistration=True)
    assert "registrationConfig" not in empty_account.iot.describe_ca_certificate(certificateId=name)
    empty_account.iot.delete_ca_certificate(certificateId=name)
    assert empty_account.iot.list_ca_certificates()["certificates"] == []


def test_ca_certificates_are_listed_newest_first_and_by_template(empty_account: Account) -> None:
    names = [empty_account.register_ca(mint_ca(f"CA {number}"))[1] for number in range(3)]
    empty_account.iot.update_ca_certificate(certificateId=names[1], registrationConfig={"templateName": "mine"})
    listed = [one["certificateId"] for one in empty_account.iot.list_ca_certificates()["certificates"]]
    assert listed == names[::-1]
    ascending = empty_account.iot.list_ca_certificates(ascendingOrder=True)["certificates"]
    assert [one["certificateId"] for one in ascending] == names
    chosen = empty_account.iot.list_ca_certificates(templateName="mine")["certificates"]
    assert [one["certificateId"] for one in chosen] == [names[1]]


def test_a_device_certificate_takes_mode_and_ca_from_its_ca_certificate(empty_account: Account) -> None:
    ca, ca_id = empty_account.register_ca()
    leaf = mint("device", ca)
    answer = empty_account.iot.register_certificate(certificatePem=leaf.pem, caCertificatePem=ca.pem + "\n")
    name = answer["certificateId"]
    assert name == hashlib.sha256(leaf.der).hexdigest()
    described = empty_account.iot.describe_certificate(certificateId=name)["certificateDescription"]
    assert described["caCertificateId"] == ca_id
    assert described["certificateMode"] == "SNI_ONLY"
    assert described["status"] == "INACTIVE"
    assert described["certificateArn"] == answer["certificateArn"] == f"{ARN}cert/{name}"
    assert described["validity"] == {"notBefore": NOT_BEFORE, "notAfter": NOT_AFTER}
    assert described["certificatePem"] == leaf.pem
    listed = empty_account.iot.list_certificates_by_ca(caCertificateId=ca_id)["certificates"]
    assert [one["certificateId"] for one in listed] == [name]


def test_a_certificate_of_two_namesake_cas_goes_to_the_one_that_is_given(empty_account: Account) -> None:
    first, _ = empty_account.register_ca()
    second, second_id = empty_account.register_ca(mint_ca(key=ec_key(1)))
    answer = empty_account.iot.register_certificate(certificatePem=mint("d", second).pem, caCertificatePem=second.pem)
    described = empty_account.iot.describe_certificate(certificateId=answer["certificateId"])["certificateDescription"]
    assert described["caCertificateId"] == second_id
    refused = code_of(
        lambda: empty_account.iot.register_certificate(certificatePem=mint("d", second).pem, caCertificatePem=first.pem)
    )
    assert refused == ("CertificateValidationException", 400)


def test_a_certificate_without_ca_has_mode_sni_only(empty_account: Account) -> None:
    answer = empty_account.iot.register_certificate_without_ca(certificatePem=mint("d", mint_ca()).pem, status="ACTIVE")
    described = empty_account.iot.describe_certificate(certificateId=answer["certificateId"])["certificateDescription"]
    assert (described["certificateMode"], described["status"]) == ("SNI_ONLY", "ACTIVE")
    assert "caCertificateId" not in described


def test_a_status_set_again_changes_nothing(empty_account: Account) -> None:
    ca, _ = empty_account.register_ca()
    name = empty_account.register_device(ca)["certificateId"]
    before = empty_account.iot.describe_certificate(certificateId=name)["certificateDescription"]
    empty_account.iot.update_certificate(certificateId=name, newStatus="ACTIVE")
    assert empty_account.iot.describe_certificate(certificateId=name)["certificateDescription"] == before
    empty_account.iot.update_certificate(certificateId=name, newStatus="INACTIVE")
    after = empty_account.iot.describe_certificate(certificateId=name)["certificateDescription"]
    assert (after["status"], after["customerVersion"]) == ("INACTIVE", 2)
    assert after["generationId"] != before["generationId"]


def test_a_forced_deletion_detaches_policies(empty_account: Account) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.register_device(ca, status="INACTIVE")
    empty_account.iot.create_policy(policyName="p", policyDocument=GUIDE_POLICY)
    empty_account.iot.attach_policy(policyName="p", target=device["certificateArn"])
    empty_account.iot.delete_certificate(certificateId=device["certificateId"], forceDelete=True)
    assert empty_account.iot.list_targets_for_policy(policyName="p")["targets"] == []
    empty_account.iot.delete_policy(policyName="p")


@pytest.mark.parametrize("size", [None, 7, 250])
def test_certificates_come_in_pages(empty_account: Account, size: int | None) -> None:
    ca, _ = empty_account.register_ca()
    names = [empty_account.register_device(ca, f"device {number}")["certificateId"] for number in range(30)]
    seen: list[str] = []
    sizes: list[int] = []
    marker: dict[str, Any] = {}
    wanted = {"pageSize": size} if size else {}
    while True:
        answer = empty_account.iot.list_certificates(ascendingOrder=True, **wanted, **marker)
        seen += [one["certificateId"] for one in answer["certificates"]]
        sizes.append(len(answer["certificates"]))
        if "nextMarker" not in answer:
            break
        marker = {"marker": answer["nextMarker"]}
    assert seen == names
    assert max(sizes) == min(size or 25, 30)


def test_boto3s_paginators_reach_the_end_of_every_list(empty_account: Account) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.register_device(ca)
    for number in range(6):
        empty_account.iot.create_thing(thingName=f"t{number}")
        empty_account.iot.attach_thing_principal(thingName=f"t{number}", principal=device["certificateArn"])
        empty_account.iot.create_policy(policyName=f"p{number}", policyDocument=GUIDE_POLICY)
        empty_account.iot.attach_policy(policyName=f"p{number}", target=device["certificateArn"])
    arn = device["certificateArn"]
    lists: list[tuple[str, str, dict[str, Any]]] = [
        ("list_things", "things", {}),
        ("list_policies", "policies", {}),
        ("list_attached_policies", "policies", {"target": arn}),
        ("list_principal_things", "things", {"principal": arn}),
        ("list_principal_things_v2", "principalThingObjects", {"principal": arn}),
    ]
    for operation, key, params in lists:
        pages = empty_account.iot.get_paginator(operation).paginate(PaginationConfig={"PageSize": 4}, **params)
        assert [len(page[key]) for page in pages] == [4, 2], operation


def test_a_policy_has_versions_and_one_in_effect(empty_account: Account) -> None:
    created = empty_account.iot.create_policy(policyName="p", policyDocument=GUIDE_POLICY)
    assert (created["policyVersionId"], created["policyDocument"]) == ("1", GUIDE_POLICY)
    other = GUIDE_POLICY.replace('"Action":"*"', '"Action":"iot:*"')
    second = empty_account.iot.create_policy_version(policyName="p", policyDocument=other)
    assert (second["policyVersionId"], second["isDefaultVersion"]) == ("2", False)
    assert empty_account.iot.get_policy(policyName="p")["policyDocument"] == GUIDE_POLICY
    empty_account.iot.set_default_policy_version(policyName="p", policyVersionId="2")
    assert empty_account.iot.get_policy(policyName="p")["policyDocument"] == other
    empty_account.iot.delete_policy_version(policyName="p", policyVersionId="1")
    third = empty_account.iot.create_policy_version(policyName="p", policyDocument=GUIDE_POLICY, setAsDefault=True)
    versions = empty_account.iot.list_policy_versions(policyName="p")["policyVersions"]
    assert [(one["versionId"], one["isDefaultVersion"]) for one in versions] == [("3", True), ("2", False)]
    assert third["isDefaultVersion"] is True
    assert empty_account.iot.get_policy_version(policyName="p", policyVersionId="2")["policyDocument"] == other


def test_a_policy_is_attached_once_and_detached_once(empty_account: Account) -> None:
    ca, _ = empty_account.register_ca()
    target = empty_account.register_device(ca)["certificateArn"]
    empty_account.iot.create_policy(policyName="p", policyDocument=GUIDE_POLICY)
    for _ in range(2):
        empty_account.iot.attach_policy(policyName="p", target=target)
    assert empty_account.iot.list_targets_for_policy(policyName="p")["targets"] == [target]
    assert [one["policyName"] for one in empty_account.iot.list_attached_policies(target=target)["policies"]] == ["p"]
    empty_account.iot.detach_policy(policyName="p", target=target)
    assert empty_account.iot.list_attached_policies(target=target)["policies"] == []
    assert (
        code_of(lambda: empty_account.iot.detach_policy(policyName="p", target=target))[0]
        == "ResourceNotFoundException"
    )


def test_a_thing_created_again_is_the_same_thing(empty_account: Account) -> None:
    first = empty_account.iot.create_thing(thingName="t", attributePayload={"attributes": {"a": "b"}})
    again = empty_account.iot.create_thing(thingName="t", attributePayload={"attributes": {"a": "b"}})
    assert first["thingId"] == again["thingId"]
    described = empty_account.iot.describe_thing(thingName="t")
    assert (described["version"], described["defaultClientId"]) == (1, "t")


def test_each_update_of_a_thing_counts_its_version_up(empty_account: Account) -> None:
    empty_account.iot.create_thing(thingName="t", attributePayload={"attributes": {"a": "b"}})
    empty_account.iot.update_thing(thingName="t", attributePayload={"attributes": {"c": "d"}, "merge": True})
    empty_account.iot.update_thing(
        thingName="t", expectedVersion=2, attributePayload={"attributes": {"a": ""}, "merge": True}
    )
    described = empty_account.iot.describe_thing(thingName="t")
    assert (described["version"], described["attributes"]) == (3, {"c": "d"})


def test_a_thing_is_deleted_whether_it_exists_or_not(empty_account: Account) -> None:
    empty_account.iot.create_thing(thingName="t")
    for _ in range(2):
        empty_account.iot.delete_thing(thingName="t")
    assert empty_account.iot.list_things()["things"] == []


def test_things_are_found_by_attribute_type_and_prefix(empty_account: Account) -> None:
    empty_account.iot.create_thing_type(thingTypeName="lamp")
    empty_account.iot.create_thing(
        thingName="a", thingTypeName="lamp", attributePayload={"attributes": {"room": "kitchen"}}
    )
    empty_account.iot.create_thing(thingName="b", attributePayload={"attributes": {"room": "kit"}})
    empty_account.iot.create_thing(thingName="c")

    def found(**wanted: Any) -> list[str]:
        return [one["thingName"] for one in empty_account.iot.list_things(**wanted)["things"]]

    assert found() == ["a", "b", "c"]
    assert found(thingTypeName="lamp") == ["a"]
    assert found(attributeName="room", attributeValue="kit") == ["b"]
    assert found(attributeName="room", attributeValue="kit", usePrefixAttributeValue=True) == ["a", "b"]


def test_a_thing_type_is_deleted_only_when_deprecated_and_unused(empty_account: Account) -> None:
    empty_account.iot.create_thing_type(thingTypeName="lamp", thingTypeProperties={"thingTypeDescription": "x"})
    empty_account.iot.create_thing(thingName="t", thingTypeName="lamp")
    refused = ("InvalidRequestException", 400)
    assert code_of(lambda: empty_account.iot.delete_thing_type(thingTypeName="lamp")) == refused
    empty_account.iot.deprecate_thing_type(thingTypeName="lamp")
    assert code_of(lambda: empty_account.iot.delete_thing_type(thingTypeName="lamp")) == refused
    assert code_of(lambda: empty_account.iot.create_thing(thingName="u", thingTypeName="lamp")) == refused
    empty_account.iot.update_thing(thingName="t", removeThingType=True)
    empty_account.iot.delete_thing_type(thingTypeName="lamp")
    assert empty_account.iot.list_thing_types()["thingTypes"] == []


def test_an_exclusive_attachment_is_shown_as_one(empty_account: Account) -> None:
    ca, _ = empty_account.register_ca()
    arn = empty_account.register_device(ca)["certificateArn"]
    empty_account.iot.create_thing(thingName="t")
    empty_account.iot.attach_thing_principal(thingName="t", principal=arn, thingPrincipalType="EXCLUSIVE_THING")
    expected = [{"principal": arn, "thingPrincipalType": "EXCLUSIVE_THING"}]
    assert empty_account.iot.list_thing_principals_v2(thingName="t")["thingPrincipalObjects"] == expected
    others = empty_account.iot.list_thing_principals_v2(thingName="t", thingPrincipalType="NON_EXCLUSIVE_THING")
    assert others["thingPrincipalObjects"] == []
    things = empty_account.iot.list_principal_things_v2(principal=arn)["principalThingObjects"]
    assert things == [{"thingName": "t", "thingPrincipalType": "EXCLUSIVE_THING"}]
    assert empty_account.iot.list_thing_principals(thingName="t")["principals"] == [arn]
    empty_account.iot.detach_thing_principal(thingName="t", principal=arn)
    assert empty_account.iot.list_principal_things(principal=arn)["things"] == []


def test_policies_reach_a_certificate_through_the_groups_of_its_things(empty_account: Account) -> None:
    ca, _ = empty_account.register_ca()
    device = empty_account.register_device(ca)
    empty_account.iot.create_thing(thingName="t")
    empty_account.iot.attach_thing_principal(thingName="t", principal=device["certificateArn"])
    above = empty_account.iot.create_thing_group(thingGroupName="above")
    empty_account.iot.create_thing_group(thingGroupName="below", parentGroupName="above")
    empty_account.iot.add_thing_to_thing_group(thingGroupName="below", thingName="t")
    empty_account.iot.create_policy(policyName="p", policyDocument=GUIDE_POLICY)
    empty_account.iot.attach_policy(policyName="p", target=above["thingGroupArn"])
    assert [one.name for one in empty_account.cloud.registry.policies(device["certificateId"])] == ["p"]
    effective = empty_account.iot.get_effective_policies(principal=device["certificateArn"], thingName="t")
    assert [json.loads(one["policyDocument"]) for one in effective["effectivePolicies"]] == [json.loads(GUIDE_POLICY)]
    alone = empty_account.iot.get_effective_policies(principal=device["certificateArn"])["effectivePolicies"]
    assert alone == []
    groups = empty_account.iot.list_thing_groups_for_thing(thingName="t")["thingGroups"]
    assert [one["groupName"] for one in groups] == ["below"]
    assert empty_account.iot.list_things_in_thing_group(thingGroupName="above", recursive=True)["things"] == ["t"]
    empty_account.iot.remove_thing_from_thing_group(thingGroupName="below", thingName="t")
    assert empty_account.cloud.registry.policies(device["certificateId"]) == []


def test_authorization_is_tested_as_the_data_plane_decides(empty_account: Account) -> None:
    ca, _ = empty_account.register_ca()
    arn = empty_account.register_device(ca)["certificateArn"]
    topics = f"{ARN}topic/"
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "iot:Publish", "Resource": f"{topics}light/${{iot:ClientId}}"},
            {"Effect": "Deny", "Action": "iot:Publish", "Resource": f"{topics}secret"},
        ],
    }
    empty_account.iot.create_policy(policyName="p", policyDocument=json.dumps(document))
    empty_account.iot.attach_policy(policyName="p", target=arn)
    results = empty_account.iot.test_authorization(
        principal=arn,
        clientId="t",
        authInfos=[
            {"actionType": "PUBLISH", "resources": [f"{topics}{name}" for name in ("light/t", "light/u", "secret")]}
        ],
    )["authResults"]
    assert [one["authDecision"] for one in results] == ["ALLOWED", "IMPLICIT_DENY", "EXPLICIT_DENY"]
    assert results[0]["allowed"]["policies"][0]["policyName"] == "p"
    assert results[2]["denied"]["explicitDeny"]["policies"][0]["policyName"] == "p"
    skipped = empty_account.iot.test_authorization(
        principal=arn,
        clientId="t",
        authInfos=[{"actionType": "PUBLISH", "resources": [f"{topics}light/t"]}],
        policyNamesToSkip=["p"],
    )["authResults"]
    assert skipped[0]["authDecision"] == "IMPLICIT_DENY"


def test_tags_are_kept_with_their_resource(empty_account: Account) -> None:
    _, name = empty_account.register_ca(tags=[{"Key": "a", "Value": "b"}])
    arn = f"{ARN}cacert/{name}"
    empty_account.iot.tag_resource(resourceArn=arn, tags=[{"Key": "c", "Value": "d"}])
    empty_account.iot.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert empty_account.iot.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "c", "Value": "d"}]
    missing = code_of(lambda: empty_account.iot.list_tags_for_resource(resourceArn=f"{ARN}policy/none"))
    assert missing == ("ResourceNotFoundException", 404)
    untaggable = code_of(lambda: empty_account.iot.list_tags_for_resource(resourceArn=f"{ARN}cert/{name}"))
    assert untaggable == ("InvalidRequestException", 400)


def test_the_endpoint_is_that_of_the_cloud_every_time(empty_account: Account) -> None:
    for _ in range(2):
        assert (
            empty_account.iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
            == empty_account.cloud.endpoint
        )


def test_the_callers_identity_is_the_clouds_account(empty_account: Account) -> None:
    assert empty_account.client("sts").get_caller_identity()["Account"] == empty_account.cloud.account_id


def test_keys_that_the_service_makes_fit_its_certificate(empty_account: Account) -> None:
    made = empty_account.iot.create_keys_and_certificate(setAsActive=True)
    certificate = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    key = serialization.load_pem_private_key(made["keyPair"]["PrivateKey"].encode(), None)
    assert certificate.public_key() == key.public_key()
    described = empty_account.iot.describe_certificate(certificateId=made["certificateId"])["certificateDescription"]
    assert (described["status"], described["certificateMode"]) == ("ACTIVE", "DEFAULT")
    assert [one["certificateId"] for one in empty_account.iot.list_certificates()["certificates"]] == [
        made["certificateId"]
    ]


def test_a_certificate_for_a_request_carries_the_requests_key(empty_account: Account) -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(ec_key(), hashes.SHA256())
    made = empty_account.iot.create_certificate_from_csr(
        certificateSigningRequest=request.public_bytes(serialization.Encoding.PEM).decode()
    )
    certificate = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    assert certificate.public_key() == ec_key().public_key()
    assert certificate.subject == subject
    refused = code_of(lambda: empty_account.iot.create_certificate_from_csr(certificateSigningRequest="x"))
    assert refused == ("InvalidRequestException", 400)


def test_a_change_by_one_of_motos_own_operations_is_told_to_caches(empty_account: Account) -> None:
    empty_account.iot.create_thing_group(thingGroupName="g")
    empty_account.iot.create_thing(thingName="t")
    version = empty_account.cloud.registry.version()
    empty_account.iot.describe_thing(thingName="t")
    assert empty_account.cloud.registry.version() == version
    empty_account.iot.add_thing_to_thing_group(thingGroupName="g", thingName="t")
    assert empty_account.cloud.registry.version() > version


def test_things_are_searched_once_indexing_is_on(empty_account: Account) -> None:
    empty_account.iot.create_thing(thingName="t")
    empty_account.iot.update_indexing_configuration(thingIndexingConfiguration={"thingIndexingMode": "REGISTRY"})
    (found,) = empty_account.iot.search_index(queryString="thingName:t*")["things"]
    assert found["thingName"] == "t"
    assert "connectivity" not in found
    empty_account.iot.update_indexing_configuration(
        thingIndexingConfiguration={"thingIndexingMode": "REGISTRY", "thingConnectivityIndexingMode": "STATUS"}
    )
    (found,) = empty_account.iot.search_index(queryString="thingName:t*")["things"]
    assert found["connectivity"]["connected"] is False


@pytest.mark.parametrize("size_bytes", [0, 5, 1_500_000])
def test_objects_go_through_the_api_unchanged(empty_account: Account, size_bytes: int) -> None:
    s3 = empty_account.client("s3")
    s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    body = bytes(range(256)) * (size_bytes // 256) + b"x" * (size_bytes % 256)
    s3.put_object(Bucket="images", Key="a b/image.gbl", Body=body)
    assert s3.get_object(Bucket="images", Key="a b/image.gbl")["Body"].read() == body
    assert s3.head_object(Bucket="images", Key="a b/image.gbl")["ContentLength"] == size_bytes
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="images")["Contents"]] == ["a b/image.gbl"]
