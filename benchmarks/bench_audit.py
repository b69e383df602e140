"""What an audit takes: calls of a sweep by the size of the fleet, time and room of the controls, a million devices.

Run as a program it is the child that is measured: ``sweep COUNT``, ``controls COUNT``, ``save FILE COUNT``.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import PYTHON, ROOT, Figure, medians, seconds_to_end

CONSTANTS = 70
PAGE = 250
ROUNDS = 3
TIMEOUT_S = 3600
NAIVE_TEXT = "one by one, as a general auditor"


def naive(count: int) -> int:
    """The calls of an auditor that asks about each thing in turn."""
    return 5 * count + 200


def child(*words: object) -> dict[str, Any]:
    """What a child of this program prints."""
    done = subprocess.run(
        [PYTHON, __file__, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def audit() -> list[Figure]:
    """Every figure of an audit."""
    return [*sweeps(), saved(), *controls(), *million()]


def sweeps() -> Iterator[Figure]:
    """Calls against the embedded cloud, cold, with known certificates, and at night."""
    for count in (10, 1_000, 10_000):
        found = child("sweep", count)
        lists = 3 * math.ceil(count / PAGE)
        peer = f"{NAIVE_TEXT} {naive(count):,}"
        cold = f"sweep of {count:,} things, cold (K = {found['constants']}, {found['cold_s']:.1f} s here)"
        yield Figure(cold, found["cold"], "calls", lists + 2 * count + CONSTANTS, peer=peer)
        yield Figure("  certificates known", found["known"], "calls", lists + count + CONSTANTS, peer=peer)
        night = 1_850 if count == 10_000 else None
        yield Figure("  nightly, 1 % changed, a seventh again", found["night"], "calls", night, peer=peer)


def saved() -> Figure:
    """The whole program over a saved inventory of ten devices."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "inventory.jsonl"
        child("save", path, 11)
        command = [PYTHON, "-m", "dicfix", "audit", "--inventory", path, "--fail-on", "guide=never"]
        runs = [(_seconds_whatever(command),) for _ in range(ROUNDS)]
    return Figure("dicfix audit of a saved inventory of 10 devices", medians(runs)[0], "s", 1.0)


def _seconds_whatever(command: list[Any]) -> float:
    """The time of a program whatever its verdict: a made inventory is not a whole account."""
    shell = [PYTHON, "-c", "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode not in (0, 1, 3))"]
    bare = seconds_to_end([PYTHON, "-c", "pass"])
    return seconds_to_end([*shell, *map(str, command)]) - bare


def controls() -> Iterator[Figure]:
    """Every control over an inventory of a fleet."""
    for count, seconds, megabytes in ((10_000, 2.0, 300.0), (100_000, None, None)):
        found = child("controls", count)
        name = f"{found['controls']} controls over {count:,} devices"
        signatures = f"{found['cpu_s']:.1f} s of CPU, of it {found['signatures_s']:.1f} s to verify as many signatures"
        yield Figure(name, found["seconds"], "s", seconds, peer=signatures)
        yield Figure("  memory, the inventory included", found["MB"], "MB", megabytes)


def million() -> Iterator[Figure]:
    """How long the calls of a million devices take within AWS's quotas, by the audit's own buckets."""
    count, changed = 1_000_000, 10_000
    lists = math.ceil(count / PAGE)
    listed = {"iot:ListThings": lists, "iot:ListCertificates": lists, "iot:ListTargetsForPolicy": lists}
    events = {"cloudtrail:LookupEvents": 2 * changed // 50 + 3}
    plans = {
        "cold": {**listed, **edges(count), "iot:DescribeCertificate": count},
        "full, certificates known": {**listed, **edges(count)},
        "nightly, 1 % changed, a seventh again": {
            **listed, **events, **edges(changed + math.ceil(count / 7)), "iot:DescribeCertificate": changed,
        },
    }  # fmt: skip
    quarters = dict.fromkeys(edges(count), count // 4)
    for share in (0.5, 1.0):
        bound = hours(quarters, share)
        days = naive(count) / 10 / share / 86400
        peer = f"limit of a full pass (four quotas) {bound:.1f} h; {NAIVE_TEXT} {days:.1f} d"
        for name, calls in plans.items():
            total = sum(calls.values())
            yield Figure(
                f"1,000,000 devices at {share:.0%} of the quotas, {name}: {total:,} calls",
                hours(calls, share),
                "h",
                peer=peer,
            )


def edges(count: int) -> dict[str, int]:
    """The attachments of so many things, shared by both operations."""
    return {"iot:ListThingPrincipals": count // 2, "iot:ListThingPrincipalsV2": count - count // 2}


def hours(calls: Mapping[str, int], share: float) -> float:
    """When the last call may be sent, each operation by its own bucket, all side by side."""
    from dicfix.audit.pace import Pace, default_quotas

    pace = Pace(default_quotas(), share=share)
    last_s = 0.0
    for name, count in calls.items():
        bucket = pace.bucket(name)
        assert bucket
        for _ in range(count - 1):
            bucket.reserve(0.0)
        last_s = max(last_s, bucket.reserve(0.0))
    return last_s / 3600


def child_sweep(count: int) -> dict[str, Any]:
    """Three nights of one fleet: cold, 100 days later with known certificates, and a day after that."""
    from benchmarks.fleet import fill, names, rotate
    from dicfix.audit.sweep import sweep
    from dicfix.aws.session import AwsSession
    from dicfix.offline.cloud import EmbeddedCloud
    from dicfix.settings import settings_from

    with EmbeddedCloud() as cloud, tempfile.TemporaryDirectory() as name:
        issuer = fill(cloud, count)
        settings = settings_from({"mode": "audit", "scope_prefix": "DIC_"})
        session = AwsSession(cloud.client_kwargs(), read_only=True, max_attempts=1)
        today = datetime.now(UTC)
        reports, seconds = [], []
        for days in (-102, -1.5, 0):
            if days == 0:
                writer = AwsSession(cloud.client_kwargs(), max_attempts=1)
                rotate(
                    cloud, issuer, writer, [one for one, _ in zip(names(count - 1), range(count // 100), strict=False)]
                )
            started = time.perf_counter()
            night = today + timedelta(days=days)
            reports.append(sweep(session, settings, state=Path(name), now=lambda night=night: night).report)
            seconds.append(time.perf_counter() - started)
    cold, known, night_report = (report.total_calls for report in reports)
    constants = cold - 2 * count - 3 * math.ceil(count / PAGE)
    return {"cold": cold, "known": known, "night": night_report, "constants": constants, "cold_s": seconds[0]}


def child_controls(count: int) -> dict[str, Any]:
    """Time and memory of every control over a made inventory."""
    import resource

    from benchmarks.fleet import inventory_of
    from dicfix.audit.run import chosen_controls, run_controls
    from dicfix.certificates import read_certificate
    from dicfix.settings import settings_from

    inventory = inventory_of(count)
    devices = tuple(name for name in inventory.things if name != "DIC_EXPLORER")
    settings = settings_from({"mode": "audit", "devices": devices})
    started, begun = time.perf_counter(), time.process_time()
    run_controls(inventory, settings, datetime.now(UTC))
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - begun
    ca = read_certificate(next(iter(inventory.ca_certificates.values())).pem).parsed
    parsed = [read_certificate(one.pem).parsed for one in inventory.certificates.values()]
    begun = time.process_time()
    for one in parsed:
        one.verify_directly_issued_by(ca)
    signatures_s = time.process_time() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": seconds, "cpu_s": cpu_s, "signatures_s": signatures_s, "MB": megabytes}
    return {**figures, "controls": len(chosen_controls())}


def child_save(path: str, count: int) -> dict[str, Any]:
    """An inventory file of a small fleet."""
    from benchmarks.fleet import inventory_of
    from dicfix.audit.inventory import write_inventory

    inventory = inventory_of(count)
    devices = [name for name in inventory.things if name != "DIC_EXPLORER"]
    write_inventory(Path(path), inventory, {"devices": devices, "started": datetime.now(UTC).isoformat()})
    return {}


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "save":
        print(json.dumps(child_save(rest[0], int(rest[1]))))
    else:
        print(json.dumps({"sweep": child_sweep, "controls": child_controls}[what](int(rest[0]))))
