"""Life after onboarding: a second certificate for a thing, statuses, a narrower policy, orders of off-boarding.

What changes something asks first whether it is ours, and notes in the journal what it makes. May import ``aws``, the
registration beside it and the site.
"""

from __future__ import annotations

from collections.abc import Callable

from dicfix.accounts import Done, How
from dicfix.accounts.registration import certificate_arn
from dicfix.accounts.site import Site
from dicfix.aws import policies, registry
from dicfix.aws.remedies import REGISTERED_AGAIN
from dicfix.certificates import ClientMaterial
from dicfix.errors import DicfixError, UsageError
from dicfix.records import DeviceCertificate, known

NARROW_POLICY: dict[str, object] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "iot:Connect",
            "Resource": "arn:*:iot:*:*:client/${iot:Connection.Thing.ThingName}",
            "Condition": {"Bool": {"iot:Connection.Thing.IsAttached": "true"}},
        },
        {
            "Effect": "Allow",
            "Action": ["iot:Publish", "iot:Receive", "iot:Subscribe"],
            "Resource": ["arn:*:iot:*:*:topic/*", "arn:*:iot:*:*:topicfilter/*"],
        },
    ],
}
"""A policy under which a certificate connects with the name of its own thing alone.

Source: developerguide connect-policy and thing-policy-variables.
"""


def second_stem(site: Site, thing_name: str) -> str:
    """What the file names of a thing's second client set share."""
    return f"{site.stem(thing_name)}-second"


def second_client(site: Site, thing_name: str) -> ClientMaterial:
    """The second client set of a thing, with the subject of the first; made when it is not there. Source: SSL-5."""
    subject = site.client(thing_name).certificate.parsed.subject
    return site.keystore.ensure_client(second_stem(site, thing_name), subject).material


def rotate_in(site: Site, thing_name: str) -> Done:
    """A second certificate for a thing beside the first: registered with the CA, ACTIVE, with policy and thing.

    Source: AWS-6.3 to AWS-6.6, done once more.
    """
    certificate = second_client(site, thing_name).certificate
    with site.making("certificate", certificate.certificate_id):
        registry.register_certificate(site.session, certificate.pem, site.keystore.ca().certificate.pem)
    return _attach(site, thing_name, certificate.certificate_id)


def activate(site: Site, thing_name: str, certificate_id: str) -> Done:
    """A certificate that AWS registered by itself: set ACTIVE, with policy and thing. Source: AWS-4.5."""
    with site.making("certificate", certificate_id):
        registry.update_certificate(site.session, certificate_id, "ACTIVE")
    return _attach(site, thing_name, certificate_id)


def _attach(site: Site, thing_name: str, certificate_id: str) -> Done:
    arn = arn_of(site, certificate_id)
    with site.making("policy attachment", site.settings.policy_name, arn):
        policies.attach_policy(site.session, site.settings.policy_name, arn)
    with site.making("thing attachment", thing_name, arn):
        registry.attach_to_thing(site.session, thing_name, arn)
    return Done.of(f"certificate of thing {thing_name}", [(certificate_id[:12], How.PERFORMED)])


def arn_of(site: Site, certificate_id: str) -> str:
    """The ARN of a certificate in this account and Region."""
    some = certificate_arn(site, site.settings.explorer_name)
    return f"{some.rsplit('/', 1)[0]}/{certificate_id}"


def set_status(site: Site, thing_name: str, status: str) -> None:
    """Set the status of a thing's own certificate (ACTIVE, INACTIVE, REVOKED), which must be ours."""
    certificate_id = _our_certificate(site, thing_name)
    registry.update_certificate(site.session, certificate_id, status)
    site.reader.changed()


def _our_certificate(site: Site, thing_name: str) -> str:
    certificate_id = site.client(thing_name).certificate.certificate_id
    site.require_ours("certificate", certificate_id, "is to be changed", "a certificate of this run")
    return certificate_id


def set_ca_status(site: Site, status: str) -> None:
    """Set the status of the CA certificate (ACTIVE, INACTIVE), which must be ours. Source: AWS-4.4."""
    certificate_id = site.keystore.ca_certificate().certificate_id
    site.require_ours("CA certificate", certificate_id, "is to change its status", "a CA certificate of this run")
    registry.update_ca_certificate(site.session, certificate_id, status=status)
    site.reader.changed()


def detach_policy(site: Site, thing_name: str) -> None:
    """Take the policy off a thing's own certificate, which must be ours. Source: AWS-6.6."""
    _our_certificate(site, thing_name)
    name, arn = site.settings.policy_name, certificate_arn(site, thing_name)
    policies.detach_policy(site.session, name, arn)
    site.journal.removed(site.entry("policy attachment", name, arn))
    site.reader.changed()


def detach_thing(site: Site, thing_name: str) -> None:
    """Take a thing's own certificate, which must be ours, off it. Source: AWS-6.3."""
    _our_certificate(site, thing_name)
    arn = certificate_arn(site, thing_name)
    registry.detach_from_thing(site.session, thing_name, arn)
    site.journal.removed(site.entry("thing attachment", thing_name, arn))
    site.reader.changed()


def delete_certificate(site: Site, thing_name: str) -> None:
    """Delete a thing's own certificate in the order that AWS demands; automatic registration stays as it is."""
    certificate_id = site.client(thing_name).certificate.certificate_id
    detach_thing(site, thing_name)
    detach_policy(site, thing_name)
    set_status(site, thing_name, "INACTIVE")
    registry.delete_certificate(site.session, certificate_id)
    site.journal.removed(site.entry("certificate", certificate_id))
    site.reader.changed()


def replace_policy(site: Site, document: dict[str, object]) -> None:
    """Give the policy, which must be ours, another document as its default version. Source: AWS-5.2."""
    name = site.settings.policy_name
    site.require_ours("policy", name, "is to get another document", "a policy of this run")
    policies.replace_document(site.session, name, policies.policy_text(document))
    site.reader.changed()


# Orders of off-boarding that AWS refuses


def _delete_active_certificate(site: Site, thing: str) -> None:
    detach_thing(site, thing)
    detach_policy(site, thing)
    registry.delete_certificate(site.session, site.client(thing).certificate.certificate_id)


def _delete_certificate_with_policy(site: Site, thing: str) -> None:
    detach_thing(site, thing)
    set_status(site, thing, "INACTIVE")
    registry.delete_certificate(site.session, site.client(thing).certificate.certificate_id)


def _delete_certificate_with_thing(site: Site, thing: str) -> None:
    detach_policy(site, thing)
    set_status(site, thing, "INACTIVE")
    registry.delete_certificate(site.session, site.client(thing).certificate.certificate_id)


WRONG_ORDERS: dict[str, Callable[[Site, str], None]] = {
    "an ACTIVE certificate": _delete_active_certificate,
    "a certificate with a policy": _delete_certificate_with_policy,
    "a certificate with a thing": _delete_certificate_with_thing,
    "a thing with a certificate": lambda site, thing: registry.delete_thing(site.session, thing),
    "a policy on a certificate": lambda site, _: policies.delete_policy(site.session, site.settings.policy_name),
    "an ACTIVE CA certificate": lambda site, _: registry.delete_ca_certificate(
        site.session, site.keystore.ca_certificate().certificate_id
    ),
}
"""What is deleted too early, by name; each raises AwsRefused with AWS's own code and the remedy."""


def delete_too_early(site: Site, what: str, thing_name: str) -> None:
    """Delete one of WRONG_ORDERS, ours, before what it hangs on is gone; raises AwsRefused, as AWS then does."""
    order = WRONG_ORDERS.get(what)
    if order is None:
        raise UsageError(f"{what!r} is no wrong order of off-boarding", expected="one of " + ", ".join(WRONG_ORDERS))
    _our_certificate(site, thing_name)
    order(site, thing_name)


# Looking back


class CertificateIsBack(DicfixError):
    """A certificate that was deleted is registered again: its device connected while registration was automatic."""


def read_certificate(site: Site, certificate_id: str) -> DeviceCertificate | None:
    """The certificate as it is registered now, or None."""
    return registry.read_certificate(site.session, certificate_id)


def require_gone(site: Site, thing_name: str) -> None:
    """Raise CertificateIsBack, with the remedy, when a thing's deleted certificate is registered once more."""
    certificate_id = site.client(thing_name).certificate.certificate_id
    found = read_certificate(site, certificate_id)
    if found is not None:
        raise CertificateIsBack(
            f"certificate {certificate_id[:12]} of {thing_name} is back as {known(found.status)}",
            expected="a deleted certificate stays away",
            remedy=REGISTERED_AGAIN,
        )


def left_over(site: Site) -> tuple[str, ...]:
    """What is registered in the account and Region: CA certificates, certificates, policies and things, as words."""
    lists = (
        ("ListCACertificates", "certificates", "certificateId", "CA certificate"),
        ("ListCertificates", "certificates", "certificateId", "certificate"),
        ("ListPolicies", "policies", "policyName", "policy"),
        ("ListThings", "things", "thingName", "thing"),
    )
    return tuple(
        f"{kind} {row[name]}"
        for operation, key, name, kind in lists
        for row in site.session.pages("iot", operation, key)
    )
