"""Defects of the account as a whole: what is left over, what waits, and what is somebody else's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from dicfix.offline.defects.definition import API, STATE, Defect
from dicfix.offline.defects.planting import Planting


def _second_certificate(planting: Planting) -> None:
    planting.attach(planting.device, planting.register(planting.issue(planting.device, subject="/O=dicfix/CN=spare")))


def _waiting(planting: Planting) -> None:
    arn = planting.register(planting.issue("nobody"), status="INACTIVE")
    with planting.state() as backend:
        record = backend.certificates[arn.rsplit("/", 1)[1]]
        record.status, record.created = "PENDING_ACTIVATION", datetime.now(UTC) - timedelta(days=3)


def _old(planting: Planting) -> None:
    certificate_id = planting.certificate_id(planting.device)
    with planting.state() as backend:
        backend.certificates[certificate_id].created = datetime.now(UTC) - timedelta(days=340)


def _foreign(planting: Planting) -> None:
    _, client = planting.stranger()
    planting.call("iot:CreateThing", thingName="somebody_elses")
    planting.attach("somebody_elses", planting.register(client, with_ca=False))


def _unused_policy(planting: Planting) -> None:
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": planting.arn("client/x")}],
        }
    )
    planting.call("iot:CreatePolicy", policyName="forgotten", policyDocument=document)


def _lone_thing(planting: Planting) -> None:
    planting.call("iot:CreateThing", thingName="spare")


def _revoked_but_attached(planting: Planting) -> None:
    arn = planting.register(planting.issue("retired"))
    planting.call("iot:CreateThing", thingName="retired")
    planting.attach("retired", arn)
    planting.call("iot:UpdateCertificate", certificateId=arn.rsplit("/", 1)[1], newStatus="REVOKED")


LEFTOVERS = (
    Defect("a device has a second certificate", "a thing", API, _second_certificate, hardening=("CRT-07",)),
    Defect("a certificate waits for activation", "the account", STATE, _waiting, hardening=("HRD-12", "HRD-13")),
    Defect("a device's certificate is 340 days old", "a certificate", STATE, _old, hardening=("HRD-24",)),
    Defect("a certificate of somebody else is registered", "the account", API, _foreign, hardening=("HRD-15",)),
    Defect("a policy is attached to nothing", "the account", API, _unused_policy, hardening=("HRD-12",)),
    Defect("a thing has no certificate", "the account", API, _lone_thing, hardening=("HRD-12",)),
    Defect("a revoked certificate is attached", "the account", API, _revoked_but_attached, hardening=("HRD-09",)),
)
