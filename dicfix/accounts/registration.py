"""Performs steps 4 to 7 of the registration page: CA certificate, policy, things with their certificates.

Each function is idempotent, writes only what is missing, and tells what it performed from what it found. May import
``aws``, ``guide``, ``controls`` (to compare policies) and the site.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterator

from dicfix.accounts import Done, How
from dicfix.accounts.site import Site
from dicfix.aws import policies, registry
from dicfix.aws.policies import GUIDE_POLICY, policy_text
from dicfix.certificates import Certificate
from dicfix.controls import CONTROLS, run_control
from dicfix.errors import AwsRefused, UsageError
from dicfix.findings import Status, raise_for, worst
from dicfix.guide import edition
from dicfix.records import CaCertificate, DeviceCertificate, known

Part = tuple[str, How]


def ensure_ca_certificate(site: Site) -> Done:
    """CA.crt registered in the edition's mode, ACTIVE, with automatic registration as the edition says.

    Raises GuardRefused when it is registered otherwise and is not ours; UsageError when it is registered in the other
    mode, which no update can change. Source: AWS-4.
    """
    material = site.keystore.ca()
    certificate_id = material.certificate.certificate_id
    found = registry.read_ca_certificate(site.session, certificate_id)
    if found is None:
        return Done.of("CA certificate", [_register_ca(site, material.certificate.pem, certificate_id)])
    return Done.of("CA certificate", _bring_in_line(site, found))


def _register_ca(site: Site, ca_pem: str, certificate_id: str) -> Part:
    guide = edition(site.settings.edition)
    verification = _verification_pem(site) if guide.verification_certificate else None
    with site.making("CA certificate", certificate_id):
        registry.register_ca_certificate(
            site.session,
            ca_pem,
            mode=guide.ca_mode,
            verification_pem=verification,
            auto_registration=bool(guide.automatic_registration),
        )
    return f"CA certificate {certificate_id[:12]}", How.PERFORMED


def _verification_pem(site: Site) -> str:
    return site.keystore.ensure_verification(site.registration_code).material.certificate.pem


def _bring_in_line(site: Site, found: CaCertificate) -> Iterator[Part]:
    guide = edition(site.settings.edition)
    name = f"CA certificate {found.certificate_id[:12]}"
    if known(found.mode) != guide.ca_mode:
        raise UsageError(
            f"{name} is registered in mode {known(found.mode)}",
            expected=f"{guide.ca_mode}, as edition {guide.name} says",
            remedy="a CA certificate's mode is fixed at registration: delete it and register it again",
        )
    status = "ACTIVE" if known(found.status) != "ACTIVE" else None
    wanted = guide.automatic_registration
    is_on = known(found.auto_registration) == "ENABLE"
    automatic = wanted if wanted is not None and wanted != is_on else None
    if status is None and automatic is None:
        yield name, How.FOUND
        return
    site.require_ours(
        "CA certificate",
        found.certificate_id,
        f"is {known(found.status)} with automatic registration {known(found.auto_registration)}",
        f"ACTIVE with automatic registration as edition {guide.name} says",
    )
    registry.update_ca_certificate(site.session, found.certificate_id, status=status, auto_registration=automatic)
    site.reader.changed()
    yield name, How.PERFORMED


def ensure_policy(site: Site) -> Done:
    """The policy with the guide's JSON as its default version; an equal or narrower sufficient document is found.

    Raises GuardRefused when a policy of this name that is not ours has another document. Source: AWS-5.
    """
    name = site.settings.policy_name
    site.reader.changed()
    if name not in known(site.reader.read(["policies"]).policies):
        with site.making("policy", name):
            policies.create_policy(site.session, name, policy_text(GUIDE_POLICY))
        return Done.of("policy", [(f"policy {name}", How.PERFORMED)])
    if _meets_guide(site):
        return Done.of("policy", [(f"policy {name}", How.FOUND)])
    site.require_ours("policy", name, "has another document", "the guide's JSON (AWS-5.2)")
    policies.replace_document(site.session, name, policy_text(GUIDE_POLICY))
    site.reader.changed()
    return Done.of("policy", [(f"policy {name}", How.PERFORMED)])


def _meets_guide(site: Site) -> bool:
    control = CONTROLS["DIC-POL-02"]
    findings = run_control(control.id, site.reader.read(control.needs), site.settings, site.now())
    raise_for(f for f in findings if f.status is Status.UNREADABLE)
    return worst(findings) is Status.PASS


Arns = Callable[[], Collection[str]]
"""Looked up when first needed."""
_NONE: Arns = lambda: ()  # noqa: E731


def policy_targets(site: Site) -> Arns:
    """What the policy is attached to, by one look for all the things of a step."""
    return functools.cache(lambda: policies.read_targets(site.session, site.settings.policy_name))


def ensure_thing(site: Site, thing_name: str, targets: Arns) -> Done:
    """The thing, its own certificate registered with the CA and Active, the policy and the thing attached to it.

    What this call itself made cannot have anything attached yet, and is not looked at again; ``targets`` are those of
    the policy before this call. Source: AWS-6.1 to AWS-6.6; AWS-7.1 for MQTT Explorer.
    """
    ours = site.client(thing_name).certificate
    arn = _arn(site, ours)
    thing, principals = _ensure_thing(site, thing_name, arn)
    certificate, is_new = _ensure_certificate(site, thing_name, ours)
    parts = [
        thing,
        certificate,
        _ensure_policy_attached(site, arn, _NONE if is_new else targets),
        _ensure_thing_attached(site, thing_name, arn, principals),
    ]
    return Done.of(f"thing {thing_name}", parts)


def _ensure_thing(site: Site, name: str, arn: str) -> tuple[Part, Collection[str]]:
    """The thing, and the principals that it has."""
    found = registry.read_thing(site.session, name)
    if found is None:
        with site.making("thing", name):
            registry.create_thing(site.session, name)
        return (f"thing {name}", How.PERFORMED), ()
    principals = known(found.principals)
    if arn not in principals:
        site.require_ours("thing", name, "does not have our certificate", "a thing with the certificate of this run")
    return (f"thing {name}", How.FOUND), principals


def certificate_arn(site: Site, thing_name: str) -> str:
    """The ARN that the client's certificate has, or will have, in this account and Region."""
    return _arn(site, site.client(thing_name).certificate)


def _arn(site: Site, certificate: Certificate) -> str:
    partition = re.sub(r"^arn:([\w-]+):.*$", r"\1", site.caller.arn)
    return f"arn:{partition}:iot:{site.session.region}:{site.caller.account}:cert/{certificate.certificate_id}"


def _ensure_certificate(site: Site, thing_name: str, certificate: Certificate) -> tuple[Part, bool]:
    """The certificate, and whether this call is the one that registered it."""
    label = f"certificate {certificate.certificate_id[:12]}"
    found = registry.read_certificate(site.session, certificate.certificate_id)
    if found is None:
        is_new = _register(site, certificate.certificate_id, certificate.pem)
        return (label, How.PERFORMED), is_new
    return (label, _activate(site, thing_name, found)), False


def _activate(site: Site, thing_name: str, certificate: DeviceCertificate) -> How:
    label = f"certificate {certificate.certificate_id[:12]}"
    status = known(certificate.status)
    if status == "ACTIVE":
        return How.FOUND
    if status == "REVOKED":
        raise UsageError(
            f"{label} of {thing_name} is REVOKED, which no update changes",
            expected="a certificate that can be ACTIVE",
            remedy="have the client's set made anew (dicfix certs --overwrite)",
        )
    if status == "PENDING_ACTIVATION":
        # A device that connected first was registered by AWS itself; the key is ours, and so is the certificate.
        with site.making("certificate", certificate.certificate_id):
            registry.update_certificate(site.session, certificate.certificate_id, "ACTIVE")
        return How.PERFORMED
    # Adopted or ours: either way this changes it and does not make it.
    site.require_ours("certificate", certificate.certificate_id, f"is {status}", "ACTIVE")
    registry.update_certificate(site.session, certificate.certificate_id, "ACTIVE")
    site.reader.changed()
    return How.PERFORMED


def _register(site: Site, certificate_id: str, pem: str) -> bool:
    """Register it; False when AWS was first."""
    with site.making("certificate", certificate_id):
        try:
            registry.register_certificate(site.session, pem, site.keystore.ca().certificate.pem)
        except AwsRefused as error:
            # Between the look and the call the device connected, and AWS registered it by itself.
            if error.code != "ResourceAlreadyExistsException":
                raise
            registry.update_certificate(site.session, certificate_id, "ACTIVE")
            return False
    return True


def _ensure_policy_attached(site: Site, arn: str, targets: Arns) -> Part:
    name = site.settings.policy_name
    label = f"policy {name} on the certificate"
    if arn in targets():
        return label, How.FOUND
    with site.making("policy attachment", name, arn):
        policies.attach_policy(site.session, name, arn)
    return label, How.PERFORMED


def _ensure_thing_attached(site: Site, thing_name: str, arn: str, principals: Collection[str]) -> Part:
    label = f"certificate on thing {thing_name}"
    if arn in principals:
        return label, How.FOUND
    with site.making("thing attachment", thing_name, arn):
        registry.attach_to_thing(site.session, thing_name, arn)
    return label, How.PERFORMED
