"""The account's lists, page by page, and the one read per thing that has no list: what a sweep of a fleet is made of.

Rows keep what an answer lacks as Unread. May import ``records`` and ``account_records``.
Source: facts, controls 4.2: page sizes of 250, ListTargetsForPolicy instead of one call per certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from dicfix.account_records import AccountCertificate, AccountThing
from dicfix.aws.answers import member, tried, unless_absent
from dicfix.aws.registry import read_ca_certificate
from dicfix.aws.session import AwsSession
from dicfix.fields import Field, Unread
from dicfix.records import CaCertificate

_ABSENT = ("ResourceNotFoundException",)
PAGE = 250
"""The most that a page of the registry's and the certificates' lists holds. Source: service model of iot."""


class EdgeApi(Enum):
    """The two operations that tell a thing's principals; each has a quota of its own."""

    V1 = "ListThingPrincipals"
    V2 = "ListThingPrincipalsV2"

    @property
    def operation(self) -> str:
        """Service and operation."""
        return f"iot:{self.value}"


def list_things(session: AwsSession) -> Iterator[AccountThing]:
    """Every thing of the account with its ARN and type. Source: ListThings."""
    for row in session.pages("iot", "ListThings", "things", size=PAGE):
        yield AccountThing(row["thingName"], member(row, "thingArn", "iot:ListThings"), row.get("thingTypeName", ""))


def things_in_group(session: AwsSession, group: str) -> frozenset[str]:
    """The names of the things in a thing group and in the groups below it. Source: ListThingsInThingGroup."""
    rows = session.pages("iot", "ListThingsInThingGroup", "things", size=PAGE, thingGroupName=group, recursive=True)
    return frozenset(rows)


def list_certificates(session: AwsSession) -> Iterator[AccountCertificate]:
    """Every certificate of the account; which CA lists it is not told here. Source: ListCertificates."""
    unknown = Unread("iot:ListCertificatesByCA", "NotAsked", "ListCertificates does not tell the CA")
    for row in session.pages("iot", "ListCertificates", "certificates", size=PAGE):
        yield _certificate(row, "iot:ListCertificates", unknown)


def list_certificates_by_ca(session: AwsSession, ca_certificate_id: str) -> Iterator[AccountCertificate]:
    """The certificates that were registered with a CA certificate. Source: ListCertificatesByCA."""
    pages = session.pages("iot", "ListCertificatesByCA", "certificates", size=PAGE, caCertificateId=ca_certificate_id)
    for row in pages:
        yield _certificate(row, "iot:ListCertificatesByCA", ca_certificate_id)


def _certificate(row: Mapping[str, Any], operation: str, ca_certificate_id: Field[str]) -> AccountCertificate:
    return AccountCertificate(
        certificate_id=row["certificateId"],
        arn=member(row, "certificateArn", operation),
        status=member(row, "status", operation),
        mode=member(row, "certificateMode", operation),
        created=member(row, "creationDate", operation),
        ca_certificate_id=ca_certificate_id,
    )


def list_policy_names(session: AwsSession) -> tuple[str, ...]:
    """The names of every policy. Source: ListPolicies."""
    return tuple(row["policyName"] for row in session.pages("iot", "ListPolicies", "policies", size=PAGE))


def read_ca_certificates(session: AwsSession) -> dict[str, CaCertificate]:
    """Every registered CA certificate; one that cannot be described has Unread in its fields. Source: AWS-4."""
    found: dict[str, CaCertificate] = {}
    for row in session.pages("iot", "ListCACertificates", "certificates", size=PAGE):
        record = _ca(session, row)
        if record is not None:
            found[record.certificate_id] = record
    return found


def _ca(session: AwsSession, row: Mapping[str, Any]) -> CaCertificate | None:
    name = row["certificateId"]
    found = tried("iot:DescribeCACertificate", lambda: read_ca_certificate(session, name))
    if not isinstance(found, Unread):
        return found
    arn, status = (member(row, one, "iot:ListCACertificates") for one in ("certificateArn", "status"))
    return CaCertificate(name, arn, found, status, found, found, found, found)


def read_principals(session: AwsSession, thing_name: str, api: EdgeApi = EdgeApi.V1) -> tuple[str, ...]:
    """ARNs of the principals of a thing, by either operation. Source: AWS-6.3; ListThingPrincipals and V2."""
    if api is EdgeApi.V1:
        return tuple(session.pages("iot", api.value, "principals", size=PAGE, thingName=thing_name))
    rows = session.pages("iot", api.value, "thingPrincipalObjects", size=PAGE, thingName=thing_name)
    return tuple(row["principal"] for row in rows)


def read_things_of(session: AwsSession, principal_arn: str) -> tuple[str, ...]:
    """The names of the things that a principal is attached to. Source: ListPrincipalThings."""
    return tuple(session.pages("iot", "ListPrincipalThings", "things", size=PAGE, principal=principal_arn))


def describe_thing(session: AwsSession, name: str) -> AccountThing | None:
    """The thing of this name, or None. Source: AWS-6.1; DescribeThing."""
    answer = unless_absent(lambda: session.call("iot", "DescribeThing", thingName=name), _ABSENT)
    if answer is None:
        return None
    return AccountThing(name, member(answer, "thingArn", "iot:DescribeThing"), answer.get("thingTypeName", ""))
