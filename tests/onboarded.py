"""A good onboarding as records, with real certificates, for the tests of the controls.

``Material`` is made once a session; ``good_inventory`` is what a Builder or an Auditor would read after all steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from dicfix.certificates import CaMaterial, ClientMaterial, issue_client, issue_verification, make_ca
from dicfix.firmware import FirmwareMaterial, firmware_files, profile_of_edition
from dicfix.guide import edition
from dicfix.guide.values import POLICY_DOCUMENT
from dicfix.mqtt.profile import ExplorerProfile
from dicfix.records import (
    OTA_AGENT_STARTED,
    CaCertificate,
    Caller,
    ClientFiles,
    DeviceCertificate,
    Exchange,
    Inventory,
    LiveSession,
    LocalFiles,
    Policy,
    Thing,
)
from dicfix.settings import Settings, settings_from
from dicfix.trust import AMAZON_ROOT_CA_1, amazon_root_ca_1

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
ACCOUNT = "123456789012"
REGION = "eu-west-1"
DEVICE = "SQA_DIC_C2"
SECOND = "SQA_DIC_C3"
EXPLORER = "DIC_EXPLORER"
GROUP = "DIC_DEVICES"
ENDPOINT = f"a1b2c3d4e5f6g7-ats.iot.{REGION}.amazonaws.com"
CODE = "0123456789abcdef" * 4
PREFIX = f"arn:aws:iot:{REGION}:{ACCOUNT}"


@dataclass(frozen=True)
class Material:
    """Everything that has a key."""

    ca: CaMaterial
    other_ca: CaMaterial
    device: ClientMaterial
    second: ClientMaterial
    explorer: ClientMaterial
    stranger: ClientMaterial
    verification: ClientMaterial


@cache
def material() -> Material:
    ca = make_ca("/O=dicfix/CN=DIC CA", now=NOW)
    other = make_ca("/O=dicfix/CN=Other CA", now=NOW)
    return Material(
        ca=ca,
        other_ca=other,
        device=issue_client(ca, f"/O=dicfix/CN={DEVICE}", now=NOW, version=3),
        second=issue_client(ca, f"/O=dicfix/CN={SECOND}", now=NOW, version=3),
        explorer=issue_client(ca, f"/O=dicfix/CN={EXPLORER}", now=NOW, version=3),
        stranger=issue_client(other, f"/O=dicfix/CN={DEVICE}", now=NOW, version=3),
        verification=issue_verification(ca, CODE, now=NOW),
    )


def good_settings(edition_name: str = "2023-08", mode: str = "onboard", **more: object) -> Settings:
    given = {"devices": (DEVICE, SECOND), "explorer_name": EXPLORER, "account": ACCOUNT, "region": REGION}
    given["ota_thing_groups"] = (GROUP,)
    return settings_from({"edition": edition_name, "mode": mode, **given, **more})


def certificate_arn(certificate_id: str) -> str:
    return f"{PREFIX}:cert/{certificate_id}"


def ca_record(ca: CaMaterial, mode: str = "SNI_ONLY", auto_registration: str = "ENABLE") -> CaCertificate:
    certificate_id = ca.certificate.certificate_id
    return CaCertificate(
        certificate_id=certificate_id,
        arn=f"{PREFIX}:cacert/{certificate_id}",
        pem=ca.certificate.pem,
        status="ACTIVE",
        mode=mode,
        auto_registration=auto_registration,
        owned_by=ACCOUNT,
        template="",
    )


def certificate_record(client: ClientMaterial, ca: CaMaterial, mode: str = "SNI_ONLY") -> DeviceCertificate:
    certificate_id = client.certificate.certificate_id
    return DeviceCertificate(
        certificate_id=certificate_id,
        arn=certificate_arn(certificate_id),
        pem=client.certificate.pem,
        status="ACTIVE",
        mode=mode,
        ca_certificate_id=ca.certificate.certificate_id,
    )


def files_of(name: str, client: CaMaterial | ClientMaterial, code: str | None = None) -> ClientFiles:
    asked = client.request.common_name if isinstance(client, ClientMaterial) else None
    return ClientFiles(
        name=name,
        certificate_pem=client.certificate.pem,
        key_kind=client.key.kind,
        key_fits=True,
        csr_fits=True if asked else None,
        key_mode=0o600,
        csr_common_name=asked,
    )


def good_local(edition_name: str = "2023-08") -> LocalFiles:
    made = material()
    with_verification = edition(edition_name).verification_certificate
    return LocalFiles(
        ca=files_of("CA", made.ca),
        clients={
            DEVICE: files_of(DEVICE, made.device),
            SECOND: files_of(SECOND, made.second),
            EXPLORER: files_of(EXPLORER, made.explorer),
        },
        verification=files_of("verification_cert", made.verification)
        if with_verification
        else ClientFiles("verification_cert"),
        serial_file=f"{made.device.certificate.serial:X}\n",
        server_certificate_pem=amazon_root_ca_1().pem,
        **good_build(edition_name),
    )


def good_build(edition_name: str = "2023-08", **changes: str) -> dict[str, str | None]:
    """Header and certificate source of the first device, by the field of LocalFiles."""
    device = material().device
    given = {
        "server_host": ENDPOINT,
        "client_id": DEVICE,
        "ca_certificate": amazon_root_ca_1().pem,
        "device_certificate": device.certificate.pem,
        "device_key": device.key.pem,
        **changes,
    }
    files = firmware_files(profile_of_edition(edition_name), FirmwareMaterial(**given))
    return {"header": files["dic_config.h"], "certificate_source": files.get("dic_nvm_cert.cpp")}


def good_exchanges(edition_name: str) -> tuple[Exchange, ...]:
    chosen = edition(edition_name)
    topics = {
        "lighting": ("light/state", "on", "on"),
        "plug": ("light/state", "off", "off"),
        "lock": ("lock/state", "lock", "lock"),
        "window": ("lift/position set", "5000", "Lift/5000"),
        "thermostat": ("thermostat/systemMode", "COOL", "SetMode/3"),
    }
    states = [
        Exchange(one, "state", topics[one][0], topics[one][1], topics[one][1], topics[one][1])
        for one in chosen.applications
    ]
    commands = [
        Exchange(one, "command", "command", topics[one][2], topics[one][1], topics[one][1]) for one in chosen.commanded
    ]
    ota = [Exchange(one, "ota", "command", "ota", OTA_AGENT_STARTED, OTA_AGENT_STARTED) for one in chosen.commanded]
    return (*states, *commands, *(ota if chosen.ota else ()))


def good_profile(edition_name: str = "2023-08") -> ExplorerProfile:
    made = material()
    return ExplorerProfile.of_guide(
        endpoint=ENDPOINT,
        thing_name=EXPLORER,
        server_certificate=amazon_root_ca_1().pem,
        client_certificate=made.explorer.certificate.pem,
        client_key=made.explorer.key.pem,
        topics=("#",) if edition_name == "2023-06" else ("light/#",),
    )


def good_inventory(edition_name: str = "2023-08", signing: str = "new") -> Inventory:
    """Everything as the edition asks, for two devices and MQTT Explorer; ``signing`` is how the OTA file is signed."""
    from account_onboarded import good_account  # they are built of this module's names
    from ota_onboarded import good_ota

    made = material()
    mode = edition(edition_name).ca_mode
    clients = {DEVICE: made.device, SECOND: made.second, EXPLORER: made.explorer}
    certificates = {name: certificate_record(one, made.ca, mode) for name, one in clients.items()}
    ca = ca_record(made.ca, mode)
    registered = {one.certificate_id: one for one in certificates.values()}
    things = {name: Thing(name, f"{PREFIX}:thing/{name}", (str(one.arn),)) for name, one in certificates.items()}
    policies = {
        "DIC_POLICY": Policy(
            name="DIC_POLICY",
            arn=f"{PREFIX}:policy/DIC_POLICY",
            document=POLICY_DOCUMENT,
            default_version_id="1",
            version_ids=("1",),
            targets=frozenset(str(one.arn) for one in certificates.values()),
        )
    }
    return Inventory(
        caller=Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/tester", REGION),
        endpoint=ENDPOINT,
        ca_certificates={ca.certificate_id: ca},
        certificates=registered,
        policies=policies,
        things=things,
        sessions={name: LiveSession(name, True, 0 if name != EXPLORER else 60, 8883, ("command",)) for name in clients},
        local=good_local(edition_name),
        explorer=good_profile(edition_name),
        probe=AMAZON_ROOT_CA_1,
        server_root_pem=amazon_root_ca_1().pem,
        registration_code=CODE,
        exchanges=good_exchanges(edition_name),
        **good_account(registered, policies, things, ca.certificate_id),
        **(good_ota(signing) if edition(edition_name).ota else {}),
    )
