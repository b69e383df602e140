"""A dictionary Registry, certificates and MQTT clients for the data plane's tests and benchmark. Not part of dicfix."""

from __future__ import annotations

import datetime
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dicfix.offline.registry import (
    AttachedThing,
    PolicyText,
    RegisteredCa,
    RegisteredCertificate,
    RetainedMessage,
)

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ENDPOINT = f"a1b2c3d4e5f6g7-ats.iot.{REGION}.amazonaws.com"
DEADLINE_S = 5.0
ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def arn(resource: str) -> str:
    """The ARN of a client, topic or topicfilter in the tests' account."""
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{resource}"


def allow(action: str, *resources: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """One statement."""
    return {"Effect": effect, "Action": action, "Resource": [arn(r) for r in resources] or "*", **more}


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def certificate_id(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    def write(self, folder: Path, stem: str) -> tuple[str, str]:
        """Paths of the certificate and its key as PEM."""
        certificate_path, key_path = folder / f"{stem}.crt", folder / f"{stem}.key"
        certificate_path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        key_path.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        key_path.chmod(0o600)
        return str(certificate_path), str(key_path)


def issue(
    common_name: str,
    issuer: Issued | None = None,
    *,
    start_days: float = -1,
    end_days: float = 360,
    key: ec.EllipticCurvePrivateKey | None = None,
    extra: Sequence[x509.NameAttribute] = (),
    extensions: Sequence[x509.ExtensionType] = (),
) -> Issued:
    """A certificate; self-signed without ``issuer``. Times in days from now."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name), *extra])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=start_days))
        .not_valid_after(now + datetime.timedelta(days=end_days))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


class DictRegistry:
    """The Registry Protocol over dictionaries."""

    def __init__(self) -> None:
        self.account_id = ACCOUNT
        self.region = REGION
        self.certificates: dict[str, RegisteredCertificate] = {}
        self.cas: dict[str, RegisteredCa] = {}
        self.attached: dict[str, list[PolicyText]] = {}
        self.attached_things: dict[str, list[AttachedThing]] = {}
        self.retained: dict[str, RetainedMessage] = {}
        self._version = 0
        self._callbacks: list[Callable[[str], None]] = []

    def version(self) -> int:
        return self._version

    def certificate(self, certificate_id: str) -> RegisteredCertificate | None:
        return self.certificates.get(certificate_id)

    def ca_certificates(self) -> Sequence[RegisteredCa]:
        return list(self.cas.values())

    def register_automatically(self, der: bytes, ca: RegisteredCa) -> RegisteredCertificate:
        return self._register(der, "PENDING_ACTIVATION", ca.mode, ca.ca_certificate_id)

    def policies(self, certificate_id: str) -> Sequence[PolicyText]:
        return list(self.attached.get(certificate_id, ()))

    def things(self, certificate_id: str) -> Sequence[AttachedThing]:
        return list(self.attached_things.get(certificate_id, ()))

    def retained_store(self) -> dict[str, RetainedMessage]:
        return self.retained

    def on_certificate_change(self, callback: Callable[[str], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    # What a test does to the registry

    def register_ca(
        self, ca: Issued, *, status: str = "ACTIVE", mode: str = "SNI_ONLY", auto_registration: bool = False
    ) -> RegisteredCa:
        registered = RegisteredCa(ca.certificate_id, ca.der, status, mode, auto_registration)
        self.cas[ca.certificate_id] = registered
        self._version += 1
        return registered

    def register(
        self,
        issued: Issued,
        *documents: Mapping[str, Any],
        status: str = "ACTIVE",
        mode: str = "DEFAULT",
        ca: Issued | None = None,
        things: Sequence[AttachedThing] = (),
    ) -> RegisteredCertificate:
        """Register a certificate with policies (each a document) and things."""
        registered = self._register(issued.der, status, mode, ca.certificate_id if ca else None)
        self.set_policies(issued, *documents)
        self.attached_things[issued.certificate_id] = list(things)
        return registered

    def _register(self, der: bytes, status: str, mode: str, ca_id: str | None) -> RegisteredCertificate:
        certificate_id = hashlib.sha256(der).hexdigest()
        registered = RegisteredCertificate(
            certificate_id, arn(f"cert/{certificate_id}"), der, status, mode, ca_id, 1_700_000_000_000
        )
        self.certificates[certificate_id] = registered
        self._version += 1
        return registered

    def set_policies(self, issued: Issued, *documents: Mapping[str, Any]) -> None:
        self.attached[issued.certificate_id] = [
            PolicyText(f"policy{number}", document) for number, document in enumerate(documents, 1)
        ]
        self._version += 1

    def set_status(self, issued: Issued, status: str) -> None:
        certificate_id = issued.certificate_id
        self.certificates[certificate_id] = replace(self.certificates[certificate_id], status=status)
        self._changed(certificate_id)

    def delete(self, issued: Issued) -> None:
        del self.certificates[issued.certificate_id]
        self._changed(issued.certificate_id)

    def _changed(self, certificate_id: str) -> None:
        self._version += 1
        for callback in list(self._callbacks):
            callback(certificate_id)


def eventually(fact: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """Poll until ``fact`` is true; its value, or a failure after the deadline."""
    pause, end = threading.Event(), time.monotonic() + deadline_s
    while True:
        value = fact()
        if value:
            return value
        assert time.monotonic() < end, f"not true within {deadline_s} s"
        pause.wait(0.005)


def client_context(root_pem: bytes, certificate: tuple[str, str] | None) -> ssl.SSLContext:
    """A TLS context that trusts only ``root_pem``, as strict as Python 3.13 is by default."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=root_pem.decode())
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def field16(raw: bytes | str) -> bytes:
    """A length-prefixed field."""
    raw = raw.encode() if isinstance(raw, str) else raw
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes) -> bytes:
    """A packet with its remaining length."""
    length, out = len(body), bytearray([first])
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    out.append(length)
    return bytes(out) + body


def connect_packet(
    client_id: str,
    *,
    clean: bool = True,
    keep_alive_s: int = 60,
    will: tuple[str, bytes, int, bool] | None = None,
    username: str | None = None,
    level: int = 4,
) -> bytes:
    """A CONNECT; ``will`` is topic, payload, QoS, retain."""
    flags = 2 * clean
    body = field16(client_id)
    if will:
        topic, payload, qos, retain = will
        flags |= 4 | qos << 3 | retain << 5
        body += field16(topic) + field16(payload)
    if username is not None:
        flags |= 0x80
        body += field16(username)
    return packet(0x10, field16("MQTT") + bytes([level, flags]) + keep_alive_s.to_bytes(2, "big") + body)


def publish_packet(
    topic: str, payload: bytes = b"", *, qos: int = 0, retain: bool = False, packet_id: int = 1
) -> bytes:
    """A PUBLISH."""
    identifier = packet_id.to_bytes(2, "big") if qos else b""
    return packet(0x30 | qos << 1 | retain, field16(topic) + identifier + payload)


def subscribe_packet(*filters: tuple[str, int], packet_id: int = 1) -> bytes:
    """A SUBSCRIBE."""
    return packet(0x82, packet_id.to_bytes(2, "big") + b"".join(field16(f) + bytes([q]) for f, q in filters))


@dataclass(frozen=True)
class Received:
    """A packet from the server; for PUBLISH the fields are filled in."""

    kind: int
    flags: int
    body: bytes
    topic: str = ""
    payload: bytes = b""
    packet_id: int = 0

    @property
    def qos(self) -> int:
        return self.flags >> 1 & 3

    @property
    def retain(self) -> bool:
        return bool(self.flags & 1)

    @property
    def dup(self) -> bool:
        return bool(self.flags & 8)


class Closed(Exception):
    """The server ended the connection."""


class RawClient:
    """MQTT by hand over a blocking TLS socket; every read has a deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(DEADLINE_S)
        self._buffer = b""

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket without DISCONNECT."""
        self.sock.close()

    def send(self, *raw: bytes) -> None:
        try:
            self.sock.sendall(b"".join(raw))
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed(str(error)) from error

    def _need(self, count: int) -> None:
        while len(self._buffer) < count:
            try:
                data = self.sock.recv(65536)
            except (ConnectionError, ssl.SSLError) as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed("end of stream")
            self._buffer += data

    def read(self) -> Received:
        """The next packet; raises Closed if the server ended the connection, TimeoutError if nothing comes."""
        self._need(2)
        at, length, shift = 1, 0, 0
        while True:
            self._need(at + 1)
            byte = self._buffer[at]
            length |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                break
        self._need(at + length)
        first, body = self._buffer[0], self._buffer[at : at + length]
        self._buffer = self._buffer[at + length :]
        if first >> 4 != 3:
            return Received(first >> 4, first & 15, body)
        end = 2 + int.from_bytes(body[:2], "big")
        payload_at = end + 2 if first & 6 else end
        packet_id = int.from_bytes(body[end:payload_at], "big")
        return Received(3, first & 15, body, body[2:end].decode(), body[payload_at:], packet_id)

    def connect(self, client_id: str, **options: Any) -> bool:
        """CONNECT and its CONNACK 0; gives session present."""
        self.send(connect_packet(client_id, **options))
        answer = self.read()
        assert (answer.kind, answer.body[1]) == (2, 0), answer
        return bool(answer.body[0])

    def subscribe(self, *filters: tuple[str, int]) -> tuple[int, ...]:
        """SUBSCRIBE and the codes of its SUBACK."""
        self.send(subscribe_packet(*filters))
        answer = self.read()
        assert answer.kind == 9, answer
        return tuple(answer.body[2:])

    def publish(self, topic: str, payload: bytes = b"", **options: Any) -> None:
        """PUBLISH; at QoS 1 with its PUBACK."""
        self.send(publish_packet(topic, payload, **options))
        if options.get("qos"):
            answer = self.read()
            assert answer.kind == 4, answer

    def ping(self) -> None:
        """PINGREQ and its PINGRESP: everything sent before has been seen by the server."""
        self.send(b"\xc0\x00")
        answer = self.read()
        assert answer.kind == 13, answer

    def ping_after_acknowledgements(self, count: int) -> None:
        """``count`` PUBACKs and the answer to a PINGREQ."""
        assert [message.kind for message in self.messages_until_ping()] == [4] * count

    def messages_until_ping(self) -> list[Received]:
        """Every message that comes before the answer to a PINGREQ."""
        self.send(b"\xc0\x00")
        found = []
        while (answer := self.read()).kind != 13:
            found.append(answer)
        return found

    def expect_closed(self) -> list[Received]:
        """What still came before the server ended the connection."""
        found = []
        try:
            while True:
                found.append(self.read())
        except Closed:
            return found
