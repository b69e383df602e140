"""The OTA half of clouds of a test's own: their clock, their start and their end."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import boto3
from cloud_account import ONE_TRY, Account
from ota_account import OtaAccount, device_answer, message

from dicfix.offline.cloud import EmbeddedCloud
from dicfix.offline.dataplane import ManualClock

JOBS = "$aws/things/SQA_DIC_C2/jobs"


def test_a_job_execution_times_out_by_the_clouds_clock(tmp_path: Path) -> None:
    clock = ManualClock()
    with EmbeddedCloud(clock=clock) as cloud, closing(OtaAccount(Account(cloud))) as ota:
        device = ota.device(tmp_path)
        ota.iot.create_job(
            jobId="j", targets=[ota.thing()], document="{}", timeoutConfig={"inProgressTimeoutInMinutes": 1}
        )
        device_answer(device, f"{JOBS}/start-next", {})
        device.subscribe((f"{JOBS}/notify-next", 1))
        clock.advance(61)
        topic, body = message(device)
        assert (topic, sorted(body)) == (f"{JOBS}/notify-next", ["timestamp"])
        assert ota.iot.describe_job_execution(jobId="j", thingName="SQA_DIC_C2")["execution"]["status"] == "TIMED_OUT"


def test_a_cloud_that_nobody_asks_for_ota_does_not_load_it() -> None:
    program = (
        "import sys\nfrom dicfix.offline.cloud import EmbeddedCloud\n"
        "with EmbeddedCloud() as cloud:\n    cloud.dump()\n"
        "print(sorted(m for m in sys.modules if 'ota.services' in m or m in ('moto.s3.models', 'moto.acm.models')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_the_cloud_can_be_stopped_with_an_update_on_its_way() -> None:
    with EmbeddedCloud() as cloud:
        ota = OtaAccount(Account(cloud)).prepare()
        ota.create("OTA_1", [ota.thing()])
    with EmbeddedCloud() as cloud:
        assert Account(cloud).iot.list_ota_updates()["otaUpdates"] == []


def test_iot_jobs_data_answers_at_the_endpoint_of_the_data_plane_too() -> None:
    with EmbeddedCloud() as cloud:
        ota = OtaAccount(Account(cloud))
        ota.iot.create_job(jobId="J1", targets=[ota.thing("T1")], document="{}")
        endpoint = ota.iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
        kwargs = cloud.client_kwargs() | {"endpoint_url": f"https://{endpoint}"}
        device = boto3.client("iot-jobs-data", config=ONE_TRY, **kwargs)
        assert device.get_pending_job_executions(thingName="T1")["queuedJobs"][0]["jobId"] == "J1"
        messages = boto3.client("iot-data", config=ONE_TRY, **kwargs)
        assert messages.list_retained_messages()["retainedTopics"] == []
