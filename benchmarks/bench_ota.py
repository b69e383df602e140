"""Figures of OTA: a download by raw sockets and by the virtual device, and the cost of a job as its targets grow.

``python benchmarks/bench_ota.py``. The embedded cloud runs in its own process; the download is that of the strict OTA
agent's own requests, over mutual TLS, with policy and transcript on.
"""

from __future__ import annotations

import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.figures import Figure, table  # noqa: E402

MIB = 1024 * 1024
ROUNDS = 3
DOWNLOADS = {"1 KiB blocks one by one": (1024, 1, 2.0), "4 KiB blocks, 8 a request": (4096, 8, 20.0)}
"""By name: block size, blocks a request, and the target in MiB/s."""
TARGETS = (1, 10, 100, 1000)
LINEAR = 1.5
"""How much dearer one more device may be among 1,000 than among 100, so that one may still speak of a line."""
THING = "DIC_2"


@dataclass(frozen=True)
class Served:
    """What the process of the embedded cloud said of itself."""

    host: str
    port: int
    stream: str
    size_bytes: int


# The embedded cloud, in its own process


def serve(folder: Path) -> None:
    """Onboard a device, make an update with an image of a MiB, say where, and serve until standard input ends."""
    from dicfix import wiring
    from dicfix.accounts.ota_job import plan_of
    from dicfix.aws import ota
    from dicfix.offline.cloud import EmbeddedCloud
    from dicfix.settings import settings_from
    from dicfix.wiring import Surroundings

    settings = settings_from({"ota_devices": (THING,)})
    with EmbeddedCloud() as cloud:
        builder = wiring.build(Surroundings.offline(cloud, settings), settings, folder)
        builder.ensure_ota_devices()
        builder.ensure_ota_prerequisites()
        image = image_of(MIB)
        builder.make_ota_update(plan_of(builder.site, "mib.gbl", image))
        stream = ota.stream_of(builder.site.session, f"AFR_OTA-{builder.ota_update_id}")
        (folder / "root.pem").write_text(cloud.server_root_pem)
        print(cloud.endpoint, cloud.mqtt_port, stream, len(image), flush=True)
        sys.stdin.read()


def image_of(size_bytes: int) -> bytes:
    """A synthetic image of at most this size."""
    from dicfix.accounts.ota_job import synthetic_image

    overhead = len(synthetic_image(size_bytes=0)) + 3
    return synthetic_image(size_bytes=size_bytes - overhead)


def start(folder: Path) -> tuple[subprocess.Popen[str], Served]:
    """The process, and what it said."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    host, port, stream, size = process.stdout.readline().split()
    return process, Served(host, int(port), stream, int(size))


# Downloads


def download(served: Served, context: ssl.SSLContext, block_bytes: int, blocks: int) -> float:
    """MiB/s of one download over a raw socket, asked for as the strict agent does."""
    from dataplane_registry import RawClient, publish_packet, subscribe_packet

    from dicfix.device.ota.download import Download
    from dicfix.device.ota_agent import STRICT

    root = f"$aws/things/{THING}/streams/{served.stream}"
    tcp = socket.create_connection(("127.0.0.1", served.port))
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with RawClient(context.wrap_socket(tcp, server_hostname=served.host)) as client:
        client.connect(THING)
        client.send(subscribe_packet((f"{root}/data/cbor", 0)))
        client.read()
        file = Download(STRICT.with_blocks(block_bytes, blocks), 0, served.size_bytes)
        begin = time.perf_counter()
        while not file.complete:
            client.send(publish_packet(f"{root}/get/cbor", file.request()))
            while not file.answered:
                file.take(client.read().payload)
        return served.size_bytes / MIB / (time.perf_counter() - begin)


def downloads() -> list[Figure]:
    """Each way of asking, in turns; the median counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, served = start(folder)
        try:
            context = ssl.create_default_context(cafile=folder / "root.pem")
            context.load_cert_chain(folder / f"{THING}.crt", folder / f"{THING}.key")
            runs = [
                {name: download(served, context, size, count) for name, (size, count, _) in DOWNLOADS.items()}
                for _ in range(ROUNDS)
            ]
        finally:
            process.terminate()
            process.wait(5)
    return [
        Figure(f"OTA download, {name}", statistics.median(run[name] for run in runs), "MiB/s", target, at_most=False)
        for name, (_, _, target) in DOWNLOADS.items()
    ]


def whole_update() -> list[Figure]:
    """One virtual device, from the command ota to SUCCEEDED with its reboot and self test, in the cloud's process."""
    from dicfix import wiring
    from dicfix.accounts.ota_job import plan_of
    from dicfix.lab import Lab
    from dicfix.lab.ota import OtaLab
    from dicfix.offline.cloud import EmbeddedCloud
    from dicfix.settings import settings_from
    from dicfix.wiring import Surroundings

    settings = settings_from({"ota_devices": (THING,)})
    with EmbeddedCloud() as cloud, tempfile.TemporaryDirectory() as name:
        surroundings = Surroundings.offline(cloud, settings)
        lab = Lab(wiring.build(surroundings, settings, Path(name)), surroundings.network)
        ota = OtaLab(lab)
        ota.prepare()
        ota.connect_explorer()
        image = image_of(256 * 1024)
        ota.make(plan_of(ota.account.site, "quarter.gbl", image))
        ota.switch_on()
        begin = time.perf_counter()
        ota.update_all()
        taken_s = time.perf_counter() - begin
        ota.expect_each("SUCCEEDED", "accepted")
        ota.close()
        lab.close()
    return [Figure("OTA update of a virtual device, 256 KiB, in one process", len(image) / MIB / taken_s, "MiB/s")]


# Targets


def cost_of(count: int) -> float:
    """Milliseconds of CPU, from the update's creation for a group of ``count`` things to every SUCCEEDED."""
    import boto3

    from dicfix import wiring
    from dicfix.accounts.ota_job import plan_of, synthetic_image
    from dicfix.aws import jobs
    from dicfix.offline.cloud import EmbeddedCloud
    from dicfix.settings import settings_from
    from dicfix.wiring import Surroundings

    things = [f"DIC_{number}" for number in range(count)]
    settings = settings_from({"devices": tuple(things[:1]), "ota_thing_groups": ("fleet",)})
    with EmbeddedCloud() as cloud, tempfile.TemporaryDirectory() as name:
        builder = wiring.build(Surroundings.offline(cloud, settings), settings, Path(name))
        session = builder.site.session
        builder.ensure_ota_prerequisites()
        jobs.create_thing_group(session, "fleet")
        for thing in things:
            session.call("iot", "CreateThing", thingName=thing)
            jobs.add_to_thing_group(session, "fleet", thing)
        device: Any = boto3.client("iot-jobs-data", **cloud.client_kwargs())
        begin = time.process_time()
        builder.make_ota_update(plan_of(builder.site, "small.gbl", synthetic_image()))
        for thing in things:
            started = device.start_next_pending_job_execution(thingName=thing)["execution"]
            device.update_job_execution(jobId=started["jobId"], thingName=thing, status="SUCCEEDED")
        taken_s = time.process_time() - begin
        statuses = jobs.execution_statuses(session, f"AFR_OTA-{builder.ota_update_id}")
        assert list(statuses.values()) == ["SUCCEEDED"] * count, statuses
    return taken_s * 1000


def targets() -> list[Figure]:
    """The cost of a device, and whether one more is dearer among many than among few."""
    cost = {count: cost_of(count) for count in TARGETS}
    rows = [Figure(f"OTA job for {count:,}, CPU a device", value / count, "ms") for count, value in cost.items()]
    among_few, among_many = (cost[100] - cost[1]) / 99, (cost[1000] - cost[100]) / 900
    return [*rows, Figure("  one more among 1,000 beside one more among 100", among_many / among_few, "times", LINEAR)]


def ota() -> list[Figure]:
    """Every figure of OTA."""
    return [*downloads(), *whole_update(), *targets()]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
    else:
        print(table(ota()))
