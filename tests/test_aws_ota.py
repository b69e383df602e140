"""The AWS calls of the OTA half, held against botocore's models: what is asked, and what each answer becomes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from dicfix.aws import buckets, code_signing, jobs, ota, roles, signing
from dicfix.aws.answers import member, tried, unless_absent
from dicfix.aws.buckets import ObjectVersion
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, GuardRefused, Unreadable
from dicfix.fields import NOT_ASKED, Unread
from dicfix.guide.ota_rights import Right
from dicfix.ota_records import CUSTOM, NEW, PREVIOUS, UNSIGNED

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "not-a-secret", "aws_session_token": None}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Stubbed:
    """A session whose answers are given beforehand, service by service and in order."""

    def __init__(self, region: str = "eu-west-1") -> None:
        self.session = AwsSession({"region_name": region, **CREDENTIALS}, max_attempts=1)
        self._stubs: dict[str, Stubber] = {}

    def answer(self, name: str, body: dict[str, Any] | None = None, asked: dict[str, Any] | None = None) -> None:
        self._stub(name).add_response(self._method(name), body or {}, asked)

    def refuse(self, name: str, code: str, status: int = 400) -> None:
        self._stub(name).add_client_error(self._method(name), code, "no", status)

    def _method(self, name: str) -> str:
        service, operation = name.split(":")
        methods = self.session.client(service).meta.method_to_api_mapping
        return next(method for method, api in methods.items() if api == operation)

    def _stub(self, name: str) -> Stubber:
        service = name.split(":")[0]
        if service not in self._stubs:
            self._stubs[service] = Stubber(self.session.client(service))
            self._stubs[service].activate()
        return self._stubs[service]

    def expect_all_asked(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def aws() -> Iterator[Stubbed]:
    stubbed = Stubbed()
    yield stubbed
    stubbed.expect_all_asked()


# Answers


def test_a_missing_member_is_unread_and_false_is_not_missing() -> None:
    assert member({"a": False}, "a", "x:Y") is False
    assert member({}, "a", "x:Y") == Unread("x:Y", "FieldMissing", "the answer has no a")


def test_what_stands_in_the_way_is_unread_and_a_guard_is_raised() -> None:
    def denied() -> str:
        raise Unreadable("x:Y", "AccessDenied", "no", permission="x:Y")

    def guarded() -> str:
        raise GuardRefused("no")

    assert tried("x:Y", denied) == Unread("x:Y", "AccessDenied", "no", "x:Y")
    assert tried("x:Y", lambda: _raise(AwsRefused("x:Z", "Odd", "what"))).code == "Odd"  # type: ignore[union-attr]
    with pytest.raises(GuardRefused):
        tried("x:Y", guarded)


def test_only_the_named_codes_mean_absent() -> None:
    assert unless_absent(lambda: _raise(AwsRefused("x:Y", "Gone", "")), ("Gone",)) is None
    with pytest.raises(AwsRefused, match="Other"):
        unless_absent(lambda: _raise(AwsRefused("x:Y", "Other", "")), ("Gone",))


def _raise(error: Exception) -> str:
    raise error


# Buckets


def test_a_bucket_is_read_with_versioning_and_public_access(aws: Stubbed) -> None:
    blocks = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    aws.answer("s3:GetBucketLocation", {"LocationConstraint": "eu-west-1"}, {"Bucket": "b-1"})
    aws.answer("s3:GetBucketVersioning", {"Status": "Enabled"})
    aws.answer("s3:GetPublicAccessBlock", {"PublicAccessBlockConfiguration": blocks})
    found = buckets.read_bucket(aws.session, "b-1")
    assert found is not None
    assert (found.region, found.versioning, found.public_access_block) == ("eu-west-1", "Enabled", blocks)


@pytest.mark.parametrize(("constraint", "region"), [({}, "us-east-1"), ({"LocationConstraint": "EU"}, "eu-west-1")])
def test_the_old_words_for_a_region_are_translated(aws: Stubbed, constraint: dict[str, str], region: str) -> None:
    aws.answer("s3:GetBucketLocation", constraint)
    aws.answer("s3:GetBucketVersioning")
    aws.refuse("s3:GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration", 404)
    found = buckets.read_bucket(aws.session, "b-1")
    assert found is not None
    assert (found.region, found.versioning, found.public_access_block) == (region, "", {})


def test_no_bucket_is_none_and_a_denied_one_is_unreadable(aws: Stubbed) -> None:
    aws.refuse("s3:GetBucketLocation", "NoSuchBucket", 404)
    assert buckets.read_bucket(aws.session, "b-1") is None
    aws.refuse("s3:GetBucketLocation", "AccessDenied", 403)
    with pytest.raises(Unreadable, match=r"s3:GetBucketLocation.*AccessDenied"):
        buckets.read_bucket(aws.session, "b-1")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_bucket_outside_us_east_1_names_its_region(region: str) -> None:
    aws = Stubbed(region)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    aws.answer("s3:CreateBucket", {}, {"Bucket": "b-1", **place})
    buckets.create_bucket(aws.session, "b-1")
    aws.expect_all_asked()


def test_an_object_is_sized_by_its_version_over_all_pages(aws: Stubbed) -> None:
    row = {"Key": "k", "VersionId": "v1", "Size": 5}
    aws.answer(
        "s3:ListObjectVersions",
        {"Versions": [{**row, "Key": "k2"}], "IsTruncated": True, "NextKeyMarker": "k2", "NextVersionIdMarker": "v1"},
        {"Bucket": "b-1", "Prefix": "k"},
    )
    aws.answer(
        "s3:ListObjectVersions",
        {"Versions": [row, {**row, "VersionId": "v2", "Size": 7}], "DeleteMarkers": [{"Key": "k", "VersionId": "v3"}]},
        {"Bucket": "b-1", "Prefix": "k", "KeyMarker": "k2", "VersionIdMarker": "v1"},
    )
    assert buckets.size_of(aws.session, ObjectVersion("b-1", "k", "v2")) == 7


def test_a_deleted_version_has_no_size(aws: Stubbed) -> None:
    aws.answer("s3:ListObjectVersions", {"DeleteMarkers": [{"Key": "k", "VersionId": "v3"}]})
    assert buckets.size_of(aws.session, ObjectVersion("b-1", "k", "v3")) is None
    aws.refuse("s3:ListObjectVersions", "NoSuchBucket", 404)
    assert buckets.size_of(aws.session, ObjectVersion("b-1", "k", "v3")) is None


def test_objects_are_deleted_with_every_version_and_marker(aws: Stubbed) -> None:
    aws.answer(
        "s3:ListObjectVersions",
        {"Versions": [{"Key": "p/k", "VersionId": "v1"}], "DeleteMarkers": [{"Key": "p/k", "VersionId": "v2"}]},
    )
    rows = [{"Key": "p/k", "VersionId": "v1"}, {"Key": "p/k", "VersionId": "v2"}]
    aws.answer("s3:DeleteObjects", {}, {"Bucket": "b-1", "Delete": {"Objects": rows, "Quiet": True}})
    buckets.delete_objects(aws.session, "b-1", "p/")


def test_an_object_that_could_not_be_deleted_is_an_error(aws: Stubbed) -> None:
    aws.answer("s3:ListObjectVersions", {"Versions": [{"Key": "k", "VersionId": "v1"}]})
    aws.answer("s3:DeleteObjects", {"Errors": [{"Key": "k", "Code": "AccessDenied", "Message": "no"}]})
    with pytest.raises(AwsRefused, match="s3:DeleteObjects was refused with AccessDenied"):
        buckets.delete_objects(aws.session, "b-1", "")


# Roles and rights

ROLE = "arn:aws:iam::123456789012:role/ota_demo"
TRUST = {"Version": "2012-10-17", "Statement": []}


def test_a_role_is_read_with_its_attached_and_inline_policies(aws: Stubbed) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate"
    role = {"Path": "/", "RoleName": "ota_demo", "RoleId": "A" * 16, "Arn": "arn:aws:iam::1:role/ota_demo"}
    trusted = {"Role": {**role, "CreateDate": NOW, "AssumeRolePolicyDocument": json.dumps(TRUST)}}
    aws.answer("iam:GetRole", trusted, {"RoleName": "ota_demo"})
    aws.answer("iam:ListAttachedRolePolicies", {"AttachedPolicies": [{"PolicyArn": arn}]})
    aws.answer("iam:GetPolicy", {"Policy": {"DefaultVersionId": "v3"}}, {"PolicyArn": arn})
    aws.answer("iam:GetPolicyVersion", {"PolicyVersion": {"Document": "{}"}}, {"PolicyArn": arn, "VersionId": "v3"})
    aws.answer("iam:ListRolePolicies", {"PolicyNames": ["own"]})
    aws.answer("iam:GetRolePolicy", {"RoleName": "ota_demo", "PolicyName": "own", "PolicyDocument": "{}"})
    found = roles.read_role(aws.session, "ota_demo")
    assert found is not None
    assert json.loads(found.trust) == TRUST  # type: ignore[arg-type]
    assert (found.attached_policies, found.inline_policies) == ({arn: "{}"}, {"own": "{}"})


def test_a_role_whose_policies_are_denied_is_read_in_part(aws: Stubbed) -> None:
    role = {"Path": "/", "RoleName": "ota_demo", "RoleId": "A" * 16, "Arn": "arn:aws:iam::1:role/ota_demo"}
    aws.answer("iam:GetRole", {"Role": {**role, "CreateDate": NOW, "AssumeRolePolicyDocument": "{}"}})
    aws.refuse("iam:ListAttachedRolePolicies", "AccessDenied", 403)
    aws.answer("iam:ListRolePolicies", {"PolicyNames": []})
    found = roles.read_role(aws.session, "ota_demo")
    assert found is not None
    assert isinstance(found.attached_policies, Unread)
    assert found.attached_policies.permission == "iam:ListAttachedRolePolicies"
    assert found.inline_policies == {}


def test_no_role_is_none(aws: Stubbed) -> None:
    aws.refuse("iam:GetRole", "NoSuchEntity", 404)
    assert roles.read_role(aws.session, "ota_demo") is None


def _simulated(**decisions: str) -> dict[str, Any]:
    rows = [{"EvalActionName": name.replace("_", ":"), "EvalDecision": said} for name, said in decisions.items()]
    return {"EvaluationResults": rows}


def test_rights_are_simulated_resource_by_resource(aws: Stubbed) -> None:
    asked = {"PolicySourceArn": "arn:aws:iam::1:user/u", "ActionNames": ["s3:A", "s3:B"], "ResourceArns": ["r1"]}
    aws.answer(
        "iam:SimulatePrincipalPolicy",
        _simulated(s3_A="allowed", s3_B="explicitDeny"),
        {**asked, "ContextEntries": ANY},
    )
    aws.refuse("iam:SimulatePrincipalPolicy", "AccessDenied", 403)
    wanted = [Right("s3:A", "r1"), Right("iam:C", "r2"), Right("s3:B", "r1")]
    found = roles.read_operator_rights(aws.session, "arn:aws:iam::1:user/u", wanted)
    assert (found.allowed["s3:A"], found.allowed["s3:B"]) == (True, False)  # type: ignore[index]
    assert isinstance(found.allowed["iam:C"], Unread)  # type: ignore[index]


def test_an_action_that_the_simulation_leaves_out_is_not_known(aws: Stubbed) -> None:
    aws.answer("iam:SimulatePrincipalPolicy", _simulated(s3_A="allowed"))
    found = roles.read_operator_rights(aws.session, "arn:aws:iam::1:user/u", [Right("s3:A", "r1"), Right("s3:B", "r1")])
    assert isinstance(found.allowed["s3:B"], Unread)  # type: ignore[index]


def test_an_assumed_role_is_simulated_as_the_role_itself_with_its_path(aws: Stubbed) -> None:
    role = {"Path": "/team/", "RoleName": "op", "RoleId": "A" * 16, "Arn": "arn:aws:iam::123456789012:role/team/op"}
    aws.answer("iam:GetRole", {"Role": {**role, "CreateDate": NOW}}, {"RoleName": "op"})
    caller = "arn:aws:sts::123456789012:assumed-role/op/somebody@example"
    assert roles.read_operator_rights(aws.session, caller, []).arn == role["Arn"]


# ACM and signer


def test_a_certificate_in_acm_is_read_in_its_own_words(aws: Stubbed) -> None:
    body = {
        "Status": "ISSUED",
        "Type": "IMPORTED",
        "KeyAlgorithm": "EC_prime256v1",
        "SignatureAlgorithm": "SHA256WITHECDSA",
        "KeyUsages": [{"Name": "DIGITAL_SIGNATURE"}],
        "ExtendedKeyUsages": [{"Name": "CODE_SIGNING", "OID": "1.3.6.1.5.5.7.3.3"}],
        "NotAfter": NOW,
    }
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
    aws.answer("acm:DescribeCertificate", {"Certificate": body}, {"CertificateArn": arn})
    found = code_signing.read_code_signing_certificate(aws.session, arn)
    assert found is not None
    assert (found.kind, found.key_usages, found.extended_key_usages) == (
        "IMPORTED",
        ("DIGITAL_SIGNATURE",),
        ("CODE_SIGNING",),
    )
    assert found.not_after == NOW


def test_acm_is_asked_for_ec_keys_which_it_leaves_out_otherwise(aws: Stubbed) -> None:
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
    wanted = {"keyTypes": ["EC_prime256v1"], "extendedKeyUsage": ["CODE_SIGNING"]}
    aws.answer(
        "acm:ListCertificates",
        {"CertificateSummaryList": [{"CertificateArn": arn}]},
        {"MaxItems": 100, "Includes": wanted},
    )
    aws.answer("acm:GetCertificate", {"Certificate": "no certificate"})
    assert code_signing.arn_of(aws.session, "ab" * 32) is None


def _profile(**members: Any) -> dict[str, Any]:
    return {
        "profileName": "p_1",
        "platformId": "AmazonFreeRTOS-Default",
        "status": "Active",
        "arn": "arn:aws:signer:eu-west-1:1:/signing-profiles/p_1",
        "signingMaterial": {"certificateArn": "arn:cert"},
        "signingParameters": {"certname": "c.crt"},
        **members,
    }


PLATFORM = {
    "signingConfiguration": {
        "encryptionAlgorithmOptions": {"allowedValues": ["ECDSA", "RSA"], "defaultValue": "ECDSA"},
        "hashAlgorithmOptions": {"allowedValues": ["SHA256"], "defaultValue": "SHA256"},
    }
}


def test_a_profiles_algorithms_are_its_platforms_asked_for_once(aws: Stubbed) -> None:
    aws.answer("signer:GetSigningProfile", _profile())
    aws.answer("signer:GetSigningPlatform", PLATFORM)
    found = signing.read_signing_profile(aws.session, "p_1")
    assert found is not None
    assert (found.encryption_algorithm, found.hash_algorithm) == ("ECDSA", "SHA256")
    assert (found.certificate_arn, found.parameters) == ("arn:cert", {"certname": "c.crt"})


def test_a_profiles_overrides_win_over_its_platform(aws: Stubbed) -> None:
    over = {"signingConfiguration": {"encryptionAlgorithm": "RSA", "hashAlgorithm": "SHA1"}}
    aws.answer("signer:GetSigningProfile", _profile(overrides=over))
    found = signing.read_signing_profile(aws.session, "p_1")
    assert found is not None
    assert (found.encryption_algorithm, found.hash_algorithm) == ("RSA", "SHA1")


def test_a_platform_that_is_denied_leaves_the_algorithms_unread(aws: Stubbed) -> None:
    aws.answer("signer:GetSigningProfile", _profile())
    aws.refuse("signer:GetSigningPlatform", "AccessDeniedException", 403)
    found = signing.read_signing_profile(aws.session, "p_1")
    assert found is not None
    assert isinstance(found.encryption_algorithm, Unread)
    assert isinstance(found.hash_algorithm, Unread)


def test_a_signing_job_is_read_with_the_size_of_its_source(aws: Stubbed) -> None:
    source = {"bucketName": "b-1", "key": "k", "version": "v1"}
    aws.answer(
        "signer:DescribeSigningJob",
        {
            "status": "Succeeded",
            "profileName": "p_1",
            "source": {"s3": source},
            "signedObject": {"s3": {"bucketName": "b-1", "key": "out"}},
        },
    )
    aws.answer("s3:ListObjectVersions", {"Versions": [{"Key": "k", "VersionId": "v1", "Size": 9}]})
    found = signing.read_signing_job(aws.session, "job")
    assert found is not None
    assert (found.source_size_bytes, found.signed_key, found.status_reason) == (9, "out", "")


# Jobs


def test_jobs_are_listed_without_asking_for_each(aws: Stubbed) -> None:
    rows = [{"jobId": "AFR_OTA-a", "jobArn": "arn:job", "status": "IN_PROGRESS"}]
    aws.answer("iot:ListJobs", {"jobs": rows})
    (found,) = jobs.read_jobs(aws.session).values()
    assert (found.status, found.executions, found.document) == ("IN_PROGRESS", NOT_ASKED, NOT_ASKED)


def test_a_job_is_read_with_document_and_executions(aws: Stubbed) -> None:
    thing = "arn:aws:iot:eu-west-1:123456789012:thing/DIC_2"
    described = {"job": {"jobArn": "arn:job", "status": "COMPLETED", "targets": [thing]}}
    aws.answer("iot:DescribeJob", described, {"jobId": "j"})
    aws.answer(
        "iot:ListJobExecutionsForJob",
        {"executionSummaries": [{"thingArn": thing, "jobExecutionSummary": {"status": "SUCCEEDED"}}]},
    )
    details = {"detailsMap": {"reason": "accepted  v0.9.3"}}
    aws.answer(
        "iot:DescribeJobExecution",
        {"execution": {"status": "SUCCEEDED", "statusDetails": details, "versionNumber": 4}},
        {"jobId": "j", "thingName": "DIC_2"},
    )
    aws.refuse("iot:GetJobDocument", "ThrottlingException")
    found = jobs.read_job(aws.session, "j")
    assert found is not None
    execution = found.executions["DIC_2"]  # type: ignore[index]
    assert (execution.status, execution.details, execution.version) == ("SUCCEEDED", details["detailsMap"], 4)
    assert isinstance(found.document, Unread)


def test_a_thing_group_has_the_things_of_the_groups_below_it(aws: Stubbed) -> None:
    aws.answer("iot:DescribeThingGroup", {"thingGroupArn": "arn:group"}, {"thingGroupName": "g"})
    aws.answer(
        "iot:ListThingsInThingGroup",
        {"things": ["DIC_2"]},
        {"thingGroupName": "g", "recursive": True, "maxResults": 250},
    )
    found = jobs.read_thing_group(aws.session, "g")
    assert found is not None
    assert (found.arn, found.things) == ("arn:group", ("DIC_2",))


# OTA updates


def test_a_custom_signature_is_handed_in_as_base64_text_once() -> None:
    made = ota.signed_by_hand(b"\x30\x01", certificate_name="c.crt", certificate_pem="PEM")["customCodeSigning"]
    assert made["signature"]["inlineDocument"] == base64.b64encode(b"\x30\x01")
    assert (made["hashAlgorithm"], made["signatureAlgorithm"]) == ("SHA256", "ECDSA")


def test_a_file_of_a_previous_signing_job_has_no_location() -> None:
    assert "fileLocation" not in ota.ota_file("file.txt", ota.signed_before("job"), None)
    located = ota.ota_file("file.txt", ota.sign_new("p", "b", "x/"), ObjectVersion("b", "k", "v"))
    assert located["fileLocation"] == {"s3Location": {"bucket": "b", "key": "k", "version": "v"}}


@pytest.mark.parametrize(
    ("signed", "kind"),
    [
        (
            {"startSigningJobParameter": {"signingProfileName": "p"}, "awsSignerJobId": "j", "customCodeSigning": {}},
            NEW,
        ),
        ({"awsSignerJobId": "j", "startSigningJobParameter": {}}, PREVIOUS),
        ({"customCodeSigning": {"hashAlgorithm": "SHA-256", "signature": {"inlineDocument": b"MEU="}}}, CUSTOM),
        ({"customCodeSigning": {}}, UNSIGNED),
    ],
)
def test_empty_siblings_do_not_hide_how_a_file_is_signed(aws: Stubbed, signed: dict[str, Any], kind: str) -> None:
    info = {
        "otaUpdateArn": "arn:u",
        "otaUpdateStatus": "CREATE_FAILED",
        "targets": ["arn:t"],
        "protocols": ["MQTT"],
        "targetSelection": "SNAPSHOT",
        "otaUpdateFiles": [{"fileName": "file.txt", "codeSigning": signed}],
        "errorInfo": {"code": "AccessDenied", "message": "no"},
    }
    aws.answer("iot:GetOTAUpdate", {"otaUpdateInfo": info}, {"otaUpdateId": "u"})
    found = ota.read_ota_update(aws.session, "u")
    assert found is not None
    (file,) = found.files  # type: ignore[misc]
    assert file.signing.kind == kind
    assert (found.job_id, found.role_arn, found.error_code) == ("", "", "AccessDenied")
    if kind == CUSTOM:
        assert (file.signing.signature, file.signing.hash_algorithm) == ("MEU=", "SHA-256")


def test_the_role_of_an_update_is_read_from_the_stream_of_its_document(aws: Stubbed) -> None:
    info = {"otaUpdateArn": "a", "otaUpdateStatus": "CREATE_COMPLETE", "awsIotJobId": "AFR_OTA-u"}
    document = json.dumps({"afr_ota": {"streamname": "AFR_OTA-s"}})
    aws.answer("iot:GetOTAUpdate", {"otaUpdateInfo": info})
    aws.answer("iot:GetJobDocument", {"document": document}, {"jobId": "AFR_OTA-u"})
    aws.answer("iot:DescribeStream", {"streamInfo": {"roleArn": ROLE}}, {"streamId": "AFR_OTA-s"})
    found = ota.read_ota_update(aws.session, "u")
    assert found is not None
    assert found.role_arn == ROLE
    assert isinstance(found.targets, Unread)
    assert isinstance(found.files, Unread)


def test_a_role_that_cannot_be_read_does_not_hide_the_update(aws: Stubbed) -> None:
    info = {"otaUpdateArn": "a", "otaUpdateStatus": "CREATE_COMPLETE", "awsIotJobId": "AFR_OTA-u"}
    aws.answer("iot:GetOTAUpdate", {"otaUpdateInfo": info})
    aws.refuse("iot:GetJobDocument", "UnauthorizedException", 401)
    found = ota.read_ota_update(aws.session, "u")
    assert found is not None
    assert isinstance(found.role_arn, Unread)
    assert found.status == "CREATE_COMPLETE"


def test_updates_are_listed_the_newest_first(aws: Stubbed) -> None:
    rows = [{"otaUpdateId": str(day), "creationDate": NOW.replace(day=day)} for day in (1, 3, 2)]
    aws.answer("iot:ListOTAUpdates", {"otaUpdates": rows})
    assert ota.read_ota_update_ids(aws.session) == ("3", "2", "1")


def test_an_update_is_deleted_with_its_stream_and_its_job(aws: Stubbed) -> None:
    aws.answer("iot:DeleteOTAUpdate", {}, {"otaUpdateId": "u", "deleteStream": True, "forceDeleteAWSJob": True})
    ota.delete_ota_update(aws.session, "u")
