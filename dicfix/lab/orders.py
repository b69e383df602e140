"""Orders of life after onboarding that AWS may refuse, and what it answers: code and remedy.

May import ``accounts`` and the lab.
"""

from __future__ import annotations

from collections.abc import Callable

from dicfix.accounts import lifecycle
from dicfix.accounts.offboarding import close_automatic_registration
from dicfix.errors import AwsRefused, DicfixError
from dicfix.lab import Lab


class Orders:
    """What is done to the account of one scenario; ``refusal`` is what AWS refused last."""

    def __init__(self, lab: Lab) -> None:
        self._account = lab.account
        self._site = lab.account.site
        self._device = lab.settings.devices[0]
        self.refusal: DicfixError | None = None

    def give_second_certificate(self) -> None:
        """Give the device's thing a second certificate; a refusal of AWS is kept."""
        self._try(lambda: lifecycle.rotate_in(self._site, self._device))

    def delete_too_early(self, what: str) -> None:
        """Delete one of ``lifecycle.WRONG_ORDERS``; AWS's refusal is kept."""
        self._try(lambda: lifecycle.delete_too_early(self._site, what, self._device))

    def delete_device_certificate(self) -> None:
        """Delete the device's certificate in the right order, automatic registration left as it is."""
        lifecycle.delete_certificate(self._site, self._device)

    def close_registration(self) -> None:
        """Switch automatic registration of the CA certificate off."""
        close_automatic_registration(self._site)

    def remove_everything(self) -> None:
        """Off-board in the right order."""
        self._account.clean_up()

    def _try(self, order: Callable[[], object]) -> None:
        self.refusal = None
        try:
            order()
        except AwsRefused as refusal:
            self.refusal = refusal

    def expect_refused(self, operation: str, code: str) -> None:
        """Hold which operation was refused last, and with which error code."""
        __tracebackhide__ = True
        refusal = self.refusal
        seen = (refusal.operation, refusal.code) if isinstance(refusal, AwsRefused) else None
        if seen != (operation, code):
            answer = str(refusal) if refusal else "AWS refused nothing"
            raise AssertionError(f"expected {operation} to be refused with {code}; {answer}")

    def expect_remedy(self, words: str) -> None:
        """Hold that the last refusal's remedy holds these words."""
        __tracebackhide__ = True
        remedy = self.refusal.remedy if self.refusal else ""
        if words not in remedy:
            raise AssertionError(f"the remedy told is {remedy!r}, expected it to say {words!r}")

    def expect_back(self, status: str) -> None:
        """Hold that the device's deleted certificate is registered again, which is kept with its remedy."""
        __tracebackhide__ = True
        try:
            lifecycle.require_gone(self._site, self._device)
        except lifecycle.CertificateIsBack as error:
            self.refusal = error
        if self.refusal is None or not self.refusal.observed.endswith(f"is back as {status}"):
            raise AssertionError(f"the deleted certificate is not back as {status}: {self.refusal or 'it is gone'}")

    def expect_gone(self) -> None:
        """Hold that the device's deleted certificate stays away; raises CertificateIsBack with the remedy."""
        lifecycle.require_gone(self._site, self._device)

    def expect_empty(self) -> None:
        """Hold that nothing is registered in the account and Region."""
        __tracebackhide__ = True
        left = lifecycle.left_over(self._site)
        if left:
            raise AssertionError(f"left in the account: {', '.join(left)}")
