"""An embedded account that defects are planted in: its API, its state, the given files and the Explorer's profile.

May import the embedded cloud, ``certificates``, ``firmware`` and ``mqtt.profile``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from dicfix.certificates import (
    CaMaterial,
    ClientMaterial,
    PrivateKey,
    issue_client,
    make_ca,
    make_signing_request,
    read_certificate,
    read_private_key,
    sign_request,
)
from dicfix.firmware import FirmwareMaterial, firmware_files, profile
from dicfix.mqtt.profile import ExplorerProfile
from dicfix.offline.aws_api.account.state import AccountState, account_state
from dicfix.offline.aws_api.ota.services import OtaServices, services_of
from dicfix.offline.aws_api.state_lock import STATE_LOCK
from dicfix.offline.cloud import EmbeddedCloud
from dicfix.settings import Settings, ota_bucket


class Session(Protocol):
    """A session that may write, as ``aws.session`` has it."""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one operation."""


@dataclass
class Planting:
    """Where defects are planted. ``directory`` holds the files that the audit is given; ``profile`` the Explorer's."""

    cloud: EmbeddedCloud
    session: Session
    settings: Settings
    directory: Path
    profile: ExplorerProfile | None = None
    auditor: Mapping[str, Any] = field(default_factory=dict)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to ``service:Operation``."""
        service, _, name = operation.partition(":")
        return self.session.call(service, name, **parameters)

    # What there is

    @property
    def device(self) -> str:
        """The first device's thing name."""
        return self.settings.devices[0]

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return ota_bucket(self.settings, self.cloud.account_id)

    @property
    def backend(self) -> Any:
        """The registry behind the API."""
        return self.cloud.registry.backend

    @property
    def account(self) -> AccountState:
        """Logging, Device Defender, indexing and the like."""
        return account_state(self.cloud.account_id, self.cloud.region)

    @property
    def ota(self) -> OtaServices:
        """Jobs, streams, OTA updates and signing."""
        return services_of(self.cloud.account_id, self.cloud.region)

    @contextmanager
    def state(self) -> Iterator[Any]:
        """The backend, to be changed where no operation would."""
        with STATE_LOCK:
            yield self.backend
            self.backend.feed.changed()

    @property
    def ca_id(self) -> str:
        """The id of CA.crt."""
        return self.local_ca().certificate.certificate_id

    def certificate_arn(self, thing_name: str) -> str:
        """The ARN of the certificate that is attached to a thing."""
        return str(self.call("iot:ListThingPrincipals", thingName=thing_name)["principals"][0])

    def certificate_id(self, thing_name: str) -> str:
        """Its id."""
        return self.certificate_arn(thing_name).rsplit("/", 1)[1]

    def arn(self, resource: str) -> str:
        """The ARN of something of AWS IoT."""
        return str(self.backend.arn(resource))

    # Files

    def stem(self, thing_name: str) -> str:
        """What the file names of a client share."""
        if thing_name == self.settings.explorer_name:
            return "explorer"
        return "device" if thing_name == self.device else thing_name

    def write(self, name: str, text: str) -> None:
        """A file of the certificate directory."""
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def edit(self, name: str, old: str, new: str) -> None:
        """Another text in a file of the directory."""
        path = self.directory / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{name} does not hold {old!r}")
        self.write(name, text.replace(old, new))

    def local_ca(self) -> CaMaterial:
        """CA.key and CA.crt."""
        key = read_private_key((self.directory / "CA.key").read_bytes())
        return CaMaterial(key, read_certificate((self.directory / "CA.crt").read_bytes()))

    def local_key(self, thing_name: str) -> PrivateKey:
        """A client's key."""
        return read_private_key((self.directory / f"{self.stem(thing_name)}.key").read_bytes())

    def write_revocations(self, *serials: int) -> None:
        """The CA's revocation list with these serial numbers, in the file that the settings name."""
        ca, now = self.local_ca(), datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.parsed.subject)
        builder = builder.last_update(now).next_update(now + timedelta(days=30))
        for serial in serials:
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
            builder = builder.add_revoked_certificate(revoked)
        made = builder.sign(ca.key.secret, hashes.SHA256())
        Path(self.settings.crl).write_bytes(made.public_bytes(Encoding.PEM))

    # Material

    def issue(self, thing_name: str, *, key: PrivateKey | None = None, **choices: Any) -> ClientMaterial:
        """A client set of our CA, good unless ``key`` or ``choices`` (of ``sign_request``) say otherwise."""
        ca, now = self.local_ca(), datetime.now(UTC)
        subject = choices.pop("subject", f"/O=dicfix/CN={thing_name}")
        if key is None:
            return issue_client(ca, subject, now=choices.pop("now", now), version=choices.pop("version", 3), **choices)
        request = make_signing_request(key, subject)
        made = sign_request(request, ca, now=choices.pop("now", now), version=choices.pop("version", 3), **choices)
        return ClientMaterial(key, request, made)

    def stranger(self, name: str = "stranger") -> tuple[CaMaterial, ClientMaterial]:
        """A set of a CA of somebody else."""
        ca = make_ca("/O=elsewhere/CN=another CA", now=datetime.now(UTC))
        return ca, issue_client(ca, f"/O=elsewhere/CN={name}", now=datetime.now(UTC), version=3)

    def register(self, client: ClientMaterial, *, with_ca: bool = True, status: str = "ACTIVE") -> str:
        """Register a certificate, with CA.crt or without a CA, and give its ARN."""
        pem = client.certificate.pem
        if not with_ca:
            return str(
                self.call("iot:RegisterCertificateWithoutCA", certificatePem=pem, status=status)["certificateArn"]
            )
        ca_pem = self.local_ca().certificate.pem
        answer = self.call("iot:RegisterCertificate", certificatePem=pem, caCertificatePem=ca_pem, status=status)
        return str(answer["certificateArn"])

    def attach(self, thing_name: str, certificate_arn: str, *, policy: bool = True) -> None:
        """Attach a certificate to a thing, and the policy to it."""
        self.call("iot:AttachThingPrincipal", thingName=thing_name, principal=certificate_arn)
        if policy:
            self.call("iot:AttachPolicy", policyName=self.settings.policy_name, target=certificate_arn)

    def detach(self, thing_name: str) -> str:
        """Detach a thing's certificate and give its ARN; the policy stays attached to it."""
        arn = self.certificate_arn(thing_name)
        self.call("iot:DetachThingPrincipal", thingName=thing_name, principal=arn)
        return arn

    def forget_certificate(self, thing_name: str) -> None:
        """Take a thing's certificate out of the account."""
        arn = self.detach(thing_name)
        self.call("iot:DetachPolicy", policyName=self.settings.policy_name, target=arn)
        certificate_id = arn.rsplit("/", 1)[1]
        self.call("iot:UpdateCertificate", certificateId=certificate_id, newStatus="INACTIVE")
        self.call("iot:DeleteCertificate", certificateId=certificate_id, forceDelete=True)

    def replace_client(self, thing_name: str, client: ClientMaterial, *, with_ca: bool = True) -> None:
        """Another set for a client everywhere: account, files, firmware source, and the Explorer's profile."""
        self.forget_certificate(thing_name)
        self.attach(thing_name, self.register(client, with_ca=with_ca))
        stem = self.stem(thing_name)
        self.write(f"{stem}.key", client.key.pem)
        self.write(f"{stem}.csr", client.request.pem)
        self.write(f"{stem}.crt", client.certificate.pem)
        if thing_name == self.settings.explorer_name:
            self.change_profile(client_certificate=client.certificate.pem, client_key=client.key.pem)
        if thing_name == self.device:
            self.build(client)

    def build(self, client: ClientMaterial, **changes: str) -> None:
        """Header and certificate source of the first device, from a set and other values."""
        given = {
            "server_host": self.cloud.endpoint,
            "client_id": self.device,
            "ca_certificate": self.cloud.server_root_pem,
            "device_certificate": client.certificate.pem,
            "device_key": client.key.pem,
            **changes,
        }
        chosen = replace(profile(self.settings.firmware_profile), rooms=())
        for name, text in firmware_files(chosen, FirmwareMaterial(**given)).items():
            self.write(name, text)

    def replace_ca(self, ca: CaMaterial) -> None:
        """Another CA everywhere, with new sets for every client."""
        old = self.ca_id
        clients = (*self.settings.devices, self.settings.explorer_name)
        mode = self.backend.ca_certificates[old].mode
        self.write("CA.key", ca.key.pem)
        self.write("CA.crt", ca.certificate.pem)
        self.call(
            "iot:RegisterCACertificate",
            caCertificate=ca.certificate.pem,
            setAsActive=True,
            allowAutoRegistration=True,
            certificateMode=mode,
        )
        for name in clients:
            self.replace_client(name, self.issue(name))
        self.call("iot:UpdateCACertificate", certificateId=old, newStatus="INACTIVE")
        self.call("iot:DeleteCACertificate", certificateId=old)
        if "activate_new" in self.backend.rules:
            hear_of_registrations(self)
        if self.settings.crl:
            self.write_revocations()

    def change_profile(self, **changes: Any) -> None:
        """Other values in the Explorer's profile."""
        if self.profile is not None:
            self.profile = replace(self.profile, **changes)

    # The OTA half

    def change_update(self, change: Callable[[Any], Any]) -> None:
        """Change the record of the OTA update."""
        with STATE_LOCK:
            updates = self.ota.updates.updates
            key = next(reversed(updates))
            updates[key] = change(updates[key])

    def change_request(self, **changes: Any) -> None:
        """Other members in the request that made the OTA update."""
        self.change_update(lambda one: replace(one, request={**one.request, **changes}))

    def change_file(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change the file of the OTA update."""
        self.change_update(lambda one: replace(one, files=tuple(change(dict(file)) for file in one.files)))

    def change_execution(self, **changes: Any) -> None:
        """Change the first job execution."""
        with STATE_LOCK:
            book = self.ota.book
            (job_id,) = book.jobs
            book.change(book.of_job(job_id)[0], **changes)


def hear_of_registrations(planting: Planting) -> None:
    """A topic rule that hears of the devices that our CA registers automatically."""
    sql = f"SELECT * FROM '$aws/events/certificates/registered/{planting.ca_id}'"  # noqa: S608 - AWS IoT's own SQL
    action = {
        "lambda": {"functionArn": f"arn:aws:lambda:{planting.cloud.region}:{planting.cloud.account_id}:function:x"}
    }
    payload = {"sql": sql, "actions": [action], "ruleDisabled": False}
    operation = "ReplaceTopicRule" if "activate_new" in planting.backend.rules else "CreateTopicRule"
    planting.call(f"iot:{operation}", ruleName="activate_new", topicRulePayload=payload)
