"""How long things take to start: the command line, the package, and the embedded cloud beside moto alone.

Run as a program it is the child that is timed: ``cloud FOLDER`` brings the embedded cloud up, registers a client
through the API and has its CONNECT answered; ``moto`` starts moto and makes one call.
"""

from __future__ import annotations

import socket
import ssl
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import PYTHON, Figure, medians, seconds_to_end, seconds_to_first_line

ROUNDS = 7
CLIENT_ID = "DIC_EXPLORER"
CONNECT = b"\x10\x18\x00\x04MQTT\x04\x02\x00\x3c\x00\x0c" + CLIENT_ID.encode()
CONNACK = b"\x20\x02\x00\x00"


def command_line() -> list[Figure]:
    """Start of the command line and of the package, beside the interpreter alone."""
    runs = [
        (
            seconds_to_end([PYTHON, "-m", "dicfix", "--help"]),
            seconds_to_end([PYTHON, "-c", "import dicfix"]),
            seconds_to_end([PYTHON, "-c", "pass"]),
        )
        for _ in range(ROUNDS)
    ]
    shown, imported, bare = medians(runs)
    python = f"Python alone {bare:.3f} s"
    return [
        Figure("python -m dicfix --help", shown, "s", 0.35, peer=f"a general auditor 3.4 to 4.2 s; {python}"),
        Figure("import dicfix", imported, "s", peer=python),
    ]


def cloud() -> list[Figure]:
    """The embedded cloud from process start until API and MQTT answer, beside moto and its first call alone."""
    from dicfix.keystore import Keystore

    with tempfile.TemporaryDirectory() as name:
        keystore = Keystore(Path(name))
        keystore.ensure_ca()
        keystore.ensure_client("explorer")
        runs = [
            (
                seconds_to_first_line([PYTHON, __file__, "cloud", name]),
                seconds_to_first_line([PYTHON, __file__, "moto"]),
            )
            for _ in range(ROUNDS)
        ]
    ours, moto = medians(runs)
    peer = f"moto and its first call alone {moto:.2f} s: {ours / moto:.1f} times"
    return [Figure("embedded cloud, API and MQTT answering", ours, "s", 1.0, peer=peer)]


def child_cloud(folder: Path) -> None:
    """Start, register, connect, say so."""
    import boto3

    from dicfix.guide.values import POLICY_DOCUMENT
    from dicfix.offline.cloud import EmbeddedCloud

    with EmbeddedCloud() as running:
        iot = boto3.client("iot", **running.client_kwargs())
        pem = (folder / "explorer.crt").read_text()
        arn = iot.register_certificate_without_ca(certificatePem=pem, status="ACTIVE")["certificateArn"]
        iot.create_policy(policyName="DIC_POLICY", policyDocument=POLICY_DOCUMENT)
        iot.attach_policy(policyName="DIC_POLICY", target=arn)
        context = ssl.create_default_context(cadata=running.server_root_pem)
        context.load_cert_chain(folder / "explorer.crt", folder / "explorer.key")
        with (
            socket.create_connection(("127.0.0.1", running.mqtt_port)) as tcp,
            context.wrap_socket(tcp, server_hostname=running.endpoint) as client,
        ):
            client.sendall(CONNECT)
            answer = client.recv(4)
            assert answer == CONNACK, answer
            print("ready", flush=True)
            sys.stdin.read()


def child_moto() -> None:
    """moto's own way, with one call."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        credentials = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        boto3.client("iot", region_name="eu-west-1", **credentials).list_things()
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    child_cloud(Path(sys.argv[2])) if sys.argv[1] == "cloud" else child_moto()
