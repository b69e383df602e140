"""Orders of an OTA update that go wrong at AWS or at the device, one thing about each, and what came of the last one.

May import ``accounts``, ``aws`` writes on what is ours, ``certificates`` and the lab's rooms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dicfix.accounts import ota_job, ota_prerequisites
from dicfix.accounts.ota_job import OtaPlan, synthetic_image
from dicfix.accounts.site import Site
from dicfix.aws import buckets, code_signing, jobs, roles, signing
from dicfix.certificates import make_code_signing, make_private_key, make_rsa_private_key
from dicfix.device.ota_agent import Version
from dicfix.errors import DicfixError, UsageError
from dicfix.guide.ota_rights import MANAGED_POLICY
from dicfix.images import gbl
from dicfix.lab.ota import OtaLab
from dicfix.ota_records import CUSTOM

RSA_PROFILE = "dic_ota_rsa_sha1"
RSA_PLATFORM = "AmazonFreeRTOS-TI-CC3220SF"
"""The platform that signs with RSA and SHA-1. Source: signer ListSigningPlatforms."""
RSA_SUBJECT = "/CN=rsa_signer@amazon.com"
STRANGER = "NOT_THERE"


class OtaOrders:
    """What is ordered in one scenario; ``refusal`` is what the last order ended with, None when it was carried out."""

    def __init__(self, ota: OtaLab) -> None:
        self.ota = ota
        self.account = ota.account
        self.site: Site = ota.account.site
        self.refusal: DicfixError | None = None

    def order(self, how: str) -> None:
        """Order an update in one of ORDERS; a refusal or failure is kept."""
        chosen = ORDERS.get(how)
        if chosen is None:
            raise UsageError(f"{how!r} is no order of an OTA update", expected="one of " + ", ".join(ORDERS))
        self._try(lambda: self.ota.make(chosen(self)))

    def order_again(self) -> None:
        """Order a second update under the name of the one before, past everything that would find it made."""
        plan = self.account.ota_plan()
        self._try(lambda: ota_job.create_update(self.site, plan, plan.update_id))

    def order_renamed(self) -> None:
        """Order the guide's update under another name than the one that failed."""
        self._try(lambda: self.ota.make(_renamed(self.plan(), "again")))

    def _try(self, make: Callable[[], object]) -> None:
        self.refusal = None
        try:
            make()
        except DicfixError as refusal:
            self.refusal = refusal

    def plan(self, *, version: str = "0.9.3") -> OtaPlan:
        """The configured update, with the synthetic image of a version."""
        return ota_job.plan_of(self.site, f"dic-{version}.gbl", synthetic_image(version=_number(version)))

    def cancel(self) -> None:
        """Cancel the job of the last update, executions in progress included."""
        jobs.cancel_job(self.site.session, self.ota.job_id)

    # Judging the last order

    def expect_refused(self, kind: str, *words: str) -> None:
        """Hold that the last order ended with an error of this class or code whose text holds every word."""
        __tracebackhide__ = True
        refusal = self.refusal
        kinds = {type(refusal).__name__, getattr(refusal, "code", "")}
        missing = [word for word in words if word not in str(refusal)]
        if refusal is None or kind not in kinds or missing:
            seen = f"{type(refusal).__name__}: {refusal}" if refusal else "an update that was made"
            raise AssertionError(f"the order ended with {seen}; expected {kind} with {', '.join(words)}")

    def expect_remedy(self, words: str) -> None:
        """Hold that the last refusal's remedy holds these words."""
        __tracebackhide__ = True
        remedy = self.refusal.remedy if self.refusal else ""
        if words not in remedy:
            raise AssertionError(f"the remedy told is {remedy!r}, expected it to say {words!r}")

    def expect_made(self) -> None:
        """Hold that the last order was carried out."""
        __tracebackhide__ = True
        if self.refusal is not None:
            raise AssertionError(f"the order was not carried out: {self.refusal}")


def _number(version: str) -> int:
    return Version(*(int(part) for part in version.split("."))).number


def _renamed(plan: OtaPlan, tail: str) -> OtaPlan:
    return replace(plan, update_id=f"{plan.update_id}_{tail}"[:56])


def _by_another_key(orders: OtaOrders) -> OtaPlan:
    orders.account.choose_signing(CUSTOM)
    plan = orders.plan()
    secret = make_private_key().secret
    if not isinstance(secret, ec.EllipticCurvePrivateKey):
        raise UsageError("a new key is no EC key")
    return replace(plan, signature=secret.sign(plan.image, ec.ECDSA(hashes.SHA256())))


def _with_a_dash(orders: OtaOrders) -> OtaPlan:
    orders.account.choose_signing(CUSTOM)
    return replace(orders.plan(), hash_algorithm="SHA-256")


def _by_rsa_and_sha1(orders: OtaOrders) -> OtaPlan:
    site = orders.site
    material = make_code_signing(RSA_SUBJECT, now=site.now(), key=make_rsa_private_key())
    with site.making("code-signing certificate", material.certificate.certificate_id):
        arn = code_signing.import_certificate(site.session, material.certificate, material.key)
    with site.making("signing profile", RSA_PROFILE):
        signing.put_signing_profile(
            site.session, RSA_PROFILE, arn, certificate_path="rsasigner.crt", platform_id=RSA_PLATFORM
        )
    orders.account.choose(signing_profile=RSA_PROFILE)
    return orders.plan()


def _truncated(orders: OtaOrders) -> OtaPlan:
    plan = orders.plan()
    return replace(plan, image=plan.image[: len(plan.image) // 2])


def _with_an_identity(orders: OtaOrders) -> OtaPlan:
    plan = orders.plan()
    inside = b"\0" + orders.account.settings.ota_targets[0].encode() + b"\0"
    return replace(plan, image=gbl.make(inside * 100, version=_number("0.9.3")))


def _for_a_stranger(orders: OtaOrders) -> OtaPlan:
    plan = orders.plan()
    some = ota_job.target_arns(orders.site)
    return replace(plan, targets=(*some, some[0].rpartition("/")[0] + "/" + STRANGER))


def _without_statement(policy: str) -> Callable[[OtaOrders], OtaPlan]:
    def order(orders: OtaOrders) -> OtaPlan:
        roles.delete_inline_policy(orders.site.session, orders.account.settings.ota_role, policy)
        orders.site.reader.changed()
        return orders.plan()

    return order


def _without_managed_policy(orders: OtaOrders) -> OtaPlan:
    arn = ota_prerequisites.managed_policy_arn(ota_prerequisites.place_of(orders.site))
    roles.detach_managed_policy(orders.site.session, orders.account.settings.ota_role, arn)
    orders.site.journal.removed(orders.site.entry("role policy attachment", orders.account.settings.ota_role, arn))
    orders.site.reader.changed()
    return orders.plan()


def _for_another_account(orders: OtaOrders) -> OtaPlan:
    place = replace(ota_prerequisites.place_of(orders.site), account="210987654321")
    roles.set_trust(orders.site.session, orders.account.settings.ota_role, ota_prerequisites.trust_policy(place))
    orders.site.reader.changed()
    return orders.plan()


def _unversioned(orders: OtaOrders) -> OtaPlan:
    buckets.set_versioning(orders.site.session, ota_prerequisites.place_of(orders.site).bucket, "Suspended")
    orders.site.reader.changed()
    return orders.plan()


ORDERS: dict[str, Callable[[OtaOrders], OtaPlan]] = {
    "as the guide says": OtaOrders.plan,
    "with the signature of another key": _by_another_key,
    "with SHA-256 spelt with a dash": _with_a_dash,
    "with a profile that signs by RSA and SHA-1": _by_rsa_and_sha1,
    "with an image of the older version 0.9.1": lambda orders: orders.plan(version="0.9.1"),
    "with an image of the version 0.9.2 that runs": lambda orders: orders.plan(version="0.9.2"),
    "with an image of the version 0.9.4": lambda orders: orders.plan(version="0.9.4"),
    "with half an image": _truncated,
    "with half an image that nobody looked at": lambda orders: replace(_truncated(orders), checked=False),
    "with an image that carries a device's client ID": _with_an_identity,
    "for a thing that is not there too": _for_a_stranger,
    "over HTTP alone": lambda orders: replace(orders.plan(), protocols=("HTTP",)),
    "under a name with spaces": lambda orders: replace(orders.plan(), update_id="DIC OTA job"),
    "with a role that may not pass itself": _without_statement(ota_prerequisites.PASS_ROLE_POLICY),
    "with a role that may not use the bucket": _without_statement(ota_prerequisites.OBJECTS_POLICY),
    f"with a role without {MANAGED_POLICY}": _without_managed_policy,
    "with a role that trusts AWS IoT for another account": _for_another_account,
    "with a bucket that keeps no versions": _unversioned,
}
"""What is ordered, by name: the guide's update, with one thing changed beforehand or about it."""
