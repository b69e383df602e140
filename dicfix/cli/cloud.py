"""`dicfix cloud`: the embedded cloud in the foreground, for other programs. Imports it only when run."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from dicfix.errors import UsageError

ROOT_FILE = "AmazonRootCA1.pem"
"""The name under which the guide keeps the server's root; the stand-in takes its place. Source: AWS-8."""
DOCUMENTED_PORT = 8883


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("cloud", help="run the embedded cloud for other programs")
    parser.add_argument("--region", default="eu-west-1", help="the account's Region (default: %(default)s)")
    parser.add_argument("--http-port", type=_port, default=0, metavar="PORT", help="port of the API, 0 for a free one")
    parser.add_argument("--mqtt-port", type=_port, default=0, metavar="PORT", help="port of MQTT, 0 for a free one")
    parser.add_argument(
        "--dir", type=Path, default=Path(), metavar="DIR", help=f"where {ROOT_FILE} is written (default: here)"
    )
    parser.set_defaults(func=run)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM; a port in use or a directory that cannot be written is a usage error."""
    from dicfix.offline.cloud import EmbeddedCloud

    stop = threading.Event()
    before = {number: signal.signal(number, _setter(stop)) for number in (signal.SIGINT, signal.SIGTERM)}
    cloud = EmbeddedCloud(region=args.region, http=True, http_port=args.http_port, mqtt_port=args.mqtt_port)
    try:
        with cloud:
            root = write_root(args.dir, cloud.server_root_pem)
            print("\n".join(description(cloud, root)), flush=True)
            stop.wait()
            print("stopping", flush=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _setter(stop: threading.Event) -> Any:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return handle


def write_root(directory: Path, root_pem: str) -> Path:
    """Write the stand-in root into ``directory``; a file there that is no stand-in is not overwritten."""
    path = directory / ROOT_FILE
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if path.exists() and not _is_stand_in(path.read_text(encoding="utf-8")):
            raise UsageError(
                f"{path} is there already and is not the embedded cloud's",
                remedy="give another directory with --dir",
            )
        path.write_text(root_pem, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", remedy="give another directory with --dir"
        ) from error
    return path


def _is_stand_in(pem: str) -> bool:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    from dicfix.offline.dataplane.identity import ROOT_COMMON_NAME

    try:
        names = x509.load_pem_x509_certificate(pem.encode()).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return False
    return [name.value for name in names] == [ROOT_COMMON_NAME]


def description(cloud: Any, root: Path) -> list[str]:
    """What a user needs to reach the cloud, line by line."""
    return [
        f"AWS API        {cloud.http_url}  (account {cloud.account_id}, {cloud.region}, any credentials)",
        f"MQTT endpoint  {cloud.endpoint}:{DOCUMENTED_PORT}",
        f"route          {cloud.endpoint}:{DOCUMENTED_PORT} -> 127.0.0.1:{cloud.mqtt_port} (or localhost)",
        f"server's root  {root} (stands in for Amazon's)",
        "",
        f"aws --endpoint-url {cloud.http_url} --region {cloud.region} iot describe-endpoint "
        "--endpoint-type iot:Data-ATS",
        f"mosquitto_sub -h localhost -p {cloud.mqtt_port} --cafile {root} --cert device.crt --key device.key "
        "-i my-thing -t '#' -q 1 -v",
        "A client ID and topics that the certificate's policy allows; without SNI (an address as host) a certificate "
        "of a CA in mode SNI_ONLY is refused.",
        "",
        "Ctrl-C stops it.",
    ]
