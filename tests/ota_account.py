"""An account of the embedded cloud made ready for OTA updates through its API, as a user of boto3 would."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from cloud_account import Account
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dataplane_registry import RawClient, eventually
from ota_update_world import CERTIFICATE_PATH, IMAGE
from pki_fixtures import mint_ca
from signing_world import Key, certificate_of, ecdsa_key

from dicfix.offline.rules.signing_material import signer_of

BUCKET = "ota-demo-123456789012-eu-west-1"
ROLE = "ota_demo"
PROFILE = "dic_ota_codesign"
PREFIX = "SignedImages/"
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonFreeRTOSOTAUpdate"
ENDED = ("CREATE_COMPLETE", "CREATE_FAILED")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "iot.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        }
    ],
}


def statement(actions: list[str], resource: str, effect: str = "Allow") -> str:
    """A policy document of one statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": actions, "Resource": resource}]}
    )


def pem_of(key: Key) -> bytes:
    """A private key as PKCS #8."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def message(client: RawClient) -> tuple[str, Any]:
    """The next message, acknowledged if it is QoS 1."""
    received = client.read()
    assert received.kind == 3, received
    if received.qos:
        client.send(b"\x40\x02" + received.packet_id.to_bytes(2, "big"))
    return received.topic, json.loads(received.payload)


def device_answer(client: RawClient, topic: str, body: dict[str, Any]) -> tuple[str, Any]:
    """Publish a request at QoS 0; gives the last word of the reply's topic and the reply."""
    client.publish(topic, json.dumps(body).encode())
    reply_topic, reply = message(client)
    assert reply_topic.rpartition("/")[0] == topic
    return reply_topic.rpartition("/")[2], reply


class OtaAccount:
    """Bucket, role, certificate, profile and things, all by boto3; ``image`` lies in the bucket as ``fw.gbl``."""

    def __init__(self, account: Account, image: bytes = IMAGE) -> None:
        self.account = account
        self.cloud = account.cloud
        self.image = image
        self.ca = mint_ca()
        self.certificate: x509.Certificate = certificate_of(ecdsa_key())
        self.certificate_arn = ""
        self.role_arn = ""
        self.version = ""
        self._devices: list[RawClient] = []

    def close(self) -> None:
        """Close the connections of all devices."""
        for device in self._devices:
            device.close()

    def client(self, service: str) -> Any:
        return self.account.client(service)

    @property
    def iot(self) -> Any:
        return self.account.iot

    def prepare(self) -> OtaAccount:
        """Every prerequisite of the guide."""
        self.make_bucket()
        self.version = self.upload(self.image)
        self.make_role()
        self.certificate_arn = self.import_certificate(self.certificate, ecdsa_key())
        self.put_profile()
        return self

    def make_bucket(self, name: str = BUCKET, *, versioning: str = "Enabled") -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        if versioning:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})

    def upload(self, image: bytes, key: str = "fw.gbl") -> str:
        answer = self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=image)
        return str(answer.get("VersionId", ""))

    def make_role(self, name: str = ROLE) -> None:
        iam = self.client("iam")
        self.role_arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED)
        self.allow(name, "pass", ["iam:GetRole", "iam:PassRole"], self.role_arn)
        self.allow(name, "bucket", ["s3:GetObjectVersion", "s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/*")

    def allow(self, role: str, name: str, actions: list[str], resource: str) -> None:
        document = statement(actions, resource)
        self.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)

    def import_certificate(self, certificate: x509.Certificate, key: Key) -> str:
        answer = self.client("acm").import_certificate(
            Certificate=certificate.public_bytes(Encoding.PEM), PrivateKey=pem_of(key)
        )
        return str(answer["CertificateArn"])

    def put_profile(self, name: str = PROFILE, **members: Any) -> dict[str, Any]:
        wanted = {
            "profileName": name,
            "platformId": "AmazonFreeRTOS-Default",
            "signingMaterial": {"certificateArn": self.certificate_arn},
            "signingParameters": {"certname": CERTIFICATE_PATH},
        }
        answer: dict[str, Any] = self.client("signer").put_signing_profile(**(wanted | members))
        return answer

    def thing(self, name: str = "SQA_DIC_C2") -> str:
        return str(self.iot.create_thing(thingName=name)["thingArn"])

    def group(self, name: str, *things: str, parent: str = "") -> str:
        above = {"parentGroupName": parent} if parent else {}
        arn = str(self.iot.create_thing_group(thingGroupName=name, **above)["thingGroupArn"])
        for thing in things:
            self.iot.add_thing_to_thing_group(thingGroupName=name, thingName=thing)
        return arn

    # files of an update

    def location(self, **members: Any) -> dict[str, Any]:
        return {"s3Location": {"bucket": BUCKET, "key": "fw.gbl", "version": self.version} | members}

    def sign_new(self) -> dict[str, Any]:
        destination = {"s3Destination": {"bucket": BUCKET, "prefix": PREFIX}}
        parameter = {"signingProfileName": PROFILE, "destination": destination}
        return {
            "fileName": "file.txt",
            "fileLocation": self.location(),
            "codeSigning": {"startSigningJobParameter": parameter},
        }

    def signed_before(self) -> dict[str, Any]:
        return {"fileName": "file.txt", "codeSigning": {"awsSignerJobId": self.start_signing_job()}}

    def start_signing_job(self, run: str = "before", **source: Any) -> str:
        place = {"bucketName": BUCKET, "key": "fw.gbl", "version": self.version} | source
        answer = self.client("signer").start_signing_job(
            source={"s3": place},
            destination={"s3": {"bucketName": BUCKET, "prefix": PREFIX}},
            profileName=PROFILE,
            clientRequestToken=run,
        )
        return str(answer["jobId"])

    def signed_by_hand(self, **members: Any) -> dict[str, Any]:
        signature = base64.b64encode(signer_of(ecdsa_key())(self.image, "SHA256"))
        custom = {
            "signature": {"inlineDocument": signature},
            "certificateChain": {"certificateName": CERTIFICATE_PATH},
            "hashAlgorithm": "SHA256",
            "signatureAlgorithm": "ECDSA",
        } | members
        return {
            "fileName": "file.txt",
            "fileLocation": self.location(),
            "codeSigning": {"customCodeSigning": custom},
        }

    # updates

    def create(self, update_id: str, targets: list[str], file: dict[str, Any] | None = None, **members: Any) -> str:
        wanted = {
            "otaUpdateId": update_id,
            "targets": targets,
            "files": [file or self.sign_new()],
            "roleArn": self.role_arn,
            "protocols": ["MQTT"],
        }
        return str(self.iot.create_ota_update(**(wanted | members))["otaUpdateStatus"])

    def run(self, update_id: str, targets: list[str], file: dict[str, Any] | None = None, **members: Any) -> Any:
        """Create an update and wait for its end; gives otaUpdateInfo."""
        self.create(update_id, targets, file, **members)
        return eventually(lambda: self.ended(update_id))

    def ended(self, update_id: str) -> Any:
        info = self.iot.get_ota_update(otaUpdateId=update_id)["otaUpdateInfo"]
        return info if info["otaUpdateStatus"] in ENDED else None

    def failure(self, update_id: str, targets: list[str], file: dict[str, Any] | None = None, **members: Any) -> str:
        """Create an update that fails; gives the message of its errorInfo."""
        info = self.run(update_id, targets, file, **members)
        assert info["otaUpdateStatus"] == "CREATE_FAILED", info
        assert "awsIotJobId" not in info
        return str(info["errorInfo"]["message"])

    def document(self, update_id: str) -> Any:
        text = self.iot.get_job_document(jobId=f"AFR_OTA-{update_id}")["document"]
        return json.loads(text)["afr_ota"]

    def execution(self, update_id: str, thing: str = "SQA_DIC_C2") -> Any:
        return self.iot.describe_job_execution(jobId=f"AFR_OTA-{update_id}", thingName=thing)["execution"]

    # devices

    def device(self, folder: Path, name: str = "SQA_DIC_C2", policy: str = "") -> RawClient:
        """A connected client of a thing with an ACTIVE certificate and the guide's policy, or another one."""
        if not self.cloud.registry.ca_certificates():
            self.account.register_ca(self.ca)
        minted = self.account.onboard(name, self.ca)
        if policy:
            certificate_arn = self.cloud.registry.certificate(minted.certificate_id).arn  # type: ignore[union-attr]
            self.iot.create_policy(policyName=f"only_{name}", policyDocument=policy)
            self.iot.attach_policy(policyName=f"only_{name}", target=certificate_arn)
            self.iot.detach_policy(policyName="allow_all", target=certificate_arn)
        client = self.account.connection(minted, folder)
        self._devices.append(client)
        client.connect(name)
        return client
