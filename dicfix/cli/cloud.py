"""`dicfix cloud`: the embedded cloud in the foreground, for other programs. Imports it only when run."""

from __future__ import annotations

import argparse
import shlex
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from dicfix.cli.columns import wrapped
from dicfix.errors import UsageError
from dicfix.settings import Settings, read_file, settings_from

ROOT_FILE = "AmazonRootCA1.pem"
"""The name under which the guide keeps the server's root; the stand-in takes its place. Source: AWS-8."""
CERTIFICATES = "certificates"
"""Where, below the directory given, ``--onboard`` keeps the guide's files; the AmazonRootCA1.pem there is Amazon's."""
DOCUMENTED_PORT = 8883
LOOK_S = 0.2
"""How often refusals are looked for, to print them."""
_CONFIG = "dic.toml"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "cloud",
        help="run the embedded cloud for other programs",
        description="Runs the embedded cloud on 127.0.0.1 until Ctrl-C: AWS API over HTTP, MQTT over mutual TLS. "
        "Prints how to reach it, and every connection that it refuses with the reason.",
    )
    add = parser.add_argument
    add("--onboard", action="store_true", help=f"perform the guide first, its files in DIR/{CERTIFICATES}")
    add("--edition", metavar="NAME", help="edition of the guide, with --onboard (2023-08)")
    add("--config", type=Path, metavar="FILE", help=f"settings file (default: {_CONFIG}, if there)")
    add("--region", help="the account's Region (eu-west-1)")
    add("--http-port", type=_port, default=0, metavar="PORT", help="port of the API, 0 for a free one (default)")
    add("--mqtt-port", type=_port, default=0, metavar="PORT", help="port of MQTT, 0 for a free one (default)")
    add("--dir", type=Path, default=Path(), metavar="DIR", help=f"where {ROOT_FILE} is written (default: here)")
    parser.set_defaults(func=run)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM; a port in use or a directory that cannot be written is a usage error."""
    from dicfix.offline.cloud import EmbeddedCloud

    settings = _settings(args)
    stop = threading.Event()
    before = {number: signal.signal(number, _setter(stop)) for number in (signal.SIGINT, signal.SIGTERM)}
    cloud = EmbeddedCloud(region=settings.region, http=True, http_port=args.http_port, mqtt_port=args.mqtt_port)
    try:
        with cloud:
            root = write_root(args.dir, cloud.server_root_pem)
            if args.onboard:
                _onboard(cloud, settings, args.dir / CERTIFICATES)
            print("\n".join(description(cloud, root, settings if args.onboard else None)), flush=True)
            _tell_refusals(cloud, stop)
            print("stopping", flush=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    if args.edition and not args.onboard:
        raise UsageError("--edition is for --onboard: an empty cloud has none", remedy="give both, or neither")
    file = args.config or Path(_CONFIG)
    values = read_file(file) if args.config or file.exists() else {}
    given = {name: getattr(args, name) for name in ("edition", "region")}
    return settings_from({**values, **{name: value for name, value in given.items() if value is not None}})


def _onboard(cloud: Any, settings: Settings, directory: Path) -> None:
    """Perform the guide; the journal goes again, since what it notes lives no longer than this process."""
    from dicfix import wiring

    builder = wiring.build(wiring.Surroundings.offline(cloud, settings), settings, directory)
    try:
        builder.onboard()
    finally:
        (directory / wiring.JOURNAL).unlink(missing_ok=True)


def _tell_refusals(cloud: Any, stop: threading.Event) -> None:
    last = 0
    while not stop.wait(LOOK_S):
        for entry in cloud.transcript.refusals(after=last):
            print(entry.render(), flush=True)
            last = entry.number


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


def description(cloud: Any, root: Path, onboarded: Settings | None) -> list[str]:
    """What a user needs to reach the cloud, line by line; ``onboarded`` says for whom, None that nothing is there."""
    url, port, region = cloud.http_url, cloud.mqtt_port, cloud.region
    where = f"{cloud.endpoint}:{DOCUMENTED_PORT}"
    return [
        f"AWS API        {url}  (account {cloud.account_id}, {region}, any credentials)",
        f"MQTT endpoint  {where}",
        f"route          {where} -> 127.0.0.1:{port} (localhost:{port})",
        f"server's root  {root} (stands in for Amazon's)",
        "",
        f"AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any aws --endpoint-url {url} --region {region} "
        "iot describe-endpoint --endpoint-type iot:Data-ATS",
        *_clients(root, port, onboarded),
        "",
        *wrapped(
            "",
            "Connect to localhost, not to 127.0.0.1: the cloud takes localhost as TLS server name (SNI) for the "
            "endpoint's own. Of an address, mosquitto and MQTT Explorer make an SNI too, which is the name of no "
            "account and refused (SNI_FOREIGN); clients that send no SNI then (MQTT.js by itself) are refused for a "
            "certificate of a CA in multi-account mode (SNI_MISSING).",
        ),
        "Ctrl-C stops it; every connection that is refused is told below.",
    ]


def _clients(root: Path, port: int, onboarded: Settings | None) -> Iterator[str]:
    if onboarded is None:
        yield from _client_lines(root, port, Path(), "device", "my-thing")
        yield from wrapped(
            "",
            "Nothing is registered yet: a certificate connects once it, its policy and, for policies that name things, "
            "its thing were made through the API. With --onboard, the guide is performed first.",
        )
        return
    from dicfix.keystore import stems

    directory = root.parent / CERTIFICATES
    things = stems(onboarded.devices, onboarded.explorer_name)
    for thing in (onboarded.explorer_name, onboarded.devices[0]):
        yield from _client_lines(root, port, directory, things[thing], thing)


def _client_lines(root: Path, port: int, directory: Path, stem: str, thing: str) -> Iterator[str]:
    certificate, key = (shlex.quote(str(directory / f"{stem}{suffix}")) for suffix in (".crt", ".key"))
    at = f"-h localhost -p {port} --cafile {shlex.quote(str(root))} --cert {certificate} --key {key} -i {thing}"
    if stem == "explorer":
        yield f"mosquitto_sub {at} -t '#' -q 1 -v"
        yield from _explorer_fields(root, port, certificate, key, thing)
    else:
        yield f"mosquitto_pub {at} -t light/state -m on -q 1"
        yield (
            f"openssl s_client -connect localhost:{port} -servername localhost -CAfile {shlex.quote(str(root))} "
            f"-cert {certificate} -key {key} </dev/null"
        )


def _explorer_fields(root: Path, port: int, certificate: str, key: str, thing: str) -> Iterator[str]:
    yield from wrapped(
        "MQTT Explorer  ",
        f"host localhost, port {port}, encryption and certificate validation on, MQTT client ID {thing}, topic # alone "
        f"($SYS/# ends the connection); server certificate {root}, client certificate {certificate}, client key {key}",
    )
