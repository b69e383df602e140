"""Defects of what steps 3 to 8 register: CA, policy, things, certificates and their attachments."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from dicfix.certificates import make_ca
from dicfix.offline.defects.definition import API, STATE, Defect
from dicfix.offline.defects.planting import Planting


def _no_ca(planting: Planting) -> None:
    planting.call("iot:UpdateCACertificate", certificateId=planting.ca_id, newStatus="INACTIVE")
    planting.call("iot:DeleteCACertificate", certificateId=planting.ca_id)


def _ca_state(**changes: Any) -> Any:
    def plant(planting: Planting) -> None:
        with planting.state() as backend:
            record = backend.ca_certificates[planting.ca_id]
            for name, value in changes.items():
                setattr(record, name, value)

    return plant


def _certificate_state(explorer: bool = False, **changes: Any) -> Any:
    def plant(planting: Planting) -> None:
        name = planting.settings.explorer_name if explorer else planting.device
        certificate_id = planting.certificate_id(name)
        with planting.state() as backend:
            for member, value in changes.items():
                setattr(backend.certificates[certificate_id], member, value)

    return plant


def _another_ca(planting: Planting, subject: str) -> str:
    made = make_ca(subject, now=datetime.now(UTC))
    answer = planting.call(
        "iot:RegisterCACertificate", caCertificate=made.certificate.pem, setAsActive=True, certificateMode="SNI_ONLY"
    )
    return str(answer["certificateId"])


def _ca_of_our_name(planting: Planting) -> None:
    _another_ca(planting, "/O=dicfix/CN=DIC CA")


def _no_policy(planting: Planting) -> None:
    name = planting.settings.policy_name
    for target in planting.call("iot:ListTargetsForPolicy", policyName=name)["targets"]:
        planting.call("iot:DetachPolicy", policyName=name, target=target)
    for row in planting.call("iot:ListPolicyVersions", policyName=name)["policyVersions"]:
        if not row["isDefaultVersion"]:
            planting.call("iot:DeletePolicyVersion", policyName=name, policyVersionId=row["versionId"])
    planting.call("iot:DeletePolicy", policyName=name)


def new_version(planting: Planting, *statements: dict[str, Any], in_force: bool = True) -> None:
    """Another version of the policy."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    planting.call(
        "iot:CreatePolicyVersion",
        policyName=planting.settings.policy_name,
        policyDocument=document,
        setAsDefault=in_force,
    )


def _connect_only(planting: Planting) -> None:
    new_version(planting, {"Effect": "Allow", "Action": "iot:Connect", "Resource": planting.arn("client/SQA_*")})


def _newer_version(planting: Planting) -> None:
    statement = {"Effect": "Allow", "Action": "iot:Connect", "Resource": planting.arn("client/x")}
    new_version(planting, statement, in_force=False)


def _no_thing(planting: Planting) -> None:
    planting.detach(planting.device)
    planting.call("iot:DeleteThing", thingName=planting.device)


def _another_certificate(planting: Planting) -> None:
    planting.forget_certificate(planting.device)
    planting.attach(planting.device, planting.register(planting.issue(planting.device)))


def _without_ca(planting: Planting) -> None:
    from dicfix.certificates import ClientMaterial, read_certificate, read_request

    stem = planting.stem(planting.device)
    request = read_request((planting.directory / f"{stem}.csr").read_bytes())
    certificate = read_certificate((planting.directory / f"{stem}.crt").read_bytes())
    same = ClientMaterial(planting.local_key(planting.device), request, certificate)
    planting.forget_certificate(planting.device)
    planting.attach(planting.device, planting.register(same, with_ca=False))


def _status(status: str, explorer: bool = False) -> Any:
    def plant(planting: Planting) -> None:
        name = planting.settings.explorer_name if explorer else planting.device
        planting.call("iot:UpdateCertificate", certificateId=planting.certificate_id(name), newStatus=status)

    return plant


def _no_attachment(explorer: bool = False) -> Any:
    def plant(planting: Planting) -> None:
        name = planting.settings.explorer_name if explorer else planting.device
        arn = planting.certificate_arn(name)
        planting.call("iot:DetachPolicy", policyName=planting.settings.policy_name, target=arn)

    return plant


def _no_explorer_thing(planting: Planting) -> None:
    planting.detach(planting.settings.explorer_name)
    planting.call("iot:DeleteThing", thingName=planting.settings.explorer_name)


def _shared(planting: Planting) -> None:
    arn = planting.certificate_arn(planting.device)
    planting.call("iot:AttachThingPrincipal", thingName=planting.settings.explorer_name, principal=arn)


_OF_THE_CA = (
    "CA-01",
    "CA-02",
    "CA-03",
    "CA-04",
    "CA-05",
    "CRT-02",
    "EXP-02",
    "PKI-01",
    "PKI-02",
    "PKI-06",
    "PKI-14",
)
_OF_OUR_CA = ("CA-06", "CA-07", "CRT-06", "HRD-04", "HRD-05", "HRD-10", "HRD-14", "HRD-15", "HRD-19", "HRD-27")

REGISTRATION = (
    Defect("the CA certificate is not registered", "step 4", API, _no_ca, guide=_OF_THE_CA, hardening=_OF_OUR_CA),
    Defect(
        "the CA certificate is INACTIVE",
        "the CA's status",
        API,
        lambda one: one.call("iot:UpdateCACertificate", certificateId=one.ca_id, newStatus="INACTIVE"),
        guide=("CA-03",),
        hardening=("HRD-11",),
    ),
    Defect(
        "automatic registration is OFF",
        "the CA's automatic registration",
        API,
        lambda one: one.call("iot:UpdateCACertificate", certificateId=one.ca_id, newAutoRegistrationStatus="DISABLE"),
        guide=("CA-04",),
    ),
    Defect(
        "the CA is registered in single account mode",
        "the CA's mode",
        STATE,
        _ca_state(mode="DEFAULT"),
        guide=("CA-02",),
        hardening=("CRT-06",),
    ),
    Defect(
        "the CA is owned by another account",
        "the CA's owner",
        STATE,
        _ca_state(owner="999999999999"),
        hardening=("CA-06",),
    ),
    Defect(
        "another CA of our subject is registered",
        "the CA's subject",
        API,
        _ca_of_our_name,
        hardening=("CA-07", "HRD-12"),
    ),
    Defect(
        "the policy does not exist",
        "step 5",
        API,
        _no_policy,
        guide=("POL-01", "POL-02", "CRT-05", "EXP-02", "OTP-15"),
        hardening=("POL-03",),
    ),
    Defect("the policy allows to connect alone", "the policy", API, _connect_only, guide=("POL-02", "OTP-15")),
    Defect("a newer version of the policy is not in force", "the policy", API, _newer_version, hardening=("POL-03",)),
    Defect(
        "a device has no thing",
        "step 6 of a device",
        API,
        _no_thing,
        guide=("THG-01", "CRT-01", "CRT-03", "EXP-03", "OTA-03"),
        hardening=("CRT-07", "HRD-12"),
    ),
    Defect(
        "a device's thing has no certificate",
        "step 6 of a device",
        API,
        lambda one: one.detach(one.device),
        guide=("CRT-01", "CRT-03"),
        hardening=("CRT-07", "HRD-12"),
    ),
    Defect(
        "a device's thing has another certificate",
        "step 6 of a device",
        API,
        _another_certificate,
        guide=("CRT-03",),
    ),
    Defect(
        "a device's certificate was registered without its CA",
        "step 6 of a device",
        API,
        _without_ca,
        guide=("CRT-02",),
        hardening=("HRD-15",),
    ),
    Defect(
        "a device's certificate is INACTIVE",
        "a certificate's status",
        API,
        _status("INACTIVE"),
        guide=("CRT-04",),
        hardening=("HRD-09",),
    ),
    Defect(
        "a device's certificate is of the other mode",
        "a certificate's mode",
        STATE,
        _certificate_state(mode="DEFAULT"),
        hardening=("CRT-06",),
    ),
    Defect("a device's certificate has no policy", "step 6 of a device", API, _no_attachment(), guide=("CRT-05",)),
    Defect(
        "MQTT Explorer has no thing",
        "step 7",
        API,
        _no_explorer_thing,
        guide=("EXP-01", "EXP-02", "EXP-03"),
        hardening=("CRT-07", "HRD-12"),
    ),
    Defect(
        "MQTT Explorer's certificate has no policy", "step 7", API, _no_attachment(explorer=True), guide=("EXP-02",)
    ),
    Defect(
        "MQTT Explorer has the device's certificate too",
        "step 7",
        API,
        _shared,
        guide=("EXP-03",),
        hardening=("CRT-07", "HRD-06"),
    ),
)
