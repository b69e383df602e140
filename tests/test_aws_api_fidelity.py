"""What the API answers to wrong requests, as a table: operation, how the account stands, expected code and status.

Each row runs in-process and over HTTP. The codes are AWS's, from the service model and the pages named in the rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cloud_account import GUIDE_POLICY, Account, code_of
from pki_fixtures import Minted, ec_key, mint, mint_ca, rsa_key

from dicfix.offline.rules import (
    RULES,
    bucket_names,
    ca_admission,
    certificate_admission,
    certificate_reading,
    data_requests,
    endpoints,
    names,
    paging,
    policy_documents,
    removed,
    things,
)

pytest_plugins = ["cloud_fixtures"]

ID = "0123456789abcdef" * 4
ARN = "arn:aws:iot:eu-west-1:123456789012:"
Row = Callable[[Account], Callable[[], Any]]
ROWS: dict[str, tuple[str, int, Row]] = {}


def row(code: str, status: int) -> Callable[[Row], Row]:
    """Put a row in the table under its function's name."""

    def add(make: Row) -> Row:
        ROWS[make.__name__] = (code, status, make)
        return make

    return add


def _ca_call(empty_account: Account, pem: str, **members: Any) -> Callable[[], Any]:
    return lambda: empty_account.iot.register_ca_certificate(caCertificate=pem, **members)


@row("InvalidRequestException", 400)
def sni_only_ca_with_verification(empty_account: Account) -> Any:
    ca = mint_ca()
    return _ca_call(empty_account, ca.pem, certificateMode="SNI_ONLY", verificationCertificate=mint("x", ca).pem)


@row("InvalidRequestException", 400)
def default_ca_without_verification(empty_account: Account) -> Any:
    return _ca_call(empty_account, mint_ca().pem)


@row("InvalidRequestException", 400)
def ca_in_unknown_mode(empty_account: Account) -> Any:
    return _ca_call(empty_account, mint_ca().pem, certificateMode="MULTI")


@row("RegistrationCodeValidationException", 400)
def verification_without_the_code(empty_account: Account) -> Any:
    empty_account.iot.get_registration_code()
    ca = mint_ca()
    return _ca_call(empty_account, ca.pem, verificationCertificate=mint("not the code", ca).pem)


@row("RegistrationCodeValidationException", 400)
def verification_with_a_deleted_code(empty_account: Account) -> Any:
    code = empty_account.iot.get_registration_code()["registrationCode"]
    empty_account.iot.delete_registration_code()
    ca = mint_ca()
    return _ca_call(empty_account, ca.pem, verificationCertificate=mint(code, ca).pem)


@row("CertificateValidationException", 400)
def verification_of_another_ca(empty_account: Account) -> Any:
    code = empty_account.iot.get_registration_code()["registrationCode"]
    return _ca_call(empty_account, mint_ca().pem, verificationCertificate=mint(code, mint_ca(key=ec_key(1))).pem)


@row("CertificateValidationException", 400)
def garbage_as_ca(empty_account: Account) -> Any:
    return _ca_call(empty_account, "garbage", certificateMode="SNI_ONLY")


@row("CertificateValidationException", 400)
def leaf_as_ca(empty_account: Account) -> Any:
    return _ca_call(empty_account, mint("leaf", mint_ca()).pem, certificateMode="SNI_ONLY")


@row("CertificateValidationException", 400)
def ca_with_a_weak_key(empty_account: Account) -> Any:
    return _ca_call(empty_account, mint_ca(key=rsa_key(1024)).pem, certificateMode="SNI_ONLY")


@row("ResourceAlreadyExistsException", 409)
def ca_again(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca()
    return _ca_call(empty_account, ca.pem.replace("\n", "\r\n"), certificateMode="SNI_ONLY")


@row("LimitExceededException", 410)
def eleventh_ca_of_a_subject(empty_account: Account) -> Any:
    for _ in range(10):
        empty_account.register_ca(mint_ca())
    return _ca_call(empty_account, mint_ca().pem, certificateMode="SNI_ONLY")


@row("ResourceNotFoundException", 404)
def unknown_ca(empty_account: Account) -> Any:
    return lambda: empty_account.iot.describe_ca_certificate(certificateId=ID)


@row("CertificateStateException", 406)
def deleting_an_active_ca(empty_account: Account) -> Any:
    _, name = empty_account.register_ca()
    return lambda: empty_account.iot.delete_ca_certificate(certificateId=name)


@row("ResourceNotFoundException", 404)
def deleting_no_registration_code(empty_account: Account) -> Any:
    return empty_account.iot.delete_registration_code


def _device(empty_account: Account, pem: str, **members: Any) -> Callable[[], Any]:
    return lambda: empty_account.iot.register_certificate(certificatePem=pem, **members)


@row("CertificateValidationException", 400)
def rogue_certificate(empty_account: Account) -> Any:
    empty_account.register_ca()
    return _device(empty_account, mint("device", mint_ca(key=ec_key(1))).pem)


@row("CertificateValidationException", 400)
def certificate_of_another_ca_than_given(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca()
    other, _ = empty_account.register_ca(mint_ca("another"))
    return _device(empty_account, mint("device", ca).pem, caCertificatePem=other.pem)


@row("CertificateStateException", 406)
def certificate_of_an_unregistered_ca(empty_account: Account) -> Any:
    return _device(empty_account, mint("device", mint_ca()).pem)


@row("CertificateStateException", 406)
def certificate_with_an_unregistered_ca_given(empty_account: Account) -> Any:
    ca = mint_ca()
    return _device(empty_account, mint("device", ca).pem, caCertificatePem=ca.pem)


@row("CertificateStateException", 406)
def certificate_of_an_inactive_ca(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca(setAsActive=False)
    return _device(empty_account, mint("device", ca).pem)


@row("CertificateConflictException", 409)
def certificate_with_two_cas_of_one_subject(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca()
    empty_account.register_ca(mint_ca(key=ec_key(1)))
    return _device(empty_account, mint("device", ca).pem)


@row("CertificateStateException", 406)
def certificate_as_pending_activation(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca()
    return _device(empty_account, mint("device", ca).pem, status="PENDING_ACTIVATION")


@row("InvalidRequestException", 400)
def certificate_of_unknown_status(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca()
    return _device(empty_account, mint("device", ca).pem, status="BOGUS")


@row("CertificateValidationException", 400)
def two_certificates_in_one_text(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca()
    return _device(empty_account, mint("device", ca).pem + ca.pem)


@row("CertificateValidationException", 400)
def garbage_as_certificate(empty_account: Account) -> Any:
    return _device(empty_account, "garbage")


def _registered(empty_account: Account, **members: Any) -> tuple[Minted, dict[str, str]]:
    ca, _ = empty_account.register_ca()
    return ca, empty_account.register_device(ca, **members)


@row("ResourceAlreadyExistsException", 409)
def certificate_again_without_ca(empty_account: Account) -> Any:
    ca, _ = empty_account.register_ca()
    leaf = mint("device", ca)
    empty_account.iot.register_certificate(certificatePem=leaf.pem)
    return lambda: empty_account.iot.register_certificate_without_ca(certificatePem=leaf.pem.replace("\n", "\r\n"))


def _status(empty_account: Account, first: str, second: str) -> Callable[[], Any]:
    _, device = _registered(empty_account, status=first)
    return lambda: empty_account.iot.update_certificate(certificateId=device["certificateId"], newStatus=second)


@row("CertificateStateException", 406)
def revoked_made_active(empty_account: Account) -> Any:
    return _status(empty_account, "REVOKED", "ACTIVE")


@row("CertificateStateException", 406)
def active_made_pending_transfer(empty_account: Account) -> Any:
    return _status(empty_account, "ACTIVE", "PENDING_TRANSFER")


@row("ResourceNotFoundException", 404)
def unknown_certificate_updated(empty_account: Account) -> Any:
    return lambda: empty_account.iot.update_certificate(certificateId=ID, newStatus="ACTIVE")


@row("CertificateStateException", 406)
def deleting_an_active_certificate(empty_account: Account) -> Any:
    _, device = _registered(empty_account)
    return lambda: empty_account.iot.delete_certificate(certificateId=device["certificateId"], forceDelete=True)


@row("DeleteConflictException", 409)
def deleting_a_certificate_with_policy(empty_account: Account) -> Any:
    _, device = _registered(empty_account, status="INACTIVE")
    empty_account.iot.create_policy(policyName="p", policyDocument=GUIDE_POLICY)
    empty_account.iot.attach_policy(policyName="p", target=device["certificateArn"])
    return lambda: empty_account.iot.delete_certificate(certificateId=device["certificateId"])


@row("DeleteConflictException", 409)
def forced_deletion_of_a_certificate_with_thing(empty_account: Account) -> Any:
    _, device = _registered(empty_account, status="INACTIVE")
    empty_account.iot.create_thing(thingName="t")
    empty_account.iot.attach_thing_principal(thingName="t", principal=device["certificateArn"])
    return lambda: empty_account.iot.delete_certificate(certificateId=device["certificateId"], forceDelete=True)


def _policy(empty_account: Account, document: str, name: str = "p") -> Callable[[], Any]:
    return lambda: empty_account.iot.create_policy(policyName=name, policyDocument=document)


@row("MalformedPolicyException", 400)
def policy_that_is_no_json(empty_account: Account) -> Any:
    return _policy(empty_account, "policy.json")


@row("MalformedPolicyException", 400)
def policy_without_effect(empty_account: Account) -> Any:
    return _policy(
        empty_account, json.dumps({"Version": "2012-10-17", "Statement": [{"Action": "*", "Resource": "*"}]})
    )


def _statement(**members: Any) -> str:
    good = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**good, **members}]})


@row("MalformedPolicyException", 400)
def policy_with_an_unknown_member(empty_account: Account) -> Any:
    return _policy(empty_account, json.dumps({**json.loads(GUIDE_POLICY), "Comment": "x"}))


@row("MalformedPolicyException", 400)
def policy_with_a_principal(empty_account: Account) -> Any:
    return _policy(empty_account, _statement(Principal="*"))


@row("MalformedPolicyException", 400)
def policy_with_a_bare_action(empty_account: Account) -> Any:
    return _policy(empty_account, _statement(Action="Connect"))


@row("MalformedPolicyException", 400)
def policy_with_a_bare_topic(empty_account: Account) -> Any:
    return _policy(empty_account, _statement(Resource="topic/a"))


@row("MalformedPolicyException", 400)
def policy_with_a_condition_that_is_none(empty_account: Account) -> Any:
    return _policy(empty_account, _statement(Condition="x"))


@row("MalformedPolicyException", 400)
def policy_that_is_too_long(empty_account: Account) -> Any:
    return _policy(empty_account, GUIDE_POLICY.replace('"*"}', '"arn:aws:iot:*:*:topic/' + "x" * 2000 + '"}'))


@row("InvalidRequestException", 400)
def policy_with_a_blank_in_its_name(empty_account: Account) -> Any:
    return _policy(empty_account, GUIDE_POLICY, "my policy")


@row("ResourceAlreadyExistsException", 409)
def policy_again_with_another_document(empty_account: Account) -> Any:
    _policy(empty_account, GUIDE_POLICY)()
    return _policy(empty_account, GUIDE_POLICY.replace('"Action":"*"', '"Action":"iot:*"'))


@row("VersionsLimitExceededException", 409)
def sixth_version(empty_account: Account) -> Any:
    _policy(empty_account, GUIDE_POLICY)()
    for _ in range(4):
        empty_account.iot.create_policy_version(policyName="p", policyDocument=GUIDE_POLICY)
    return lambda: empty_account.iot.create_policy_version(policyName="p", policyDocument=GUIDE_POLICY)


@row("DeleteConflictException", 409)
def deleting_a_policy_with_versions(empty_account: Account) -> Any:
    _policy(empty_account, GUIDE_POLICY)()
    empty_account.iot.create_policy_version(policyName="p", policyDocument=GUIDE_POLICY)
    return lambda: empty_account.iot.delete_policy(policyName="p")


@row("InvalidRequestException", 400)
def deleting_the_default_version(empty_account: Account) -> Any:
    _policy(empty_account, GUIDE_POLICY)()
    return lambda: empty_account.iot.delete_policy_version(policyName="p", policyVersionId="1")


@row("DeleteConflictException", 409)
def deleting_an_attached_policy(empty_account: Account) -> Any:
    deleting_a_certificate_with_policy(empty_account)
    return lambda: empty_account.iot.delete_policy(policyName="p")


@row("ResourceNotFoundException", 404)
def attaching_an_unknown_policy(empty_account: Account) -> Any:
    _, device = _registered(empty_account)
    return lambda: empty_account.iot.attach_policy(policyName="p", target=device["certificateArn"])


@row("ResourceNotFoundException", 404)
def attaching_to_an_unknown_certificate(empty_account: Account) -> Any:
    _policy(empty_account, GUIDE_POLICY)()
    return lambda: empty_account.iot.attach_policy(policyName="p", target=f"{ARN}cert/{ID}")


@row("LimitExceededException", 410)
def eleventh_policy_on_a_certificate(empty_account: Account) -> Any:
    _, device = _registered(empty_account)
    for number in range(11):
        _policy(empty_account, GUIDE_POLICY, f"p{number}")()
    for number in range(10):
        empty_account.iot.attach_policy(policyName=f"p{number}", target=device["certificateArn"])
    return lambda: empty_account.iot.attach_policy(policyName="p10", target=device["certificateArn"])


@row("InvalidRequestException", 400)
def thing_with_a_blank_in_its_name(empty_account: Account) -> Any:
    return lambda: empty_account.iot.create_thing(thingName="has space")


@row("InvalidRequestException", 400)
def thing_with_four_attributes(empty_account: Account) -> Any:
    return lambda: empty_account.iot.create_thing(
        thingName="t", attributePayload={"attributes": dict.fromkeys("abcd", "x")}
    )


@row("ResourceAlreadyExistsException", 409)
def thing_again_with_other_attributes(empty_account: Account) -> Any:
    empty_account.iot.create_thing(thingName="t")
    return lambda: empty_account.iot.create_thing(thingName="t", attributePayload={"attributes": {"a": "b"}})


@row("ResourceNotFoundException", 404)
def thing_of_an_unknown_type(empty_account: Account) -> Any:
    return lambda: empty_account.iot.create_thing(thingName="t", thingTypeName="k")


@row("VersionConflictException", 409)
def thing_of_another_version(empty_account: Account) -> Any:
    empty_account.iot.create_thing(thingName="t")
    return lambda: empty_account.iot.update_thing(
        thingName="t", expectedVersion=2, attributePayload={"attributes": {"a": "b"}}
    )


@row("InvalidRequestException", 400)
def deleting_a_thing_with_principal(empty_account: Account) -> Any:
    forced_deletion_of_a_certificate_with_thing(empty_account)
    return lambda: empty_account.iot.delete_thing(thingName="t")


@row("InvalidRequestException", 400)
def second_thing_beside_an_exclusive_one(empty_account: Account) -> Any:
    _, device = _registered(empty_account)
    for name in ("t", "u"):
        empty_account.iot.create_thing(thingName=name)
    empty_account.iot.attach_thing_principal(
        thingName="t", principal=device["certificateArn"], thingPrincipalType="EXCLUSIVE_THING"
    )
    return lambda: empty_account.iot.attach_thing_principal(thingName="u", principal=device["certificateArn"])


@row("InvalidRequestException", 400)
def attachment_of_another_type(empty_account: Account) -> Any:
    _, device = _registered(empty_account)
    empty_account.iot.create_thing(thingName="t")
    empty_account.iot.attach_thing_principal(thingName="t", principal=device["certificateArn"])
    return lambda: empty_account.iot.attach_thing_principal(
        thingName="t", principal=device["certificateArn"], thingPrincipalType="EXCLUSIVE_THING"
    )


@row("InvalidRequestException", 400)
def thing_of_a_deprecated_type(empty_account: Account) -> Any:
    empty_account.iot.create_thing_type(thingTypeName="k")
    empty_account.iot.deprecate_thing_type(thingTypeName="k")
    return lambda: empty_account.iot.create_thing(thingName="t", thingTypeName="k")


@row("InvalidRequestException", 400)
def deleting_a_thing_type_that_is_not_deprecated(empty_account: Account) -> Any:
    empty_account.iot.create_thing_type(thingTypeName="k")
    return lambda: empty_account.iot.delete_thing_type(thingTypeName="k")


@row("ResourceAlreadyExistsException", 409)
def thing_type_again_with_other_properties(empty_account: Account) -> Any:
    empty_account.iot.create_thing_type(thingTypeName="k")
    return lambda: empty_account.iot.create_thing_type(
        thingTypeName="k", thingTypeProperties={"thingTypeDescription": "x"}
    )


@row("ResourceAlreadyExistsException", 409)
def thing_group_again_with_other_properties(empty_account: Account) -> Any:
    empty_account.iot.create_thing_group(thingGroupName="g")
    return lambda: empty_account.iot.create_thing_group(
        thingGroupName="g", thingGroupProperties={"thingGroupDescription": "x"}
    )


@row("InvalidRequestException", 400)
def deleting_a_thing_group_with_children(empty_account: Account) -> Any:
    empty_account.iot.create_thing_group(thingGroupName="g")
    empty_account.iot.create_thing_group(thingGroupName="h", parentGroupName="g")
    return lambda: empty_account.iot.delete_thing_group(thingGroupName="g")


@row("ResourceNotFoundException", 404)
def searching_without_index(empty_account: Account) -> Any:
    return lambda: empty_account.iot.search_index(queryString="thingName:*")


@row("ResourceNotFoundException", 404)
def principals_of_an_unknown_thing(empty_account: Account) -> Any:
    return lambda: empty_account.iot.list_thing_principals(thingName="t")


@row("ResourceNotFoundException", 404)
def detaching_what_is_not_attached(empty_account: Account) -> Any:
    _, device = _registered(empty_account)
    empty_account.iot.create_thing(thingName="t")
    return lambda: empty_account.iot.detach_thing_principal(thingName="t", principal=device["certificateArn"])


@row("InvalidRequestException", 400)
def endpoint_of_unknown_type(empty_account: Account) -> Any:
    return lambda: empty_account.iot.describe_endpoint(endpointType="iot:Everything")


@row("InvalidRequestException", 400)
def page_of_251(empty_account: Account) -> Any:
    return lambda: empty_account.iot.list_certificates(pageSize=251)


@row("InvalidRequestException", 400)
def marker_of_another_list(empty_account: Account) -> Any:
    for name in ("p", "q"):
        _policy(empty_account, GUIDE_POLICY, name)()
    marker = empty_account.iot.list_policies(pageSize=1)["nextMarker"]
    return lambda: empty_account.iot.list_certificates(marker=marker)


@row("InvalidRequestException", 400)
def marker_of_nowhere(empty_account: Account) -> Any:
    return lambda: empty_account.iot.list_policies(marker="AAAA")


@row("InvalidBucketName", 400)
def bucket_of_the_guide(empty_account: Account) -> Any:
    return lambda: empty_account.client("s3").create_bucket(
        Bucket="ota_demo", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )


@row("InvalidRequestException", 400)
def message_to_a_wildcard(empty_account: Account) -> Any:
    return lambda: empty_account.client("iot-data").publish(topic="light/#", payload=b"x")


@row("ResourceNotFoundException", 404)
def connection_of_nobody(empty_account: Account) -> Any:
    return lambda: empty_account.client("iot-data").get_connection(clientId="nobody")


@row("ResourceNotFoundException", 404)
def message_to_nobody(empty_account: Account) -> Any:
    return lambda: empty_account.client("iot-data").send_direct_message(clientId="nobody", topic="a", payload=b"x")


@row("ResourceNotFoundException", 404)
def no_retained_message(empty_account: Account) -> Any:
    return lambda: empty_account.client("iot-data").get_retained_message(topic="light/1")


@row("NotImplemented", 501)
def operation_that_is_missing(empty_account: Account) -> Any:
    return lambda: empty_account.iot.list_audit_tasks(startTime=0, endTime=1)


@row("NotImplemented", 501)
def operation_that_is_missing_in_an_xml_service(empty_account: Account) -> Any:
    return lambda: empty_account.client("iam").simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["a:b"])


@row("NotImplemented", 501)
def service_that_is_missing(empty_account: Account) -> Any:
    return lambda: empty_account.client("braket").search_jobs(filters=[])


@pytest.mark.parametrize("name", ROWS)
def test_a_wrong_request_is_answered_with_awss_code_and_status(empty_account: Account, name: str) -> None:
    code, status, make = ROWS[name]
    assert code_of(make(empty_account)) == (code, status)


@pytest.mark.parametrize("name", ["ca_again", "certificate_again_without_ca", "policy_again_with_another_document"])
def test_a_conflict_names_the_resource_that_is_there(empty_account: Account, name: str) -> None:
    call = ROWS[name][2](empty_account)
    with pytest.raises(empty_account.iot.exceptions.ResourceAlreadyExistsException) as conflict:
        call()
    response = conflict.value.response
    assert response["resourceArn"].startswith(ARN)
    assert response["resourceArn"].endswith(response["resourceId"])


DECIDED_BY = {
    "CA-SNI-ONLY-WITHOUT-VERIFICATION": "sni_only_ca_with_verification",
    "CA-DEFAULT-WITH-VERIFICATION": "default_ca_without_verification",
    "CA-VERIFICATION-COMMON-NAME": "verification_without_the_code",
    "CA-VERIFICATION-SIGNATURE": "verification_of_another_ca",
    "CA-IS-A-CA": "leaf_as_ca",
    "CA-REGISTERED-ONCE": "ca_again",
    "CA-TEN-PER-SUBJECT": "eleventh_ca_of_a_subject",
    "CA-INACTIVE-BEFORE-DELETION": "deleting_an_active_ca",
    "CERTIFICATE-ONE-PEM-BLOCK": "two_certificates_in_one_text",
    "CERTIFICATE-SUPPORTED-KEY": "ca_with_a_weak_key",
    "CERTIFICATE-REGISTRABLE-STATUS": "certificate_as_pending_activation",
    "CERTIFICATE-SAME-SUBJECT-CONFLICT": "certificate_with_two_cas_of_one_subject",
    "CERTIFICATE-CA-ACTIVE": "certificate_of_an_inactive_ca",
    "CERTIFICATE-SIGNED-BY-CA": "rogue_certificate",
    "CERTIFICATE-REGISTERED-ONCE": "certificate_again_without_ca",
    "CERTIFICATE-SETTABLE-STATUS": "active_made_pending_transfer",
    "CERTIFICATE-REVOKED-STAYS": "revoked_made_active",
    "CERTIFICATE-INACTIVE-BEFORE-DELETION": "deleting_an_active_certificate",
    "CERTIFICATE-THING-DETACHED-BEFORE-DELETION": "forced_deletion_of_a_certificate_with_thing",
    "CERTIFICATE-POLICY-DETACHED-BEFORE-DELETION": "deleting_a_certificate_with_policy",
    "NAMES-MEMBER-CONSTRAINTS": "thing_with_a_blank_in_its_name",
    "POLICY-DOCUMENT-LENGTH": "policy_that_is_too_long",
    "POLICY-DOCUMENT-TOP-LEVEL": "policy_with_an_unknown_member",
    "POLICY-DOCUMENT-STATEMENT-MEMBERS": "policy_with_a_principal",
    "POLICY-DOCUMENT-EFFECT": "policy_without_effect",
    "POLICY-DOCUMENT-ACTIONS": "policy_with_a_bare_action",
    "POLICY-DOCUMENT-RESOURCES": "policy_with_a_bare_topic",
    "POLICY-DOCUMENT-CONDITION": "policy_with_a_condition_that_is_none",
    "POLICY-FIVE-VERSIONS": "sixth_version",
    "POLICY-DEFAULT-VERSION-STAYS": "deleting_the_default_version",
    "POLICY-UNATTACHED-BEFORE-DELETION": "deleting_an_attached_policy",
    "POLICY-ONE-VERSION-BEFORE-DELETION": "deleting_a_policy_with_versions",
    "POLICY-TEN-PER-TARGET": "eleventh_policy_on_a_certificate",
    "POLICY-CREATED-ONCE": "policy_again_with_another_document",
    "THING-SAME-CONFIGURATION": "thing_again_with_other_attributes",
    "THING-ATTRIBUTE-COUNT": "thing_with_four_attributes",
    "THING-EXPECTED-VERSION": "thing_of_another_version",
    "THING-DETACHED-BEFORE-DELETION": "deleting_a_thing_with_principal",
    "THING-EXCLUSIVE-ATTACHMENT": "second_thing_beside_an_exclusive_one",
    "THING-ATTACHMENT-TYPE-STAYS": "attachment_of_another_type",
    "THING-TYPE-USABLE": "thing_of_a_deprecated_type",
    "THING-TYPE-DEPRECATED-BEFORE-DELETION": "deleting_a_thing_type_that_is_not_deprecated",
    "THING-TYPE-SAME-CONFIGURATION": "thing_type_again_with_other_properties",
    "THING-GROUP-SAME-CONFIGURATION": "thing_group_again_with_other_properties",
    "THING-GROUP-CHILDLESS-BEFORE-DELETION": "deleting_a_thing_group_with_children",
    "INDEX-ON-BEFORE-SEARCH": "searching_without_index",
    "PAGING-MARKER-OF-THIS-OPERATION": "marker_of_another_list",
    "BUCKET-NAME": "bucket_of_the_guide",
    "DATA-PUBLISH-NO-WILDCARDS": "message_to_a_wildcard",
}
"""The row of the table that each rule decides: with the rule out, the request succeeds."""
ELSEWHERE = {
    "ENDPOINT-STABLE": "an answer, not a refusal: tests/test_aws_api_registry.py",
    "PAGING-PAGE-SIZE": "an answer, not a refusal: tests/test_aws_api_registry.py",
    "POLICY-DOCUMENT-JSON-OBJECT": "text that is no JSON has no statement either: policy.top-level refuses it as well",
}


@pytest.mark.parametrize("rule_id", DECIDED_BY)
def test_a_rule_decides_its_row_of_the_api(empty_account: Account, rule_id: str) -> None:
    code, status, make = ROWS[DECIDED_BY[rule_id]]
    call = make(empty_account)
    with removed(rule_id):
        assert code_of(call) != (code, status), f"{rule_id} is not asked by the API"


def test_every_rule_of_the_api_is_seen_in_the_table() -> None:
    modules = (
        ca_admission,
        certificate_admission,
        certificate_reading,
        names,
        policy_documents,
        things,
        endpoints,
        paging,
        bucket_names,
        data_requests,
    )
    prefix = "tests/test_rules_"
    homes = {module.__name__.rpartition(".")[2] for module in modules} | {"names", "certificate_admission"}
    held = {
        rule_id
        for rule_id, rule in RULES.items()
        if any(node.startswith(f"{prefix}{home}.py") for node in rule.held_by for home in homes)
    }
    assert held == DECIDED_BY.keys() | ELSEWHERE.keys()
