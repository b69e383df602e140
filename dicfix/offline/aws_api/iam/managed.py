"""The AWS managed policies that the guide's roles use, as data; all of moto's would take a second and a half to load.

Source: AWS managed policy reference, versions v3, v3 and v1.
"""

from __future__ import annotations

from typing import Any

_THINGS_REGISTRATION = (
    "AddThingToThingGroup AttachPolicy AttachPrincipalPolicy AttachThingPrincipal CreateCertificateFromCsr "
    "CreatePolicy CreateThing DescribeCertificate DescribeThing DescribeThingGroup DescribeThingType DetachPolicy "
    "DetachThingPrincipal GetPolicy ListAttachedPolicies ListPolicyPrincipals ListPrincipalPolicies "
    "ListPrincipalThings ListTargetsForPolicy ListThingGroupsForThing ListThingPrincipals RegisterCertificate "
    "RegisterThing RemoveThingFromThingGroup UpdateCertificate UpdateThing UpdateThingGroupsForThing "
    "AddThingToBillingGroup DescribeBillingGroup RemoveThingFromBillingGroup"
)
_LOGGING = "CreateLogGroup CreateLogStream PutLogEvents PutMetricFilter PutRetentionPolicy GetLogEvents DeleteLogStream"


def _allow(service: str, names: str, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [f"{service}:{name}" for name in names.split()], "Resource": resource}


def _policy(version: str, created: str, updated: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return {
        "Path": "/service-role/",
        "DefaultVersionId": version,
        "CreateDate": created,
        "UpdateDate": updated,
        "Document": {"Version": "2012-10-17", "Statement": list(statements)},
    }


MANAGED_POLICIES = {
    "AmazonFreeRTOSOTAUpdate": _policy(
        "v3",
        "2018-08-27T22:43:07+00:00",
        "2020-12-18T17:47:30+00:00",
        _allow("s3", "GetObjectVersion PutObject GetObject", "arn:aws:s3:::afr-ota*"),
        _allow("signer", "StartSigningJob DescribeSigningJob GetSigningProfile PutSigningProfile", "*"),
        _allow("s3", "ListBucketVersions ListBucket ListAllMyBuckets GetBucketLocation", "*"),
        _allow("iot", "DeleteJob DescribeJob", "arn:aws:iot:*:*:job/AFR_OTA*"),
        _allow("iot", "DeleteStream", "arn:aws:iot:*:*:stream/AFR_OTA*"),
        _allow("iot", "CreateStream CreateJob", "*"),
    ),
    "AWSIoTThingsRegistration": _policy(
        "v3",
        "2017-12-01T20:21:52+00:00",
        "2020-10-05T19:20:12+00:00",
        _allow("iot", _THINGS_REGISTRATION, ["*"]),
    ),
    "AWSIoTLogging": _policy(
        "v1", "2015-10-08T15:17:25+00:00", "2015-10-08T15:17:25+00:00", _allow("logs", _LOGGING, ["*"])
    ),
}
