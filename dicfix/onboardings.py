"""Several onboardings in one account: killed and done again, side by side, and in another Region.

Beside ``wiring``; may import everything below it.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dicfix import wiring
from dicfix.accounts import Done, How, lifecycle
from dicfix.accounts.builder import Builder
from dicfix.aws import policies
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused, DicfixError, UsageError
from dicfix.lab import Lab
from dicfix.settings import Settings
from dicfix.wiring import Surroundings

if TYPE_CHECKING:
    from dicfix.offline.cloud import EmbeddedCloud

MOMENTS = ("before", "after")
OTHER_REGIONS = ("us-east-1", "eu-central-1")
OTHER_DOCUMENT: dict[str, object] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}],
}
"""A policy that is not the guide's: it allows no client more than to connect."""


class Killed(BaseException):
    """The process that performs an onboarding ends here: no ``except`` of the onboarding may see more than this."""


class MortalSession:
    """A session that ends the process at the nth call of an operation, before it is sent or before its answer counts.

    ``at`` is ``service:Operation``; ``moment`` is one of MOMENTS.
    """

    def __init__(self, session: AwsSession, at: str, nth: int, moment: str) -> None:
        if moment not in MOMENTS:
            raise UsageError(f"{moment!r} is no moment of a kill", expected="one of " + ", ".join(MOMENTS))
        self._session = session
        self._at, self._left, self._moment = at, nth, moment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one operation, as far as it is reached."""
        is_it = f"{service}:{operation}" == self._at
        self._left -= is_it
        if is_it and not self._left and self._moment == "before":
            raise Killed(self._at)
        answer = self._session.call(service, operation, **parameters)
        if is_it and not self._left:
            raise Killed(self._at)
        return answer


class Onboardings:
    """The onboardings of one scenario: the first in ``directory / "certificates"``, others in places of their own."""

    def __init__(self, surroundings: Surroundings, settings: Settings, directory: Path) -> None:
        self._surroundings = surroundings
        self._settings = settings
        self._directory = directory
        self.first_done: tuple[Done, ...] = ()
        self.error: DicfixError | None = None
        self._neighbour: Builder | None = None

    def _first(self, session: AwsSession | None = None) -> Builder:
        surroundings = replace(self._surroundings, session=session or self._surroundings.session)
        return wiring.build(surroundings, self._settings, self._directory / "certificates")

    # Killed and done again

    def kill(self, moment: str, operation: str, nth: int) -> None:
        """Onboard in a process that is killed before or after the nth call of ``service:Operation``."""
        mortal = cast(AwsSession, MortalSession(self._surroundings.session, operation, nth, moment))
        try:
            self._first(mortal).onboard()
        except Killed:
            return
        raise AssertionError(f"the onboarding ended without call {nth} of {operation}, where it should be killed")

    def kill_when_files_lie(self, names: str) -> None:
        """Onboard in a process that is killed when only these files, named with commas between, are made."""
        directory = self._directory / "certificates"
        self._first().ensure_all_files()
        kept = {name.strip() for name in names.split(",")}
        missing = kept - {path.name for path in directory.iterdir()}
        if missing:
            raise UsageError(f"an onboarding makes no file {', '.join(sorted(missing))}")
        for path in directory.iterdir():
            if path.name not in kept:
                path.unlink()

    def do_again(self) -> None:
        """Onboard from the same directory in a new process, to the end."""
        self.first_done = self._first().onboard()

    def expect_found(self) -> None:
        """Hold that one more onboarding finds every step done: the one before left nothing out and doubled nothing."""
        __tracebackhide__ = True
        performed = [part for done in self._first().onboard() for part, how in done.parts if how is How.PERFORMED]
        performed = [part for part in performed if part != "profile"]  # a profile is no resource: filled in anew
        if performed:
            raise AssertionError(f"a further onboarding still had to perform {', '.join(performed)}")

    def expect_removable(self) -> None:
        """Hold that the journal knows everything that was made: after a clean-up the account is empty."""
        __tracebackhide__ = True
        first = self._first()
        first.clean_up()
        left = lifecycle.left_over(first.site)
        if left:
            raise AssertionError(f"the clean-up left {', '.join(left)}")

    # Side by side

    def begin_neighbour(self, name_suffix: str = "") -> None:
        """A second onboarding of the account with the same CA.key and CA.crt, in a directory of its own.

        Its things are named as those of the first, with ``name_suffix`` behind.
        """
        devices = tuple(name + name_suffix for name in self._settings.devices)
        explorer = self._settings.explorer_name + name_suffix
        settings = replace(self._settings, devices=devices, explorer_name=explorer)
        directory = self._directory / "neighbour"
        first = self._first().site.keystore
        directory.mkdir(mode=0o700, exist_ok=True)
        neighbour = wiring.build(self._surroundings, settings, directory)
        for name in ("CA.key", "CA.crt"):
            shutil.copy(first.path(name), directory / name)
        self._neighbour = neighbour

    def make_other_policy(self) -> None:
        """Somebody else makes a policy of our name with another document."""
        document = policies.policy_text(OTHER_DOCUMENT)
        policies.create_policy(self._surroundings.session, self._settings.policy_name, document)

    @property
    def neighbour(self) -> Builder:
        """The second onboarding; UsageError when there is none."""
        if self._neighbour is None:
            raise UsageError("no second onboarding was begun in this scenario")
        return self._neighbour

    def onboard_neighbour(self) -> None:
        """Perform the second onboarding; a refusal is kept as ``error``."""
        self.error = _refusal_of(self.neighbour)

    def onboard_first(self, *, adopt: bool = False) -> None:
        """Perform the first onboarding, with or without leave to change what is not ours; a refusal is kept."""
        settings = replace(self._settings, adopt=adopt)
        first = wiring.build(self._surroundings, settings, self._directory / "certificates")
        self.error = _refusal_of(first)

    def expect_error(self, kind: str, *words: str) -> None:
        """Hold that the last onboarding was refused with an error of this class whose text holds every word."""
        __tracebackhide__ = True
        missing = [word for word in words if word not in str(self.error)]
        if type(self.error).__name__ != kind or missing:
            seen = f"{type(self.error).__name__}: {self.error}" if self.error else "no refusal"
            raise AssertionError(f"the onboarding ended with {seen}; expected {kind} with {', '.join(words)}")

    def expect_nothing_made(self) -> None:
        """Hold that the second onboarding, which was refused, has made nothing that it would have to remove."""
        __tracebackhide__ = True
        made = [f"{entry.kind} {entry.name}" for entry in self.neighbour.site.journal]
        if made:
            raise AssertionError(f"the second onboarding made {', '.join(made)}")

    def expect_no_error(self) -> None:
        """Hold that the last onboarding was not refused."""
        __tracebackhide__ = True
        if self.error is not None:
            raise AssertionError(f"the onboarding was refused: {self.error}")

    def remove_neighbour(self) -> None:
        """Clean up what the second onboarding made."""
        self.neighbour.clean_up()

    def expect_neighbour_connects(self) -> None:
        """Hold that MQTT Explorer of the second onboarding connects."""
        lab = Lab(self.neighbour, wiring.guarded(self._surroundings.network, self.neighbour))
        try:
            lab.connect_explorer()
        finally:
            lab.close()


def _refusal_of(builder: Builder) -> DicfixError | None:
    try:
        builder.onboard()
    except (DicfixError, AwsRefused) as error:
        return error
    return None


def in_another_region(cloud: EmbeddedCloud, settings: Settings, directory: Path) -> Lab:
    """An onboarding in another Region of the embedded account, done, with its own lab."""
    region = next(one for one in OTHER_REGIONS if one != settings.region)
    network = wiring.offline_network(cloud.other_region(region), settings)
    kwargs = {**cloud.client_kwargs(), "region_name": region}
    surroundings = Surroundings(AwsSession(kwargs, max_attempts=1), kwargs, network, cloud.reset)
    elsewhere = wiring.build(surroundings, replace(settings, region=region), directory)
    elsewhere.onboard()
    return Lab(elsewhere, network)
