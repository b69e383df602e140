"""Run by a test in a process of its own: the jobs clients of AWS's device SDK work through a thing's jobs.

Arguments: port, root, certificate, key, thing. The first client waits to be told of a job, starts and ends it; the
second, of the SDK's newer kind, asks for the pending jobs, describes and ends the next one. Prints one line a step.
"""

from __future__ import annotations

import queue
import sys
from typing import Any

from awscrt import mqtt, mqtt_request_response
from awsiot import iotjobs, mqtt_connection_builder

DEADLINE_S = 20.0
QOS = mqtt.QoS.AT_LEAST_ONCE


def say(*words: object) -> None:
    """One line for the test."""
    print(*words, flush=True)


def with_events(connection: mqtt.Connection, thing: str) -> None:
    """IotJobsClient: subscriptions first, then events and answers as they come."""
    client = iotjobs.IotJobsClient(connection)
    heard: queue.Queue[tuple[str, Any]] = queue.Queue()

    def subscribe(operation: str, request: Any) -> None:
        name = f"subscribe_to_{operation}"
        future, _topic = getattr(client, name)(request, QOS, lambda answer: heard.put((operation, answer)))
        future.result(DEADLINE_S)

    subscribe("next_job_execution_changed_events", iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=thing))
    started = iotjobs.StartNextPendingJobExecutionSubscriptionRequest(thing_name=thing)
    subscribe("start_next_pending_job_execution_accepted", started)
    subscribe("start_next_pending_job_execution_rejected", started)
    say("ready")
    told = heard.get(timeout=DEADLINE_S)[1]
    say("told", told.execution.job_id, told.execution.status, told.execution.job_document["operation"])
    request = iotjobs.StartNextPendingJobExecutionRequest(thing_name=thing, client_token="one")
    client.publish_start_next_pending_job_execution(request, QOS).result(DEADLINE_S)
    operation, answer = heard.get(timeout=DEADLINE_S)
    say(operation, answer.client_token, answer.execution.job_id, answer.execution.version_number)
    updated = iotjobs.UpdateJobExecutionSubscriptionRequest(thing_name=thing, job_id=answer.execution.job_id)
    subscribe("update_job_execution_accepted", updated)
    subscribe("update_job_execution_rejected", updated)
    for version in (answer.execution.version_number + 1, answer.execution.version_number):
        update = iotjobs.UpdateJobExecutionRequest(
            thing_name=thing, job_id=answer.execution.job_id, expected_version=version,
            status=iotjobs.JobStatus.SUCCEEDED, status_details={"by": "the SDK"}, include_job_execution_state=True,
        )  # fmt: skip
        client.publish_update_job_execution(update, QOS).result(DEADLINE_S)
        answers = [heard.get(timeout=DEADLINE_S)]
        while not answers[-1][0].startswith("update"):
            answers.append(heard.get(timeout=DEADLINE_S))
        operation, said = answers[-1]
        say(operation, getattr(said, "code", None) or said.execution_state.status)


def with_answers(connection: mqtt.Connection, thing: str) -> None:
    """IotJobsClientV2: every request gives its answer."""
    options = mqtt_request_response.ClientOptions(max_request_response_subscriptions=4, max_streaming_subscriptions=2)
    client = iotjobs.IotJobsClientV2(connection, options)
    asked = iotjobs.GetPendingJobExecutionsRequest(thing_name=thing)
    pending = client.get_pending_job_executions(asked).result(DEADLINE_S)
    say("pending", [one.job_id for one in pending.queued_jobs])
    described = iotjobs.DescribeJobExecutionRequest(thing_name=thing, job_id="$next", include_job_document=True)
    execution = client.describe_job_execution(described).result(DEADLINE_S).execution
    say("described", execution.job_id, execution.status, execution.job_document["operation"])
    for status in (iotjobs.JobStatus.IN_PROGRESS, iotjobs.JobStatus.FAILED):
        update = iotjobs.UpdateJobExecutionRequest(thing_name=thing, job_id=execution.job_id, status=status)
        client.update_job_execution(update).result(DEADLINE_S)
        say("updated", status)
    try:
        client.update_job_execution(update).result(DEADLINE_S)
    except Exception as error:  # noqa: BLE001 - the SDK's own class of it
        say("refused", error.args[0] if error.args else type(error).__name__)


def main(port: str, root: str, certificate: str, key: str, thing: str) -> None:
    """Both clients, one after the other, on one connection."""
    connection = mqtt_connection_builder.mtls_from_path(
        endpoint="localhost", port=int(port), cert_filepath=certificate, pri_key_filepath=key, ca_filepath=root,
        client_id=thing, clean_session=True, keep_alive_secs=60,
    )  # fmt: skip
    connection.connect().result(DEADLINE_S)
    with_events(connection, thing)
    with_answers(connection, thing)
    connection.disconnect().result(DEADLINE_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
