"""An account ready for OTA updates: bucket, role, signing profile, things; and requests for the three ways to sign."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

from ota_world import ACCOUNT, HOME, ROLE, World
from signing_world import acm_arn, ecdsa_key, find_material

from dicfix.images import gbl
from dicfix.offline.rules.iam_rights import RoleRights
from dicfix.offline.rules.ota_records import OtaPorts
from dicfix.offline.rules.ota_updates import OtaUpdates
from dicfix.offline.rules.signing import Signing
from dicfix.offline.rules.signing_material import signer_of

BUCKET = "ota-demo-images"
IMAGE = gbl.make(bytes(n % 251 for n in range(30_000)), version=0x00090003)
PROFILE = "dic_ota_codesign"
CERTIFICATE_PATH = "/ecdsasigner.crt"
UUID = "0ba01295-9417-4ba7-9a99-4b31fb03d25"

MANAGED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObjectVersion", "s3:PutObject", "s3:GetObject"],
            "Resource": "arn:aws:s3:::afr-ota*",
        },
        {
            "Effect": "Allow",
            "Action": [
                "signer:StartSigningJob",
                "signer:DescribeSigningJob",
                "signer:GetSigningProfile",
                "signer:PutSigningProfile",
                "iot:CreateStream",
                "iot:CreateJob",
            ],
            "Resource": "*",
        },
    ],
}
"""What the managed policy AmazonFreeRTOSOTAUpdate allows. Source: facts, OTA 3."""
PASS_ROLE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["iam:GetRole", "iam:PassRole"], "Resource": ROLE}],
}
BUCKET_RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObjectVersion", "s3:GetObject", "s3:PutObject"],
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
    ],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "iot.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    ],
}


class OtaWorld(World):
    """A World with signing and OTA updates."""

    def __init__(self, image: bytes = IMAGE, **members: Any) -> None:
        super().__init__(**members)
        self.objects.buckets[BUCKET] = "Enabled"
        self.image = image
        self.source = self.objects.put(BUCKET, "fw.gbl", image)
        self.signing = Signing(HOME, self.clock, self.objects, find_material)
        self.roles: dict[str, RoleRights] = {ROLE: RoleRights(ROLE, TRUST, (MANAGED, PASS_ROLE, BUCKET_RIGHTS))}
        numbers = itertools.count(1)
        ports = OtaPorts(
            clock=self.clock,
            roles=lambda arn: self.roles.get(arn),
            objects=self.objects,
            signing=self.signing,
            streams=self.streams,
            jobs=self.jobs,
            new_uuid=lambda: f"{UUID}{next(numbers)}",
        )
        self.updates = OtaUpdates(HOME, ports)

    def add_profile(self, name: str = PROFILE, certificate: str = "ecdsa", **members: Any) -> None:
        request = {
            "profileName": name,
            "platformId": "AmazonFreeRTOS-Default",
            "signingMaterial": {"certificateArn": acm_arn(certificate)},
            "signingParameters": {"certname": CERTIFICATE_PATH},
        }
        self.signing.put_profile(request | members)

    def location(self, **members: Any) -> dict[str, Any]:
        place = {"bucket": BUCKET, "key": "fw.gbl", "version": self.source.version}
        return {"s3Location": place | members}

    def signed_by_profile(self, **members: Any) -> dict[str, Any]:
        destination = {"s3Destination": {"bucket": BUCKET, "prefix": "SignedImages/"}}
        parameter = {"signingProfileName": PROFILE, "destination": destination} | members
        return {
            "fileName": "file.txt",
            "fileLocation": self.location(),
            "codeSigning": {"startSigningJobParameter": parameter},
        }

    def signed_before(self) -> dict[str, Any]:
        place = {"bucketName": BUCKET, "key": "fw.gbl", "version": self.source.version}
        request = {
            "source": {"s3": place},
            "destination": {"s3": {"bucketName": BUCKET, "prefix": "SignedImages/"}},
            "profileName": PROFILE,
            "clientRequestToken": "before",
        }
        job_id = self.signing.start_job(request)["jobId"]
        return {"fileName": "file.txt", "codeSigning": {"awsSignerJobId": job_id}}

    def signed_by_hand(self, blob: bytes | None = None, **members: Any) -> dict[str, Any]:
        signature = base64.b64encode(signer_of(ecdsa_key())(self.image, "SHA256"))
        custom = {
            "signature": {"inlineDocument": signature if blob is None else blob},
            "certificateChain": {"certificateName": CERTIFICATE_PATH},
            "hashAlgorithm": "SHA256",
            "signatureAlgorithm": "ECDSA",
        }
        return {
            "fileName": "file.txt",
            "fileLocation": self.location(),
            "codeSigning": {"customCodeSigning": custom | members},
        }

    def request(self, file: dict[str, Any] | None = None, update_id: str = "OTA_1", **members: Any) -> dict[str, Any]:
        asked = {
            "otaUpdateId": update_id,
            "targets": [self.thing_arn("T1")],
            "files": [self.signed_by_hand() if file is None else file],
            "roleArn": ROLE,
            "protocols": ["MQTT"],
        }
        return asked | members

    def run(self, file: dict[str, Any] | None = None, update_id: str = "OTA_1", **members: Any) -> dict[str, Any]:
        """Create an update and let it end; gives otaUpdateInfo."""
        self.updates.create(self.request(file, update_id, **members))
        self.updates.settle()
        return self.info(update_id)

    def info(self, update_id: str = "OTA_1") -> dict[str, Any]:
        info: dict[str, Any] = self.updates.get({"otaUpdateId": update_id})["otaUpdateInfo"]
        return info

    def job_document(self, update_id: str = "OTA_1") -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.jobs.document({"jobId": f"AFR_OTA-{update_id}"})["document"])
        return document
