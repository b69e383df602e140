"""Every answer of the OTA services has only members, types and values of the service model's output shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from device_cloud import DeviceCloud
from ota_update_world import PROFILE

from dicfix.offline.rules import RuleViolation
from dicfix.offline.rules.job_data_api import JobsData
from dicfix.offline.rules.names import violations

MODELS: dict[str, ServiceModel] = {}


def output_of(service: str, operation: str) -> Shape:
    if service not in MODELS:
        MODELS[service] = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    shape = MODELS[service].operation_model(operation).output_shape
    assert shape is not None
    return shape


def foreign(shape: Any, value: Any, path: str = "") -> list[str]:
    """Members that the shape does not have, and values of another type."""
    kind = shape.type_name
    if kind == "structure":
        found = [f"{path}.{name}" for name in value if name not in shape.members]
        for name, member in shape.members.items():
            if name in value:
                found += foreign(member, value[name], f"{path}.{name}")
        return found
    if kind == "list":
        return [problem for item in value for problem in foreign(shape.member, item, path + "[]")]
    if kind == "map":
        return [problem for item in value.values() for problem in foreign(shape.value, item, path + "{}")]
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "long": (int,),
        "double": (int, float),
        "boolean": (bool,),
        "timestamp": (int, float),
        "blob": (bytes,),
    }
    return [] if isinstance(value, types[kind]) else [f"{path} is {type(value).__name__}, not {kind}"]


def ready() -> DeviceCloud:
    cloud = DeviceCloud()
    cloud.add_profile()
    cloud.run(cloud.signed_by_profile(), description="all of it", additionalParameters={"a": "b"})
    cloud.create("J2", timeoutConfig={"inProgressTimeoutInMinutes": 9})
    cloud.start()
    return cloud


JOB = {"jobId": "AFR_OTA-OTA_1"}
NEXT = {"thingName": "T1", "jobId": "$next"}
CALLS: list[tuple[str, str, Callable[[DeviceCloud], dict[str, Any]]]] = [
    ("iot", "CreateJob", lambda c: c.create("J3", description="three")),
    ("iot", "DescribeJob", lambda c: c.jobs.describe(JOB)),
    ("iot", "GetJobDocument", lambda c: c.jobs.document(JOB)),
    ("iot", "ListJobs", lambda c: c.jobs.listed({"maxResults": 1})),
    ("iot", "CancelJob", lambda c: c.jobs.cancel(JOB)),
    ("iot", "DescribeJobExecution", lambda c: c.jobs.describe_execution(JOB | {"thingName": "T1"})),
    ("iot", "ListJobExecutionsForJob", lambda c: c.jobs.list_executions_for_job(JOB)),
    ("iot", "ListJobExecutionsForThing", lambda c: c.jobs.list_executions_for_thing({"thingName": "T1"})),
    ("iot", "CreateOTAUpdate", lambda c: c.updates.create(c.request(update_id="OTA_2"))),
    ("iot", "GetOTAUpdate", lambda c: c.updates.get({"otaUpdateId": "OTA_1"})),
    ("iot", "ListOTAUpdates", lambda c: c.updates.listed({})),
    ("iot", "DescribeStream", lambda c: c.streams.describe({"streamId": next(iter(c.streams.streams))})),
    ("iot", "ListStreams", lambda c: c.streams.listed({})),
    ("signer", "GetSigningProfile", lambda c: c.signing.get_profile({"profileName": PROFILE})),
    ("signer", "ListSigningProfiles", lambda c: c.signing.list_profiles({})),
    ("signer", "ListSigningPlatforms", lambda c: c.signing.list_platforms()),
    ("signer", "GetSigningPlatform", lambda c: c.signing.get_platform({"platformId": "AmazonFreeRTOS-Default"})),
    ("signer", "DescribeSigningJob", lambda c: c.signing.describe_job({"jobId": next(iter(c.signing.jobs))})),
    ("signer", "ListSigningJobs", lambda c: c.signing.list_jobs({})),
    ("iot-jobs-data", "GetPendingJobExecutions", lambda c: JobsData(c.device).get_pending({"thingName": "T1"})),
    ("iot-jobs-data", "StartNextPendingJobExecution", lambda c: JobsData(c.device).start_next({"thingName": "T1"})),
    ("iot-jobs-data", "DescribeJobExecution", lambda c: JobsData(c.device).describe(NEXT)),
    (
        "iot-jobs-data",
        "UpdateJobExecution",
        lambda c: JobsData(c.device).update(
            {"thingName": "T1", "jobId": "J2", "status": "IN_PROGRESS", "statusDetails": {"a": "b"}}
            | {"includeJobExecutionState": True, "includeJobDocument": True}
        ),
    ),
]


@pytest.mark.parametrize(("service", "operation", "call"), CALLS, ids=[f"{row[0]}-{row[1]}" for row in CALLS])
def test_an_answer_has_the_shape_of_the_service_model(
    service: str, operation: str, call: Callable[[DeviceCloud], dict[str, Any]]
) -> None:
    answer = call(ready())
    shape = output_of(service, operation)
    assert answer
    assert foreign(shape, answer) == []
    assert list(violations(shape, answer, "")) == []


def test_a_failed_update_has_the_shape_of_the_service_model() -> None:
    cloud = DeviceCloud()
    cloud.run(targets=[cloud.thing_arn("T9")])
    answer = cloud.updates.get({"otaUpdateId": "OTA_1"})
    assert answer["otaUpdateInfo"]["errorInfo"]
    assert foreign(output_of("iot", "GetOTAUpdate"), answer) == []


def test_the_jobs_data_api_gives_the_document_as_text_and_the_models_errors() -> None:
    cloud = DeviceCloud()
    cloud.create()
    data = JobsData(cloud.device)
    execution = data.describe(NEXT)["execution"]
    assert (execution["jobDocument"], execution["thingName"]) == ('{"operation":"reboot"}', "T1")
    assert "jobDocument" not in data.describe(NEXT | {"includeJobDocument": False})["execution"]
    assert data.update({"thingName": "T1", "jobId": "J1", "status": "SUCCEEDED"}) == {}
    expected = [
        ({"thingName": "T1", "jobId": "J1", "status": "SUCCEEDED"}, "InvalidStateTransitionException"),
        ({"thingName": "T1", "jobId": "J9", "status": "SUCCEEDED"}, "ResourceNotFoundException"),
        ({"thingName": "T1", "jobId": "J1", "status": "DONE"}, "InvalidRequestException"),
    ]
    for request, code in expected:
        with pytest.raises(RuleViolation) as caught:
            data.update(request)
        assert caught.value.code == code
    with pytest.raises(RuleViolation) as caught:
        data.describe({"thingName": "T1", "jobId": "J1"})
    assert caught.value.code == "TerminalStateException"
    assert data.start_next({"thingName": "T1"}) == {}


def test_an_unknown_platform_is_not_found() -> None:
    with pytest.raises(RuleViolation) as caught:
        DeviceCloud().signing.get_platform({"platformId": "none"})
    assert caught.value.code == "ResourceNotFoundException"
