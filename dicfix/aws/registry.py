"""CA certificates, certificates, things and their attachments: the reads and writes of guide steps 4, 6 and 7.

Reads give records in which a field that the answer lacks is Unread; writes give identifiers. May import ``records``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused
from dicfix.records import CaCertificate, Caller, DeviceCertificate, Field, Thing, Unread

_ABSENT = "ResourceNotFoundException"


def _member(answer: Mapping[str, Any], name: str, operation: str) -> Any:
    value = answer.get(name)
    return Unread(operation, "FieldMissing", f"the answer has no {name}") if value is None else value


def read_caller(session: AwsSession) -> Caller:
    """Who is logged in. Source: AWS-3; STS GetCallerIdentity."""
    answer = session.call("sts", "GetCallerIdentity")
    return Caller(account=str(answer["Account"]), arn=str(answer["Arn"]), region=session.region)


def read_endpoint(session: AwsSession) -> str:
    """The account's data endpoint with Amazon Trust Services roots. Source: EXP-1; DescribeEndpoint iot:Data-ATS."""
    return str(session.call("iot", "DescribeEndpoint", endpointType="iot:Data-ATS")["endpointAddress"])


def read_ca_certificate(session: AwsSession, certificate_id: str) -> CaCertificate | None:
    """The registered CA certificate of this id, or None. Source: AWS-4; DescribeCACertificate."""
    operation = "iot:DescribeCACertificate"
    try:
        answer = session.call("iot", "DescribeCACertificate", certificateId=certificate_id)
    except AwsRefused as error:
        if error.code == _ABSENT:
            return None
        raise
    described = answer.get("certificateDescription", {})
    return CaCertificate(
        certificate_id=certificate_id,
        arn=_member(described, "certificateArn", operation),
        pem=_member(described, "certificatePem", operation),
        status=_member(described, "status", operation),
        mode=_member(described, "certificateMode", operation),
        auto_registration=_member(described, "autoRegistrationStatus", operation),
        owned_by=_member(described, "ownedBy", operation),
        # AWS leaves registrationConfig out for a CA without one; that absence is the answer.
        template=_template(answer.get("registrationConfig", {})),
    )


def _template(config: Mapping[str, Any]) -> str:
    """The name of a CA's provisioning template; older ones carry its text instead."""
    return str(config.get("templateName") or ("(its own text)" if config.get("templateBody") else ""))


def read_ca_certificates(session: AwsSession) -> dict[str, CaCertificate]:
    """Every registered CA certificate by id."""
    ids = [row["certificateId"] for row in session.pages("iot", "ListCACertificates", "certificates")]
    return {one: record for one in ids if (record := read_ca_certificate(session, one))}


def register_ca_certificate(
    session: AwsSession, ca_pem: str, *, mode: str, verification_pem: str | None, auto_registration: bool
) -> str:
    """Register a CA certificate as ACTIVE and give its id. Source: AWS-4.1 to AWS-4.V; RegisterCACertificate."""
    verification = {"verificationCertificate": verification_pem} if verification_pem else {}
    answer = session.call(
        "iot",
        "RegisterCACertificate",
        caCertificate=ca_pem,
        setAsActive=True,
        allowAutoRegistration=auto_registration,
        certificateMode=mode,
        **verification,
    )
    return str(answer["certificateId"])


def update_ca_certificate(
    session: AwsSession, certificate_id: str, *, status: str | None = None, auto_registration: bool | None = None
) -> None:
    """Set status and automatic registration of a CA certificate; what is None stays. Source: UpdateCACertificate."""
    changes: dict[str, Any] = {}
    if status:
        changes["newStatus"] = status
    if auto_registration is not None:
        changes["newAutoRegistrationStatus"] = "ENABLE" if auto_registration else "DISABLE"
    session.call("iot", "UpdateCACertificate", certificateId=certificate_id, **changes)


def delete_ca_certificate(session: AwsSession, certificate_id: str) -> None:
    """Delete a CA certificate, which AWS allows only while it is INACTIVE."""
    session.call("iot", "DeleteCACertificate", certificateId=certificate_id)


def registration_code(session: AwsSession) -> str:
    """The account's registration code, created when there is none. Source: SSL-V2; GetRegistrationCode."""
    return str(session.call("iot", "GetRegistrationCode")["registrationCode"])


def read_certificate(session: AwsSession, certificate_id: str) -> DeviceCertificate | None:
    """The registered certificate of this id, or None. Source: AWS-6; DescribeCertificate."""
    operation = "iot:DescribeCertificate"
    try:
        answer = session.call("iot", "DescribeCertificate", certificateId=certificate_id)
    except AwsRefused as error:
        if error.code == _ABSENT:
            return None
        raise
    described = answer.get("certificateDescription", {})
    return DeviceCertificate(
        certificate_id=certificate_id,
        arn=_member(described, "certificateArn", operation),
        pem=_member(described, "certificatePem", operation),
        status=_member(described, "status", operation),
        mode=_member(described, "certificateMode", operation),
        # AWS leaves the member out for a certificate registered without its CA; that absence is the answer.
        ca_certificate_id=described.get("caCertificateId", "") if described else _member(described, "", operation),
    )


def register_certificate(session: AwsSession, pem: str, ca_pem: str | None, *, status: str = "ACTIVE") -> str:
    """Register a certificate with its CA (or without, for None) and give its id. Source: AWS-6.3, AWS-6.5."""
    if ca_pem is None:
        answer = session.call("iot", "RegisterCertificateWithoutCA", certificatePem=pem, status=status)
    else:
        answer = session.call("iot", "RegisterCertificate", certificatePem=pem, caCertificatePem=ca_pem, status=status)
    return str(answer["certificateId"])


def update_certificate(session: AwsSession, certificate_id: str, status: str) -> None:
    """Set a certificate's status. Source: UpdateCertificate."""
    session.call("iot", "UpdateCertificate", certificateId=certificate_id, newStatus=status)


def delete_certificate(session: AwsSession, certificate_id: str) -> None:
    """Delete a certificate, which AWS allows only when INACTIVE and attached to nothing."""
    session.call("iot", "DeleteCertificate", certificateId=certificate_id)


def read_principals(session: AwsSession, thing_name: str) -> tuple[str, ...]:
    """ARNs of the principals that a thing has. Source: AWS-6.3; ListThingPrincipals."""
    return tuple(session.pages("iot", "ListThingPrincipals", "principals", thingName=thing_name))


def read_thing_arn(session: AwsSession, name: str) -> Field[str] | None:
    """The ARN of the thing of this name, or None. Source: AWS-6.1; DescribeThing."""
    try:
        answer = session.call("iot", "DescribeThing", thingName=name)
    except AwsRefused as error:
        if error.code == _ABSENT:
            return None
        raise
    arn: Field[str] = _member(answer, "thingArn", "iot:DescribeThing")
    return arn


def read_thing(session: AwsSession, name: str) -> Thing | None:
    """The thing of this name with its principals, or None. Source: AWS-6.1; DescribeThing."""
    arn = read_thing_arn(session, name)
    return None if arn is None else Thing(name=name, arn=arn, principals=read_principals(session, name))


def create_thing(session: AwsSession, name: str) -> None:
    """Create a single thing. Source: AWS-6.1; CreateThing."""
    session.call("iot", "CreateThing", thingName=name)


def delete_thing(session: AwsSession, name: str) -> None:
    """Delete a thing, which AWS allows only when it has no principal."""
    session.call("iot", "DeleteThing", thingName=name)


def attach_to_thing(session: AwsSession, thing_name: str, certificate_arn: str) -> None:
    """Attach a certificate to a thing. Source: AWS-6.3; AttachThingPrincipal."""
    session.call("iot", "AttachThingPrincipal", thingName=thing_name, principal=certificate_arn)


def detach_from_thing(session: AwsSession, thing_name: str, certificate_arn: str) -> None:
    """Detach a certificate from a thing."""
    session.call("iot", "DetachThingPrincipal", thingName=thing_name, principal=certificate_arn)
