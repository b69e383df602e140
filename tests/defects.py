"""Named ways to spoil a good onboarding, each with the guide-axis controls that must turn from not-FAIL to FAIL.

``onboard`` are those that flip while onboarding, ``audit`` those in an audit (the same unless given). A defect spoils
one thing consistently: files, account and attachments agree otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from onboarded import (
    DEVICE,
    EXPLORER,
    NOW,
    PREFIX,
    SECOND,
    ca_record,
    certificate_arn,
    certificate_record,
    files_of,
    good_build,
    material,
)
from ota_onboarded import (
    JOB,
    ROLE_ARN,
    SIGNING_JOB,
    UPDATE,
    allow,
    policy_text,
    trust_text,
)

from dicfix.certificates import (
    CaMaterial,
    ClientMaterial,
    issue_client,
    issue_verification,
    make_ca_certificate,
    make_private_key,
)
from dicfix.mqtt.profile import Subscription
from dicfix.ota_records import UNSIGNED, JobExecution, OtaFile, OtaJob
from dicfix.records import (
    CaCertificate,
    Caller,
    ClientFiles,
    DeviceCertificate,
    Inventory,
    LocalFiles,
    known,
)

Spoil = Callable[[Inventory], Inventory]


@dataclass(frozen=True)
class Defect:
    """One defect and what it must turn red."""

    name: str
    spoil: Spoil
    onboard: frozenset[str]
    audit: frozenset[str]
    edition: str = "2023-08"
    signing: str = "new"


def spoil_ca(**changes: Any) -> Spoil:
    """Change fields of the registered CA certificate."""

    def spoil(inventory: Inventory) -> Inventory:
        (ca,) = known(inventory.ca_certificates).values()
        return replace(inventory, ca_certificates={ca.certificate_id: replace(ca, **changes)})

    return spoil


def spoil_thing(name: str, **changes: Any) -> Spoil:
    """Change fields of a thing."""

    def spoil(inventory: Inventory) -> Inventory:
        things = dict(known(inventory.things))
        things[name] = replace(things[name], **changes)
        return replace(inventory, things=things)

    return spoil


def without_thing(name: str) -> Spoil:
    """Take a thing away."""
    return lambda inventory: replace(
        inventory, things={key: one for key, one in known(inventory.things).items() if key != name}
    )


def spoil_certificate(client: str, **changes: Any) -> Spoil:
    """Change fields of a client's registered certificate."""

    def spoil(inventory: Inventory) -> Inventory:
        wanted = certificate_id_of(inventory, client)
        certificates = dict(known(inventory.certificates))
        certificates[wanted] = replace(certificates[wanted], **changes)
        return replace(inventory, certificates=certificates)

    return spoil


def certificate_id_of(inventory: Inventory, client: str) -> str:
    """The id that is attached to the thing."""
    return known(known(inventory.things)[client].principals)[0].rsplit("/", 1)[1]


def spoil_policy(**changes: Any) -> Spoil:
    """Change fields of the policy."""
    return lambda inventory: replace(
        inventory,
        policies={name: replace(one, **changes) for name, one in known(inventory.policies).items()},
    )


def detach_policy(client: str) -> Spoil:
    """Detach the policy from a client's certificate."""

    def spoil(inventory: Inventory) -> Inventory:
        gone = certificate_arn(certificate_id_of(inventory, client))
        (policy,) = known(inventory.policies).values()
        return spoil_policy(targets=known(policy.targets) - {gone})(inventory)

    return spoil


def spoil_local(**changes: Any) -> Spoil:
    """Change the local files."""
    return lambda inventory: replace(inventory, local=replace(known(inventory.local), **changes))


def spoil_ca_files(**changes: Any) -> Spoil:
    """Change what lies there of the CA."""
    return lambda inventory: spoil_local(ca=replace(known(inventory.local).ca, **changes))(inventory)


def spoil_files(client: str, **changes: Any) -> Spoil:
    """Change a client's local files."""

    def spoil(inventory: Inventory) -> Inventory:
        clients = dict(known(inventory.local).clients)
        clients[client] = replace(clients[client], **changes)
        return spoil_local(clients=clients)(inventory)

    return spoil


def spoil_verification(**changes: Any) -> Spoil:
    """Change the verification files."""
    return lambda inventory: spoil_local(verification=replace(known(inventory.local).verification, **changes))(
        inventory
    )


def spoil_build(**changes: str) -> Spoil:
    """Write header and certificate source with other values."""
    return lambda inventory: spoil_local(**good_build("2023-08", **changes))(inventory)


def spoil_profile(**changes: Any) -> Spoil:
    """Change fields of MQTT Explorer's profile."""
    return lambda inventory: replace(inventory, explorer=replace(known(inventory.explorer), **changes))


def spoil_session(client: str, **changes: Any) -> Spoil:
    """Change a live session."""

    def spoil(inventory: Inventory) -> Inventory:
        sessions = dict(known(inventory.sessions))
        sessions[client] = replace(sessions[client], **changes)
        return replace(inventory, sessions=sessions)

    return spoil


def spoil_exchange(direction: str, **changes: Any) -> Spoil:
    """Change the first exchange of a direction."""

    def spoil(inventory: Inventory) -> Inventory:
        exchanges = list(known(inventory.exchanges))
        index = next(number for number, one in enumerate(exchanges) if one.direction == direction)
        exchanges[index] = replace(exchanges[index], **changes)
        return replace(inventory, exchanges=tuple(exchanges))

    return spoil


def spoil_caller(**changes: Any) -> Spoil:
    """Change who is logged in."""

    def spoil(inventory: Inventory) -> Inventory:
        caller: Caller = known(inventory.caller)
        return replace(inventory, caller=replace(caller, **changes))

    return spoil


def spoil_ota(part: str, **changes: Any) -> Spoil:
    """Change fields of the one record of an OTA part."""
    return lambda inventory: replace(inventory, **{part: replace(known(getattr(inventory, part)), **changes)})


def spoil_ota_file(signing: dict[str, Any] | None = None, **changes: Any) -> Spoil:
    """Change fields of the update's file, and of how it is signed."""

    def spoil(inventory: Inventory) -> Inventory:
        (file,) = known(known(inventory.ota_update).files)
        changed: OtaFile = replace(file, signing=replace(file.signing, **(signing or {})), **changes)
        return spoil_ota("ota_update", files=(changed,))(inventory)

    return spoil


def spoil_job(**changes: Any) -> Spoil:
    """Change fields of the update's job."""

    def spoil(inventory: Inventory) -> Inventory:
        job: OtaJob = known(inventory.ota_jobs)[JOB]
        return replace(inventory, ota_jobs={JOB: replace(job, **changes)})

    return spoil


def spoil_execution(name: str, status: str, **details: str) -> Spoil:
    """End a job execution otherwise."""

    def spoil(inventory: Inventory) -> Inventory:
        executions = dict(known(known(inventory.ota_jobs)[JOB].executions))
        executions[name] = JobExecution(name, status, details, 2)
        return spoil_job(executions=executions)(inventory)

    return spoil


def spoil_signing_job(**changes: Any) -> Spoil:
    """Change fields of the signing job."""
    return lambda inventory: replace(
        inventory, signing_jobs={SIGNING_JOB: replace(known(inventory.signing_jobs)[SIGNING_JOB], **changes)}
    )


def spoil_image(**changes: Any) -> Spoil:
    """Change fields of the local image."""
    return lambda inventory: replace(
        inventory, images={name: replace(one, **changes) for name, one in known(inventory.images).items()}
    )


def spoil_rights(action: str) -> Spoil:
    """Take a right from the caller."""

    def spoil(inventory: Inventory) -> Inventory:
        allowed = dict(known(known(inventory.operator_rights).allowed))
        return spoil_ota("operator_rights", allowed={**allowed, action: False})(inventory)

    return spoil


def spoil_inline(**policies: str) -> Spoil:
    """Replace inline policies of the role; an empty text takes one away."""

    def spoil(inventory: Inventory) -> Inventory:
        documents = {**known(known(inventory.ota_role).inline_policies), **policies}
        return spoil_ota("ota_role", inline_policies={key: one for key, one in documents.items() if one})(inventory)

    return spoil


def without(part: str, nothing: Any = None) -> Spoil:
    """Take a part of the OTA half away."""
    return lambda inventory: replace(inventory, **{part: nothing})


def spoil_targets(*targets: str) -> Spoil:
    """Give the update other targets."""
    return spoil_ota("ota_update", targets=tuple(f"{PREFIX}:{one}" for one in targets))


def another_ca_certificate(**how: Any) -> Spoil:
    """Put another certificate of the same CA key in place, as file and as registered."""

    def spoil(inventory: Inventory) -> Inventory:
        made = material().ca
        ca = CaMaterial(made.key, make_ca_certificate(made.key, "/O=dicfix/CN=DIC CA", now=NOW, **how))
        record: CaCertificate = ca_record(ca)
        certificates = {
            key: replace(one, ca_certificate_id=record.certificate_id)
            for key, one in known(inventory.certificates).items()
        }
        changed = replace(inventory, ca_certificates={record.certificate_id: record}, certificates=certificates)
        return spoil_ca_files(certificate_pem=ca.certificate.pem)(changed)

    return spoil


def another_client_certificate(name: str, make: Callable[[], ClientMaterial]) -> Spoil:
    """Put another set in a client's place everywhere: files, registered, attached, with the policy, in the profile."""

    def spoil(inventory: Inventory) -> Inventory:
        client, made = make(), material()
        record: DeviceCertificate = certificate_record(client, made.ca)
        old = certificate_id_of(inventory, name)
        (policy,) = known(inventory.policies).values()
        certificates = {key: one for key, one in known(inventory.certificates).items() if key != old}
        changed = replace(inventory, certificates={**certificates, record.certificate_id: record})
        arn = certificate_arn(record.certificate_id)
        changed = spoil_thing(name, principals=(arn,))(changed)
        changed = spoil_policy(targets=known(policy.targets) | {arn})(changed)
        clients = {**known(changed.local).clients, name: files_of(name, client)}
        changed = spoil_local(clients=clients)(changed)
        if name == DEVICE:
            changed = spoil_build(device_certificate=client.certificate.pem, device_key=client.key.pem)(changed)
        if name == EXPLORER:
            changed = spoil_profile(client_certificate=client.certificate.pem, client_key=client.key.pem)(changed)
        return changed

    return spoil


def explorer_shares_the_devices_set(inventory: Inventory) -> Inventory:
    """The Explorer has the device's key and certificate, in the files, the account and its profile."""
    return another_client_certificate(EXPLORER, lambda: material().device)(inventory)


def _deny_publishing() -> str:
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, '
        '{"Effect": "Deny", "Action": "iot:Publish", "Resource": "*"}]}'
    )


def _short(name: str) -> Callable[[], ClientMaterial]:
    return lambda: issue_client(material().ca, f"/CN={name}", now=NOW, validity_days=30)


def _short_verification() -> ClientMaterial:
    return issue_verification(material().other_ca, "0123456789abcdef" * 4, now=NOW)


def defect(
    name: str, spoil: Spoil, onboard: str, audit: str | None = None, edition: str = "2023-08", signing: str = "new"
) -> Defect:
    """A defect; the controls are written without their ``DIC-``, apart by spaces."""
    flips = frozenset(f"DIC-{one}" for one in onboard.split())
    in_audit = flips if audit is None else frozenset(f"DIC-{one}" for one in audit.split())
    return Defect(name, spoil, flips, in_audit, edition, signing)


_NO_CA = "CA-01 CA-02 CA-03 CA-04 CA-05 CRT-02 EXP-02"
_NO_CA_IN_AUDIT = _NO_CA + " PKI-01 PKI-02 PKI-06 PKI-14"
_NO_FILES = "PKI-01 PKI-02 PKI-06 PKI-03 PKI-08 PKI-04 PKI-07 PKI-09 PKI-10 PKI-14"

DEFECTS: tuple[Defect, ...] = (
    defect("nobody is logged in", spoil_caller(arn="", account=""), "ACC-01"),
    defect("another account", spoil_caller(account="210987654321"), "ACC-01"),
    defect("another Region", spoil_caller(region="us-east-1"), "ACC-02"),
    defect(
        "the endpoint of another Region",
        lambda inventory: replace(inventory, endpoint=str(inventory.endpoint).replace("eu-west-1", "eu-west-2")),
        "ACC-02 EXP-04 MAT-01",
    ),
    defect("the CA key is RSA", spoil_ca_files(key_kind="RSA 2048"), "PKI-01"),
    defect("the CA key is of another CA certificate", spoil_ca_files(key_fits=False), "PKI-02"),
    defect("the CA certificate says CA:FALSE", another_ca_certificate(is_ca=False), "PKI-02"),
    defect("the CA certificate lasts a year", another_ca_certificate(validity_days=365), "PKI-06"),
    defect(
        "the CA certificate is no PEM",
        spoil_ca_files(certificate_pem="-----BEGIN"),
        f"PKI-02 PKI-06 PKI-04 PKI-10 PKI-14 {_NO_CA}",
        f"PKI-01 PKI-02 PKI-06 PKI-04 PKI-10 PKI-14 {_NO_CA}",
    ),
    defect("a device key is RSA", spoil_files(DEVICE, key_kind="RSA 2048"), "PKI-03"),
    defect("a device key does not fit", spoil_files(SECOND, key_fits=False), "PKI-04"),
    defect("a request is of another key", spoil_files(DEVICE, csr_fits=False), "PKI-08"),
    defect("a request is missing", spoil_files(DEVICE, csr_fits=None), "PKI-08", ""),
    defect(
        "a device certificate of a stranger",
        another_client_certificate(DEVICE, lambda: material().stranger),
        "PKI-04",
    ),
    defect("a device certificate for a month", another_client_certificate(SECOND, _short(SECOND)), "PKI-07"),
    defect("the serial file is missing", spoil_local(serial_file=None), "PKI-09", ""),
    defect("the serial file holds no number", spoil_local(serial_file="twelve"), "PKI-09"),
    defect("an Explorer certificate for a month", another_client_certificate(EXPLORER, _short(EXPLORER)), "PKI-10"),
    defect("the Explorer has the device's set", explorer_shares_the_devices_set, "PKI-10 EXP-03"),
    defect(
        "the Explorer has no files",
        lambda inventory: spoil_local(
            clients={key: one for key, one in known(inventory.local).clients.items() if key != EXPLORER}
        )(inventory),
        "PKI-10 PKI-14 EXP-02",
        "",
    ),
    defect(
        "the CA certificate is not registered",
        lambda inventory: replace(inventory, ca_certificates={}),
        _NO_CA,
        _NO_CA_IN_AUDIT,
    ),
    defect("the CA is registered in the other mode", spoil_ca(mode="DEFAULT"), "CA-02"),
    defect("the CA is INACTIVE", spoil_ca(status="INACTIVE"), "CA-03"),
    defect("automatic registration is OFF", spoil_ca(auto_registration="DISABLE"), "CA-04"),
    defect(
        "another CA of the same name is registered",
        lambda inventory: replace(
            inventory,
            ca_certificates={(one := ca_record(material().other_ca)).certificate_id: one},
        ),
        _NO_CA,
        "CA-05 CRT-02 EXP-02",
    ),
    defect("the build has another client ID", spoil_build(client_id="DIC_2"), "THG-02 MAT-01"),
    defect("the build calls another server", spoil_build(server_host="mqtt.example.org"), "MAT-01"),
    defect(
        "the build has another device's certificate",
        lambda inventory: spoil_build(device_certificate=material().second.certificate.pem)(inventory),
        "MAT-01",
    ),
    defect(
        "the build has another root",
        lambda inventory: spoil_build(ca_certificate=material().other_ca.certificate.pem)(inventory),
        "MAT-01",
    ),
    defect("the certificate source is missing", spoil_local(certificate_source=None), "MAT-01", ""),
    defect(
        "the policy does not exist",
        lambda inventory: replace(inventory, policies={}),
        "POL-01 POL-02 CRT-05 EXP-02 OTP-15",
    ),
    defect("the policy denies publishing", spoil_policy(document=_deny_publishing()), "POL-02 OTP-15"),
    defect("the policy is no JSON", spoil_policy(document="{"), "POL-02 OTP-15"),
    defect("the policy is empty", spoil_policy(document='{"Version": "2012-10-17", "Statement": []}'), "POL-02 OTP-15"),
    defect("a thing is missing", without_thing(SECOND), "THG-01 CRT-01 CRT-03 EXP-03"),
    defect("a thing has no certificate", spoil_thing(SECOND, principals=()), "CRT-01 CRT-03"),
    defect(
        "a thing has another certificate",
        spoil_thing(SECOND, principals=(f"{PREFIX}:cert/{'0' * 64}",)),
        "CRT-03",
    ),
    defect("a certificate was registered without its CA", spoil_certificate(DEVICE, ca_certificate_id=""), "CRT-02"),
    defect("a certificate is INACTIVE", spoil_certificate(DEVICE, status="INACTIVE"), "CRT-04"),
    defect("a certificate waits for activation", spoil_certificate(DEVICE, status="PENDING_ACTIVATION"), "CRT-04"),
    defect("a certificate has no policy", detach_policy(DEVICE), "CRT-05"),
    defect("the Explorer has no thing", without_thing(EXPLORER), "EXP-01 EXP-02 EXP-03"),
    defect("the Explorer's certificate is INACTIVE", spoil_certificate(EXPLORER, status="INACTIVE"), "EXP-02"),
    defect("the Explorer's certificate has no policy", detach_policy(EXPLORER), "EXP-02"),
    defect(
        "the server certificate is another root",
        lambda inventory: spoil_local(server_certificate_pem=material().other_ca.certificate.pem)(inventory),
        "SRV-01",
    ),
    defect("the server certificate is missing", spoil_local(server_certificate_pem=None), "SRV-01", ""),
    defect(
        "the endpoint verifies with another root",
        lambda inventory: replace(inventory, probe="00" * 32),
        "SRV-02",
    ),
    defect(
        "the host is another account's", spoil_profile(host="a2m21kovu9tcsh-ats.iot.eu-west-1.amazonaws.com"), "EXP-04"
    ),
    defect(
        "the host is not the ATS endpoint", spoil_profile(host="a1b2c3d4e5f6g7.iot.eu-west-1.amazonaws.com"), "EXP-04"
    ),
    defect("the port is 1883", spoil_profile(port=1883), "SRV-03"),
    defect("encryption is off", spoil_profile(encryption=False), "SRV-04"),
    defect("validation is off", spoil_profile(validate_certificate=False), "SRV-04"),
    defect("the topic is subscribed as printed", spoil_profile(subscriptions=(Subscription("light/*"),)), "EXP-05"),
    defect(
        "a topic of three is not subscribed",
        spoil_profile(subscriptions=(Subscription("light/#"), Subscription("test_publish"))),
        "EXP-05",
        edition="2023-06",
    ),
    defect("the client ID is the Explorer's own", spoil_profile(client_id="mqtt-explorer-0a1b2c3d"), "EXP-06"),
    defect("no client key is given", spoil_profile(client_key=""), "EXP-07"),
    defect(
        "the client key is another's",
        lambda inventory: spoil_profile(client_key=make_private_key().pem)(inventory),
        "EXP-07",
    ),
    defect("no client certificate is given", spoil_profile(client_certificate=""), "EXP-07"),
    defect("no server certificate is given", spoil_profile(server_certificate=""), "EXP-07"),
    defect("the Explorer is not connected", spoil_session(EXPLORER, connected=False), "EXP-08", ""),
    defect("the state is lost", spoil_exchange("state", observed=None), "E2E-01", ""),
    defect("the state comes on another topic", spoil_exchange("state", topic="lamp/state"), "E2E-01", ""),
    defect("the command has no effect", spoil_exchange("command", observed="off"), "E2E-02", ""),
    defect("the verification key is EC", spoil_verification(key_kind="EC P-256"), "PKI-11", edition="2024-04"),
    defect("the request names another code", spoil_verification(csr_common_name="code"), "PKI-12", edition="2024-04"),
    defect(
        "the verification certificate is of another CA",
        lambda inventory: spoil_verification(certificate_pem=_short_verification().certificate.pem)(inventory),
        "PKI-13",
        edition="2024-04",
    ),
    defect(
        "the verification files are missing",
        spoil_local(verification=ClientFiles("verification_cert")),
        "PKI-11 PKI-12 PKI-13 PKI-14",
        "",
        edition="2024-04",
    ),
    defect(
        "the CA of 2024-04 is registered in multi-account mode",
        spoil_ca(mode="SNI_ONLY"),
        "CA-02 PKI-05",
        edition="2024-04",
    ),
    defect(
        "there are no files",
        lambda inventory: replace(inventory, local=LocalFiles()),
        f"{_NO_FILES} SRV-01 CA-01 CA-02 CA-03 CA-04 CA-05 CRT-02 CRT-03 EXP-02 THG-02 MAT-01",
        "",
    ),
)


_NO_UPDATE = "OTA-01 OTA-02 OTA-03 OTA-04 OTA-05 OTA-06 OTA-07 OTA-09 OTA-10 OTA-11 OTA-12 OTA-15"
_NO_ROLE = "OTA-11 OTP-04 OTP-05 OTP-06 OTP-07 OTP-08"
_DENY_SIGNER = {"Effect": "Deny", "Action": "signer:*", "Resource": "*"}

DEFECTS += (
    defect("the command ota is lost", spoil_exchange("ota", observed=None), "E2E-03", ""),
    defect("the command ota starts nothing", spoil_exchange("ota", observed="idle"), "E2E-03", ""),
    defect("jobs of another Region are listed", spoil_job(arn=f"arn:aws:iot:eu-west-2:1:job/{JOB}"), "ACC-03"),
    defect("there is no OTA update", without("ota_update"), _NO_UPDATE),
    defect("the job is a plain one", spoil_ota("ota_update", job_id="light"), "OTA-01 OTA-15"),
    defect(
        "the update failed before it had a job",
        spoil_ota(
            "ota_update", status="CREATE_FAILED", error_code="AccessDenied", error_message="iam:PassRole", job_id=""
        ),
        "OTA-01 OTA-12 OTA-15",
    ),
    defect("the update waits", spoil_ota("ota_update", status="CREATE_PENDING"), "OTA-12"),
    defect(
        "the name has a space",
        lambda inventory: spoil_ota("ota_update", update_id="light 1", job_id="AFR_OTA-light 1")(
            replace(
                inventory,
                ota_updates=("light 1",),
                ota_jobs={"AFR_OTA-light 1": known(inventory.ota_jobs)[JOB]},
            )
        ),
        "OTA-02",
    ),
    defect("the name is listed twice", without("ota_updates", (UPDATE, UPDATE)), "OTA-02"),
    defect(
        "a plain job has the update's name",
        lambda inventory: replace(
            inventory,
            ota_jobs={**known(inventory.ota_jobs), UPDATE: replace(known(inventory.ota_jobs)[JOB], job_id=UPDATE)},
        ),
        "OTA-02",
    ),
    defect("a device is not targeted", spoil_targets("thinggroup/DIC_DEVICES"), "OTA-03"),
    defect(
        "a device too many is targeted",
        spoil_targets(f"thing/{DEVICE}", "thinggroup/DIC_DEVICES", "thing/OTHER"),
        "OTA-03",
    ),
    defect(
        "a certificate is targeted",
        spoil_targets(f"thing/{DEVICE}", "thinggroup/DIC_DEVICES", f"cert/{'0' * 64}"),
        "OTA-03",
    ),
    defect(
        "a thing of another account is targeted",
        spoil_ota(
            "ota_update", targets=(f"arn:aws:iot:eu-west-1:210987654321:thing/{DEVICE}", f"{PREFIX}:thing/{SECOND}")
        ),
        "OTA-03",
    ),
    defect("the thing group does not exist", without("thing_groups", {}), "OTA-03 OTA-15"),
    defect("HTTP is the protocol", spoil_ota("ota_update", protocols=("HTTP",)), "OTA-04"),
    defect(
        "the file is not signed",
        spoil_ota_file({"kind": UNSIGNED, "profile_name": "", "signer_job_id": ""}),
        "OTA-05 OTA-07",
    ),
    defect("the signing job failed", spoil_signing_job(status="Failed", status_reason="no key"), "OTA-05"),
    defect("the signing job is gone", without("signing_jobs", {}), "OTA-05"),
    defect("no signing job was started", spoil_ota_file({"signer_job_id": ""}), "OTA-05"),
    defect("the previous signing job failed", spoil_signing_job(status="Failed"), "OTA-13", signing="previous"),
    defect(
        "the previous signing job is gone",
        without("signing_jobs", {}),
        "OTA-13 OTA-06 OTA-07 OTA-09",
        signing="previous",
    ),
    defect(
        "the previous file was signed with another profile",
        spoil_signing_job(profile_name="another"),
        "OTA-07",
        signing="previous",
    ),
    defect("the hash is spelt with a dash", spoil_ota_file({"hash_algorithm": "SHA-256"}), "OTA-14", signing="custom"),
    defect("the custom signature is RSA", spoil_ota_file({"signature_algorithm": "RSA"}), "OTA-14", signing="custom"),
    defect("the custom signature is no DER", spoil_ota_file({"signature": "c2lnbmVk"}), "OTA-14", signing="custom"),
    defect("no certificate chain is given", spoil_ota_file({"certificate_chain": ""}), "OTA-14", signing="custom"),
    defect("no certificate name is given", spoil_ota_file({"certificate_name": ""}), "OTA-14", signing="custom"),
    defect("the signature is of another image", spoil_image(sha256="00" * 32), "OTA-14", signing="custom"),
    defect(
        "the chain is of another signer",
        lambda inventory: spoil_ota_file({"certificate_chain": material().device.certificate.pem})(inventory),
        "OTA-14",
        signing="custom",
    ),
    defect("the image is not well-formed", spoil_image(problem="light.gbl has CRC32 00000000"), "OTA-06"),
    defect("the image is neither GBL nor RPS", spoil_image(kind=""), "OTA-06"),
    defect("there is no image file", without("images", {}), "OTA-06", ""),
    defect("the image is not in S3", spoil_ota_file(size_bytes=None), "OTA-06"),
    defect("the object in S3 is truncated", spoil_ota_file(size_bytes=100), "OTA-06"),
    defect("the object is no image", spoil_ota_file(key="images/light.hex"), "OTA-06"),
    defect("the profile does not exist", without("signing_profile"), "OTA-07 OTA-08"),
    defect("the profile is cancelled", spoil_ota("signing_profile", status="Canceled"), "OTA-07"),
    defect("the update names another profile", spoil_ota_file({"profile_name": "another"}), "OTA-07"),
    defect(
        "the profile signs with RSA and SHA-1",
        spoil_ota(
            "signing_profile",
            platform_id="AmazonFreeRTOS-TI-CC3220SF",
            encryption_algorithm="RSA",
            hash_algorithm="SHA1",
        ),
        "OTA-08",
    ),
    defect("the profile has another certificate", spoil_ota("signing_profile", certificate_arn="arn"), "OTP-11"),
    defect("the image is in another bucket", spoil_ota_file(bucket="another"), "OTA-09"),
    defect("no version is given", spoil_ota_file(version=""), "OTA-09"),
    defect("no path name is given", spoil_ota_file(path_on_device=""), "OTA-10"),
    defect("the update has another role", spoil_ota("ota_update", role_arn=f"{ROLE_ARN}_2"), "OTA-11"),
    defect("the update has no stream", spoil_ota("ota_update", role_arn=""), "OTA-11"),
    defect("a device failed", spoil_execution(SECOND, "FAILED", reason="0x000000e3: 0x00000000"), "OTA-15"),
    defect("a device has not begun", spoil_execution(DEVICE, "QUEUED"), "OTA-15"),
    defect("a device has no job execution", spoil_job(executions={}), "OTA-15"),
    defect("the job is gone", without("ota_jobs", {}), "OTA-15"),
    defect("the bucket does not exist", without("bucket"), "OTP-01 OTP-02 OTP-03 OTA-09"),
    defect("the bucket is in another Region", spoil_ota("bucket", region="us-east-1"), "OTP-01"),
    defect("versioning is suspended", spoil_ota("bucket", versioning="Suspended"), "OTP-02"),
    defect("versioning was never on", spoil_ota("bucket", versioning=""), "OTP-02"),
    defect("public access is not blocked", spoil_ota("bucket", public_access_block={}), "OTP-03"),
    defect(
        "public access is blocked by half",
        spoil_ota("bucket", public_access_block={"BlockPublicAcls": True, "IgnorePublicAcls": True}),
        "OTP-03",
    ),
    defect("the role does not exist", without("ota_role"), _NO_ROLE),
    defect(
        "the role trusts another service",
        spoil_ota("ota_role", trust=trust_text(Principal={"Service": "ec2.amazonaws.com"})),
        "OTP-04",
    ),
    defect("the role trusts everybody", spoil_ota("ota_role", trust=trust_text(Principal="*")), "OTP-04"),
    defect(
        "the role trusts AWS IoT for another account",
        spoil_ota("ota_role", trust=trust_text({"StringEquals": {"aws:SourceAccount": "210987654321"}})),
        "OTP-04",
    ),
    defect("the trust policy is no JSON", spoil_ota("ota_role", trust="{"), "OTP-04 OTP-08"),
    defect("the trust has no condition", spoil_ota("ota_role", trust=trust_text({})), "OTP-08"),
    defect("the managed policy is detached", spoil_ota("ota_role", attached_policies={}), "OTP-05"),
    defect("the role is denied AWS Signer", spoil_inline(deny=policy_text(_DENY_SIGNER)), "OTP-05"),
    defect("the role may not pass itself", spoil_inline(pass_role=""), "OTP-06"),
    defect(
        "the role may only read itself",
        spoil_inline(pass_role=policy_text(allow(["iam:GetRole"], ROLE_ARN))),
        "OTP-06",
    ),
    defect("the role has no right to the bucket", spoil_inline(bucket=""), "OTP-07"),
    defect(
        "the role may read another bucket",
        spoil_inline(bucket=policy_text(allow(["s3:*"], "arn:aws:s3:::ota-demo-2/*"))),
        "OTP-07",
    ),
    defect("a policy of the role is no JSON", spoil_inline(bucket="{"), "OTP-05 OTP-06 OTP-07"),
    defect("the caller may not pass the role", spoil_rights("iam:PassRole"), "OTP-09"),
    defect("the caller may not sign", spoil_rights("signer:StartSigningJob"), "OTP-10"),
    defect(
        "the code-signing certificate is not in ACM",
        without("code_signing_certificate"),
        "OTP-11 OTP-12 OTP-13 OTP-14",
    ),
    defect("the certificate is AWS's own", spoil_ota("code_signing_certificate", kind="AMAZON_ISSUED"), "OTP-11"),
    defect("the certificate is RSA", spoil_ota("code_signing_certificate", key_algorithm="RSA_2048"), "OTP-12"),
    defect(
        "the certificate is signed with SHA-1",
        spoil_ota("code_signing_certificate", signature_algorithm="SHA1WITHECDSA"),
        "OTP-12",
    ),
    defect(
        "the certificate is for servers",
        spoil_ota("code_signing_certificate", extended_key_usages=("TLS_WEB_SERVER_AUTHENTICATION",)),
        "OTP-13",
    ),
    defect("the certificate has no key usage", spoil_ota("code_signing_certificate", key_usages=()), "OTP-13"),
    defect("the certificate has expired", spoil_ota("code_signing_certificate", not_after=NOW), "OTP-14"),
)
