"""Every figure that has a target, beside it and beside its peer: ``python benchmarks/run.py [NAME ...]``.

Ratios are measured in one run, in turns, and the median counts. The exit code is 0 unless a benchmark could not run.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import bench_audit, bench_dataplane, bench_features, bench_ota, bench_start
from benchmarks.figures import Figure, machine, table


def data_plane() -> list[Figure]:
    """The data plane's figures, beside mosquitto's where it is on the machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context = bench_dataplane.prepare(folder)
        servers = [bench_dataplane.start_ours(folder)]
        binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if binary:
            servers.append(bench_dataplane.start_mosquitto(folder, binary))
        try:
            measured = bench_dataplane.measure([bench_dataplane.Generator(server, context) for server in servers])
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait(5)
    return [figure for name in ("QoS 0", "QoS 1") for figure in throughput(name, measured[name])] + [
        beside("data plane, connects", measured["connects"], "/s", 300.0, at_most=False),
        beside("data plane, memory a connection", measured["KB"], "KB", 40.0, at_most=True),
    ]


def throughput(name: str, measured: dict[str, float]) -> list[Figure]:
    """Messages a second, and what part of mosquitto's that is."""
    ours, other = measured["ours"], measured.get("mosquitto")
    rate = Figure(f"data plane, {name}", ours, "msg/s", peer=_mosquitto(other, "msg/s"))
    if other is None:
        return [rate]
    return [rate, Figure("  the same, of mosquitto's", ours / other, "", 0.4, at_most=False, peer="mosquitto 1")]


def beside(name: str, measured: dict[str, float], unit: str, target: float, *, at_most: bool) -> Figure:
    """A figure with a target of its own, mosquitto's as the peer."""
    peer = _mosquitto(measured.get("mosquitto"), unit)
    return Figure(name, measured["ours"], unit, target, at_most=at_most, peer=peer)


def _mosquitto(figure: float | None, unit: str) -> str:
    return "mosquitto is not on this machine" if figure is None else f"mosquitto {figure:,.0f} {unit}"


BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "start": bench_start.command_line,
    "cloud": bench_start.cloud,
    "features": bench_features.features,
    "dataplane": data_plane,
    "ota": bench_ota.ota,
    "audit": bench_audit.audit,
}


def main() -> int:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHMARKS)}; all if none")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(machine(), flush=True)
    figures: list[Figure] = []
    failed = 0
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            figures += BENCHMARKS[name]()
        except (RuntimeError, OSError, SystemExit) as error:
            failed += 1
            print(f"{name} could not run: {error}", file=sys.stderr)
    print(table(figures))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
