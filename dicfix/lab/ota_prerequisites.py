"""What is done to the OTA prerequisites of one scenario: made again, made by somebody else, taken away, put right.

May import ``accounts``, ``aws`` and the lab's rooms.
"""

from __future__ import annotations

from collections.abc import Callable

from dicfix.accounts import Done, How, ota_prerequisites
from dicfix.accounts.journal import Journal
from dicfix.aws import buckets, code_signing, jobs, ota, roles, signing
from dicfix.errors import DicfixError, UsageError
from dicfix.lab.ota import OtaLab
from dicfix.lab.ota_orders import OtaOrders
from dicfix.settings import ota_bucket


class PrerequisiteOrders:
    """The prerequisites of one scenario; ``done`` is what became of them when they were last made."""

    def __init__(self, ota_lab: OtaLab, orders: OtaOrders) -> None:
        self._ota = ota_lab
        self._orders = orders
        self._account = ota_lab.account
        self._site = ota_lab.account.site
        self.done: Done | None = None

    def make(self) -> None:
        """Make bucket, role, certificate and profile, as far as they are not there."""
        self.done = self._account.ensure_ota_prerequisites()

    def make_for_somebody_else(self) -> None:
        """Make them, and forget that they are ours."""
        self.make()
        self._site.journal = Journal()

    def make_one(self, what: str) -> None:
        """Make one of them again; a refusal is kept with the orders."""
        makers: dict[str, Callable[[], Done]] = {
            "bucket": self._account.ensure_bucket,
            "OTA service role": self._account.ensure_ota_role,
            "signing profile": self._account.ensure_signing_profile,
        }
        if what not in makers:
            raise UsageError(f"{what!r} is no prerequisite", expected="one of " + ", ".join(makers))
        self._orders.refusal = None
        try:
            makers[what]()
        except DicfixError as refusal:
            self._orders.refusal = refusal

    def cancel_profile(self) -> None:
        """Cancel the signing profile. Source: signer CancelSigningProfile."""
        signing.cancel_signing_profile(self._site.session, self._account.settings.signing_profile)
        self._site.reader.changed()

    def suspend_versioning(self) -> None:
        """Suspend the versioning of the bucket."""
        buckets.set_versioning(self._site.session, ota_prerequisites.place_of(self._site).bucket, "Suspended")
        self._site.reader.changed()

    def forbid_passing(self) -> None:
        """Take from the role the right to pass itself."""
        policy = ota_prerequisites.PASS_ROLE_POLICY
        roles.delete_inline_policy(self._site.session, self._account.settings.ota_role, policy)
        self._site.reader.changed()

    def put_right(self) -> None:
        """Make what is missing of the prerequisites again, and order the update as the guide says."""
        self.make()
        self._orders.order_renamed()

    def gather(self, group: str) -> None:
        """Put the devices to update into a new thing group, which is the only target from here on. Source: OTA-7."""
        names = self._account.settings.ota_targets
        with self._site.making("thing group", group):
            jobs.create_thing_group(self._site.session, group)
        for name in names:
            jobs.add_to_thing_group(self._site.session, group, name)
        self._account.choose(ota_thing_groups=(group,), ota_devices=())

    # Looking back

    def expect_found(self) -> None:
        """Hold that nothing had to be made when they were last made."""
        __tracebackhide__ = True
        parts = self.done.parts if self.done else ()
        made = [name for name, how in parts if how is not How.FOUND]
        if made or not parts:
            raise AssertionError(f"made again: {', '.join(made) or 'nothing was looked at'}")

    def expect_nothing_left(self) -> None:
        """Hold that nothing of the OTA half is left in the account, nor anything at all in the journal."""
        __tracebackhide__ = True
        left = [*self._left(), *(entry.kind for entry in self._site.journal)]
        if left:
            raise AssertionError(f"left in the account or in the journal: {', '.join(left)}")

    def _left(self) -> list[str]:
        session, settings = self._site.session, self._account.settings
        profile = signing.read_signing_profile(session, settings.signing_profile)
        bucket = ota_bucket(settings, self._site.caller.account)
        found = {
            "OTA update": ota.read_ota_update_ids(session),
            "job": tuple(jobs.read_jobs(session)),
            "stream": ota.stream_ids(session),
            "signing profile": (profile.name,) if profile and profile.status == "Active" else (),
            "code-signing certificate": tuple(code_signing.code_signing_arns(session)),
            "bucket": (bucket,) if buckets.read_bucket(session, bucket) else (),
            "role": (settings.ota_role,) if roles.read_role(session, settings.ota_role) else (),
        }
        return [f"{kind} {name}" for kind, names in found.items() for name in names]
