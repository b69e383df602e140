"""Controls of steps 6 and 7: things, their certificates and the policy on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import (
    ACTIVE,
    CA_NEEDS,
    CA_OPERATIONS,
    CERTIFICATE_NEEDS,
    CERTIFICATE_OPERATIONS,
    attached_ids,
    find_policy,
    find_thing,
    local_certificate,
    onboarded_devices,
    registered_ca,
    registered_certificate,
)
from dicfix.errors import Unreadable
from dicfix.findings import Finding, Severity
from dicfix.records import known

_STATUS_HINTS = {
    "PENDING_ACTIVATION": " (the device connected before step 6 and was registered automatically)",
    "REVOKED": " (it was taken out of service; issue a new one)",
}


def thing_exists(look: Look, name: str) -> Iterator[Finding]:
    """A thing of this name is there (AWS-6.1, AWS-7.1)."""
    find_thing(look, name)
    yield look.judge(name, True, expected="a thing of this name", observed="a thing of this name")


def thing_has_a_certificate(look: Look, name: str) -> Iterator[Finding]:
    """The thing has at least one certificate (AWS-6.3, AWS-7.1)."""
    attached = attached_ids(find_thing(look, name))
    yield look.judge(
        name,
        bool(attached),
        expected="a certificate attached to the thing",
        observed=f"{len(attached)} attached" if attached else "no certificate attached",
    )


def thing_has_its_own_file(look: Look, name: str) -> Iterator[Finding]:
    """The certificate attached is the client's file (AWS-6.3, AWS-7.1)."""
    local = local_certificate(look, name)
    if local is None:
        if look.auditing:
            yield look.not_applicable("no certificate file of this client was given to compare with", name)
        else:
            yield look.absent(f"the certificate file of {name}", "the client's certificate", "no file")
        return
    attached = attached_ids(find_thing(look, name))
    yield look.judge(
        name,
        local.certificate_id in attached,
        expected=f"certificate {local.certificate_id[:12]} of its file attached",
        observed=f"attached: {', '.join(one[:12] for one in attached) or 'none'}",
    )


def certificate_is_of_our_ca(look: Look, name: str) -> Iterator[Finding]:
    """The certificate was registered with the CA of step 4 (AWS-6.4, AWS-7.1)."""
    certificate = registered_certificate(look, name)
    ca_certificate_id = known(certificate.ca_certificate_id)
    ca = registered_ca(look)
    yield look.judge(
        name,
        ca_certificate_id == ca.certificate_id,
        expected=f"registered with CA {ca.certificate_id[:12]}",
        observed=f"registered with CA {ca_certificate_id[:12]}" if ca_certificate_id else "registered without a CA",
    )


def certificate_is_active(look: Look, name: str) -> Iterator[Finding]:
    """The certificate is ACTIVE (AWS-6.5, AWS-7.1)."""
    status = known(registered_certificate(look, name).status)
    yield look.judge(name, status == ACTIVE, expected=ACTIVE, observed=status + _STATUS_HINTS.get(status, ""))


def certificate_has_the_policy(look: Look, name: str) -> Iterator[Finding]:
    """The policy is attached to the certificate (AWS-6.6, AWS-7.1)."""
    certificate = registered_certificate(look, name)
    policy = find_policy(look)
    targets = known(policy.targets)
    attached = known(certificate.arn) in targets
    if not attached and any(":thinggroup/" in one for one in targets):
        raise Unreadable("iot:ListThingsInThingGroup", "NotAsked", "the policy is attached to a thing group")
    yield look.judge(
        name,
        attached,
        expected=f"policy {policy.name} attached to its certificate",
        observed=f"policy {policy.name} {'attached' if attached else 'not attached'}",
    )


@control(
    "DIC-THG-01",
    clauses=("AWS-6.1",),
    severity=Severity.BLOCKER,
    title="A thing exists for every device",
    rationale="Policy variables, jobs and the OTA agent know a device by its thing.",
    remedy="All devices > Things > Create things > Create single thing, or: aws iot create-thing --thing-name <name>",
    needs=("things",),
    operations=("iot:DescribeThing",),
)
def things_exist(look: Look) -> Iterator[Finding]:
    """AWS-6.1: a single thing exists for the device."""
    yield from look.each(look.settings.devices, lambda name: thing_exists(look, name))


@control(
    "DIC-CRT-01",
    clauses=("AWS-6.3",),
    severity=Severity.BLOCKER,
    title="Every device's thing has a certificate",
    rationale="A certificate that is attached to no thing has no thing name in its policy variables.",
    remedy="aws iot attach-thing-principal --thing-name <name> --principal <certificate ARN>",
    needs=("things",),
    operations=("iot:ListThingPrincipals",),
)
def things_have_certificates(look: Look) -> Iterator[Finding]:
    """AWS-6.3: configure the device certificate."""
    yield from look.each(onboarded_devices(look), lambda name: thing_has_a_certificate(look, name))


@control(
    "DIC-CRT-02",
    clauses=("AWS-6.4",),
    severity=Severity.CRITICAL,
    title="Every device's certificate is registered with the CA of step 4",
    rationale="A certificate made by AWS or registered without its CA is not the one that the guide's commands give.",
    remedy="delete the certificate, then: aws iot register-certificate --ca-certificate-pem file://CA.crt",
    needs=CA_NEEDS,
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS),
)
def certificates_are_of_our_ca(look: Look) -> Iterator[Finding]:
    """AWS-6.4: "CA is registered with AWS IoT", the CA of step 4."""
    yield from look.each(onboarded_devices(look), lambda name: certificate_is_of_our_ca(look, name))


@control(
    "DIC-CRT-03",
    clauses=("AWS-6.3",),
    severity=Severity.CRITICAL,
    title="Every device's thing has the certificate of its own file",
    rationale="The device can prove only the key that lies beside its own certificate.",
    remedy="attach the certificate of device.crt to the thing, and detach any other",
    needs=("local", "things"),
    operations=("iot:ListThingPrincipals",),
)
def things_have_their_own_files(look: Look) -> Iterator[Finding]:
    """AWS-6.3: "Use my certificate", device.crt."""
    yield from look.each(onboarded_devices(look), lambda name: thing_has_its_own_file(look, name))


@control(
    "DIC-CRT-04",
    clauses=("AWS-6.5",),
    severity=Severity.CRITICAL,
    title="Every device's certificate is ACTIVE",
    rationale="AWS IoT ends the TLS connection of a certificate that is not active.",
    remedy="aws iot update-certificate --certificate-id <id> --new-status ACTIVE",
    needs=CERTIFICATE_NEEDS,
    operations=CERTIFICATE_OPERATIONS,
)
def certificates_are_active(look: Look) -> Iterator[Finding]:
    """AWS-6.5: the certificate is Active."""
    yield from look.each(onboarded_devices(look), lambda name: certificate_is_active(look, name))


@control(
    "DIC-CRT-05",
    clauses=("AWS-6.6",),
    severity=Severity.CRITICAL,
    title="The policy is attached to every device's certificate",
    rationale="Without a policy every MQTT action is refused, the connection first.",
    remedy="aws iot attach-policy --policy-name <name> --target <certificate ARN>",
    needs=(*CERTIFICATE_NEEDS, "policies"),
    operations=(*CERTIFICATE_OPERATIONS, "iot:ListTargetsForPolicy"),
)
def certificates_have_the_policy(look: Look) -> Iterator[Finding]:
    """AWS-6.6: use the policy of step 5."""
    yield from look.each(onboarded_devices(look), lambda name: certificate_has_the_policy(look, name))


@control(
    "DIC-EXP-01",
    clauses=("AWS-7.1",),
    severity=Severity.CRITICAL,
    title="A thing exists for MQTT Explorer",
    rationale="The Explorer is a client like any device: its thing name is its client ID.",
    remedy="repeat step 6 (not 5) for MQTT Explorer: All devices > Things > Create things > Create single thing",
    needs=("things",),
    operations=("iot:DescribeThing",),
)
def explorer_thing_exists(look: Look) -> Iterator[Finding]:
    """AWS-7.1: repeat step 6 for MQTT Explorer."""
    yield from look.each([look.settings.explorer_name], lambda name: thing_exists(look, name))


@control(
    "DIC-EXP-02",
    clauses=("AWS-7.1",),
    severity=Severity.CRITICAL,
    title="MQTT Explorer's thing has explorer.crt of our CA, ACTIVE, with the policy",
    rationale="Everything that step 6 asks of a device's certificate holds for the Explorer's too.",
    remedy="repeat step 6 (not 5) with explorer.crt: register with the CA, activate, attach policy and thing",
    needs=(*CA_NEEDS, "policies"),
    operations=(*CA_OPERATIONS, *CERTIFICATE_OPERATIONS, "iot:ListTargetsForPolicy"),
)
def explorer_certificate_is_as_step_6(look: Look) -> Iterator[Finding]:
    """AWS-7.1: with the certificate created for MQTT Explorer."""
    name = look.settings.explorer_name
    for judge_one in (
        thing_has_a_certificate,
        thing_has_its_own_file,
        certificate_is_of_our_ca,
        certificate_is_active,
        certificate_has_the_policy,
    ):
        yield from look.settled(name, lambda judge_one=judge_one: judge_one(look, name))  # type: ignore[misc]


@control(
    "DIC-EXP-03",
    clauses=("AWS-7.2",),
    severity=Severity.CRITICAL,
    title="The Explorer's thing name and certificate are no device's",
    rationale="A second connection with a client ID in use ends the first one.",
    remedy="give MQTT Explorer a thing name and a certificate of its own",
    needs=("things",),
    operations=("iot:ListThingPrincipals",),
)
def thing_names_are_unique(look: Look) -> Iterator[Finding]:
    """AWS-7.2: the thing name must be unique as it is used as client ID."""
    names = (*look.settings.devices, look.settings.explorer_name)
    for name, count in Counter(names).items():
        yield look.judge(name, count == 1, expected="the name of one client", observed=f"the name of {count} clients")
    explorer = look.settings.explorer_name
    own = set(attached_ids(find_thing(look, explorer)))
    yield from look.each(
        [one for one in look.settings.devices if one != explorer], lambda name: _no_shared_certificate(look, name, own)
    )


def _no_shared_certificate(look: Look, name: str, explorers: set[str]) -> Iterator[Finding]:
    shared = explorers & set(attached_ids(find_thing(look, name)))
    yield look.judge(
        name,
        not shared,
        expected="no certificate in common with MQTT Explorer",
        observed=f"certificate {min(shared)[:12]} in common" if shared else "none in common",
    )
