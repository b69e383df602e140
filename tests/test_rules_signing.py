"""AWS Signer: profiles, signing jobs, real signatures."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from ota_world import HOME, START_S, SetClock
from signing_world import acm_arn, ecdsa_key, find_material, materials, rsa_key

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.s3_objects import MemoryObjects
from dicfix.offline.rules.signing import Access, Signing, everyone

IMAGE = b"image" * 1000


class Bench:
    """A signer with a bucket and an object in it."""

    def __init__(self) -> None:
        self.objects = MemoryObjects({"b": "Enabled", "plain": ""})
        self.source = self.objects.put("b", "fw.gbl", IMAGE)
        self.signing = Signing(HOME, SetClock(), self.objects, find_material)

    def profile(
        self, name: str = "dic_ota_codesign", certificate: str | None = "ecdsa", **members: Any
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"profileName": name, "platformId": "AmazonFreeRTOS-Default"}
        if certificate:
            request["signingMaterial"] = {"certificateArn": acm_arn(certificate)}
        return self.signing.put_profile(request | {"signingParameters": {"certname": "/ecdsasigner.crt"}} | members)

    def start(self, access: Access = everyone, request_id: str = "1", **source: Any) -> str:
        place = {"bucketName": "b", "key": "fw.gbl", "version": self.source.version} | source
        request = {
            "source": {"s3": place},
            "destination": {"s3": {"bucketName": "b", "prefix": "SignedImages/"}},
            "profileName": "dic_ota_codesign",
            "clientRequestToken": request_id,
        }
        job_id: str = self.signing.start_job(request, access)["jobId"]
        return job_id

    def signed(self) -> dict[str, Any]:
        answer = self.signing.describe_job({"jobId": self.start()})
        place = answer["signedObject"]["s3"]
        body: dict[str, Any] = json.loads(self.objects.read(place["bucketName"], place["key"]))
        return body


def refused(call: Any, *args: Any, **kwargs: Any) -> RuleViolation:
    with pytest.raises(RuleViolation) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_job_signs_the_raw_file_with_the_certificates_key() -> None:
    bench = Bench()
    bench.profile()
    body = bench.signed()
    assert (body["rawPayloadSize"], body["signatureAlgorithm"]) == (len(IMAGE), "SHA256withECDSA")
    assert base64.b64decode(body["payload"]) == IMAGE
    signature = base64.b64decode(body["signature"])
    ecdsa_key().public_key().verify(signature, IMAGE, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        ecdsa_key().public_key().verify(signature, IMAGE + b"x", ec.ECDSA(hashes.SHA256()))


def test_the_rsa_platform_signs_with_rsa_and_sha1() -> None:
    bench = Bench()
    bench.profile(certificate="rsa", platformId="AmazonFreeRTOS-TI-CC3220SF")
    body = bench.signed()
    assert body["signatureAlgorithm"] == "SHA1withRSA"
    rsa_key().public_key().verify(base64.b64decode(body["signature"]), IMAGE, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def test_the_default_platform_takes_an_rsa_certificate_too() -> None:
    bench = Bench()
    bench.profile(certificate="rsa")
    assert bench.signed()["signatureAlgorithm"] == "SHA256withRSA"


def test_the_detached_form_names_where_the_payload_lies() -> None:
    bench = Bench()
    bench.profile(platformId="AWSIoTDeviceManagement-SHA256-ECDSA")
    body = bench.signed()
    assert "payload" not in body
    assert body["payloadLocation"]["s3"] == {"bucketName": "b", "key": "fw.gbl", "version": bench.source.version}


def test_a_job_is_in_progress_until_it_is_looked_at() -> None:
    bench = Bench()
    bench.profile()
    job_id = bench.start()
    assert bench.signing.job(job_id).status == "InProgress"
    answer = bench.signing.describe_job({"jobId": job_id})
    assert (answer["status"], answer["createdAt"], answer["profileName"]) == ("Succeeded", START_S, "dic_ota_codesign")
    assert answer["signingParameters"] == {"certname": "/ecdsasigner.crt"}
    assert answer["signedObject"]["s3"]["key"] == f"SignedImages/{job_id}"
    assert [job["jobId"] for job in bench.signing.list_jobs({"status": "Succeeded"})["jobs"]] == [job_id]


def test_the_same_request_token_gives_the_same_job() -> None:
    bench = Bench()
    bench.profile()
    assert bench.start(request_id="t") == bench.start(request_id="t")
    assert bench.start(request_id="t") != bench.start(request_id="u")


@pytest.mark.parametrize("name", ["a", "dic-ota", "dic ota", "x" * 65])
def test_a_name_is_letters_digits_and_underscores(name: str) -> None:
    assert refused(Bench().profile, name).code == "ValidationException"


def test_an_unknown_platform_is_refused() -> None:
    assert refused(Bench().profile, platformId="AmazonFreeRTOS-Windows").code == "ValidationException"


def test_a_second_profile_of_the_same_name_is_refused() -> None:
    bench = Bench()
    bench.profile()
    assert refused(bench.profile).code == "ValidationException"


def test_the_name_of_a_canceled_profile_stays_taken() -> None:
    bench = Bench()
    bench.profile()
    bench.signing.cancel_profile({"profileName": "dic_ota_codesign"})
    assert refused(bench.profile).code == "ValidationException"
    assert bench.signing.get_profile({"profileName": "dic_ota_codesign"})["status"] == "Canceled"
    assert bench.signing.list_profiles({})["profiles"] == []
    assert len(bench.signing.list_profiles({"includeCanceled": True})["profiles"]) == 1


def test_a_canceled_profile_signs_nothing() -> None:
    bench = Bench()
    bench.profile()
    bench.signing.cancel_profile({"profileName": "dic_ota_codesign"})
    assert refused(bench.start).code == "ValidationException"


def test_a_profile_without_a_certificate_is_refused() -> None:
    assert refused(Bench().profile, certificate=None).code == "ValidationException"


def test_a_certificate_that_acm_does_not_hold_is_not_found() -> None:
    assert refused(Bench().profile, certificate="none").code == "ResourceNotFoundException"


@pytest.mark.parametrize("certificate", ["no-usage", "server"])
def test_a_certificate_without_code_signing_is_refused(certificate: str) -> None:
    error = refused(Bench().profile, certificate=certificate)
    assert error.message == "Invalid EKU in Certificate. Valid EKU values are CodeSigning or ANY."


def test_a_certificate_for_any_usage_is_taken() -> None:
    bench = Bench()
    bench.profile(certificate="any")
    assert bench.signing.get_profile({"profileName": "dic_ota_codesign"})["status"] == "Active"


def test_a_certificate_of_another_key_type_is_refused() -> None:
    error = refused(Bench().profile, certificate="ecdsa", platformId="AmazonFreeRTOS-TI-CC3220SF")
    assert error.code == "ValidationException"
    assert "RSA" in error.message


def test_an_override_that_the_platform_does_not_have_is_refused() -> None:
    overrides = {"signingConfiguration": {"encryptionAlgorithm": "ECDSA", "hashAlgorithm": "SHA1"}}
    assert refused(Bench().profile, overrides=overrides).code == "ValidationException"


def test_a_source_bucket_without_versioning_is_refused() -> None:
    bench = Bench()
    bench.profile()
    bench.objects.put("plain", "fw.gbl", IMAGE)
    assert refused(bench.start, bucketName="plain", version="v1").code == "ValidationException"


@pytest.mark.parametrize("denied", ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"])
def test_an_object_that_cannot_be_read_is_not_signed(denied: str) -> None:
    bench = Bench()
    bench.profile()
    error = refused(bench.start, lambda action, _bucket, _key: action != denied)
    assert error.code == "AccessDeniedException"
    assert "not accessible. Please check your permissions" in error.message


def test_an_object_or_version_that_does_not_exist_is_not_accessible() -> None:
    bench = Bench()
    bench.profile()
    assert refused(bench.start, key="none").code == "AccessDeniedException"
    assert refused(bench.start, version="v9").code == "AccessDeniedException"
    assert refused(bench.start, bucketName="none").code == "AccessDeniedException"


def test_an_object_larger_than_the_platform_takes_fails_the_job() -> None:
    bench = Bench()
    bench.profile()
    big = bench.objects.put("b", "big.gbl", bytes(16 * 1024 * 1024 + 1))
    answer = bench.signing.describe_job({"jobId": bench.start(key="big.gbl", version=big.version)})
    assert answer["status"] == "Failed"
    assert "16 MB" in answer["statusReason"]


def test_an_unknown_profile_or_job_is_not_found() -> None:
    bench = Bench()
    assert refused(bench.start).code == "ResourceNotFoundException"
    assert refused(bench.signing.describe_job, {"jobId": "x"}).code == "ResourceNotFoundException"
    assert refused(bench.signing.cancel_profile, {"profileName": "xx"}).code == "ResourceNotFoundException"


def test_the_platforms_are_those_for_aws_iot() -> None:
    rows = {row["platformId"]: row for row in Bench().signing.list_platforms()["platforms"]}
    assert set(rows) == {
        "AmazonFreeRTOS-Default",
        "AmazonFreeRTOS-TI-CC3220SF",
        "AWSIoTDeviceManagement-SHA256-ECDSA",
    }
    assert rows["AmazonFreeRTOS-Default"]["signingImageFormat"]["defaultFormat"] == "JSONEmbedded"


def test_material_shows_no_key() -> None:
    assert "sign=" not in repr(materials()["ecdsa"])
