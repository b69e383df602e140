"""AWS Signer through its API: profiles, signing jobs and the signatures that they make."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloud_account import Account, code_of
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID
from ota_account import BUCKET, PROFILE, OtaAccount
from ota_update_world import CERTIFICATE_PATH, IMAGE
from signing_world import certificate_of, ecdsa_key, rsa_key

from dicfix.offline.faults import FaultKind

pytest_plugins = ["cloud_fixtures"]
TI = "AmazonFreeRTOS-TI-CC3220SF"


@pytest.fixture
def ota(empty_account: Account) -> Iterator[OtaAccount]:
    account = OtaAccount(empty_account).prepare()
    yield account
    account.close()


def signed(ota: OtaAccount, job_id: str) -> dict[str, Any]:
    place = ota.client("signer").describe_signing_job(jobId=job_id)["signedObject"]["s3"]
    body = ota.client("s3").get_object(Bucket=place["bucketName"], Key=place["key"])["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def test_a_profile_is_told_back_with_its_parameters(ota: OtaAccount) -> None:
    found = ota.client("signer").get_signing_profile(profileName=PROFILE)
    assert found["signingParameters"] == {"certname": CERTIFICATE_PATH}
    assert found["signingMaterial"] == {"certificateArn": ota.certificate_arn}
    assert (found["status"], found["platformId"]) == ("Active", "AmazonFreeRTOS-Default")
    assert found["profileVersionArn"].startswith(found["arn"] + "/")


def test_a_canceled_profile_stays_and_is_listed_only_on_request(ota: OtaAccount) -> None:
    signer = ota.client("signer")
    signer.cancel_signing_profile(profileName=PROFILE)
    assert signer.get_signing_profile(profileName=PROFILE)["status"] == "Canceled"
    assert signer.list_signing_profiles()["profiles"] == []
    listed = signer.list_signing_profiles(includeCanceled=True)["profiles"]
    assert [(row["profileName"], row["status"]) for row in listed] == [(PROFILE, "Canceled")]
    assert code_of(lambda: ota.put_profile()) == ("ValidationException", 400)


def test_an_image_is_signed_by_the_imported_key(ota: OtaAccount) -> None:
    job_id = ota.start_signing_job()
    found = signed(ota, job_id)
    assert (found["rawPayloadSize"], found["signatureAlgorithm"]) == (len(IMAGE), "SHA256withECDSA")
    assert base64.b64decode(found["payload"]) == IMAGE
    key, signature = ota.certificate.public_key(), base64.b64decode(found["signature"])
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, IMAGE, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, IMAGE + b"x", ec.ECDSA(hashes.SHA256()))


def test_a_job_is_in_progress_first_and_is_listed_when_it_has_succeeded(ota: OtaAccount) -> None:
    job_id = ota.start_signing_job()
    found = ota.client("signer").describe_signing_job(jobId=job_id)
    assert (found["status"], found["profileName"]) == ("Succeeded", PROFILE)
    assert found["source"]["s3"] == {"bucketName": BUCKET, "key": "fw.gbl", "version": ota.version}
    assert found["signingMaterial"] == {"certificateArn": ota.certificate_arn}
    assert ota.start_signing_job() == job_id
    other = ota.start_signing_job("again")
    rows = ota.client("signer").list_signing_jobs(status="Succeeded")["jobs"]
    assert {row["jobId"] for row in rows} == {job_id, other}


def test_the_ti_platform_signs_with_rsa_and_sha1(ota: OtaAccount) -> None:
    certificate = certificate_of(rsa_key())
    arn = ota.import_certificate(certificate, rsa_key())
    ota.put_profile("ti", platformId=TI, signingMaterial={"certificateArn": arn})
    answer = ota.client("signer").start_signing_job(
        source={"s3": {"bucketName": BUCKET, "key": "fw.gbl", "version": ota.version}},
        destination={"s3": {"bucketName": BUCKET, "prefix": "ti/"}},
        profileName="ti",
        clientRequestToken="ti",
    )
    found, key = signed(ota, answer["jobId"]), certificate.public_key()
    assert found["signatureAlgorithm"] == "SHA1withRSA"
    assert isinstance(key, RSAPublicKey)
    key.verify(base64.b64decode(found["signature"]), IMAGE, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def server_profile(ota: OtaAccount) -> Any:
    certificate = certificate_of(ecdsa_key(), usage=ExtendedKeyUsageOID.SERVER_AUTH)
    arn = ota.import_certificate(certificate, ecdsa_key())
    return ota.put_profile("server", signingMaterial={"certificateArn": arn})


WRONG: dict[str, tuple[str, int, Callable[[OtaAccount], Any]]] = {
    "a profile that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.client("signer").get_signing_profile(profileName="none"),
    ),
    "an unknown platform": (
        "ValidationException",
        400,
        lambda ota: ota.put_profile("other", platformId="Nothing-Default"),
    ),
    "a name with a dash": ("ValidationException", 400, lambda ota: ota.put_profile("dic-ota")),
    "a certificate that is not for code signing": ("ValidationException", 400, server_profile),
    "a certificate that ACM does not have": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.put_profile("other", signingMaterial={"certificateArn": ota.certificate_arn[:-1] + "x"}),
    ),
    "an EC certificate on the RSA platform": (
        "ValidationException",
        400,
        lambda ota: ota.put_profile("other", platformId=TI),
    ),
    "a signing job that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.client("signer").describe_signing_job(jobId="0" * 36),
    ),
    "an object that is not there": ("AccessDeniedException", 403, lambda ota: ota.start_signing_job(key="none")),
    "a platform that is not there": (
        "ResourceNotFoundException",
        404,
        lambda ota: ota.client("signer").get_signing_platform(platformId="none"),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_about_signing_is_refused_with_awss_code(ota: OtaAccount, case: str) -> None:
    code, status, call = WRONG[case]
    assert code_of(lambda: call(ota)) == (code, status)


def test_platforms_are_listed_with_their_algorithms(ota: OtaAccount) -> None:
    signer = ota.client("signer")
    names = {row["platformId"] for row in signer.list_signing_platforms()["platforms"]}
    assert {"AmazonFreeRTOS-Default", TI} <= names
    options = signer.get_signing_platform(platformId="AmazonFreeRTOS-Default")["signingConfiguration"]
    assert options["encryptionAlgorithmOptions"]["defaultValue"] == "ECDSA"
    assert options["hashAlgorithmOptions"]["allowedValues"] == ["SHA256"]


def test_faults_strike_the_operations_of_signer(ota: OtaAccount) -> None:
    with ota.cloud.faults.inject("signer:GetSigningProfile", FaultKind.ACCESS_DENIED):
        refused = code_of(lambda: ota.client("signer").get_signing_profile(profileName=PROFILE))
    assert refused == ("AccessDeniedException", 403)
